"""What changed since an earlier report, and what explains the shift, judged by closed forms of a Beta posterior."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from servanda.analysis.reporting import since as dividing
from servanda.analysis.reporting.document.blocks import Block, Table, plain
from servanda.analysis.reporting.document.language import Language
from servanda.analysis.reporting.inputs import Earlier, Inputs, SinceError, inputs, inputs_from, read_earlier
from servanda.analysis.reporting.section import Material, Task
from servanda.analysis.reporting.sections.would_change.since import SECTION
from servanda.analysis.reporting.since import ORDER, Point, edits, shift, since
from servanda.analysis.scenarios.scenario import Loaded, Scenario
from servanda.analysis.scenarios.stored_fits import stored_fit
from servanda.common.json_values import content_hash, to_json
from servanda.models import Arrow, Network, Node, Prior, PriorSet, Sampling
from servanda.models.parameters.prior_set import PriorEntry

SAMPLING = Sampling(seed=3, draws=500, chains=2)
NETWORK = Network(
    (Node("backers", ("few", "many")), Node("kept", ("no", "yes"), (Arrow("backers", reason="asked"),))), name="keeping"
)
APART = Network((NETWORK["backers"], Node("kept", ("no", "yes"))), name="keeping")


def priors(alpha: float) -> PriorSet:
    return PriorSet((PriorEntry("*.table", Prior.of("dirichlet", alpha=alpha), "flat", "me"),), name="mine")


def scenario(state: str = "many", **changed: Any) -> Scenario:
    raw = {
        "name": "own",
        "title": "Own",
        "question": "?",
        "as_of": "2019",
        "horizon": "h",
        "resolution": "r",
        "headline": {"judgement": "own", "format": "backed"},
        "judgements": [
            {
                "id": "own",
                "title": "Own",
                "claim": "it is kept",
                "node": "kept",
                "states": ["yes"],
                "base": "alone",
                "formats": [
                    {"label": "alone", "do": {"backers": "few"}},
                    {"label": "backed", "do": {"backers": state}},
                ],
            }
        ],
        **changed,
    }
    return Scenario.model_validate(raw)


def frame(few: tuple[int, int], many: tuple[int, int], *, recoded: int = 0) -> pd.DataFrame:
    """Cases kept and broken with few and with many backers, by a name that says which; some coded the other way."""
    rows = [
        {"case_id": f"{backers} {kept} {number}", "backers": backers, "kept": kept}
        for backers, (yes, no) in (("few", few), ("many", many))
        for kept, count in (("yes", yes), ("no", no))
        for number in range(count)
    ]
    found = pd.DataFrame(rows)
    found.loc[: recoded - 1, "kept"] = "no"
    return found


OLD = frame((4, 6), (9, 3))
NEW = frame((4, 6), (14, 3))


class Kept:
    """Reports on one scenario, with their fits in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def task(self, network: Network, cases: pd.DataFrame, prior: PriorSet, asked: Scenario) -> Task:
        fitted, _ = stored_fit(network, cases, prior, SAMPLING, self.folder)
        loaded = Loaded(asked, network, (prior,))
        return Task(loaded, cases, SAMPLING, self.folder, posteriors={prior.name: fitted}, shipped=False)

    def written(self, task: Task, **changed: Any) -> Path:
        """What `report.json` holds of what is read again."""
        name = task.loaded.priors[0].name
        raw = inputs(task.loaded, task.cases, task.posteriors[name])
        earlier = Earlier("", raw, inputs_from(raw), 0.0, 0.0, 0.0, 0.0)
        now = since(earlier, raw, task)["now"]
        answer = {
            "mean": now["answer"],
            "mcse": 0.001,
            "change": {"difference": {"mean": now["change"], "mcse": 0.001}},
        }
        content = {"schema": 2, "answer": answer, "inputs": raw, "provenance": {"command": "servanda report own"}}
        path = self.folder / f"{name}.json"
        kept = {**content, **changed}
        path.write_text(to_json({**kept, "sha256": content_hash(kept)}), encoding="utf-8")
        return path

    def compared(self, old: Task, new: Task) -> dict[str, Any]:
        path = self.written(old)
        task = replace(new, earlier=read_earlier(path, "own", 2))
        return json.loads(to_json(SECTION.prepare(task)))


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def beta(yes: float, no: float, alpha: float) -> float:
    return (yes + alpha) / (yes + no + 2 * alpha)


