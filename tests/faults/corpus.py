"""Inputs that are bad, each with the message that it must give: `corpus(folder)` writes them.

A family of inputs is a function; a row is an ending, a content, and what must be said. Run by itself it lists them:
``python tests/faults/corpus.py FOLDER``.
"""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Bad:
    """A bad input.

    Parameters
    ----------
    path
        The file.
    kind
        Which reader it is for: network, prior, scenario, record, events.
    says
        Regular expression of the message.
    """

    path: Path
    kind: str
    says: str


def corpus(folder: Path) -> list[Bad]:
    """Write all bad inputs to a folder."""
    found = []
    for kind, family in FAMILIES:
        for number, (name, content, says) in enumerate(family()):
            path = folder / f"{kind}-{family.__name__}-{number}{name}"
            path.write_bytes(content)
            found.append(Bad(path, kind, says))
    return found


Row = tuple[str, bytes, str]


def toml_values() -> Iterator[Row]:
    """What TOML can hold that no reader can."""
    yield ".toml", b"a = " + b"[" * 900 + b"]" * 900, r"nested too deep"
    yield ".toml", b"a = " + b"{ b = " * 900 + b"1" + b" }" * 900, r"nested too deep"
    yield ".toml", b"a = " + b"9" * 5000, r"holds a value that cannot be read|5000|4300"
    yield ".toml", b"a = 1\na = 2\n", r"is not TOML.*stands in line 1 already"
    yield ".toml", b"a = ", r"is not TOML"
    yield ".toml", b"\xff\xfe\x00a", r"UTF-16"
    yield ".toml", "a = 'Bündnis'".encode("latin-1"), r"line 1: not UTF-8 text \(byte 0xFC\)"
    yield ".toml", b"PK\x03\x04", r"is a zip archive; unpack it first"
    yield ".toml", gzip.compress(b"a = 1", mtime=0), r"is compressed with gzip; unpack it first"
    yield ".toml", b"a = '\x00'", r"is not TOML|UTF-16"


def toml_networks() -> Iterator[Row]:
    """Networks that cannot be."""
    node = b'name = "n"\nnodes.a.states = ["x", "y"]\n'
    yield ".toml", b'name = "n"', r"nodes"
    yield (
        ".toml",
        node + b'nodes.b = { states = ["x", "y"], parents.c = { reason = "r" } }',
        r"node b: has an undeclared parent 'c'",
    )
    yield ".toml", node + b'nodes.b = { states = ["x", "x"] }', r"node b: repeats the states x"
    yield ".toml", node + b'nodes.b = { states = ["x", "y"], family = "none" }', r"node b: unknown family 'none'"
    yield ".toml", node + b"nodes.b = 5", r"b"
    yield (
        ".toml",
        node + b'nodes.b = { states = ["x", "y"], parents.b = { reason = "r" } }',
        r"node b: is its own parent",
    )


def bif() -> Iterator[Row]:
    """BIF, cut and broken."""
    head = b"network n { }\nvariable a { type discrete [ 2 ] { x, y }; }\n"
    yield from _broken(".bif", head + b"probability ( a ) { table 0.5, 0.5; }\n")
    yield ".bif", head, r"table|probability"
    yield ".bif", head + b"probability ( a ) { table 0.5; }", r"a"
    yield ".bif", head + b"probability ( a ) { table 0.5, nan; }", r"a"
    yield ".bif", head + b"probability ( a ) { table 0.5, -0.5; }", r"a"
    yield ".bif", head + b"probability ( b ) { table 0.5, 0.5; }", r"b"


def net() -> Iterator[Row]:
    """NET, cut and broken."""
    head = b'net { }\nnode a { states = ("x" "y"); }\n'
    yield from _broken(".net", head + b"potential (a) { data = (0.5 0.5); }\n")
    yield ".net", head + b"potential (a) { data = (0.5); }", r"a"
    yield ".net", head + b"potential (a) { data = (0.5 0.6 0.7); }", r"a"
    yield ".net", head + b"potential (b) { data = (0.5 0.5); }", r"b"


def xml() -> Iterator[Row]:
    """XML of both formats, with encodings and entities that are not read."""
    for suffix, inside in ((".xmlbif", b"<BIF/>"), (".xdsl", b"<smile/>")):
        yield from _broken(suffix, b'<?xml version="1.0"?>' + inside)
        yield suffix, b'<?xml version="1.0" encoding="klingon"?>' + inside, r"."
        yield suffix, b'<?xml version="1.0" encoding="utf-7"?>' + inside, r"."
        yield suffix, b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>', r"."
        bomb = b"".join(b'<!ENTITY e%d "&e%d;&e%d;">' % (i, i - 1, i - 1) for i in range(1, 30))
        yield suffix, b'<!DOCTYPE a [<!ENTITY e0 "x">' + bomb + b"]><a>&e29;</a>", r"."
        yield suffix, b"<a>" * 5000 + b"</a>" * 5000, r"."


def csv_tables() -> Iterator[Row]:
    """Tables that are none."""
    yield ".csv", b"", r"is empty|no text"
    yield ".csv", b"\n\n\n", r"is empty|no text"
    yield ".csv", b"\x00" * 100, r"."
    yield ".csv", b"a,a\n1,2\n", r"a"
    yield ".csv", b"a,b\n", r"row"
    yield ".csv", "a\nBündnis\n".encode("latin-1"), r"not UTF-8 text"
    yield ".csv", b'a,b\n"1,2\n', r"."
    yield ".csv.gz", b"\x1f\x8b\x08\x00rubbish", r"gzip|damaged|cut"
    yield ".parquet", b"PAR1rubbishPAR1", r"."
    yield ".dta", b"<stata_dta>rubbish", r"."
    yield ".sav", b"$FL2rubbish", r"."


def _broken(suffix: str, whole: bytes) -> Iterator[Row]:
    """A file that is empty, cut at each tenth, of another kind, or full of nothing."""
    for content in (b"", b"\x00" * 64, b"\xff\xd8\xff\xe0 picture", b"%PDF-1.7", b"{" * 3000, b"(" * 3000):
        yield suffix, content, r"."
    for tenth in range(1, 9):
        yield suffix, whole[: len(whole) * tenth // 10], r"."
    yield f"{suffix}.gz", whole, r"is not compressed with gzip, or is cut off"
    yield f"{suffix}.gz", gzip.compress(whole, mtime=0)[:-6], r"is not compressed with gzip, or is cut off"


FAMILIES: tuple[tuple[str, Callable[[], Iterator[Row]]], ...] = (
    *((kind, toml_values) for kind in ("network", "prior", "scenario", "settings")),
    ("network", toml_networks),
    ("network", bif),
    ("network", net),
    ("network", xml),
    *((kind, csv_tables) for kind in ("record", "events")),
)

if __name__ == "__main__":
    for bad in corpus(Path(sys.argv[1])):
        sys.stdout.write(f"{bad.kind:10} {bad.path.name:40} {bad.says}\n")
