"""`any_of`, `all_of`, `at_least`, `headcount`: what k members do together, each acting or not.

Of k members Y act, with P(Y = y | k) beta-binomial: each acts with probability q, and two of them are correlated by
rho (Skellam 1948, JRSS B 10(2):257-261†; as an urn, Johnson, Kotz and Kemp 1992, Univariate Discrete Distributions†):

    P(Y = y | k) = C(k, y) prod_{i<y} (q (1 - rho) + i rho) prod_{i<k-y} ((1 - q)(1 - rho) + i rho)
                   / prod_{i<k} (1 - rho + i rho)

Products and not gamma functions, since these would lose all digits where rho goes to 0; there it is the binomial to
the last digit. `headcount` sees Y itself; the others see whether Y >= 1 (rho = 0: the noisy-OR), Y = k (rho = 0: the
weakest link q^k) or Y >= m. One parent holds the count k; all parents may act on the logit of q, each by its term,
the count as well: by `log` or `diffusion` members do less where they are many.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from ...common.errors import nearest
from ..node import Local
from ..parameters.distributions import UNIT
from ..parameters.parameter import Parameter
from ..parameters.prior import Prior
from .base import Family, flatten_tail, namespace, take
from .regression import (
    case_predictor,
    effect_slices,
    group_parameters,
    has_pieces,
    spread_over,
    term_faults,
    term_parameters,
    write_effects,
)
from .rows import BETA_BINOMIAL, Book, RowWriter
from .unseen import mixture

#: A member may act as often as not, or hardly ever, or nearly always.
MEMBER = Prior.of("beta", alpha=1.0, beta=1.0)
#: Most likely small, and above a half in one case of eight.
RHO = Prior.of("beta", alpha=1.0, beta=3.0)
#: Numbers worked on together, draws times cases times members.
_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Collective(Family):
    """Members who act or do not, seen together.

    Options of a node: ``members`` names the parent whose values count them; ``correlated = false`` makes them
    independent, without ``rho``; ``at_least`` is the m of that family. The count acts on what each one does by the
    term of its arrow, and not at all where none is stated.

    Parameters
    ----------
    name
        What a network calls it.
    needed
        How many of k must act, from (k, m), so that the node is in its upper state; None where the node is the number
        that acts.
    own
        Names of options beyond ``members`` and ``correlated``.
    forbids
        Whether some states are impossible for some counts.
    together
        What its members do, with ``{}`` for how many are needed.

    Examples
    --------
    >>> from servanda.models import Arrow, Network, Node, network_parameters
    >>> backers = Node("backers", ("1", "2", "3"), ordered=True, values=(1, 2, 3))
    >>> helped = Node("helped", ("no", "yes"), (Arrow("backers"),), "any_of", ordered=True,
    ...               options=(("members", "backers"),))
    >>> [p.name for p in network_parameters(Network((backers, helped)), ["helped"])]
    ['helped.member', 'helped.rho']
    """

    name: str
    needed: Any = None
    own: tuple[str, ...] = ()
    forbids: bool = False
    together: str = ""

    def done_together(self, local: Local) -> str:
        """Say what the members do together."""
        return self.together.format(local.node.option("at_least", ""))

    @property
    def options(self) -> tuple[str, ...]:
        """Options a node may state."""
        return ("members", "correlated", *self.own)

    def faults(self, local: Local) -> list[str]:
        """Say why `node` cannot be of this family."""
        count, parents = local.node.option("members"), local.parent_names
        if count not in parents:
            what = "names no parent" if count is None else f"'{count}' is no parent{nearest(str(count), parents)}"
            return [f"family '{self.name}' needs the parent that counts the members; options.members {what}"]
        values = local[str(count)].values
        if not values or not all(float(value).is_integer() and value >= 1 for value in values):
            return [f"family '{self.name}' counts members; give '{count}' a whole number of 1 or more for each state"]
        faults = term_faults(_with_count(local))
        if not isinstance(local.node.option("correlated", default=True), bool):
            faults.append(f"options.correlated is true or false, not {local.node.option('correlated')!r}")
        if not local.node.ordered:
            faults.append(f"family '{self.name}' needs ordered states; set ordered = true")
        return faults + self._state_faults(local, int(max(values)))

    def _state_faults(self, local: Local, most: int) -> list[str]:
        if self.needed is None:
            numbers = tuple(map(str, range(len(local.states))))
            if local.states != numbers or len(local.states) <= most:
                return [f"family '{self.name}' needs the states 0, 1, ... up to {most} or more, in order"]
            return []
        faults = []
        if len(local.states) != 2:
            faults.append(f"family '{self.name}' needs 2 states, no before yes, not {len(local.states)}")
        if "at_least" in self.own:
            wanted = local.node.option("at_least")
            if type(wanted) is not int or not 1 <= wanted <= most:
                said = "is missing" if wanted is None else f"is {wanted!r}"
                faults.append(f"options.at_least {said}; expected a whole number from 1 to {most}")
        return faults

    def parameters(self, local: Local) -> tuple[Parameter, ...]:
        """Declare what one member does, how members hang together, effects of parents, spreads of groups."""
        doc = f"probability that one member acts in the average case of {local.node.title} (all effects zero)"
        member = Parameter(member_name(local), (), UNIT, MEMBER, doc=doc)
        doc = "correlation between what two members do, from 0 (each for itself) to 1 (all as one)"
        correlated = local.node.option("correlated", default=True)
        rho = (Parameter(rho_name(local), (), UNIT, RHO, doc=doc),) if correlated else ()
        return (member, *rho, *term_parameters(_with_count(local)), *group_parameters(local))

    def log_prob(
        self,
        values: Mapping[str, Any],
        codes: np.ndarray,
        members: Mapping[str, np.ndarray],
        local: Local,
        xp: ModuleType,
    ) -> Any:
        """Log-probability of coded cases, shape (..., cases)."""
        plain = _with_count(local)
        member = values[member_name(local)][..., None]
        eta = xp.log(member) - xp.log1p(-member) + case_predictor(values, codes, members, plain, xp)
        k = _counted(local, codes)
        seen = self._seen(local, k, codes[:, -1])
        rho = values.get(rho_name(local))
        if xp is not np:
            return _log_of_seen(_log_numbers(eta, rho, k, xp), seen, xp)
        # What is worked on has the members as a further dim, so draws are taken some at a time.
        together = max(1, _AT_ONCE // max(1, seen.size))
        parts = [slice(start, start + together) for start in range(0, len(eta), together)]
        numbers = (_log_numbers(eta[part], rho if rho is None else rho[part], k, np) for part in parts)
        return np.concatenate([_log_of_seen(log_p, seen, np) for log_p in numbers])

    def table(
        self,
        values: Mapping[str, np.ndarray],
        fixed: Mapping[str, int],
        members: Mapping[str, int],
        local: Local,
    ) -> np.ndarray:
        """Probabilities for the free axes, shape (*free axes, samples)."""
        count = str(local.node.option("members"))
        axes = tuple(axis for axis in local.parent_names if axis not in fixed)
        shape = tuple(len(local[axis].states) for axis in axes)
        member = values[member_name(local)]
        xp = namespace(member)
        constant, slices = effect_slices(values, fixed, members, _with_count(local))
        eta = xp.log(member) - xp.log1p(-member) + constant
        for own, effects in slices:
            eta = eta + spread_over(effects, own, axes)
        eta = xp.broadcast_to(eta, (*shape, member.shape[-1])).reshape(-1, member.shape[-1]).T
        mixed = mixture(values, members, local)
        number = fixed[count] if count in fixed else np.indices(shape)[axes.index(count)].ravel()
        k = np.broadcast_to(_counts(local)[number], eta.shape[-1:])
        rho = values.get(rho_name(local))
        if mixed is None:
            numbers = xp.exp(_log_numbers(eta, rho, k, xp))
        else:
            numbers = sum(
                weight[:, None, None] * xp.exp(_log_numbers(eta + side * shift[:, None], rho, k, xp))
                for side, weights in ((-1, mixed.below), (1, mixed.above))
                for shift, weight in zip(mixed.shifts, weights, strict=True)
            )
        wanted = [fixed[local.name]] if local.name in fixed else range(len(local.states))
        states = [(numbers * self._seen(local, k, np.full(len(k), state))).sum(axis=-1) for state in wanted]
        table = xp.stack([state.T for state in states], axis=-2).reshape((*shape, len(wanted), -1))
        return table[..., 0, :] if local.name in fixed else table

    def in_loops(self, local: Local) -> bool:
        """Whether the compiled loops know its rows: where every term is a sum of pieces."""
        return has_pieces(_with_count(local))

    def write_rows(self, local: Local, book: Book) -> RowWriter:
        """Let each row add up what bears on one of its members, and say how many of them act."""
        effects = write_effects(_with_count(local), book)
        rho = book.start.get(rho_name(local), -1)

        def picks(codes: np.ndarray, members: Mapping[str, np.ndarray]) -> np.ndarray:
            k = _counted(local, codes)
            fewest, most = self._range(local, k, codes[:, -1])
            return np.column_stack([k, fewest, most, np.full(len(k), rho), effects(codes, members)])

        return RowWriter(BETA_BINOMIAL, book.start[member_name(local)], picks)

    def _seen(self, local: Local, k: np.ndarray, state: np.ndarray) -> np.ndarray:
        """Which numbers of acting members a state stands for, shape (cases, largest k + 1)."""
        fewest, most = self._range(local, k, state)
        number = np.arange(k.max(initial=0) + 1)
        return (number >= fewest[:, None]) & (number <= most[:, None])

    def _range(self, local: Local, k: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Fewest and most of k members that act where the node is in a state; what cannot be has more at the least."""
        if self.needed is None:
            return state, np.minimum(state, k)
        needed = self.needed(k, local.node.option("at_least"))
        return np.where(state == 1, needed, 0), np.where(state == 1, k, np.minimum(needed - 1, k))


