r"""An unmeasured common cause beside a change, stratum by stratum and draw by draw.

The cause $U$ is standard normal, at the five points of Gauss and Hermite, in every stratum $w$ of the measured causes
of the changed node $x$: what nobody measured is itself a sum of many things. (With two states in place of five, an
effect of zero behind normal causes of odds 2.7 a standard deviation each way would tip at 2.4.) It moves the latent
logit of $x$ by $u \ln a$, which fixes $P(u \mid x, w)$, and the logit of the outcome by $u \ln b$. What the record
says,

$$
P(y \mid x, w) = \sum_u P(u \mid x, w)\, \sigma(\alpha_{xw} + u \ln b),
$$

then fixes $\alpha_{xw}$, and what setting $x$ would do is

$$
P(y \mid do(x)) = \sum_w P(w) \sum_u P(u)\, \sigma(\alpha_{xw} + u \ln b).
$$

So nothing that is observed changes with $a$ and $b$: no data can tell them. Rosenbaum and Rubin (1983†) do this for two
treatments and a cause of two states; here a changed node with more states is split below and above each of them, as in
the cumulative logit model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.special import expit, logit

#: States of the unmeasured cause and their probabilities, of mean 0 and standard deviation 1.
_POINTS, _HERMITE = np.polynomial.hermite_e.hermegauss(5)
_CHANCES = _HERMITE / _HERMITE.sum()
#: Added to every probability of the changed node, so that a state that a draw excludes has a limit to go to.
_LEAST = 1e-9
#: No probability is closer to 0 or 1 than this where its log odds are taken.
_EDGE = 1e-12
#: How closely log odds are found, and in how many steps at most: those of bisection.
_CLOSE, _MOST_STEPS = 1e-11, 100


@dataclass(frozen=True)
class Side:
    """One side of a change, in strata of the measured causes of the changed node.

    Parameters
    ----------
    outcome
        Probability of the outcome with the node set, shape (strata, samples).
    weight
        Probability of each stratum, shape (strata, samples).
    below, upto
        Probability that the node, left to itself, is lower than the state that is set, and that it is no higher, shape
        (strata, samples); "higher" is towards the state that the change leads to.
    """

    outcome: np.ndarray
    weight: np.ndarray
    below: np.ndarray
    upto: np.ndarray

    def chances(self, on_cause: float, on_outcome: Sequence[float]) -> np.ndarray:
        """Probability of the outcome once the unmeasured cause is held, for several strengths on the outcome.

        Returns
        -------
        ndarray
            Shape (strengths, samples).
        """
        found = np.zeros((len(on_outcome), self.outcome.shape[-1]))
        # One stratum at a time, all draws of which a processor's cache holds.
        for outcome, weight, below, upto in zip(self.outcome, self.weight, self.below, self.upto, strict=True):
            tied = cause_where_set(below, upto, on_cause)
            for place, odds in enumerate(on_outcome):
                found[place] += weight * standardised(outcome, tied, odds)
        return found


@dataclass(frozen=True)
class Sides:
    """Both sides of a change: `base`, and `change` that is compared with it."""

    base: Side
    change: Side

    def effects(self, on_cause: float, on_outcome: Sequence[float]) -> np.ndarray:
        """Difference in the probability of the outcome once the cause is held, shape (strengths, samples)."""
        return self.change.chances(on_cause, on_outcome) - self.base.chances(on_cause, on_outcome)

    def effect(self, on_cause: float = 1.0, on_outcome: float = 1.0) -> np.ndarray:
        """The same for one strength, shape (samples,)."""
        return self.effects(on_cause, [on_outcome])[0]


def cause_where_set(below: np.ndarray, upto: np.ndarray, odds: float) -> np.ndarray:
    """Distribution of the unmeasured cause among cases whose node has a state, shape (points, samples).

    Parameters
    ----------
    below, upto
        Probabilities that the node is lower than the state, and no higher.
    odds
        Odds ratio of the node being higher per standard deviation of the cause.
    """
    joint = _CHANCES[:, None] * (_given_cause(upto, odds) - _given_cause(below, odds))
    return joint / joint.sum(axis=0)


def standardised(observed: np.ndarray, cause: np.ndarray, odds: float) -> np.ndarray:
    """Probability of an outcome over all of a population, from that in a part where a cause has another distribution.

    Parameters
    ----------
    observed
        Probability of the outcome in the part, shape (samples,).
    cause
        Distribution of the cause there, shape (points, samples).
    odds
        Odds ratio of the outcome per standard deviation of the cause.

    Examples
    --------
    Where the cause has the distribution that it has in all, nothing changes:

    >>> cause = cause_where_set(np.array([0.2]), np.array([0.7]), 1.0)
    >>> standardised(np.array([0.3]), cause, 4.0).round(12)
    array([0.3])
    """
    if odds == 1:
        return observed
    alpha = _log_odds(observed, cause, np.log(odds))
    return _CHANCES @ expit(alpha + np.log(odds) * _POINTS[:, None])


def cumulative(distribution: np.ndarray, state: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities below a state and up to it, of a distribution along the first axis."""
    whole = distribution + _LEAST
    whole = whole / whole.sum(axis=0)
    return whole[:state].sum(axis=0), whole[: state + 1].sum(axis=0)