def adds_up(found: dict[str, Any]) -> None:
    shift = found["shift"]
    for name in ("answer", "change"):
        parts = [step[name] for step in shift["steps"]] + [shift["rest"][name]]
        assert sum(parts) == pytest.approx(shift[name], abs=1e-12)
        assert found["now"][name] - found["before"][name] == pytest.approx(shift[name], abs=1e-12)


def over_orders(parts: tuple[str, ...], value: Callable[[set[str]], float]) -> dict[str, float]:
    """What each part moves a value by as it is swapped, averaged over every order, one by one."""
    moved = dict.fromkeys(parts, 0.0)
    orders = [*permutations(parts)]
    for order in orders:
        for place, part in enumerate(order):
            moved[part] += (value({*order[: place + 1]}) - value({*order[:place]})) / len(orders)
    return moved


def test_each_part_explains_what_a_closed_form_says(kept: Kept):
    old = kept.task(NETWORK, OLD, priors(1.0), scenario())
    new = kept.task(NETWORK, NEW, priors(5.0), scenario())
    found = kept.compared(old, new)
    adds_up(found)

    def answer(swapped: set[str]) -> float:
        return beta(14 if "data" in swapped else 9, 3, 5 if "priors" in swapped else 1)

    def change(swapped: set[str]) -> float:
        return answer(swapped) - beta(4, 6, 5 if "priors" in swapped else 1)

    steps = found["shift"]["steps"]
    assert [step["parts"] for step in steps] == [["data"], ["priors"]]
    for name, value in (("answer", answer), ("change", change)):
        for step, expected in zip(steps, over_orders(("data", "priors"), value).values(), strict=True):
            assert step[name] == pytest.approx(expected, abs=5 * step[f"{name}_error"])
            assert 0 < step[f"{name}_error"] < 0.01
    # The same seed and versions: nothing is left.
    assert found["shift"]["rest"]["answer"] == pytest.approx(0, abs=1e-12)
    assert [edit["place"] for edit in found["differences"]["data"]] == [[f"many yes {n}"] for n in range(9, 14)]
    assert all(
        edit["before"] is None and edit["after"] == {"backers": "many", "kept": "yes"}
        for edit in found["differences"]["data"]
    )
    assert [edit["place"] for edit in found["differences"]["priors"]] == [["priors", "*.table", "alpha"]]


def test_every_order_of_four_parts_counts_alike(monkeypatch: pytest.MonkeyPatch):
    """Closed forms in place of fits: a share is then the mean over all 24 orders to the last digit."""

    def answer(swapped: set[str]) -> float:
        alpha, many = 5 if "priors" in swapped else 1, 14 if "data" in swapped else 9
        if "network" in swapped:
            return beta(4 + many, 6 + 3, alpha)
        return beta(4, 6, alpha) if "scenario" in swapped else beta(many, 3, alpha)

    def asked(mixed: Any, task: Task) -> Point:
        new = (task.cases, task.loaded.priors[0], task.loaded.network, task.loaded.scenario)
        taken = zip(ORDER, (mixed.cases, mixed.priors, mixed.network, mixed.scenario), new, strict=True)
        mean = answer({part for part, own, other in taken if own is other})
        return Point(mean, 0.001, 2 * mean, 0.002, unsettled=mixed.network is NETWORK)

    monkeypatch.setattr(dividing, "_asked", asked)
    before = Inputs(Loaded(scenario(), NETWORK, (priors(1.0),)), OLD, {}, {})
    task = Task(Loaded(scenario("few"), APART, (priors(5.0),)), NEW, SAMPLING)
    first, now = answer(set()), answer({*ORDER})
    found = shift(Earlier("", {}, before, first, 0.0, 2 * first, 0.0), ORDER, Point(now, 0.001, 2 * now, 0.002), task)
    expected = over_orders(ORDER, answer)
    assert {step.parts[0]: step.answer for step in found.steps} == pytest.approx(expected, abs=1e-14)
    assert [step.change for step in found.steps] == pytest.approx([2 * step.answer for step in found.steps])
    assert sum(step.answer for step in found.steps) + found.rest.answer == pytest.approx(found.answer, abs=1e-15)
    # Sixteen independent numbers, each with the weight of its coalition: 2 (1 + 3/9 + 3/9 + 1) / 16.
    assert [step.answer_error for step in found.steps] == pytest.approx([0.001 * (1 / 3) ** 0.5] * 4)
    assert all(step.unsettled for step in found.steps)


