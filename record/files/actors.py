"""Actors in the record's one spelling: ISO-3 letters where there are any, and the successor's for its predecessors."""

from __future__ import annotations

import difflib
import re
import unicodedata
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Literal

from ...common.errors import Fault, InputError, nearest
from .codebook import OWN_ACTORS
from .dates import span_or_none

if TYPE_CHECKING:
    import pandas as pd

#: How a file may write its actors: Correlates-of-War codes, Gleditsch-Ward codes, ISO-3 letters, names.
Scheme = Literal["cow", "gw", "iso3", "name"]


class RecordWarning(UserWarning):
    """What is odd about a file and no fault, such as one actor in several spellings.

    Examples
    --------
    >>> import warnings
    >>> from servanda.record import load_track_record
    >>> with warnings.catch_warnings(record=True) as heard:
    ...     warnings.simplefilter("always")
    ...     events = load_track_record()
    >>> [str(one.message) for one in heard if issubclass(one.category, RecordWarning)]
    []
    """


# Numbers that the list of countries lacks or gives to one state only, by the record's own rules of succession.
_COW_NUMBERS = {260: "DEU", 265: "DDR", 300: "AUT", 315: "CSK", 345: "YUG", 347: "XKX", 678: "YEM", 680: "YMD"}
_COW_NUMBERS |= {817: "VNM-South"}
# Gleditsch and Ward count as Correlates of War does, but for these.
_GW_NUMBERS = {**_COW_NUMBERS, 255: "DEU", 340: "SRB", 816: "VNM", 970: "KIR", 971: "NRU", 972: "TON", 973: "TUV"}
_GW_NUMBERS |= {564: "Orange Free State"}
_GW_LETTERS = {"DRV": "VNM", "RVN": "VNM-South"}
#: Serbia until 1918 and again after 1991; Yugoslavia between.
_YUGOSLAVIA, _YUGOSLAV_YEARS = "YUG", range(1919, 1992)

# What the record's rules call a predecessor, by what it is called elsewhere; letters are those of ISO 3166-3.
_PREDECESSORS = {
    "RUS": ("soviet union", "ussr", "sun", "russian empire"),
    "DEU": ("prussia", "german empire", "german reich", "west germany", "german federal republic", "frg"),
    "AUT": ("austria hungary", "austro hungarian empire", "austrian empire", "habsburg monarchy", "auh"),
    "TUR": ("ottoman empire",),
    "SRB": ("fr yugoslavia", "federal republic of yugoslavia", "serbia and montenegro", "scg"),
    "ITA": ("sardinia", "piedmont sardinia", "kingdom of sardinia"),
    "VNM": ("north vietnam", "democratic republic of vietnam", "vdr"),
    "GBR": ("england", "great britain"),
    "CHN": ("prc",),
    "KOR": ("rok",),
    "COD": ("zar",),
    "MMR": ("bur",),
    "XKX": ("kosovo",),
}
# Columns of the list that hold names in full; an exact name cannot be that of a group within the country.
_NAMES = (
    *("country.name.en", "country.name.de", "country.name.fr", "country.name.it", "cow.name", "p4.name", "vdem.name"),
    *("iso.name.en", "iso.name.fr", "un.name.en", "un.name.es", "un.name.fr", "un.name.ru", "un.name.zh", "un.name.ar"),
    *("cldr.name.en", "cldr.short.en", "cldr.variant.en", "cldr.name.es", "cldr.name.ru"),
)
_CODES = ("iso3c", "iso2c", "cown", "cowc", "gwn", "gwc", "country.name.en.regex")
# Words that may stand around the name of a country without making it another actor.
_TITLES = frozenset(
    {"the", "of", "and", "former", "united", "democratic", "people", "s", "peoples", "socialist", "federal", "soviet"}
    | {"federative", "islamic", "arab", "state", "kingdom", "republic", "republics", "federation", "union"}
    | {"commonwealth", "principality", "sultanate", "grand", "duchy", "independent", "hashemite", "plurinational"}
    | {"oriental", "bolivarian", "co", "operative", "nation"}
)
#: The name of a group, in spite of its words.
_NO_TITLE = "islamic state"
#: Shorter names are words or letters of something else in too many languages.
_SHORTEST_NAME = 4
#: Likeness of a name that has a letter too many, too few or wrong.
_MISSPELT = 0.9


