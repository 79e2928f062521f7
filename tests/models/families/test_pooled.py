"""Pooled tables: the marginal judged by SciPy, fits by importance sampling, with and without holes."""

from __future__ import annotations

import itertools

import arviz as az
import numpy as np
import pandas as pd
import pytensor.tensor as pt
import pytest
import xarray as xr
from scipy.special import gammaln, logsumexp
from scipy.stats import beta, dirichlet_multinomial, kstest

from servanda.analysis import probability
from servanda.models import Arrow, Group, Network, NetworkError, Node, encode, fit, load_posterior
from servanda.models import pymc_model as compiled
from servanda.models.cases.patterns import Patterns, find_patterns
from servanda.models.density.density import make_density
from servanda.models.families.pooled import draw_rows, log_marginal, rows_from_units, unit_density, units_from_rows
from servanda.models.sampling.nuts import nuts_draws
from servanda.models.sampling.prior_draws import prior_draws
from servanda.models.sampling.run import Sampling

# Twenty rows of three states for thirty cases.
SPARSE = Network(
    (
        Node("a", ("a0", "a1", "a2", "a3", "a4")),
        Node("b", ("b0", "b1", "b2", "b3")),
        Node("y", ("low", "mid", "high"), (Arrow("a"), Arrow("b")), family="pooled_table"),
    ),
    name="sparse",
)


def sparse_cases(rows=30):
    rng = np.random.default_rng(4)
    codes = {"a": rng.integers(0, 5, rows), "b": rng.integers(0, 4, rows), "y": rng.choice(3, rows, p=(0.1, 0.2, 0.7))}
    return pd.DataFrame({name: np.array(SPARSE[name].states)[code] for name, code in codes.items()})


def counted(network, frame, name="y"):
    table = np.zeros(network.shape(name))
    for row in frame.to_dict("records"):
        table[tuple(network[axis].index(row[axis]) for axis in network.axes(name))] += 1
    return table


def by_scipy(kappa, average, table):
    """Log-probability of counted cases that come one by one, rows integrated out; kappa and average are draws."""
    total = 0.0
    for row in table.reshape(-1, table.shape[-1]):
        ways = gammaln(row.sum() + 1) - gammaln(row + 1).sum()
        alpha = kappa[:, None] * average
        total = total + dirichlet_multinomial(alpha, int(row.sum())).logpmf(row.astype(int)) - ways
    return total


def weighted(kappa, average, log_weight):
    """Posterior means from draws of the prior."""
    weight = np.exp(log_weight - logsumexp(log_weight))
    assert 1 / np.sum(weight**2) > 2000
    return {"log kappa": weight @ np.log(kappa), "average": weight @ average}, weight


def prior_sample(states, draws):
    rng = np.random.default_rng(6)
    return np.exp(rng.normal(1.6, 1.2, draws)), rng.dirichlet(np.ones(states), draws)


@pytest.mark.parametrize("kappa", [0.05, 3.0, 400.0])
def test_the_marginal_is_the_dirichlet_multinomial_of_scipy(kappa):
    average = np.array([0.2, 0.05, 0.75])
    table = counted(SPARSE, sparse_cases())
    found = log_marginal(pt.as_tensor(kappa * average), table).eval(mode="FAST_COMPILE")
    expected = by_scipy(np.array([kappa]), average[None], table)[0]
    assert float(found) == pytest.approx(expected, rel=1e-10)


def test_what_is_compiled_has_no_rows_and_their_marginal():
    cases = encode(SPARSE, sparse_cases())
    model = compiled(SPARSE, cases, find_patterns(SPARSE, cases), None, ["y"])
    assert {variable.name for variable in model.free_RVs} == {"y.average", "y.concentration"}
    average, kappa = np.array([0.2, 0.3, 0.5]), 2.5
    found = model["y.likelihood"].eval(
        {model["y.average"]: average, model["y.concentration"]: kappa}, mode="FAST_COMPILE"
    )
    expected = by_scipy(np.array([kappa]), average[None], counted(SPARSE, sparse_cases()))[0]
    assert float(found) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(("one", "other"), [(0.08, 0.03), (0.08, 2.0), (3.0, 0.6), (50.0, 2.0), (400.0, 900.0)])
def test_standardised_rows_are_a_dirichlet(one, other):
    alpha = np.array([one, other])
    grid = np.linspace(-60, 60, 4801)
    density = unit_density(pt.as_tensor(grid[:, None]), pt.as_tensor(alpha)).eval(mode="FAST_COMPILE")
    weights = np.exp(density[:, 0]) * (grid[1] - grid[0])
    assert weights.sum() == pytest.approx(1, rel=1e-6)
    spread = np.sqrt(weights @ grid**2 - (weights @ grid) ** 2)
    assert 0.5 < spread < 2.5
    share = rows_from_units(grid[:, None], alpha, np)[:, 0]
    assert weights @ share == pytest.approx(one / (one + other), rel=1e-5)
    assert weights @ share**2 == pytest.approx(beta(one, other).moment(2), rel=1e-5)


