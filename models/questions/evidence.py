"""From names to numbers: what a question takes as known, for one case or for a table of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import singledispatch
from inspect import signature
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from ...common.errors import Fault, nearest, raise_faults
from ...common.progress import Progress, share_of, silent
from ..cases.encode import MISSING, code_evidence
from ..convergence import warn_of_answer
from ..errors import QueryError, wrong_kinds
from ..inference.contract import MEMORY_LIMIT
from ..inference.question import Form, check_question, relevant
from ..inference.soft import with_soft
from ..inference.tables import DrawnNetwork, Evidence
from ..network.network import Network
from ..node import known_as
from ..posterior import Posterior

#: Node -> state.
States = Mapping[str, Any] | None
#: The same, or a data frame with a row for each case and blanks where nothing is known.
type Given = Mapping[str, Any] | pd.DataFrame | None
#: Node -> a number for each of its states.
StateWeights = Mapping[str, Mapping[Any, float]] | None
#: Group effect -> member, one for each case, or None for a member drawn anew.
Members = Mapping[str, Any]

#: What progress is told of.
ANSWERING = "answering"
#: How far from one stated probabilities may add up.
_TOLERANCE = 1e-8


@dataclass(frozen=True)
class GivenEvidence:
    """A question in numbers: what is asked, and what is taken as known of one case or of several.

    Parameters
    ----------
    posterior
        Of whom it is asked.
    system
        Its tables and draws.
    form
        The question, with every node that is given in some case.
    evidence
        State numbers; -1 where a case leaves a node open.
    labels
        Of the cases, or None where there is no dim for them.
    drawn
        Nodes set to a distribution rather than to a state. In `system` they have no parents.
    """

    posterior: Posterior
    system: DrawnNetwork
    form: Form
    evidence: Evidence
    labels: Sequence[Any] | None
    drawn: tuple[str, ...] = ()

    def knows(self, name: str) -> bool:
        """Whether every case knows a node's state."""
        return name in self.form.given and not np.any(np.asarray(self.evidence.fixed[name]) == MISSING)

    @property
    def open_nodes(self) -> tuple[str, ...]:
        """Nodes that are not set, and that some case does not know."""
        names = self.system.network.names
        return tuple(name for name in names if name not in self.form.do and not self.knows(name))

    @property
    def groups(self) -> Iterator[tuple[np.ndarray | None, Form, Evidence]]:
        """Cases that know the same nodes: their rows, their form, their evidence."""
        if self.labels is None:
            yield None, self.form, self.evidence
            return
        given = self.form.given
        known = np.column_stack([np.zeros(len(self.labels), bool), *(self.evidence.fixed[n] != MISSING for n in given)])
        for pattern in np.unique(known, axis=0):
            rows = np.flatnonzero((known == pattern).all(axis=1))
            names = tuple(name for name, held in zip(given, pattern[1:], strict=True) if held)
            evidence = self.evidence.part(rows, slice(None)).of((*names, *self.form.do))
            yield rows, replace(self.form, given=names), evidence

    def each(
        self,
        answer: Callable[[Form, Evidence, Progress], np.ndarray],
        shape: tuple[int, ...],
        *,
        at_random: bool = False,
        progress: Progress = silent,
    ) -> np.ndarray:
        """Answer group by group; shape (*shape, samples) or (*shape, cases, samples).

        Parameters
        ----------
        answer
            Of cases that know the same nodes; it tells how far it is, in whatever it counts.
        shape
            Of the answer to one case in one draw.
        at_random
            Whether cases of which the same is known have answers of their own; else they are answered once.
        progress
            Told of draws, of all cases together.
        """
        samples = self.system.samples
        total, done = samples * len([None] if self.labels is None else self.labels), 0
        progress(ANSWERING, 0, total)
        if self.labels is None:
            found = answer(self.form, self.evidence, share_of(progress, ANSWERING, 0, total, total))
            progress(ANSWERING, total, total)
            return found
        found = np.empty((*shape, len(self.labels), samples))
        for rows, form, evidence in self.groups:
            first, which = evidence.alike
            tell = share_of(progress, ANSWERING, done, samples * len(which), total)
            if at_random or len(first) == len(which):
                found[..., rows, :] = answer(form, evidence, tell)
            else:
                found[..., rows, :] = answer(form, evidence.part(first, slice(None)), tell)[..., which, :]
            done += samples * len(which)
            progress(ANSWERING, done, total)
        return found


