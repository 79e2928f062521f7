"""What is entered of a report, and what may be entered of how it came out."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from servanda.analysis import issue_judgements, read_ledger, resolve_judgements
from servanda.analysis.ledger.file import LedgerError

from .makers import DAY, STATES


def row(label: str, p: tuple[float, ...] = (0.2, 0.3, 0.5)) -> dict[str, Any]:
    outcomes = [{"state": state, "mean": mean} for state, mean in zip(STATES, p, strict=False)] if len(p) > 1 else []
    return {"label": label, "mean": p[-1], "lower": 0.1, "upper": 0.9, "outcomes": outcomes}


def report(**changed: Any) -> dict[str, Any]:
    scenario = {
        "name": "ally",
        "as_of": "2019-04-25",
        "horizon": "ten years",
        "resolution": "by the codebook",
        "judgements": [{"id": "own", "node": "kept", "states": ["partial", "complied"]}],
    }
    inputs = {
        "scenario": scenario,
        "network": {"nodes": {"kept": {"states": list(STATES)}}},
        "cases": {"states": {"kept": [0, 0, 2, None, 1]}},
        "sha256": "1" * 64,
    }
    rows = [row("alone"), row("backed", (0.1, 0.2, 0.7)), row("any", (0.9,))]
    return {
        "passed": True,
        "inputs": inputs,
        "answer": {"confidence": {"level": "low"}},
        "judgements": [{"id": "own", "claim": "France keeps its promise", "rows": rows}],
        **changed,
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "judgements.jsonl"
    issue_judgements(place, report(), "a" * 64, on=DAY)
    return place


def test_a_line_for_each_row(path: Path):
    one, other, group = read_ledger(path).issued.values()
    assert [entry.id for entry in (one, other, group)] == [f"{DAY}.{number}" for number in (1, 2, 3)]
    assert (one.scenario, one.judgement, one.row) == ("ally", "own", "alone")
    assert one.outcomes == {"defected": 0.2, "partial": 0.3, "complied": 0.5}
    assert one.probability == pytest.approx(0.8)
    # Of the four cases that show it, by hand.
    assert one.base_rate == {"defected": 0.5, "partial": 0.25, "complied": 0.25}
    assert one.base == pytest.approx(0.5)
    assert (other.lower, other.upper, other.confidence) == (0.1, 0.9, "low")
    assert (group.outcomes["yes"], group.states, group.base) == (0.9, ["yes"], None)


def test_a_node_that_no_case_shows_has_no_base_rate(tmp_path: Path):
    unseen = report()
    unseen["inputs"]["cases"]["states"] = {}
    held = issue_judgements(tmp_path / "new.jsonl", unseen, "a" * 64, on=DAY).ledger
    assert [entry.base for entry in held.issued.values()] == [None] * 3


def test_a_report_is_entered_once(path: Path):
    again = issue_judgements(path, report(), "a" * 64, on=DAY + dt.timedelta(1))
    assert (again.new, [entry.row for entry in again.known]) == ((), ["alone", "backed", "any"])
    assert len(read_ledger(path)) == 3


def test_another_report_of_the_day_goes_on_counting(path: Path):
    later = issue_judgements(path, report(), "b" * 64, on=DAY)
    assert [entry.id for entry in later.new] == [f"{DAY}.{number}" for number in (4, 5, 6)]
    assert later.known == ()
    assert [entry.id for entry in issue_judgements(path, report(), "c" * 64, on=DAY + dt.timedelta(1)).new] == [
        f"2026-02-01.{number}" for number in (1, 2, 3)
    ]


def test_a_draft_is_not_issued(tmp_path: Path):
    with pytest.raises(LedgerError, match="report: is a draft, of which a gate failed"):
        issue_judgements(tmp_path / "new.jsonl", report(passed=False), "a" * 64, on=DAY)
    assert not (tmp_path / "new.jsonl").exists()


def test_a_resolution_is_a_line_of_its_own(path: Path):
    held = resolve_judgements(path, {f"{DAY}.1": "complied", f"{DAY}.3": "void"}, on=dt.date(2029, 5, 1), note="seen")
    assert {name: entry.state for name, entry in held.resolved.items()} == {
        f"{DAY}.1": "complied",
        f"{DAY}.3": "void",
    }
    assert [*held.open] == [f"{DAY}.2"]


def test_every_fault_of_a_resolution_is_named_and_nothing_is_entered(path: Path):
    resolve_judgements(path, {f"{DAY}.1": "complied"}, on=DAY)
    before = path.read_bytes()
    wrong = {f"{DAY}.1": "partial", f"{DAY}.2": "kept", f"{DAY}.7": "complied"}
    with pytest.raises(LedgerError) as caught:
        resolve_judgements(path, wrong, on=DAY - dt.timedelta(1))
    said = str(caught.value)
    assert "2026-01-31.1: was resolved on 2026-01-31 as complied; --correct puts another resolution in its" in said
    assert "2026-01-31.2: cannot come to 'kept'; known: defected, partial, complied, void" in said
    assert "2026-01-31.7: is not the id of a judgement in it; did you mean" in said
    assert "2026-01-31.2: was issued on 2026-01-31, after 2026-01-30" in said
    assert path.read_bytes() == before


def test_a_correction_is_said_and_both_stay(path: Path):
    resolve_judgements(path, {f"{DAY}.1": "complied"}, on=DAY, note="a paper")
    with pytest.raises(LedgerError, match="note: is empty; say why"):
        resolve_judgements(path, {f"{DAY}.1": "partial"}, on=DAY, correct=True)
    held = resolve_judgements(path, {f"{DAY}.1": "partial"}, on=DAY, note="the archive", correct=True)
    assert held.resolved[f"{DAY}.1"].state == "partial"
    assert [entry.state for entry in held.entries if entry.kind == "resolved"] == ["complied", "partial"]
    with pytest.raises(LedgerError, match=r"2026-01-31.2: is not resolved yet, so that nothing is to correct"):
        resolve_judgements(path, {f"{DAY}.2": "partial"}, on=DAY, note="x", correct=True)
