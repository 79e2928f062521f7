"""Key assumptions: what the answer and its change would be were each of them wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ....scenarios.assumptions import if_wrong
from ....scenarios.scenario import Assumption
from ....summaries.change import summarise_change
from ....summaries.gates import failed, number_gates
from ....summaries.likelihood_words import load_lexicon
from ...answers import judged
from ...document.blocks import Block, Fold, Run, Table, Text, runs
from ...document.language import N_, Language
from ...numbers import described_number
from ...section import Answers, Material, Part, Section
from ..headline import Headline, headline


def _content(material: Material, answers: Answers) -> dict[str, Any] | None:
    asked = headline(material, answers)
    rows = [_checked(material, asked, one) for one in material.loaded.scenario.assumptions]
    lexicon = load_lexicon(material.loaded.scenario.lexicon)
    change = None if asked.base is None else asdict(summarise_change(asked.row.draws - asked.base.draws))
    return (
        {"before": {**described_number(asked.row.summary, lexicon), "change": change}, "rows": rows} if rows else None
    )


def _checked(material: Material, asked: Headline, assumption: Assumption) -> dict[str, Any]:
    """An assumption, and where it can be computed the answer and the change were it wrong."""
    network, scenario = material.loaded.network, material.loaded.scenario
    described = {
        "claim": assumption.claim,
        "instead": [
            {"node": network[name].title, "state": _state(material, name, state)}
            for name, state in assumption.instead.items()
        ],
        "actor": assumption.actor,
        "wrong": None,
    }
    judgement = if_wrong(scenario, assumption)
    if judgement is None or asked.row.posterior is None:
        return described
    posterior = material.posteriors[material.loaded.priors[0].name]
    rows = {row.label: row for row in judged(posterior, scenario, judgement, material.cases)}
    row = rows[asked.row.label]
    base = None if asked.base is None else rows[asked.base.label]
    change = None if base is None else asdict(summarise_change(row.draws - base.draws))
    found = described_number(row.summary, load_lexicon(material.loaded.scenario.lexicon))
    settled = not failed(number_gates(f"P({row.label})", row.summary))
    return {**described, "wrong": {**found, "change": change, "passed": settled}}


def _state(material: Material, name: str, state: str | int) -> str:
    """A state by the name that the network gives it."""
    node = material.loaded.network[name]
    return node.states[node.index(state)] if state in node.states else str(state)


def _words(report: Mapping[str, Any], say: Language) -> list[Block]:
    found = report["assumptions"]
    computed = [row for row in found["rows"] if row["wrong"]]
    blocks: list[Block] = [_table(found, computed, say)] if computed else []
    return [*blocks, Fold(say(N_("The assumptions in full")), (_in_full(found["rows"], say),))]


def _table(found: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], say: Language) -> Table:
    before = found["before"]
    compared = before["change"] is not None
    columns = [say(N_("Were it")), say(N_("Answer")), *([say(N_("Change"))] if compared else [])]
    return Table(
        say(N_("The answer if an assumption is wrong")),
        tuple(columns),
        tuple((_instead(row, say), *_numbers(row["wrong"], say)) for row in rows),
        note=say(N_("as described: {numbers}"), numbers=", ".join(_plain(before, say))),
        numeric=frozenset(range(1, len(columns))),
        compact=True,
    )


def _instead(row: Mapping[str, Any], say: Language) -> Text:
    parts = [f"{say.term(one['node'])}: {say.state(one['state'])}" for one in row["instead"]]
    if row["actor"] is not None:
        parts.append(say.line(N_("conduct of {actor}"), actor=say.term(row["actor"])))
    return runs("; ".join(parts))


def _numbers(wrong: Mapping[str, Any], say: Language) -> tuple[Text, ...]:
    told = [runs(cell) for cell in _plain(wrong, say)]
    if not wrong["passed"]:
        told[0] = runs(told[0], Run(say.line(N_("not settled by so few draws")), "alarm"))
    return tuple(told)


def _plain(number: Mapping[str, Any], say: Language) -> list[str]:
    change = number["change"]
    return [say.percent(number["mean"]), *([] if change is None else [say.points(change["mean"])])]


def _in_full(rows: Sequence[Mapping[str, Any]], say: Language) -> Table:
    cells = []
    for row in rows:
        wrong = row["wrong"]
        then = (
            say(N_("{instead}: {numbers}"), instead=_instead(row, say), numbers=", ".join(_plain(wrong, say)))
            if wrong
            else say(N_("rests on no node: cannot be computed"))
        )
        cells.append((runs(say.term(row["claim"])), then))
    return Table(
        say(N_("What the scenario takes for granted")), (say(N_("Assumption")), say(N_("If it is wrong"))), tuple(cells)
    )


SECTION = Section(_content, parts=(Part("change", N_("If an assumption is wrong"), _words),))
