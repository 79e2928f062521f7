"""Formats: every text arrives as text, every file is what it says it is, and a second run writes the same bytes."""

from __future__ import annotations

import csv
import html
import io
import json
import re
import shutil
import subprocess
import unicodedata
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from servanda.analysis.reporting.document.blocks import (
    Bullets,
    Callout,
    Chapter,
    Document,
    Fold,
    Heading,
    Paragraph,
    Table,
    runs,
)
from servanda.analysis.reporting.document.safety import isolated
from servanda.analysis.reporting.formats import files, typeset
from servanda.analysis.reporting.formats.files import FORMATS, FormatsError, checked_formats
from servanda.analysis.reporting.formats.programs import _run, moment
from servanda.analysis.reporting.formats.slides import slides
from servanda.analysis.reporting.formats.tables import SUMMARY, shield
from servanda.analysis.reporting.formats.tree import column_shares, every_block
from servanda.analysis.reporting.make import write_report
from servanda.common.json_values import content_hash

from .documents import HOSTILE, every_kind, hostile

WORDS = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
PDFTOTEXT = shutil.which("pdftotext")
#: Characters that show nothing: isolates, marks of direction, places to break.
UNSEEN = dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069\u202a\u202b\u202c\u202d\u202e\u200b\u200e\u200f\ufeff"))


def seen(text: str) -> str:
    """Text without what shows nothing: spaces, controls, isolates."""
    return "".join(text.translate(UNSEEN).split())


@pytest.fixture(scope="module")
def made():
    """Both documents in every format."""
    documents = {"hostile": hostile(), "every": every_kind()}
    return {
        name: {form: how.write(document, {}, name) for form, how in FORMATS.items()}
        for name, document in documents.items()
    }


def members(data: bytes, pattern: str) -> list[ET.Element]:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return [ET.fromstring(file.read(name)) for name in sorted(file.namelist()) if re.fullmatch(pattern, name)]


def paragraphs(root: ET.Element, space: str) -> list[str]:
    return ["".join(piece.text or "" for piece in found.iter(f"{space}t")) for found in root.iter(f"{space}p")]


def read_pdf(data: bytes, tmp_path) -> str:
    path = tmp_path / "read.pdf"
    path.write_bytes(data)
    return subprocess.run([PDFTOTEXT, "-layout", path, "-"], capture_output=True, check=True).stdout.decode()


# What arrives


def test_docx_holds_hostile_text_as_text(made):
    (body,) = members(made["hostile"]["docx"]["hostile.docx"], "word/document.xml")
    found = paragraphs(body, WORDS)
    for name, text in HOSTILE.items():
        assert sum(seen(line) == seen(text) for line in found) >= 3, name
    assert not list(body.iter(f"{WORDS}altChunk")), "nothing but text comes in"


def test_docx_links_lead_to_the_web_or_within(made):
    with zipfile.ZipFile(io.BytesIO(made["hostile"]["docx"]["hostile.docx"])) as file:
        relations = ET.fromstring(file.read("word/_rels/document.xml.rels"))
    outward = {one.get("Target") for one in relations if one.get("TargetMode") == "External"}
    assert {target for target in outward if not target.startswith("https://")} <= {"http://example.com"}


def test_pptx_holds_hostile_text_as_text_on_three_slides(made):
    found = members(made["hostile"]["pptx"]["hostile.pptx"], r"ppt/slides/slide\d+\.xml")
    assert len(found) == 3
    lines = [seen(line) for slide in found for line in paragraphs(slide, DRAWING)]
    for name, text in HOSTILE.items():
        assert lines.count(seen(text)) >= 2, name


