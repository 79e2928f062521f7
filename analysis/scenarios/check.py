"""What a scenario will ask, before anything is fitted: its rows, the states they become, what no case joins."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.show import Shown, View
from ...models.cases.encode import encode
from ...models.network.network import Network
from ...record.files.actors import country_code
from ...record.files.dates import as_day
from .cases import own_cases
from .questions import with_past_defections
from .scenario import AS_RECORDED, Judgement, Loaded, load_scenario
from .texts import LANGUAGES, untranslated

if TYPE_CHECKING:
    import pandas as pd

    from ...models.cases.encode import Cases


@dataclass(frozen=True)
class StatedState:
    """One input of a row, and the state of its node that it becomes.

    Parameters
    ----------
    node
        Name of the node.
    how
        ``given``, ``do`` or, of a case that is supposed, ``seen``.
    written
        As the file has it.
    counted
        The number that ``as recorded`` stands for; None elsewhere.
    state
        What is computed with; None where the record is silent and the node is left open.
    """

    node: str
    how: str
    written: str
    counted: int | None
    state: str | None

    def __str__(self) -> str:
        if self.state is None:
            return f"{self.node} = {self.written}, which the record does not say: left open"
        if self.counted is not None:
            return f"{self.node} = {self.written}, {self.counted}: computed as {self.state}"
        return f"{self.node} = {self.written}" + (f": computed as {self.state}" if self.state != self.written else "")


@dataclass(frozen=True)
class CheckedRow:
    """What one row will ask.

    Parameters
    ----------
    judgement
        Id of its judgement.
    label
        Of the row; of a case that is supposed, its claim.
    actor
        Whose conduct; None for an actor that the record does not hold.
    states
        Inputs and what they become, those of the judgement first.
    supposed
        Whether it is a case that is supposed and not a row that is asked.
    precedents
        Cases that share every described state; None where no record was read.
    unseen
        Pairs of described states, as ``node = state``, that no case joins.
    """

    judgement: str
    label: str
    actor: str | None
    states: tuple[StatedState, ...]
    supposed: bool
    precedents: int | None
    unseen: tuple[tuple[str, str], ...]


@dataclass(frozen=True, repr=False)
class CheckedScenario(Shown):
    """What a scenario will ask, and of which record.

    Parameters
    ----------
    cases
        How many cases were known on its day.
    rows
        In order of the file; cases that are supposed stand before the rows of their judgement.
    remarks
        What is no fault, and the author may still want to know.

    Examples
    --------
    >>> from servanda.record import load_guarantees
    >>> found = check_scenario("budapest", load_guarantees(as_of="2014-02-26"))
    >>> found.cases, len(found.rows)
    (351, 10)
    """

    cases: int
    rows: tuple[CheckedRow, ...]
    remarks: tuple[str, ...]

    def _view(self) -> View:
        import pandas as pd

        rows = [
            {
                "judgement": row.judgement,
                "row": row.label,
                "actor": row.actor or "",
                "cases alike": "" if row.precedents is None else str(row.precedents),
            }
            for row in self.rows
        ]
        table = pd.DataFrame(rows).set_index("judgement") if rows else None
        return View(f"Scenario of {len(self.rows)} rows, on {self.cases} cases", table=table, notes=self.remarks)


def check_scenario(scenario: str | os.PathLike[str] | Loaded, cases: Any) -> CheckedScenario:
    """What a scenario will ask of a record; nothing is fitted.

    Parameters
    ----------
    scenario
        A shipped scenario's name, the path of a TOML file, or what `load_scenario` gave of either.
    cases
        The record as of the scenario's date as a table, or its file, of which is read what was known on that date;
        None where there is none, so that nothing is counted.

    Raises
    ------
    ScenarioError
        As `servanda.analysis.load_scenario`.
    InputError
        As `servanda.record.load_guarantees`, of a file of cases.
    DataError
        If the cases lack what the network needs.

    Examples
    --------
    >>> from servanda.record import load_guarantees
    >>> found = check_scenario("budapest", load_guarantees(as_of="2014-02-26"))
    >>> row = next(row for row in found.rows if row.label == "with a military pledge by all of NATO")
    >>> print(*(state for state in row.states if state.node in ("guarantors", "past_defections")), sep="; ")
    past_defections = as recorded, 1: computed as 1-2; guarantors = 29: computed as 6+
    """
    loaded = scenario if isinstance(scenario, Loaded) else load_scenario(scenario)
    year = as_day(loaded.scenario.as_of).year
    known = None if cases is None else own_cases(loaded, cases)
    coded = None if known is None else encode(loaded.network, known)
    rows: list[CheckedRow] = []
    for judgement in loaded.scenario.judgements:
        asked = [
            (case.claim, case.actor, {"given": case.given, "do": case.do, "seen": case.seen}, True)
            for case in judgement.suppose
        ]
        asked += [
            (row.label, row.actor or judgement.actor, {"given": {**judgement.given, **row.given}, "do": row.do}, False)
            for row in judgement.formats
        ]
        for label, actor, described, supposed in asked:
            states = tuple(
                _stated(loaded.network, how, node, written, actor, known, year)
                for how, inputs in described.items()
                for node, written in inputs.items()
            )
            precedents, unseen = (None, ()) if coded is None else _joined(loaded.network, states, coded)
            rows.append(CheckedRow(judgement.id, label, actor, states, supposed, precedents, unseen))
    actors = () if coded is None else coded.levels.get("actor", ())
    number = 0 if coded is None else len(coded)
    return CheckedScenario(number, tuple(rows), (*_unknown_actors(rows, actors), *_remarks(loaded, rows)))


def _unknown_actors(rows: Sequence[CheckedRow], known: Sequence[str]) -> Iterator[str]:
    """Remark on actors that the cases do not hold, where the network knows actors at all."""
    for actor in dict.fromkeys(row.actor for row in rows if row.actor):
        if known and actor not in known:
            code = country_code(actor)
            meant = f"; did you mean {code}?" if code in known else ""
            yield f"'{actor}' is no actor of these cases, and is judged as one that nobody has seen{meant}"


def _joined(network: Network, states: Sequence[StatedState], coded: Cases) -> tuple[int, tuple[tuple[str, str], ...]]:
    """Count the cases that share all states, and list the pairs of states that no case joins."""
    wanted = {each.node: each.state for each in states if each.state is not None}
    share = {name: coded.codes[name] == network[name].index(state) for name, state in wanted.items()}
    alike = np.logical_and.reduce([np.ones(len(coded), bool), *share.values()])
    return int(alike.sum()), tuple(
        (f"{one} = {wanted[one]}", f"{other} = {wanted[other]}")
        for one, other in combinations(share, 2)
        if not (share[one] & share[other]).any()
    )


def _stated(
    network: Network, how: str, node: str, written: Any, actor: str | None, cases: pd.DataFrame | None, year: int
) -> StatedState:
    counted = None
    value: Any = written
    if written == AS_RECORDED and node == "past_defections":
        filled: Mapping[str, Any] = {} if cases is None else with_past_defections({node: written}, actor, cases, year)
        value = counted = filled.get(node)
    state = None if value is None else network[node].states[network[node].index(value)]
    return StatedState(node, how, str(written), None if counted is None else int(counted), state)


def _has_rival(loaded: Loaded) -> bool:
    """Whether another judgement reads the case of the headline otherwise."""
    headline = loaded.scenario.headline
    asked = loaded.scenario.headline_judgement

    def put(judgement: Judgement) -> tuple[Any, ...]:
        formats = [row.do for row in judgement.formats if row.label in (asked.base, headline.format)]
        return judgement.actor, judgement.node, judgement.states, judgement.base, formats

    return any(put(judgement) == put(asked) for judgement in loaded.scenario.judgements if judgement is not asked)


def _remarks(loaded: Loaded, rows: Sequence[CheckedRow]) -> Iterator[str]:
    scenario = loaded.scenario
    headline = scenario.headline
    base = scenario.headline_judgement.base
    if base in (None, headline.format):
        yield "the headline is compared with nothing, so the report leads with a level and not with a change"
    elif not _has_rival(loaded):
        yield "no other judgement puts the headline's two formats to the same actor, so there is no rival reading"
    if not scenario.assumptions:
        yield "no assumption is stated: the reader is not told what is taken for granted"
    for part in ("priors", "theories"):
        if len(getattr(scenario, part)) < 2:
            yield f"fewer than two {part} are compared: how far the answer depends on them will not be measured"
    known = [row for row in rows if not row.supposed]
    bare = [f"{row.judgement}, {row.label}" for row in known if row.unseen and not row.precedents]
    if bare:
        yield f"the record joins not even each pair of described states, so the answer extrapolates: {'; '.join(bare)}"
    for language in LANGUAGES:
        if left := untranslated(scenario, language):
            yield f"shown in the author's own language in {language}: {'; '.join(left)}"
