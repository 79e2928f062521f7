"""Names are taken wherever values are, and give what the values give."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import servanda as sv
from servanda.analysis import chance_of, compare_models, compare_priors, compare_theories
from servanda.models import Arrow, Network, Node, network_to_toml
from servanda.models.errors import NetworkError, PriorError, QueryError
from servanda.priors import load_prior


@pytest.fixture
def network():
    sky = Node("sky", ("clear", "grey"))
    return Network((sky, Node("rain", ("no", "yes"), (Arrow("sky"),))), name="weather")


@pytest.fixture
def path(network, tmp_path):
    place = tmp_path / "weather.toml"
    place.write_text(network_to_toml(network), encoding="utf-8")
    return place


@pytest.fixture
def days():
    return pd.DataFrame({"sky": ["clear", "grey"] * 20, "rain": (["no", "yes"] * 4 + ["yes", "no"]) * 4})


def test_a_fit_by_names_is_the_fit_of_the_values(network, path, days):
    named = sv.fit(path, days, "flat", seed=3, draws=50, chains=1)
    given = sv.fit(network, days, load_prior("flat"), seed=3, draws=50, chains=1)
    assert named.provenance["key"] == given.provenance["key"]
    for name, draws in given.draws.data_vars.items():
        np.testing.assert_array_equal(named.draws[name].values, draws.values)


def test_a_name_that_is_none_is_told_with_the_nearest(days):
    with pytest.raises(NetworkError, match=r"guarante: .*did you mean 'guarantee'"):
        sv.fit("guarante", days, seed=1)
    with pytest.raises(PriorError, match=r"literatur: .*did you mean 'literature'"):
        sv.fit("guarantee", days, "literatur", seed=1)


def test_comparisons_take_names(network, path, days):
    how = {"node": "rain", "unit": "case", "seed": 1, "draws": 200, "chains": 2, "bayes_factors": False}
    found = compare_models([path, Network(network.nodes, name="again")], days, "flat", **how)
    assert set(found.left_out) == {"weather", "again"}
    with pytest.raises(QueryError, match="network weather: is there twice; give a mapping of names"):
        compare_models([path, network], days, "flat", **how)
    posterior = sv.fit(path, days, "flat", seed=1, draws=100, chains=2)
    asked = {"rain": chance_of("rain", "yes", {"sky": "grey"})}
    priors = compare_priors(posterior, ["flat"], asked, scores=False)
    assert priors.table["mean"].to_list() == pytest.approx([float(asked["rain"].draws(posterior).mean())])
    with pytest.raises(PriorError, match="did you mean 'flat'"):
        compare_theories("guarantee", days, "flatt", seed=1)


def test_what_needs_no_data_takes_names(path):
    assert sv.prior_predictive(path, "flat", seed=1, draws=7).sizes["draw"] == 7
    assert "adjusting for" in str(sv.identify("guarantee", "enforcement", do="guarantors"))
