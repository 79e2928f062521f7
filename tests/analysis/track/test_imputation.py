"""Credibility as a node: what it may know, how its uncertainty is carried, and what judges it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import betaln

from servanda.analysis.track.imputation import (
    BOUNDS,
    STATES,
    Imputed,
    _focused,
    _focused_priors,
    compare_pasts,
    fit_imputed,
    impute_credibility,
    pooled,
    with_credibility,
    with_credibility_priors,
)
from servanda.analysis.track.questions import credibility
from servanda.models import Arrow, DataError, Network, Node, fit_track, load_network
from servanda.models.network.parameters import check_priors, parameter_coords
from servanda.models.node import Coding
from servanda.priors import load_prior

EVENTS = pd.DataFrame(
    {
        "actor": ["A", "A", "A", "B"],
        "date_from": pd.to_datetime(["2000-01-01", "2004-01-01", "2010-06-01", "2005-01-01"]),
        "date_until": pd.to_datetime(["2000-01-01", "2004-01-01", "2010-06-01", "2005-12-31"]),
        "agreement": ["x", "x", "y", "x"],
        "event": ["complied", "defected", "defected", "complied"],
    }
)
CASES = pd.DataFrame(
    {
        "case_id": ["early", "first", "same day", "later", "stranger"],
        "obligor": ["A", "A", "A", "B", "Z"],
        "tested_from": pd.to_datetime(["1999-05-01", "2003-01-01", "2010-06-01", "2006-01-01", "2010-01-01"]),
    }
)
QUICK = {"draws": 100, "tune": 150, "chains": 2, "thin": 1}


@pytest.fixture(scope="module")
def imputed():
    return impute_credibility(CASES, EVENTS, seed=4, imputations=50, **QUICK)


def test_a_case_knows_the_day_before_its_test_and_no_more(imputed):
    assert imputed.known.tolist() == [False, True, True, True, False]
    assert list(imputed.states.index) == list(CASES["case_id"])
    assert imputed.fits == 2  # two tests lie between the same events
    later = EVENTS.assign(event=["complied", "defected", "complied", "complied"])  # changed on the day of a test
    again = impute_credibility(CASES, later, seed=4, imputations=50, **QUICK)
    pd.testing.assert_frame_equal(again.states, imputed.states)


def test_states_have_the_shares_of_the_posterior(imputed):
    track = fit_track(EVENTS.iloc[[0]], seed=9, draws=600, tune=300, chains=2)
    p = credibility(track, "A", "2002-12-31").values
    share = np.array([(p >= BOUNDS[0]).mean(), ((p < BOUNDS[0]) & (p >= BOUNDS[1])).mean(), (p < BOUNDS[1]).mean()])
    found = np.array([(imputed.states.loc["first"] == state).mean() for state in STATES])
    np.testing.assert_allclose(found, share, atol=3 * np.sqrt(0.25 / 50))


def test_faults_of_an_imputation_come_at_once():
    with pytest.raises(DataError) as caught:
        impute_credibility(CASES.drop(columns="obligor"), EVENTS, seed=1, imputations=0)
    assert "column obligor: is missing" in str(caught.value)
    assert "imputations: is 0; at least 1 is needed" in str(caught.value)


def test_the_shipped_network_takes_the_node_with_its_arrows_and_priors():
    network = with_credibility(load_network("guarantee"))
    assert "past_defections" not in network
    assert network["credibility"].states == ("high", "middle", "low")
    assert set(network.children["credibility"]) == {"guarantors", "compliance"}
    priors = with_credibility_priors(load_prior("literature"))
    own = load_prior("literature")
    assert priors["compliance.credibility"] == own["compliance.past_defections"]


def test_the_shipped_priors_fit_the_part_of_the_network_that_is_compared():
    network, priors = _focused(load_network("guarantee"), "compliance"), load_prior("literature")
    assert all(node.parents == () for node in network.nodes if node.name != "compliance")
    mine = _focused_priors(priors, "compliance")
    for part, own in ((network, mine), (with_credibility(network), with_credibility_priors(mine))):
        check_priors(part, own, parameter_coords(part, {"actor": ("A",), "guarantee": ("x",)}))


PAST = Network(
    (
        Node("past", ("0", "1+"), coding=Coding("past", lower=(0, 1)), ordered=True),
        Node("kept", ("no", "yes"), (Arrow("past"),), ordered=True),
    )
)


def test_answers_of_imputations_are_pooled_as_equal_parts():
    parts = [xr.DataArray(np.full((2, 5), value), dims=("chain", "draw")) for value in (0.2, 0.6)]
    whole = pooled(parts)
    assert whole.sizes == {"chain": 4, "draw": 5}
    assert whole["chain"].values.tolist() == [0, 1, 2, 3]
    assert float(whole.mean()) == pytest.approx(0.4)


def left_out(group: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Exact log density of each left-out outcome, where each group has a uniform prior on its probability."""
    scores = []
    for place in range(len(kept)):
        others = (group == group[place]) & (np.arange(len(kept)) != place)
        yes, no = kept[others].sum(), (1 - kept[others]).sum()
        with_it = betaln(yes + kept[place] + 1, no + 2 - kept[place])
        scores.append(with_it - betaln(yes + 1, no + 1))
    return np.array(scores)