def test_network_and_scenario_share_what_they_do_together(kept: Kept):
    old = kept.task(NETWORK, OLD, priors(1.0), scenario())
    new = kept.task(APART, OLD, priors(1.0), scenario("few", horizon="ten years"))
    found = kept.compared(old, new)
    adds_up(found)
    network, asked = found["shift"]["steps"]
    assert (network["parts"], asked["parts"]) == (["network"], ["scenario"])
    # Without the arrow both questions have one answer in every draw of the one fit; with it they differ.
    pooled, few, many = beta(13, 9, 1), beta(4, 6, 1), beta(9, 3, 1)
    assert network["answer"] == pytest.approx(pooled - (many + few) / 2, abs=5 * network["answer_error"])
    assert asked["answer"] == pytest.approx((few - many) / 2, abs=5 * asked["answer_error"])
    places = {name: [edit["place"] for edit in found["differences"][name]] for name in ("network", "scenario")}
    assert places["network"] == [["nodes", "kept", "parents", "backers"]]
    annex = SECTION.parts[1].blocks({"since": found}, Language())
    assert plain(annex[0].text) == "Dropped (the network): kept, parents, backers"
    assert [tuple(map(plain, row)) for row in annex[1].rows] == [
        ("horizon", "h", "ten years"),
        ("own, backed, do, backers", "many", "few"),
    ]
    assert places["scenario"] == [["horizon"], ["judgements", "own", "formats", "backed", "do", "backers"]]


def test_what_cannot_be_asked_alone_is_swapped_together(kept: Kept):
    """A prior set of a parameter that only the new network has says nothing of the old one."""
    renamed = Network((NETWORK["backers"], Node("kept", ("no", "yes"), (Arrow("era"),)), Node("era", ("old", "new"))))
    named = PriorSet((*priors(1.0).entries, PriorEntry("era.table", Prior.of("dirichlet", alpha=2.0))), name="mine")
    old = kept.task(NETWORK, OLD, priors(1.0), scenario())
    new = kept.task(replace(renamed, name="keeping"), OLD.assign(era="old"), named, scenario())
    found = kept.compared(old, new)
    adds_up(found)
    (step,) = found["shift"]["steps"]
    assert step["parts"] == ["priors", "network"]
    assert "era.table" in step["note"]
    said = [plain(block.text) for block in SECTION.parts[1].blocks({"since": found}, Language()) if not is_table(block)]
    assert said[0].startswith("Swapped together: what was believed before and the network.")


def test_a_recoded_case_is_named(kept: Kept):
    old = kept.task(NETWORK, OLD, priors(1.0), scenario())
    new = kept.task(NETWORK, frame((4, 6), (9, 3), recoded=1).iloc[:-1], priors(1.0), scenario())
    data = kept.compared(old, new)["differences"]["data"]
    assert data == [
        {"place": ["few yes 0", "kept"], "before": "yes", "after": "no"},
        {"place": ["many no 2"], "before": {"backers": "many", "kept": "no"}, "after": None},
    ]


def test_nothing_changed_leaves_the_rest_alone(kept: Kept):
    task = kept.task(NETWORK, OLD, priors(1.0), scenario())
    found = kept.compared(task, task)
    assert found["shift"]["steps"] == []
    assert not any(found["differences"].values())
    _, second = SECTION.parts[0].blocks({"since": found}, Language())
    assert plain(second.text) == "Nothing that the answer rests on has changed."
    adds_up(found)


def is_table(block: Block) -> bool:
    return block.kind == "table"


