"""Unmeasured common causes: how strong one must be to undo what a change is said to be worth, or to double it.

A contrast under `do` is an effect if the network holds every common cause of what is changed and what comes of it. Here
one that it does not hold is added, with a strength on each of the two, and the contrast computed again in every draw
(`unmeasured_cause` has the formulas). The strengths of the measured causes stand beside it, in the spirit of Cinelli
and Hazlett (2020†), and the E-value of VanderWeele and Ding (2017†) for comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ....common.canvas import Look
from ....common.errors import Fault, raise_faults
from ....common.printed import PrintedTable, printed_table
from ....common.progress import Progress, followed
from ....common.show import Shown, View
from ....models.errors import QueryError
from ....models.inference.contract import MEMORY_LIMIT
from ....models.posterior import Posterior
from ....models.questions.evidence import States
from ....models.questions.quantity import chance_of
from ...queries.identification.identify import identify, latent_nodes
from ...summaries.change import Change, summarise_change, whole_points
from ...summaries.summary import INTERVAL
from .confounding_question import ConfoundingQuestion, benchmark_names, side_of, tie_to_cause, tie_to_outcome
from .figure import confounding_figure
from .unmeasured_cause import Sides, first_crossing

if TYPE_CHECKING:
    from typing import Unpack

    import pandas as pd

    from ....common.figure_style import ShownFigure

#: Odds ratios per standard deviation that the grid shows, on the changed node and, each way, on the outcome.
STRENGTHS = (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 5.0, 6.5, 8.0)
#: The largest odds ratio per standard deviation that a tipping point is looked for at.
MOST = 20.0


@dataclass(frozen=True)
class TippingPoint:
    """Strengths, the same on the changed node and on the outcome, at which a change turns into another conclusion.

    Each is an odds ratio per standard deviation of the unmeasured cause; infinite where none up to `MOST` is enough.

    Parameters
    ----------
    zero
        Where the expected change is zero.
    interval
        Where the interval of the change first holds zero; 1 where it does as it stands.
    double
        Where the expected change is twice what it is said to be, the cause pulling the other way.
    e_value, e_value_interval
        E-value of the ratio of the two expected probabilities, and of the end of its interval that is nearer to one:
        risk ratios, not per standard deviation, of an unmeasured cause with each (VanderWeele and Ding 2017†).
    """

    zero: float
    interval: float
    double: float
    e_value: float
    e_value_interval: float


@dataclass(frozen=True)
class Benchmark:
    """A measured cause, and the change if an unmeasured one as strong were held.

    Parameters
    ----------
    name
        The node.
    on_cause, on_outcome
        Odds ratio per standard deviation that ties it to the changed node and to the outcome: the standard deviation of
        the log odds over its states, at its posterior median.
    against, along
        The change without what an unmeasured cause of these strengths would have added to it, and with what it would
        have hidden.
    """

    name: str
    on_cause: float
    on_outcome: float
    against: Change
    along: Change


@dataclass(frozen=True, eq=False, repr=False)
class Confounding(Shown):
    """A change of a probability under unmeasured common causes of every strength.

    Parameters
    ----------
    question
        In words.
    cause, target, states
        The changed node, the node asked for, and its states whose probability is meant.
    identification
        On what condition the change is an effect.
    sides
        What the record says, in strata of the measured causes of the changed node.
    sizes
        Numbers of chains and draws.
    benchmarks
        The measured causes.
    strengths
        Of the grid.

    Examples
    --------
    >>> import xarray as xr
    >>> from servanda.models import Arrow, Network, Node, Posterior
    >>> network = Network((Node("backed", ("no", "yes")), Node("kept", ("no", "yes"), (Arrow("backed"),))))
    >>> tables = {
    ...     "backed": xr.DataArray([0.5, 0.5], dims="backed"),
    ...     "kept": xr.DataArray([[0.6, 0.4], [0.4, 0.6]], dims=("backed", "kept")),
    ... }
    >>> found = confounding(Posterior.from_tables(network, tables), "kept", {"backed": "no"}, {"backed": "yes"})
    >>> round(float(found.effect(2.0, 2.0).mean()), 2)
    0.1
    """

    question: str
    cause: str
    target: str
    states: tuple[str, ...]
    identification: str
    sides: Sides = field(repr=False)
    sizes: tuple[int, int]
    benchmarks: tuple[Benchmark, ...] = ()
    strengths: tuple[float, ...] = STRENGTHS

    def effect(self, on_cause: float = 1.0, on_outcome: float = 1.0) -> xr.DataArray:
        """The change in every draw if an unmeasured cause of these strengths were held, dims (chain, draw).

        Parameters
        ----------
        on_cause
            Odds ratio per standard deviation of the changed node being further on the side of the change.
        on_outcome
            The same of the outcome. Above 1 (with `on_cause` above 1) the change is told too high, below 1 too low.

        Raises
        ------
        QueryError
            If one is no positive number.
        """
        stated = {"on_cause": on_cause, "on_outcome": on_outcome}
        what = "must be an odds ratio, a number above zero"
        faults = [Fault(name, f"is {odds!r}; it {what}") for name, odds in stated.items() if not _is_odds(odds)]
        raise_faults("confounding", faults, QueryError)
        return xr.DataArray(self.sides.effect(on_cause, on_outcome).reshape(self.sizes), dims=("chain", "draw"))

    @cached_property
    def change(self) -> Change:
        """The change as it is told, with no unmeasured cause."""
        return summarise_change(self.sides.effect())

    @cached_property
    def grid(self) -> xr.Dataset:
        """The change over both strengths: ``mean``, ``lower``, ``upper``; dims (on_cause, on_outcome).

        On the outcome the strengths run both ways from 1.
        """
        both = tuple(sorted({*self.strengths, *(1 / odds for odds in self.strengths)}))
        cells = [[_mean_and_ends(x) for x in self.sides.effects(a, both)] for a in self.strengths]
        dims = ("on_cause", "on_outcome")
        values = zip(("mean", "lower", "upper"), np.moveaxis(np.array(cells), -1, 0), strict=True)
        attrs = {"question": self.question, "interval": INTERVAL}
        return xr.Dataset(
            {name: (dims, own) for name, own in values}, {"on_cause": [*self.strengths], "on_outcome": [*both]}, attrs
        )

    @cached_property
    def tipping_point(self) -> TippingPoint:
        """Equal strengths at which the change is zero, its interval holds zero, and it is doubled; with E-values."""
        told = self.sides.effect()
        sign = float(np.sign(told.mean())) or 1.0

        def mean(odds: float) -> float:
            return sign * float(self.sides.effect(odds, odds**sign).mean())

        def nearer_end(odds: float) -> float:
            x = sign * self.sides.effect(odds, odds**sign)
            return float(np.quantile(x, (1 - INTERVAL) / 2))

        def short_of_double(odds: float) -> float:
            return sign * float(2 * told.mean() - self.sides.effect(odds, odds**-sign).mean())

        before, after = (
            np.maximum(side.chances(1.0, [1.0])[0], 1e-15) for side in (self.sides.base, self.sides.change)
        )
        ends = np.quantile(after / before, [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2])
        nearer = 1.0 if ends[0] <= 1 <= ends[1] else float(ends[np.argmin(np.abs(np.log(ends)))])
        return TippingPoint(
            zero=first_crossing(mean, MOST),
            interval=first_crossing(nearer_end, MOST),
            double=first_crossing(short_of_double, MOST) if told.mean() else float("inf"),
            e_value=e_value(float(after.mean() / before.mean())),
            e_value_interval=e_value(nearer),
        )

    @property
    def strongest(self) -> Benchmark | None:
        """Measured cause that would take most from the change as an unmeasured one; None without benchmarks."""
        return next(iter(self._ordered), None)

    @property
    def table(self) -> pd.DataFrame:
        """One row a measured cause, strongest first: strengths, and the change if one as strong were held.

        Columns: ``on_cause``, ``on_outcome``; ``mean``, ``lower``, ``upper`` against the change; ``along``, the mean
        had it hidden some of the change.
        """
        import pandas as pd

        ordered = self._ordered
        rows = [
            {
                "on_cause": one.on_cause,
                "on_outcome": one.on_outcome,
                **{name: asdict(one.against)[name] for name in ("mean", "lower", "upper")},
                "along": one.along.mean,
            }
            for one in ordered
        ]
        columns = ["on_cause", "on_outcome", "mean", "lower", "upper", "along"]
        return pd.DataFrame(rows, index=pd.Index([one.name for one in ordered], name="measured"), columns=columns)

    @property
    def printed(self) -> PrintedTable:
        """The table as journals print it."""
        return printed_table(self.table, points=["mean", "along"])

    def in_words(self) -> str:
        """One sentence: the tipping point, and the measured cause that would take most from the change."""
        tipping, nearest_one = self.tipping_point, self.strongest
        told = f"the change of {whole_points(self.change.mean)} points"
        who = f"unmeasured common cause of {self.cause} and {self.target}"
        if tipping.zero == 1:
            said = "The change is zero as it stands, with no unmeasured common cause"
        elif np.isinf(tipping.zero):
            said = f"No {who} with odds of up to {MOST:g} a standard deviation on each would bring {told} to zero"
        else:
            holds = " (its interval holds zero as it stands)" if tipping.interval == 1 else ""
            said = (
                f"An {who} would bring {told} to zero{holds} with odds of {_odds(tipping.zero)} a standard deviation "
                "on each"
            )
        if nearest_one is None:
            return f"{said}."
        return (
            f"{said}; one as strong as {nearest_one.name}, the measured cause that would take most from it (odds of "
            f"{_odds(nearest_one.on_cause)} and {_odds(nearest_one.on_outcome)}), would leave "
            f"{whole_points(nearest_one.against.mean)} points."
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything in plain numbers and words, without the grid; what is infinite is None."""
        tipping = {name: odds if np.isfinite(odds) else None for name, odds in asdict(self.tipping_point).items()}
        table = self.table.reset_index().to_dict("records")
        return {
            "question": self.question,
            "cause": self.cause,
            "target": self.target,
            "states": list(self.states),
            "in_words": self.in_words(),
            "identification": self.identification,
            "change": asdict(self.change),
            "tipping_point": tipping,
            "most": MOST,
            "benchmarks": [{str(name): value for name, value in row.items()} for row in table],
        }

    def plot(self, **look: Unpack[Look]) -> ShownFigure:
        """The change over both strengths as contours, with the tipping points and the measured causes.

        Parameters
        ----------
        **look
            As `servanda.common.canvas.Look` says; names are ``loss``, ``gain``, and those of measured causes.
        """
        sign = self._sign
        rows = self.table[["on_cause", "on_outcome"]]
        points = {str(name): (float(a), float(b) ** sign) for name, a, b in rows.itertuples()}
        tipping = self.tipping_point
        corners = {"zero": (tipping.zero, tipping.zero**sign), "doubled": (tipping.double, tipping.double**-sign)}
        return confounding_figure(self.grid, points, corners, cause=self.cause, outcome=self._outcome, look=look)

    @property
    def _sign(self) -> int:
        """Which way the change goes."""
        return 1 if self.change.mean >= 0 else -1

    @property
    def _ordered(self) -> list[Benchmark]:
        """Measured causes, what takes most from the change first."""
        return sorted(self.benchmarks, key=lambda one: self._sign * one.against.mean)

    @property
    def _outcome(self) -> str:
        return f"{self.target} = {' or '.join(self.states)}"

    def _view(self) -> View:
        first, *others = self._lines
        return View(first, table=self.table, notes=others)

    @property
    def _lines(self) -> list[str]:
        change, tipping = self.change, self.tipping_point
        ends = f"[{whole_points(change.lower)}, {whole_points(change.upper)}]"
        points = (
            f"Equal odds a standard deviation: zero at {_odds(tipping.zero)}, zero in the {INTERVAL:.0%} interval at "
            f"{_odds(tipping.interval)}, doubled at {_odds(tipping.double)} the other way; E-value "
            f"{_odds(tipping.e_value)} (risk ratios), of the interval {_odds(tipping.e_value_interval)}."
        )
        return [
            f"{self.question}: {whole_points(change.mean)} points {ends}",
            self.identification,
            self.in_words(),
            points,
        ]

    def __str__(self) -> str:
        shown = [f"{self.table.round(3).to_string()}"] if self.benchmarks else []
        return "\n".join([*self._lines, *shown])