def first_crossing(curve: Callable[[float], float], most: float, *, steps: int = 6) -> float:
    """Smallest odds ratio from 1 up at which a curve that starts above zero is zero, to a thousandth.

    Parameters
    ----------
    curve
        Function of the odds ratio.
    most
        The largest odds ratio that is tried.
    steps
        Into so many, even on the scale of the logarithm, the way there is cut.

    Returns
    -------
    float
        1 where the curve does not start above zero; infinite where it is above zero all the way.

    Examples
    --------
    >>> round(first_crossing(lambda odds: 3.0 - odds, most=100.0), 2)
    3.0
    """
    from scipy.optimize import brentq

    if not curve(1.0) > 0:
        return 1.0
    for low, high in pairwise(np.linspace(0.0, np.log(most), steps + 1)):
        if curve(float(np.exp(high))) <= 0:
            place: float = brentq(lambda x: curve(float(np.exp(x))), low, high, xtol=5e-4)  # pyright: ignore[reportAssignmentType]
            return float(np.exp(place))
    return float("inf")


def _given_cause(cumulated: np.ndarray, odds: float) -> np.ndarray:
    """A cumulative probability at each point of the cause, from that over all of them, shape (points, samples)."""
    if odds == 1 or np.all((cumulated <= _EDGE) | (cumulated >= 1 - _EDGE)):
        return np.broadcast_to(cumulated, (len(_POINTS), *cumulated.shape))
    # What raises the node lowers the probability that it is low.
    cut = _log_odds(cumulated, _CHANCES[:, None], -np.log(odds))
    return expit(cut - np.log(odds) * _POINTS[:, None])


def _log_odds(chance: np.ndarray, cause: np.ndarray, step: float) -> np.ndarray:
    """Log odds at the middle of a cause under which a probability over its distribution is as stated.

    Newton's method on the logit scale, on which the curve is nearly straight, kept inside a bracket.
    """
    goal = logit(np.clip(chance, _EDGE, 1 - _EDGE))
    shifts = step * _POINTS[:, None]
    reach = np.abs(shifts).max()
    low, high = goal - reach, goal + reach
    mean = (cause * shifts).sum(axis=0)
    # As if the cause were normal there too.
    alpha = np.clip(goal * np.sqrt(1 + 0.346 * ((cause * shifts**2).sum(axis=0) - mean**2)) - mean, low, high)
    for _ in range(_MOST_STEPS):
        rates = expit(alpha + shifts)
        parts = cause * rates
        total = parts.sum(axis=0)
        slope = (parts * (1 - rates)).sum(axis=0)
        short = goal - logit(total)
        low, high = np.where(short >= 0, alpha, low), np.where(short <= 0, alpha, high)
        new = alpha + short * total * (1 - total) / slope
        new = np.where((new < low) | (new > high), (low + high) / 2, new)
        moved = float(np.abs(new - alpha).max())
        alpha = new
        if moved < _CLOSE:
            break
    return alpha
