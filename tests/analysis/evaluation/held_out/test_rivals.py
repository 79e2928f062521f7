"""Rivals, judged by shares counted by hand and by what they must find."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from servanda.analysis.evaluation.held_out.folds import Sample, Split
from servanda.analysis.evaluation.held_out.rivals import RIVALS, base_rate, era_rate
from servanda.models import Arrow, Network, Node, encode


def sample_of(network, frame, node, training, held_out, years=None):
    split = Split("one", 0, np.array(training), np.array(held_out), (0, 0, 0))
    return Sample(network, node, encode(network, frame), np.arange(len(frame)).astype(str), years, split, 1)


ERA = Network(
    (Node("era", ("old", "new")), Node("kept", ("broken", "in_part", "in_full"), (Arrow("era"),), ordered=True)),
    name="e",
)


def test_rates_are_shares_of_the_training_rows():
    frame = pd.DataFrame(
        {
            "era": ["old", "old", "old", "new", None, "old", "new", None],
            "kept": ["broken", "broken", "in_full", "in_part", "in_full", "in_part", "in_part", "in_part"],
        }
    )
    sample = sample_of(ERA, frame, "kept", [0, 1, 2, 3, 4], [5, 6, 7])
    base = np.array([2.5, 1.5, 2.5]) / 6.5
    np.testing.assert_allclose(base_rate(sample), np.tile(base, (3, 1)))
    counts = np.array([[2, 0, 1], [0, 1, 0], [0, 0, 1]])
    np.testing.assert_allclose(era_rate(sample), (counts + 4 * base) / (counts.sum(1, keepdims=True) + 4))


def test_eras_are_told_by_years_where_no_node_tells_them():
    plain = Network((Node("kept", ("no", "yes")),), name="plain")
    frame = pd.DataFrame({"kept": ["no", "no", "yes", "yes", "no", "no", "no"]})
    years = np.array([1900, 1944, 1945, 1991, 1992, 1900, 1960])
    p = era_rate(sample_of(plain, frame, "kept", range(5), [5, 6], years))
    base = np.array([3.5, 2.5]) / 6
    np.testing.assert_allclose(p, [(np.array([2, 0]) + 4 * base) / 6, (np.array([0, 2]) + 4 * base) / 6])


@pytest.mark.parametrize("name", sorted(RIVALS))
def test_every_rival_gives_probabilities_of_every_state(name, promise, promises):
    frame = promises(0.8)
    frame.loc[:60, "sign"] = None
    p = RIVALS[name](sample_of(promise, frame, "kept", range(200), range(200, 240), frame["year"].to_numpy()))
    assert p.shape == (40, 3)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert p.min() > 0


@pytest.mark.parametrize("name", ["ridge_logit", "boosting", "random_forest"])
def test_learners_find_a_planted_sign_and_survive_a_record_without_one(name, promise, promises):
    frame = promises(0.9)
    sample = sample_of(promise, frame, "kept", range(200), range(200, 240))
    outcomes = sample.cases.codes["kept"][200:]
    gain = np.log(RIVALS[name](sample) / base_rate(sample))[np.arange(40), outcomes].mean()
    assert gain > 0.4
    frame["kept"] = "in_part"
    np.testing.assert_allclose(
        *(RIVALS[which](sample_of(promise, frame, "kept", range(9), [9])) for which in (name, "base_rate"))
    )
