"""Tables as journals print them: a value and its interval in one cell, written as LaTeX, Markdown or CSV."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .errors import Fault, InputError, nearest, raise_faults
from .files import writable_file, written_whole
from .show import Shown, View

#: What journals do not print of a table, unless `columns` asks for it.
LEFT_OUT = (
    *("sd", "mcse", "ess_bulk", "ess_tail", "rhat", "pareto_k", "effective"),
    *("quarter", "three_quarters", "margin", "interval"),
)
#: What a spreadsheet takes for the beginning of a formula, also in the wide letters of East Asia.
_FORMULA = re.compile(r"[\s\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
_DASH, _MINUS, _SPACE = "\N{EN DASH}", "\N{MINUS SIGN}", "\N{NO-BREAK SPACE}"
#: Sign -> what LaTeX sets in its place; pandas escapes the rest.
_IN_LATEX = {_DASH: "--", _MINUS: "$-$", _SPACE: "~", "<": "$<$", ">": "$>$"}


@dataclass(frozen=True, repr=False)
class PrintedTable(Shown):
    """A table whose cells are text, as journals print them.

    Parameters
    ----------
    cells
        Text of every cell; the columns of the index come first.

    Examples
    --------
    >>> import pandas as pd
    >>> print(PrintedTable(pd.DataFrame({"prior": ["flat"], "mean": ["71 %"]})).to_markdown())
    | prior | mean |
    | :---- | :--- |
    | flat  | 71 % |
    """

    cells: pd.DataFrame

    def to_markdown(self) -> str:
        r"""Pipe table, in which a bar within a cell is escaped.

        Examples
        --------
        >>> import pandas as pd
        >>> table = pd.DataFrame({"who": ["a|b"], "mean": [0.74], "lower": [0.56], "upper": [0.89]})
        >>> print(printed_table(table).to_markdown())
        | who  | mean (90 % interval) |
        | :--- | :------------------- |
        | a\|b | 0.74 (0.56 to 0.89)  |
        """
        rows = [[_for_markdown(cell) for cell in row] for row in (self.cells.columns, *self.cells.to_numpy())]
        wide = [max(4, *map(len, column)) for column in zip(*rows, strict=True)]
        rule = [":" + "-" * (width - 1) for width in wide]
        return "\n".join(
            f"| {' | '.join(map(str.ljust, row, wide))} |" for row in ([*map(str, rows[0])], rule, *rows[1:])
        )

    def to_latex(self, *, caption: str | None = None, label: str | None = None) -> str:
        r"""Tabular with the rules of the package booktabs; a numbered table where a caption or a label is given.

        Examples
        --------
        >>> import pandas as pd
        >>> table = pd.DataFrame({"gain": [-0.08], "error": [0.03]}, index=pd.Index(["logit & co"], name="model"))
        >>> print(printed_table(table).to_latex())
        \begin{tabular}{ll}
        \toprule
        model & gain (SE) \\
        \midrule
        logit \& co & $-$0.08 (0.03) \\
        \bottomrule
        \end{tabular}
        <BLANKLINE>
        """
        # Escaped by pandas first, so that what is put in for a sign is not escaped again.
        body = _set_in_latex(self.cells.to_latex(index=False, escape=True))
        if caption is None and label is None:
            return body
        head = [f"\\caption{{{_escaped(caption)}}}"] if caption is not None else []
        head += [f"\\label{{{label}}}"] if label is not None else []
        return "\n".join(["\\begin{table}", "\\centering", *head, body + "\\end{table}", ""])

    def to_csv(self, path: str | os.PathLike[str] | None = None) -> str:
        """The cells as CSV, for a word processor; full digits are in the result's own table.

        A cell that a spreadsheet would read as a formula, such as one that begins with a plus, has an apostrophe before
        it.

        Parameters
        ----------
        path
            File to write, whole or not at all; it begins with the mark by which spreadsheets know UTF-8.

        Returns
        -------
        str
            What was written, without the mark.

        Examples
        --------
        >>> import pandas as pd
        >>> print(printed_table(pd.DataFrame({"weight": [0.5]}, index=pd.Index(["a"], name="model"))).to_csv())
        model,weight
        a,0.50
        <BLANKLINE>
        """
        shielded = self.cells.map(_shielded).rename(columns=_shielded)
        text = shielded.to_csv(index=False, lineterminator="\n")
        if path is not None:
            with written_whole(writable_file(path)) as part:
                Path(part).write_text(text, encoding="utf-8-sig", newline="")
        return text

    def _view(self) -> View:
        return View(f"table of {len(self.cells)} rows, for .to_latex(), .to_markdown() and .to_csv()", table=self.cells)

    def _repr_html_(self) -> str:
        return self.cells.to_html(index=False, escape=True)

    def __str__(self) -> str:
        return self.cells.to_string(index=False)


def printed_table(
    table: pd.DataFrame,
    *,
    percent: Collection[str] = (),
    points: Collection[str] = (),
    changes: Sequence[bool] | None = None,
    columns: Iterable[str] | None = None,
    names: Mapping[str, str] | None = None,
    digits: int = 0,
    interval: float = 0.9,
) -> PrintedTable:
    """Table in the form that journals print.

    A column before ``lower`` and ``upper`` (or ``x_lower`` and ``x_upper``) takes them into its cell, as does one
    before a column that ends in ``error``. What is neither a probability nor a change has two decimals.

    Parameters
    ----------
    table
        Numbers, such as the ``table`` of a result.
    percent
        Columns of probabilities, as ``74 %`` with the ends in brackets; 0 and 100 are said only of what is exactly so.
    points
        Columns of changes of probabilities, with their sign.
    changes
        For every row, whether the columns of `percent` are changes there.
    columns
        Those to print, by their names in `table`, in this order; all but standard deviations and diagnostics by
        default. Ends of intervals and errors follow their column.
    names
        Column -> its heading.
    digits
        Decimals of per cent and points.
    interval
        Share of the distribution between the ends, for the headings.

    Raises
    ------
    InputError
        A column that the table does not have, or fewer digits than none.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"format": ["five"], "mean": [0.034], "lower": [0.01], "upper": [0.13]})
    >>> print(printed_table(table, points=["mean"], names={"mean": "change"}))
    format change (90 % interval)
      five  +3 points (+1 to +13)
    """
    laid_out = {column.name: column for column in _layout([str(name) for name in table.columns])}
    levels = [str(level) for level in table.index.names if level is not None]
    faults = [
        Fault("", f"the table has no column '{name}'{nearest(name, [*levels, *laid_out])}")
        for name in dict.fromkeys([*(columns or ()), *(names or ()), *percent, *points])
        if name not in laid_out and name not in levels
    ]
    if digits < 0:
        faults.append(Fault("digits", f"is {digits}; give 0 or more"))
    if changes is not None and len(changes) != len(table):
        faults.append(Fault("changes", f"has {len(changes)} entries; the table has {len(table)} rows"))
    raise_faults("printed table", faults, InputError)
    chosen = [name for name in laid_out if name not in LEFT_OUT] if columns is None else list(columns)
    headings, is_change = names or {}, [False] * len(table) if changes is None else changes
    cells: dict[str, list[str]] = {}
    for level in levels:
        values = table.index.get_level_values(level)
        cells[headings.get(level, level)] = [_cell(_number, [x], digits) for x in values]
    for column in (laid_out[name] for name in chosen if name not in levels):
        kind = "points" if column.name in points else "percent" if column.name in percent else "number"
        write = _WRITERS[kind][column.is_interval]
        of_change = _WRITERS["points" if kind == "percent" else kind][column.is_interval]
        rows = zip(*(table[part] for part in column.parts), strict=True)
        title = headings.get(column.name, column.name.replace("_", " ")) + column.explained(interval)
        cells[title] = [
            _cell(of_change if change else write, row, digits) for row, change in zip(rows, is_change, strict=True)
        ]
    return PrintedTable(pd.DataFrame(cells, dtype=object))


@dataclass(frozen=True)
class _Column:
    """What becomes one column: a value, with the ends of its interval or its error; or an interval alone."""

    name: str
    value: tuple[str, ...]
    ends: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[str, ...]:
        return self.value + self.ends

    @property
    def is_interval(self) -> bool:
        return not self.value

    def explained(self, interval: float) -> str:
        """What the heading says of the parts."""
        if not self.ends:
            return ""
        if len(self.ends) == 1:
            return " (SE)"
        prefix = "" if self.is_interval else self.ends[0].removesuffix("lower").replace("_", " ")
        return f" ({prefix}{100 * interval:g} % interval)"


def _layout(names: Sequence[str]) -> list[_Column]:
    """Columns in their order, those of intervals and errors taken in by the one that they follow."""
    found: list[_Column] = []
    taken: set[str] = set()
    for place, name in enumerate(names):
        upper = f"{name.removesuffix('lower')}upper"
        if name in taken:
            continue
        if name.endswith("lower") and upper in names:
            ends: tuple[str, ...] = (name, upper)
        elif name.endswith("error"):
            ends = (name,)
        else:
            found.append(_Column(name, (name,)))
            continue
        taken |= {*ends}
        if found and not found[-1].ends and found[-1].value == (names[place - 1],):
            found[-1] = _Column(found[-1].name, found[-1].value, ends)
        elif len(ends) == 2:
            found.append(_Column(name.removesuffix("lower").strip("_") or "interval", (), ends))
        else:
            found.append(_Column(name, ends))
    return found


def _cell(write: Callable[[Sequence[Any], int], str], row: Sequence[Any], digits: int) -> str:
    """Text of a cell; empty without its value, and the value alone without its ends."""
    if pd.isna(row[0]):
        return ""
    return write(row[:1] if any(map(pd.isna, row)) else row, digits)


def _percent(row: Sequence[Any], digits: int) -> str:
    value, *ends = (_per_cent(float(x), digits) for x in row)
    return f"{value}{_SPACE}%" + (f" ({_DASH.join(ends)})" if ends else "")


def _percent_interval(row: Sequence[Any], digits: int) -> str:
    return f"{_DASH.join(_per_cent(float(x), digits) for x in row)}{_SPACE}%"


def _points(row: Sequence[Any], digits: int) -> str:
    value, *ends = (_signed(float(x), digits) for x in row)
    # An error has no sign.
    told = [ends[0].lstrip("+")] if len(ends) == 1 else ends
    return f"{value} points" + (f" ({' to '.join(told)})" if told else "")


def _points_interval(row: Sequence[Any], digits: int) -> str:
    return f"{' to '.join(_signed(float(x), digits) for x in row)} points"


def _number(row: Sequence[Any], _digits: int) -> str:
    value, *ends = map(_one, row)
    return value + (f" ({' to '.join(ends)})" if ends else "")


def _number_interval(row: Sequence[Any], _digits: int) -> str:
    return " to ".join(map(_one, row))


def _per_cent(x: float, digits: int) -> str:
    """Per cent without the sign; 0 and 100 are said only of what is exactly so."""
    text, least = f"{100 * x:.{digits}f}", 10.0**-digits
    if x > 0 and not float(text):
        return f"<{least:.{digits}f}"
    if x < 1 and float(text) == 100:
        return f">{100 - least:.{digits}f}"
    return text


def _signed(x: float, digits: int) -> str:
    text = f"{100 * x:+.{digits}f}"
    return text.replace("-", _MINUS) if float(text) else text[1:]


def _one(x: Any) -> str:
    """Text of a value that is no probability."""
    if isinstance(x, bool | np.bool):
        return "yes" if x else "no"
    if isinstance(x, float | np.floating):
        text = f"{x:.2f}"
        return text.replace("-", _MINUS) if float(text) else "0.00"
    return str(x)


#: Kind of a column -> what writes a value with its ends, and an interval alone.
_WRITERS = {
    "percent": (_percent, _percent_interval),
    "points": (_points, _points_interval),
    "number": (_number, _number_interval),
}


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would take the text of a cell for a formula.

    Examples
    --------
    >>> is_formula("=1+1"), is_formula("-5"), is_formula("kept")
    (True, True, False)
    """
    return _FORMULA.match(cell) is not None


def _shielded(cell: str) -> str:
    return f"'{cell}" if is_formula(cell) else cell


def _for_markdown(cell: object) -> str:
    return str(cell).replace("|", "\\|").replace("\n", " ")


def _set_in_latex(escaped: str) -> str:
    # pandas writes a space behind a named sign as a command that not every reader of LaTeX knows.
    return escaped.replace(r"\space ", "\\ ").translate(str.maketrans(_IN_LATEX))


def _escaped(text: str) -> str:
    """Text of a caption, escaped as pandas escapes cells."""
    lines = pd.DataFrame([[text]]).to_latex(index=False, header=False, escape=True).splitlines()
    (cell,) = (line for line in lines if line.endswith(r" \\"))
    return _set_in_latex(cell.removesuffix(r" \\"))
