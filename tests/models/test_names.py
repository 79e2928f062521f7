"""Names that xarray, netCDF and ArviZ have for something else: the same numbers, shown and stored as written."""

from __future__ import annotations

from dataclasses import replace

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from servanda.analysis import (
    chance_of,
    contrast,
    counterfactual,
    marginals,
    most_probable,
    outcomes,
    probability,
    simulate,
    summary_table,
)
from servanda.models import (
    Arrow,
    Network,
    NetworkError,
    Node,
    Posterior,
    encode,
    fit,
    load_posterior,
    network_from_toml,
    network_to_toml,
    predictive_groups,
    pymc_model,
    scaled_together,
)
from servanda.models.cases.patterns import find_patterns
from servanda.models.names import DERIVED, escape, name_in, node_dim, shown, unescape
from servanda.models.sampling.prior_draws import prior_draws
from servanda.models.store import group_of, netcdf_name, written_name

from .makers import repeatable

STATES = ("low", "mid", "high")
PLAIN = ("a", "b", "c", "d")
#: Names of dims, variables and groups of trees, of answers and of ArviZ; and what a file cannot hold as it is.
TAKEN = (
    *(
        "case",
        "chain",
        "draw",
        "sample",
        "variable",
        "probability",
        "log_joint",
        "base",
        "change",
        "difference",
        "gain",
    ),
    *("mean", "cell", "label", "summary", "quantile", "posterior", "case_count", "a_case", "node case", "node chain"),
    *(
        "x",
        "x_on",
        "x_step",
        "x_above",
        "x_parent",
        "p_x",
        "Power.Ratio",
        "Power ratio (US/UK)",
        "Kept? v1.2",
        "/",
        ".",
    ),
    *("..", "a/b", "a%2Fb", "50%", "50%25", "%", "größe", "日本", "`"),
)
#: A fit takes a second, so that an example is shown as it was found.
unshrunk = settings(repeatable, phases=(Phase.explicit, Phase.generate))
# Control characters, and blanks at the ends, are refused by the network.
names = st.sampled_from(TAKEN) | st.text(
    st.sampled_from("./% `a_") | st.characters(codec="utf-8").filter(str.isprintable), min_size=1, max_size=5
).filter(lambda name: name == name.strip())


def network_of(called, family="table"):
    """Four nodes of three states; the last has all others as parents but one."""
    a, b, c, d = called
    plain = {"family": family, "ordered": True} if family != "table" else {"ordered": True}
    return Network(
        (
            Node(a, STATES, ordered=True),
            Node(b, STATES, (Arrow(a),), ordered=True),
            Node(c, STATES, (Arrow(a), Arrow(b)), **plain),
            Node(d, STATES, (Arrow(c), Arrow(a)), **plain),
        )
    )


def cases(called, rows=40):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({name: rng.choice(STATES, rows) for name in called})
    frame.loc[::9, called[1]] = None
    return frame


@st.composite
def odd_names(draw):
    called = draw(st.lists(names, min_size=4, max_size=4, unique=True))
    assume(not any(name[0].isspace() for name in called))
    # Columns that name cases and data sets are no nodes.
    assume(not {"case_id", "data_set"} & set(called))
    return tuple(called)


def fitted(called, family="table", **settings):
    return fit(network_of(called, family), cases(called), seed=1, **{"draws": 20, "tune": 10, "chains": 2} | settings)


@pytest.fixture(scope="module")
def plain():
    return fitted(PLAIN)


