"""What changed since an earlier report, and what each change explains; and the inputs by which a later one will ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...document.blocks import Block, Bullets, Paragraph, Table, Text, plain, runs
from ...document.language import N_, Language
from ...inputs import inputs
from ...section import Answers, Material, Part, Section, Task
from ...since import since

#: Part of the inputs -> what a reader calls it.
_PARTS = {
    "data": N_("the record"),
    "priors": N_("what was believed before"),
    "network": N_("the network"),
    "scenario": N_("the question and the described case"),
    "settings": N_("settings of the computation"),
    "versions": N_("versions of the software"),
}
#: Keys that say no more than what stands below them.
_HOLDING = ("nodes", "priors", "judgements", "formats")
#: How many single differences of a part the annex lists before it only counts them.
_LISTED = 40


def _inputs(material: Material, answers: Answers) -> dict[str, Any]:  # noqa: ARG001
    loaded = material.loaded
    return inputs(loaded, material.cases, material.posteriors[loaded.priors[0].name])


def _prepare(task: Task) -> dict[str, Any] | None:
    if task.earlier is None:
        return None
    now = inputs(task.loaded, task.cases, task.posteriors[task.loaded.priors[0].name])
    return since(task.earlier, now, task)


def _content(material: Material, answers: Answers) -> dict[str, Any] | None:  # noqa: ARG001
    return material.prepared.get("since")


def _words(report: Mapping[str, Any], say: Language) -> list[Block]:
    found = report["since"]
    blocks: list[Block] = [Paragraph(_whole(found, say))]
    changed = [name for name, edits in found["differences"].items() if edits]
    if not changed:
        return [*blocks, Paragraph(say(N_("Nothing that the answer rests on has changed.")))]
    blocks.append(Bullets(tuple(runs(_counted(found, name, say)) for name in changed)))
    return [*blocks, _steps(found, say), Paragraph(_order(say), "note")]


def _whole(found: Mapping[str, Any], say: Language) -> Text:
    """The answer then and now."""
    before, now, day = found["before"], found["now"], say.day(found["earlier"]["as_of"])
    answer = {"before": say.percent(before["answer"]), "now": say.percent(now["answer"]), "day": day}
    if before["change"] is None or now["change"] is None:
        return say(N_("The answer was **{before}** by what was known on {day}, and is **{now}**."), **answer)
    change = {"then": say.points(before["change"]), "moved": say.points(now["change"])}
    message = N_(
        "The answer was **{before}** by what was known on {day}, and is **{now}**. "
        "What the format changes was **{then}** points, and is **{moved}**."
    )
    return say(message, **answer, **change)


def _counted(found: Mapping[str, Any], name: str, say: Language) -> Text:
    """How much changed of one part, in a line."""
    edits = found["differences"][name]
    if name != "data":
        part = say.line(_PARTS[name])
        return say.plural("{part}: {n} difference", "{part}: {n} differences", len(edits), part=part)
    whole = [edit for edit in edits if len(edit["place"]) == 1]
    counts = {
        "added": say.count(sum(edit["before"] is None for edit in whole)),
        "dropped": say.count(sum(edit["after"] is None for edit in whole)),
        "coded": say.count(len({edit["place"][0] for edit in edits if len(edit["place"]) > 1})),
    }
    return say(N_("the record: {added} cases added, {dropped} dropped, {coded} coded otherwise"), **counts)


def _steps(found: Mapping[str, Any], say: Language) -> Table:
    """The shift, step by step, with the rest and the whole."""
    shift = found["shift"]
    lines = [(_named(step["parts"], say), step) for step in shift["steps"]]
    lines += [(say.line(N_("Monte Carlo error, settings and versions")), shift["rest"])]
    rows = [(runs(name), *_moves(step, say)) for name, step in lines]
    whole = {**shift, "answer_error": None, "change_error": None}
    rows.append((say(N_("all together")), *_moves(whole, say)))
    columns = (say(N_("Swapped")), say(N_("the answer moves by")), say(N_("what the format changes moves by")))
    note = say(N_("Points of probability; in brackets the error of the computation."))
    caption = say(N_("What explains the shift"))
    return Table(caption, columns, tuple(rows), note, frozenset({1, 2}), compact=True)


def _named(parts: list[str], say: Language) -> str:
    return say.listed([say.line(_PARTS[name]) for name in parts])


def _moves(step: Mapping[str, Any], say: Language) -> tuple[Text, Text]:
    return _move(step["answer"], step["answer_error"], say), _move(step["change"], step["change_error"], say)


def _move(x: float | None, error: float | None, say: Language) -> Text:
    if x is None:
        return runs("-")
    moved = say.decimal(100 * x, 1, signed=round(100 * x, 1) != 0)
    return runs(moved) if error is None else runs(f"{moved} ({say.decimal(100 * error, 1)})")


def _order(say: Language) -> Text:
    return say(
        N_(
            "The network was fitted with every mixture of the earlier inputs and the new ones. A line is what swapping "
            "its part moves, on average over all orders of the swaps (Shapley value); the lines add up to the whole."
        )
    )


def _notes(found: Mapping[str, Any], say: Language) -> Iterator[Block]:
    """What a step could not keep apart, and whose computation has not settled."""
    for step in found["shift"]["steps"]:
        named = _named(step["parts"], say)
        if step["note"]:
            yield Paragraph(say(N_("Swapped together: {parts}. {why}"), parts=named, why=step["note"]), "note")
        if step["unsettled"]:
            yield Paragraph(say(N_("A check of a fit behind this step failed: {parts}."), parts=named), "alarm")


def _annex(report: Mapping[str, Any], say: Language) -> list[Block]:
    found = report["since"]
    blocks: list[Block] = [*_notes(found, say)]
    for name, edits in found["differences"].items():
        blocks += _edits(say.line(_PARTS[name]), edits, say)
    return blocks


def _edits(part: str, edits: Sequence[Mapping[str, Any]], say: Language) -> Iterator[Block]:
    """Differences of one part: what came and went by its name, the rest before and now."""
    came = [edit for edit in edits if edit["before"] is None and _has_parts(edit["after"])]
    went = [edit for edit in edits if edit["after"] is None and _has_parts(edit["before"])]
    for message, whole in (
        (N_("**Added** ({part}): {names}"), came),
        (N_("**Dropped** ({part}): {names}"), went),
    ):
        if whole:
            yield Paragraph(say(message, part=part, names=_names(whole, say)))
    rest = [edit for edit in edits if edit not in came and edit not in went]
    rows = tuple(
        (runs(_place(edit)), _value(edit["before"], say), _value(edit["after"], say)) for edit in rest[:_LISTED]
    )
    if rows:
        columns = (say(N_("Where")), say(N_("Before")), say(N_("Now")))
        note = _more(len(rest) - len(rows), say) if len(rest) > len(rows) else ()
        yield Table(say(N_("Differences: {part}"), part=part), columns, rows, note)


def _names(edits: Sequence[Mapping[str, Any]], say: Language) -> str:
    shown = [_place(edit) for edit in edits[:_LISTED]]
    left = len(edits) - len(shown)
    return say.listed([*shown, plain(_more(left, say))] if left else shown)


def _more(left: int, say: Language) -> Text:
    return say.plural("{n} more, in the file `report.json`", "{n} more, in the file `report.json`", left)


def _has_parts(value: Any) -> bool:
    return isinstance(value, dict)


def _place(edit: Mapping[str, Any]) -> str:
    """Where it stands; what holds all nodes, entries or judgements need not be said."""
    return ", ".join(key for key in edit["place"] if key not in _HOLDING)


def _value(value: Any, say: Language) -> Text:
    """What stands at a place, in short."""
    if value is None:
        return runs("-")
    return say(N_("several")) if _has_parts(value) else runs(say.figure(value))


INPUTS = Section(_inputs)
SECTION = Section(
    _content,
    prepare=_prepare,
    fits=True,
    parts=(
        Part("change", N_("Since the last report"), _words),
        Part("annex", N_("Since the last report, in detail"), _annex),
    ),
)