def member_name(local: Local) -> str:
    """Name of the probability that one member acts."""
    return f"{local.name}.member"


def rho_name(local: Local) -> str:
    """Name of the correlation between members."""
    return f"{local.name}.rho"


@lru_cache(maxsize=256)
def _with_count(local: Local) -> Local:
    """The node as its terms see it: where no term says how the count acts on each member, it does not."""
    count = local.node.option("members")
    arrows = tuple(replace(a, term=a.term or "none") if a.parent == count else a for a in local.arrows)
    return replace(local, node=replace(local.node, parents=arrows))


def _counts(local: Local) -> np.ndarray:
    return np.asarray(local[str(local.node.option("members"))].values, int)


def _counted(local: Local, codes: np.ndarray) -> np.ndarray:
    """Members of each case."""
    return _counts(local)[codes[:, local.parent_names.index(str(local.node.option("members")))]]


def _log_numbers(eta: Any, rho: Any, k: np.ndarray, xp: Any) -> Any:
    """Log-probabilities of the numbers that act, without meaning above k, shape (..., cases, largest k + 1).

    Parameters
    ----------
    eta
        Logit of what one member does, shape (..., cases).
    rho
        Shape (...), or None for members who are independent.
    k
        Members in each case.
    """
    most = int(k.max(initial=0))
    acts, fails = _log_runs(eta, rho, most, xp), _log_runs(-eta, rho, most, xp)
    number, row = np.arange(most + 1), np.arange(len(k))[:, None] * (most + 1)
    rest = np.maximum(k[:, None] - number, 0)
    ways = np.array([[math.log(math.comb(n, y)) if y <= n else 0.0 for y in number] for n in range(most + 1)])
    log_p = acts + take(xp, flatten_tail(fails, 2), row + rest) + ways[k]
    if rho is not None:
        within = _log_totals(rho, most, xp)
        log_p = log_p + within[..., None, :] + take(xp, within, rest) - take(xp, within, k)[..., None]
    return log_p


