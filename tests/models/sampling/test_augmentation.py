"""Data augmentation, judged by integration on a grid, by NUTS, by calibration, and by the laws of total moments."""

from __future__ import annotations

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import softmax
from scipy.stats import beta, chisquare

from servanda.models import Arrow, Group, Network, Node, Prior, PriorSet, encode, fit, load_posterior
from servanda.models.cases.patterns import find_patterns
from servanda.models.sampling import augmentation as module
from servanda.models.sampling.blocks import choose_sampler, conjugate_nodes, sampled_blocks

from ..makers import blanked

YES_NO = ("no", "yes")
LAWN = Network((Node("rain", YES_NO), Node("wet", YES_NO, (Arrow("rain"),))), name="lawn")
LAWN_PRIORS = PriorSet.from_mapping(
    {
        "rain.table": Prior.of("dirichlet", alpha=(2.0, 3.0)),
        "wet.table": Prior.of("dirichlet", alpha=(1.5, 0.7)),
    }
)


def lawn_cases(times=1):
    rows = [("no", "no")] * 6 + [("no", "yes")] * 2 + [("yes", "yes")] * 5 + [("yes", "no")]
    rows += [(None, "yes")] * 7 + [(None, "no")] * 4 + [("yes", None)] * 3 + [(None, None)]
    return pd.DataFrame(rows * times, columns=["rain", "wet"])


def by_integration(times):
    """Mean and spread of P(rain) and of P(wet) given each, on a Gauss-Legendre grid."""
    nodes, weights = np.polynomial.legendre.leggauss(120)
    unit = (nodes + 1) / 2
    rain, dry_wet, rain_wet = np.meshgrid(unit, unit, unit, indexing="ij")
    density = np.einsum("i,j,k->ijk", weights, weights, weights)
    density *= beta(3, 2).pdf(rain) * beta(0.7, 1.5).pdf(dry_wet) * beta(0.7, 1.5).pdf(rain_wet)
    wet = (1 - rain) * dry_wet + rain * rain_wet
    seen = ((1 - rain) * (1 - dry_wet)) ** 6 * ((1 - rain) * dry_wet) ** 2 * (rain * rain_wet) ** 5
    seen *= rain * (1 - rain_wet) * wet**7 * (1 - wet) ** 4 * rain**3
    density *= seen**times
    density /= density.sum()
    means = {name: (density * x).sum() for name, x in (("rain", rain), ("0", dry_wet), ("1", rain_wet))}
    squares = {name: (density * x**2).sum() for name, x in (("rain", rain), ("0", dry_wet), ("1", rain_wet))}
    return {name: (mean, np.sqrt(squares[name] - mean**2)) for name, mean in means.items()}


@pytest.mark.parametrize(
    ("times", "for_each"),
    [(1, 10**9), (1, 0), (1, 3), (20, 8)],
    ids=["case by case", "by counts", "both", "many cases"],
)
def test_augmentation_agrees_with_integration(monkeypatch, times, for_each):
    monkeypatch.setattr(module, "CASES_FOR_EACH", for_each)
    posterior = fit(LAWN, lawn_cases(times), LAWN_PRIORS, seed=3, draws=8000, thin=1, tune=100, chains=2)
    assert posterior.provenance["drawn_by_augmentation"] == [["rain", "wet"]]
    assert posterior.provenance["cases"] == len(lawn_cases(times))
    wet = posterior.draws["wet.table"].sel(wet="yes")
    drawn = {"rain": posterior.draws["rain.table"].sel(rain="yes"), "0": wet.sel(rain="no"), "1": wet.sel(rain="yes")}
    for name, (mean, spread) in by_integration(times).items():
        values = drawn[name].values
        assert abs(values.mean() - mean) < 4 * float(az.mcse(values, method="mean")), name
        assert abs(values.std() - spread) < 4 * float(az.mcse(values, method="sd")), name


# Five nodes with holes above, below and beside each other; states of different number.
GARDEN = Network(
    (
        Node("sun", ("low", "mid", "high")),
        Node("rain", YES_NO, (Arrow("sun"),)),
        Node("soil", ("dry", "damp", "wet"), (Arrow("rain"),)),
        Node("bloom", YES_NO, (Arrow("sun"), Arrow("soil"))),
        Node("pest", YES_NO, (Arrow("bloom"),)),
    ),
    name="garden",
)


def drawn_cases(network, tables, rows, rng):
    codes = {}
    for name in network.names:
        given = tuple(codes[parent] for parent in network[name].parent_names)
        heap = np.cumsum(np.broadcast_to(tables[name][given], (rows, tables[name].shape[-1])), axis=1)
        codes[name] = (rng.random((rows, 1)) > heap[:, :-1]).sum(axis=1)
    return codes


