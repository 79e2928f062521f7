"""What identification found: the method, its sets of nodes, the formula, and the sentence that says it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ....common.show import Shown, View
from ....models.errors import QueryError
from .formulas import Chance, Formula, Names, product, ratio, total

if TYPE_CHECKING:
    import xarray as xr

Method = Literal[
    "none needed",
    "no effect",
    "adjustment",
    "adjustment within the evidence",
    "truncated factorisation",
    "frontdoor",
    "do-calculus",
    "not identified",
]

#: Under which an effect that is called identified is so. The one place where it is worded.
CONDITION = "if the network holds every common cause"

#: A formula of more characters is not put into a sentence.
_LONG = 240


@dataclass(frozen=True, repr=False)
class Identification(Shown):
    """Identification of an effect, as far as the graph has it: if the network holds every common cause.

    Parameters
    ----------
    targets, do, given, latent
        The question: nodes asked for, set, observed as evidence, and never observed.
    method
        - ``none needed``: nothing is set.
        - ``no effect``: no directed path leads from a set node to a target or to evidence.
        - ``adjustment``: summing over the adjustment set, which is minimal: no member can be left out. With evidence
          it holds for targets and evidence together, and so for the targets given the evidence.
        - ``adjustment within the evidence``: the same in each stratum of the evidence, which no set node affects.
        - ``truncated factorisation``: every parent of the acting nodes is observed (Pearl 2009†, section 3.2).
        - ``frontdoor``: through `mediators` (Pearl 2009†, section 3.3).
        - ``do-calculus``: identified by the complete algorithm, and by none of the above that was found.
        - ``not identified``: no method can succeed.
    acting
        The set nodes that matter: a directed path leads from them to a target or to evidence, around all others.
    adjustment
        The adjustment set, in network order; empty also where no adjustment is needed or possible: see `method`.
    mediators
        The front door, in network order: the smallest set that was found.
    derived
        The formula, where the complete algorithm derives it.

    Examples
    --------
    >>> print(Identification(("wet",), ("rain",), (), (), "adjustment", ("rain",), ("season",)))
    P(wet | do(rain)) is identified, if the network holds every common cause, by adjusting for season.
    """

    targets: Names
    do: Names
    given: Names
    latent: Names
    method: Method
    acting: Names = ()
    adjustment: Names = ()
    mediators: Names = ()
    derived: Formula | None = field(default=None, repr=False)

    @property
    def identified(self) -> bool:
        """Whether the observed nodes determine the effect, if the network holds every common cause."""
        return self.method != "not identified"

    @property
    def formula(self) -> str:
        """The effect from probabilities of observed nodes; empty where it is not identified.

        Examples
        --------
        >>> Identification(("wet",), ("rain",), (), (), "adjustment", ("rain",), ("season",)).formula
        'sum over season of P(wet | rain, season) P(season)'
        """
        found = self.estimand
        return "" if found is None else str(found)

    @property
    def estimand(self) -> Formula | None:
        """The same as a formula that can be computed; None where the effect is not identified."""
        write = _FORMULAS.get(self.method)
        return write(self) if write else self.derived

    def value(self, joint: xr.DataArray) -> xr.DataArray:
        """The effect as its formula has it in a joint distribution of the observed nodes.

        Parameters
        ----------
        joint
            Probabilities with a dim for each observed node; dims of chains and draws stay.

        Returns
        -------
        DataArray
            Dims of the targets, the evidence and the acting nodes. A node that the formula names beside these has a dim
            too, along which nothing changes.

        Raises
        ------
        QueryError
            If the effect is not identified, or a node of the formula is no dim.

        Examples
        --------
        >>> import xarray as xr
        >>> joint = xr.DataArray([[0.3, 0.1], [0.2, 0.4]], dims=("rain", "wet"))
        >>> Identification(("wet",), ("rain",), (), (), "adjustment", ("rain",)).value(joint).values.round(3)
        array([[0.75 , 0.25 ],
               [0.333, 0.667]])
        """
        found = self.estimand
        if found is None:
            raise QueryError.of("effect", f"{self}")
        lacking = [name for name in sorted(found.free) if name not in joint.dims]
        if lacking:
            raise QueryError.of("joint", f"has no dim {', '.join(lacking)}; it needs one for each observed node")
        return found.value(joint, [str(dim) for dim in joint.dims if dim not in ("chain", "draw")])

    def in_words(self) -> str:
        """Say it in one sentence, and in a second which set nodes change nothing.

        Examples
        --------
        >>> print(Identification(("wet",), ("rain",), (), ("season",), "not identified", ("rain",)).in_words())
        P(wet | do(rain)) is not identified with season latent: networks that agree on everything observed can differ
        in it, so what is said of it rests on the priors and not on data alone.
        """
        idle = tuple(name for name in self.do if name not in self.acting)
        around = f" other than through {_listed(self.acting)}" if self.acting else ""
        aside = f" Setting {_listed(idle)} changes nothing here: no directed path leads from there{around}."
        return _SENTENCES[self.method](self) + (aside if self.acting and idle else "")

    def __str__(self) -> str:
        return self.in_words()

    def _view(self) -> View:
        facts = {
            "method": self.method,
            **({"adjustment": ", ".join(self.adjustment)} if self.adjustment else {}),
            **({"mediators": ", ".join(self.mediators)} if self.mediators else {}),
            **({"formula": self.formula} if self.formula else {}),
        }
        return View(str(self), facts)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _p(targets: Iterable[str], given: Iterable[str] = (), do: Iterable[str] = ()) -> str:
    conditions = "; ".join(part for part in (_listed(given), _listed(f"do({name})" for name in do)) if part)
    return f"P({_listed(targets)}{' | ' if conditions else ''}{conditions})"


def _effect(found: Identification) -> str:
    return _p(found.targets, found.given, found.do)


def _adjustment_formula(found: Identification) -> Formula:
    over = found.adjustment
    weights = (Chance(over),) if over else ()
    both = total(over, product([Chance((*found.targets, *found.given), (*found.acting, *over)), *weights]))
    return ratio(both, total(found.targets, both)) if found.given else both


def _within_formula(found: Identification) -> Formula:
    over = found.adjustment
    weights = (Chance(over, found.given),) if over else ()
    return total(over, product([Chance(found.targets, (*found.acting, *found.given, *over)), *weights]))


def _front_door_formula(found: Identification) -> Formula:
    (cause,), through = found.acting, found.mediators
    inner = total((cause,), product([Chance(found.targets, (*through, cause)), Chance((cause,))]))
    return total(through, product([Chance(through, (cause,)), inner]))


def _identified(found: Identification) -> str:
    return f"{_effect(found)} is identified, {CONDITION}"


def _by_adjusting(found: Identification) -> str:
    how = f"by adjusting for {_listed(found.adjustment)}" if found.adjustment else "without adjustment"
    whole = f" through {_p((*found.targets, *found.given), do=found.do)}," if found.given else ""
    return f"{_identified(found)},{whole} {how}."


def _by_adjusting_within(found: Identification) -> str:
    how = f"by adjusting for {_listed(found.adjustment)}" if found.adjustment else "without further adjustment"
    return f"{_identified(found)}, {how} within each state of {_listed(found.given)}."


def _not_identified(found: Identification) -> str:
    hidden = [name for name in (*found.targets, *found.given, *found.acting) if name in found.latent]
    verb = "are" if len(hidden) > 1 else "is"
    because = f"since {_listed(hidden)} {verb} never observed" if hidden else f"with {_listed(found.latent)} latent"
    return (
        f"{_effect(found)} is not identified {because}: networks that agree on everything observed "
        "can differ in it, so what is said of it rests on the priors and not on data alone."
    )


def _by_do_calculus(found: Identification) -> str:
    free = frozenset() if found.estimand is None else found.estimand.free
    idle = sorted(free - {*found.targets, *found.given, *found.do})
    aside = f", at any one state of {_listed(idle)}" if idle else ""
    how = f": {found.formula}{aside}" if len(found.formula) <= _LONG else "; its formula is long"
    return f"{_identified(found)}, by do-calculus{how}."


#: Where it is not derived.
_FORMULAS: Mapping[Method, Callable[[Identification], Formula]] = {
    "none needed": lambda found: Chance(found.targets, found.given),
    "no effect": lambda found: Chance(found.targets, found.given),
    "adjustment": _adjustment_formula,
    "adjustment within the evidence": _within_formula,
    "frontdoor": _front_door_formula,
}

_SENTENCES: Mapping[Method, Callable[[Identification], str]] = {
    "none needed": lambda found: f"{_effect(found)} sets no node: there is no effect of an intervention to identify.",
    "no effect": lambda found: (
        f"{_identified(found)}: no directed path leads there from {_listed(found.do)}, so it equals {found.formula}."
    ),
    "adjustment": _by_adjusting,
    "adjustment within the evidence": _by_adjusting_within,
    "truncated factorisation": lambda found: (
        f"{_identified(found)}, by truncated factorisation: every parent of {_listed(found.acting)} is observed."
    ),
    "frontdoor": lambda found: f"{_identified(found)}, by the front door through {_listed(found.mediators)}.",
    "do-calculus": _by_do_calculus,
    "not identified": _not_identified,
}
