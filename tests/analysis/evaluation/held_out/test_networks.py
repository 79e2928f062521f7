"""Forecasts of a network, judged by sums over its joint distribution and by drawn members."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from servanda.analysis.evaluation.held_out.networks import node_forecast
from servanda.models import Arrow, Group, Network, Node, QueryError, encode
from servanda.models.sampling.prior_draws import prior_draws

CHAIN = Network(
    (
        Node("cause", ("a", "b")),
        Node("middle", ("x", "y", "z"), (Arrow("cause"),)),
        Node("effect", ("no", "yes"), (Arrow("middle"), Arrow("cause"))),
    ),
    name="chain",
)


def values_of(drawn):
    return {
        str(name): array.transpose("chain", "draw", ...).values.reshape((-1, *array.shape[2:]))
        for name, array in drawn.data_vars.items()
    }


def test_a_forecast_conditions_on_all_else_and_sums_out_what_is_missing():
    values = values_of(prior_draws(CHAIN, seed=1, draws=40).draws)
    cases = encode(
        CHAIN, pd.DataFrame({"cause": ["a", None, None], "middle": [None] * 3, "effect": ["yes", "no", None]})
    )
    p = node_forecast(CHAIN, values, cases, "middle", {})
    cause, middle, effect = (values[f"{name}.table"] for name in CHAIN.names)
    # The table of the effect has the axes of its parents in the order of its arrows.
    joint = cause[:, :, None, None] * middle[:, :, :, None] * effect.transpose(0, 2, 1, 3)
    for row, weights in enumerate((joint[:, 0, :, 1], joint[:, :, :, 0].sum(1), joint.sum((1, 3)))):
        np.testing.assert_allclose(p[row], (weights / weights.sum(1, keepdims=True)).mean(0))


GROUPED = Network(
    (
        Node("sign", ("bad", "good")),
        Node(
            "kept",
            ("broken", "in_part", "in_full"),
            (Arrow("sign"),),
            family="ordinal",
            ordered=True,
            groups=(Group("actor", "who"), Group("guarantee", "which")),
        ),
    ),
    name="grouped",
)


def test_unseen_members_are_integrated_out_and_seen_ones_keep_their_effect():
    frame = pd.DataFrame({"sign": ["bad", "good", "good"], "who": ["A", "B", "B"], "which": ["g", "g", "h"]})
    cases = encode(GROUPED, frame, unobserved="kept")
    levels = {group: cases.levels[group] for group in ("actor", "guarantee")}
    values = values_of(prior_draws(GROUPED, seed=2, draws=8, levels=levels).draws)
    unseen = {"actor": np.array([1]), "guarantee": np.array([1])}
    p = node_forecast(GROUPED, values, cases, "kept", unseen)
    np.testing.assert_allclose(p[0], node_forecast(GROUPED, values, cases, "kept", {})[0])
    rng, many = np.random.default_rng(3), 20_000
    repeated = {name: np.repeat(array, many, axis=0) for name, array in values.items()}
    for group in unseen:
        effects = repeated[f"kept.{group}"]
        effects[:, 1] = repeated[f"kept.{group}_sd"] * rng.standard_normal(len(effects))
    brute = node_forecast(GROUPED, repeated, cases, "kept", {})
    np.testing.assert_allclose(p, brute, atol=0.003)


def test_a_case_that_cannot_be_is_named():
    sure = Network((Node("cause", ("a", "b")), Node("effect", ("no", "yes"), (Arrow("cause"),))), name="sure")
    values = {"cause.table": np.array([[1.0, 0.0]]), "effect.table": np.array([[[0.5, 0.5], [0.5, 0.5]]])}
    cases = encode(sure, pd.DataFrame({"case_id": ["odd"], "cause": ["b"], "effect": ["no"]}))
    assert node_forecast(sure, values, cases, "effect", {}).tolist() == [[0.5, 0.5]]
    values["effect.table"][:] = [[1.0, 0.0], [1.0, 0.0]]
    impossible = encode(sure, pd.DataFrame({"case_id": ["odd"], "cause": ["a"], "effect": ["yes"]}))
    with np.errstate(divide="ignore"), pytest.raises(QueryError, match="case odd: is impossible in the network"):
        node_forecast(sure, values, impossible, "cause", {})
