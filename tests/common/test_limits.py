"""What is too large is refused before it is made, by a limit that one variable states."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from servanda.common.errors import InputError
from servanda.common.files import regular_bytes
from servanda.common.limits import VARIABLE, excess, excess_of_columns, excess_of_text, unpacked
from servanda.models import Arrow, Network, NetworkError, Node, Prior, PriorError, fit
from servanda.models.errors import DataError
from servanda.models.sampling.prior_draws import prior_draws
from servanda.models.seeds import generator
from servanda.record import load_guarantees
from servanda.record.files.read import read_cells, shipped


def test_the_limit_is_stated_in_gigabytes(monkeypatch: pytest.MonkeyPatch):
    assert excess(4e9, "it") == ""
    assert excess(5e9, "it") == (
        "it would take 5 GB of memory; 4 GB are allowed; make it smaller, or raise SERVANDA_LIMIT_GB (now 4)"
    )
    monkeypatch.setenv(VARIABLE, "8")
    assert excess(5e9, "it") == excess_of_text(1e9) == excess_of_columns(10_000) == ""
    assert excess_of_columns(10_001).startswith("has 10001 columns; 10000 are allowed")
    monkeypatch.setenv(VARIABLE, "1e400")
    with pytest.raises(InputError, match="is '1e400'; give the gigabytes that one input may take"):
        excess(5e9, "it")
    monkeypatch.setenv(VARIABLE, "much")
    with pytest.raises(InputError, match="SERVANDA_LIMIT_GB: is 'much'; give the gigabytes that one input may take"):
        excess(1, "it")


def test_what_is_packed_is_unpacked_as_far_as_a_text_may_be_long(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv(VARIABLE, "0.0001")
    assert len(unpacked(gzip.compress(b"\n" * 10**7))) == 12_501
    (tmp_path / "long.csv").write_bytes(b"x" * 12_501)
    with pytest.raises(OSError, match=r"holds more than 0.0125 MB of text; no more is allowed"):
        regular_bytes(tmp_path / "long.csv")
    with pytest.raises(InputError, match=r"guarantees.csv: cannot be read \(holds more than"):
        load_guarantees(shipped("guarantees.csv"))


def test_a_table_of_thirty_parents_is_one_error():
    parents = [Node(f"p{number}", ("x", "y")) for number in range(30)]
    arrows = tuple(Arrow(node.name, "why not") for node in parents)
    network = Network((*parents, Node("all", ("x", "y"), arrows)))
    frame = pd.DataFrame({name: ["x", "y"] for name in network.names})
    with pytest.raises(
        NetworkError, match=r"node all: 10 draws of its 2147483648 numbers would take 172 GB of memory;"
    ):
        fit(network, frame, seed=1, draws=10, chains=1)
    with pytest.raises(NetworkError, match=r"node all: 4000 draws of its .* fewer parents, or a family other than a"):
        prior_draws(network, seed=1)


@pytest.mark.parametrize("seed", [-1, 1.5, "1", None, True, float("nan")])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(InputError, match=r"seed: is .*; give a whole number of 0 or more"):
        generator(seed)
    network = Network((Node("rain", ("no", "yes")),))
    with pytest.raises(DataError, match=r"fit: seed: is .*; give a whole number of 0 or more"):
        fit(network, pd.DataFrame({"rain": ["no"]}), seed=seed)


def test_a_large_seed_is_a_seed():
    assert generator(2**70).random() == generator(2**70).random() != generator(2**71).random()


@pytest.mark.parametrize("size", [1e-320, 1e-101, 1e101, 1e308])
def test_numbers_that_cannot_be_squared_are_no_spread(size: float):
    with pytest.raises(PriorError, match="sigma is too large or too small to be reckoned with; take a size between"):
        Prior.of("normal", mu=0.0, sigma=size)
    Prior.of("normal", mu=-1e-320, sigma=1.0)


@pytest.mark.parametrize("kind", ["stata", "spss", "spss that does not say how many rows it has"])
def test_files_of_stata_and_spss_are_counted_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
):
    table = pd.DataFrame({"kept": np.ones(60_000, np.int8)})
    path = tmp_path / ("a.dta" if kind == "stata" else "a.sav")
    if kind == "stata":
        table.to_stata(path, write_index=False)
    else:
        pyreadstat.write_sav(table, path, row_compress=True)
        if kind != "spss":
            content = bytearray(path.read_bytes())
            content[80:84] = (-1).to_bytes(4, "little", signed=True)
            path.write_bytes(content)
    assert len(read_cells(path).rows) == 60_000
    monkeypatch.setenv(VARIABLE, "0.005")
    with pytest.raises(InputError, match=r"read as S.* \(its cells would take 0.006 GB of memory; 0.005"):
        read_cells(path)