@dataclass(frozen=True)
class _List:
    """List of countries, as lookups to the record's codes."""

    iso3: frozenset[str]
    cow: Mapping[str, str]
    gw: Mapping[str, str]
    keys: Mapping[str, str]
    names: tuple[str, ...]
    patterns: tuple[tuple[re.Pattern[str], str], ...]


def spelling_key(text: str) -> str:
    r"""What two spellings of one name share: no case, accents, marks, invisible marks or double blanks.

    Parameters
    ----------
    text
        A name.

    Returns
    -------
    str
        Small letters and digits with single blanks between words.

    Examples
    --------
    >>> spelling_key("U\u200bSA"), spelling_key("Côte d'Ivoire")
    ('usa', 'cote d ivoire')
    """
    shown = (mark for mark in unicodedata.normalize("NFKD", text) if unicodedata.category(mark) not in ("Cf", "Mn"))
    return " ".join(re.sub(r"[\W_]+", " ", "".join(shown).casefold().replace("&", " and ")).split())


def country_code(text: str) -> str | None:
    """Code of the record for an actor that is written otherwise.

    Parameters
    ----------
    text
        A name in one of several languages, letters of ISO or Correlates of War, or an actor of the record.

    Returns
    -------
    str or None
        ISO-3 letters, or the record's own; None for what no list knows, and for numbers, which need a scheme.

    Examples
    --------
    >>> [country_code(text) for text in ("USA", "usa", "United States", "Prussia", "Haitian military", "nobody")]
    ['USA', 'USA', 'USA', 'DEU', 'Haitian military', None]
    """
    if text in OWN_ACTORS or text in (known := _list()).iso3:
        return text
    for key in _keys(text):
        if key in known.keys:
            return known.keys[key]
        found = {code for pattern, code in known.patterns if _is_all_of(pattern, key)}
        if len(found) == 1:
            return found.pop()
    key = spelling_key(text)
    close = difflib.get_close_matches(key, known.names, n=1, cutoff=_MISSPELT)
    return known.keys.get(close[0] if close else _without_titles(key))


def _keys(text: str) -> Iterator[str]:
    """Give the key of a name, and of letters with points between them the key without."""
    key = spelling_key(text)
    yield key
    letters = key.replace(" ", "")
    if len(letters) > 1 and len(key) == 2 * len(letters) - 1:
        yield letters


@lru_cache(maxsize=1 << 16)
def same_actor(text: str) -> str:
    """What all spellings of one actor share.

    Parameters
    ----------
    text
        An actor.

    Returns
    -------
    str
        Its code where one is known, else its `spelling_key`.

    Examples
    --------
    >>> same_actor("United States") == same_actor("usa") == "USA"
    True
    """
    # Three capitals are taken for a code, so that a file that is written well needs no list of countries.
    return text if re.fullmatch("[A-Z]{3}", text) else country_code(text) or spelling_key(text)


