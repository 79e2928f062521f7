"""How values show themselves: ten lines at a prompt, and a table without any script in a notebook."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from math import isnan
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

#: Most lines of a text and letters in one of them; most rows of a table in a notebook.
LINES, LETTERS, ROWS = 10, 110, 40
#: Lines that the head of a text may take, and its notes together.
_HEAD, _NOTES = 2, 2
#: Letters that are left of a cell's text.
_CELL = 44


@dataclass(frozen=True)
class View:
    """What a value shows of itself, as a few lines of text or as HTML.

    Parameters
    ----------
    head
        What it is, in a sentence.
    facts
        Name -> what it is.
    table
        Numbers, one row a thing; its index is shown.
    notes
        Sentences below.
    pictures
        Makes the SVG of each of the first rows, which stand under the title `pictured`; only a notebook asks for them.
    drawing
        Makes the SVG below the head.
    more
        Title of a part that is folded away in a notebook -> its table.
    """

    head: str
    facts: Mapping[str, object] = field(default_factory=dict)
    table: pd.DataFrame | None = None
    notes: Sequence[str] = ()
    pictures: Callable[[], Sequence[str]] = tuple
    pictured: str = "density"
    drawing: Callable[[], str] = str
    more: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def text(self) -> str:
        """Ten lines at most.

        Examples
        --------
        >>> print(View("posterior of lawn", {"draws": "4 chains of 500", "cases": 12}).text())
        posterior of lawn
          draws: 4 chains of 500
          cases: 12
        """
        head, notes = _lines([self.head], _HEAD), _lines(self.notes, _NOTES)
        facts = [_cut("  " + " ".join(f"{name}: {fact}".split())) for name, fact in self.facts.items()]
        room = LINES - len(head) - len(notes)
        if len(facts) > room:
            facts = [*facts[: room - 1], f"  ... {len(facts) - room + 1} more"]
        return "\n".join([*head, *facts, *self._table_text(room - len(facts)), *notes])

    def _table_text(self, room: int) -> list[str]:
        if self.table is None or self.table.empty or room < 2:
            return []
        shown = self.table.head(room - 1 if len(self.table) < room else room - 2)
        cells = _cells(shown)
        columns = [[name, *(row[place] for row in cells)] for place, name in enumerate(_titles(shown))]
        wide = [max(map(len, column)) for column in columns]
        numbers = _are_numbers(shown)
        lines = [_cut("  " + "  ".join(map(_aligned, row, wide, numbers))) for row in zip(*columns, strict=True)]
        left = len(self.table) - len(shown)
        return [*(line.rstrip() for line in lines), *([f"  ... {left} more rows"] if left else [])]

    def html(self) -> str:
        """The same as HTML that runs nothing; whatever a user has written is escaped.

        Examples
        --------
        >>> View("lawn", {"rain": "<b>"}).html()
        '<div><p><b>lawn</b></p><table><tr><th>rain</th><td>&lt;b&gt;</td></tr></table></div>'
        """
        parts = [f"<p><b>{escape(self.head)}</b></p>", self.drawing()]
        if self.facts:
            rows = (
                f"<tr><th>{escape(name)}</th><td>{escape(str(fact))}</td></tr>" for name, fact in self.facts.items()
            )
            parts.append(f"<table>{''.join(rows)}</table>")
        if self.table is not None and not self.table.empty:
            parts.append(_table_html(self.table, self.pictures(), self.pictured))
        parts += [f"<p>{escape(note)}</p>" for note in self.notes]
        parts += [
            f"<details><summary>{escape(title)}</summary>{_table_html(table)}</details>"
            for title, table in self.more.items()
            if not table.empty
        ]
        return f"<div>{''.join(parts)}</div>"


class Shown:
    """A value that shows itself in ten lines at a prompt, and in a notebook as a table.

    A class gives its `View`; a dataclass says ``repr=False``, or its own text would stand before this one.
    """

    def _view(self) -> View:
        raise NotImplementedError

    def __repr__(self) -> str:
        return harmless(self._view().text())

    def _repr_html_(self) -> str:
        return self._view().html()


#: Marks that turn the direction of what follows, and codes by which a text would command a terminal: all but those of
#: colour and place, which programs write themselves.
_COMMANDS = re.compile("[\u202a-\u202e\u2066-\u2069]|\x1b(?!\\[)|[\x00-\x07\x0e-\x1a\x7f-\x9f]")


def harmless(text: str) -> str:
    r"""Text that a terminal shows in its order, and takes no command from.

    Parameters
    ----------
    text
        Whatever stood in a file of a user.

    Returns
    -------
    str
        With a question mark in a diamond for each mark that would turn or command.

    Examples
    --------
    >>> harmless("\u202e %74 \x1b]0;title\x07")
    '\ufffd %74 \ufffd]0;title\ufffd'
    """
    return _COMMANDS.sub("\N{REPLACEMENT CHARACTER}", text)


def _lines(texts: Sequence[str], most: int) -> list[str]:
    """Sentences in so many lines at most."""
    found = [line for text in texts for line in textwrap.wrap(text, LETTERS)]
    return found if len(found) <= most else [*found[: most - 1], _cut(f"{found[most - 1]} ...")]


def _cut(line: str, most: int = LETTERS) -> str:
    return line if len(line) <= most else f"{line[: most - 3].rstrip()}..."


def _levels(table: pd.DataFrame) -> list[str]:
    """Titles of the index; a plain count of rows is no title."""
    plain = table.index.nlevels == 1 and table.index.name is None and table.index.inferred_type == "integer"
    return [] if plain else [_cell(str(name or "")) for name in table.index.names]


def _titles(table: pd.DataFrame) -> list[str]:
    return [*_levels(table), *map(_cell, map(str, table.columns))]


def _are_numbers(table: pd.DataFrame) -> list[bool]:
    return [*([False] * len(_levels(table))), *(kind.kind in "fiu" for kind in table.dtypes)]


def _cells(table: pd.DataFrame) -> list[list[str]]:
    own = bool(_levels(table))
    found = []
    for key, row in zip(table.index, table.itertuples(index=False, name=None), strict=True):
        keys = (key if isinstance(key, tuple) else (key,)) if own else ()
        found.append([_cell(cell) for cell in (*keys, *row)])
    return found


def _aligned(cell: str, wide: int, number: bool) -> str:  # noqa: FBT001 - called by map
    return f"{cell:>{wide}}" if number else f"{cell:<{wide}}"


def _cell(value: Any) -> str:
    """Text of a cell: a number in three decimals, text in one line."""
    if isinstance(value, float):
        return "" if isnan(value) else f"{value:.3f}"
    return _cut(" ".join(str(value).split()), _CELL)


def _table_html(table: pd.DataFrame, pictures: Sequence[str] = (), pictured: str = "") -> str:
    shown = table.head(ROWS)
    titles = [*_titles(shown), *([pictured] if pictures else [])]
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    rows, own = [], len(_levels(shown))
    for place, cells in enumerate(_cells(shown)):
        parts = [f"<th>{escape(cell)}</th>" for cell in cells[:own]]
        parts += [f"<td>{escape(cell)}</td>" for cell in cells[own:]]
        if pictures:
            parts.append(f"<td>{pictures[place] if place < len(pictures) else ''}</td>")
        rows.append(f"<tr>{''.join(parts)}</tr>")
    left = len(table) - len(shown)
    note = f"<p>{left} more rows</p>" if left else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>{note}"