def test_of_three_states_too():
    """Two sticks, all pairs of their variables: moments of the whole Dirichlet."""
    alpha = np.array([0.7, 4.0, 1.5])
    grid = np.linspace(-30, 30, 201)
    unit = np.stack(np.meshgrid(grid, grid, indexing="ij"), axis=-1)
    density = unit_density(pt.as_tensor(unit), pt.as_tensor(alpha)).eval(mode="FAST_COMPILE").sum(axis=-1)
    weights = np.exp(density) * (grid[1] - grid[0]) ** 2
    rows = rows_from_units(unit, alpha, np)
    mean = np.einsum("ij,ijs->s", weights, rows)
    np.testing.assert_allclose(mean, alpha / alpha.sum(), rtol=1e-6)
    product = np.einsum("ij,ij->", weights, rows[..., 0] * rows[..., 2])
    assert product == pytest.approx(alpha[0] * alpha[2] / (alpha.sum() * (alpha.sum() + 1)), rel=1e-5)


def test_units_and_rows_are_the_same_in_numpy_and_pytensor_there_and_back():
    rng = np.random.default_rng(3)
    alpha = np.exp(rng.normal(0, 3, (50, 4)))
    unit = rng.normal(0, 2, (50, 3))
    rows = rows_from_units(unit, alpha, np)
    np.testing.assert_allclose(rows.sum(axis=-1), 1, rtol=1e-13)
    compiled_rows = rows_from_units(pt.as_tensor(unit), pt.as_tensor(alpha), pt).eval(mode="FAST_COMPILE")
    np.testing.assert_allclose(rows, compiled_rows, rtol=1e-12, atol=1e-300)
    known = rows.min(axis=-1) > 1e-280  # below that a probability stands for nothing
    assert known.mean() > 0.7
    np.testing.assert_allclose(units_from_rows(rows, alpha)[known], unit[known], rtol=1e-6, atol=1e-6)


def test_rows_are_drawn_from_what_was_believed_and_seen():
    rng = np.random.default_rng(2)
    kappa, average = rng.lognormal(1.6, 0.5, 3000), rng.dirichlet([2.0, 2.0, 2.0], 3000)
    seen = np.array([[0.0, 0.0, 0.0], [4.0, 0.0, 1.0]])
    rows = draw_rows(rng, kappa[:, None] * average, seen)
    assert rows.shape == (3000, 2, 3)
    np.testing.assert_allclose(rows.sum(axis=-1), 1, rtol=0, atol=1e-13)
    for row, cell in itertools.product(range(2), range(3)):
        first = kappa * average[:, cell] + seen[row, cell]
        rest = kappa + seen[row].sum() - first
        assert kstest(beta(first, rest).cdf(rows[:, row, cell]), "uniform").pvalue > 1e-3, (row, cell)


def test_prior_draws_of_rows_follow_their_average():
    draws = prior_draws(SPARSE, seed=3, draws=3000).draws
    kappa, average = draws["y.concentration"].values[0], draws["y.average"].values[0]
    assert draws["y.table"].dims == ("chain", "draw", "a", "b", "y")
    cell = draws["y.table"].values[0, :, 3, 1, 2]
    judge = beta(kappa * average[:, 2], kappa * (1 - average[:, 2]))
    assert kstest(judge.cdf(cell), "uniform").pvalue > 1e-3


def close(found, expected, name):
    """Within four Monte Carlo errors, cell by cell."""
    found, expected = np.asarray(found).reshape(*found.shape[:2], -1), np.ravel(expected)
    for cell, value in enumerate(expected):
        error = float(az.mcse(found[..., cell], method="mean"))
        assert abs(found[..., cell].mean() - value) < 4 * error, (name, cell, found[..., cell].mean(), value)


def by_importance_sampling(table):
    kappa, average = prior_sample(3, 60_000)
    expected, weight = weighted(kappa, average, by_scipy(kappa, average, table))
    each = 1 / (kappa[:, None, None] + table.sum(axis=-1))
    rows = np.einsum("d,dab,ds->abs", weight * kappa, each, average)
    return expected, rows + np.einsum("d,dab,abs->abs", weight, each, table)


@pytest.mark.slow
def test_rows_that_are_sampled_agree_with_importance_sampling(monkeypatch):
    """What a missing cell would ask for: the rows as unknowns, here with all cells seen."""
    monkeypatch.setattr(Patterns, "touched", property(lambda patterns: frozenset({"y"})))
    cases, (expected, rows) = encode(SPARSE, sparse_cases()), by_importance_sampling(counted(SPARSE, sparse_cases()))
    density = make_density(SPARSE, cases, find_patterns(SPARSE, cases), None, ("y",))
    draws, stats = nuts_draws(density, Sampling(seed=5, draws=2000, tune=800, chains=2), np.random.default_rng(1))
    assert int(stats["diverging"].sum()) == 0
    close(np.log(draws["y.concentration"]), expected["log kappa"], "log kappa")
    close(draws["y.average"], expected["average"], "average")
    close(draws["y.table"], rows, "rows")