def converted(
    frame: pd.DataFrame, *, column: str, scheme: Scheme | None, date: str = ""
) -> tuple[pd.DataFrame, list[Fault]]:
    """Actors of a column in the record's spelling.

    Parameters
    ----------
    frame
        Text, indexed by line.
    column
        The column of actors.
    scheme
        How they are written; None leaves them.
    date
        Column of dates that tells Serbia from Yugoslavia, which have one number.

    Returns
    -------
    tuple of DataFrame and list of Fault
        The frame with codes in place of what the scheme knows. Other words stay as they are, since they may name
        organisations and groups; a number that the scheme does not know is a fault.

    Raises
    ------
    InputError
        If there is no such scheme.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"obligor": ["2", "NATO", "999"]}, index=[2, 3, 4])
    >>> frame, faults = converted(frame, column="obligor", scheme="cow")
    >>> frame["obligor"].tolist(), [str(fault) for fault in faults]
    (['USA', 'NATO', '999'], ["row 4, column obligor: '999' is no Correlates-of-War number of a state"])
    """
    if scheme is None:
        return frame, []
    if scheme not in _SCHEMES:
        raise InputError("countries", [Fault("", f"{scheme!r} is no way to write actors{nearest(scheme, _SCHEMES)}")])
    if column not in frame:
        return frame, []
    written, faults = [], []
    dates = frame[date] if date in frame else [""] * len(frame)
    for line, text, day in zip(frame.index, frame[column], dates, strict=True):
        code = _SCHEMES[scheme](text)
        if code is None and text.isdigit():
            faults.append(Fault.at(line, column, f"{text!r} is {_NUMBERS[scheme]}"))
        span = span_or_none(day)
        is_serbia = code == _YUGOSLAVIA and text.isdigit() and span and span[0].year not in _YUGOSLAV_YEARS
        written.append("SRB" if is_serbia else code or text)
    return frame.assign(**{column: written}), faults


def warn_of_spelling(actors: Iterable[str], column: str) -> None:
    """Warn of what `spelling_remarks` finds, at the line that called the loader.

    Warns
    -----
    RecordWarning
        Once for each remark.
    """
    for remark in spelling_remarks(actors, column):
        warnings.warn(remark, RecordWarning, stacklevel=3)


def spelling_remarks(actors: Iterable[str], column: str) -> Iterator[str]:
    r"""What is odd about the spelling of actors: whoever is written in two ways is taken for two.

    Parameters
    ----------
    actors
        Cells of a column.
    column
        Its name.

    Yields
    ------
    str
        One remark for each actor, with the code that it looks like; one for all numbers.

    Examples
    --------
    >>> for remark in spelling_remarks(["USA", "usa", "United States", "FARC"], "obligor"):
    ...     print(remark)
    column obligor: 'usa', 'United States' look like USA, and count as other actors than it; write USA
    """
    names = list(dict.fromkeys(actors))
    numbers = [name for name in names if name.isdigit()]
    alike: defaultdict[str, list[str]] = defaultdict(list)
    unknown: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        if name.isdigit():
            continue
        code = country_code(name)
        if code is None:
            unknown[spelling_key(name)].append(name)
        elif code != name:
            alike[code].append(name)
    for code, spelled in alike.items():
        verb, other = ("looks", "counts as another actor") if len(spelled) == 1 else ("look", "count as other actors")
        yield f"column {column}: {_listed(spelled)} {verb} like {code}, and {other} than it; write {code}"
    for spelled in unknown.values():
        if len(spelled) > 1:
            yield f"column {column}: {_listed(spelled)} look like one actor, and count as several; write one of them"
    if numbers:
        yield _number_remark(numbers, column)


def _number_remark(numbers: list[str], column: str) -> str:
    known = _list()
    for scheme, codes, called in (("cow", known.cow, "Correlates-of-War"), ("gw", known.gw, "Gleditsch-Ward")):
        if all(number in codes for number in numbers):
            meant = ", ".join(dict.fromkeys(codes[number] for number in numbers[:5]))
            more = ", ..." if len(numbers) > 5 else ""
            return (
                f"column {column}: {_listed(numbers)} {'look' if len(numbers) > 1 else 'looks'} like {called} numbers "
                f"({meant}{more}); read the file with countries={scheme!r} (on the command line --countries {scheme})"
            )
    return f"column {column}: {_listed(numbers)} are numbers, and name no actor; write ISO-3 letters"


def _listed(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names[:5]) + (", ..." if len(names) > 5 else "")


def _iso3(text: str) -> str | None:
    letters = spelling_key(text).upper()
    return letters if letters in _list().iso3 else None