def tables_from_prior(network, rng):
    return {name: rng.dirichlet(np.ones(network.shape(name)[-1]), network.shape(name)[:-1]) for name in network.names}


def with_holes(codes, share, rng):
    return {name: np.where(rng.random(len(column)) < share, -1, column) for name, column in codes.items()}


@pytest.mark.slow
def test_augmentation_agrees_with_nuts(monkeypatch):
    rng = np.random.default_rng(1)
    network = Network(GARDEN.nodes[:3])
    codes = with_holes(drawn_cases(network, tables_from_prior(network, rng), 60, rng), 0.25, rng)
    cases = blanked(network, codes)
    settings = {"draws": 1000, "tune": 500, "chains": 2, "thin": 1}
    ours = fit(network, cases, seed=1, **settings)
    # NUTS over the compiled loops, whose density is PyMC's (test_density.py), and which nothing has to be compiled for.
    monkeypatch.setattr("servanda.models.sampling.samplers.can_augment", lambda *_: False)
    nuts = fit(network, cases, seed=2, **settings)
    assert ours.provenance["drawn_by_nuts"] == nuts.provenance["drawn_by_augmentation"] == []
    assert ours.provenance["drawn_by_augmentation"] == nuts.provenance["drawn_by_nuts"] != []
    for name in ours.draws:
        for cell in np.ndindex(ours.draws[name].shape[2:]):
            one, other = (p.draws[name].values[(slice(None), slice(None), *cell)] for p in (ours, nuts))
            for what, number in (("mean", np.mean), ("sd", np.std)):
                error = np.hypot(float(az.mcse(one, method=what)), float(az.mcse(other, method=what)))
                assert abs(number(one) - number(other)) < 4 * error, (name, cell, what)


@pytest.mark.slow
def test_augmentation_is_calibrated():
    """Simulation-based calibration: the rank of the true cell among its draws is uniform."""
    rng = np.random.default_rng(2)
    ranks = {name: [] for name in GARDEN.names}
    for replicate in range(150):
        tables = tables_from_prior(GARDEN, rng)
        codes = with_holes(drawn_cases(GARDEN, tables, 40, rng), 0.3, rng)
        posterior = fit(
            GARDEN, blanked(GARDEN, codes), seed=replicate, draws=19, thin=8, tune=40, chains=1, pointwise=False
        )
        for name in GARDEN.names:
            ranks[name].append(
                (posterior.draws[f"{name}.table"].values[0] < tables[name]).sum(axis=0)[..., 0].ravel()[0]
            )
    for name, found in ranks.items():
        assert chisquare(np.bincount(found, minlength=20).reshape(10, 2).sum(axis=1)).pvalue > 1e-3, name


def free_cells(posterior):
    """Draws of all cells but the last of each row, which follows from the others; shape (samples, cells)."""
    samples = np.prod(list(posterior.sizes.values()))
    return np.concatenate([x.values[..., :-1].reshape(samples, -1) for x in posterior.draws.values()], axis=1)


@pytest.mark.slow
def test_deleting_cells_at_random_widens_and_does_not_shift():
    """Given the cells that are left, what the whole data would have said is on average what is said without it.

    With truths from the prior this holds exactly (laws of total expectation and of total variance):
    E(mean of whole | left) = mean of left, and the variance of left = E(variance of whole + squared shift | left).
    """
    rng = np.random.default_rng(5)
    shifts, kept = [], []
    for replicate in range(80):
        codes = drawn_cases(GARDEN, tables_from_prior(GARDEN, rng), 200, rng)
        settings = {"seed": replicate, "draws": 150, "thin": 2, "tune": 40, "chains": 2, "pointwise": False}
        whole = free_cells(fit(GARDEN, blanked(GARDEN, codes), **settings))
        left = free_cells(fit(GARDEN, blanked(GARDEN, with_holes(codes, 0.25, rng)), **settings))
        shifts.append((whole.mean(axis=0) - left.mean(axis=0)) / left.std(axis=0))
        kept.append(whole.var(axis=0) / left.var(axis=0))
    shift, error = np.mean(shifts, axis=0), np.std(shifts, axis=0) / np.sqrt(len(shifts))
    assert np.all(np.abs(shift) < 4 * error)
    assert np.all(np.mean(kept, axis=0) < 0.98)
    assert np.mean(np.square(shifts) + kept) == pytest.approx(1, abs=0.05)


def way(network, frame):
    cases = encode(network, frame)
    patterns = find_patterns(network, cases)
    blocks = sampled_blocks(network, patterns, conjugate_nodes(network, patterns))
    return {"+".join(nodes): choose_sampler(network, cases, nodes) for nodes in blocks}


