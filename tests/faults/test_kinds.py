"""A value of another kind than is asked for ends in one error of ours that says what to give, never in Python's own."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest

import servanda as sv

NO_PATH = r"path: is a int \(3\); give the name of a file, as text or as a Path"
NO_FIT = r": posterior: must be a Posterior, not a str; servanda\.models\.fit and load_posterior give one"
NO_NETWORK = "network: network: must be a Network, not a list; servanda.models.load_network gives one"


def any_value(kind: str) -> Any:
    return {"int": 3, "str": "fit.nc", "list": []}[kind]


@pytest.mark.parametrize(
    "call",
    [
        sv.load_network,
        sv.load_prior,
        sv.load_scenario,
        sv.load_guarantees,
        sv.load_track_record,
        sv.load_posterior,
        sv.check_file,
        lambda given: sv.fit_track(pd.DataFrame(), seed=1, settings=given),
    ],
)
def test_what_is_no_path(call):
    with pytest.raises(sv.ServandaError, match=NO_PATH):
        call(any_value("int"))


@pytest.mark.parametrize(
    "call",
    [
        lambda given: sv.probability(given, "kept"),
        sv.marginals,
        lambda given: sv.contrast(given, "kept", {"a": "x"}, {"a": "y"}),
        lambda given: sv.counterfactual(given, "kept", observed={}, do={}),
        lambda given: sv.sweep(given, "kept", do={"a": ["x"]}),
        lambda given: sv.suppose(given, {}, seed=1),
        lambda given: sv.compare_priors(given, ["flat"], {}),
        lambda given: sv.power_scaling(given, {}),
        lambda given: sv.explore(given, "budapest"),
    ],
)
def test_what_is_no_fit(call):
    with pytest.raises(sv.ServandaError, match=NO_FIT):
        call(any_value("str"))


def test_what_is_no_network():
    for call in (
        lambda given: sv.identify(given, "a", "b"),
        lambda given: sv.prior_predictive(given, "flat", seed=1),
        lambda given: sv.elicit(given, "flat", {}, seed=1),
    ):
        with pytest.raises(sv.ServandaError, match=re.escape(NO_NETWORK)):
            call(any_value("list"))


def test_what_is_no_node_and_no_table():
    with pytest.raises(sv.ServandaError, match=r"network network: 2 faults\n  node 1: must be a Node, not a int\n"):
        sv.Network((any_value("int"), sv.Node(any_value("int"), ("no", "yes"))))
    with pytest.raises(sv.ServandaError, match=r"track record: is no table but a int; give a data frame"):
        sv.fit_track(any_value("int"), seed=1)