@pytest.mark.parametrize("form", ["docx", "pptx"])
def test_every_member_of_an_office_file_is_xml_and_holds_the_title_as_text(made, form):
    data = made["hostile"][form][f"hostile.{form}"]
    assert members(data, r".*\.(xml|rels)")
    (core,) = members(data, r"docProps/core\.xml")
    title = next(one.text for one in core if one.tag.endswith("}title"))
    assert seen(title) == seen(HOSTILE["script"] + HOSTILE["typst"])
    for footer in members(data, r"word/footer1\.xml"):
        said = "".join(piece.text for piece in footer.iter(f"{WORDS}t"))
        assert seen(said).count(seen(HOSTILE["script"])) == 3, "title, draft and who signs"


@pytest.mark.skipif(PDFTOTEXT is None, reason="pdftotext (poppler) is not installed")
def test_pdf_holds_hostile_text_as_text(made, tmp_path):
    found = seen(read_pdf(made["hostile"]["pdf"]["hostile.pdf"], tmp_path))
    turned = {"override", "mark", "hebrew", "leaving", "wide"}
    for name, text in HOSTILE.items():
        if name not in turned and name != "attribute":
            assert found.count(seen(text)) >= 3, name
    # Set from right to left, a reader gives it back from left to right.
    assert found.count("desrever") + found.count("reversed") >= 3


def test_typst_never_meets_a_users_text_outside_of_a_string(monkeypatch):
    kept = []
    source = typeset._source

    def watched(document, body, size):
        kept.append(body)
        return source(document, body, size)

    monkeypatch.setattr(typeset, "_source", watched)
    typeset.pdf(hostile(), {}, "x")
    assert len(kept) >= 2
    for body in kept:
        outside = re.sub(r'"(?:[^"\\]|\\.)*"', '""', body)
        assert not [word for word in ("none", "panic", "unbreakable", "script", "eval") if word in outside]


