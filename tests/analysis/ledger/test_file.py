"""A ledger is only appended to; what was changed, taken out, put in or broken off is named by its line."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.analysis.ledger.file import Ledger, LedgerError, append, read_ledger
from servanda.analysis.ledger.issue import resolve_judgements
from servanda.analysis.ledger.lines import NOTHING, line_hash

from .makers import DAY, issued


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Four judgements and a resolution, written one by one."""
    place = tmp_path / "judgements.jsonl"
    for number in range(1, 5):
        append(place, lambda _, number=number: [issued(number)])
    resolve_judgements(place, {f"{DAY}.2": "complied"}, on=DAY, note="seen")
    return place


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def rewrite(path: Path, text: list[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in text), encoding="utf-8")


def test_what_was_written_is_read(path: Path):
    ledger = read_ledger(path)
    assert list(ledger.issued.values()) == [issued(number) for number in range(1, 5)]
    assert ledger.resolved[f"{DAY}.2"].note == "seen"
    assert [*ledger.open] == [f"{DAY}.{number}" for number in (1, 3, 4)]


def test_the_chain_is_sha256_of_the_line_before_and_of_the_content(path: Path):
    """By hashlib and json alone, as anybody can check who has the file."""
    before = NOTHING
    for line in lines(path):
        content = json.loads(line)
        own, said = content.pop("hash"), content.pop("before")
        assert said == before
        plain = json.dumps(content, sort_keys=True)
        assert own == hashlib.sha256(f"{before}\n{plain}".encode()).hexdigest()
        before = own
    assert read_ledger(path).head == before


def test_appending_leaves_every_byte_that_stands(path: Path):
    before = path.read_bytes()
    append(path, lambda _: [issued(9)])
    assert path.read_bytes().startswith(before)


def test_nothing_to_append_writes_nothing(path: Path):
    before = path.read_bytes()
    append(path, lambda _: [])
    assert path.read_bytes() == before


@pytest.mark.parametrize("changed", ["0.5", "France", "2026-01-31"])
def test_a_changed_line_is_named(path: Path, changed: str):
    text = lines(path)
    text[1] = text[1].replace(changed, {"0.5": "0.50001", "France": "Spain"}.get(changed, "2026-01-30"), 1)
    rewrite(path, text)
    with pytest.raises(LedgerError, match=r"line 2: was changed after it was written"):
        read_ledger(path)


def test_a_line_that_was_changed_with_its_hash_is_given_away_by_the_next(path: Path):
    text = lines(path)
    content = json.loads(text[1])
    content["confidence"] = "moderate"
    own = {key: value for key, value in content.items() if key not in ("hash", "before")}
    told = f"{content['before']}\n{json.dumps(own, sort_keys=True)}"
    text[1] = json.dumps({**content, "hash": hashlib.sha256(told.encode()).hexdigest()})
    rewrite(path, text)
    with pytest.raises(LedgerError, match="line 3: does not follow the line before it"):
        read_ledger(path)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_line_taken_out_put_in_or_moved_is_noticed(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject):
    place = tmp_path_factory.mktemp("ledger") / "judgements.jsonl"
    append(place, lambda _: [issued(number) for number in range(1, 6)])
    text = lines(place)
    one = data.draw(st.integers(0, len(text) - 2))
    how = data.draw(st.sampled_from(["out", "again", "moved"]))
    kept = text[:one] + text[one + 1 :]
    changed = {"out": kept, "again": [*text[: one + 1], text[one], *text[one + 1 :]], "moved": [*kept, text[one]]}[how]
    rewrite(place, changed)
    with pytest.raises(LedgerError, match="does not follow the line before it"):
        read_ledger(place)


def test_all_faults_come_at_once_and_say_what_to_do(path: Path):
    text = lines(path)
    text[0], text[2] = "nonsense", text[2].replace("low", "high")
    rewrite(path, text)
    with pytest.raises(LedgerError, match="only ever appended") as caught:
        read_ledger(path)
    assert [fault.where for fault in caught.value.faults] == ["line 1", "line 3", ""]
    assert "is no line of a ledger" in caught.value.faults[0].what


def test_a_torn_last_line_is_named_and_not_written_over(path: Path):
    whole = path.read_bytes()
    path.write_bytes(whole[:-25])
    for attempt in (read_ledger, lambda place: append(place, lambda _: [issued(9)])):
        with pytest.raises(LedgerError, match=r"line 5: was not written to its end and counts for nothing; delete it"):
            attempt(path)
    assert path.read_bytes() == whole[:-25]


def test_a_last_line_break_that_an_editor_took_is_put_back(path: Path):
    path.write_bytes(path.read_bytes()[:-1])
    append(path, lambda _: [issued(9)])
    assert len(read_ledger(path)) == 6


def test_a_line_of_another_schema_says_which_key(path: Path):
    """Such as one that a later version wrote, with a chain that is whole."""
    content = {"kind": "resolved", "id": f"{DAY}.1", "state": "partial"}
    before = read_ledger(path).head
    line = {**content, "before": before, "hash": line_hash(before, content)}
    rewrite(path, [*lines(path), json.dumps(line)])
    with pytest.raises(LedgerError, match=r"line 6: is not as a ledger has it \(resolved.on: Field required\)"):
        read_ledger(path)


def test_the_same_id_twice_is_named(tmp_path: Path):
    append(tmp_path / "a.jsonl", lambda _: [issued(1), issued(1)])
    with pytest.raises(LedgerError, match=r"line 2: issues 2026-01-31.1 again, as line 1 did"):
        read_ledger(tmp_path / "a.jsonl")


def test_no_file_is_said_and_an_empty_one_is_a_ledger(tmp_path: Path):
    with pytest.raises(LedgerError, match=r"there is no such file; `servanda report SCENARIO --ledger .* begins one"):
        read_ledger(tmp_path / "none.jsonl")
    with pytest.raises(LedgerError, match="cannot be read"):
        read_ledger(tmp_path)
    (tmp_path / "empty.jsonl").write_text("")
    assert read_ledger(tmp_path / "empty.jsonl") == Ledger()


WRITER = """
import sys
sys.path.insert(0, sys.argv[1])
from makers import issued
from servanda.analysis.ledger.file import append
for number in range(15):
    # What is written depends on what stands there: without a lock two would take one number.
    append(sys.argv[2], lambda held: [issued(len(held) + 1, row=f"{sys.argv[3]} {number}")])
"""


def test_two_writers_at_once_lose_nothing(tmp_path: Path):
    path = tmp_path / "judgements.jsonl"
    words = [sys.executable, "-c", WRITER, str(Path(__file__).parent), str(path)]
    both = [subprocess.Popen([*words, name], stderr=subprocess.PIPE) for name in ("one", "other")]
    for process in both:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said.decode()
    rows = [entry.row for entry in read_ledger(path).issued.values()]
    assert sorted(rows) == sorted(f"{name} {number}" for name in ("one", "other") for number in range(15))
