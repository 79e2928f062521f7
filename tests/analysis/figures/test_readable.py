"""Figures of a report can be read: on a telephone, on light and on dark pages, in both languages, nothing cut off."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from functools import cache

import pytest

from servanda.analysis.figures.changes import changes_svg
from servanda.analysis.figures.outcomes import outcomes_svg
from servanda.analysis.figures.svg import text_width
from servanda.analysis.reporting.assemble import assemble
from servanda.analysis.reporting.document.blocks import Figure
from servanda.analysis.reporting.page import READABLE, drawing
from servanda.common.figure_style import DARK, INK

from ..reporting.content import report

SVG = "{http://www.w3.org/2000/svg}"
#: Ground of the page, light and dark.
GROUNDS = {"light": "#ffffff", "dark": DARK["#ffffff"]}
#: Width in pixels that a telephone leaves to a figure.
TELEPHONE = 330.0
#: Contrast that text needs on its ground: WCAG 2.2, 1.4.3.
ENOUGH = 4.5

TRACKS = {
    "at": "2019-04-25",
    "ranked": False,
    "interval": 0.9,
    "actors": [
        {
            "actor": actor,
            "counts": {"kept": 1, "partly": 1, "broken": 1},
            "path": {
                "dates": ["1990-01-01", "2019-04-25"],
                "lower": [0.2, 0.3],
                "quarter": [0.3, 0.4],
                "three_quarters": [0.6, 0.7],
                "upper": [0.7, 0.8],
            },
            "events": [
                {
                    "date": f"{year}-05-01",
                    "year": year + 0.33,
                    "event": event,
                    "reads": reads,
                    "agreement": agreement,
                    "gravity": "part",
                    "finding_by": "IAEA",
                    "detail": "It was found so.",
                }
                for year, event, reads, agreement in (
                    (1994, "complied", "kept", "agreed_framework_1994"),
                    (2003, "withdrew", "broken", "npt_1968"),
                    (2007, "partial", "partly", "action_plans_2007"),
                )
            ],
        }
        for actor in ("USA", "PRK")
    ],
    "absent": ["CHN"],
    "failed_gates": [],
    "score": {"measured": False, "verdict": "It gains nothing.", "rule": "Two errors."},
    "says": {"events": {}, "grounds": {}, "gravity": {}},
}
THEORY = {"elpd": -1.0, "error": 0.7, "stacking": 0.5, "pareto_k": 0.4, "refits": 0, "bayes_factor": None}
THEORIES = {
    "unit": "guarantee",
    "units": 20,
    "priors": "literature",
    "averaged": None,
    "untrusted": {},
    "left_aside": [],
    "table": [
        {**THEORY, "model": name, "title": title, "behind": behind, "weight": weight, "apart": apart,
         "claim": "It does.", "source": "one"}
        for name, title, behind, weight, apart in (
            ("log", "log of the count", 0.0, 0.991, False),
            ("none", "cheap talk", 3.1, 0.005, True),
        )
    ],
}  # fmt: skip


@cache
def figures(language: str) -> dict[str, Figure]:
    """Every figure of a report by hand, by what it says."""
    document = assemble({**report(), "tracks": TRACKS, "theories": THEORIES}, language)

    def of(blocks):
        for block in blocks:
            if isinstance(block, Figure):
                yield block
            yield from of(getattr(block, "blocks", ()))
            for column in getattr(block, "columns", ()) if block.kind == "columns" else ():
                yield from of(column)

    found = [figure for chapter in document.chapters for figure in of(chapter.blocks)]
    assert len(found) == 10
    return {f"{place}: {figure.alt[:30]}": figure for place, figure in enumerate(found)}


def luminance(colour: str) -> float:
    """Relative luminance, by WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Ratio of contrast, by WCAG 2.2."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)  # the palest grey that passes


def boxes(svg: str) -> list[tuple[float, float, float, float, str]]:
    """Filled areas of a figure, in the order drawn: left, top, right, bottom, colour."""
    found = []
    for path in ET.fromstring(svg).iter(f"{SVG}path"):
        fill = re.search(r"fill: (#[0-9a-f]{6})", path.get("style", ""))
        points = [float(x) for x in re.findall(r"-?\d+(?:\.\d+)?", path.get("d", ""))]
        if fill and len(points) >= 8 and "opacity" not in path.get("style", ""):
            found.append((min(points[::2]), min(points[1::2]), max(points[::2]), max(points[1::2]), fill[1]))
    return found


def texts(svg: str) -> list[tuple[str, float, float, float, str, str]]:
    """Each text: itself, where it is, its size, how it is set there, and its colour."""
    found = []
    for text in ET.fromstring(svg).iter(f"{SVG}text"):
        style = text.get("style", "")
        size = float(re.search(r"font-size: ([\d.]+)px", style)[1])
        fill = re.search(r"fill: (#[0-9a-f]{6})", style)
        anchor = re.search(r"text-anchor: (\w+)", style)
        at = re.search(r"translate\(([-\d.]+) ([-\d.]+)\)", text.get("transform", ""))
        x, y = (float(at[1]), float(at[2])) if at else (float(text.get("x")), float(text.get("y")))
        said = "".join(text.itertext())
        found.append((said, x, y, size, anchor[1] if anchor else "start", fill[1] if fill else INK))
    return found