@pytest.mark.slow
@settings(unshrunk, max_examples=6)
@given(called=odd_names())
def test_numbers_do_not_depend_on_names(called, plain, tmp_path_factory):
    try:
        posterior = fitted(called)
    except NetworkError as error:  # a node that has the name of another's table
        assume("rename a node" not in str(error))
        raise
    network, of = posterior.network, dict(zip(PLAIN, called, strict=True))
    a, b, c, d = called
    assert set(network.names) == set(called)
    for name, odd in of.items():
        np.testing.assert_array_equal(posterior.draws[f"{odd}.table"], plain.draws[f"{name}.table"])
        own = posterior.table(odd)
        np.testing.assert_array_equal(own, plain.table(name))
        answer, known = probability(posterior, odd), probability(plain, name)
        np.testing.assert_allclose(answer, known, rtol=1e-12)
        assert shown(answer.dims[2]) == odd
        assert answer.attrs["question"] == f"P({odd})"
        assert answer.sel({name_in(answer.dims, odd): "mid"}).shape == (2, 20)
        assert name_in(summary_table(answer).dims, odd) in summary_table(answer).dims
        assert outcomes(posterior, odd).table.index.name == odd
        batch = pd.DataFrame({of["a"]: ["low", "high"]})
        if odd != a:
            np.testing.assert_allclose(
                probability(posterior, odd, batch), probability(plain, name, batch.set_axis(["a"], axis=1)), rtol=1e-12
            )
            change = contrast(posterior, odd, {a: "low"}, {a: "high"})
            judge = contrast(plain, name, {"a": "low"}, {"a": "high"})
            for side in ("base", "change", "difference", "gain", "loss"):
                np.testing.assert_allclose(change[side], judge[side], rtol=1e-9, atol=1e-12)
            assert change.attrs["worth"] == judge.attrs["worth"]
    both, judge = probability(posterior, [d, b]), probability(plain, ["d", "b"])
    np.testing.assert_allclose(both, judge, rtol=1e-12)
    found, known = marginals(posterior, {a: "low"}), marginals(plain, {"a": "low"})
    assert {str(name) for name in found.data_vars} == {f"p_{name}" for name in (b, c, d)}
    for name in ("b", "c", "d"):
        np.testing.assert_allclose(found[f"p_{of[name]}"], known[f"p_{name}"], rtol=1e-12)
    best, best_known = most_probable(posterior, {a: "low"}), most_probable(plain, {"a": "low"})
    drawn = simulate(posterior, {a: "low"}, seed=2)
    drawn_known = simulate(plain, {"a": "low"}, seed=2)
    for name in ("b", "c", "d"):
        np.testing.assert_array_equal(best[name_in(best, of[name])], best_known[name])
        np.testing.assert_array_equal(drawn[name_in(drawn, of[name])], drawn_known[name])
    np.testing.assert_allclose(best["probability"], best_known["probability"], rtol=1e-12)
    seen, otherwise = {c: "low"}, {a: "high"}
    np.testing.assert_allclose(
        counterfactual(posterior, d, seen, otherwise),
        counterfactual(plain, "d", {"c": "low"}, {"a": "high"}),
        rtol=1e-12,
    )
    np.testing.assert_allclose(chance_of(d, "low").draws(posterior), chance_of("d", "low").draws(plain), rtol=1e-12)

    path = tmp_path_factory.mktemp("odd") / "odd.nc"
    posterior.save(path)
    loaded = load_posterior(path)
    assert loaded.network == network == network_from_toml(network_to_toml(network))
    xr.testing.assert_identical(loaded.draws, posterior.draws)
    for group in posterior.tree.children:
        xr.testing.assert_identical(group_of(loaded.tree, group), group_of(posterior.tree, group))
    np.testing.assert_allclose(probability(loaded, d), probability(plain, "d"), rtol=1e-12)


@pytest.mark.slow
@settings(unshrunk, max_examples=4)
@given(called=odd_names())
def test_scores_and_replicates_do_not_depend_on_names(called, plain):
    try:
        posterior = fitted(called)
    except NetworkError as error:
        assume("rename a node" not in str(error))
        raise
    for name, odd in zip(PLAIN, called, strict=True):
        found, known = scaled_together(posterior, odd), scaled_together(plain, name)
        assert {key: len(own) for key, own in found.items()} == {key: len(own) for key, own in known.items()}
        assert found["var_names"] == [netcdf_name(f"{odd}.table")]
        assert set(found["var_names"]) <= set(posterior.tree["posterior"].data_vars)
    trees = [predictive_groups(one, seed=1, prior_draws=5) for one in (posterior, plain)]
    for group in ("log_likelihood", "posterior_predictive", "prior_predictive", "observed_data"):
        one, other = (list(tree[group].data_vars.values()) for tree in trees)
        assert len(one) == len(other) == 4
        order = [posterior.network.names.index(odd) for odd in called]
        for place, own in zip(order, other, strict=True):
            if group != "prior_predictive":
                assert one[place].shape == own.shape
    summary = az.summary(posterior.tree)
    assert len(summary) == len(az.summary(plain.tree))