def confounding(
    posterior: Posterior,
    target: str,
    base: Mapping[str, Any],
    change: Mapping[str, Any],
    given: States = None,
    *,
    state: str | Iterable[str] | None = None,
    cause: str | None = None,
    benchmarks: Iterable[str] | None = None,
    strengths: Sequence[float] = STRENGTHS,
    memory: int = MEMORY_LIMIT,
    progress: bool | Progress | None = None,
    **members: Any,
) -> Confounding:
    """Strength of an unmeasured common cause that would undo a contrast, or double it, beside the measured ones.

    The cause is standard normal (at five points), and every draw is corrected for it exactly. It is independent of the
    measured causes of the changed node, moves the odds of that node and of the outcome by the same factors in every
    stratum of those causes (no interaction), and bears on nothing else. The odds of the outcome are those among cases
    as described, averaged over what neither `given` nor the strata fix. Of an unordered changed node it moves the odds
    of the state changed to against all others. Selection into the record and errors of coding are other matters.

    Parameters
    ----------
    posterior, target, base, change, given, memory
        As in `contrast`, for one case.
    state
        State of the target, or several, whose probability is meant; its last by default.
    cause
        The changed node that the unmeasured cause bears on, where the two sides differ in several.
    benchmarks
        Measured causes to compare with; by default all that are upstream of the changed node or of the target. Each is
        asked of with its own evidence left out and the rest kept, so that one which the rest of the case all but
        settles counts for little.
    strengths
        Odds ratios per standard deviation of the grid, from 1 up.
    progress
        Whether a bar shows how far it is, or what is told of it: how many measured causes are done; see
        `servanda.common.progress.shown`.
    **members
        As in `contrast`.

    Returns
    -------
    Confounding
        Prints in words; ``tipping_point``, ``table`` (the measured causes), ``grid``, ``effect(a, b)``, ``plot()``.

    Raises
    ------
    QueryError
        As `contrast`; or if the two sides differ in no node or in several and none is named, if evidence lies
        downstream of the target, or if a benchmark cannot be a common cause.
    CapacityError
        If the strata would not fit `memory`; give more of the measured causes.

    Examples
    --------
    Backers come where promises are kept anyway, as far as nobody has measured the reason:

    >>> import xarray as xr
    >>> from servanda.models import Arrow, Network, Node, Posterior
    >>> network = Network((Node("backed", ("no", "yes")), Node("kept", ("no", "yes"), (Arrow("backed"),))))
    >>> tables = {"backed": xr.DataArray([0.5, 0.5], dims="backed"),
    ...           "kept": xr.DataArray([[0.6, 0.4], [0.4, 0.6]], dims=("backed", "kept"))}
    >>> found = confounding(Posterior.from_tables(network, tables), "kept", {"backed": "no"}, {"backed": "yes"})
    >>> print(found.in_words())
    An unmeasured common cause of backed and kept would bring the change of +20 points to zero with odds of 3.0
    a standard deviation on each.

    Were it tied to both with odds of 3, the truth would be about zero; with 5, backing would do harm:

    >>> [round(float(found.effect(odds, odds).mean()), 2) for odds in (1.0, 3.0, 5.0)]
    [0.2, 0.0, -0.1]
    """
    asked = ConfoundingQuestion.of(posterior, target, base, change, given, state, cause, members, memory)
    chosen = benchmark_names(asked, benchmarks)
    shown = _checked_strengths(strengths)
    sides = Sides(side_of(asked, asked.base, asked.numbers[0]), side_of(asked, asked.change, asked.numbers[1]))
    told = sides.effect()
    sign = 1.0 if told.mean() >= 0 else -1.0
    found = []
    for name in followed(chosen, "comparing with measured causes", progress):
        a, b = tie_to_cause(asked, name), tie_to_outcome(asked, name)
        against, along = (summarise_change(sides.effect(a, b**way)) for way in (sign, -sign))
        found.append(Benchmark(name, a, b, against, along))
    question = chance_of(target, asked.states, given, change, against=base, **members).words(posterior.network)
    condition = identify(posterior.network, target, change, latent_nodes(posterior), asked.given)
    sizes = tuple(posterior.sizes.values())
    return Confounding(
        question, asked.cause, target, asked.states, str(condition), sides, (sizes[0], sizes[1]), tuple(found), shown
    )


