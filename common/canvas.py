"""The one way in which every ``plot`` takes ``ax``, ``figsize``, ``colors``, ``labels`` and ``title``.

A figure function names what it draws, asks for axes, and takes colours, labels and sizes of letters from a `Canvas`, so
that it is readable at any width, and within axes of the user's, light or dark.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from .errors import Fault, InputError, nearest, raise_faults
from .figure_style import DARK, INK, LEAST_SIZE, MUTED, WIDTH, Mark, colour_of, marks_of, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .figure_style import ShownFigure

#: Width of a letter, in its size, and of an inch in points.
_LETTER, _INCH = 0.56, 72.0
#: Room between panels that stand within one axes, as a share of it.
_BETWEEN = 0.16


class Look(TypedDict, total=False):
    """How a figure shall look; all of it may be left out.

    Parameters
    ----------
    ax
        Matplotlib axes to draw in, instead of a figure of its own. A figure of several panels sets them within it.
    figsize
        Width and height in inches; a width alone lets the height follow from what is drawn. Letters shrink with the
        width, to 6.5 points and no further; 3.4 inches is a column of a journal.
    colors
        Name -> colour, or colours in the order drawn.
    labels
        Name -> label, or labels in the order drawn.
    title
        Above the figure.
    """

    ax: Any
    figsize: Any
    colors: Any
    labels: Any
    title: Any


@dataclass(frozen=True)
class Canvas:
    """What a figure is drawn on.

    Parameters
    ----------
    ax
        Axes of the user's; None for a figure of its own.
    width
        Inches that there are.
    height
        Inches that were asked for; None where they follow from what is drawn.
    sized
        Whether a width was asked for.
    marks
        Name -> its colour, marker and line.
    labels
        Name -> label.
    title
        Above it; empty for none.
    dark
        Whether the ground is dark.
    """

    ax: Axes | None
    width: float
    height: float | None
    sized: bool
    marks: Mapping[str, Mark]
    labels: Mapping[str, str]
    title: str
    dark: bool

    def tone(self, colour: str) -> str:
        """Colour as the ground has it, light or dark."""
        return DARK.get(colour, colour) if self.dark else colour

    @property
    def ground(self) -> str:
        """Colour of the ground, as near as it is known."""
        return self.tone("#ffffff")

    def size(self, points: float) -> float:
        """Size of letters that are so large in a figure of full width."""
        return max(LEAST_SIZE, points * min(1.0, 0.5 + 0.5 * self.width / WIDTH))

    def wrap(self, text: str, inches: float, points: float = 10.0) -> str:
        """Text in lines that are so long at most, letters being `points` large in a figure of full width."""
        letters = int(inches * _INCH / (_LETTER * self.size(points)))
        return "\n".join(textwrap.wrap(text, max(letters, 8))) or text

    def side(self, texts: Iterable[str], points: float = 10.0) -> list[str]:
        """Labels beside an axis, wrapped so that most of the width is left."""
        return [self.wrap(text, 0.36 * self.width, points) for text in texts]

    def panels(self, heights: Sequence[float]) -> list[Axes]:
        """Panels one below the other.

        Parameters
        ----------
        heights
            Inches of each, with its labels, where the height is not asked for.
        """
        return self.grid(len(heights), 1, self.width, heights)[:, 0].tolist()

    def grid(self, rows: int, columns: int, width: float, heights: Sequence[float], **how: Any) -> np.ndarray:
        """Panels in rows and columns, as an array of axes.

        Parameters
        ----------
        width
            Inches of the whole where no figsize is asked for.
        heights
            Inches of each row.
        how
            For `matplotlib.figure.Figure.subplots`.
        """
        if self.ax is not None:
            found = _within(self.ax, rows, columns, heights)
            if self.title:
                self.head(self.ax, "", 10)
        else:
            wide = self.width if self.sized else width
            said = self._head(min(wide, self.width))
            head = 0.22 * (said.count("\n") + 1) if self.title else 0.0
            figure = new_figure(figsize=(wide, self.height or sum(heights) + head), layout="constrained")
            if self.title:
                figure.suptitle(said, fontsize=self.size(11), color=INK, x=0.01, ha="left")
            found = figure.subplots(rows, columns, squeeze=False, height_ratios=heights, **how)
        for axes in found.flat:
            axes.tick_params(labelsize=self.size(9), labelcolor=self.tone(INK), color=self.tone(MUTED))
            for spine in axes.spines.values():
                spine.set_color(self.tone(MUTED))
        return found

    def _head(self, wide: float) -> str:
        return self.wrap(self.title, 0.95 * wide, 11.5)

    def head(self, axes: Axes, text: str, points: float) -> None:
        """Text above the axes; below the title, where they are the user's."""
        own = [self._head(self.width)] if self.title and self.ax is not None else []
        said = "\n".join([*own, *([text] if text else [])])
        axes.set_title(said, fontsize=self.size(points), color=self.tone(MUTED if text else INK), loc="left")

    def axis_title(self, axes: Axes, text: str, *, side: str = "x", points: float = 9.0) -> None:
        """Title of an axis, in as many lines as it takes."""
        reach = 0.62 * self.width if side == "x" else 2.0
        words = self.wrap(text, reach, points)
        getattr(axes, f"set_{side}label")(words, color=self.tone(MUTED), fontsize=self.size(points))

    def rows_axis(self, axes: Axes, places: Sequence[float], texts: Iterable[str]) -> None:
        """Labels of rows down the left side, without a line or ticks."""
        axes.set_yticks(places, self.side(texts))
        axes.tick_params(axis="y", left=False, labelsize=self.size(10))
        axes.spines[["top", "right", "left"]].set_visible(False)

    def legend(self, axes: Axes, columns: int = 3, points: float = 8.5) -> None:
        """Legend above the axes, in as many columns as there is room for."""
        handles, texts = axes.get_legend_handles_labels()
        if not texts:
            return
        longest = max(map(len, texts)) * _LETTER * self.size(points) / _INCH + 0.45
        axes.legend(
            handles,
            [self.wrap(text, 0.8 * self.width, points) for text in texts],
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=max(1, min(columns, int(0.62 * self.width / longest))),
            frameon=False,
            fontsize=self.size(points),
            handletextpad=0.3,
            labelcolor=self.tone(INK),
        )


