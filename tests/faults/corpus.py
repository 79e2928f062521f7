"""Inputs that are bad, each with the message that it must give: `corpus(folder)` writes them.

A family of inputs is a function; a row is an ending, a content, and what must be said. Run by itself it lists them:
``python tests/faults/corpus.py FOLDER``.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import netCDF4
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import tomli_w
import xarray as xr

from servanda.analysis import load_report, read_ledger
from servanda.analysis.scenarios.scenario import load_scenario
from servanda.common.toml import read_toml
from servanda.models import Network, Node, Posterior, load_network, load_posterior
from servanda.models.track.settings import load_track_settings
from servanda.priors import load_prior
from servanda.record import check_file, load_guarantees, load_sources, load_track_record
from servanda.record.files.read import shipped

ROOT = Path(__file__).parents[2]
#: Kind of an input -> what reads it.
READERS: Mapping[str, Callable[[Path], Any]] = {
    "network": lambda path: load_network(path) if path.suffix == ".toml" else Network.from_file(path),
    "prior": load_prior,
    "scenario": load_scenario,
    "settings": load_track_settings,
    "record": load_guarantees,
    "events": load_track_record,
    "check": check_file,
    "sources": load_sources,
    "posterior": load_posterior,
    "report": load_report,
    "ledger": read_ledger,
}


@dataclass(frozen=True)
class Bad:
    """A bad input.

    Parameters
    ----------
    path
        The file.
    kind
        Which of `READERS` it is for.
    says
        Regular expression of the message.
    """

    path: Path
    kind: str
    says: str


def corpus(folder: Path, share: float = 1.0) -> list[Bad]:
    """Write all bad inputs to a folder.

    Parameters
    ----------
    share
        Size of what is there to be too large, as a share of what the usual limit of the memory allows.
    """
    found = []
    large = (("network", partial(network_bombs, share)), ("check", partial(bombs, share)))
    for kind, family in (*FAMILIES, *large):
        called = getattr(family, "func", family).__name__
        for number, (name, content, says) in enumerate(family()):
            path = folder / f"{kind}-{called}-{number}{name}"
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
    yield ".parquet", _parquet({"a": [["x"], ["y"]]}), r"column a: holds a list|column"
    yield ".parquet", _parquet({"a": np.array([-(2**62), 0], "M8[us]")}), r"."
    yield ".parquet", _parquet({"a": np.array([1, 2], "m8[s]")}), r"."
    yield ".parquet", _parquet({"a": [b"\xff\xfe", b"x"]}), r"bytes that are no UTF-8 text|column"
    yield ".parquet", _parquet({"a": pa.array([0, 1], pa.timestamp("s", "Mars/Olympus"))}), r"."


def bombs(share: float) -> Iterator[Row]:
    """Small files that would take gigabytes, and wide ones that would take minutes; or some share of that."""
    allowed = r"allowed; make it smaller, or raise SERVANDA_LIMIT_GB \(now .*\)"
    rows, long, wide = int(2e8 * share), int(1e6 * share), int(6000 * share)
    yield ".csv.gz", gzip.compress(b"a,b\n" * rows, 1), f"holds more than .* MB of text; no more is {allowed}"
    header = b",".join(b"c%d" % number for number in range(wide))
    yield ".csv", header + b"\n" + b"," * (wide - 1), f"has {wide} columns; .* are {allowed}"
    yield ".csv", b"a" + b"," * (rows // 2) + b"\n1\n", f"has {rows // 2 + 1} columns; .* are {allowed}"
    yield ".csv", b"a,b\n" + b"," * (rows // 2) + b"\n1\n", f"its cells would take .* of memory; .* are {allowed}"
    many = io.BytesIO()
    zeros = pa.table({"a": pa.array(np.zeros(long, np.int8))})
    with pq.ParquetWriter(many, zeros.schema) as writer:
        for _ in range(50):
            writer.write_table(zeros)
    yield ".parquet", many.getvalue(), f"its cells would take .* of memory; .* are {allowed}"
    path = Path(tempfile.mkdtemp()) / "a.sav"
    pyreadstat.write_sav(pd.DataFrame({"a": [1.0]}), path)
    said = bytearray(path.read_bytes())
    said[80:84] = (50 * long).to_bytes(4, "little")
    yield ".sav", bytes(said), f"its cells would take .* of memory; .* are {allowed}"
    path = path.with_suffix(".dta")
    pd.DataFrame({"a": np.zeros(50 * long, np.int8)}).to_stata(path, write_index=False)
    yield ".dta", path.read_bytes(), f"its cells would take .* of memory; .* are {allowed}"
    texts = pa.DictionaryArray.from_arrays(pa.array(np.zeros(10_000, np.int32)), pa.array(["x" * long]))
    whole = _parquet({"a": texts}, store_schema=False)
    yield ".parquet", whole, f"its cells would take .* of memory; .* are {allowed}"


def network_bombs(share: float) -> Iterator[Row]:
    """Networks whose tables no memory holds, and text that is slow to read."""
    allowed = r"GB of memory; .* are allowed"
    parents = [b"p%d" % number for number in range(30)]
    head = b"network n { }\n" + b"".join(
        b"variable %s { type discrete [ 2 ] { x, y }; }\n" % name for name in (*parents, b"a")
    )
    tables = b"".join(b"probability ( %s ) { table 0.5, 0.5; }\n" % name for name in parents)
    row = b"probability ( a | " + b", ".join(parents) + b" ) { default 0.5, 0.5; }\n"
    yield ".bif", head + tables + row, f"its table of 2147483648 numbers would take 17.2 {allowed}"
    states = b'<state id="x"/><state id="y"/>'
    plain = b'<cpt id="%s">' + states + b"<probabilities>0.5 0.5</probabilities></cpt>"
    noisy = b'<noisymax id="a">' + states + b"<parents>" + b" ".join(parents) + b"</parents>"
    noisy += b"<strengths>" + b"0 1 " * 30 + b"</strengths>"
    noisy += b"<parameters>" + b"0.5 0.5 0 1 " * 30 + b"0.5 0.5</parameters></noisymax>"
    nodes = b"".join(plain % name for name in parents) + noisy
    yield ".xdsl", b"<smile><nodes>" + nodes + b"</nodes></smile>", f"would take 17.2 {allowed}"
    yield ".bif.gz", gzip.compress(b" " * int(3e8 * share), 1), f"what it holds would take .* {allowed}"
    yield ".bif", b"/* " * 30_000, r"the comment of line 1 is not closed"
    yield ".bif", b"probability ( " * 7_000, r"does not say of what"
    yield ".net", b"net { } " + b"data " * 20_000, r"holds 'data data"
    names = range(1200)
    known = b"".join(b"variable v%d { type discrete [ 2 ] { x, y }; }\n" % number for number in names)
    others = b"".join(b"probability ( w%d ) { table 1, 0; }\n" % number for number in names)
    yield ".bif", known + others, r"no such node"


def _parquet(columns: Mapping[str, Any], **how: Any) -> bytes:
    held = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), held, **how)
    return held.getvalue()


def cells(table: str, wrong: Mapping[str, tuple[str, str]]) -> Iterator[Row]:
    """A good file with one column taken out, emptied, or with one cell that cannot be."""
    with shipped(f"{table}.csv").open(encoding="utf-8", newline="") as file:
        good = [row for row, _ in zip(csv.DictReader(file), range(3), strict=False)]
    for column, (cell, says) in wrong.items():
        rest = [{name: text for name, text in row.items() if name != column} for row in good]
        yield ".csv", _csv(rest), f"column '{column}' is missing"
        yield (
            ".csv",
            _csv([{**good[0], column: ""}, *good[1:]]),
            f"row 2, column {column}: is empty; a value is required",
        )
        yield ".csv", _csv([*good[:2], {**good[2], column: cell}]), f"row 4, column {column}: .*{says}"


def _csv(rows: list[dict[str, str]]) -> bytes:
    held = io.StringIO()
    writer = csv.DictWriter(held, [*rows[0]])
    writer.writeheader()
    writer.writerows(rows)
    return held.getvalue().encode()


CASES = {
    "case_id": ("NA", "'NA' looks like the code of a missing value"),
    "guarantee_id": ("-9", "'-9' looks like the code"),
    "obligor": ("['USA']", "looks like a list"),
    "role": ("guarantr", "'guarantr' is not a level; did you mean 'guarantor'"),
    "signed": ("1914-13", "is not a date of the calendar"),
    "tested": ("soon", "is not a date of the form"),
    "obligation": ("protect", "is not a level"),
    "outcome": ("kept", "is not a level"),
    "outcome_year": ("99999", "is not a year; expected four digits"),
    "confidence": ("very", "is not a level"),
    "sources": ("a;;b", "has an empty key"),
}
EVENTS = {
    "actor": ("?", "looks like the code of a missing value"),
    "date": ("2019-02-30", "is not a date of the calendar"),
    "agreement": ("NULL", "looks like the code"),
    "event": ("broke", "is not a level"),
    "finding_by": ("b'IAEA'", "looks like bytes"),
    "detail": ("nan", "looks like the code"),
    "sources": (";", "has an empty key"),
}


def toml_keys(shown: str, needed: tuple[str, ...], others: tuple[str, ...]) -> Iterator[Row]:
    """A good file of ours with one key taken out, of another kind, or with one that nobody knows."""
    good = read_toml(ROOT / shown)
    for key in needed:
        yield ".toml", tomli_w.dumps({name: value for name, value in good.items() if name != key}).encode(), key
    for key in (*needed, *others):
        for strange in (5.5, {"x": {"y": 1}}, [["z"]]):
            yield ".toml", tomli_w.dumps({**good, key: strange}).encode(), key
    yield ".toml", tomli_w.dumps({**good, "never_heard_of": 1}).encode(), r"never_heard_of"


def prior_entries() -> Iterator[Row]:
    """Entries of prior sets that cannot be."""
    head = 'name = "p"\ntitle = "t"\ndescription = "d"\n[[priors]]\n'
    good = 'parameter = "*"\ndistribution = "normal"\nmu = 0.0\nsigma = 1.0\nreason = "r"\nsource = "judgement"\n'
    for old, new, says in (
        ("sigma = 1.0", "sigma = 0.0", "sigma must be above 0"),
        ("sigma = 1.0", "sigma = -1.0", "sigma must be above 0"),
        ("sigma = 1.0", "sigma = nan", "sigma is not a finite number"),
        ("sigma = 1.0", "sigma = 1e-320", "sigma is too large or too small to be reckoned with"),
        ("sigma = 1.0", "sigma = 1e308", "sigma is too large or too small to be reckoned with"),
        ("mu = 0.0", "mu = inf", "mu is not a finite number"),
        ("mu = 0.0", "mu = 1e300", "mu is too large or too small"),
        ("sigma = 1.0\n", "", "needs sigma"),
        ("sigma = 1.0", 'sigma = "wide"', "."),
        ("sigma = 1.0", "sigma = []", "."),
        ("sigma = 1.0", "sigma = 1.0\ntau = 2.0", "tau"),
        ('"normal"', '"norml"', "unknown distribution.*did you mean 'normal'"),
        ('"normal"', "5", "."),
        ('reason = "r"\n', "", "reason"),
        ('source = "judgement"\n', "", "source"),
        ('parameter = "*"\n', "", "parameter"),
    ):
        yield ".toml", (head + good.replace(old, new)).encode(), says


def bibliography() -> Iterator[Row]:
    """BibTeX, cut and broken."""
    yield ".bib", b"", r"is empty"
    yield ".bib", b"rubbish", r"has no entries"
    yield ".bib", b"@book{key, title = {open", r"not readable as BibTeX"
    yield ".bib", b"@book{a, title={x}}\n@book{a, title={y}}", r"not readable as BibTeX"
    yield ".bib", "@book{a, title={Bündnis}}".encode("latin-1"), r"not UTF-8 text"
    yield ".bib", b"PK\x03\x04", r"Excel workbook or a zip archive"


def posteriors() -> Iterator[Row]:
    """Stored posteriors: cut, flipped, and sealed though their content cannot be."""
    folder = Path(tempfile.mkdtemp())
    whole = folder / "whole.nc"
    table = xr.DataArray([0.2, 0.8], dims="rain")
    Posterior.from_tables(Network((Node("rain", ("no", "yes")),)), {"rain": table}).save(whole)
    content = whole.read_bytes()
    changed = r"was changed or damaged after it was saved"
    for tenth in range(10):
        yield ".nc", content[: len(content) * tenth // 10], r"is not a posterior that Servanda saved|damaged"
        place = len(content) * tenth // 10 + 7
        yield ".nc", content[:place] + bytes([content[place] ^ 16]) + content[place + 1 :], changed
    damaged = r"is not a posterior that Servanda saved, or is damaged"
    for change, says in (
        (lambda file: file.attrs.__setitem__("servanda_format", 99), r"has format 99, this version reads 1 and 2"),
        (lambda file: file.attrs.__setitem__("servanda_format", "two"), r"has format two"),
        (lambda file: file.attrs.__setitem__("servanda_network", 5), damaged),
        (lambda file: file.attrs.__setitem__("servanda_network", "nodes = 1"), r"nodes|damaged"),
        (lambda file: file.attrs.__setitem__("servanda_priors", "{"), damaged),
        (lambda file: file.attrs.__setitem__("servanda_priors", "[1]"), damaged),
        (lambda file: file.attrs.__setitem__("servanda_provenance", "no"), damaged),
        (lambda file: file.attrs.__setitem__("servanda_provenance", 1.5), damaged),
        (lambda file: file.attrs.__delitem__("servanda_network"), damaged),
        (lambda file: file.__delitem__("posterior/rain.table"), r"rain|damaged"),
        (lambda file: file.__delitem__("posterior"), damaged),
        (lambda file: file["posterior/rain.table"].__setitem__(..., -1.0), r"rain.table"),
        (lambda file: file["posterior/rain.table"].__setitem__(..., np.nan), r"rain.table"),
        (lambda file: file["posterior/rain.table"].__setitem__(..., 1e308), r"rain.table"),
    ):
        part = folder / "part.nc"
        part.write_bytes(content)
        with h5py.File(part, "r+") as file:
            change(file)
        body = part.read_bytes()
        yield ".nc", body + f"\nservanda-sha256 {hashlib.sha256(body).hexdigest()}\n".encode(), says
    with netCDF4.Dataset(part, "w") as file:
        file.createDimension("n", 10**11)
        file.createVariable("x", "f8", ("n",), chunksizes=(10**6,), zlib=True)
    yield ".nc", part.read_bytes(), r"what it holds would take 800 GB of memory; .* GB are allowed"


def json_files() -> Iterator[Row]:
    """JSON that is none, or no report."""
    for text in (b"", b"{", b"\xff", b"[" * 100_000, b"nul", b'{"a": 1e}', b"\x00" * 50):
        yield ".json", text, r"is damaged, or no JSON"
    for text in (b"[1]", b"5", b'"report"', b"null"):
        yield ".json", text, r"holds no report: a table of sections was expected"
    for version in (None, 1, 2, "3", 99, [3]):
        shown = json.dumps({"schema": version}).encode()
        yield ".json", shown, r"schema: is .*, and this version of Servanda reads 3; write the report again"
    yield ".json", b'{"schema": 3}', r"carries no hash"
    yield ".json", b'{"schema": 3, "sha256": "0"}', r"was changed or damaged after it was written"


def ledgers() -> Iterator[Row]:
    """Lines that are none of a ledger."""
    for text in (b"x\n", b"[]\n", b"{}\n", b"5\n", b"\xff\n", b"[" * 100_000 + b"\n", b'{"before": 1, "hash": 2}\n'):
        yield ".jsonl", text, r"line 1: (is no line of a ledger|was changed after it was written)"
    yield ".jsonl", b'{"torn', r"was not written to its end"


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
    *((kind, csv_tables) for kind in ("record", "events", "check")),
    ("record", partial(cells, "guarantees", CASES)),
    ("events", partial(cells, "track_record", EVENTS)),
    ("prior", prior_entries),
    ("prior", partial(toml_keys, "priors/sets/flat.toml", ("name", "priors"), ("title", "description"))),
    (
        "scenario",
        partial(
            toml_keys,
            "examples/my_scenario.toml",
            ("title", "question", "as_of", "horizon", "resolution", "headline", "judgements"),
            ("network", "priors"),
        ),
    ),
    ("sources", bibliography),
    ("posterior", posteriors),
    ("report", json_files),
    ("ledger", ledgers),
)

if __name__ == "__main__":
    for bad in corpus(Path(sys.argv[1])):
        sys.stdout.write(f"{bad.kind:10} {bad.path.name:40} {bad.says}\n")
