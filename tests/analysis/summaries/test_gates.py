"""Gates fail closed; diagnostics are ArviZ's."""

from __future__ import annotations

import arviz as az
import numpy as np
import pytest
import xarray as xr

from servanda.analysis import parameter_gates, sampler_gates, summarise
from servanda.analysis.summaries.gates import failed, number_gates
from servanda.models import Posterior


def test_the_numbers_are_those_of_arviz():
    rng = np.random.default_rng(2)
    walk = np.cumsum(rng.normal(size=(4, 1000)), axis=1) * 0.05 + rng.normal(size=(4, 1000))
    found = summarise(xr.DataArray(walk, dims=("chain", "draw")))
    tree = az.from_dict({"posterior": {"x": walk}})
    assert found.ess_bulk == pytest.approx(float(az.ess(tree)["x"]))
    assert found.rhat == pytest.approx(float(az.rhat(tree)["x"]))
    assert found.mcse == pytest.approx(float(az.mcse(tree)["x"]))
    assert found.ess_tail == pytest.approx(float(az.ess(tree, method="tail", prob=(0.05, 0.95))["x"]))


def test_good_draws_pass_and_stuck_ones_do_not():
    rng = np.random.default_rng(1)
    good = xr.DataArray(rng.random((4, 1000)), dims=("chain", "draw"))
    assert not failed(number_gates("p", summarise(good)))
    stuck = good + xr.DataArray([0.0, 0.0, 0.0, 1.0], dims="chain")
    names = [gate.name for gate in failed(number_gates("p", summarise(stuck)))]
    assert names == ["R-hat of p", "bulk ESS of p", "tail ESS of p"]


def test_what_cannot_be_computed_does_not_pass():
    few = summarise(xr.DataArray(np.random.default_rng(1).random((2, 3)), dims=("chain", "draw")))
    assert [gate.passed for gate in number_gates("p", few)] == [False, False]


def test_evidence_that_settles_a_number_passes():
    assert not failed(number_gates("p", summarise(xr.DataArray(np.ones((4, 500)), dims=("chain", "draw")))))


def test_a_divergence_fails(keeping: Posterior):
    draws = keeping.sizes
    stats = xr.Dataset(
        {
            "diverging": (("chain", "draw"), np.zeros((draws["chain"], draws["draw"]), bool)),
            "energy": (("chain", "draw"), np.random.default_rng(1).normal(size=(draws["chain"], draws["draw"]))),
        }
    )
    clean = Posterior(keeping.network, xr.DataTree.from_dict({"posterior": keeping.draws, "sample_stats": stats}))
    assert not failed(sampler_gates(clean))
    stats["diverging"][1, 7] = True
    spoilt = Posterior(keeping.network, xr.DataTree.from_dict({"posterior": keeping.draws, "sample_stats": stats}))
    assert [str(gate) for gate in failed(sampler_gates(spoilt))] == ["divergences: 1 (FAILED, asked none)"]


def test_bfmi_is_that_of_arviz(keeping: Posterior):
    rng = np.random.default_rng(4)
    energy = np.cumsum(rng.normal(size=(4, 4000)), axis=1)
    stats = xr.Dataset({"energy": (("chain", "draw"), energy), "diverging": (("chain", "draw"), energy > np.inf)})
    tree = xr.DataTree.from_dict({"posterior": keeping.draws, "sample_stats": stats})
    (gate,) = failed(sampler_gates(Posterior(keeping.network, tree)))
    assert gate.name == "E-BFMI, worst chain"
    assert gate.value == pytest.approx(float(np.min(az.bfmi(tree)["energy"])), rel=0.05)


def test_every_parameter_is_looked_at(keeping: Posterior):
    gates = parameter_gates(keeping)
    assert {gate.name.split(" of ")[1] for gate in gates} == {"backers.table", "kept.table"}
    assert not failed(gates)
