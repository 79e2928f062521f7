"""One probability in very many configurations of the same nodes, for all draws at once.

Where the target's effects add up on a logistic scale, configurations differ by one number a draw, and by what they say
of the parents that they leave open. The characteristic function of those (`servanda.models.inference.frequencies`) is
made once for every distinct thing that is said of them; a configuration then costs one polynomial in exp(i step eta).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import networkx as nx
import numpy as np

from ...common.progress import Progress, counted, silent
from ..cases.encode import MISSING
from ..families.unseen import INTEGRATED, TYPICAL, group_name
from ..inference.answers import distribution
from ..inference.contract import MEMORY_LIMIT
from ..inference.frequencies import Waves, make_waves
from ..inference.question import Form, relevant
from ..inference.tables import DrawnNetwork, Evidence, distinct_rows

#: What is being done, as progress says.
ANSWERING = "answering"
#: Numbers that are worked on together: they stay in a processor's cache.
_TOGETHER = 2**14
#: Cells of answers that are held at once where the engine answers configuration by configuration.
_HELD = 2**23


@dataclass(frozen=True)
class Configurations:
    """Cases in which the same nodes are given and done, in different states.

    Parameters
    ----------
    target
        The node that is asked for.
    states
        Numbers of its states whose probabilities are added up.
    given, do
        Node -> state number of each configuration, shape (configurations,); -1 where it leaves the node open.
    members
        Group effect -> member number of each, shape (configurations,).
    """

    target: str
    states: tuple[int, ...]
    given: Mapping[str, np.ndarray]
    do: Mapping[str, np.ndarray]
    members: Mapping[str, np.ndarray]

    @property
    def fixed(self) -> dict[str, np.ndarray]:
        """Node -> state number, of what is given and of what is done."""
        return {**self.given, **self.do}

    def __len__(self) -> int:
        return len(next(iter([*self.fixed.values(), *self.members.values()]), (0,)))

    def rows(self, places: np.ndarray) -> Configurations:
        """Some of them."""
        given, do, members = (
            {name: numbers[places] for name, numbers in part.items()} for part in (self.given, self.do, self.members)
        )
        return replace(self, given=given, do=do, members=members)

    @property
    def form(self) -> Form:
        """The question that all of them put, where none leaves a node open that another knows."""
        return Form((self.target,), tuple(self.given), tuple(self.do))

    @property
    def alike(self) -> Iterator[tuple[np.ndarray, Configurations]]:
        """Those that leave the same open: their places, and themselves without what they leave open."""
        columns = [numbers == MISSING for numbers in self.fixed.values()]
        columns += [numbers == INTEGRATED for numbers in self.members.values()]
        patterns, which = distinct_rows([column.astype(int) for column in columns], len(self))
        for number in range(len(patterns)):
            rows = np.flatnonzero(which == number)
            part = self.rows(rows)
            given, do = ({n: own for n, own in side.items() if own[0] != MISSING} for side in (part.given, part.do))
            yield rows, replace(part, given=given, do=do)


def configuration_answers(
    system: DrawnNetwork, asked: Configurations, *, memory: int = MEMORY_LIMIT, progress: Progress = silent
) -> np.ndarray:
    """Probability of the states of the target in every configuration and draw.

    Parameters
    ----------
    system
        Network and draws.
    asked
        What is asked.
    memory
        Bytes that the engine may hold at once.
    progress
        Told how many answers there are of how many.

    Returns
    -------
    ndarray
        Shape (configurations, samples); right to 1e-8.

    Raises
    ------
    ImpossibleEvidenceError
        If what a configuration gives has probability zero in some draw.
    """
    return _answers(system, asked, (asked.states,), memory, progress)[0]


def configuration_distributions(
    system: DrawnNetwork, asked: Configurations, *, memory: int = MEMORY_LIMIT, progress: Progress = silent
) -> np.ndarray:
    """Distribution of the target in every configuration and draw, whatever states are `asked` for.

    Returns
    -------
    ndarray
        Shape (states, configurations, samples); right to 1e-8.

    Raises
    ------
    ImpossibleEvidenceError
        As `configuration_answers`.
    """
    # The chance of a state or one below it is one sum; that of the state, the difference of two.
    count = len(system.network[asked.target].states)
    below = _answers(system, asked, [tuple(range(state + 1)) for state in range(count - 1)], memory, progress)
    ends = np.concatenate([np.zeros((1, *below.shape[1:])), below, np.ones((1, *below.shape[1:]))])
    return np.maximum(np.diff(ends, axis=0), 0.0)


def _answers(
    system: DrawnNetwork, asked: Configurations, wanted: Sequence[tuple[int, ...]], memory: int, progress: Progress
) -> np.ndarray:
    """Probabilities of several sets of states, shape (wanted, configurations, samples)."""
    found = np.empty((len(wanted), len(asked), system.samples))
    tell = counted(progress, ANSWERING, len(wanted) * len(asked))
    for rows, part in asked.alike:
        way = _by_waves if adds_up(system, part.form) else _one_by_one
        found[:, rows] = way(system, part, wanted, memory, tell)
    return found


def adds_up(system: DrawnNetwork, form: Form) -> bool:
    """Whether the configurations of a question with one target differ by a sum of effects on a logistic scale."""
    network, (target,) = system.network, form.targets
    return bool(network.family(target).effect_axes(network.local(target), {})) and not (
        network.descendants([target]) & {*form.given}
    )


def _one_by_one(
    system: DrawnNetwork,
    asked: Configurations,
    wanted: Sequence[tuple[int, ...]],
    memory: int,
    tell: Callable[[int], None],
) -> np.ndarray:
    """Let the engine answer, so many configurations at a time that their answers can be held."""
    found = np.empty((len(wanted), len(asked), system.samples))
    cells = len(system.network[asked.target].states) * system.samples
    step = max(1, _HELD // cells)
    for start in range(0, len(asked), step):
        rows = np.arange(start, min(start + step, len(asked)))
        part = asked.rows(rows)
        evidence = Evidence(part.fixed, part.members, {}, len(rows))
        shares = distribution(system, asked.form, evidence, memory=memory)
        found[:, rows] = [shares[list(states)].sum(axis=0) for states in wanted]
        tell(len(wanted) * len(rows))
    return found


@dataclass(frozen=True)
class _OpenPart:
    """Open parents that hang together, once all that is fixed is known.

    Parameters
    ----------
    parents
        Their names.
    bearing
        Fixed nodes whose states bear on them, or on what their states do.
    groups
        Group effects that bear on them.
    effects
        Places of the effects of the target that they take part in.
    """

    parents: tuple[str, ...]
    bearing: tuple[str, ...]
    groups: tuple[str, ...]
    effects: tuple[int, ...]


def _by_waves(
    system: DrawnNetwork,
    asked: Configurations,
    wanted: Sequence[tuple[int, ...]],
    memory: int,
    tell: Callable[[int], None],
) -> np.ndarray:
    """Sum over what is left open at every frequency, once; then add up the effects of each configuration."""
    network = system.network
    family, local = network.family(asked.target), network.local(asked.target)
    own = {group.name: asked.members[group.name] for group in local.node.groups}
    named = [name for name, numbers in own.items() if numbers[0] != INTEGRATED]
    scale = family.latent(system.values, {}, {n: TYPICAL if n in named else INTEGRATED for n in own}, local)
    axes, fixed = family.effect_axes(local, {}), asked.fixed
    eta, left = np.zeros((len(asked), system.samples)), []
    for effect, names in zip(scale.effects, axes, strict=True):
        if fixed.keys() >= {*names}:
            eta += effect[tuple(fixed[name] for name in names)]
        else:
            left.append((effect, names))
    for name in named:
        # One place more, for a member without an effect.
        effect = _with_nothing(system.values[group_name(local, name)])
        eta += effect[np.where(own[name] == TYPICAL, len(effect) - 1, own[name])]
    # What is settled counts for how far the sum of all effects reaches.
    waves = make_waves(replace(scale, effects=(*(effect for effect, _ in left), np.abs(eta).max(axis=0)[None])))
    axes = tuple(names for _, names in left)
    parts = [_sums(system, asked, part, axes, waves, memory) for part in _open_parts(system, asked, axes)]
    pairs, which = distinct_rows([place for _, place in parts], len(asked))
    found = np.empty((len(wanted), *eta.shape))
    for answer, states in zip(found, wanted, strict=True):
        weight, rest = _cutpoint_weights(states, len(waves.turns))
        turned = np.einsum("c,cfs->fs", weight, waves.turns) * waves.kernel
        for number, first in enumerate(pairs):
            terms = turned.copy()
            for sums, place in parts:
                terms *= sums[place[first]]
            rows = np.flatnonzero(which == number)
            answer[rows] = rest + weight.sum() / 2 - _imaginary(terms, waves.step, eta[rows])
            tell(len(rows))
    return np.clip(found, 0.0, 1.0, out=found)


def _with_nothing(effects: np.ndarray) -> np.ndarray:
    return np.concatenate([effects, np.zeros((1, effects.shape[-1]))])


def _cutpoint_weights(states: Sequence[int], cutpoints: int) -> tuple[np.ndarray, float]:
    """How often the chance to be below each cutpoint enters that of some states, and what is added to it."""
    chosen = np.isin(np.arange(cutpoints + 1), states).astype(float)
    return chosen[:-1] - chosen[1:], float(chosen[-1])


def _open_parts(system: DrawnNetwork, asked: Configurations, axes: Sequence[tuple[str, ...]]) -> Iterator[_OpenPart]:
    """Split the open parents of the target into parts that are independent given what is fixed."""
    network, fixed = system.network, asked.fixed
    parents = [name for name in network[asked.target].parent_names if name not in fixed]
    if not parents:
        return
    form = replace(asked.form, targets=tuple(parents))
    tied = nx.Graph()
    tied.add_nodes_from(parents)
    for names in [*(network.axes(name) for name in relevant(network, form)), *axes]:
        nx.add_path(tied, [name for name in names if name not in fixed])
    for joined in nx.connected_components(tied):
        own = tuple(name for name in parents if name in joined)
        if own:
            tables = relevant(network, replace(form, targets=own))
            effects = tuple(place for place, names in enumerate(axes) if {*names} & {*own})
            near = {axis for name in tables for axis in network.axes(name)} | {n for e in effects for n in axes[e]}
            groups = {group for name in tables for group in system.groups[name]}
            yield _OpenPart(own, tuple(sorted(near & fixed.keys())), tuple(sorted(groups)), effects)


def _sums(
    system: DrawnNetwork,
    asked: Configurations,
    part: _OpenPart,
    axes: Sequence[tuple[str, ...]],
    waves: Waves,
    memory: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Characteristic function of what a part of the open parents does.

    Returns
    -------
    sums
        Shape (distinct, frequencies, samples).
    which
        The one that each configuration has, shape (configurations,).
    """
    columns = [asked.fixed[name] for name in part.bearing] + [asked.members[name] for name in part.groups]
    firsts, which = distinct_rows(columns, len(asked))
    few = asked.rows(firsts)
    form = replace(asked.form, targets=part.parents)
    shares = distribution(system, form, Evidence(few.fixed, few.members, {}, len(firsts)), memory=memory)
    sums = []
    for number in range(len(firsts)):
        total = shares[..., number, None, :]
        left = list(part.parents)
        factors = [_at(waves.phases[place], axes[place], few, number) for place in part.effects]
        for name in sorted(part.parents, key=lambda name: -shares.shape[part.parents.index(name)]):
            for factor, names in [one for one in factors if name in one[1]]:
                shape = [factor.shape[names.index(other)] if other in names else 1 for other in left]
                order = [names.index(other) for other in left if other in names]
                moved = factor.transpose(*order, factor.ndim - 2, factor.ndim - 1)
                total = total * moved.reshape(*shape, *factor.shape[-2:])
            factors = [one for one in factors if name not in one[1]]
            total = total.sum(axis=left.index(name))
            left.remove(name)
        sums.append(np.broadcast_to(total, waves.kernel.shape))
    return np.array(sums), which


def _at(
    phases: np.ndarray, axes: tuple[str, ...], few: Configurations, number: int
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Phases of an effect without frequency zero, at what one configuration fixes, and the axes that are left."""
    fixed = few.fixed
    picks = tuple(int(fixed[name][number]) if name in fixed else slice(None) for name in axes)
    return phases[picks][..., 1:, :], tuple(name for name in axes if name not in fixed)


def _imaginary(terms: np.ndarray, step: float, eta: np.ndarray) -> np.ndarray:
    """Imaginary part of the sum of terms times exp(i (k + 1/2) step eta), by Horner's rule, shape of `eta`."""
    found = np.empty_like(eta)
    together = max(16, _TOGETHER // max(1, len(eta)))
    for start in range(0, eta.shape[-1], together):
        draws = slice(start, start + together)
        own = terms[:, None, draws]
        half = np.exp(0.5j * step * eta[:, draws])
        turn = half * half
        total = np.broadcast_to(own[-1], turn.shape).copy()
        for each in own[-2::-1]:
            total *= turn
            total += each
        found[:, draws] = np.imag(total * half)
    return found