class Elements(HTMLParser):
    """Names of elements, attributes and text of a page as a browser holds it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._hidden = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self._hidden = tag in {"style", "title"}
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        self._hidden = False

    def handle_data(self, data):
        self.text += [] if self._hidden else [data]


def held_to_its_text(page: str) -> None:
    found = Elements(page)
    said = seen("".join(found.text))
    for name, text in HOSTILE.items():
        assert said.count(seen(text)) >= 5, name
    assert not {tag for tag, _ in found.elements} & {"script", "img", "iframe", "object", "embed", "b"}
    handlers = {name for _, attributes in found.elements for name in attributes if name.startswith("on")}
    assert not handlers
    hrefs = {attributes["href"] for tag, attributes in found.elements if tag == "a" and "href" in attributes}
    assert all(href.startswith(("#", "https://")) for href in hrefs)


def test_html_holds_hostile_text_as_text(made):
    held_to_its_text(made["hostile"]["html"]["hostile.html"].decode())


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium to show the page in")
def test_a_browser_holds_hostile_text_as_text(made, tmp_path):
    path = tmp_path / "hostile.html"
    path.write_bytes(made["hostile"]["html"]["hostile.html"])
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'user'}", "--dump-dom"]
    shown = subprocess.run([CHROMIUM, *options, path.as_uri()], capture_output=True, check=True, timeout=60)
    page = shown.stdout.decode()
    held_to_its_text(page)
    title = html.unescape(re.search(r"<title>(.*?)</title>", page, re.DOTALL)[1])
    assert title != "owned" and "document.title" in title


def test_markdown_is_read_back_as_the_same_text(made):
    source = made["hostile"]["md"]["hostile.md"]
    tree = json.loads(_run(["-f", "gfm-autolink_bare_uris", "-t", "json"], source))
    kinds: set[str] = set()
    text: list[str] = []

    def walk(value):
        if isinstance(value, dict):
            kinds.add(value.get("t", ""))
            if value.get("t") in {"Str", "Code"}:
                text.append(value["c"] if value["t"] == "Str" else value["c"][1])
            if value.get("t") == "Link":
                assert value["c"][2][0].startswith("https://")
            for one in value.values():
                walk(one)
        elif isinstance(value, list):
            for one in value:
                walk(one)

    walk(tree["blocks"])
    assert not kinds & {"RawBlock", "RawInline", "Math", "CodeBlock", "OrderedList", "HorizontalRule", "Strikeout"}
    said = seen("".join(text))
    for name, value in HOSTILE.items():
        assert said.count(seen(value)) >= 3, name


def test_csv_cells_are_no_formulas_and_hold_the_text(made):
    found = made["hostile"]["csv"]
    cells = [
        cell
        for data in found.values()
        for row in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        for cell in row
    ]
    for cell in cells:
        assert cell.strip().translate(UNSEEN)[:1] not in {*"=+-@\uff1d"} or re.fullmatch(r"[+-]?[\d.]+", cell), cell
    for text in HOSTILE.values():
        assert text in cells or f"'{text}" in cells
    index = list(csv.DictReader(io.StringIO(found["hostile-csv/index.csv"].decode("utf-8-sig"))))
    assert int(index[0]["cells_with_apostrophe"]) >= 6


def test_json_holds_hostile_text_as_text(tmp_path):
    """The dictionary is written by a serializer: whatever a text holds, reading gives it back and nothing else."""
    content = {"schema": 0, "question": {"ask": HOSTILE["script"]}, "texts": HOSTILE, HOSTILE["attribute"]: "key"}
    assert write_report(tmp_path, content, formats=()) == ()
    written = (tmp_path / "report.json").read_bytes()
    assert json.loads(written) == {**content, "sha256": content_hash(content)}
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


@pytest.mark.parametrize("text", ["=1", "+1+1", "-a", "@a", "\t=1", " =1", "\u202e=1", "\uff1d1", "\n-x"])
def test_what_a_spreadsheet_would_compute_is_shielded(text):
    assert shield(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-5", "+0.3", "1e-5", "-1,5", "kept", "a=b", "\N{MINUS SIGN}5", ""])
def test_what_no_spreadsheet_computes_is_left(text):
    assert shield(text) == text


def test_draws_are_summarised_unrounded():
    row = {"label": "alone", "mean": 0.7143373769656644, "lower": -0.0, "passed": True}
    content = {"judgements": [{"id": "us", "rows": [row]}]}
    found = FORMATS["csv"].write(every_kind(), content, "r")["r-csv/draws.csv"].decode("utf-8-sig")
    head, line = csv.reader(io.StringIO(found))
    assert tuple(head) == SUMMARY
    assert dict(zip(head, line, strict=True))["mean"] == "0.7143373769656644"


# Direction


@pytest.mark.parametrize("name", ["override", "mark", "hebrew", "leaving"])
def test_turning_text_cannot_leave_its_isolate(name):
    """Levels by the rules of Unicode TR9 for isolates: what follows is at the level it would have without."""
    depth = 0
    for character in isolated(HOSTILE[name]):
        kind = unicodedata.bidirectional(character)
        depth += (kind in {"LRI", "RLI", "FSI"}) - (kind == "PDI")
        assert depth > 0 or kind == "PDI"
    assert depth == 0


@pytest.mark.parametrize(("form", "pattern", "space"), [
    ("docx", "word/document.xml", WORDS), ("pptx", r"ppt/slides/slide\d.xml", DRAWING),
])  # fmt: skip
def test_office_files_isolate_what_turns(made, form, pattern, space):
    found = members(made["hostile"][form][f"hostile.{form}"], pattern)
    turning = [line for root in found for line in paragraphs(root, space) if "\u202e" in line]
    assert turning
    for line in turning:
        assert line.count("\u2068") == line.count("\u2069") or "\u2069\u202e" in line
        assert line.index("\u2068") < line.index("\u202e") < line.rindex("\u2069")


# What each file is


def test_pdf_is_tagged_for_archives_and_readers_and_page_one_is_one_page(made):
    data = made["every"]["pdf"]["every.pdf"]
    assert b"pdfuaid:part" in data and b"pdfaid:part" in data
    assert len(re.findall(rb"/Type\s*/Page\b", data)) == 2


def test_page_one_that_is_too_long_is_set_smaller_and_one_that_cannot_fit_goes_on():
    long = Paragraph(runs("many words " * 900))
    two = Document("en", (), runs("t"), (Chapter("answer", runs("a"), (long,)), Chapter("annex", runs("b"), (long,))))
    pages = {n: _pages(replace(two, chapters=(Chapter("answer", runs("a"), (long,) * n),))) for n in (1, 2)}
    assert pages == {1: 1, 2: 3} or pages[1] == 1 < pages[2]


def _pages(document: Document) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", FORMATS["pdf"].write(document, {}, "x")["x.pdf"]))


@pytest.mark.skipif(PDFTOTEXT is None, reason="pdftotext (poppler) is not installed")
def test_pdf_says_on_every_page_what_it_is_and_folds_stand_open(made, tmp_path):
    found = read_pdf(made["every"]["pdf"]["every.pdf"], tmp_path).split("\f")[:2]
    for place, page in enumerate(found, 1):
        assert "Does it help?" in page and "not signed" in page and f"{place}/2" in page.replace(" ", "")
    assert "All numbers" in found[1] and "Deeper" in found[1]


def test_docx_has_an_outline_alternatives_and_a_footer(made):
    data = made["every"]["docx"]["every.docx"]
    (body,) = members(data, "word/document.xml")
    styles = [one.get(f"{WORDS}val") for one in body.iter(f"{WORDS}pStyle")]
    assert {"Heading1", "Heading2", "Heading3"} <= {*styles}
    described = [one.get("descr") for one in body.iter() if one.tag.endswith("}docPr")]
    assert described == ["alone: kept 70 %"] * 2
    (footer,) = members(data, "word/footer1.xml")
    assert "".join(footer.itertext()).startswith("Does it help? \N{MIDDLE DOT} not signed")
    (settings,) = members(data, "word/styles.xml")
    assert {one.get(f"{WORDS}val") for one in settings.iter(f"{WORDS}lang")} == {"en-GB"}


def test_pptx_shows_the_answer_its_trust_and_the_count(made):
    found = members(made["every"]["pptx"]["every.pptx"], r"ppt/slides/slide\d+\.xml")
    lines = [paragraphs(slide, DRAWING) for slide in found]
    assert [slide[0] for slide in lines] == ["Does it help?", "How far to trust it", "The record's own count"]
    assert "What would change our mind" in lines[1] and "What the model cannot see" in lines[2]
    described = [one.get("descr") for one in found[0].iter() if one.tag.endswith("}cNvPr") and one.get("descr")]
    assert described == ["alone: kept 70 %"] * 2
    assert {one.get("lang") for slide in found for one in slide.iter(f"{DRAWING}rPr")} == {"en-GB"}


@pytest.mark.parametrize("blocks", [
    (), (Paragraph(runs("only a lead"), "lead"),), (Heading(runs("odd"), anchor="odd"), Bullets((runs("x"),))),
    (Heading(runs("count"), anchor="count"), Table(runs("t"), (runs("a"),), ((runs("b"),),))),
])  # fmt: skip
def test_there_are_three_slides_whatever_page_one_holds(blocks):
    document = Document("en", (), runs("Does it help?"), (Chapter("answer", runs("a"), blocks),))
    data = FORMATS["pptx"].write(document, {}, "x")["x.pptx"]
    assert len(members(data, r"ppt/slides/slide\d+\.xml")) == len(slides(document)) == 3


def test_a_draft_says_so_on_every_slide_and_page(made):
    document = replace(every_kind(), passed=False)
    found = members(FORMATS["pptx"].write(document, {}, "x")["x.pptx"], r"ppt/slides/slide\d+\.xml")
    assert all(paragraphs(slide, DRAWING)[0].startswith("DRAFT: ") for slide in found)
    (footer,) = members(FORMATS["docx"].write(document, {}, "x")["x.docx"], "word/footer1.xml")
    assert "DRAFT" in "".join(footer.itertext())


def test_csv_has_every_table_once(made):
    found = made["every"]["csv"]
    index = list(csv.DictReader(io.StringIO(found["every-csv/index.csv"].decode("utf-8-sig"))))
    tables = [block for block in every_block(every_kind()) if isinstance(block, Table)]
    assert len(index) == len(tables) + 1
    assert {f"every-csv/{row['file']}" for row in index} == {*found} - {"every-csv/index.csv"}
    assert index[2]["section"] == "Deeper" and index[2]["chapter"] == "Annex"


def test_markdown_names_its_figures_and_they_are_there(made):
    found = made["every"]["md"]
    named = re.findall(r"\]\((every-figures/[^)]+)\)", found["every.md"].decode())
    assert sorted(named) == sorted(name for name in found if name.endswith(".svg"))


def test_columns_are_wide_enough_for_their_words():
    table = Table(runs("t"), (runs("name"), runs("probability"), runs("what it says")),
                  tuple((runs("a_long_name"), runs("47 %"), runs("words " * n)) for n in range(1, 30)))  # fmt: skip
    shares = column_shares(table)
    assert sum(shares) == pytest.approx(1)
    assert min(shares) * 96 >= len("a_long_name") and max(shares) == shares[2]


@pytest.mark.skipif(PDFTOTEXT is None, reason="pdftotext (poppler) is not installed")
def test_what_is_folded_on_page_one_stands_at_the_end_of_a_pdf(tmp_path):
    fold = Fold(runs("The checks that failed"), (Paragraph(runs("one check " * 2000)),))
    first = Chapter("answer", runs("a"), (Callout((Paragraph(runs("DRAFT.")), fold), "alarm"), Paragraph(runs("lead"))))
    document = replace(every_kind(), chapters=(first, every_kind().chapters[1]))
    pages = read_pdf(FORMATS["pdf"].write(document, {}, "x")["x.pdf"], tmp_path).split("\f")
    assert "The checks that failed" in pages[0] and "one check" not in pages[0] and "lead" in pages[0]
    assert "Annex" in pages[1] and "one check" in pages[2]


# The same bytes, and what is needed


@pytest.mark.parametrize("form", FORMATS)
def test_a_second_run_writes_the_same_bytes(made, form):
    assert FORMATS[form].write(every_kind(), {}, "every") == made["every"][form]


@pytest.mark.parametrize("form", ["pdf", "docx", "pptx"])
def test_another_day_is_another_file(made, form):
    other = replace(every_kind(), date="2026-02-01")
    assert FORMATS[form].write(other, {}, "every") != made["every"][form]


def test_the_date_of_a_file_is_the_day_of_issue(made):
    with zipfile.ZipFile(io.BytesIO(made["every"]["docx"]["every.docx"])) as file:
        core = file.read("docProps/core.xml").decode()
    assert "2026-01-31T00:00:00Z" in core
    assert b"D:20260131" in made["every"]["pdf"]["every.pdf"]
    assert moment(every_kind()) == 1769817600


def test_what_is_no_format_or_lacks_its_packages_is_refused_at_once(monkeypatch):
    monkeypatch.setattr(files, "missing_packages", lambda: ["pypandoc", "typst"])
    assert checked_formats(["html", "csv", "json"]) == ("html", "csv")
    with pytest.raises(FormatsError) as error:
        checked_formats(["htm", "pdf", "docx"])
    said = str(error.value)
    assert "is 'htm'; a report is written as html, pdf, docx, pptx, csv, md, json; did you mean 'html'?" in said
    assert said.count("needs pypandoc and typst; install them with: pip install 'servanda[report]'") == 2
