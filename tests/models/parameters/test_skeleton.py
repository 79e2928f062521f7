"""The skeleton of a distribution in the documentation is one record, and all that a prior can do follows from it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from servanda.analysis import chance_of
from servanda.models import Arrow, Network, Node, Prior, PriorError, PriorSet, encode, pymc_model
from servanda.models.cases.patterns import find_patterns
from servanda.models.parameters.distributions import DISTRIBUTIONS
from servanda.models.sampling.blocks import choose_sampler
from servanda.priors import between, elicit, load_prior, logarithmic_pool, prior_predictive, prior_to_toml

from . import test_distributions as contract

SKELETON = Path(__file__).parents[3] / "docs" / "skeletons" / "distribution.py"
EXAMPLES = (
    contract.Example("my_distribution", {"mu": 0.3, "width": 0.8}, stats.laplace(0.3, 0.8)),
    contract.Example("my_distribution", {"mu": -2, "width": 3}, stats.laplace(-2, 3)),
)
CONTRACT = (
    contract.test_densities_are_those_of_scipy,
    contract.test_densities_in_the_tails_are_those_of_scipy,
    contract.test_draws_are_those_of_scipy,
    contract.test_uniform_numbers_become_draws,
    contract.test_pymc_has_the_same_density,
    contract.test_it_says_the_rest_or_says_that_it_does_not,
)
NETWORK = Network(
    (
        Node("sworn", ("no", "yes"), ordered=True),
        Node("kept", ("no", "yes"), (Arrow("sworn"),), family="ordinal", ordered=True),
    )
)


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """Load the skeleton where a copy of it would lie, and enter it in the table for one test."""
    name = "servanda.models.parameters.my_distribution"
    spec = importlib.util.spec_from_file_location(name, SKELETON)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    monkeypatch.setitem(DISTRIBUTIONS, "my_distribution", module.MyDistribution())


def believed(**numbers):
    table = Prior.of("dirichlet", alpha=1.0)
    return PriorSet.from_mapping({"*": table, "kept.sworn": Prior.of("my_distribution", **numbers)}, name="mine")


@pytest.mark.parametrize("place", range(len(EXAMPLES)))
@pytest.mark.parametrize("promise", CONTRACT, ids=lambda promise: promise.__name__)
def test_the_skeleton_keeps_the_contract(promise, place):
    promise(EXAMPLES[place])


def test_a_set_can_state_it(tmp_path):
    path = tmp_path / "mine.toml"
    head = 'name = "mine"\ninherits = "flat"\n'
    entry = '[[priors]]\nparameter = "kept.sworn"\ndistribution = "my_distribution"\nmu = 0\nwidth = 0.4\n'
    path.write_text(f'{head}{entry}reason = "guess"\nsource = "me"\ncertainty = "judgement"\n')
    priors = load_prior(path, NETWORK)
    assert str(priors["kept.sworn"]) == "my_distribution(mu=0, width=0.4)"
    path.write_text(prior_to_toml(priors))
    assert load_prior(path) == priors
    x = prior_predictive(NETWORK, priors, seed=1).draws["kept.sworn"].values.ravel()
    assert stats.kstest(x, stats.laplace(0, 0.4).cdf).pvalue > 1e-3


def test_a_fit_leaves_it_to_pymc():
    cases = encode(NETWORK, pd.DataFrame({"sworn": ["no", "yes"], "kept": ["no", "yes"]}))
    assert choose_sampler(NETWORK, cases, ("kept",)) == "nuts"
    priors = believed(mu=0.2, width=0.6)
    assert choose_sampler(NETWORK, cases, ("kept",), priors) == "pymc"
    model = pymc_model(NETWORK, cases, find_patterns(NETWORK, cases), priors, ("kept",))
    logp = model.compile_logp(vars=[model["kept.sworn"]], jacobian=False)
    point = model.initial_point() | {"kept.sworn": np.array(0.9)}
    assert float(logp(point)) == pytest.approx(stats.laplace(0.2, 0.6).logpdf(0.9))


def test_an_elicitation_moves_its_numbers():
    sworn = chance_of("kept", "yes", {"sworn": "yes"})
    found = elicit(NETWORK, believed(mu=0, width=1), {"it": between(sworn, 0.4, 0.8)}, seed=1)
    assert found.met
    assert found.priors["kept.sworn"].distribution == "my_distribution"
    assert found.priors["kept.sworn"] != believed(mu=0, width=1)["kept.sworn"]


def test_what_it_cannot_do_is_said():
    experts = {"a": believed(mu=0, width=1), "b": believed(mu=1, width=1)}
    with pytest.raises(PriorError, match=r"kept\.sworn: different my_distribution priors have no pool in a family"):
        logarithmic_pool(NETWORK, experts)
