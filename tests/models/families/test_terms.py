"""Theories of a count as terms: shapes by hand, what they have in common, and what they cannot take."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import xarray as xr
from scipy.optimize import minimize_scalar

from servanda.models import Arrow, Network, NetworkError, Node, network_from_toml, network_parameters, network_to_toml
from servanda.models.families.regression import effect_table
from servanda.models.families.terms import TERMS, turning_point

COUNTS = (1, 2, 3, 4, 5, 12)
THEORIES = ("none", "log", "monotone", "saturating", "diffusion", "inverted_u")


def network_of(term, values=COUNTS, by=None):
    count = Node("count", tuple(map(str, values)), ordered=True, values=values)
    organ = Node("organ", ("no", "yes"))
    arrows = (Arrow("count", term=term, by=by), *([Arrow("organ")] if by else []))
    return Network((count, organ, Node("y", ("no", "yes"), arrows, family="ordinal", ordered=True)))


def effects(term, by=None, **values):
    network = network_of(term, by=by)
    named = {"y.count" + key.replace("main", "").replace("_", "."): np.asarray(x) for key, x in values.items()}
    return effect_table(named, network.local("y"), network["y"].parents[0])


def centred(numbers):
    return np.array(numbers) - np.mean(numbers)


def test_each_theory_has_its_shape():
    k = np.array(COUNTS, float)
    cases = {
        "diffusion": (effects("diffusion", main=1.5), 1.5 / k),
        "saturating": (effects("saturating", main=2.0, _rate=0.7), 2.0 * (1 - np.exp(-0.7 * (k - 1)))),
        "inverted_u": (effects("inverted_u", main=1.0, _bend=0.4), np.log(k) - 0.4 * np.log(k) ** 2),
        "none": (effects("none"), 0 * k),
    }
    for name, (found, expected) in cases.items():
        np.testing.assert_allclose(found, centred(expected), rtol=1e-12, atol=1e-14, err_msg=name)


def test_by_gives_each_state_its_own_slope():
    found = effects("log", by="organ", main=[-0.5, 0.9])
    np.testing.assert_allclose(found, [centred(slope * np.log(COUNTS)) for slope in (-0.5, 0.9)], rtol=1e-12)
    found = effects("saturating", by="organ", main=[-0.5, 0.9], _rate=0.3)
    filled = 1 - np.exp(-0.3 * (np.array(COUNTS) - 1.0))
    np.testing.assert_allclose(found, [centred(b * filled) for b in (-0.5, 0.9)], rtol=1e-12, atol=1e-14)
    assert effects("none", by="organ").shape == (2, len(COUNTS))


def test_diffusion_falls_as_a_power_of_the_count_at_first_and_levels_off_where_that_goes_on():
    g, small = 0.8, 1e-3
    near = [effects_between("diffusion", (1.0, 1.0 + small), g), -g * math.log(1 + small)]
    assert near[0] == pytest.approx(near[1], rel=2 * small)
    q = 1e-4
    power = [math.log(x / (1 - x)) for x in (q, q * 12**-g)]
    assert power[1] - power[0] == pytest.approx(effects_between("log", (1.0, 12.0), -g), rel=1e-4)
    assert effects_between("diffusion", (1.0, 1e6), g) == pytest.approx(-g, rel=1e-5)
    assert effects_between("diffusion", (1.0, 2.0), g) == pytest.approx(-g / 2)


def effects_between(term, values, slope):
    network = network_of(term, values)
    low, high = effect_table({"y.count": np.array(slope)}, network.local("y"), network["y"].parents[0])
    return high - low


def test_the_top_of_an_inverted_u_is_where_a_search_finds_it():
    slope, bend = 1.3, 0.45
    found = minimize_scalar(lambda k: bend * math.log(k) ** 2 - slope * math.log(k), bounds=(1, 50), method="bounded")
    assert float(turning_point(slope, bend)) == pytest.approx(found.x, rel=1e-4)
    labelled = turning_point(xr.DataArray([1.0, 1.0, -1.0], dims="draw"), xr.DataArray([0.5, 0.0, 0.5], dims="draw"))
    np.testing.assert_allclose(labelled.values, [math.e, np.nan, 1 / math.e])
    assert labelled.dims == ("draw",)


def test_a_cheap_talk_arrow_stands_without_a_parameter():
    network = network_of("none")
    assert network["y"].parent_names == ("count",)
    assert [p.name for p in network_parameters(network, ["y"])] == ["y.baseline"]
    assert network_from_toml(network_to_toml(network)) == network


@pytest.mark.parametrize("term", THEORIES)
def test_no_theory_has_a_sign(term):
    for parameter in network_parameters(network_of(term), ["y"]):
        if parameter.support == "real":
            assert dict(parameter.default.numbers)["mu"] == 0.0


@pytest.mark.parametrize("term", ["saturating", "diffusion", "inverted_u"])
def test_what_is_no_count_is_said(term):
    assert term in TERMS
    with pytest.raises(NetworkError, match=f"term '{term}' needs a value for each state of 'count'"):
        bare = Node("count", ("1", "2"), ordered=True)
        Network((bare, Node("y", ("no", "yes"), (Arrow("count", term=term),), family="ordinal", ordered=True)))
    message = f"term '{term}' takes counts of 1 or more, not the values [0, 2] of 'count'"
    with pytest.raises(NetworkError, match=re.escape(message)):
        network_of(term, (0, 2))