def resolve_evidence(
    posterior: Posterior,
    targets: tuple[str, ...],
    given: Given,
    do: States,
    members: Members,
    *,
    virtual: StateWeights = None,
    soft: StateWeights = None,
    targets_needed: bool = True,
    memory: int = MEMORY_LIMIT,
) -> GivenEvidence:
    """Numbers for the names of a question; soft evidence is solved.

    Raises
    ------
    QueryError
        Listing everything that is wrong.
    """
    network = posterior.network
    faults: list[Fault] = []
    done, drawn = split_interventions(network, do, faults)
    weights = _weights(network, "virtual", virtual, faults) | _weights(network, "soft", soft, faults)
    faults += _twice(virtual, soft)
    table = as_table(given)
    columns: dict[str, np.ndarray] = {} if table is None else code_evidence(network, table, faults)
    stated = as_states(given, "given") if table is None else {}
    faults += [
        Fault(f"node {name}", "is both given (observed) and done (set); choose one")
        for name in drawn
        if name in stated or name in columns
    ]
    try:
        question = check_question(
            network, targets, stated, done, targets_needed=targets_needed, likely=weights, columns=tuple(columns)
        )
    except QueryError as error:
        raise_faults("question", [*error.faults, *faults], QueryError)
        raise
    raise_faults("question", faults, QueryError)
    numbers, cases = member_arrays(posterior, members, None if table is None else len(table))
    fixed: dict[str, Any] = question.fixed | columns
    labels = None if cases is None else list(range(cases) if table is None else table.index)
    if table is None and cases is not None:
        fixed |= {name: np.full(cases, number) for name, number in dict(question.given).items()}
    form = Form(targets, (*question.form.given, *columns), question.form.do, tuple(virtual or ()))
    likely = {name: weights[name][:, None] for name in virtual or ()}
    resting = relevant(network, form) if form.targets else network.names
    warn_of_answer(posterior.provenance, resting)
    system = DrawnNetwork.of(posterior).drawing(drawn)
    found = GivenEvidence(posterior, system, form, Evidence(fixed, numbers, likely, cases), labels, tuple(drawn))
    return _softened(found, {name: weights[name] for name in soft}, memory) if soft else found


