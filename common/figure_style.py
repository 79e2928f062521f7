"""Colours, sizes and files of every figure: each stands here once, and matplotlib is imported when one is drawn."""

from __future__ import annotations

import os
import warnings
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from html import escape
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

from .errors import Fault, InputError
from .files import output_file, written_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    class ShownFigure(Figure):
        """Figure that a notebook shows, and that saves itself."""

        def save(self, path: str | os.PathLike[str], *, dpi: float = ...) -> Path:
            """Write it to a file."""
            ...


#: Of text and lines, from the darkest to the palest.
INK, MUTED, FAINT, RULE = "#1d2733", "#55606c", "#8a94a0", "#dfe3e8"
#: What is judged and its area, what it is judged against and its area, and what failed.
ACCENT, FILL, GREY, GREY_FILL, ALARM = "#1f4e79", "#cbdbea", "#6b7785", "#e1e5e9", "#a3281e"
#: Of arrows that end in what is judged.
PALE = "#9db4ca"
#: One colour a line, an actor or a prior set: told apart in grey and by the colour-blind, 3:1 and more on white.
COLOURS = (ACCENT, "#cd7f83", "#196d61", "#a056a1", "#59232e", "#4e922b")
#: Names that often stand side by side -> place of their colour, so that no two of them share one; see `colour_of`.
_PLACES = {
    **{name: place for place, name in enumerate(("literature", "flat", "cheap_talk", "institutionalist", "realist"))},
    **{name: place for place, name in enumerate(("USA", "PRK", "CHN", "RUS", "KOR", "JPN"))},
}
#: Of names that share a colour in one figure, the first has the first of these.
_MARKS = ("o", "s", "^", "D", "v", "P")
_LINES = ("-", "--", ":", "-.", (0, (5, 1)), (0, (3, 1, 1, 1)))
#: Of a kept promise, and of one kept in part.
KEPT, IN_PART = "#2e7d4f", "#c2901c"
#: Of a broken promise, as a ground for pale numbers: it stays as it is on a dark page.
BROKEN = "#b0392d"
#: Of elicited priors: what they say now, what they said before, points that are met and points that are missed.
NOW, BEFORE, MET, MISSED = "#1f5f8b", "#b0b0b0", "#222222", "#c0392b"

#: Colour -> what a dark page has in its place; a colour that is not here stays as it is.
DARK = {
    INK: "#e4e8ed",
    MUTED: "#a9b3be",
    FAINT: "#8a94a0",
    RULE: "#39424d",
    ACCENT: "#8fbce6",
    FILL: "#2c4763",
    GREY: "#a3adb8",
    GREY_FILL: "#333c46",
    ALARM: "#f29a90",
    PALE: "#4f6f8f",
    COLOURS[2]: "#c9f8fa",
    COLOURS[4]: "#f5c9cc",
    NOW: "#8fbce6",
    MET: "#e4e8ed",
    MISSED: "#f29a90",
    "#ffffff": "#12171d",
    "#000000": "#e4e8ed",
}

#: Width in inches of a figure that stands by itself, and the sizes of its axes' titles and of its legend in points.
WIDTH, AXIS_SIZE, LEGEND_SIZE = 7.6, 9.0, 8.5

#: Inches of a column of a journal, and the smallest letters in points.
COLUMN, LEAST_SIZE = 3.4, 6.5

SETTINGS: Any = {
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "svg.fonttype": "none",
    "svg.hashsalt": "servanda",
    "text.parse_math": False,
    "text.color": INK,
}
#: Dots an inch of a figure that a notebook shows, and how many of the screen's one of its own has: sharp when enlarged.
SHOWN_DPI, SHARP = 110, 2
#: How a figure looks on a page that says it is dark, in JupyterLab, VS Code, Colab and themes of Sphinx: light and dark
#: change places and hues stay, and the figure's ground, black by then, lets the page's own through. A page that says
#: nothing has its figures as they are, since it may be white whatever the system's colours.
ON_DARK = (
    ':is([data-jp-theme-light="false"], .vscode-dark, .vscode-high-contrast:not(.vscode-high-contrast-light), '
    '[theme="dark"], [data-theme="dark"]) .servanda-figure '
    "{ filter: invert(1) hue-rotate(180deg); mix-blend-mode: screen; }"
)
#: Dots an inch of a PNG in a file.
FILE_DPI = 300
#: Ending of a file that a figure is written to -> what it says of itself: who wrote it, and no date, so that the same
#: figure gives the same bytes.
FILES: Mapping[str, Mapping[str, str | None]] = {
    ".png": {"Software": "Servanda"},
    ".svg": {"Date": None, "Creator": "Servanda"},
    ".pdf": {"CreationDate": None, "Creator": "Servanda", "Producer": None},
}


def colour_of(name: str) -> str:
    """Colour of an actor, a prior set or whatever else has a name: the same in every figure.

    Six colours go round; names that share one are told apart by their marks (`marks_of`).

    Examples
    --------
    >>> colour_of("literature") == colour_of("literature"), colour_of("literature") == colour_of("flat")
    (True, False)
    """
    place = _PLACES.get(name)
    return COLOURS[(crc32(name.encode()) if place is None else place) % len(COLOURS)]