def test_the_judge_agrees_with_exact_leaving_out():
    """Tables have Beta posteriors, so that leaving a case out has a closed form, for each imputation and mixed."""
    rng = np.random.default_rng(2)
    n = 60
    past, kept = rng.integers(0, 2, n), rng.integers(0, 2, n)
    # Credibility tells the outcome, in the one imputation better than in the other; the count tells nothing.
    codes = [
        np.where(kept, rng.choice(3, n, p=p), 2 - rng.choice(3, n, p=p)) for p in ([0.7, 0.2, 0.1], [0.5, 0.3, 0.2])
    ]
    states = pd.DataFrame(np.array(STATES, object)[np.stack(codes, axis=1)])
    cases = pd.DataFrame({"past": past, "kept": np.array(["no", "yes"])[kept]})
    found = compare_pasts(PAST, cases, Imputed(states, 1), seed=3, target="kept", replaces="past", draws=2000)
    exact = [left_out(past, kept), np.logaddexp(*(left_out(code, kept) for code in codes)) - np.log(2)]
    np.testing.assert_allclose(found["elpd"].values, exact, atol=0.01)
    assert found.attrs["elpd_difference"] == pytest.approx(sum(exact[1] - exact[0]), abs=0.2)
    assert found.attrs["elpd_difference"] > 3 * found.attrs["se"] > 0
    assert found.attrs["worst_khat"] < 0.7


def test_cases_without_a_known_past_are_not_compared():
    cases = pd.DataFrame({"past": [0, None, 1, 1], "kept": ["no", "yes", "yes", "no"]})
    states = pd.DataFrame({0: ["high", "low", None, "low"]})
    found = compare_pasts(PAST, cases, Imputed(states, 1), seed=3, target="kept", replaces="past", draws=500)
    assert found.attrs["cases"] == 2
    with pytest.raises(DataError, match="of fewer than two both pasts are known; nothing to compare"):
        compare_pasts(PAST, cases.iloc[:2], Imputed(states.iloc[:2], 1), seed=3, target="kept", replaces="past")


def test_each_imputation_has_its_fit():
    states = pd.DataFrame({0: ["high", "low", None], 1: ["low", "low", None]})
    cases = pd.DataFrame({"kept": ["yes", "no", "yes"]})
    fits = fit_imputed(with_credibility(PAST, "past"), cases, Imputed(states, 1), seed=1, draws=300, chains=2)
    assert [fitted.provenance["missing_cells"] for fitted in fits] == [{"credibility": 1}] * 2
    tables = pooled([fitted.table("kept").sel(credibility="high", kept="yes") for fitted in fits])
    assert tables.sizes == {"chain": 4, "draw": 300}
