"""Statements of an expert, on the scale people think in: probabilities of described cases, never coefficients.

Each statement comes down to points of a distribution: so much of it lies below so much. Its subject is a probability in
a described case, or the difference that something makes to one, such as `servanda.analysis.chance_of` gives.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ...common.canvas import Look
from ...common.errors import Fault, raise_faults
from ...common.show import Shown, View
from ...models.errors import PriorError
from ...models.network.network import Network
from ...models.posterior import Posterior
from ...models.questions.prepared import Prepared
from ...models.questions.quantity import Quantity
from .feedback import Implied, implied, statement_figure

if TYPE_CHECKING:
    from typing import Unpack

    from ...common.figure_style import ShownFigure

#: Levels that are read back to the expert.
_READ_BACK = (0.05, 0.25, 0.5, 0.75, 0.95)
#: Levels at which a count of kept promises is matched.
_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
#: A misfit of more than this, in probability, is reported.
TOLERANCE = 0.01
#: Probabilities closer to 0 or 1 are taken for as close.
_NEAR = 1e-4
#: What is divided by is taken for this at the least, so that a search may pass where it is no number.
_LEAST = 1e-9


@dataclass(frozen=True)
class Asked:
    """Draws that statements are held against; what several speak of is asked once.

    Parameters
    ----------
    questions
        Where what they speak of is put into numbers.
    chances
        What will be asked, so that it is asked together.
    values
        Parameter -> draws, shape (*dims, chains * draws), chains one after another.
    chains
        How many of equal length there are.
    """

    questions: Questions
    chances: Sequence[Quantity]
    values: Mapping[str, np.ndarray]
    chains: int = 1

    def draws(self, of: Quantity) -> np.ndarray:
        """Draws of a quantity, shape (chains, draws)."""
        return self._found[id(of)]

    @cached_property
    def _found(self) -> dict[int, np.ndarray]:
        found = self.questions.prepared(self.chances).ask(self.values)
        return {id(one): x.reshape(self.chains, -1) for one, x in zip(self.chances, found, strict=True)}


@dataclass(frozen=True)
class Questions:
    """What statements speak of, in numbers: each set of quantities is put into them once.

    Parameters
    ----------
    posterior
        Of the network, with the members that draws will have.
    """

    posterior: Posterior
    _known: dict[tuple[int, ...], Prepared] = field(default_factory=dict)

    def prepared(self, chances: Sequence[Quantity]) -> Prepared:
        """Some quantities in numbers; they are known by who they are, and kept."""
        key = tuple(map(id, chances))
        if key not in self._known:
            self._known[key] = Prepared.of(chances, self.posterior)
        return self._known[key]


@dataclass(frozen=True, repr=False)
class Statement(Shown):
    """Points of the distribution of a chance, or of how many times as likely one is as another.

    Parameters
    ----------
    chance
        What is spoken of.
    against
        Where it is stated, `chance` is divided by it.
    levels, values
        So much of the distribution (strictly ascending, from 0 to 1) lies below so much (ascending).
    said
        The statement in words.
    by_level
        Whether an achieved point is compared by its level (chips) rather than by its value.
    grain
        What it cannot tell apart: half a chip, as a share of all.

    Examples
    --------
    >>> from servanda.models import chance_of
    >>> statement = between(chance_of("kept", "yes"), 0.2, 0.7)
    >>> statement.levels, statement.values
    ((0.05, 0.95), (0.2, 0.7))
    """

    chance: Quantity
    against: Quantity | None
    levels: tuple[float, ...]
    values: tuple[float, ...]
    said: str
    by_level: bool = False
    grain: float = 0.0

    def draws(self, asked: Asked) -> np.ndarray:
        """Draws of what is spoken of, shape (chains, draws)."""
        x = asked.draws(self.chance)
        return x if self.against is None else x / np.maximum(asked.draws(self.against), _LEAST)

    def nodes(self, network: Network) -> frozenset[str]:
        """Nodes whose tables it depends on."""
        return self.chance.nodes(network) | (frozenset() if self.against is None else self.against.nodes(network))

    @property
    def chances(self) -> tuple[Quantity, ...]:
        """What is spoken of, and what it is divided by."""
        return (self.chance,) if self.against is None else (self.chance, self.against)

    def faults(self, network: Network) -> list[Fault]:
        """Names in what is spoken of that a network does not have."""
        return [*self.chance.faults(network), *([] if self.against is None else self.against.faults(network))]

    @property
    def targets(self) -> frozenset[str]:
        """Nodes whose probabilities are spoken of."""
        return frozenset({self.chance.target} | (set() if self.against is None else {self.against.target}))

    def words(self, network: Network) -> str:
        """Formula of what is spoken of, as on paper."""
        one = self.chance.words(network)
        return one if self.against is None else f"{one} / {self.against.words(network)}"

    @property
    def points(self) -> tuple[str, ...]:
        """Points in words: a share below a value, or a quantile."""
        if self.by_level:
            return tuple(f"share below {value:g}" for value in self.values)
        return tuple("median" if level == 0.5 else f"{100 * level:g} % quantile" for level in self.levels)

    @property
    def asked(self) -> np.ndarray:
        """Asked value of each point, or level where it is compared by that."""
        return np.array(self.levels if self.by_level else self.values)

    def achieved(self, x: np.ndarray) -> np.ndarray:
        """Achieved value (or level) of each point in the draws of each chain, shape (chains, points)."""
        if not self.by_level:
            return np.quantile(x, self.levels, axis=1).T
        middles = (np.arange(x.shape[1]) + 0.5) / x.shape[1]
        return np.array([np.interp(self.values, own, middles, left=0.0, right=1.0) for own in np.sort(x, axis=1)])

    def allowed(self, denominator: float = 1.0) -> np.ndarray:
        """Misfit of each point that is no misfit, in units of what is asked, shape (points,).

        0.01 of probability, but not more than a fifth of the way from a value to 0 or 1; of a ratio as much as moves
        the numerator by 0.01, but not more than 2 % of the ratio; of chips half a chip, if that is more than 0.01.

        Parameters
        ----------
        denominator
            Of a ratio: the median of what is divided by.
        """
        values = np.array(self.values)
        if self.by_level:
            return np.full(len(values), max(TOLERANCE, self.grain))
        if self.against is not None:
            return np.minimum(0.02 * values, TOLERANCE / denominator)
        if self.chance.is_difference:
            return np.full(len(values), TOLERANCE)
        return np.minimum(TOLERANCE, 0.2 * np.minimum(values, 1 - values))

    @cached_property
    def implied(self) -> Implied:
        """The simplest distribution that says as much: feedback to the expert before any priors are solved for."""
        low, high = _bounds(self.chance, self.against)
        return implied(self.levels, self.values, low, high)

    def plot(self, **look: Unpack[Look]) -> ShownFigure:
        """Density that the statement implies, with what was stated and what else it says, to be read back.

        Parameters
        ----------
        **look
            As `servanda.common.canvas.Look` says; names are ``density`` and ``stated``.
        """
        unit = self.chance.unit if self.against is None else "times as likely"
        return statement_figure(self.implied, self.values, self.said, unit, look)

    def _view(self) -> View:
        also = {f"{100 * level:g} % below": round(self.implied.value(level), 3) for level in _READ_BACK}
        return View(f"Statement: {self.said}", {**also, "mode": round(self.implied.mode, 3)})

    def denominator(self, asked: Asked) -> float:
        """Median of what is divided by; 1 where nothing is."""
        return 1.0 if self.against is None else max(float(np.median(asked.draws(self.against))), _LEAST)

    def apart(self, x: np.ndarray) -> np.ndarray:
        """Distance of quantiles of draws from where they should be, on a scale that does not end.

        The logit scale of a probability, the log scale of a ratio; shape (chains, points).
        """
        levels = np.clip(self.levels, max(self.grain / 2, 1e-3), 1 - max(self.grain / 2, 1e-3))
        found = np.quantile(x, levels, axis=1).T
        apart = self._stretched(found) - self._stretched(np.array(self.values))
        # Where nothing or all lies below, a quantile may be as far on that side as it likes.
        nothing, everything = np.array(self.levels) <= 0, np.array(self.levels) >= 1
        return np.where(nothing, np.minimum(apart, 0.0), np.where(everything, np.maximum(apart, 0.0), apart))

    def _stretched(self, values: np.ndarray) -> np.ndarray:
        if self.against is not None:
            return np.log(np.maximum(values, _NEAR))
        if self.chance.is_difference:
            return 4 * values
        inside = np.clip(values, _NEAR, 1 - _NEAR)
        return np.log(inside) - np.log1p(-inside)


def quantiles(of: Quantity, values: Mapping[float, float]) -> Statement:
    """State quantiles: "in one case of twenty it is below 0.2, in half of them below 0.4".

    Parameters
    ----------
    of
        What is spoken of, from `servanda.analysis.chance_of`.
    values
        Level -> value, both ascending.

    Returns
    -------
    Statement

    Raises
    ------
    PriorError
        Listing levels and values that are out of range or do not ascend together.

    Examples
    --------
    >>> from servanda.analysis import chance_of
    >>> quantiles(chance_of("kept", "yes"), {0.05: 0.2, 0.5: 0.4, 0.95: 0.7}).said
    '5 % below 0.2, 50 % below 0.4, 95 % below 0.7'
    """
    if not isinstance(values, Mapping):
        raise PriorError(
            "statement", [Fault("quantiles", f"must be level -> value, such as {{0.5: 0.4}}, not {values!r}")]
        )
    points = sorted((_number(level), _number(value)) for level, value in values.items())
    said = ", ".join(f"{100 * level:g} % below {value:g}" for level, value in points)
    return _stated(of, None, points, said)


def between(of: Quantity, low: float, high: float, *, level: float = 0.9) -> Statement:
    """State a range: "nine times in ten it lies between 0.2 and 0.7".

    Parameters
    ----------
    of
        What is spoken of.
    low, high
        Ends of the range; what lies outside is shared by both sides.
    level
        How much lies inside, such as 0.8.

    Examples
    --------
    >>> from servanda.analysis import chance_of
    >>> between(chance_of("kept", "yes"), 0.2, 0.7).levels
    (0.05, 0.95)
    """
    _check_chance(of)
    points = _range(low, high, level)
    return _stated(of, None, points, f"between {low:g} and {high:g} ({100 * level:g} %)")


def best_guess(of: Quantity, low: float, best: float, high: float, *, confidence: float) -> Statement:
    """State the four points of the IDEA protocol: the lowest it may be, the highest, a best guess, how sure of that.

    The range is the expert's own, and so is how sure they are that the truth lies in it: no level is put into their
    mouth (Speirs-Bridge and others 2010†; Hemming and others 2018†).

    Parameters
    ----------
    of
        What is spoken of.
    low, high
        Plausible ends.
    best
        The best guess, as the median.
    confidence
        How sure the expert is that it lies between the ends; from 0.5, below which they would bet against themselves,
        up to 1.

    Raises
    ------
    PriorError
        Listing numbers that do not ascend or are out of range.

    Examples
    --------
    >>> from servanda.analysis import chance_of
    >>> best_guess(chance_of("kept", "yes"), 0.2, 0.4, 0.7, confidence=0.8).said
    'between 0.2 and 0.7, best guess 0.4 (80 % sure)'
    """
    _check_chance(of)
    if not 0.5 <= _number(confidence) < 1:
        what = f"must be 0.5 or more and below 1, not {_number(confidence):g}; who is less sure gives a wider range"
        raise PriorError("statement", [Fault("confidence", what)])
    points = sorted([*_range(low, high, confidence), (0.5, _number(best))])
    said = f"between {low:g} and {high:g}, best guess {best:g} ({100 * confidence:g} % sure)"
    return _stated(of, None, points, said)


def kept(of: Quantity, times: float, total: float) -> Statement:
    """State a count from memory: "7 of 10 such promises were kept".

    It is taken as seen with no other knowledge (a uniform prior), which leaves Beta(1 + 7, 1 + 3); quantiles of that
    are matched. Halve both numbers to say that half as much is known.

    Parameters
    ----------
    of
        The probability that such a promise is kept.
    times, total
        How many, of how many.

    Examples
    --------
    >>> from servanda.analysis import chance_of
    >>> statement = kept(chance_of("kept", "yes"), 7, 10)
    >>> statement.said, round(statement.values[2], 3)
    ('7 of 10', 0.676)
    """
    from scipy.stats import beta

    _check_chance(of)
    times, total, faults = _number(times), _number(total), []
    if of.is_difference:
        faults.append(Fault("count", "is of a probability, not of a difference of two"))
    elif not of.is_probability:
        faults.append(Fault("count", "is of a probability, not of a share of variation; state its quantiles"))
    if not (math.isfinite(total) and total > 0):
        faults.append(Fault("count", f"needs a total above 0, not {total:g}"))
    elif not 0 <= times <= total:
        faults.append(Fault("count", f"cannot be {times:g} of {total:g}"))
    raise_faults("statement", faults, PriorError)
    values = beta.ppf(_LEVELS, 1 + times, 1 + total - times).tolist()
    return _stated(of, None, list(zip(_LEVELS, values, strict=True)), f"{times:g} of {total:g}")


def times_as_likely(
    one: Quantity, other: Quantity, ratio: float, *, between: tuple[float, float] | None = None, level: float = 0.9
) -> Statement:
    """State a ratio: "with five guarantors rather than one it is 1.5 times as likely".

    Parameters
    ----------
    one, other
        What is more (or less) likely, and than what.
    ratio
        The best guess of how many times as likely, as the median.
    between
        A range for it.
    level
        How much lies in the range.

    Examples
    --------
    >>> from servanda.analysis import chance_of
    >>> five, alone = (chance_of("kept", "yes", do={"guarantors": n}) for n in ("5", "1"))
    >>> times_as_likely(five, alone, 1.5, between=(1, 2)).said
    '1.5 times as likely, between 1 and 2 (90 %)'
    """
    points = [(0.5, _number(ratio))]
    said = f"{ratio:g} times as likely"
    if between is not None:
        points = sorted([*points, *_range(*between, level)])
        said += f", between {between[0]:g} and {between[1]:g} ({100 * level:g} %)"
    return _stated(one, other, points, said)


def roulette(of: Quantity, edges: Sequence[float], chips: Sequence[int]) -> Statement:
    """State a distribution by chips laid on bins (Gore 1987†; Johnson and others 2010†).

    Parameters
    ----------
    of
        What is spoken of.
    edges
        Ends of the bins, ascending; one more than there are bins.
    chips
        Chips on each bin.

    Returns
    -------
    Statement
        The share of chips below each inner edge; what lies outside of all bins should be nothing. Nobody can lay less
        than a chip, so that half a chip is no misfit.

    Examples
    --------
    >>> from servanda.analysis import chance_of
    >>> statement = roulette(chance_of("kept", "yes"), [0, 0.25, 0.5, 0.75, 1], [2, 5, 2, 1])
    >>> statement.values, statement.levels
    ((0.25, 0.5, 0.75), (0.2, 0.7, 0.9))
    """
    _check_chance(of)
    edges, faults = [_number(edge) for edge in edges], []
    if len(edges) != len(chips) + 1:
        faults.append(Fault("edges", f"are {len(edges)} for {len(chips)} bins; there must be one more"))
    if any(a >= b for a, b in pairwise(edges)):
        faults.append(Fault("edges", "must ascend"))
    if any(chip < 0 for chip in chips) or not sum(chips):
        faults.append(Fault("chips", "must be numbers of 0 or more, and one at least above 0"))
    low, high = _bounds(of, None)
    faults += [
        Fault("edges", f"{edge:g} is outside of what it can be, {low:g} to {high:g}")
        for edge in edges
        if not low <= edge <= high
    ]
    raise_faults("statement", faults, PriorError)
    below = (np.cumsum([0, *chips]) / sum(chips)).tolist()
    inner = [(level, float(edge)) for level, edge in zip(below, edges, strict=True) if low < edge < high]
    laid = ", ".join(f"{chip:g} on {a:g} to {b:g}" for chip, (a, b) in zip(chips, pairwise(edges), strict=True) if chip)
    levels, values = zip(*inner, strict=True) if inner else ((), ())
    if not inner:
        raise PriorError("statement", [Fault("edges", "leave one bin for all that it can be, which says nothing")])
    return Statement(of, None, levels, values, f"chips: {laid}", by_level=True, grain=0.5 / sum(chips))


def _range(low: float, high: float, level: float) -> list[tuple[float, float]]:
    if not 0 < level < 1:
        raise PriorError("statement", [Fault("level", f"must lie between 0 and 1, not {level:g}")])
    return [(round((1 - level) / 2, 12), _number(low)), (round((1 + level) / 2, 12), _number(high))]


def _number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        what = f"must be a number, not a {type(value).__name__}; what is spoken of comes first"
        raise PriorError("statement", [Fault("value", what)]) from None


def _check_chance(*chances: object) -> None:
    faults = [
        Fault("chance", f"must be what servanda.analysis.chance_of gives, not a {type(one).__name__}")
        for one in chances
        if one is not None and not isinstance(one, Quantity)
    ]
    raise_faults("statement", faults, PriorError)


def chances_of(statements: Iterable[Statement]) -> tuple[Quantity, ...]:
    """All that some statements speak of, each once."""
    return tuple({id(one): one for s in statements for one in s.chances}.values())


def _bounds(chance: Quantity, against: Quantity | None) -> tuple[float, float]:
    if against is not None:
        return 0.0, math.inf
    return (-1.0, 1.0) if chance.is_difference else (0.0, 1.0)


def _stated(chance: Quantity, against: Quantity | None, points: list[tuple[float, float]], said: str) -> Statement:
    _check_chance(chance, against)
    low, high = _bounds(chance, against)
    faults = [] if points else [Fault("statement", "says nothing; state one quantile at least")]
    if against is not None and (chance.is_difference or against.is_difference):
        faults.append(Fault("ratio", "is of two probabilities, not of differences"))
    faults += [
        Fault("level", f"{level:g} must lie strictly between 0 and 1") for level, _ in points if not 0 < level < 1
    ]
    faults += [
        Fault("value", f"{value:g} must lie strictly between {low:g} and {high:g}")
        for _, value in points
        if not low < value < high
    ]
    faults += [
        Fault("values", f"must ascend with their levels, but {a[1]:g} is stated for {a[0]:g} and {b[1]:g} for {b[0]:g}")
        for a, b in pairwise(points)
        if a[1] >= b[1]
    ]
    raise_faults("statement", faults, PriorError)
    return Statement(chance, against, tuple(p[0] for p in points), tuple(p[1] for p in points), said)


__all__ = ["Asked", "Statement", "best_guess", "between", "kept", "quantiles", "roulette", "times_as_likely"]
