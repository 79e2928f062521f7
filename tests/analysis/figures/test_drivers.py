"""The waterfall: every word readable on a narrow phone, nothing over anything, each bar where the last one ended."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb

from servanda.analysis.figures.drivers import drivers_figure, drivers_svg
from servanda.common.figure_style import styled

SVG = "{http://www.w3.org/2000/svg}"


def line(label, mean, reach=0.05):
    return {
        "label": label,
        "mean": mean,
        "lower": mean - reach,
        "upper": mean + reach,
        "quarter": mean - reach / 2,
        "three_quarters": mean + reach / 2,
    }


ROWS = {
    "short": [line("role = guarantor", 0.12), line("price = war", -0.3, 0.2), line("actor", 0.001)],
    "long": [line(f"{'a long name of a feature ' * 4}= {'W' * 60}", 0.12, 0.4), line("조선 <b>&amp; $x$", -0.05)],
    "none": [line("the model on the record's cases", -0.01, 0.0)],
}


def boxes(figure):
    """Text -> where it stands, in pixels."""
    with styled():
        renderer = FigureCanvasAgg(figure).get_renderer()
        return [(text.get_text(), text.get_window_extent(renderer)) for text in figure.axes[0].texts]


@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("base", [0.02, 0.5, 0.97])
def test_no_text_meets_another_or_the_edge(rows, base):
    figure = drivers_figure(rows, base)
    width, height = figure.get_size_inches() * 72
    found = boxes(figure)
    for place, (said, box) in enumerate(found):
        assert box.x0 >= -0.5, said
        assert box.x1 <= width + 0.5, said
        assert box.y0 >= -0.5, said
        assert box.y1 <= height + 0.5, said
        assert not [other for other, further in found[place + 1 :] if box.overlaps(further)], said


def contrast(colour):
    """Contrast with white, as WCAG 2.2 defines it."""
    parts = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in to_rgb(colour)]
    return 1.05 / (0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2] + 0.05)


def test_text_is_large_and_dark_enough_on_a_narrow_phone():
    figure = drivers_figure(ROWS["long"], 0.5)
    shrunk = 330 / (figure.get_size_inches()[0] * 72)
    for text in figure.axes[0].texts:
        assert text.get_fontsize() * shrunk >= 11
        assert contrast(text.get_color()) >= 4.5


def test_each_bar_begins_where_the_last_one_ended():
    rows = ROWS["short"]
    patches = drivers_figure(rows, 0.4).axes[0].patches
    ends = [bar.get_window_extent().intervalx for bar in patches]
    assert ends[1][1] == pytest.approx(ends[0][1])  # up, then down from there
    assert ends[2][0] == pytest.approx(ends[1][0])
    scale = (ends[0][1] - ends[0][0]) / 0.12
    assert ends[1][1] - ends[1][0] == pytest.approx(0.3 * scale)


def test_an_element_says_what_it_shows_and_repeats_itself():
    rows = ROWS["long"]
    found = drivers_svg(rows, 0.5, name="a")
    assert drivers_svg(rows, 0.5, name="a") == found
    element = ET.fromstring(found)
    assert element.get("role") == "img"
    assert "조선 <b>&amp; $x$: \N{MINUS SIGN}5 (\N{MINUS SIGN}10 to 0)" in element.get("aria-label", "")
    texts = ["".join(text.itertext()) for text in element.iter(f"{SVG}text")]
    assert "조선 <b>&amp; $x$" in texts
    assert not re.search(r"<metadata|<!DOCTYPE", found)


def test_words_and_numbers_can_be_those_of_another_language():
    rows = [{**line("precio", 0.1), "said": "+10 (de +5 a +15)"}]
    figure = drivers_figure(rows, 0.5, ends=("tasa base", "este caso"), tick=lambda x: f"{100 * x:.0f} por ciento")
    said = [text.get_text() for text in figure.axes[0].texts]
    assert said[:6] == ["tasa base", "50 por ciento", "precio", "+10 (de +5 a +15)", "este caso", "60 por ciento"]
