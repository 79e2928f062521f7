"""Stored fits: found again when nothing changed, made again when anything did."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from servanda.analysis import stored_fit
from servanda.analysis.scenarios.cache import VARIABLE, cache_folder
from servanda.analysis.scenarios.stored_fits import fit_gates, sampled_parameters
from servanda.analysis.summaries.gates import failed
from servanda.models import Arrow, Network, Node, Prior, PriorSet, Sampling, fit

from ..conftest import FLAT, KEEPING

SETTINGS = Sampling(seed=1, draws=100, chains=2)


def test_equal_inputs_are_fitted_once(tmp_path: Path, keeping_cases: pd.DataFrame):
    first, reused = stored_fit(KEEPING, keeping_cases, FLAT, SETTINGS, tmp_path)
    again, found = stored_fit(KEEPING, keeping_cases, FLAT, SETTINGS, tmp_path)
    assert (reused, found) == (False, True)
    assert again.draws.equals(first.draws)
    assert again.provenance == first.provenance


@pytest.mark.parametrize("changed", ["seed", "cases", "priors"])
def test_any_change_is_fitted_anew(tmp_path: Path, keeping_cases: pd.DataFrame, changed: str):
    stored_fit(KEEPING, keeping_cases, FLAT, SETTINGS, tmp_path)
    other = {
        "seed": (KEEPING, keeping_cases, FLAT, Sampling(seed=2, draws=100, chains=2)),
        "cases": (KEEPING, keeping_cases.iloc[1:], FLAT, SETTINGS),
        "priors": (
            KEEPING,
            keeping_cases,
            PriorSet.from_mapping({"*.table": Prior.of("dirichlet", alpha=2)}),
            SETTINGS,
        ),
    }[changed]
    assert stored_fit(*other, tmp_path)[1] is False
    assert len(list(tmp_path.glob("*.nc"))) == 2


def test_a_damaged_fit_is_made_again(tmp_path: Path, keeping_cases: pd.DataFrame):
    first, _ = stored_fit(KEEPING, keeping_cases, FLAT, SETTINGS, tmp_path)
    (path,) = tmp_path.glob("*.nc")
    path.write_bytes(path.read_bytes()[:500])
    again, reused = stored_fit(KEEPING, keeping_cases, FLAT, SETTINGS, tmp_path)
    assert not reused
    assert again.draws.equals(first.draws)


def test_tables_drawn_by_augmentation_have_gates():
    states = ("no", "yes")
    network = Network((Node("a", states), Node("b", states, (Arrow("a"),)), Node("c", states)))
    frame = pd.DataFrame({"a": ["no", None, "yes"] * 9, "b": ["no", "yes", "yes"] * 9, "c": ["no"] * 27})
    few = fit(network, frame, seed=1, draws=20, tune=10, chains=2)
    assert sampled_parameters(few) == {"a.table", "b.table"}
    assert {gate.name for gate in failed(fit_gates(few))} >= {"bulk ESS of a.table", "bulk ESS of b.table"}
    enough = fit(network, frame, seed=1)
    assert failed(fit_gates(enough)) == ()
    assert len(fit_gates(enough)) == 6


def test_the_folder_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv(VARIABLE)
    assert cache_folder().name == "fits"


# The first rounds are not settled, which is what is asked for; the last one may say so too.
@pytest.mark.filterwarnings("ignore::servanda.models.errors.ConvergenceWarning")
def test_a_fit_whose_gates_fail_takes_twice_the_steps(tmp_path: Path):
    states = ("no", "yes")
    network = Network((Node("a", states), Node("b", states, (Arrow("a"),))))
    frame = pd.DataFrame({"a": ["no", None, None] * 9, "b": ["no", "yes", "yes"] * 9})
    hasty = Sampling(seed=1, draws=200, tune=10, chains=2, thin=1)
    assert failed(fit_gates(fit(network, frame, **hasty.settings)))
    posterior, _ = stored_fit(network, frame, None, hasty, tmp_path)
    doubled = posterior.provenance["doublings"]
    assert doubled > 0
    settings = posterior.provenance["settings"]
    assert (settings["thin"], settings["tune"]) == (2**doubled, 10 * 2**doubled)
    assert posterior.sizes == {"chain": 2, "draw": 200}
    assert posterior.draws.equals(fit(network, frame, **settings).draws)
    # No gate could hold with so few draws.
    few, _ = stored_fit(network, frame, None, Sampling(seed=1, draws=100, tune=10, chains=2, thin=1), tmp_path)
    assert few.provenance["doublings"] == 0
