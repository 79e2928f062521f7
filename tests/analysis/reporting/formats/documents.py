"""Documents for the tests of formats: one of every block, and one made of text that would be a command elsewhere."""

from __future__ import annotations

from servanda.analysis.figures.outcomes import outcomes_svg
from servanda.analysis.reporting.document.blocks import (
    Bullets,
    Callout,
    Chapter,
    Columns,
    Document,
    Figure,
    Fold,
    Heading,
    Paragraph,
    Run,
    Table,
    Terms,
    runs,
)

#: Text that is a command to some format.
HOSTILE = {
    "script": "<script>document.title = 'owned'</script>",
    "image": "<img src=x onerror=\"document.title = 'owned'\">",
    "attribute": '" onmouseover="alert(1)" x=\'',
    "entity": "&lt;b&gt; &amp; &#x41; </w:t></a:t>",
    "markdown": "# none **none** _none_ [none](javascript:alert(1)) `none` ![none](http://x.example/y.png) ~~none~~",
    "mathematics": "$x^2$ and $$ x $$ and \\(x\\)",
    "typst": '#set page(width: 1pt) #panic("x") @none <none> // none /* none */ *none* _none_ #eval("1")]',
    "escape": '\\ \\u{41} \\n \\" ~ -- --- ... "quoted" \'quoted\'',
    "title": "= none",
    "list": "- none",
    "numbered": "1. none",
    "plus": "+ none",
    "term": "/ none: none",
    "quote": "> none",
    "rule": "---",
    "fence": "```",
    "cell": "| none | none |",
    "formula": "=cmd|' /C calc'!A0",
    "sum": "+SUM(A1)",
    "minus": "-1+1",
    "at": "@SUM(A1)",
    "wide": "\N{FULLWIDTH EQUALS SIGN}1+1",
    "lines": "one\n\n= two\u2028#three\x0b+ four",
    "tab": "\t=1+1",
    "long": "unbreakable" * 30,
    "override": "\N{RIGHT-TO-LEFT OVERRIDE}desrever",
    "mark": "a \N{RIGHT-TO-LEFT MARK} b",
    "hebrew": "\N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET} 12",
    "leaving": "\N{POP DIRECTIONAL ISOLATE}\N{RIGHT-TO-LEFT OVERRIDE}tuo",
}
#: Addresses that a link may not lead to, or that would end their attribute.
ADDRESSES = ("javascript:alert(1)", 'https://x.example/"#set]', "#none", "data:text/html,x", "file:///etc/passwd")
STYLES = ("", "strong", "emphasis", "code", "second", "alarm")


def figure(label: str = "alone", alt: str = "alone: kept 70 %") -> Figure:
    return Figure(
        outcomes_svg([{"label": label, "shares": [0.7, 0.3]}], ["kept", "broken"], name="f"), alt, runs("Read so.")
    )


def every_kind() -> Document:
    """A document of every kind of block, with what a report's page one has where slides look for it."""
    head = (runs("Backers"), runs("kept"))
    table = Table(runs("Counts"), head, ((runs("1"), runs("45 / 73")), (runs("2"), runs("-1"))),
                  note=runs("in cases"), numeric=frozenset({1}), marked=1, compact=True)  # fmt: skip
    first = (
        Paragraph(runs("The record does ", Run("not", "strong"), " settle it."), "lead"),
        Columns(
            (
                (
                    Heading(runs("If it comes to a test"), anchor="outcomes"),
                    figure(),
                    Paragraph(runs("On average."), "note"),
                ),
                (
                    Heading(runs("What that changes"), anchor="moved"),
                    figure("with"),
                    Paragraph(runs("First line."), "note"),
                ),
            )
        ),
        Heading(runs("How far to trust it"), anchor="trust-it"),
        Paragraph(runs("Our confidence is ", Run("low", "strong"), ".")),
        Bullets((runs("No precedent."), runs("See ", Run("the annex", href="#annex"), "."))),
        Columns(
            (
                (Heading(runs("What would change our mind"), anchor="mind"), Bullets((runs("If seen: from 1 to 2."),))),
                (Heading(runs("What the model cannot see"), anchor="cannot-see"), Paragraph(runs("Who is in office."))),
            )
        ),
        Heading(runs("The record's own count"), anchor="count"),
        Columns(((table,), (table,))),
    )
    annex = (
        Heading(runs("Terms"), anchor="terms"),
        Terms(((runs("kept"), runs("done in full")),)),
        Callout((Paragraph(runs("A check failed."), "alarm"),), "alarm"),
        Callout((Paragraph(runs("Mind this.")),)),
        Fold(runs("All numbers"), (Heading(runs("Deeper"), 4), table, Paragraph(runs(Run("a_name", "code"))))),
        Paragraph(runs("Read ", Run("a source", href="https://doi.org/10.2307/1"), Run(" en español", language="es"))),
    )
    return Document(
        "en",
        runs("Known on 25 April 2019"),
        runs("Does it help?"),
        (
            Chapter("answer", runs("The answer"), first),
            Chapter("annex", runs("Annex"), annex, (("terms", runs("Terms")),)),
        ),
        date="2026-01-31",
        labels={
            "contents": runs("On this page"),
            "draft": runs("DRAFT"),
            "skip": runs("Skip"),
            "footer": runs("Every number stands in report.json."),
            "signed": runs("not signed"),
        },
    )


def hostile() -> Document:
    """A document in which every text, in every place, is a command to some format."""
    told = tuple(HOSTILE.values())
    spread = tuple(Run(text, style) for text in told for style in STYLES)
    linked = tuple(Run(f"link {place}", href=address) for place, address in enumerate(ADDRESSES))
    table = Table(
        runs(HOSTILE["typst"]),
        (runs(HOSTILE["title"]), runs(HOSTILE["script"])),
        tuple((runs(text), (Run("x"), Run(text, "second"))) for text in told),
        note=runs(HOSTILE["markdown"]),
        marked=1,
    )
    first = (
        *(Paragraph(runs(text), "lead") for text in told),
        Heading(runs(HOSTILE["title"]), anchor='outcomes"] #set'),
        figure(HOSTILE["script"], HOSTILE["attribute"]),
        Heading(runs(HOSTILE["markdown"]), anchor="trust-it"),
        Bullets(tuple(runs(text) for text in told)),
        Heading(runs(HOSTILE["typst"]), anchor="count"),
        Columns(((table,), (Paragraph(linked),))),
    )
    annex = (
        Terms(tuple((runs(text), runs(text)) for text in told)),
        *(Fold(runs(text), (Callout((Paragraph(runs(text), "alarm"),), "alarm"),), anchor="twice") for text in told),
        Paragraph((*spread, Run("en español", language='es" onload="x'))),
        Paragraph(runs("before ", HOSTILE["override"], " between ", HOSTILE["leaving"], " 123 after")),
    )
    label = runs(HOSTILE["script"], HOSTILE["typst"])
    return Document(
        "en",
        label,
        label,
        (Chapter("answer", label, first), Chapter("annex", label, annex, (("twice", label),))),
        passed=False,
        labels=dict.fromkeys(("contents", "draft", "skip", "footer", "signed", "draws", "shielded"), label),
    )
