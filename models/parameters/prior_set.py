"""Named sets of priors: which prior a parameter has, why, and how sure the source is."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from ...common.show import Shown, View
from .distributions import POSITIVE, REAL, SIMPLEX, UNIT
from .prior import Prior

#: How a source was consulted, from the surest way to none.
CERTAINTIES = ("read", "recomputed", "memory", "judgement")

_WORDS = (
    (SIMPLEX, ("table", "confusion", "average", "baseline", "steps", "shares", "link", "leak")),
    (POSITIVE, ("concentration", "rate", "departure_sd")),
    (UNIT, ("r2", "member", "rho")),
    (REAL, ("bend", "departure")),
)
#: Words that patterns end with, and the values of the parameters they stand for: what a parameter is to its node.
ROLES: Mapping[str, str] = {word: values for values, words in _WORDS for word in words}
#: Roles of parameters that are called after a parent or a group, whose names may be any word.
OF_PARENT, GROUP_SPREAD = "effect", "group_sd"
_SPREAD = "_sd"

T = TypeVar("T")


def _last_word(name: str) -> str:
    return name.rpartition(".")[2]


def is_pattern(name: str) -> bool:
    """Whether a name of parameters stands for a whole class of them."""
    return any(mark in name for mark in "*?[")


@dataclass(frozen=True)
class PriorEntry:
    """A prior for one parameter, or for all whose name matches a pattern, with why.

    A pattern that ends with one of `ROLES`, or with ``_sd``, speaks of what a parameter is to its node and not of what
    it is called: ``*.rate`` is for rates, and the effect of a parent called rate has none of it. Where its distribution
    takes other values than the role does, it is a name like any other.

    Parameters
    ----------
    parameter
        A parameter's name (``compliance.guarantors``) or a pattern with ``*`` (``*.table``).
    prior
        The distribution.
    reason, source
        Why this one, and where that comes from.
    certainty
        How sure the source is: read (in a source), recomputed, memory, or judgement.

    Examples
    --------
    >>> entry = PriorEntry("kept.backers", Prior.of("normal", mu=0, sigma=1), reason="Either way is as likely.")
    >>> entry.is_pattern, str(entry.prior)
    (False, 'normal(mu=0, sigma=1)')
    """

    parameter: str
    prior: Prior
    reason: str = ""
    source: str = ""
    certainty: str = "judgement"

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> PriorEntry:
        """Make an entry from what `to_dict` gives."""
        own = {key: raw[key] for key in ("parameter", "reason", "source", "certainty")}
        return cls(prior=Prior.from_dict({key: value for key, value in raw.items() if key not in own}), **own)

    def to_dict(self) -> dict[str, Any]:
        """Plain content: parameter, distribution, numbers by name, and why."""
        why = {"reason": self.reason, "source": self.source, "certainty": self.certainty}
        return {"parameter": self.parameter, **self.prior.to_dict(), **why}

    @property
    def is_pattern(self) -> bool:
        """Whether it stands for a whole class of parameters."""
        return is_pattern(self.parameter)

    @property
    def role(self) -> str:
        """What the parameters that it speaks of are to their node, as far as its last word and its values tell.

        Examples
        --------
        >>> PriorEntry("*.rate", Prior.of("lognormal", mu=0, sigma=1)).role
        'rate'
        >>> PriorEntry("*.rate", Prior.of("normal", mu=0, sigma=1)).role
        'effect'
        """
        word = _last_word(self.parameter)
        values = ROLES.get(word, POSITIVE if word.endswith(_SPREAD) else None)
        return word if values == self.prior.support else OF_PARENT

    def matches(self, parameter: str, role: str | None = None) -> bool:
        """Whether a pattern speaks for a parameter.

        Parameters
        ----------
        role
            What the parameter is to its node; the last word of its name by default.

        Examples
        --------
        >>> rate = PriorEntry("*.rate", Prior.of("lognormal", mu=0, sigma=1))
        >>> rate.matches("y.x.rate"), rate.matches("y.rate", role="effect")
        (True, False)
        """
        if not (self.is_pattern and fnmatch.fnmatchcase(parameter, self.parameter)):
            return False
        own = _last_word(parameter) if role is None else role
        if self.role == OF_PARENT:
            return True
        return own == self.role if self.role in ROLES else own.endswith(_SPREAD)


@dataclass(frozen=True, repr=False)
class PriorSet(Shown):
    """Priors for all parameters of a network, under a name.

    Parameters
    ----------
    entries
        An entry that names a parameter wins over a pattern; a later pattern wins over an earlier one.
    name, title, description
        Whose view it is.
    based_on
        Data sets the priors were made from, so that they are not used with the same data.

    Examples
    --------
    >>> priors = PriorSet((PriorEntry("*", Prior.of("normal", mu=0, sigma=1)),
    ...                    PriorEntry("y.x", Prior.of("normal", mu=1, sigma=1))))
    >>> str(priors["y.x"]), str(priors["y.z"])
    ('normal(mu=1, sigma=1)', 'normal(mu=0, sigma=1)')
    """

    entries: tuple[PriorEntry, ...]
    name: str = "unnamed"
    title: str = ""
    description: str = ""
    based_on: tuple[str, ...] = ()

    @classmethod
    def from_mapping(cls, priors: Mapping[str, Prior], name: str = "unnamed") -> PriorSet:
        """Make a set from parameter (or pattern) -> prior."""
        return cls(tuple(PriorEntry(parameter, prior) for parameter, prior in priors.items()), name=name)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> PriorSet:
        """Make a set from what `to_dict` gives."""
        entries = tuple(PriorEntry.from_dict(entry) for entry in raw["priors"])
        title, description = raw.get("title", ""), raw.get("description", "")
        return cls(entries, raw["name"], title, description, tuple(raw.get("based_on", ())))

    def to_dict(self) -> dict[str, Any]:
        """Plain content, as TOML and JSON hold it; what is empty is left out.

        Examples
        --------
        >>> PriorSet.from_mapping({"y.x": Prior.of("half_normal", sigma=1)}, name="mine").to_dict()
        {'name': 'mine', 'priors': [{'parameter': 'y.x', 'distribution': 'half_normal', 'sigma': 1.0, 'reason': '', \
'source': '', 'certainty': 'judgement'}]}
        """
        head = {"title": self.title, "description": self.description, "based_on": list(self.based_on)}
        stated = {key: value for key, value in head.items() if value}
        return {"name": self.name, **stated, "priors": [entry.to_dict() for entry in self.entries]}

    def drawn(self, draw: Callable[[PriorSet, int, int], T], *, seed: int, draws: int) -> T:
        """Draws under the set, as `draw` makes them; a panel mixes what it makes under several.

        Parameters
        ----------
        draw
            Given a set, a seed and how many draws to make.
        seed, draws
            What it is asked for.
        """
        return draw(self, seed, draws)

    def entry(self, parameter: str, role: str | None = None) -> PriorEntry | None:
        """Find the entry that speaks for a parameter, or None.

        Parameters
        ----------
        parameter
            Its name.
        role
            What it is to its node, as `servanda.models.parameters.parameter.Parameter` declares it; the last word of
            its name by default.
        """
        exact = [entry for entry in self.entries if entry.parameter == parameter]
        if exact:
            return exact[-1]
        matching = [entry for entry in self.entries if entry.matches(parameter, role)]
        return matching[-1] if matching else None

    def __getitem__(self, parameter: str) -> Prior:
        entry = self.entry(parameter)
        if entry is None:
            raise KeyError(parameter)
        return entry.prior

    def _view(self) -> View:
        import pandas as pd

        rows = [
            {
                "parameter": entry.parameter,
                "prior": str(entry.prior),
                "reason": entry.reason,
                "source": entry.source,
                "certainty": entry.certainty,
            }
            for entry in self.entries
        ]
        table = pd.DataFrame(rows).set_index("parameter") if rows else None
        name = f"{self.name} ({self.title})" if self.title else self.name
        based = f", based on {', '.join(self.based_on)}" if self.based_on else ""
        return View(f"Prior set {name}: {len(self.entries)} entries{based}", table=table)
