"""Gates fail closed; diagnostics are ArviZ's."""

from __future__ import annotations

from dataclasses import replace

import arviz as az
import numpy as np
import pytest
import xarray as xr

from servanda.analysis import parameter_gates, sampler_gates, summarise
from servanda.analysis.summaries.gates import failed, number_gates
from servanda.analysis.summaries.summary import Summary, summary_table
from servanda.models import Network, Node, Posterior


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


@pytest.mark.parametrize("draws", [4, 5, 50])
@pytest.mark.parametrize("interval", [0.5, 0.9])
def test_four_draws_are_enough_for_diagnostics(draws, interval):
    x = np.random.default_rng(draws).random((3, draws))
    found = summarise(xr.DataArray(x, dims=("chain", "draw")), interval)
    of, tails = az.from_dict({"posterior": {"x": x}}), ((1 - interval) / 2, (1 + interval) / 2)
    assert found.ess_bulk == pytest.approx(float(az.ess(of)["x"]))
    assert found.ess_tail == pytest.approx(float(az.ess(of, method="tail", prob=tails)["x"]))
    assert found.rhat == pytest.approx(float(az.rhat(of)["x"]))
    assert (found.lower, found.upper) == pytest.approx(tuple(np.quantile(x, tails)))
    assert (found.mean, found.sd, found.interval) == (pytest.approx(x.mean()), pytest.approx(x.std()), interval)


def test_one_chain_has_no_rhat_and_a_constant_nothing_to_mix():
    one = summarise(xr.DataArray(np.random.default_rng(1).random((1, 100)), dims=("chain", "draw")))
    assert np.isnan(one.rhat)
    assert one.ess_bulk > 20
    assert not [gate for gate in number_gates("p", one) if "R-hat" in gate.name]
    settled = summarise(xr.DataArray(np.full((4, 500), 0.3), dims=("chain", "draw")))
    assert (settled.ess_bulk, settled.ess_tail, settled.rhat, settled.mcse) == (2000, 2000, 1.0, 0.0)
    assert (settled.mean, settled.lower, settled.upper) == (pytest.approx(0.3),) * 3


def test_a_table_of_summaries_is_that_of_each_cell():
    x = xr.DataArray(
        np.random.default_rng(6).random((3, 2, 2, 50)),
        dims=("b", "a", "chain", "draw"),
        coords={"b": ["x", "y", "z"], "a": ["u", "v"]},
    )
    table = summary_table(x)
    assert set(table) == {"mean", "lower", "upper", "sd", "mcse", "ess_bulk", "ess_tail", "rhat"}
    of = az.from_dict({"posterior": {"x": x.transpose("chain", "draw", "a", "b").values}})
    for a, b in ((0, 0), (1, 0), (0, 2), (1, 2)):
        cell = table.isel(a=a, b=b)
        assert float(cell["mean"]) == pytest.approx(float(x.isel(a=a, b=b).mean()))
        assert float(cell["upper"]) == pytest.approx(float(np.quantile(x.isel(a=a, b=b), 0.95)))
        assert float(cell["rhat"]) == pytest.approx(float(az.rhat(of)["x"][a, b]))
        assert float(cell["ess_tail"]) == pytest.approx(float(az.ess(of, method="tail", prob=(0.05, 0.95))["x"][a, b]))


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


def energies(keeping: Posterior, stickiness: float) -> tuple[Posterior, float]:
    """Energies that keep so much of the last one, and the worst chain's E-BFMI as ArviZ has it."""
    rng = np.random.default_rng(8)
    energy = np.zeros((4, 4000))
    for draw in range(1, 4000):
        energy[:, draw] = stickiness * energy[:, draw - 1] + rng.normal(size=4)
    stats = xr.Dataset({"energy": (("chain", "draw"), energy), "diverging": (("chain", "draw"), energy > np.inf)})
    tree = xr.DataTree.from_dict({"posterior": keeping.draws, "sample_stats": stats})
    return Posterior(keeping.network, tree), float(np.min(az.bfmi(tree)["energy"]))


@pytest.mark.parametrize(("stickiness", "passes"), [(0.82, True), (0.87, False), (0.9, False)])
def test_the_limit_of_bfmi_is_that_of_betancourt(keeping: Posterior, stickiness, passes):
    """An autoregression has an E-BFMI of 2 (1 - stickiness): below 0.3 the sampler hardly changes its energy."""
    posterior, exact = energies(keeping, stickiness)
    assert exact == pytest.approx(2 * (1 - stickiness), abs=0.04)
    assert (exact >= 0.3) is passes
    gates = {gate.name: gate for gate in sampler_gates(posterior)}
    assert gates["E-BFMI, worst chain"].passed is passes
    assert gates["E-BFMI, worst chain"].value == pytest.approx(exact, rel=0.01)
    assert gates["E-BFMI, worst chain"].limit == "0.3 or more"