def split_interventions(
    network: Network, do: States, faults: list[Fault]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Nodes that are set to a state, and nodes that are set to a distribution over their states.

    Returns
    -------
    done
        Node -> state.
    drawn
        Node -> probabilities of its states, shape (states,); faults of them are added to `faults`.
    """
    stated = as_states(do, "do")
    drawn = {name: numbers for name, numbers in stated.items() if as_weights(numbers) is not None}
    done = {name: state for name, state in stated.items() if name not in drawn}
    return done, _weights(network, "do", drawn, faults)


def hard_interventions(network: Network, do: States) -> Iterator[tuple[float, dict[str, Any]]]:
    """The interventions to a state that one to distributions mixes, each with its probability.

    Raises
    ------
    QueryError
        Listing what is wrong with the distributions.
    """
    faults: list[Fault] = []
    done, drawn = split_interventions(network, do, faults)
    raise_faults("question", faults, QueryError)
    for states in product(*(network[name].states for name in drawn)):
        shares = [own[network[name].index(state)] for (name, own), state in zip(drawn.items(), states, strict=True)]
        if share := float(np.prod(shares)):
            yield share, done | dict(zip(drawn, states, strict=True))


def _softened(found: GivenEvidence, stated: Mapping[str, np.ndarray], memory: int) -> GivenEvidence:
    """Solve soft evidence for each group of cases, and keep the weights."""
    likely = (*found.form.likely, *stated)
    if found.labels is None:
        form, evidence = with_soft(found.system, found.form, found.evidence, stated, memory=memory)
        return replace(found, form=form, evidence=evidence)
    batch = (len(found.labels), found.system.samples)
    weights = {name: np.empty((len(q), *batch)) for name, q in stated.items()}
    for rows, form, evidence in found.groups:
        _, solved = with_soft(found.system, form, evidence, stated, memory=memory)
        for name, array in weights.items():
            array[:, rows] = solved.weights[name]
    evidence = replace(found.evidence, weights={**found.evidence.weights, **weights})
    return replace(found, form=replace(found.form, likely=likely), evidence=evidence)


def check_keywords(query: Callable[..., Any], posterior: Posterior, members: Members) -> None:
    """Raise a QueryError if it is no posterior, or with every keyword that neither query nor network has."""
    raise_faults("question", wrong_kinds({"posterior": (posterior, Posterior)}), QueryError)
    # The first parameter is the posterior; those of kind VAR_KEYWORD are the members themselves.
    own = [name for name, one in signature(query).parameters.items() if one.kind != one.VAR_KEYWORD][1:]
    effects = ", ".join(posterior.members) or "none"
    what = (
        f"network {posterior.network.name} has no effect of this name; it has {effects}, "
        f"and {query.__name__} takes the keywords {', '.join(own)}"
    )
    strangers = [name for name in members if name not in posterior.members]
    faults = [Fault(name, f"{what}{_meant(name, [*own, *posterior.members])}") for name in strangers]
    raise_faults("question", faults, QueryError)


def _meant(name: str, known: Sequence[str]) -> str:
    """The nearest keyword; they are all named before."""
    said = nearest(name, known)
    return said if said.startswith("; did") else ""


def member_arrays(posterior: Posterior, members: Members, cases: int | None) -> tuple[dict[str, Any], int | None]:
    """Turn names of group members into numbers; groups left out take the unseen member.

    Returns
    -------
    numbers
        Group effect -> member number, or an array of one for each case.
    cases
        Number of cases: as given, or as many as members are listed.

    Raises
    ------
    QueryError
        If a group or a member is unknown, or their number is not that of the cases.
    """
    for group in members:
        if group not in posterior.members:
            posterior.member(group, None)
    numbers: dict[str, Any] = {}
    for group in posterior.members:
        named = as_member(members.get(group), group)
        if not isinstance(named, list):
            numbers[group] = posterior.member(group, named)
            continue
        if cases is not None and len(named) != cases:
            raise QueryError.of(group, f"names {len(named)} members for {cases} cases")
        cases = len(named)
        place = {one: posterior.member(group, one) for one in dict.fromkeys(named)}
        numbers[group] = np.array([place[one] for one in named])
    return numbers, cases


def _weights(network: Network, kind: str, stated: StateWeights, faults: list[Fault]) -> dict[str, np.ndarray]:
    """A number for each state of each node, in the order of its states; all but virtual ones are probabilities."""
    found = {}
    for name, numbers in as_states(stated, kind).items():
        where = f"{kind} {name}"
        if name not in network:
            faults.append(Fault(where, f"no such node{nearest(name, network.names)}"))
            continue
        states = network[name].states
        given = as_weights(numbers)
        if given is None:
            faults.append(Fault(where, f"must map each of its states to a number, not {numbers!r}"))
            continue
        meant = {key: known_as(key, {state: state for state in states}) for key in given}
        strange = [key for key, state in meant.items() if not state]
        faults += [Fault(where, f"has no state '{key}'{nearest(str(key), states)}") for key in strange]
        of_state = {state: given[key] for key, state in meant.items() if state}
        if len(of_state) + len(strange) < len(meant):
            faults.append(Fault(where, f"names a state twice: {', '.join(map(str, given))}"))
            continue
        if lacking := [state for state in states if state not in of_state]:
            faults.append(Fault(where, f"lacks a number for {', '.join(lacking)}; state one for each state"))
            continue
        array = _floats([of_state[state] for state in states])
        if not np.all(np.isfinite(array)) or array.min() < 0 or array.sum() == 0:
            faults.append(Fault(where, "needs finite numbers of zero or more, not all zero"))
        elif kind != "virtual" and abs(array.sum() - 1) > _TOLERANCE:
            faults.append(Fault(where, f"are probabilities that add up to {array.sum():g}; they must add up to 1"))
        found[name] = array if kind == "virtual" else array / array.sum()
    return found


def _floats(values: Sequence[Any]) -> np.ndarray:
    """Numbers, and NaN for what is none."""
    try:
        return np.array([float(value) for value in values])
    except (TypeError, ValueError):
        return np.array([np.nan])


# What users write, kind by kind: each function takes it as it comes, and gives the one kind that is worked with. ------


def is_blank(value: Any) -> bool:
    """Whether a cell says nothing: None, NaN, NA."""
    return value is None or bool(np.ndim(value) == 0 and pd.isna(value))


def as_table(given: Any) -> pd.DataFrame | None:
    """A table of cases, or None for anything else."""
    return given if isinstance(given, pd.DataFrame) else None


@singledispatch
def as_states(stated: Any, kind: str) -> dict[str, Any]:
    """Name -> what is said of it, from a mapping or one row of a table; None says nothing.

    Raises
    ------
    QueryError
        If it is anything else; `kind` says what it was stated as.
    """
    raise QueryError.of(
        kind, f"must map nodes to what is said of them, such as {{'role': 'guarantor'}}, not {stated!r}"
    )


@as_states.register
def _(stated: None, kind: str) -> dict[str, Any]:  # noqa: ARG001
    return {}


@as_states.register(Mapping)
@as_states.register(pd.Series)
def _(stated: Any, kind: str) -> dict[str, Any]:  # noqa: ARG001
    return {str(name): value for name, value in dict(stated).items()}


@singledispatch
def as_weights(numbers: Any) -> dict[Any, Any] | None:  # noqa: ARG001
    """State -> number, from a mapping or a row of a table; None for anything else."""
    return None


@as_weights.register(Mapping)
@as_weights.register(pd.Series)
def _(numbers: Any) -> dict[Any, Any]:
    return dict(numbers)


@singledispatch
def as_names(targets: Any) -> tuple[str, ...]:
    """Names of nodes, from one name or several.

    Raises
    ------
    QueryError
        If it is anything else.
    """
    return _all_names([targets], targets)


@as_names.register
def _(targets: str) -> tuple[str, ...]:
    return (targets,)


@as_names.register
def _(targets: Iterable) -> tuple[str, ...]:
    return _all_names(list(targets), targets)


def _all_names(listed: list[Any], targets: Any) -> tuple[str, ...]:
    if all(isinstance(name, str) for name in listed):
        return tuple(listed)
    raise QueryError.of("target", f"must be the name of a node, or a list of names, not {targets!r}")


@singledispatch
def as_member(member: Any, group: str) -> str | list[str | None] | None:
    """Name of a member of a group, or one for each case; None is a member drawn anew.

    Raises
    ------
    QueryError
        If it is anything else.
    """
    if is_blank(member):
        return None
    what = f"must be the name of a member, a list of one for each case, or nothing, not {member!r}"
    raise QueryError.of(group, what)


@as_member.register
def _(member: str, group: str) -> str:  # noqa: ARG001
    return str(member)


@as_member.register
def _(member: Iterable, group: str) -> list[str | None]:
    listed = list(member)
    if not listed:
        as_member.dispatch(object)(member, group)  # raises
    return [None if is_blank(one) else str(one) for one in listed]


# Neither holds a name for each case.
as_member.register(bytes, as_member.dispatch(object))
as_member.register(Mapping, as_member.dispatch(object))


def _twice(virtual: StateWeights, soft: StateWeights) -> list[Fault]:
    return [
        Fault(f"node {name}", "has virtual and soft evidence; choose one")
        for name in (virtual or {})
        if name in (soft or {})
    ]
