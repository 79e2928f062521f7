"""Tables of any kind meet the nodes of a network by name: what does not match is refused, and never left to a prior."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.analysis import compare_models, evaluate, probability
from servanda.models import (
    Arrow,
    Coding,
    DataError,
    Group,
    Network,
    NetworkError,
    Node,
    QueryError,
    coded_by,
    count_cases,
    encode,
    fit,
    network_from_toml,
    network_to_toml,
)
from servanda.models.sampling.blocks import fit_block

YES_NO = ("no", "yes")
PACT = Network((Node("pact", YES_NO), Node("kept", YES_NO, (Arrow("pact"),))), name="pact")
FRAME = pd.DataFrame({"pact": ["yes", "no"] * 20, "kept": ["yes", "no", "yes", "yes"] * 10})
MISSPELT = FRAME.rename(columns={"kept": "Kept"})
SAID = "node kept: has no column 'kept'; did you mean 'Kept'? If nobody observed it, say latent = true of it"


def as_csv(frame, folder):
    frame.to_csv(folder / "cases.csv", index=False)
    return folder / "cases.csv"


def as_parquet(frame, folder):
    frame.to_parquet(folder / "cases.parquet", index=False)
    return folder / "cases.parquet"


#: Every kind of table that a fit takes.
KINDS = {
    "frame": lambda frame, folder: frame,
    "dict": lambda frame, folder: frame.to_dict("list"),
    "rows": lambda frame, folder: frame.to_dict("records"),
    "arrow": lambda frame, folder: pa.Table.from_pandas(frame),
    "batch": lambda frame, folder: pa.RecordBatch.from_pandas(frame),
    "polars": lambda frame, folder: pl.from_dict(frame.to_dict("list")),
    "csv": as_csv,
    "parquet": as_parquet,
    "path as text": lambda frame, folder: str(as_parquet(frame, folder)),
}
#: Every way in: what takes a network and cases.
WAYS = {
    "fit": lambda network, cases: fit(network, cases, seed=1, draws=20, chains=1),
    "fit_block": lambda network, cases: fit_block(network, cases, None, "kept", seed=1, draws=20, chains=1),
    "compare_models": lambda network, cases: compare_models(
        {"one": network, "other": replace(network, name="other")}, cases, node="kept", unit="case", seed=1, draws=20
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_of_any_kind_is_the_same_cases(kind, tmp_path):
    cases = fit(PACT, KINDS[kind](FRAME, tmp_path), seed=1, draws=20, chains=1).provenance
    assert cases["cases"] == len(FRAME)
    assert cases["missing_cells"] == {}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_misspelt_column_is_an_error_in_every_way_in(kind, way, tmp_path):
    with pytest.raises(DataError, match=re.escape(SAID)):
        WAYS[way](PACT, KINDS[kind](MISSPELT, tmp_path))


def test_a_misspelt_column_is_an_error_of_an_evaluation_too():
    with pytest.raises(DataError, match=re.escape(SAID)):
        evaluate(PACT, MISSPELT, node="kept", by="case", seed=1)


def test_a_misspelt_column_of_one_file_of_a_folder(tmp_path):
    FRAME.to_parquet(tmp_path / "a.parquet")
    MISSPELT.to_parquet(tmp_path / "b.parquet")
    what = r"file b\.parquet: has no column 'kept', which the first file has; did you mean 'Kept'\?$"
    with pytest.raises(DataError, match=what):
        count_cases(PACT, tmp_path)


def test_every_node_without_a_column_is_said_at_once():
    coded = replace(PACT, nodes=(PACT["pact"], replace(PACT["kept"], coding=Coding("outcome"))))
    with pytest.raises(DataError) as caught:
        encode(coded, {"Pact": ["no"], "out_come": ["no"], "note": ["no"]})
    say = "If nobody observed it, say latent = true of it, or unobserved"
    assert str(caught.value).splitlines() == [
        "data: 2 faults",
        f"  node pact: has no column 'pact'; did you mean 'Pact'? {say}=('pact',)",
        f"  node kept: has no column 'outcome'; did you mean 'out_come'? {say}=('kept',)",
    ]


def test_a_node_may_be_declared_latent_or_said_to_be_unobserved(tmp_path):
    seen = FRAME[["pact"]]
    for path in (as_csv(seen, tmp_path), as_parquet(seen, tmp_path)):
        assert count_cases(PACT, path, unobserved="kept").missing == {"kept": 40}
    assert encode(PACT.with_latent("kept"), seen).missing == {"kept": 40}
    posterior = fit(PACT, seen, seed=1, unobserved=("kept",))
    assert posterior.network.latent == ("kept",)  # all that is done with the fit later knows it
    assert float(probability(posterior, "kept").sel(kept="yes").mean()) == pytest.approx(0.5, abs=0.05)


def test_what_is_latent_has_no_column():
    said = "node kept: is said to be latent, and there is a column 'kept'; drop it, or do not say so"
    with pytest.raises(DataError, match=said):
        encode(PACT, FRAME, unobserved="kept")
    with pytest.raises(DataError, match="node kept: is said to be latent, and cases show it"):
        fit(PACT, encode(PACT, FRAME), seed=1, unobserved="kept")
    with pytest.raises(QueryError, match="network pact: has no node 'kpt'; did you mean 'kept'"):
        encode(PACT, FRAME, unobserved="kpt")
    with pytest.raises(DataError, match="columns: none belongs to a node; expected one of a node that is seen"):
        encode(PACT, {"note": ["x"]}, unobserved=["pact", "kept"])


def test_an_anchor_says_that_a_node_may_be_without_a_column_unless_one_is_spelt_like_it():
    network = Network((Node("trust", YES_NO, anchored_by="kept"), Node("kept", YES_NO, (Arrow("trust"),))))
    assert encode(network, {"kept": ["no"], "year": [1990]}).missing == {"trust": 1}
    with pytest.raises(DataError, match="node trust: has no column 'trust'; did you mean 'Trust'"):
        encode(network, {"kept": ["no"], "Trust": ["no"]})


def test_latent_nodes_survive_toml_and_two_coders_declare_theirs():
    hidden = PACT.with_latent(["pact"])
    assert "latent = true" in network_to_toml(hidden)
    assert network_from_toml(network_to_toml(hidden)) == hidden
    assert "latent" not in network_to_toml(PACT)
    with pytest.raises(NetworkError, match=r"nodes\.kept\.latent: input should be a valid boolean"):
        network_from_toml('nodes.kept = { states = ["no", "yes"], latent = "perhaps" }')
    frame = FRAME.assign(confidence="high", second_kept="no", second_confidence="low")
    both, _, _ = coded_by(PACT, frame, None, "both", "kept")
    assert both.latent == ("kept",)


def test_a_column_of_no_node_is_named_in_the_fit_or_refused_on_request(tmp_path):
    frame = FRAME.assign(note="x", case_id=range(40), data_set="mine")
    for cases in (frame, as_csv(frame, tmp_path), as_parquet(frame, tmp_path)):
        assert fit(PACT, cases, seed=1, draws=20, chains=1).provenance["unused_columns"] == ["note"]
        with pytest.raises(DataError, match="column note: belongs to no node and no group"):
            fit(PACT, cases, seed=1, strict=True)
    assert fit(PACT, frame.drop(columns="note"), seed=1, draws=20, chains=1, strict=True).provenance["cases"] == 40


def test_cases_of_another_network_are_refused():
    coded = encode(PACT, FRAME)
    wider = replace(PACT, nodes=(*PACT.nodes, Node("sworn", YES_NO)))
    with pytest.raises(DataError, match="cases: node sworn: was not coded; code them again by this network"):
        fit(wider, coded, seed=1)
    narrow = Network((Node("pact", ("no",)), PACT["kept"]))
    with pytest.raises(DataError, match="node pact: has codes that are none of its 1 states"):
        fit(narrow, coded, seed=1)
    kept = Node("kept", YES_NO, family="ordinal", ordered=True, groups=(Group("a", "b"),))
    grouped = replace(PACT, nodes=(PACT["pact"], kept))
    with pytest.raises(DataError, match="group a: was not coded"):
        fit(grouped, coded, seed=1)
    with pytest.raises(DataError, match="fit: network: must be a Network, not a str"):
        fit("pact", FRAME, seed=1)


@pytest.mark.parametrize(
    ("cases", "message"),
    [
        (pd.DataFrame([["yes", "no"]], columns=["pact", "pact"]), "data: column pact: is there twice; rename or drop"),
        (pd.DataFrame([[1, 2, 3]], columns=["1", 1, 1.0]), "data: column 1: is there twice"),
        (
            pd.DataFrame([["yes"]], columns=pd.MultiIndex.from_tuples([("pact", "now")])),
            "data: columns: have names of 2 levels (('pact', 'now')); give each column a single name",
        ),
        (FRAME["pact"], "data: is a single Series; give series.to_frame('name') if it is a column, or"),
        (
            {"pact": ["yes"], "kept": ["no", "no"]},
            "data: cannot be made a table (All arrays must be of the same length)",
        ),
        ({"pact": "yes"}, "data: cannot be made a table (If using all scalar values, you must pass an index)"),
        (FRAME.to_numpy(), "data: is no table but a ndarray; give a data frame, a dict of columns, or an Arrow or"),
        (pl.LazyFrame({"pact": ["yes"]}), "data: is no table but a LazyFrame"),
        (["yes", "no"], "data: is a list of what are no rows; give a data frame"),
        ([], "data: is a list of what are no rows"),
        (b"pact", "data: is no table but a bytes"),
        (None, "data: is no table but a NoneType"),
    ],
)
def test_what_is_no_table_is_refused_in_words(cases, message):
    with pytest.raises(DataError, match=re.escape(message)):
        fit(PACT, cases, seed=1)


def test_a_file_with_a_column_twice(tmp_path):
    (tmp_path / "twice.csv").write_text("pact,kept,pact\nno,no,yes\n")
    with pytest.raises(DataError, match="CSV file contained multiple columns named pact"):
        fit(PACT, tmp_path / "twice.csv", seed=1)
    table = pa.Table.from_arrays([pa.array(["no"])] * 3, names=["pact", "kept", "pact"])
    pa.parquet.write_table(table, tmp_path / "twice.parquet")
    with pytest.raises(DataError, match=r"cannot be read as parquet .*duplicate field names"):
        fit(PACT, tmp_path / "twice.parquet", seed=1)


NUMBERS = Network((Node("x", (0, 1)), Node("y", (0.5, 1.0, 2), parents=("x",))))


@pytest.mark.parametrize(
    "cells", [[0, 1, 1], [0.0, 1.0, 1.0], ["0", "1", "1.0"], pd.array([0, 1, 1], "Int64"), np.array([0, 1, 1], "int8")]
)
def test_numbers_are_states_however_they_are_written(cells):
    assert NUMBERS["x"].states == ("0", "1")
    assert NUMBERS["y"].parents == (Arrow("x"),)
    assert encode(NUMBERS, {"x": cells, "y": [0.5, 1, "2.0"]}).codes["x"].tolist() == [0, 1, 1]
    texts = Network((Node("x", ("0.0", "1.0")),))  # as a file of another tool may name them
    assert encode(texts, {"x": cells}).codes["x"].tolist() == [0, 1, 1]


@pytest.mark.parametrize("states", [(0, 1), (0.0, 1.0), ("0", "1"), ("0.0", "1.0"), (np.int64(0), np.float32(1))])
@pytest.mark.parametrize("one", [1, 1.0, "1", "1.0", np.int8(1), np.float32(1)])
def test_a_state_is_asked_by_its_number(states, one):
    network = Network((Node("x", states), Node("y", YES_NO, ("x",))))
    posterior = fit(network, {"x": [0, 1, 1, 1], "y": ["no", "no", "no", "yes"]}, seed=1, draws=20, chains=1)
    asked = [
        probability(posterior, "y", given={"x": one}),
        probability(posterior, "y", do={"x": one}),
        probability(posterior, "y", given=pd.DataFrame({"x": [one]})).squeeze("case", drop=True),
        probability(posterior, "y", virtual={"x": {0: 0, one: 1}}),
        posterior.table("y", {"x": one}),
    ]
    expected = posterior.draws["y.table"].isel(x=1).drop_vars("x")
    for answer in asked:
        np.testing.assert_allclose(answer.transpose(*expected.dims), expected)


def test_members_that_a_reader_made_floats_are_their_numbers_again(tmp_path):
    kept = Node("kept", YES_NO, family="ordinal", ordered=True, groups=(Group("actor", "code"),))
    frame = pd.DataFrame({"kept": ["no", "yes"], "code": [2.0, 365.0]})
    for cases in (encode(Network((kept,)), frame), count_cases(Network((kept,)), as_parquet(frame, tmp_path))):
        assert cases.levels == {"actor": ("2", "365")}


def test_a_number_is_no_truth_value_and_no_range_of_another():
    with pytest.raises(DataError, match="case 2, column x: 'True' is not a state of x; known: 0, 1"):
        encode(NUMBERS, {"x": [0, True], "y": [2, 2]})
    both = Network((Node("x", ("1", "1.0")),))
    assert encode(both, {"x": ["1", "1.0", 1.0]}).codes["x"].tolist() == [0, 1, 0]
    with pytest.raises(QueryError, match=r"node x: has no state '1\.00'"):
        both["x"].index("1.00")  # it could be either
    counted = Node("n", ("1", "2", "3+"), coding=Coding("n", lower=(1, 2, 3)))
    assert [counted.index(value) for value in (1.0, "2", "2.5", 7)] == [0, 1, 1, 2]


def test_weights_that_name_a_state_twice_are_refused():
    posterior = fit(NUMBERS, {"x": [0, 1], "y": [2, 2]}, seed=1, draws=20, chains=1)
    with pytest.raises(QueryError, match=r"virtual x: names a state twice: 0, 1, 1\.0"):
        probability(posterior, "y", virtual={"x": {0: 1, 1: 2, "1.0": 3}})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Node("x", "yes"), r"node x: states: must be several, such as \('no', 'yes'\), not 'yes'"),
        (lambda: Node("x", YES_NO, "abc"), "node x: parents: must be several"),
        (lambda: Node("x", YES_NO, (1,)), "node x: parents: must be arrows or names of nodes, not 1"),
        (lambda: Network((Node("x", (1, 1.0)),)), "node x: repeats the states 1"),
    ],
)
def test_what_makes_no_node_is_refused(make, message):
    with pytest.raises(NetworkError, match=message):
        make()


# No frame in which a column was renamed is fitted in silence ----------------------------------------------------------

NAMES = st.text("abcdefgxyz_ABC 019", min_size=1, max_size=8).filter(
    lambda name: name.strip() == name and name != "case"
)


@st.composite
def renamed(draw):
    """A network without latent nodes, a frame of its nodes and more, and a column of a node under another name."""
    names = draw(st.lists(NAMES, min_size=2, max_size=6, unique=True))
    size = draw(st.integers(1, len(names)))
    nodes = []
    for place, name in enumerate(names[:size]):
        parents = draw(st.lists(st.sampled_from(names[:place]), unique=True, max_size=2)) if place else []
        nodes.append(Node(name, YES_NO, tuple(parents)))
    rows = draw(st.integers(1, 5))
    frame = pd.DataFrame(
        {name: draw(st.lists(st.sampled_from(YES_NO), min_size=rows, max_size=rows)) for name in names}
    )
    old, new = draw(st.sampled_from(names[:size])), draw(NAMES.filter(lambda name: name not in names))
    return nodes, frame, old, frame.rename(columns={old: new})


@given(renamed(), st.sampled_from(["frame", "dict", "arrow", "polars"]))
@settings(max_examples=60, deadline=None)
def test_no_frame_with_a_renamed_column_is_fitted_in_silence(case, kind):
    nodes, frame, old, other = case
    try:
        network = Network(tuple(nodes))
    except NetworkError:
        return  # names of one node that end in _step or _on clash with those of another
    assert encode(network, KINDS[kind](frame, None)).missing == {}
    with pytest.raises(DataError) as caught:
        fit(network, KINDS[kind](other, None), seed=1)
    places = [fault.where for fault in caught.value.faults]
    assert places in ([f"node {old}"], ["columns"])  # the one that lost its column, and no other
    assert old in caught.value.faults[0].what