def test_the_worst_chain_and_the_worst_block_count(keeping: Posterior):
    good, bad = energies(keeping, 0.0)[0], energies(keeping, 0.95)[0]
    energy = good.tree["sample_stats"]["energy"].values.copy()
    blocks = np.stack([energy, energy])
    blocks[1, 2] = bad.tree["sample_stats"]["energy"].values[2]
    stats = xr.Dataset(
        {
            "energy": (("chain", "draw"), energy),
            "energy_of_block": (("block", "chain", "draw"), blocks),
            "diverging": (("chain", "draw"), energy > np.inf),
        }
    )
    tree = xr.DataTree.from_dict({"posterior": keeping.draws, "sample_stats": stats})
    assert not failed(sampler_gates(good))
    (gate,) = failed(sampler_gates(Posterior(keeping.network, tree)))
    assert gate.value == pytest.approx(float(np.min(az.bfmi(bad.tree)["energy"][2])), rel=0.01)


@pytest.mark.parametrize(("apart", "passes"), [(0.10, True), (0.22, False), (0.4, False)])
def test_the_limit_of_rhat_is_that_of_its_authors(apart, passes):
    """Vehtari et al. 2021: above 1.01 the chains do not tell of one distribution; 1.05 was the old and lax limit."""
    draws = np.random.default_rng(3).normal(size=(4, 1000)) + apart * np.array([[-1], [1], [-1], [1]])
    exact = float(az.rhat(az.from_dict({"posterior": {"x": draws}}))["x"])
    assert (exact <= 1.01) is passes
    assert exact < 1.05 or apart == 0.4
    found = summarise(xr.DataArray(draws, dims=("chain", "draw")))
    gate = next(gate for gate in number_gates("p", found) if gate.name == "R-hat of p")
    assert (gate.passed, gate.limit) == (passes, "1.01 or less")
    assert gate.value == pytest.approx(exact)
    network = Network((Node("a", ("x", "y")),))
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset({"a.table": (("chain", "draw"), draws)})})
    of_parameter = next(gate for gate in parameter_gates(Posterior(network, tree)) if gate.name == "R-hat of a.table")
    assert of_parameter.passed is passes


@pytest.mark.parametrize(("size", "passes"), [(400.0, True), (399.9, False), (float("nan"), False)])
def test_four_hundred_draws_that_count_are_enough(size, passes):
    of = {"mean": 0.5, "lower": 0.4, "upper": 0.6, "sd": 0.1, "mcse": 0.0, "rhat": 1.01}
    for bulk, tail in ((size, 5000.0), (5000.0, size)):
        gates = number_gates("p", Summary(**of, ess_bulk=bulk, ess_tail=tail))
        assert [gate.name for gate in failed(gates)] == (
            [] if passes else ["bulk ESS of p" if bulk is size else "tail ESS of p"]
        )
    supposed = replace(lone(), provenance={"supposed": {"effective_draws": size}})
    (gate,) = sampler_gates(supposed)
    assert (gate.name, gate.passed) == ("draws left after supposing a case", passes)


def lone() -> Posterior:
    network = Network((Node("a", ("x", "y")),))
    return Posterior.from_tables(network, {"a": xr.DataArray([0.5, 0.5], dims="a")})


def test_the_worst_cell_of_a_parameter_counts():
    """Eight cells, one of them stuck in one chain: each value is ArviZ's for the cell that is worst."""
    rng = np.random.default_rng(5)
    draws = rng.normal(size=(4, 1000, 8))
    draws[2, :, 6] += 0.6
    draws[:, :, 3] = np.cumsum(draws[:, :, 3], axis=1)
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset({"a.table": (("chain", "draw", "cell"), draws)})})
    gates = {gate.name: gate for gate in parameter_gates(replace(lone(), tree=tree))}
    of = az.from_dict({"posterior": {"x": draws}})
    assert gates["R-hat of a.table"].value == pytest.approx(float(az.rhat(of)["x"].max()))
    assert gates["bulk ESS of a.table"].value == pytest.approx(float(az.ess(of)["x"].min()))
    tail = az.ess(of, method="tail", prob=(0.05, 0.95))["x"]
    assert gates["tail ESS of a.table"].value == pytest.approx(float(tail.min()))
    assert len(failed(gates.values())) == 3
    assert parameter_gates(replace(lone(), tree=tree), ["b.table"]) == ()
    assert parameter_gates(replace(lone(), tree=tree), ["a.table"]) == tuple(gates.values())


def test_every_parameter_is_looked_at(keeping: Posterior):
    gates = parameter_gates(keeping)
    assert {gate.name.split(" of ")[1] for gate in gates} == {"backers.table", "kept.table"}
    assert not failed(gates)