@pytest.mark.parametrize("family", ["ordinal", "softmax", "noisy_max", "pooled_table", "sequential"])
@pytest.mark.parametrize("called", [("x", "x_on", "x_step", "x_above"), ("chain", "draw", "a/b", "Kept? v1.2")])
def test_every_family_takes_odd_names(family, called, tmp_path):
    """Parameters with dims of steps, of states that are not off, and of departures."""
    one, other = (prior_draws(network_of(names, family), seed=1, draws=50) for names in (called, PLAIN))
    for (name, mine), theirs in zip(one.draws.data_vars.items(), other.draws.data_vars.values(), strict=True):
        np.testing.assert_array_equal(mine.values, theirs.values, err_msg=str(name))
    np.testing.assert_allclose(probability(one, called[3]), probability(other, "d"), rtol=1e-9)
    one.save(tmp_path / "odd.nc")
    xr.testing.assert_identical(load_posterior(tmp_path / "odd.nc").draws, one.draws)


def test_pymc_takes_odd_names():
    network = Network((Node("chain", ("u", "v")), Node("US/UK", ("u", "v"), (Arrow("chain"),), "pooled_table")))
    frame = pd.DataFrame({"chain": ["u", "v", "u"], "US/UK": ["v", "v", "u"]})
    coded = encode(network, frame)
    model = pymc_model(network, coded, find_patterns(network, coded), None, exact=False)
    assert {"chain.table", "US%2FUK.average", "US%2FUK.table"} <= set(model.named_vars)
    assert model.named_vars_to_dims["US%2FUK.table"] == ("node chain", "US%2FUK")


@given(st.text(max_size=8))
@settings(repeatable, max_examples=300)
def test_escaped_names_come_back(name):
    taken = {"chain", "draw"}
    for one in (name, f"node {name}", "chain", f"{name}_on"):
        assert unescape(escape(one, taken), taken) == one
        assert escape(one, taken) not in taken
        assert written_name(netcdf_name(one)) == one
        assert "/" not in netcdf_name(one)
        assert not netcdf_name(one).startswith(".")
        assert not node_dim(one).endswith(DERIVED) or node_dim(one).startswith("node ")


@given(st.lists(st.text("node chai%2F/.", max_size=9), unique=True, max_size=20))
@settings(repeatable, max_examples=100)
def test_different_names_stay_different(given_names):
    for to in (netcdf_name, node_dim, lambda name: escape(name, {"chain", "node", ""})):
        assert len({to(name) for name in given_names}) == len(given_names)


def test_tables_from_elsewhere_take_names_that_are_taken():
    network = Network((Node("chain", ("u", "v")), Node("case", ("u", "v"), (Arrow("chain"),))))
    tables = {
        "chain": xr.DataArray([0.3, 0.7], dims="node chain"),
        "case": xr.DataArray([[0.9, 0.1], [0.4, 0.6]], dims=("node chain", "case")),
    }
    posterior = Posterior.from_tables(network, tables)
    assert probability(posterior, "case").sel(case="u").item() == pytest.approx(0.3 * 0.9 + 0.7 * 0.4)
    assert probability(posterior, "chain", {"case": "u"}).sel({"node chain": "u"}).item() == pytest.approx(0.27 / 0.55)
    shipped = replace(posterior, tree=posterior.tree)
    assert shipped.zeros == frozenset()


@pytest.mark.parametrize("suffix", [".xmlbif", ".xdsl"])
def test_a_file_of_another_tool_is_read_with_the_names_it_has(tmp_path, suffix):
    network = Network((Node("chain", ("u", "v")), Node("case", ("u", "v"), (Arrow("chain"),))))
    tables = {
        "chain": xr.DataArray([0.25, 0.75], dims="node chain"),
        "case": xr.DataArray([[0.5, 0.5], [0.25, 0.75]], dims=("node chain", "case")),
    }
    posterior = Posterior.from_tables(network, tables)
    posterior.to_file(tmp_path / f"odd{suffix}")
    found = Posterior.from_file(tmp_path / f"odd{suffix}")
    assert found.network.names == ("chain", "case")
    np.testing.assert_array_equal(probability(found, "case"), probability(posterior, "case"))
