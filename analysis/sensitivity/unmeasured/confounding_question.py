"""A change, and the measured causes tied to it, in the numbers that a question of an unmeasured cause needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....common.errors import Fault, nearest, raise_faults
from ....models.errors import QueryError
from ....models.network.network import Network
from ....models.posterior import Posterior
from ....models.questions.answers import joint_distribution
from ....models.questions.evidence import States, as_states, resolve_evidence
from ...queries.identification.identify import identify
from .unmeasured_cause import Side, cumulative


@dataclass(frozen=True)
class ConfoundingQuestion:
    """A question of how an unmeasured cause would move a change, checked.

    Parameters
    ----------
    posterior
        Of whom it is asked.
    target, states
        The node asked for, and its states whose probability is meant.
    base, change, given
        What is set on either side, and the evidence.
    cause, numbers
        The changed node that the unmeasured cause bears on, and the numbers of its states on either side.
    members, memory
        As in `servanda.analysis.probability`.
    """

    posterior: Posterior
    target: str
    states: tuple[str, ...]
    base: dict[str, Any]
    change: dict[str, Any]
    given: dict[str, Any]
    cause: str
    numbers: tuple[int, int]
    members: Mapping[str, Any]
    memory: int

    @classmethod
    def of(
        cls,
        posterior: Posterior,
        target: str,
        base: Mapping[str, Any],
        change: Mapping[str, Any],
        given: States,
        state: str | Iterable[str] | None,
        cause: str | None,
        members: Mapping[str, Any],
        memory: int,
    ) -> ConfoundingQuestion:
        """Check a question as it is put.

        Raises
        ------
        QueryError
            Listing all that is wrong with it.
        """
        network = posterior.network
        known, before, after = as_states(given, "given"), as_states(base, "base"), as_states(change, "change")
        sides = [resolve_evidence(posterior, (target,), known, do, members, memory=memory) for do in (before, after)]
        if any(side.labels is not None for side in sides):
            raise QueryError.of("members", "name several cases; ask of one")
        drawn = [name for side in sides for name in side.drawn]
        what = "is set to a distribution; ask of one state against another"
        raise_faults("confounding", [Fault(f"do {name}", what) for name in drawn], QueryError)
        fixed = [{name: int(side.evidence.fixed[name]) for name in side.form.do} for side in sides]
        differ = [name for name in network.names if name in fixed[0] and name in fixed[1]]
        differ = [name for name in differ if fixed[0][name] != fixed[1][name]]
        chosen = cause if cause is not None else differ[0] if len(differ) == 1 else ""
        states = _named_states(network, target, state)
        faults = [
            *_cause_faults(network, differ, cause),
            *_state_faults(network, target, states),
            *(
                Fault(f"given {name}", f"lies downstream of {target}, and tells of an unmeasured cause; leave it out")
                for name in known
                if name in network.descendants([target])
            ),
        ]
        if not faults and chosen not in identify(network, target, after, given=known).acting:
            faults.append(
                Fault(
                    f"cause {chosen}", f"changes nothing: no directed path leads from it to {target} but through others"
                )
            )
        raise_faults("confounding", faults, QueryError)
        numbers = (fixed[0][chosen], fixed[1][chosen])
        return cls(posterior, target, states, before, after, known, chosen, numbers, members, memory)

    @property
    def network(self) -> Network:
        """Of the posterior."""
        return self.posterior.network

    @property
    def set_nodes(self) -> frozenset[str]:
        """Nodes set on either side."""
        return frozenset((*self.base, *self.change))

    def joint(self, names: Sequence[str], given: Mapping[str, Any], do: Mapping[str, Any]) -> np.ndarray:
        """Joint distribution of some nodes, shape (*names, samples)."""
        asked = resolve_evidence(self.posterior, tuple(names), given, do, self.members, memory=self.memory)
        found = joint_distribution(asked, memory=self.memory).transpose(*names, "chain", "draw").values
        return found.reshape((*found.shape[:-2], -1))

    def outcome(self, joint: np.ndarray) -> np.ndarray:
        """Probability of the outcome beside the other nodes of a joint distribution whose first axis is the target."""
        return joint[[self.network[self.target].index(state) for state in self.states]].sum(axis=0)


def _named_states(network: Network, target: str, state: str | Iterable[str] | None) -> tuple[str, ...]:
    if state is None:
        return (network[target].states[-1],)
    return (state,) if isinstance(state, str) else tuple(str(one) for one in state)


def _state_faults(network: Network, target: str, states: tuple[str, ...]) -> list[Fault]:
    known = network[target].states
    faults = [
        Fault("state", f"{target} has no state '{one}'{nearest(one, known)}") for one in states if one not in known
    ]
    if not faults and not 0 < len(set(states)) < len(known):
        faults.append(Fault("state", f"must leave some state of {target} out, and name one"))
    return faults


def _cause_faults(network: Network, differ: Sequence[str], cause: str | None) -> list[Fault]:
    if cause is None and len(differ) != 1:
        what = f"differ in {', '.join(differ)}; name by cause= the one" if differ else "set no node to different states"
        return [Fault("base and change", f"{what}{' that the unmeasured cause bears on' if differ else ''}")]
    if cause is not None and cause not in differ:
        near = nearest(cause, network.names) if cause not in network else ""
        return [Fault(f"cause {cause}", f"is not set to different states by base and change{near}")]
    return []


def benchmark_names(asked: ConfoundingQuestion, benchmarks: Iterable[str] | None) -> tuple[str, ...]:
    """Measured causes to compare with."""
    network = asked.network
    barred = network.descendants([asked.cause, asked.target]) | asked.set_nodes
    if benchmarks is None:
        upstream = network.ancestors([asked.cause, asked.target])
        return tuple(name for name in network.names if name in upstream and name not in barred)
    names = (benchmarks,) if isinstance(benchmarks, str) else tuple(benchmarks)
    faults = [
        Fault(f"benchmark {name}", f"no such node{nearest(name, network.names)}")
        if name not in network
        else Fault(f"benchmark {name}", f"cannot be a common cause: it is set, or downstream of {asked.cause}")
        for name in names
        if name not in network or name in barred
    ]
    raise_faults("confounding", faults, QueryError)
    return tuple(dict.fromkeys(names))


# What the record says of it -------------------------------------------------------------------------------------------


def side_of(asked: ConfoundingQuestion, do: Mapping[str, Any], state: int) -> Side:
    """One side of the change in strata of those parents of the changed node that are neither given nor set."""
    parents = asked.network[asked.cause].parent_names
    open_parents = [name for name in parents if name not in asked.given and name not in do]
    joint = asked.joint((asked.target, *open_parents), asked.given, do)
    joint = joint.reshape((len(joint), -1, joint.shape[-1]))
    weight = joint.sum(axis=0)
    # The node's own table: nothing but its parents bears on it.
    known = {name: value for name, value in asked.given.items() if name in parents}
    others = {name: value for name, value in do.items() if name in parents}
    own = asked.joint((asked.cause, *open_parents), known, others)
    own = _share(own.reshape((len(own), -1, own.shape[-1])), axis=0)
    chance = np.divide(asked.outcome(joint), weight, out=np.full_like(weight, 0.5), where=weight > 0)
    return Side(chance, weight, *_interval(asked, own, state))


def _interval(asked: ConfoundingQuestion, own: np.ndarray, state: int) -> tuple[np.ndarray, np.ndarray]:
    """Where a state of the changed node lies among the others, ordered towards the state that the change leads to."""
    before, after = asked.numbers
    if not asked.network[asked.cause].ordered:
        towards = np.stack([1 - own[after], own[after]])
        return cumulative(towards, int(state == after))
    below, upto = cumulative(own, state)
    return (below, upto) if after > before else (1 - upto, 1 - below)


def _share(joint: np.ndarray, axis: int) -> np.ndarray:
    """Conditional distribution along an axis; even where what it is conditioned on is impossible."""
    total = joint.sum(axis=axis, keepdims=True)
    return np.divide(joint, total, out=np.full_like(joint, 1 / joint.shape[axis]), where=total > 0)


# Measured causes ------------------------------------------------------------------------------------------------------


def tie_to_cause(asked: ConfoundingQuestion, name: str) -> float:
    """Odds ratio per standard deviation that ties a measured cause to the changed node."""
    both = {
        node: value for node, value in asked.base.items() if node != asked.cause and asked.change.get(node) == value
    }
    left_out = asked.network.descendants([asked.cause]) | {name}
    given = {other: value for other, value in asked.given.items() if other not in left_out}
    joint = asked.joint((asked.cause, name), given, both)
    spread, average = _share(joint, axis=0), joint.sum(axis=1)
    if not asked.network[asked.cause].ordered:
        after = asked.numbers[1]
        return _typical(_spread_of_logits(spread[after], joint.sum(axis=0)))
    up = np.cumsum(spread, axis=0)[:-1]
    over = np.cumsum(average, axis=0)[:-1]
    each = np.stack([_spread_of_logits(own, joint.sum(axis=0)) for own in up])
    # In a cumulative logit model all are the same; where they differ, splits near the middle know most.
    informed = over * (1 - over)
    return _typical((each * informed).sum(axis=0) / informed.sum(axis=0))


def tie_to_outcome(asked: ConfoundingQuestion, name: str) -> float:
    """Odds ratio per standard deviation that ties a measured cause to the outcome, with the change set either way."""
    given = {other: value for other, value in asked.given.items() if other != name}
    found = []
    for do in (asked.base, asked.change):
        joint = asked.joint((asked.target, name), given, do)
        found.append(_spread_of_logits(asked.outcome(_share(joint, axis=0)), joint.sum(axis=0)))
    return _typical(np.mean(found, axis=0))


def _spread_of_logits(chance: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Standard deviation over the states of a measured cause of the log odds of something, shape (samples,)."""
    from scipy.special import logit

    logits = logit(np.clip(chance, 1e-9, 1 - 1e-9))
    mean = (weight * logits).sum(axis=0)
    return np.sqrt((weight * (logits - mean) ** 2).sum(axis=0))


def _typical(spread: np.ndarray) -> float:
    return float(np.exp(np.median(spread)))