def ink_on(colour: Any) -> str:
    """Black or white, whichever is read better on a colour: 4.58:1 at the least (WCAG 2.1, 1.4.3).

    Parameters
    ----------
    colour
        As matplotlib has it.

    Examples
    --------
    >>> ink_on("#1f4e79"), ink_on("#7895af")
    ('#ffffff', '#000000')
    """
    light = luminance(colour)
    return "#ffffff" if 1.05 / (light + 0.05) > (light + 0.05) / 0.05 else "#000000"


def luminance(colour: Any) -> float:
    """Relative luminance of a colour, from 0 of black to 1 of white (WCAG 2.1)."""
    from matplotlib.colors import to_rgb

    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@dataclass(frozen=True)
class Mark:
    """How the lines and points of one name are drawn, as matplotlib has it."""

    colour: str
    marker: str
    line: Any


def marks_of(colours: Mapping[str, str]) -> dict[str, Mark]:
    """Mark of each name in one figure: of names with one colour, each has points and lines of its own.

    Parameters
    ----------
    colours
        Name -> colour, in the order drawn.

    Examples
    --------
    >>> [mark.marker for mark in marks_of({"a": "#000000", "b": "#ff0000", "c": "#000000"}).values()]
    ['o', 'o', 's']
    """
    found: dict[str, Mark] = {}
    for name, colour in colours.items():
        before = sum(mark.colour == colour for mark in found.values()) % len(_MARKS)
        found[name] = Mark(colour, _MARKS[before], _LINES[before])
    return found


def new_figure(**how: Any) -> ShownFigure:
    """Figure that a notebook shows, whether or not anybody has imported pyplot.

    Parameters
    ----------
    how
        As `matplotlib.figure.Figure` takes it.

    Examples
    --------
    >>> picture, size = new_figure(figsize=(1, 1))._repr_png_()
    >>> picture[1:4], sorted(size)
    (b'PNG', ['height', 'width'])
    """
    return _shown()(**how)


@cache
def _shown() -> type[ShownFigure]:
    from matplotlib.figure import Figure

    class Shown(Figure):
        """A figure with a picture of itself."""

        def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
            out = BytesIO()
            with styled():
                self.savefig(out, format="png", dpi=SHARP * SHOWN_DPI, bbox_inches="tight", metadata=FILES[".png"])
            picture = out.getvalue()
            # The header of a PNG holds its size.
            width, height = (int.from_bytes(picture[at : at + 4], "big") for at in (16, 20))
            return picture, {"width": width // SHARP, "height": height // SHARP}

        def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, dict[str, int]]]:
            """The picture, and for a notebook, light or dark, an element of its page that shows it."""
            picture, size = self._repr_png_()
            coded = b64encode(picture).decode("ascii")
            look = f'class="servanda-figure" alt="{escape(_title(self))}"'
            sides = f'width="{size["width"]}" height="{size["height"]}" style="max-width: 100%; height: auto"'
            page = f'<style>{ON_DARK}</style><img {look} {sides} src="data:image/png;base64,{coded}">'
            return {"image/png": coded, "text/html": page}, {"image/png": size}

        def save(self, path: str | os.PathLike[str], *, dpi: float = FILE_DPI) -> Path:
            """Write the figure to a file, whole or not at all; the same figure gives the same bytes.

            Parameters
            ----------
            path
                A name that ends in ``.svg``, ``.pdf`` or ``.png``. Its letters are drawn, so that it looks the same
                where they are not installed.
            dpi
                Dots an inch of a PNG.

            Returns
            -------
            Path
                Where it stands.

            Raises
            ------
            InputError
                If the name ends otherwise, is a folder, or cannot be written.
            """
            return save_figure(self, path, dpi=dpi)

    made: Any = Shown
    return made


def _title(figure: Figure) -> str:
    """What stands above a figure, or above its panels, in one line."""
    found = [figure.get_suptitle(), *(axes.get_title(loc=side) for axes in figure.axes for side in ("left", "center"))]
    return " ".join("; ".join(filter(None, dict.fromkeys(found))).split()) or "figure"


def figure_file(path: str | os.PathLike[str], inputs: Iterable[object] = (), *, force: bool = False) -> Path:
    """Make sure that a figure may be written at `path`: as `servanda.common.files.output_file`, by a name it can have.

    Raises
    ------
    InputError
        If the name does not end in one of `FILES`; and as `output_file`.
    """
    if Path(path).suffix.lower() not in FILES:
        raise InputError(os.fspath(path), [Fault("", f"is no figure; give a name that ends in {', '.join(FILES)}")])
    return output_file(path, inputs, force=force)


def save_figure(figure: Any, path: str | os.PathLike[str], *, dpi: float = FILE_DPI) -> Path:
    """Write a figure to a file, whole or not at all, which says that Servanda wrote it.

    Raises
    ------
    InputError
        If the name does not end in one of `FILES`, or cannot be written.
    """
    target = figure_file(path, force=True)
    with written_whole(target) as temporary, styled({"svg.fonttype": "path"}):
        figure.savefig(temporary, dpi=dpi, metadata=FILES[target.suffix.lower()])
    return target


@contextmanager
def styled(more: Any = None) -> Iterator[None]:
    """Draw in the house's colours and letters, whatever a user has set for figures of their own."""
    import matplotlib as mpl

    with mpl.rc_context(), warnings.catch_warnings():
        # Text stays text and the browser has the letters that matplotlib's own font lacks.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        mpl.rcdefaults()
        mpl.rcParams.update(SETTINGS)
        mpl.rcParams.update(more or {})
        yield