def test_what_is_drawn_how():
    rows = pd.DataFrame({"rain": ["no", None, "yes"], "wet": ["no", "yes", "yes"]})
    assert way(LAWN, rows) == {"rain+wet": "augmentation"}
    assert way(LAWN, rows.assign(rain=["no", "no", "no"])) == {}
    assert way(LAWN.with_latent("rain"), rows[["wet"]]) == {"rain+wet": "nuts"}
    assert way(LAWN, rows.assign(rain=None)) == {"rain+wet": "nuts"}
    ordinal = Network((LAWN["rain"], Node("wet", YES_NO, (Arrow("rain"),), family="ordinal", ordered=True)))
    assert way(ordinal, rows) == {"rain+wet": "nuts"}


@pytest.mark.slow
def test_blocks_drawn_in_all_ways_make_one_posterior():
    network = Network(
        (
            *LAWN.nodes,
            Node("alone", YES_NO),
            Node("kept", YES_NO, family="ordinal", ordered=True, groups=(Group("actor", "who"),)),
        )
    )
    frame = lawn_cases().assign(alone="no", kept=["no", "yes"] * 14 + ["no"], who=list("UVW") * 9 + ["U", "V"])
    posterior = fit(network, frame, seed=2, draws=60, tune=60, chains=2)
    assert posterior.provenance["drawn_exactly"] == ["alone"]
    assert posterior.provenance["drawn_by_augmentation"] == [["rain", "wet"]]
    assert posterior.provenance["drawn_by_nuts"] == [["kept"]]
    assert posterior.tree["sample_stats"].coords["block"].values.tolist() == ["kept"]
    assert posterior.sizes == {"chain": 2, "draw": 60}


def test_a_fit_by_augmentation_holds_what_any_fit_holds(tmp_path):
    posterior = fit(LAWN, lawn_cases(), LAWN_PRIORS, seed=2, draws=30, tune=10, chains=2)
    assert {name: set(group.sizes) for name, group in posterior.tree.children.items()} == {
        "posterior": {"chain", "draw", "rain", "wet"},
        "log_prior": {"chain", "draw"},
        "log_likelihood": {"chain", "draw", "rain_case", "wet_case"},
        "observed_data": {"case"},
    }
    assert posterior.draws["wet.table"].dims == ("chain", "draw", "rain", "wet")
    for name in posterior.draws:
        np.testing.assert_allclose(posterior.draws[name].sum(posterior.draws[name].dims[-1]), 1, rtol=1e-12)
    posterior.save(tmp_path / "lawn.nc")
    loaded = load_posterior(tmp_path / "lawn.nc")
    xr.testing.assert_identical(loaded.draws, posterior.draws)
    assert loaded.provenance == posterior.provenance


def test_a_seed_is_a_fit_by_augmentation_too():
    one, same, other = (fit(LAWN, lawn_cases(), seed=seed, draws=20, tune=5, chains=2) for seed in (1, 1, 2))
    xr.testing.assert_identical(one.draws, same.draws)
    assert not np.any(one.draws["wet.table"] == other.draws["wet.table"])
    assert not np.any(one.draws["wet.table"].sel(chain=0) == one.draws["wet.table"].sel(chain=1))


def test_warm_up_is_left_out_and_draws_between_are_not_kept():
    settings = {"seed": 4, "chains": 2}
    every = fit(LAWN, lawn_cases(), draws=16, tune=0, thin=1, **settings).draws["wet.table"].values
    some = fit(LAWN, lawn_cases(), draws=4, tune=8, thin=3, **settings).draws["wet.table"].values
    # Two rounds for each draw, so that eight of warm-up are four of them.
    np.testing.assert_array_equal(some, every[:, 6::3])


def test_progress_is_told():
    seen = []
    fit(LAWN, lawn_cases(), seed=1, draws=40, tune=30, thin=3, progress=lambda *told: seen.append(told))
    assert seen == [("fitting", done, 270) for done in (50, 100, 150, 200, 250, 270)]


def test_sparse_priors_neither_underflow_nor_warn():
    priors = PriorSet.from_mapping({"*.table": Prior.of("dirichlet", alpha=1e-3)})
    posterior = fit(LAWN, lawn_cases(), priors, seed=1, draws=200, tune=10, chains=2)
    for name in posterior.draws:
        assert np.all(np.isfinite(posterior.draws[name]))
        np.testing.assert_allclose(posterior.draws[name].sum(posterior.draws[name].dims[-1]), 1, rtol=1e-12)


def test_parts_of_any_size_are_scaled_to_one():
    log_x = np.array([-0.1, -3.0, -2000.0, -2001.0, -2002.0, 0.0])
    found = module._Parts.of(np.array([2, 3, 1])).normalised(log_x)
    expected = np.concatenate([softmax(log_x[:2]), softmax(log_x[2:5]), [1.0]])
    np.testing.assert_allclose(found, expected, rtol=1e-12)
