"""Colours are told apart by every eye and in grey, and seen on their ground; the measure is held to published pairs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from servanda.common.figure_style import COLOURS, DARK, GREY, INK, MUTED, ON_DARK, colour_of, ink_on, marks_of
from servanda.priors import shipped_priors

from .colour_distance import EYES, ciede2000, contrast, difference

#: Sharma, Wu and Dalal 2005, table 1†.
PAIRS = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]
#: Least CIEDE2000 of any two: 1 can just be seen.
LEAST = {"all colours": 15, "protanopia": 8, "deuteranopia": 8, "grey": 6}


@pytest.mark.parametrize(("one", "other", "published"), PAIRS)
def test_the_measure_is_the_published_one(one, other, published):
    assert ciede2000(np.array(one), np.array(other)) == pytest.approx(published, abs=1e-4)


@pytest.mark.parametrize("ground", ["#ffffff", DARK["#ffffff"]], ids=["light", "dark"])
@pytest.mark.parametrize("eyes", EYES)
def test_any_two_colours_are_told_apart(eyes, ground):
    shown = COLOURS if ground == "#ffffff" else [DARK.get(colour, colour) for colour in COLOURS]
    assert min(difference(one, other, eyes) for one, other in combinations(shown, 2)) > LEAST[eyes]


@pytest.mark.parametrize("ground", ["#ffffff", DARK["#ffffff"]], ids=["light", "dark"])
def test_lines_are_seen_on_their_ground(ground):
    """Three to one, as WCAG 2.2 asks of graphics (1.4.11†)."""
    shown = [DARK.get(colour, colour) if ground != "#ffffff" else colour for colour in (*COLOURS, GREY, MUTED)]
    assert min(contrast(colour, ground) for colour in shown) >= 3


def test_shipped_sets_and_the_six_parties_have_a_colour_each():
    for names in (shipped_priors(), ("USA", "PRK", "CHN", "RUS", "KOR", "JPN")):
        assert len({colour_of(name) for name in names}) == len(names)


def test_names_of_one_colour_have_marks_of_their_own():
    names = [f"actor {number}" for number in range(20)]
    marks = marks_of({name: colour_of(name) for name in names})
    assert len(set(marks.values())) == len(names)


@pytest.mark.parametrize("ground", ["#ffffff", DARK["#ffffff"]], ids=["light", "dark"])
@pytest.mark.parametrize("colour", COLOURS)
def test_text_is_read_on_every_shade(colour, ground):
    """Four and a half to one, as WCAG 2.2 asks of text (1.4.3†), from the bare ground to the full colour."""
    from matplotlib.colors import LinearSegmentedColormap, to_hex

    shades = LinearSegmentedColormap.from_list("", [ground, colour])
    grounds = [to_hex(shades(share)) for share in np.linspace(0, 1, 41)]
    assert min(contrast(ink_on(shade), shade) for shade in grounds) >= 4.5


#: What ``hue-rotate(180deg)`` does to red, green and blue (W3C, Filter Effects Module Level 1†).
TURNED = np.array([[-0.574, 1.430, 0.144], [0.426, 0.430, 0.144], [0.426, 1.430, -0.856]])


def on_a_dark_page(colour: str, ground: str) -> str:
    """Colour of a figure as a page shows it that inverts it, turns its hues and screens it onto its own ground."""
    own, page = (np.array([int(one[place : place + 2], 16) for place in (1, 3, 5)]) / 255 for one in (colour, ground))
    turned = np.clip(TURNED @ (1 - own), 0, 1)
    return "#" + "".join(f"{round(255 * x):02x}" for x in 1 - (1 - turned) * (1 - page))


@pytest.mark.parametrize("ground", ["#111111", "#1e1e1e", "#383838"], ids=["JupyterLab", "VS Code", "Colab"])
def test_a_figure_is_read_in_a_dark_notebook(ground):
    assert "invert(1) hue-rotate(180deg); mix-blend-mode: screen" in ON_DARK
    assert on_a_dark_page("#ffffff", ground) == ground
    assert min(contrast(on_a_dark_page(colour, ground), ground) for colour in (INK, MUTED)) >= 4.5
    assert min(contrast(on_a_dark_page(colour, ground), ground) for colour in (*COLOURS, GREY)) >= 3
