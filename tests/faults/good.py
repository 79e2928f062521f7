"""Good files of every kind, to be changed by the fuzzer, and the seals that a changed one needs to be read on."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import pyreadstat
import xarray as xr

from servanda.analysis.ledger.lines import NOTHING, line_hash
from servanda.common.json_values import content_hash
from servanda.models import Arrow, Network, Node, Posterior, fit
from servanda.models.network.files import write_network_file
from servanda.record.files.codebook import GUARANTEES, TRACK_RECORD, Table
from servanda.record.files.read import shipped

_SEAL = re.compile(rb"\nservanda-sha256 [0-9a-f]{64}\n\Z")


def good_files(name: str) -> list[bytes]:
    """Contents of good files of a target of the fuzzer."""
    return _MADE.get(name, list)()


def _network(suffix: str) -> Callable[[], list[bytes]]:
    def made() -> list[bytes]:
        nodes = (Node("rain", ("no", "a little")), Node("soil", ("dry", "wet"), (Arrow("rain", "water"),)))
        tables = {
            "rain": xr.DataArray([0.2, 0.8], dims="rain"),
            "soil": xr.DataArray([[0.9, 0.1], [0.25, 0.75]], dims=("rain", "soil")),
        }
        path = Path(tempfile.mkdtemp()) / f"a{suffix}"
        write_network_file(Network(nodes), tables, path)
        return [path.read_bytes()]

    return made


def _rows(table: Table) -> pd.DataFrame:
    """Few rows with the columns that nobody may leave out: each column and row makes every reading longer."""
    whole = pd.read_csv(shipped(f"{table.name}.csv"), dtype=str, keep_default_na=False)
    return whole.loc[:4, list(table.required)]


def _csv(table: Table) -> Callable[[], list[bytes]]:
    def made() -> list[bytes]:
        full = shipped(f"{table.name}.csv").read_bytes().splitlines(keepends=True)
        return [_rows(table).to_csv(index=False).encode(), b"".join(full[:3])]

    return made


def _typed(write: Callable[[pd.DataFrame, Path], object], suffix: str) -> Callable[[], list[bytes]]:
    def made() -> list[bytes]:
        path = Path(tempfile.mkdtemp()) / f"a{suffix}"
        write(_rows(TRACK_RECORD), path)
        return [path.read_bytes()]

    return made


def _posterior() -> list[bytes]:
    path = Path(tempfile.mkdtemp()) / "a.nc"
    network = Network((Node("rain", ("no", "yes")), Node("soil", ("dry", "wet"), (Arrow("rain", "water"),))))
    table = {"rain": xr.DataArray([0.2, 0.8], dims="rain")}
    Posterior.from_tables(Network((Node("rain", ("no", "yes")),)), table).save(path)
    small = path.read_bytes()
    fit(network, pd.DataFrame({"rain": ["no", "yes"], "soil": ["dry", None]}), seed=1, draws=5, chains=2).save(path)
    return [small, path.read_bytes()]


_MADE: Mapping[str, Callable[[], list[bytes]]] = {
    "bif": _network(".bif"),
    "net": _network(".net"),
    "xmlbif": _network(".xmlbif"),
    "xdsl": _network(".xdsl"),
    "csv": _csv(GUARANTEES),
    "events": _csv(TRACK_RECORD),
    "parquet": _typed(lambda frame, path: frame.to_parquet(path), ".parquet"),
    "stata": _typed(lambda frame, path: frame.to_stata(path, write_index=False), ".dta"),
    "spss": _typed(lambda frame, path: pyreadstat.write_sav(frame, path), ".sav"),
    "posterior": _posterior,
    "sources": lambda: [shipped("sources.bib").read_bytes()[:4000].rpartition(b"\n@")[0]],
    "report": lambda: [
        b'{"schema": 3, "question": {"name": "a"}, "answer": {"mean": 0.5, "mcse": null}, "passed": true}'
    ],
    "ledger": lambda: [
        b'{"kind": "resolved", "id": "2026-01-31.1", "state": "kept", "on": "2026-02-01", "note": ""}\n'
    ],
}


def _sealed_posterior(data: bytes) -> bytes:
    body = _SEAL.sub(b"", data)
    return body + f"\nservanda-sha256 {hashlib.sha256(body).hexdigest()}\n".encode()


def _sealed_report(data: bytes) -> bytes:
    try:
        raw = json.loads(data)
        return json.dumps({**raw, "sha256": content_hash(raw)}).encode()
    except (ValueError, TypeError, RecursionError):
        return data


def _sealed_ledger(data: bytes) -> bytes:
    before, lines = NOTHING, []
    for line in data.split(b"\n"):
        try:
            raw = {key: value for key, value in json.loads(line).items() if key not in ("before", "hash")}
            own = line_hash(before, raw)
            lines.append(json.dumps({**raw, "before": before, "hash": own}).encode())
            before = own
        except (ValueError, TypeError, AttributeError, RecursionError):
            lines.append(line)
    return b"\n".join(lines)


#: Target -> what puts its seal right.
SEALS: Mapping[str, Callable[[bytes], bytes]] = {
    "posterior": _sealed_posterior,
    "report": _sealed_report,
    "ledger": _sealed_ledger,
}
