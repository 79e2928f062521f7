"""From names to numbers: what a question takes as known, for one case or for a table of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from ...common.errors import Fault, nearest, raise_faults
from ...models.cases.encode import MISSING, as_text, code_evidence
from ...models.errors import QueryError
from ...models.inference.contract import MEMORY_LIMIT
from ...models.inference.question import Form, check_question
from ...models.inference.soft import with_soft
from ...models.inference.tables import Evidence, System
from ...models.network.network import Network
from ...models.posterior import Posterior

if TYPE_CHECKING:
    import pandas as pd

#: Node -> state.
States = Mapping[str, Any] | None
#: The same, or a data frame with a row for each case and blanks where nothing is known.
type Given = Mapping[str, Any] | pd.DataFrame | None
#: Node -> a number for each of its states.
Weights = Mapping[str, Mapping[Any, float]] | None
#: Group effect -> member, one for each case, or None for a member drawn anew.
Members = Mapping[str, Any]

#: How far from one stated probabilities may add up.
_TOLERANCE = 1e-8


@dataclass(frozen=True)
class Known:
    """What a question takes as known, in numbers.

    Parameters
    ----------
    system
        Tables and draws.
    form
        The question, with every node that is given in some case.
    evidence
        State numbers; -1 where a case leaves a node open.
    labels
        Of the cases, or None where there is no dim for them.
    """

    system: System
    form: Form
    evidence: Evidence
    labels: Sequence[Any] | None

    def knows(self, name: str) -> bool:
        """Whether every case knows a node's state."""
        return name in self.form.given and not np.any(np.asarray(self.evidence.fixed[name]) == MISSING)

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

    def each(self, answer: Callable[[Form, Evidence], np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
        """Answer group by group; shape (*shape, samples) or (*shape, cases, samples)."""
        if self.labels is None:
            return answer(self.form, self.evidence)
        found = np.empty((*shape, len(self.labels), self.system.samples))
        for rows, form, evidence in self.groups:
            found[..., rows, :] = answer(form, evidence)
        return found


def known(
    posterior: Posterior,
    targets: tuple[str, ...],
    given: Given,
    do: States,
    members: Members,
    *,
    virtual: Weights = None,
    soft: Weights = None,
    targets_needed: bool = True,
    memory: int = MEMORY_LIMIT,
) -> Known:
    """Check names and turn them into numbers; solve soft evidence.

    Raises
    ------
    QueryError
        Listing everything that is wrong.
    """
    network = posterior.network
    frame: Any = given if is_frame(given) else None
    done = as_states("do", do)
    faults: list[Fault] = []
    weights = _weights(network, "virtual", virtual, faults) | _weights(network, "soft", soft, faults)
    faults += _twice(virtual, soft)
    stated = {} if frame is not None else as_states("given", given)
    columns: dict[str, np.ndarray] = code_evidence(network, frame, faults) if frame is not None else {}
    try:
        question = check_question(
            network, targets, stated, done, targets_needed=targets_needed, likely=weights, columns=tuple(columns)
        )
    except QueryError as error:
        raise_faults("question", [*error.faults, *faults], QueryError)
        raise
    raise_faults("question", faults, QueryError)
    cases = None if frame is None else len(frame)
    numbers, cases = member_arrays(posterior, members, cases)
    fixed: dict[str, Any] = question.fixed | columns
    labels = None if cases is None else (list(frame.index) if frame is not None else list(range(cases)))
    if frame is None and cases is not None:
        fixed |= {name: np.full(cases, number) for name, number in dict(question.given).items()}
    form = Form(targets, (*question.form.given, *columns), question.form.do, tuple(virtual or ()))
    system = System.of(posterior)
    likely = {name: weights[name][:, None] for name in virtual or ()}
    found = Known(system, form, Evidence(fixed, numbers, likely, cases), labels)
    return _softened(found, {name: weights[name] for name in soft}, memory) if soft else found


def _softened(found: Known, stated: Mapping[str, np.ndarray], memory: int) -> Known:
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
        member = members.get(group)
        if is_blank(member) or isinstance(member, str):
            numbers[group] = posterior.member(group, None if is_blank(member) else str(member))
            continue
        listed = [] if isinstance(member, bytes | Mapping) or not isinstance(member, Iterable) else list(member)
        if not listed:
            what = f"must be the name of a member, a list of one for each case, or nothing, not {member!r}"
            raise QueryError.of(group, what)
        listed = [None if is_blank(one) else str(one) for one in listed]
        if cases is not None and len(listed) != cases:
            raise QueryError.of(group, f"names {len(listed)} members for {cases} cases")
        cases = len(listed)
        place = {one: posterior.member(group, one) for one in dict.fromkeys(listed)}
        numbers[group] = np.array([place[one] for one in listed])
    return numbers, cases


def _weights(network: Network, kind: str, stated: Weights, faults: list[Fault]) -> dict[str, np.ndarray]:
    """A number for each state of each node, in the order of its states."""
    found = {}
    for name, numbers in as_states(kind, stated).items():
        where = f"{kind} {name}"
        if name not in network:
            faults.append(Fault(where, f"no such node{nearest(name, network.names)}"))
            continue
        states = network[name].states
        if not isinstance(numbers, Mapping) and not hasattr(numbers, "to_dict"):
            faults.append(Fault(where, f"must map each of its states to a number, not {numbers!r}"))
            continue
        given = {as_text(state): value for state, value in dict(numbers).items()}
        faults += [Fault(where, f"has no state '{s}'{nearest(s, states)}") for s in given if s not in states]
        if lacking := [state for state in states if state not in given]:
            faults.append(Fault(where, f"lacks a number for {', '.join(lacking)}; state one for each state"))
            continue
        array = _floats([given[state] for state in states])
        if not np.all(np.isfinite(array)) or array.min() < 0 or array.sum() == 0:
            faults.append(Fault(where, "needs finite numbers of zero or more, not all zero"))
        elif kind == "soft" and abs(array.sum() - 1) > _TOLERANCE:
            faults.append(Fault(where, f"are probabilities that add up to {array.sum():g}; they must add up to 1"))
        found[name] = array / array.sum() if kind == "soft" else array
    return found


def _floats(values: Sequence[Any]) -> np.ndarray:
    """Numbers, and NaN for what is none."""
    try:
        return np.array([float(value) for value in values])
    except (TypeError, ValueError):
        return np.array([np.nan])


def is_frame(given: Any) -> TypeGuard[pd.DataFrame]:
    """Whether evidence is a table of cases."""
    return hasattr(given, "columns")


def is_blank(value: Any) -> bool:
    """Whether a cell says nothing: None, NaN, NA."""
    if value is None:
        return True
    from pandas import isna

    return bool(np.ndim(value) == 0 and isna(value))


def as_states(kind: str, stated: Any) -> dict[str, Any]:
    """Take a mapping, or one row of a table, of names to what is said of them; None says nothing.

    Raises
    ------
    QueryError
        If it is anything else.
    """
    if stated is None:
        return {}
    if isinstance(stated, Mapping) or (hasattr(stated, "to_dict") and not is_frame(stated)):
        return {str(name): value for name, value in dict(stated).items()}
    raise QueryError.of(kind, f"must map nodes to what is said of them, such as {{'stakes': 'vital'}}, not {stated!r}")


def as_names(targets: Any) -> tuple[str, ...]:
    """Take one name or several.

    Raises
    ------
    QueryError
        If it is anything else.
    """
    if isinstance(targets, str):
        return (targets,)
    listed = list(targets) if isinstance(targets, Iterable) else [targets]
    if all(isinstance(name, str) for name in listed):
        return tuple(listed)
    raise QueryError.of("target", f"must be the name of a node, or a list of names, not {targets!r}")


def _twice(virtual: Weights, soft: Weights) -> list[Fault]:
    return [
        Fault(f"node {name}", "has virtual and soft evidence; choose one")
        for name in (virtual or {})
        if name in (soft or {})
    ]