# How a file may write its actors -> the record's code, or None for what that way does not know.
_SCHEMES: Mapping[str, Any] = {
    "cow": lambda text: _list().cow.get(text.upper()),
    "gw": lambda text: _list().gw.get(text.upper()),
    "iso3": _iso3,
    "name": country_code,
}
_NUMBERS = {
    "cow": "no Correlates-of-War number of a state",
    "gw": "no Gleditsch-Ward number of a state",
    "iso3": "a number, and no ISO-3 letters; perhaps the file has countries='cow'",
    "name": "a number, and no name; perhaps the file has countries='cow'",
}


def _without_titles(key: str) -> str:
    words = [] if key.startswith(_NO_TITLE) else key.split()
    while words and words[0] in _TITLES:
        words = words[1:]
    while words and words[-1] in _TITLES:
        words = words[:-1]
    return " ".join(words)


def _is_all_of(pattern: re.Pattern[str], key: str) -> bool:
    """Whether a name of a country is all that a key says: a group within the country is no country."""
    if not pattern.search(key) or key.startswith(_NO_TITLE):
        return False
    words = key.split()
    # Words that can go from either end are not needed to know the country: they must be titles.
    for end in (0, -1):
        while len(words) > 1 and pattern.search(" ".join(rest := words[1:] if end == 0 else words[:-1])):
            if words[end] not in _TITLES:
                return False
            words = rest
    return True


@cache
def _list() -> _List:
    # Imported when the first actor is looked up: it reads a file of two megabytes.
    from countrycode.countrycode import prepare_codelist

    table = prepare_codelist()
    needed = (*_CODES, *_NAMES)
    rows = [dict(zip(needed, cells, strict=True)) for cells in zip(*(table[name] for name in needed), strict=True)]
    codes = [row["iso3c"] or _own_code(row) for row in rows]
    iso3 = frozenset(row["iso3c"] for row in rows if row["iso3c"]) | {"XKX"}
    cow = {str(row["cown"]): code for row, code in zip(rows, codes, strict=True) if row["cown"]}
    gw = {**cow, **{str(row["gwn"]): code for row, code in zip(rows, codes, strict=True) if row["gwn"]}}
    cow_letters = {row["cowc"]: code for row, code in zip(rows, codes, strict=True) if row["cowc"]}
    gw_letters = {row["gwc"]: code for row, code in zip(rows, codes, strict=True) if row["gwc"]}
    keys: dict[str, str] = {}
    # From the surest to the least sure; the first that claims a key has it.
    sure = [(code, code) for code in (*OWN_ACTORS, *iso3)]
    sure += [(name, code) for code, names in _PREDECESSORS.items() for name in names]
    sure += [(row["iso2c"], code) for row, code in zip(rows, codes, strict=True) if row["iso2c"]]
    for text, code in sure:
        keys.setdefault(spelling_key(text), code)
    claimed: defaultdict[str, set[str]] = defaultdict(set)
    for row, code in zip(rows, codes, strict=True):
        for name in (row[column] for column in _NAMES if row[column]):
            claimed[spelling_key(name)].add(code)
    for key, claims in claimed.items():
        if (len(key) >= _SHORTEST_NAME or not key.isascii()) and key and len(claims) == 1:
            keys.setdefault(key, *claims)
    names = tuple(key for key in keys if len(key) > 2 * _SHORTEST_NAME)
    for letters, code in cow_letters.items():
        keys.setdefault(spelling_key(letters), code)
    return _List(
        iso3,
        {**cow, **cow_letters, **{str(number): code for number, code in _COW_NUMBERS.items()}},
        {**gw, **gw_letters, **_GW_LETTERS, **{str(number): code for number, code in _GW_NUMBERS.items()}},
        keys,
        names,
        tuple(
            (re.compile(row["country.name.en.regex"], re.IGNORECASE), code)
            for row, code in zip(rows, codes, strict=True)
            if row["country.name.en.regex"]
        ),
    )


def _own_code(row: Mapping[str, Any]) -> str:
    """Code of a state that ISO 3166 does not know: the record's, else its English name."""
    name = row["country.name.en"]
    key = spelling_key(name)
    by_name = {other: code for code, others in _PREDECESSORS.items() for other in others}
    return _COW_NUMBERS.get(row["cown"]) or by_name.get(key) or name
