"""Sources of the cases that a report names, with links out and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .....record import load_sources
from ...document.blocks import Block, Paragraph, Run, Table, runs
from ...document.language import N_, Language
from ...section import Answers, Material, Part, Section
from ..record import named_cases


def cited(keys: Iterable[str]) -> dict[str, dict[str, str]]:
    """Bibliography of some source keys.

    Returns
    -------
    dict
        Key, in order -> its ``text``, without its address, and its ``href``, an address on the web or nothing. A key
        that the shipped bibliography lacks is its own text.

    Examples
    --------
    >>> cited(["anderson1966"])["anderson1966"]["text"]
    'M. S. Anderson (1966). The Eastern Question, 1774-1923.'
    """
    known = load_sources()
    found = {}
    for key in sorted(set(keys)):
        source = known.get(key)
        text = key if source is None else str(source).removesuffix(f" {source.url}") if source.url else str(source)
        found[key] = {"text": text, "href": source.url if source else ""}
    return found


def _content(material: Material, answers: Answers) -> dict[str, Any]:  # noqa: ARG001
    return {}


def _of_named_cases(report: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Sources of the cases that the record's section names."""
    return cited(key for case in named_cases(report) for key in case["sources"])


def _listed(report: Mapping[str, Any], say: Language) -> list[Block]:
    named = named_cases(report)
    rows = []
    for number, (key, source) in enumerate(report["sources"].items(), 1):
        back: list[str | Run] = []
        for place, case in enumerate(named, 1):
            if key in case["sources"]:
                back += [" " if back else "", Run(f"\N{UPWARDS ARROW}{place}", href=f"#case-{place}")]
        text = Run(source["text"], href=source["href"], language="en")
        rows.append((runs(Run(f"[{number}]", anchor=f"source-{number}")), runs(text), runs(*back)))
    columns = (say(N_("Number")), say(N_("Source")), say(N_("Cases")))
    lexicon = report["answer"]["lexicon"]
    words = say(
        N_("Likelihood words: {title}; {source}."),
        title=lexicon["titles"].get(say.code, lexicon["title"]),
        source=lexicon["source"],
    )
    return [Table(say(N_("Sources of the cases named in this report")), columns, tuple(rows)), Paragraph(words, "note")]


SECTION = Section(_content, closing=_of_named_cases, parts=(Part("annex", N_("Sources"), _listed),))