def e_value(ratio: float) -> float:
    """E-value of a risk ratio (VanderWeele and Ding 2017†).

    Examples
    --------
    >>> round(e_value(3.9), 2), e_value(1.0), round(e_value(1 / 3.9), 2)
    (7.26, 1.0, 7.26)
    """
    away = max(ratio, 1 / ratio)
    return float(away + np.sqrt(away * (away - 1)))


def _checked_strengths(strengths: Sequence[float]) -> tuple[float, ...]:
    found = tuple(sorted({float(odds) for odds in strengths if _is_odds(odds) and odds >= 1}))
    if len(found) < 2 or len(found) < len({*strengths}):
        raise QueryError.of("strengths", f"must be two or more odds ratios from 1 up, not {tuple(strengths)!r}")
    return found


def _is_odds(odds: Any) -> bool:
    try:
        return bool(np.isfinite(float(odds)) and float(odds) > 0)
    except (TypeError, ValueError):
        return False


def _mean_and_ends(x: np.ndarray) -> tuple[float, float, float]:
    lower, upper = np.quantile(x, [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2])
    return float(x.mean()), float(lower), float(upper)


def _odds(odds: float) -> str:
    if np.isinf(odds):
        return f"more than {MOST:g}"
    return f"{odds:.{2 if odds < 2 else 1 if odds < 10 else 0}f}"