def _log_runs(eta: Any, rho: Any, most: int, xp: Any) -> Any:
    """Log-probability that n members all act, n = 0 to `most` along the last axis.

    When i have acted, the next does with (q (1 - rho) + i rho) / (1 + (i - 1) rho) = q + (1 - q) r_i.
    """
    log_q = -xp.logaddexp(0.0, -eta)[..., None]
    if rho is None:
        return log_q * np.arange(most + 1)
    i = np.arange(1, most)
    follows = (i * rho[..., None] / (1 + (i - 1) * rho[..., None]))[..., None, :]
    q, no_q = xp.exp(log_q), xp.exp(-xp.logaddexp(0.0, eta)[..., None])
    steps = xp.concatenate([xp.zeros_like(log_q), log_q, xp.log(q + no_q * follows)], axis=-1)
    return xp.cumsum(steps, axis=-1)


def _log_totals(rho: Any, most: int, xp: Any) -> Any:
    """Log of prod_{i<n} (1 + (i - 1) rho), n = 0 to `most` along the last axis."""
    steps = xp.log1p(np.arange(-1, most - 1) * rho[..., None])
    return xp.cumsum(xp.concatenate([xp.zeros_like(steps[..., :1]), steps], axis=-1), axis=-1)


def _log_of_seen(log_p: Any, seen: np.ndarray, xp: Any) -> Any:
    """Logarithm of the sum over what is seen; -inf where nothing is possible."""
    possible = seen.any(axis=-1)
    first = np.arange(seen.shape[-1]) == 0
    chosen = xp.where(seen | (first & ~possible[:, None]), log_p, -np.inf)
    top = xp.max(chosen, axis=-1, keepdims=True)
    total = xp.log(xp.sum(xp.exp(chosen - top), axis=-1)) + top[..., 0]
    return xp.where(possible, total, -np.inf)


#: What must happen for the group to have acted, from k and m: the names are those of the families.
ANY_OF = Collective("any_of", lambda k, m: np.ones_like(k), together="any of them acts")  # noqa: ARG005
ALL_OF = Collective("all_of", lambda k, m: k, together="all of them act")  # noqa: ARG005
AT_LEAST = Collective(
    "at_least",
    lambda k, m: np.full_like(k, m),
    ("at_least",),
    forbids=True,
    together="at least {} of them act",
)
HEADCOUNT = Collective("headcount", forbids=True, together="how many of them act")
