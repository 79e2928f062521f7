"""Scores and their errors, judged by brute force and by scikit-learn."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from servanda.analysis.evaluation.held_out.scores import (
    QUESTIONS,
    area_under_curve,
    brier_score,
    clustered_mean,
    flipped_share,
    log_score,
)


def test_scores_are_those_of_scikit_learn():
    rng = np.random.default_rng(1)
    p, outcome = rng.dirichlet(np.ones(3), 50), rng.integers(0, 3, 50)
    assert log_score(p, np.eye(3)[outcome]).mean() == pytest.approx(-log_loss(outcome, p))
    two = QUESTIONS["broken"](p)
    happened = QUESTIONS["broken"](np.eye(3)[outcome])
    assert brier_score(two, happened).mean() == pytest.approx(-2 * brier_score_loss(outcome == 0, p[:, 0]))
    assert area_under_curve(p[:, 0].round(1), outcome == 0) == pytest.approx(
        roc_auc_score(outcome == 0, p[:, 0].round(1))
    )
    assert np.isnan(area_under_curve(p[:, 0], np.zeros(50)))


def test_two_answers_are_the_ends_of_the_states():
    p = np.array([0.2, 0.3, 0.5])
    np.testing.assert_allclose(QUESTIONS["broken"](p), [0.2, 0.8])
    np.testing.assert_allclose(QUESTIONS["full"](p), [0.5, 0.5])


def test_error_by_cluster_is_the_spread_over_drawn_clusters():
    """Clusters of very unlike sizes and of effects of their own, drawn again four thousand times."""
    rng = np.random.default_rng(2)
    sizes = np.tile([1, 1, 2, 3, 8], 40)
    clusters = np.repeat(np.arange(len(sizes)), sizes)

    def drawn():
        return rng.normal(0, 1, len(sizes))[clusters] + rng.normal(0, 1, len(clusters))

    spread = np.std([drawn().mean() for _ in range(4000)])
    told = np.mean([clustered_mean(drawn(), clusters).error for _ in range(200)])
    assert told == pytest.approx(spread, rel=0.05)
    alone = rng.normal(size=30)
    assert clustered_mean(alone, np.arange(30)).error == pytest.approx(alone.std(ddof=1) / np.sqrt(30))
    assert np.isnan(clustered_mean(alone, np.zeros(30, int)).error)


def test_sign_flips_are_those_of_every_sign():
    x, clusters = np.array([0.5, 0.2, -0.1, 0.4, 0.3, -0.2]), np.array([0, 0, 1, 2, 3, 4])
    sums = np.bincount(clusters, x)
    every = np.array([sums @ signs for signs in product([-1, 1], repeat=5)])
    assert flipped_share(x, clusters, 20_000, seed=3) == pytest.approx((every >= sums.sum() - 1e-9).mean(), abs=0.01)
