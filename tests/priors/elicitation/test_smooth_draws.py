"""Draws that follow their priors smoothly, judged by ordinary draws."""

from __future__ import annotations

import numpy as np
from scipy import stats

from servanda.models import Arrow, Group, Network, Node, Prior
from servanda.models.sampling.prior_draws import prior_draws
from servanda.priors import load_prior
from servanda.priors.elicitation.smooth_draws import SmoothDraws

BASE = load_prior("flat")


def everything():
    """A network with every family and term, and group effects."""
    some = Node("some", ("1", "3"), ordered=True, values=(1, 3))
    two = Node("two", ("1", "2"), ordered=True, values=(1, 2))
    sworn = Node("sworn", ("no", "once", "twice"), ordered=True)
    terms = (Arrow("sworn"), Arrow("two", term="saturating"), Arrow("some", term="inverted_u"))
    done = Node("done", ("no", "yes"), terms, family="ordinal", ordered=True, groups=(Group("actor", "obligor"),))
    means = Node("means", ("none", "oath", "gold"), (Arrow("done"),), family="softmax")
    feared = Node("feared", ("no", "a little", "much"), (Arrow("sworn"),), family="noisy_max", ordered=True)
    shared = Node("shared", ("no", "yes"), (Arrow("means"),), family="pooled_table")
    options = (("members", "two"),)
    together = Node("together", ("no", "yes"), (Arrow("two"),), "any_of", ordered=True, options=options)
    heard = Node("heard", ("no", "yes"), (Arrow("done"),), family="confusion")
    return Network((some, two, sworn, done, means, feared, shared, together, heard), name="everything")


def test_smooth_draws_are_draws_from_the_prior():
    """The distribution of every parameter of every family agrees with that of ordinary draws."""
    network = everything()
    names = frozenset(network.names)
    smooth = SmoothDraws.of(network, names, seed=3, draws=2**12)
    found = smooth.at([{name: BASE[name] for name in smooth.parameters}]).draws
    plain = prior_draws(network, BASE, seed=4, draws=2**14).draws
    assert set(found) == set(plain)
    for name in plain:
        one, other = found[name].values[0], plain[name].transpose("chain", "draw", *found[name].dims[2:]).values[0]
        assert one.shape[1:] == other.shape[1:], name
        for mine, theirs in zip(one.reshape(len(one), -1).T, other.reshape(len(other), -1).T, strict=True):
            assert stats.ks_2samp(mine, theirs).statistic < 0.035, name


def test_plain_arrays_hold_the_same_draws_as_a_posterior():
    """Of several sets, one after another."""
    network = everything()
    smooth = SmoothDraws.of(network, frozenset(network.names), seed=3, draws=2**3)
    sets = [{name: load_prior(of)[name] for name in smooth.parameters} for of in ("flat", "flat")]
    sets[1]["some.table"] = Prior.of("dirichlet", alpha=4.0)
    posterior, values = smooth.at(sets), smooth.values(sets)
    assert set(values) == set(posterior.values)
    for name, array in values.items():
        np.testing.assert_array_equal(array, posterior.values[name], err_msg=name)
