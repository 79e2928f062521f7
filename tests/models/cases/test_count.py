"""Files counted in one pass hold what the same data frame holds."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import xarray as xr

from servanda.models import Arrow, Coding, DataError, Group, Network, Node, count_cases, encode, fit
from servanda.models.cases import count, files
from servanda.models.cases.likelihood import log_likelihood
from servanda.models.cases.patterns import find_patterns
from servanda.models.sampling.prior_draws import prior_draws

YES_NO = ("no", "yes")
YARD = Network(
    (
        Node("backers", ("1", "2", "3+"), coding=Coding("count", lower=(1, 2, 3))),
        Node("form", ("treaty", "text"), (Arrow("backers"),), coding=Coding("legal", levels=(("letter", "text"),))),
        Node("kept", YES_NO, (Arrow("form"),), family="ordinal", ordered=True, groups=(Group("actor", "obligor"),)),
        Node("unseen", YES_NO, (Arrow("kept"),), latent=True),
    )
)


def yard_cases(rows=3000, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "note": [f"row {row}" for row in range(rows)],
            "count": rng.choice([1.0, 2.0, 5.0, 17.0, np.nan], rows),
            "legal": rng.choice(np.array(["treaty", "letter", "text", "", None], dtype=object), rows),
            "kept": rng.choice(np.array(["no", "yes", " ", None], dtype=object), rows),
            "obligor": rng.choice(["USA", "FRA", "PRK", "RUS"], rows),
        }
    )


def written(frame, path):
    frame.to_csv(path, index=False) if path.suffix == ".csv" else frame.to_parquet(path, index=False)
    return path


def counted(cases):
    """Pattern of states and members, by name -> how many."""
    columns = [cases.codes[name] for name in sorted(cases.codes)]
    columns += [np.array(cases.levels[name], dtype=object)[cases.members[name]] for name in sorted(cases.members)]
    found = {}
    for row, weight in zip(zip(*columns, strict=True), cases.weights, strict=True):
        found[row] = found.get(row, 0) + int(weight)
    return found


@pytest.fixture(params=[(1 << 18, 1 << 20), (97, 10)], ids=["one batch", "many batches"])
def _batches(request, monkeypatch):
    monkeypatch.setattr(files, "BATCH", request.param[0])
    monkeypatch.setattr(count, "WAITING", request.param[1])


@pytest.mark.usefixtures("_batches")
@pytest.mark.parametrize("name", ["cases.parquet", "cases.pq", "cases.csv"])
def test_a_file_counts_as_its_frame_does(tmp_path, name):
    frame = yard_cases()
    cases, whole = count_cases(YARD, written(frame, tmp_path / name)), encode(YARD, frame)
    assert counted(cases) == counted(whole)
    assert len(counted(cases)) == len(cases) < len(whole) == cases.total
    assert cases.missing == whole.missing
    assert cases.levels == whole.levels
    for label, place in zip(cases.labels, range(len(cases)), strict=True):
        first = int(label) - 1
        assert {name: codes[place] for name, codes in cases.codes.items()} == {
            name: codes[first] for name, codes in whole.codes.items()
        }
        assert cases.members["actor"][place] == whole.members["actor"][first]
    assert list(map(int, cases.labels)) == sorted(map(int, cases.labels))


@pytest.mark.usefixtures("_batches")
@pytest.mark.parametrize("name", ["cases.parquet", "cases.csv"])
def test_a_file_is_coded_case_by_case_as_its_frame_is(tmp_path, name):
    frame = yard_cases(rows=300).assign(case_id=lambda frame: frame["note"], data_set="yard")
    ours, theirs = encode(YARD, written(frame, tmp_path / name)), encode(YARD, frame)
    assert ours.digest == theirs.digest
    assert (ours.labels[-1], ours.data_sets, ours.unused) == ("row 299", ("yard",), ("note",))
    assert (theirs.labels[-1], theirs.data_sets, theirs.unused) == ("row 299", ("yard",), ("note",))
    with pytest.raises(DataError, match=r"cases\.\w+: column note: belongs to no node and no group"):
        encode(YARD, tmp_path / name, strict=True)
    with pytest.raises(DataError, match=r"none\.csv: there is no such file"):
        encode(YARD, tmp_path / "none.csv")


def test_reading_is_told_of_files_that_say_how_long_they_are(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "BATCH", 97)
    told = []
    frame = yard_cases(rows=200)
    for name in ("cases.parquet", "cases.csv"):
        count_cases(YARD, written(frame, tmp_path / name), progress=lambda *what: told.append(what))
    assert told == [("reading cases", done, 200) for done in (97, 194, 200)]


def test_memory_is_that_of_a_row_group(tmp_path):
    """Batches that wait to be counted are few, however long the file."""
    rows = 200_000
    states = tuple("x" * 50 + str(number) for number in range(7))
    frame = pd.DataFrame(dict.fromkeys(("a", "b", "c"), np.resize(states, rows)))
    frame.to_parquet(tmp_path / "long.parquet", index=False, row_group_size=rows // 100)
    network = Network(tuple(Node(name, states) for name in ("a", "b", "c")))
    before, held = pa.total_allocated_bytes(), []
    count_cases(
        network, tmp_path / "long.parquet", progress=lambda *_: held.append(pa.total_allocated_bytes() - before)
    )
    assert len(held) == 100
    assert max(held) < frame.memory_usage(deep=True).sum() / 10


def test_a_folder_of_parquet_files_is_one_file(tmp_path):
    frame = yard_cases()
    for part in range(3):
        written(frame[part * 1000 : (part + 1) * 1000], tmp_path / f"part{part}.parquet")
    assert counted(count_cases(YARD, tmp_path)) == counted(encode(YARD, frame))


def test_columns_of_categories_and_of_whole_numbers(tmp_path):
    frame = yard_cases().dropna().assign(count=lambda frame: frame["count"].astype(int))
    for column in ("legal", "obligor"):
        frame[column] = frame[column].astype("category")
    assert counted(count_cases(YARD, written(frame, tmp_path / "cases.parquet"))) == counted(encode(YARD, frame))


def test_patterns_weigh_what_their_cases_weigh(tmp_path):
    frame = yard_cases()
    cases, whole = count_cases(YARD, written(frame, tmp_path / "cases.parquet")), encode(YARD, frame)
    values = {
        name: np.moveaxis(value, -1, 0)
        for name, value in prior_draws(YARD, seed=1, draws=4, levels=whole.levels).values.items()
    }
    ours, theirs = find_patterns(YARD, cases), find_patterns(YARD, whole)
    for name in YARD.names:
        np.testing.assert_array_equal(ours.complete[name].codes, theirs.complete[name].codes)
        np.testing.assert_array_equal(ours.complete[name].counts, theirs.complete[name].counts)
    assert sum(hole.counts.sum() for hole in ours.incomplete) == sum(len(hole.rows) for hole in theirs.incomplete)
    pointwise = log_likelihood(YARD, ours, values)
    np.testing.assert_allclose(pointwise @ cases.weights, log_likelihood(YARD, theirs, values).sum(axis=1), rtol=1e-10)


TABLES = Network((Node("rain", YES_NO), Node("wet", YES_NO, (Arrow("rain"),))))


def days(rows=400):
    rng = np.random.default_rng(3)
    rain = rng.integers(0, 2, rows)
    wet = np.where(rng.random(rows) < 0.8, rain, rng.integers(0, 2, rows))
    holes = rng.random((2, rows)) < 0.2
    names = np.array(YES_NO, dtype=object)
    return pd.DataFrame({"rain": np.where(holes[0], None, names[rain]), "wet": np.where(holes[1], None, names[wet])})


@pytest.mark.parametrize("holes", [True, False])
def test_a_fit_of_a_file_is_that_of_its_frame(tmp_path, holes):
    """Equal sufficient statistics and equal seeds give equal draws."""
    frame = days() if holes else days().dropna()
    path = written(frame, tmp_path / "days.parquet")
    settings = {"seed": 1, "draws": 30, "tune": 5, "chains": 2}
    ours, theirs = fit(TABLES, str(path), **settings), fit(TABLES, frame, **settings)
    xr.testing.assert_identical(ours.draws, theirs.draws)
    assert ours.provenance["cases"] == theirs.provenance["cases"] == len(frame)
    assert ours.provenance["missing_cells"] == theirs.provenance["missing_cells"]
    assert ours.provenance["data_sha256"] != theirs.provenance["data_sha256"]
    mine, plain = (posterior.tree["log_likelihood"].to_dataset() for posterior in (ours, theirs))
    for name in TABLES.names:
        dim = mine[name].dims[0]
        np.testing.assert_allclose(
            (mine[name] * mine[f"{dim}_count"]).sum(dim), plain[name].sum(dim).transpose("chain", "draw"), rtol=1e-5
        )
    assert int(ours.tree["observed_data"]["case_count"].sum()) == len(frame)
    ours.save(tmp_path / "days.nc")


def test_counts_are_in_the_digest(tmp_path):
    once = count_cases(TABLES, written(days(), tmp_path / "once.parquet"))
    twice = count_cases(TABLES, written(pd.concat([days(), days()]), tmp_path / "twice.parquet"))
    assert once.labels == twice.labels
    assert twice.total == 2 * once.total
    assert once.digest != twice.digest


FAULTY = pd.DataFrame(
    {
        "count": [1, 0, 7, 0, 1, 0, 0, 0, 0],
        "legal": ["treaty", "leter", None, "text", "text", "leter", "text", "text", "text"],
        "kept": ["yes", "no", "Yes", "maybe", "no", "no", "no", "no", "no"],
        "obligor": ["a", None, "b", "c", None, "d", "d", "d", "d"],
    }
)


@pytest.mark.usefixtures("_batches")
@pytest.mark.parametrize("times", [1, 40])
def test_every_fault_of_a_file_is_said_with_its_row(tmp_path, times):
    frame = pd.concat([FAULTY] * times)
    path = written(frame, tmp_path / "cases.parquet")
    with pytest.raises(DataError) as raised:
        count_cases(YARD, path)
    with pytest.raises(DataError) as expected:
        encode(YARD, frame.reset_index(drop=True))
    assert str(raised.value) == str(expected.value).replace("data:", f"{path}:", 1)
    assert "case 2, 6" in str(raised.value)
    with pytest.raises(DataError) as coded:
        encode(YARD, path)
    assert str(coded.value) == str(raised.value)


def test_faults_of_columns_are_those_of_a_frame(tmp_path):
    frame = FAULTY.drop(columns="obligor").iloc[:1]
    with pytest.raises(DataError, match=r"cases\.csv: column obligor: is missing; effect 'actor' needs it"):
        count_cases(YARD, written(frame, tmp_path / "cases.csv"))
    with pytest.raises(DataError, match=r"columns: none belongs to a node; expected rain, wet$"):
        count_cases(TABLES, written(frame, tmp_path / "other.parquet"))
    with pytest.raises(DataError, match=r"rows: there are none; a fit needs at least one case$"):
        count_cases(TABLES, written(days().iloc[:0], tmp_path / "empty.parquet"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("gone.parquet", None, "there is no such file"),
        ("days.xlsx", b"", "has an ending that says nothing of its format; expected .parquet, .pq, .csv"),
        ("days.parquet", b"rain,wet\nno,no\n", "cannot be read as parquet ("),
        ("days.csv", b"rain,wet\nno,no\nno,no,no\n", "cannot be read as csv ("),
    ],
)
def test_files_that_cannot_be_read(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=re.escape(f"{path}: {message}")):
        count_cases(TABLES, path)
