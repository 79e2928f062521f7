"""Supposing a case: judged by a refit and by numerical integration."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit
from scipy.stats import beta, norm

from servanda.analysis import probability, summarise, suppose
from servanda.common.errors import InputError
from servanda.models import Group, Network, Node, Posterior


def test_one_more_case_is_the_posterior_with_that_case(keeping):
    after = suppose(keeping, {"kept": "no"}, {"backers": "many"}, seed=1)
    found = summarise(probability(after, "kept", {"backers": "many"}).sel(kept="yes"))
    assert found.mean == pytest.approx(beta(1 + 9, 1 + 4).mean(), abs=0.01)
    assert found.upper == pytest.approx(beta(1 + 9, 1 + 4).ppf(0.95), abs=0.015)
    assert after.provenance["supposed"]["observed"] == {"kept": "no"}
    assert after.provenance["supposed"]["given"] == {"backers": "many"}


def test_the_same_seed_gives_the_same_draws(keeping):
    once, again, other = (
        suppose(keeping, {"kept": "yes"}, {"backers": "few"}, seed=seed).draws["kept.table"] for seed in (1, 1, 2)
    )
    assert once.equals(again)
    assert not once.equals(other)


def test_the_unseen_member_learns_from_its_case():
    """One node, one group effect with a known spread: the updated effect is known by integration."""
    node = Node("kept", ("no", "yes"), family="ordinal", ordered=True, groups=(Group("pact", "pact"),))
    rng = np.random.default_rng(1)
    sizes, spread = (4, 4000), 1.5
    draws = xr.Dataset(
        {
            "kept.baseline": (("chain", "draw", "kept"), np.full((*sizes, 2), 0.5)),
            "kept.pact_sd": (("chain", "draw"), np.full(sizes, spread)),
            "kept.pact": (("chain", "draw", "pact"), spread * rng.standard_normal((*sizes, 1))),
        },
        coords={"kept": ["no", "yes"], "pact": ["(new)"]},
    )
    before = Posterior(Network((node,)), xr.DataTree.from_dict({"posterior": draws}))
    after = suppose(before, {"kept": "no"}, seed=2)

    grid = np.linspace(-12, 12, 4001)
    weight = norm(0, spread).pdf(grid) * expit(-grid)
    exact = float((expit(grid) * weight).sum() / weight.sum())
    found = summarise(probability(after, "kept").sel(kept="yes"))
    assert found.mean == pytest.approx(exact, abs=0.01)
    assert float(probability(before, "kept").sel(kept="yes").mean()) == pytest.approx(0.5, abs=0.02)
    # The spread is known, so no draw is lost: the effect is chosen within each draw.
    assert after.provenance["supposed"]["effective_draws"] > 0.9 * sizes[0] * sizes[1]


def test_an_impossible_case_is_refused(keeping):
    table = keeping.draws["kept.table"].copy(deep=True)
    table.loc[{"kept": "yes"}], table.loc[{"kept": "no"}] = 1.0, 0.0
    sure = Posterior.from_tables(keeping.network, {"kept": table, "backers": keeping.draws["backers.table"]})
    with pytest.raises(InputError, match="supposed case: has probability zero"):
        suppose(sure, {"kept": "no"}, seed=1)


def test_nothing_is_learnt_from_the_circumstances(keeping):
    after = suppose(keeping, {"kept": "no"}, {"backers": "many"}, seed=1)
    shares = [float(probability(p, "backers").sel(backers="many").mean()) for p in (keeping, after)]
    assert shares[0] == pytest.approx(shares[1], abs=0.01)


def test_draws_left_are_kishs_number(keeping):
    """Every draw is weighed by what it gives to the case: (sum of weights)^2 / sum of squares (Kish 1965)."""
    weight = probability(keeping, "kept", {"backers": "many"}).sel(kept="no").values
    after = suppose(keeping, {"kept": "no"}, do={"backers": "many"}, seed=1)
    assert after.provenance["supposed"]["effective_draws"] == pytest.approx(weight.sum() ** 2 / (weight**2).sum())
    assert after.provenance["supposed"]["do"] == {"backers": "many"}
    assert after.provenance["supposed"]["given"] == {}


def test_a_case_that_is_impossible_in_one_chain_is_refused():
    table = xr.DataArray([[[0.5, 0.5], [0.2, 0.8]], [[0.0, 1.0], [0.0, 1.0]]], dims=("chain", "draw", "kept"))
    half_sure = Posterior.from_tables(Network((Node("kept", ("no", "yes")),)), {"kept": table})
    with pytest.raises(InputError, match="supposed case: has probability zero"):
        suppose(half_sure, {"kept": "no"}, seed=1)
    after = suppose(half_sure, {"kept": "yes"}, seed=1)
    assert after.provenance["supposed"]["effective_draws"] == pytest.approx(3.3**2 / (0.5**2 + 0.8**2 + 2))


def test_the_samplers_record_goes_with_the_posterior(keeping):
    stats = xr.Dataset({"diverging": (("chain", "draw"), np.zeros(tuple(keeping.sizes.values()), bool))})
    tree = xr.DataTree.from_dict({"posterior": keeping.draws, "sample_stats": stats})
    assert "sample_stats" in suppose(replace(keeping, tree=tree), {"kept": "no"}, seed=1).tree
    bare = replace(keeping, tree=xr.DataTree.from_dict({"posterior": keeping.draws}))
    assert "sample_stats" not in suppose(bare, {"kept": "no"}, seed=1).tree