def shown(colour: str, page: str) -> str:
    return DARK.get(colour, colour) if page == "dark" else colour


@pytest.mark.parametrize("page", GROUNDS)
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_text_stands_out_from_what_it_stands_on(language, page):
    poor = []
    for name, figure in figures(language).items():
        areas = boxes(figure.svg)
        for said, x, y, size, anchor, colour in texts(figure.svg):
            x += {"start": 3, "end": -3}.get(anchor, 0)
            under = [area[4] for area in areas if area[0] <= x <= area[2] and area[1] <= y - size / 3 <= area[3]]
            ground = shown(under[-1], page) if under else GROUNDS[page]
            ratio = contrast(shown(colour, page), ground)
            if ratio < ENOUGH:
                poor.append((name, said, colour, ground, round(ratio, 2)))
    assert poor == []


def test_a_pale_text_would_be_noticed():
    assert contrast("#8a94a0", "#ffffff") < ENOUGH


@pytest.mark.parametrize("language", ["en", "es"])
def test_text_is_readable_on_a_telephone(language):
    """A figure shrinks to the telephone's width, or scrolls at the width that its smallest text asks for."""
    for name, figure in figures(language).items():
        svg = str(drawing(figure))
        width = float(re.search(r'viewBox="0 0 ([\d.]+)', svg)[1])
        least = re.search(r"min-width: (\d+)px", svg)
        assert bool(least) == figure.wide, name
        scale = (float(least[1]) if least else TELEPHONE) / width
        smallest = min(size for _, _, _, size, _, _ in texts(svg))
        assert smallest * scale >= READABLE - 0.05, (name, smallest, scale)


#: Width of a letter of the page's fonts, as a share of its size, on average and generously.
LETTER = 0.54


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_text_is_cut_off(language):
    for name, figure in figures(language).items():
        width = float(re.search(r'viewBox="0 0 ([\d.]+)', figure.svg)[1])
        for said, x, _, size, anchor, _ in texts(figure.svg):
            long = LETTER * size * len(said)
            left = x - {"start": 0.0, "middle": long / 2, "end": long}[anchor]
            assert left >= -6, (name, said, left)
            assert left + long <= width + 6, (name, said, left + long)


def test_fixed_words_come_from_the_caller():
    """Nothing English is drawn into a Spanish figure but what the record or a user wrote in English."""
    spanish = {said for figure in figures("es").values() for said, *_ in texts(figure.svg)}
    for word in ("weight", "kept", "broken", "kept in part", "to", "after the record", "unlikely", "likely", "very"):
        assert word not in spanish
    assert "peso" in spanish
    assert any(word.startswith("←") for word in spanish)


def test_long_labels_and_small_shares_keep_their_place():
    label = "an ally of an ally of an ally that is called by a name that has no end at all, and one more"
    rows = [{"label": label, "shares": [0.02, 0.03, 0.95]}, {"label": "", "shares": [0.98, 0.01, 0.01]}]
    drawn = texts(outcomes_svg(rows, ["kept in every part of it", "kept in part", "broken"], name="a"))
    assert sum("%" in said for said, *_ in drawn) == 2  # a share too small for its number has none
    change = {"mean": 0.0, "lower": -0.9, "upper": 0.9, "quarter": -0.4, "three_quarters": 0.4, "margin": 0.05}
    lines = texts(changes_svg([{**change, "label": label}], name="a"))
    numbers = next(line for line in lines if "(" in line[0])
    beside = [line for line in lines if abs(line[2] - numbers[2]) < 1 and line is not numbers]
    reach = max(x + LETTER * size * len(said) for said, x, _, size, _, _ in beside)
    assert reach <= numbers[1] - LETTER * numbers[3] * len(numbers[0]) + 12


@pytest.mark.parametrize("upper", [0.29, 0.1, 0.49, 0.98])
def test_numbers_at_the_ends_of_an_axis_are_whole(upper):
    change = {"mean": 0.0, "lower": -0.05, "upper": upper, "quarter": 0.0, "three_quarters": 0.1, "margin": 0.05}
    drawn = changes_svg([{**change, "label": "here"}], name="a")
    width = float(re.search(r'viewBox="0 0 ([\d.]+)', drawn)[1])
    for said, x, _, size, anchor, _ in texts(drawn):
        long = text_width(said, size)
        left = x - {"start": 0.0, "middle": long / 2, "end": long}[anchor]
        assert left >= -0.5 and left + long <= width + 0.5, (said, left, long)
