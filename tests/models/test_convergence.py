"""Warnings of draws: judged by draws whose mixing is known, from independent ones to chains that stand apart."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from servanda.analysis import contrast, marginals, probability
from servanda.models import Arrow, ConvergenceWarning, Network, Node, Posterior, fit, load_posterior
from servanda.models.convergence import unconverged

YES_NO = ("no", "yes")
#: Two indicators show three numbers, and a class with two tables has five.
CLASSES = Network(
    (
        Node("k", ("1", "2"), anchored_by="i1", latent=True),
        Node("i1", YES_NO, (Arrow("k"),)),
        Node("i2", YES_NO, (Arrow("k"),)),
        Node("apart", YES_NO),
    )
)


def class_cases(rows=4000):
    rng = np.random.default_rng(5)
    k = rng.random(rows) < 0.5
    seen = {f"i{j}": np.where(rng.random(rows) < np.where(k, 0.85, 0.15), "yes", "no") for j in (1, 2)}
    return pd.DataFrame({**seen, "apart": "no"})


def array(x):
    return xr.DataArray(x, dims=("chain", "draw", "state")[: x.ndim])


def chains(rho, sizes, seed):
    """Autoregressive draws: rho says how slowly they mix; their effective size is about n (1 - rho) / (1 + rho)."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=sizes)
    for place in range(1, sizes[1]):
        x[:, place] = rho * x[:, place - 1] + np.sqrt(1 - rho**2) * x[:, place]
    return x


@pytest.mark.parametrize("sizes", [(4, 1000), (4, 250), (2, 250), (2, 50), (1, 1000)])
def test_draws_that_mix_are_not_spoken_of_however_few(sizes):
    for seed in range(20):
        assert unconverged(["a"], {"a.table": array(chains(0.3, (*sizes, 3), seed))}) is None


@pytest.mark.parametrize("sizes", [(4, 1000), (4, 250), (2, 250)])
def test_draws_that_mix_slowly_are_spoken_of(sizes):
    for seed in range(20):
        found = unconverged(["a"], {"a.table": array(chains(0.98, sizes, seed))})  # an effective draw in a hundred
        assert found is not None
        assert "bulk ESS of a.table" in str(found)
        assert "Take more draws" in found.advice


@pytest.mark.parametrize("sizes", [(4, 1000), (2, 100), (2, 50)])
def test_chains_that_stand_apart_are_spoken_of_even_in_a_trial(sizes):
    for seed in range(20):
        x = chains(0, sizes, seed) + 3 * np.arange(sizes[0])[:, None]
        found = unconverged(["a", "b"], {"a.table": array(x), "b.table": array(chains(0, sizes, seed))})
        assert found is not None
        assert found.what[0].startswith("R-hat of a.table is ")


def test_the_limits_of_a_long_run_are_those_of_the_report():
    x = chains(0.9, (4, 1000), 3)
    found = unconverged(["a"], {"a.b": array(x)})
    assert found is not None
    assert "(400 or more is asked)" in str(found)
    long = unconverged(["a"], {"a.b": array(chains(0, (4, 1000), 1) + 0.2 * np.arange(4)[:, None])})
    assert long is not None
    assert "(1.010 or less is asked)" in long.what[0]


def test_a_number_just_beyond_its_limit_does_not_look_like_it():
    still, apart = chains(0, (4, 1000), 1), np.arange(4)[:, None]
    said = (unconverged(["a"], {"a.b": array(still + shift * apart)}) for shift in np.linspace(0.05, 0.2, 1000))
    first = next(found for found in said if found is not None)
    number = re.search(r"R-hat of a.b is ([0-9.]+) \(1.010 or less is asked\)", first.what[0])
    assert number is not None
    assert 1.01 < float(number[1]) < 1.0105


def test_divergences_and_energy_are_always_spoken_of():
    good = {"a.b": array(chains(0, (2, 50), 1))}
    stats = xr.Dataset({"diverging": array(np.zeros((2, 50), bool)), "energy": array(chains(0, (2, 50), 2))})
    assert unconverged(["a"], good, stats) is None
    diverging = np.zeros((2, 50), bool)
    diverging[0, 3] = True
    one = stats.assign(diverging=array(diverging))
    found = unconverged(["a"], good, one)
    assert found is not None
    assert found.what == ("divergences: 1",)
    assert "raise target_accept" in found.advice.lower()
    slow = unconverged(["a"], good, stats.assign(energy=array(chains(0.97, (2, 50), 2))))
    assert slow is not None
    assert slow.what[0].startswith("E-BFMI is ")


def test_a_constant_and_a_handful_of_draws_say_nothing():
    assert unconverged(["a"], {"a.b": array(np.ones((4, 100)))}) is None
    assert unconverged(["a"], {"a.b": array(np.arange(8.0).reshape(2, 4))}) is None
    assert unconverged(["a"], {}) is None


def test_a_class_that_two_indicators_cannot_identify_is_said(tmp_path):
    with pytest.warns(ConvergenceWarning) as caught:
        posterior = fit(CLASSES, class_cases(), seed=1)
    (warning,) = caught
    text = str(warning.message)
    assert text.startswith("draws have not converged. k, i1, i2: R-hat of ")
    assert "No case shows k, and what is seen may not tell its states: it takes a further child with data" in text
    assert warning.filename == __file__
    posterior.save(tmp_path / "k.nc")
    for one in (posterior, load_posterior(tmp_path / "k.nc")):
        for ask in (
            lambda: probability(one, "k"),  # noqa: B023
            lambda: probability(one, "i2", {"i1": "yes"}),  # noqa: B023
            lambda: contrast(one, "i1", {"k": "1"}, {"k": "2"}),  # noqa: B023
            lambda: marginals(one),  # noqa: B023
        ):
            with pytest.warns(
                ConvergenceWarning, match="^the answer rests on draws that have not converged. k, i1, i2"
            ):
                ask()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            probability(one, "apart")  # a node of another block


def test_an_answer_says_it_once():
    network = Network((Node("rain", YES_NO),))
    table = {"rain": xr.DataArray([0.5, 0.5], dims="rain")}
    stored = [{"nodes": ["rain"], "what": ["R-hat of rain.table is 1.7"], "advice": "Take more draws."}]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            probability(Posterior.from_tables(network, table, {"not_converged": stored}), "rain")
    assert [str(one.message) for one in caught] == [
        "the answer rests on draws that have not converged. rain: R-hat of rain.table is 1.7. Take more draws."
    ]
    assert caught[0].filename == __file__
