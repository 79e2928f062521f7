"""A report as a document: the dictionary of `build`, worded chapter by chapter in one language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .document.blocks import Block, Bullets, Callout, Chapter, Document, Fold, Heading, Panel, Paragraph, Text, runs
from .document.language import N_, Language
from .section import CHAPTERS
from .sections import SECTIONS
from .sections.judgements import failed_line


def assemble(report: Mapping[str, Any], language: str = "en", panel: Panel | None = None) -> Document:
    """Document of a report.

    Parameters
    ----------
    report
        What `servanda.analysis.reporting.build.build` returns, or the same read back from its JSON.
    language
        ``en`` or ``es``.
    panel
        The knobs of "What if?" in this language, if the report has them.

    Returns
    -------
    Document
        Equal reports give equal documents.

    Raises
    ------
    QueryError
        If there is no such language.
    """
    question = report["question"]
    say = Language(language, question.get("translations", {}).get(language, {}))
    chapters = [_chapter(report, say, name, title) for name, title in CHAPTERS.items()]
    return Document(
        language=language,
        dateline=_dateline(report, say),
        title=runs(say.term(question["ask"] or question["title"])),
        chapters=tuple(chapter for chapter in chapters if chapter.blocks),
        passed=report["passed"],
        date=report.get("issued", ""),
        labels={
            "contents": say(N_("On this page")),
            "draft": say(N_("DRAFT")),
            "signed": _signed(report, say),
            "draws": say(N_("Posterior of every judged row, unrounded")),
            "shielded": say(
                N_("In all files a cell that a spreadsheet would take for a formula has an apostrophe before it."),
            ),
            "skip": say(N_("Skip to the answer")),
            "what_if": say(N_("What if?")),
            "turn": say(N_("Turn the knobs yourself")),
            "knobs": say(
                N_(
                    "Turn the knobs and see what the draws of the fit say. Nothing leaves this page, and nothing is "
                    "sent anywhere."
                )
            ),
            "footer": say(
                N_("Every number stands, unrounded, in the file `report.json` that was written with this report."),
            ),
        },
        panel=panel,
    )


def _chapter(report: Mapping[str, Any], say: Language, name: str, title: str) -> Chapter:
    blocks: list[Block] = []
    contents: list[tuple[str, Text]] = []
    if name == "answer" and not report["passed"]:
        blocks.append(_draft(report, say))
    for anchor, part, found in _parts(report, say, name):
        if part:
            blocks.append(Heading(say(part), anchor=anchor))
            contents.append((anchor, say(part)))
        blocks += found
    return Chapter(name, say(title), tuple(blocks), tuple(contents))


def _parts(report: Mapping[str, Any], say: Language, chapter: str) -> Iterator[tuple[str, str, list[Block]]]:
    """Anchor, title and blocks of every part of a chapter that holds something."""
    for name, section in SECTIONS.items():
        if not report.get(name):
            continue
        for place, part in enumerate(section.parts):
            blocks = [*part.blocks(report, say)] if part.chapter == chapter else []
            if blocks:
                # A chapter may be called as a section is, and an anchor stands once.
                own = name if place == 0 and name not in CHAPTERS else f"{name}-{chapter}"
                yield own, part.title, blocks


def _dateline(report: Mapping[str, Any], say: Language) -> Text:
    question, record = report["question"], report["record"]
    parts = [say(N_("Known on {day}"), day=say.day(question["as_of"]))]
    if report.get("issued"):
        parts.append(say(N_("issued {day}"), day=say.day(report["issued"])))
    parts.append(say.plural("statistical, {n} coded case", "statistical, {n} coded cases", record["cases"]))
    parts.append(_signed(report, say))
    found: Text = parts[0]
    for part in parts[1:]:
        found = runs(found, " \N{MIDDLE DOT} ", part)
    return found


def _signed(report: Mapping[str, Any], say: Language) -> Text:
    signed = report.get("signed", "")
    return say(N_("signed by {who}"), who=signed) if signed else say(N_("**not signed by an analyst**"))


def _draft(report: Mapping[str, Any], say: Language) -> Callout:
    """What stands over the answer where a gate failed."""
    failed = tuple(runs(failed_line(gate, say)) for gate in report["failed_gates"])
    message = N_(
        "**DRAFT.** A check of the computation failed: this report is not to be quoted. "
        "Numbers whose own checks failed are marked where they stand."
    )
    return Callout((Paragraph(say(message)), Fold(say(N_("The checks that failed")), (Bullets(failed),))), "alarm")
