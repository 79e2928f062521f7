"""Cells that are no value but a code for a missing one, which nobody has declared."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

import pandas as pd

from ...common.errors import Fault

#: What programs write in place of a missing value, in small letters.
_WORDS = frozenset({"na", "n/a", "#n/a", "#na", "nan", "null", "<na>", "nat", "#null!", "#value!", "#ref!", "#name?"})
#: What people write; a sentence may say it, a name does not.
_NAMELESS = frozenset({"none", "nil", "missing", "unknown", "-", "--", "?", "n.a.", "not available", "not applicable"})
#: Stata's missing values as text, and the numbers that surveys and data sets keep for gaps.
_STATA = re.compile(r"\.[a-z]?")
_NUMBER = re.compile(r"-([6-9])\1{0,3}(\.0*)?")
_YEAR = re.compile(r"([7-9])\1{3}")
#: There are not so many states.
_COUNT = re.compile(r"([7-9])\1{2,3}")
_BYTES = re.compile(r"""b(['"])(?P<text>.*)\1""")
_LIST = re.compile(r"\[.*\]|\{.*\}")

_NEEDED = "a value is required: find it, or drop the row"
#: Kind of a column that the codebook does not know.
OWN = "own"
# Kind of cell -> what there is a code besides what programs write: words of people, or numbers.
_BY_WORD = frozenset({"name", "actor"})
_BY_NUMBER: Mapping[str, tuple[re.Pattern[str], ...]] = {
    OWN: (),
    "year": (_NUMBER, _YEAR),
    "date": (_NUMBER, _YEAR),
    "count": (_NUMBER, _COUNT),
}


def is_code(text: str, kind: str) -> bool:
    """Whether a cell looks like a code for a missing value.

    Parameters
    ----------
    text
        The cell.
    kind
        Kind of its column (`servanda.record.files.codebook.Column`), or ``own`` for one that the codebook does not
        know: there a negative number may be a value, as in many scales.

    Returns
    -------
    bool
        False for an empty cell, which says by itself that it is missing.

    Examples
    --------
    >>> is_code("NA", "text"), is_code("-9", "actor"), is_code("-9", "own"), is_code("none", "level")
    (True, True, False, False)
    """
    lowered = text.lower()
    words = _WORDS | _NAMELESS if kind in _BY_WORD else _WORDS
    numbers = _BY_NUMBER.get(kind, (_NUMBER,))
    return lowered in words or any(code.fullmatch(lowered) for code in (_STATA, *numbers))


def code_faults(
    frame: pd.DataFrame, kinds: Mapping[str, str], required: Collection[str] = ()
) -> Iterator[tuple[Fault, frozenset[tuple[int, str]]]]:
    """Faults of cells that look like codes for missing values, one for each code.

    Parameters
    ----------
    frame
        Text, indexed by line.
    kinds
        Column -> kind of its cells.
    required
        Columns of which no cell may be missing.

    Yields
    ------
    tuple of Fault and frozenset
        The fault, which names the first cell and counts the others, and the line and column of every cell.

    Examples
    --------
    >>> frame = pd.DataFrame({"ended": ["1914", "NA"], "note": ["NA", ""]}, index=[2, 3])
    >>> [fault.where for fault, _ in code_faults(frame, {"ended": "date", "note": "text"})]
    ['row 2, column note']
    """
    places: defaultdict[tuple[str, bool], list[tuple[int, str]]] = defaultdict(list)
    for name, kind in kinds.items():
        codes = {text for text in frame[name].unique() if text and is_code(text, kind)}
        for line, text in zip(frame.index, frame[name], strict=True) if codes else ():
            if text in codes:
                places[text, name in required].append((line, name))
    order = list(frame.columns)
    for (text, needed), found in places.items():
        found.sort(key=lambda place: (place[0], order.index(place[1])))
        others = f", as {len(found) - 1} other cell{'s do' if len(found) > 2 else ' does'} ({_columns(found[1:])})"
        looks = f"{text!r} looks like the code of a missing value{others if len(found) > 1 else ''}; "
        yield Fault.at(*found[0], looks + (_NEEDED if needed else _declare(text))), frozenset(found)


def written_by_a_program(text: str, kind: str) -> str:
    """What is wrong with text that is the source code of a value; empty text when nothing is.

    Parameters
    ----------
    text
        The cell.
    kind
        Kind of its column.

    Returns
    -------
    str
        What is wrong, and what to write.

    Examples
    --------
    >>> print(written_by_a_program("b'USA'", "text"))
    "b'USA'" looks like bytes that a program wrote as they are; write 'USA'
    """
    as_bytes = _BYTES.fullmatch(text)
    if as_bytes:
        return f"{text!r} looks like bytes that a program wrote as they are; write {as_bytes['text']!r}"
    if kind in _BY_WORD and _LIST.fullmatch(text):
        return f"{text!r} looks like a list; expected a single name"
    return ""


def _columns(places: list[tuple[int, str]]) -> str:
    names = list(dict.fromkeys(name for _, name in places))
    return f"column{'s' * (len(names) > 1)} {', '.join(names)}"


def _declare(text: str) -> str:
    return f"declare it by missing={text!r} (on the command line --missing {_quoted(text)}), or leave the cell empty"


def _quoted(text: str) -> str:
    return text if re.fullmatch(r"[\w./#-]+", text) else f'"{text}"'
