r"""Network files of other tools: BIF, XMLBIF, XDSL and NET, read and written with every state name intact.

What these formats hold is nodes, states, arrows and one table a node. None holds the family of a node, whether its
states are ordered, the reason of an arrow, a label, a coding or an effect of actors: a network that was written and
read again has `table` nodes without them.

===========  ==========================  =====================================  =====================================
format       suffix                      names of nodes                         names of states
===========  ==========================  =====================================  =====================================
BIF          ``.bif``                    no spaces, no ``{}()[]|,;"``, and not  no ``{}()[]|,;"``; a space only where
                                         two that differ only in capitals       the node has another state
XMLBIF       ``.xml .xmlbif .bifxml``    any                                    any
XDSL         ``.xdsl``                   no spaces                              any
NET          ``.net``                    ASCII letters, digits and ``_``        ASCII without ``"``
===========  ==========================  =====================================  =====================================

A file that contradicts itself (a node, table or row given twice, a count of states that does not match) is refused
with both places, and so is one that holds what its reader does not know: a temporal XDSL network, an object-oriented
NET one, decisions, utilities, equations. A `deterministic` or `noisymax` node of XDSL becomes the table that it stands
for. Counts and percentages in NET are scaled, and said to be; a cell that rounding left below zero is zero.

*Any* is printable text that neither begins nor ends with a space. Probabilities keep every digit in all four. Some
tools take less than a format can hold: several read a BIF state only if it is a word or a whole number (not ``1-2``),
and GeNIe wants identifiers as the names of states in XDSL.

pgmpy's own readers and writers are not used: they split quoted states at spaces, rewrite states of XMLBIF, round the
numbers of NET and XDSL, and take seconds to load. That pgmpy and pyAgrum read the same from these files is tested.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import PurePath

from ...common.errors import Fault, InputError, nearest, raise_faults
from ...common.files import regular_bytes, written_whole
from ...common.limits import excess, unpacked
from .base import Format
from .bif import BIF
from .content import FormatError, NetworkContent
from .net import NET
from .xdsl import XDSL
from .xmlbif import XMLBIF

#: Title -> format. A format is one module, and one name in this line.
FORMATS: dict[str, Format] = {form.title: form for form in (BIF, XMLBIF, XDSL, NET)}

#: What a network takes of the memory while it is read, for each byte of its file.
_BYTES_A_BYTE = 20
_BY_GENIE = "open it in GeNIe and save it as .xdsl"
_BY_PGMPY = "read it with pgmpy, and take the model with Posterior.from_pgmpy"
#: Suffixes of networks that are not read -> what they are, and what to do.
NOT_READ = {
    ".dne": ("a Netica network", _BY_GENIE),
    ".neta": ("a binary Netica network", f"save it in Netica as .dne, {_BY_GENIE}"),
    ".dsc": ("a network of Microsoft's belief network tools", _BY_GENIE),
    ".dsl": ("a network of old GeNIe", _BY_GENIE),
    ".erg": ("an Ergo network", _BY_GENIE),
    ".oobn": ("an object-oriented Hugin network", "unfold its instances in Hugin and save that as .net"),
    ".hkb": ("a compiled Hugin network", "save it in Hugin as .net"),
    ".uai": ("a network of the UAI contests, which hold no names", _BY_PGMPY),
    ".xbn": ("a network of Microsoft's belief network tools", _BY_PGMPY),
    ".pgmx": ("an OpenMarkov network", _BY_PGMPY),
    ".rds": ("an object of R", "write it in R with bnlearn's write.bif"),
    ".rda": ("objects of R", "write the network in R with bnlearn's write.bif"),
}


def is_network_file(path: str | os.PathLike[str]) -> bool:
    """Whether the suffix of a file says that it is a network of another tool, of a format that is read or is not.

    Examples
    --------
    >>> [is_network_file(name) for name in ("ASIA.BIF.GZ", "asia.dne", "dprk.nc")]
    [True, True, False]
    """
    suffix = _plain(path).suffix.lower()
    return suffix in NOT_READ or any(suffix in form.suffixes for form in FORMATS.values())


def format_of(path: str | os.PathLike[str]) -> Format:
    """Give the format that the suffix of a file says.

    Raises
    ------
    FormatError
        If it says none, with the suffix that may be meant and all that are known; or one that is not read, with what
        to do.

    Examples
    --------
    >>> format_of("asia.xml.gz").title
    'XMLBIF'
    """
    suffix = _plain(path).suffix.lower()
    for form in FORMATS.values():
        if suffix in form.suffixes:
            return form
    if suffix in NOT_READ:
        what, remedy = NOT_READ[suffix]
        raise FormatError(str(path), [Fault("", f"is {what}, which is not read or written; {remedy}")])
    known = [known for form in FORMATS.values() for known in form.suffixes]
    has = f"has the suffix '{suffix}', which is of no known format" if suffix else "has no suffix, so no format"
    meant = nearest(suffix, known) if suffix else ""
    hint = meant if meant.startswith("; did") else ""
    raise FormatError(str(path), [Fault("", f"{has}{hint}; known are {', '.join(known)}, with .gz or without")])


def _compressed(path: str | os.PathLike[str]) -> bool:
    return PurePath(path).suffix.lower() == ".gz"


def _plain(path: str | os.PathLike[str]) -> PurePath:
    return PurePath(path).with_suffix("") if _compressed(path) else PurePath(path)


def read_content(path: str | os.PathLike[str]) -> NetworkContent:
    """Read the content of a network file, named as the file says, or else as the file is named.

    Raises
    ------
    FormatError
        If there is no such file, its suffix or its content is of no known format, a node is not discrete, or its
        parts do not fit one another. That rows add up to one is not checked.

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("lawn.net").write_text('''
    ... net { }
    ... node rain { states = ("no" "a little"); }
    ... potential (rain) { data = (0.8 0.2); }
    ... ''')
    >>> content = read_content("lawn.net")
    >>> content.name, content.states, content.tables["rain"].tolist()
    ('lawn', {'rain': ('no', 'a little')}, [0.8, 0.2])
    """
    form = format_of(path)
    raw = _bytes_of(path)
    try:
        with faults_of_file(path):
            content = form.read(raw)
    except _DAMAGED as error:
        raise FormatError(str(path), [Fault("", f"is no {form.title} file, or is damaged: {error}")]) from None
    return content if content.name else replace(content, name=_plain(path).stem)


#: What reading a damaged file can end in, whatever the format.
_DAMAGED = (ValueError, LookupError, ArithmeticError, TypeError, AttributeError, RecursionError)


@contextmanager
def faults_of_file(path: str | os.PathLike[str]) -> Iterator[None]:
    """Say of the file what is found wrong with its content."""
    try:
        yield
    except InputError as error:
        raise FormatError(str(path), error.faults) from None


def _bytes_of(path: str | os.PathLike[str]) -> bytes:
    try:
        raw = regular_bytes(path)
        content = unpacked(raw) if _compressed(path) else raw
    except FileNotFoundError:
        raise FormatError(str(path), [Fault("", "there is no such file")]) from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise FormatError(str(path), [Fault("", f"is not compressed with gzip, or is cut off ({error})")]) from None
    except OSError as error:
        raise FormatError(str(path), [Fault("", f"cannot be read ({error.strerror or error})")]) from None
    # A number of a network takes more of the memory than one of a table.
    if complaint := excess(_BYTES_A_BYTE * len(content), "what it holds"):
        raise FormatError(str(path), [Fault("", complaint)])
    return content


def write_content(content: NetworkContent, path: str | os.PathLike[str], faults: Iterable[Fault] = ()) -> None:
    """Write a network file, whole or not at all.

    Parameters
    ----------
    content
        With a table for every node.
    path
        A file whose suffix says the format; with ``.gz`` after that it is compressed.
    faults
        What is wrong already, to be said together with the names that the format cannot hold.

    Raises
    ------
    FormatError
        If the suffix is not known, there are faults, a name cannot stand in the format, or the file cannot be written.
    """
    form = format_of(path)
    raise_faults(str(path), [*faults, *form.faults(content)], FormatError)
    raw = form.write(content).encode("utf-8")
    with written_whole(path, FormatError) as temporary:
        # Without a time in its head the same network gives the same file.
        temporary.write_bytes(gzip.compress(raw, mtime=0) if _compressed(path) else raw)
