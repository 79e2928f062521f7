"""What the shipped sets imply about compliance before any case is seen."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit

from servanda.models import DataError, Posterior, Prior, PriorError, PriorSet, load_network
from servanda.models.inference.answers import conditional
from servanda.models.inference.question import check_question
from servanda.priors import load_prior, prior_predictive, shipped_priors

NETWORK = load_network("guarantee")
CASE = {
    "role": "guarantor",
    "era": "after_1991",
    "obligation": "defend",
    "enforcement": "consultation",
    "monitoring": "national_means",
    "past_defections": "1-2",
    "regime": "democracy",
    "price": "money",
    "capability_change": "same",
    "forces_there": "no",
    "years_since_signing": "5-19",
}


@pytest.fixture(scope="module")
def believed():
    return {name: prior_predictive(NETWORK, load_prior(name), seed=5) for name in shipped_priors()}


def complied(posterior, **changes):
    """What single members of the population do, each draw another."""
    members = dict.fromkeys(NETWORK.group_columns, "(new)")
    table = posterior.table("compliance", given=CASE | {"guarantors": "1"} | changes, **members)
    return table.sel(compliance="complied").values.ravel()


def test_is_a_posterior_without_cases(believed):
    flat = believed["flat"]
    assert isinstance(flat, Posterior)
    assert flat.priors == load_prior("flat")
    assert flat.sizes == {"chain": 1, "draw": 4000}
    assert flat.provenance["cases"] == 0


def test_same_seed_same_draws():
    once, again, other = (prior_predictive(NETWORK, load_prior("flat"), seed=s, draws=20) for s in (1, 1, 2))
    assert once.draws.identical(again.draws)
    assert not once.draws.equals(other.draws)


def test_flat_leaves_compliance_open(believed):
    p = complied(believed["flat"])
    thirds = np.histogram(p, bins=[0, 1 / 3, 2 / 3, 1])[0] / len(p)
    assert np.all(thirds > 0.15), thirds
    # The reason in the file says two fifths.
    assert np.mean((p < 0.05) | (p > 0.95)) == pytest.approx(2 / 5, abs=0.04)


def test_flat_gives_backing_no_direction(believed):
    change = complied(believed["flat"], guarantors="5") - complied(believed["flat"])
    assert np.mean(change > 0) == pytest.approx(0.5, abs=0.03)
    assert np.quantile(change, 0.95) > 0.2


def test_words_hardly_matter_to_cheap_talk(believed):
    def spread(name, **changes):
        return np.quantile(np.abs(complied(believed[name], **changes) - complied(believed[name])), 0.95)

    for changes in ({"guarantors": "5"}, {"enforcement": "deployed_forces"}, {"monitoring": "intrusive"}):
        assert spread("cheap_talk", **changes) < 0.06
        assert spread("literature", **changes) > 0.1
    assert spread("cheap_talk", price="war") > 0.1


def test_agrees_with_the_formula_of_cheap_talk(believed):
    """One guarantor against five, from SciPy draws of slope alone, at the baseline's even odds."""
    slope = stats.norm(0, 0.05).ppf([0.025, 0.975])
    low, high = expit(logit(0.5) + slope * np.log(5)) - 0.5
    draws = believed["cheap_talk"].draws["compliance.guarantors"].sel(role="guarantor").values.ravel()
    change = expit(draws * np.log(5)) - 0.5
    np.testing.assert_allclose(np.quantile(change, [0.025, 0.975]), [low, high], atol=0.004)


def test_literature_baseline_is_its_beta(believed):
    share = believed["literature"].draws["compliance.baseline"].sel(compliance="complied").values.ravel()
    assert stats.kstest(share, stats.beta(3.9, 4.1).cdf).pvalue > 1e-3


def test_exact_inference_takes_it(believed):
    given = CASE | {"guarantors": "5"}
    members = dict.fromkeys(NETWORK.group_columns, 0)
    question = check_question(NETWORK, ("compliance",), given, {})
    answer = conditional(believed["literature"], question, members)
    np.testing.assert_allclose(answer[:, 2], complied(believed["literature"], guarantors="5"), rtol=1e-12)


def test_a_set_that_does_not_fit_the_network():
    priors = PriorSet.from_mapping({"compliance.gaurantors": Prior.of("normal", mu=0, sigma=1)}, name="odd")
    with pytest.raises(PriorError, match=r"compliance.gaurantors: no such parameter in network guarantee"):
        prior_predictive(NETWORK, priors, seed=1)


def test_no_draws():
    with pytest.raises(DataError, match="prior predictive: draws: must be 1 or more, not 0"):
        prior_predictive(NETWORK, load_prior("flat"), seed=1, draws=0)
