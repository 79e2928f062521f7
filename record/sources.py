"""The bibliography: who wrote what, in plain text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import pandas as pd
from pybtex.database import BibliographyData, Entry, Person, parse_string
from pybtex.exceptions import PybtexError
from pybtex.richtext import Text

from ..common.errors import Fault, InputError, nearest_to
from .files.load import Rule, rows
from .files.read import FilePath, decoded, read_bytes, shipped


@dataclass(frozen=True)
class Source:
    """One work of the bibliography, in plain text.

    Parameters
    ----------
    key
        As used in the tables.
    author
        Authors, separated by "and"; empty if none is given.
    title
        Title.
    year
        Year, as text.
    url
        Address on the web; empty if none is given.

    Examples
    --------
    >>> print(Source("a1", "Ann Author", "A Title", "1999", ""))
    Ann Author (1999). A Title.
    """

    key: str
    author: str
    title: str
    year: str
    url: str

    def __str__(self) -> str:
        return f"{self.author} ({self.year}). {self.title}." + (f" {self.url}" if self.url else "")


def load_sources(path: FilePath | None = None) -> Mapping[str, Source]:
    """Works of a bibliography, in plain text.

    Parameters
    ----------
    path
        A BibTeX file in UTF-8; None for the one that ships with the record (222 entries).

    Returns
    -------
    Mapping of str to Source
        By key, in the order of the file; read-only.

    Raises
    ------
    InputError
        If the file cannot be read, is no BibTeX, or has no entry.

    Examples
    --------
    >>> print(load_sources()["anderson1966"])
    M. S. Anderson (1966). The Eastern Question, 1774-1923.
    """
    return MappingProxyType({key: _source(key, entry) for key, entry in _entries(path).items()})


def _entries(path: FilePath | None) -> Mapping[str, Entry]:
    place = shipped("sources.bib") if path is None else Path(path)
    text = decoded(place, read_bytes(place))
    try:
        data: BibliographyData = parse_string(text, "bibtex")
    except PybtexError as error:
        raise InputError(place.name, [Fault("", f"not readable as BibTeX ({error})")]) from None
    if not data.entries:
        raise InputError(place.name, [Fault("", "has no entries; expected BibTeX such as @book{key, ...}")])
    return data.entries


def _keys(path: FilePath | None) -> tuple[str, ...]:
    # Plain text is not asked for, and takes twice as long to make of an entry as the entry to read.
    return tuple(_entries(path))


@cache
def _shipped_keys() -> tuple[str, ...]:
    """Keys of the shipped bibliography, read once: parsing takes longer than all other checks together."""
    return _keys(None)


def known_sources(path: FilePath | None, sources: FilePath | Mapping[str, Source] | None) -> Rule:
    """Rule that every source key of a table stands in the bibliography.

    Parameters
    ----------
    path
        The table's own path; None for the shipped one, which is held to the shipped bibliography.
    sources
        A bibliography or its path; None to leave a user's own file unchecked.

    Returns
    -------
    Rule
        For `servanda.record.files.load.load_table`.

    Raises
    ------
    InputError
        If the bibliography cannot be read.

    Examples
    --------
    >>> rule = known_sources(None, None)
    >>> [fault.what for fault in rule(pd.DataFrame({"sources": ["anderson1967"]}, index=[2]))]
    ["'anderson1967' is not in the bibliography; did you mean 'anderson1966'?"]
    """
    if sources is None and path is not None:
        return lambda _frame: ()
    keys = _looked_up(sources)
    known = frozenset(keys)
    hint = nearest_to(keys)

    def rule(frame: pd.DataFrame) -> list[Fault]:
        return [
            Fault.at(line, "sources", f"{key!r} is not in the bibliography{hint(key)}")
            for line, row in rows(frame, ("sources",))
            for key in (part.strip() for part in row.get("sources", "").split(";"))
            if key and key not in known
        ]

    return rule


def _looked_up(sources: FilePath | Mapping[str, Source] | None) -> tuple[str, ...]:
    if isinstance(sources, Mapping):
        return tuple(sources)
    return _shipped_keys() if sources is None else _keys(sources)


def _plain(latex: str) -> str:
    # pybtex reads "~" as a no-break space.
    return str(Text.from_latex(latex)).replace("\N{NO-BREAK SPACE}", " ")


def _name(person: Person) -> str:
    parts = (person.first_names, person.middle_names, person.prelast_names, person.last_names)
    name = " ".join(word for part in parts for word in part or ())
    return _plain(", ".join([name, *(person.lineage_names or ())]))


def _source(key: str, entry: Entry) -> Source:
    fields, persons = entry.fields or {}, entry.persons or {}
    return Source(
        key=key,
        author=" and ".join(_name(person) for person in persons.get("author", ())),
        title=_plain(fields.get("title", "")),
        year=_plain(fields.get("year", "")),
        # An address is no prose: only the escapes that BibTeX demands are undone.
        url=fields.get("url", "").replace("\\", ""),
    )