@pytest.mark.slow
def test_a_fit_of_sparse_rows_agrees_with_importance_sampling(tmp_path):
    frame, table = sparse_cases(), counted(SPARSE, sparse_cases())
    expected, rows = by_importance_sampling(table)

    posterior = fit(SPARSE, frame, seed=5, draws=600, tune=800, chains=2, thin=2)
    assert int(posterior.tree["sample_stats"]["diverging"].sum()) == 0
    draws = posterior.draws
    close(np.log(draws["y.concentration"]), expected["log kappa"], "log kappa")
    close(draws["y.average"], expected["average"], "average")
    close(draws["y.table"], rows, "rows")
    # A row without cases is the average, which is far from flat.
    empty = np.argwhere(table.sum(axis=-1) == 0)[0]
    assert np.abs(rows[tuple(empty)] - expected["average"]).max() < 1e-6
    assert expected["average"].max() > 0.55
    assert "log_likelihood" in posterior.tree
    assert set(posterior.tree["log_prior"].data_vars) == {"a.table", "b.table", "y.average", "y.concentration"}

    posterior.save(tmp_path / "sparse.nc")
    loaded = load_posterior(tmp_path / "sparse.nc")
    asked = {"given": {"y": "high", "a": "a1"}}
    xr.testing.assert_identical(probability(loaded, "b", **asked), probability(posterior, "b", **asked))


HOLED = Network(
    (Node("x", ("x0", "x1")), Node("y", ("no", "yes"), (Arrow("x"),), family="pooled_table")),
    name="holed",
)


def holed_cases():
    rows = [("x0", "no")] * 5 + [("x0", "yes")] * 2 + [("x1", "yes")] * 4 + [("x1", None)] * 2
    return pd.DataFrame(rows + [(None, "yes")] * 3 + [(None, "no")] * 2, columns=["x", "y"])


@pytest.mark.slow
def test_a_fit_with_holes_agrees_with_every_completion():
    frame = holed_cases()
    kappa, average = prior_sample(2, 40_000)
    holes = np.flatnonzero(frame["x"].isna())
    log_weights, shares = [], []
    for filled in itertools.product(("x0", "x1"), repeat=len(holes)):
        whole = frame.copy()
        whole.loc[holes, "x"] = filled
        ones = whole["x"].value_counts()
        n = np.array([ones["x0"], ones["x1"]])
        log_x = gammaln(n + 1).sum() - gammaln(n.sum() + 2)  # a uniform P(x), integrated out
        log_weights.append(log_x + by_scipy(kappa, average, counted(HOLED, whole.dropna())))
        shares.append((n[1] + 1) / (n.sum() + 2))
    expected, _ = weighted(kappa, average, logsumexp(log_weights, axis=0))
    p_x1 = np.exp(logsumexp(log_weights, axis=1) - logsumexp(log_weights)) @ shares

    posterior = fit(HOLED, frame, seed=7, draws=800, tune=800, chains=2, thin=2)
    assert posterior.provenance["drawn_by_nuts"] == [["x", "y"]]
    assert int(posterior.tree["sample_stats"]["diverging"].sum()) == 0
    close(np.log(posterior.draws["y.concentration"]), expected["log kappa"], "log kappa")
    close(posterior.draws["y.average"], expected["average"], "average")
    close(posterior.draws["x.table"][..., 1], p_x1, "x")


def test_a_node_that_was_never_seen_keeps_its_prior():
    frame = pd.DataFrame({"x": ["x0", "x1", "x1"]})
    cases = encode(HOLED, frame, unobserved="y")
    model = compiled(HOLED, cases, find_patterns(HOLED, cases), None, ["y"])
    assert {variable.name for variable in model.free_RVs} == {"y.average", "y.concentration"}
    assert not model.potentials


def test_every_reason_why_a_node_is_no_pooled_table_is_said_at_once():
    arrows = (Arrow("x", term="log", by="z"), Arrow("z"))
    node = Node("y", ("yes",), arrows, family="pooled_table", groups=(Group("actor", "who"),))
    with pytest.raises(NetworkError) as raised:
        Network((Node("x", ("no", "yes")), Node("z", ("no", "yes")), node))
    assert str(raised.value).splitlines() == [
        "network network: 4 faults",
        "  node y: family 'pooled_table' has no term 'log'; drop the term",
        "  node y: family 'pooled_table' has no 'by'; drop it from 'x'",
        "  node y: family 'pooled_table' has no group effects; drop 'actor'",
        "  node y: family 'pooled_table' needs two states or more",
    ]