@contextmanager
def canvas(
    look: Mapping[str, Any] | None, names: Mapping[str, str], *, colours: Mapping[str, str] | None = None
) -> Iterator[Canvas]:
    """Canvas for what a figure draws, in the house's style while it is drawn.

    Parameters
    ----------
    look
        As `Look` says.
    names
        What is drawn -> its label, in order.
    colours
        Name -> colour where it is not `colour_of` the name.

    Raises
    ------
    InputError
        Listing every fault of the look: unknown keywords and names, what is no axes, size or colour, and lists of
        another length.

    Examples
    --------
    >>> with canvas({"figsize": 3.4, "labels": {"flat": "Flat priors"}}, {"flat": "flat"}) as c:
    ...     axes = c.panels([2.0])
    >>> c.labels["flat"], axes[0].figure.get_size_inches().tolist()
    ('Flat priors', [3.4, 2.0])
    """
    stated = {key: value for key, value in (look or {}).items() if value is not None}
    faults = [
        Fault(key, f"is nothing that a figure takes{nearest(key, Look.__annotations__)}")
        for key in stated
        if key not in Look.__annotations__
    ]
    ax, size = stated.get("ax"), stated.get("figsize")
    if ax is not None and not callable(getattr(ax, "inset_axes", None)):
        faults.append(Fault("ax", f"is {type(ax).__name__}; give matplotlib axes, as plt.subplots() makes them"))
    inches = _inches(size, faults)
    own = {name: (colours or {}).get(name) or colour_of(name) for name in names}
    painted = _named("colors", stated.get("colors"), own, faults, _colour_fault)
    labels = _named("labels", stated.get("labels"), names, faults, lambda _: "")
    raise_faults("figure", faults, InputError)
    dark = ax is not None and _is_dark(ax)
    width = inches[0] if ax is None else ax.get_position().width * ax.figure.get_figwidth()
    shown = {name: DARK.get(colour, colour) if dark else colour for name, colour in painted.items()}
    made = Canvas(ax, width, inches[1], size is not None, marks_of(shown), labels, str(stated.get("title", "")), dark)
    with styled({"font.size": made.size(10)}):
        yield made


def _inches(size: Any, faults: list[Fault]) -> tuple[float, float | None]:
    if size is None:
        return WIDTH, None
    try:
        found = np.atleast_1d(np.asarray(size, float)).tolist()
    except (TypeError, ValueError):
        found = []
    if len(found) not in (1, 2) or not all(0.5 <= inch <= 100 for inch in found):
        faults.append(Fault("figsize", f"is {size!r}; give width and height in inches, such as (3.4, 2.6), or a width"))
        return WIDTH, None
    return found[0], found[1] if len(found) == 2 else None


def _named(
    what: str, stated: Any, own: Mapping[str, str], faults: list[Fault], check: Callable[[Any], str]
) -> dict[str, str]:
    """Colours or labels by name: those that are stated, by name or in order, in the place of a figure's own."""
    if stated is None:
        return dict(own)
    if isinstance(stated, Mapping):
        unknown = [str(key) for key in stated if key not in own]
        faults += [Fault(what, f"nothing is called '{key}'{nearest(key, own)}") for key in unknown]
        given = {key: value for key, value in stated.items() if key in own}
    elif isinstance(stated, str) or len(stated) != len(own):
        count = 1 if isinstance(stated, str) else len(stated)
        faults.append(Fault(what, f"{count} for {len(own)}: {', '.join(own)}; give one for each, or name -> value"))
        return dict(own)
    else:
        given = dict(zip(own, stated, strict=True))
    faults += [Fault(what, said) for said in map(check, given.values()) if said]
    return {name: str(given.get(name, value)) for name, value in own.items()}


def _colour_fault(colour: Any) -> str:
    from matplotlib.colors import is_color_like

    return "" if isinstance(colour, str) and is_color_like(colour) else f"{colour!r} is no colour, such as '#1f4e79'"


def _is_dark(ax: Axes) -> bool:
    from matplotlib.colors import to_rgba

    red, green, blue, opaque = to_rgba(ax.figure.get_facecolor())
    return opaque > 0 and 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.3


def _within(ax: Axes, rows: int, columns: int, heights: Sequence[float]) -> np.ndarray:
    """Panels within one axes, which is itself one of them where there is one."""
    if rows * columns == 1:
        return np.array([[ax]], object)
    ax.set_axis_off()
    tall, wide = (1 - _BETWEEN * (rows - 1)) / sum(heights), (1 - _BETWEEN * (columns - 1)) / columns
    found, top = np.empty((rows, columns), object), 1.0
    for row, height in enumerate(heights):
        for column in range(columns):
            place = (column * (wide + _BETWEEN), top - height * tall, wide, height * tall)
            found[row, column] = ax.inset_axes(place, facecolor="none")
        top -= height * tall + _BETWEEN
    return found


def figure_of(axes: Iterable[Axes]) -> ShownFigure:
    """Figure that axes stand in."""
    found: Any = next(iter(axes)).get_figure(root=True)
    return found