def test_the_words_are_the_numbers_of_the_dictionary(kept: Kept):
    old = kept.task(NETWORK, OLD, priors(1.0), scenario())
    new = kept.task(NETWORK, NEW, priors(5.0), scenario())
    found = kept.compared(old, new)
    blocks = SECTION.parts[0].blocks({"since": found}, Language())
    (table,) = [block for block in blocks if isinstance(block, Table)]
    names = [plain(row[0]) for row in table.rows]
    assert names == [
        "the record",
        "what was believed before",
        "Monte Carlo error, settings and versions",
        "all together",
    ]
    moves = [step["answer"] for step in found["shift"]["steps"]]
    for row, moved in zip(table.rows, moves, strict=False):
        assert plain(row[1]).startswith(f"{100 * moved:+.1f}".replace("-", "\N{MINUS SIGN}"))
    said = " ".join(plain(item) for block in blocks if block.kind == "bullets" for item in block.items)
    assert said == "the record: 5 cases added, 0 dropped, 0 coded otherwise what was believed before: 1 difference"
    added, priors_table = SECTION.parts[1].blocks({"since": found}, Language("es"))
    assert plain(added.text).startswith("Añadidos (el registro): many yes 9, many yes 10")
    assert [tuple(map(plain, row)) for row in priors_table.rows] == [("*.table, alpha", "1", "5")]


def test_without_an_earlier_report_there_is_no_section(kept: Kept):
    task = kept.task(NETWORK, OLD, priors(1.0), scenario())
    assert SECTION.prepare(task) is None
    assert SECTION.content(Material(task.loaded, task.cases, task.posteriors), None) is None


def test_what_cannot_be_compared_with_is_refused_by_name(kept: Kept, tmp_path: Path):
    task = kept.task(NETWORK, OLD, priors(1.0), scenario())
    path = kept.written(task)
    with pytest.raises(SinceError, match=r"mine.json: is of the scenario 'own', and the new one of 'other'"):
        read_earlier(path, "other", 2)
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole[:-50], encoding="utf-8")
    with pytest.raises(SinceError, match=r"is damaged, .* take another copy, or write it again \(it is no JSON\)"):
        read_earlier(path, "own", 2)
    path.write_text(whole.replace('"few"', '"none"', 1), encoding="utf-8")
    with pytest.raises(SinceError, match=r"mine.json: was changed or damaged after .*; take another copy, or write it"):
        read_earlier(path, "own", 2)
    for changed, said in (
        ({"schema": 1}, r"schema version 1, .* with 2; write it again as it was made \('servanda report own'\)"),
        ({"inputs": None}, "is damaged"),
        ({"answer": {}}, "is damaged"),
    ):
        with pytest.raises(SinceError, match=said):
            read_earlier(kept.written(task, **changed), "own", 2)
    (tmp_path / "other.json").write_text("[1]")
    with pytest.raises(SinceError, match="is no report of Servanda"):
        read_earlier(tmp_path / "other.json", "own", 2)
    with pytest.raises(SinceError, match=r"is a folder; give the report.json in it"):
        read_earlier(tmp_path, "own", 2)
    with pytest.raises(SinceError, match="there is no such file"):
        read_earlier(tmp_path / "none.json", "own", 2)


def test_an_earlier_fit_that_is_refused_today_is_said(kept: Kept, monkeypatch: pytest.MonkeyPatch):
    """Such as one of priors that this version does not take."""
    old = kept.task(NETWORK, OLD, priors(1.0), scenario())
    path = kept.written(old)
    raw = json.loads(path.read_text(encoding="utf-8"))
    earlier = read_earlier(path, "own", 2)
    strange = replace(earlier.inputs.loaded, priors=(PriorSet((), name="mine"),))
    earlier = replace(earlier, inputs=replace(earlier.inputs, loaded=strange))
    new = kept.task(NETWORK, NEW, priors(2.0), scenario())
    found = since(earlier, inputs(new.loaded, new.cases, new.posteriors["mine"]), new)
    (step,) = found["shift"]["steps"]
    assert step["parts"] == ("data", "priors")
    assert "cannot be fitted by this version" in step["note"]
    assert step["answer"] == found["now"]["answer"] - raw["answer"]["mean"]


def test_edits_are_none_of_equal_contents():
    raw = {"a": [1, {"b": 2}], "rows": [{"label": "x"}]}
    assert [*edits(raw, json.loads(json.dumps(raw)))] == []
    moved = [*edits({"rows": [{"label": "x"}, {"label": "y"}]}, {"rows": [{"label": "y"}, {"label": "x"}]})]
    assert [edit.place for edit in moved] == []
