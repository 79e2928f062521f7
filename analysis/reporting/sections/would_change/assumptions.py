"""Key assumptions: what the answer and its change would be were each wrong, and without what the horizon rules out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

from .....models.posterior import Posterior
from .....models.questions.quantity import Quantity, chance_of
from ....scenarios.assumptions import if_wrong
from ....scenarios.scenario import Assumption
from ....summaries.change import summarise_change
from ....summaries.gates import failed, number_gates
from ....summaries.likelihood_words import load_lexicon
from ...answers import Row, judged
from ...document.blocks import Block, Fold, Run, Table, Text, runs
from ...document.language import N_, Language
from ...numbers import described_number
from ...section import Answers, Material, Part, Section
from ..headline import Headline, headline

if TYPE_CHECKING:
    import xarray as xr


def _content(material: Material, answers: Answers) -> dict[str, Any] | None:
    asked = headline(material, answers)
    rows = [_checked(material, asked, one) for one in material.loaded.scenario.assumptions]
    lexicon = load_lexicon(material.loaded.scenario.lexicon)
    change = None if asked.base is None else asdict(summarise_change(asked.row.draws - asked.base.draws))
    beyond = _beyond(material, asked)
    before = {**described_number(asked.row.summary, lexicon), "change": change}
    return {"before": before, "rows": rows, "beyond": beyond} if rows or beyond else None


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
    base = None if asked.base is None else rows[asked.base.label]
    return {**described, "wrong": _otherwise(material, rows[asked.row.label], base)}


def _otherwise(material: Material, row: Row, base: Row | None) -> dict[str, Any]:
    """The answer and the change of other rows than the headline's."""
    change = None if base is None else asdict(summarise_change(row.draws - base.draws))
    found = described_number(row.summary, load_lexicon(material.loaded.scenario.lexicon))
    settled = not failed(number_gates(f"P({row.label})", row.summary))
    return {**found, "change": change, "passed": settled}


def _beyond(material: Material, asked: Headline) -> dict[str, Any] | None:
    """States beyond the horizon, their chance, and the answer and the change without them."""
    network, stated = material.loaded.network, material.loaded.scenario.beyond_horizon
    if not stated or asked.row.asked is None or asked.row.posterior is None:
        return None
    beyond = {name: {network[name].index(state) for state in states} for name, states in stated.items()}
    within = {
        name: tuple(state for place, state in enumerate(network[name].states) if place not in out)
        for name, out in beyond.items()
    }
    chance, row = _within(asked.row, within)
    base = None if asked.base is None else _within(asked.base, within)[1]
    return {
        "states": [
            {"node": network[name].title, "state": network[name].states[place]}
            for name, out in beyond.items()
            for place in sorted(out)
        ],
        "chance": 1 - float(chance.mean()),
        "without": _otherwise(material, row, base),
    }


def _within(row: Row, states: Mapping[str, tuple[str, ...]]) -> tuple[xr.DataArray, Row]:
    """Chance of some states of some nodes, and a row as if one of them were seen of each."""
    if row.asked is None or row.posterior is None:
        raise AssertionError("a row of several together has no case")
    chance, joint = _jointly(row.posterior, row.asked, [*states.items()])
    return chance, replace(row, draws=joint / chance)


def _jointly(
    posterior: Posterior, asked: Quantity, states: Sequence[tuple[str, tuple[str, ...]]]
) -> tuple[xr.DataArray, xr.DataArray]:
    """Chance of states by the chain rule, and that of the states and of what is asked."""
    (name, within), *rest = states
    found = []
    for state in within:
        seen = replace(asked, given={**asked.given, name: state})
        one = chance_of(name, state, asked.given, asked.do, **asked.members).draws(posterior)
        more = _jointly(posterior, seen, rest) if rest else (1.0, seen.draws(posterior))
        found.append((one * more[0], one * more[1]))
    return reduce(add, (chance for chance, _ in found)), reduce(add, (joint for _, joint in found))


def _state(material: Material, name: str, state: str | int) -> str:
    """A state by the name that the network gives it."""
    node = material.loaded.network[name]
    return node.states[node.index(state)] if state in node.states else str(state)


def _words(report: Mapping[str, Any], say: Language) -> list[Block]:
    found = report["assumptions"]
    computed = [row for row in found["rows"] if row["wrong"]]
    blocks: list[Block] = [_table(found, computed, say)] if computed or found.get("beyond") else []
    return [*blocks, Fold(say(N_("The assumptions in full")), (_in_full(found["rows"], say),))]


def _table(found: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], say: Language) -> Table:
    before = found["before"]
    compared = before["change"] is not None
    columns = [say(N_("Were it")), say(N_("Answer")), *([say(N_("Change"))] if compared else [])]
    return Table(
        say(N_("The answer if an assumption is wrong")),
        tuple(columns),
        (*((_instead(row, say), *_numbers(row["wrong"], say)) for row in rows), *_far_side(found, say)),
        note=say(N_("as described: {numbers}"), numbers=", ".join(_plain(before, say))),
        numeric=frozenset(range(1, len(columns))),
        compact=True,
    )


def _far_side(found: Mapping[str, Any], say: Language) -> tuple[tuple[Text, ...], ...]:
    """Row of the answer without what lies beyond the horizon."""
    beyond = found.get("beyond")
    if not beyond:
        return ()
    left_out = say(
        N_("without {states}, beyond the horizon ({chance})"),
        states=beyond_states(beyond, say),
        chance=say.percent(beyond["chance"]),
    )
    return ((left_out, *_numbers(beyond["without"], say)),)


def beyond_states(beyond: Mapping[str, Any], say: Language) -> str:
    """States beyond the horizon, by their nodes."""
    by_node: dict[str, list[str]] = {}
    for one in beyond["states"]:
        by_node.setdefault(one["node"], []).append(say.state(one["state"], one["node"]))
    return "; ".join(f"{say.term(node)}: {say.listed(states)}" for node, states in by_node.items())


def _instead(row: Mapping[str, Any], say: Language) -> Text:
    parts = [say.feature(one["node"], one["state"]) for one in row["instead"]]
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
