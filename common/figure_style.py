"""Colours, sizes and files of every figure: each stands here once, and matplotlib is imported when one is drawn."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import Fault, InputError
from .files import output_file, written_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Of text and lines, from the darkest to the palest.
INK, MUTED, FAINT, RULE = "#1d2733", "#55606c", "#8a94a0", "#dfe3e8"
#: What is judged and its area, what it is judged against and its area, and what failed.
ACCENT, FILL, GREY, GREY_FILL, ALARM = "#1f4e79", "#cbdbea", "#6b7785", "#e1e5e9", "#a3281e"
#: Of arrows that end in what is judged.
PALE = "#9db4ca"
#: One colour a line or a prior set, told apart in grey as well.
COLOURS = (ACCENT, "#c2701c", "#5b8f5f", "#7d4f92", ALARM, MUTED)
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
    COLOURS[1]: "#e09a52",
    COLOURS[2]: "#86b98a",
    COLOURS[3]: "#b892cc",
    "#ffffff": "#12171d",
    "#000000": "#e4e8ed",
}

#: Width in inches of a figure that stands by itself, and the sizes of its axes' titles and of its legend in points.
WIDTH, AXIS_SIZE, LEGEND_SIZE = 7.6, 9.0, 8.5

SETTINGS: Any = {
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "svg.fonttype": "none",
    "svg.hashsalt": "servanda",
    "text.parse_math": False,
    "text.color": INK,
}


#: Dots an inch of a figure that a notebook shows, and of one in a file.
SHOWN_DPI, FILE_DPI = 110, 150
#: Endings of the files that a figure is written to -> where each kind says who wrote it.
FILES = {".png": "Software", ".svg": "Creator", ".pdf": "Creator"}


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


def save_figure(figure: Any, path: str | os.PathLike[str]) -> None:
    """Write a figure to a file, whole or not at all, which says that Servanda wrote it.

    Raises
    ------
    InputError
        If the name does not end in one of `FILES`, or cannot be written.
    """
    target = figure_file(path, force=True)
    metadata = {FILES[target.suffix.lower()]: "Servanda"}
    with written_whole(target) as temporary:
        figure.savefig(temporary, dpi=FILE_DPI, metadata=metadata)


def new_figure(**how: Any) -> Figure:
    """Figure that a notebook shows, whether or not anybody has imported pyplot.

    Parameters
    ----------
    how
        As `matplotlib.figure.Figure` takes it.

    Examples
    --------
    >>> new_figure(figsize=(1, 1))._repr_png_()[1:4]
    b'PNG'
    """
    return _shown()(**how)


@cache
def _shown() -> type[Figure]:
    from matplotlib.figure import Figure

    class Shown(Figure):
        """A figure with a picture of itself."""

        def _repr_png_(self) -> bytes:
            picture = BytesIO()
            with styled():
                self.savefig(picture, format="png", dpi=SHOWN_DPI, bbox_inches="tight")
            return picture.getvalue()

    return Shown


@contextmanager
def styled() -> Iterator[None]:
    """Draw in the house's colours and letters."""
    import matplotlib as mpl

    with mpl.rc_context(SETTINGS), warnings.catch_warnings():
        # Text stays text and the browser has the letters that matplotlib's own font lacks.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from font")
        yield
