"""Rival theories change one slot and nothing else; who stands behind a commitment takes the place of the count."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from servanda.models import (
    THEORIES,
    Arrow,
    Network,
    NetworkError,
    Node,
    Prior,
    PriorSet,
    encode,
    load_network,
    network_from_toml,
    network_parameters,
    network_to_toml,
    with_who,
)
from servanda.models.network.parameters import check_priors, parameter_coords
from servanda.models.sampling.prior_draws import prior_draws
from servanda.models.theories.backing import BACKING
from servanda.models.theories.theories import independent, priors_for, threshold_theory
from servanda.priors import load_prior
from servanda.record import load_backers, load_guarantees, with_backers

NETWORK = load_network("guarantee")
SHAPES = ("none", "log", "monotone", "saturating", "diffusion", "inverted_u")
WHO = ("capability", "strongest_backer", "rival_backer", "permanent_backer")
TOGETHER = ("any_of", "all_of", "at_least")


def small(states=("no", "yes"), family="ordinal", values=(1, 2, 5), by=None):
    era = Node("era", ("early", "late"))
    count = Node("backers", ("1", "2", "5"), (Arrow("era"),), ordered=True, values=values)
    arrows = (Arrow("era"), Arrow("backers", "do they help?", "a question", by=by))
    return Network((era, count, Node("kept", states, arrows, family=family, ordered=True)), name="small")


def applied(name, network=None, **where):
    if network is None:
        return THEORIES[name].apply(NETWORK)
    return THEORIES[name].apply(network, **({"node": "kept", "count": "backers"} | where))


def test_these_are_the_theories():
    assert tuple(THEORIES) == (*SHAPES, "institution", *WHO, *TOGETHER)
    for name, theory in THEORIES.items():
        assert theory.name == name
        assert theory.title
        assert theory.claim.endswith(".")
        assert theory.source
        assert all(column in {*WHO, "institution"} for column in theory.columns)
    with pytest.raises(FrozenInstanceError):
        THEORIES["log"].name = "other"


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_changes_the_term_of_one_arrow(name):
    network = applied(name)
    changed = {node.name for node in network.nodes if node != NETWORK[node.name]}
    assert changed <= {"compliance"}
    old, new = NETWORK["compliance"], network["compliance"]
    expected = tuple(
        replace(a, term=name, by=None if name == "none" else "role") if a.parent == "guarantors" else a
        for a in old.parents
    )
    assert new == replace(old, parents=expected)
    assert network_from_toml(network_to_toml(network)) == network


def test_an_institution_gives_the_log_of_the_count_a_slope_of_its_own():
    network = applied("institution")
    arrows = {arrow.parent: arrow for arrow in network["compliance"].parents}
    assert (arrows["guarantors"].term, arrows["guarantors"].by) == ("log", "institution")
    assert network["institution"].parent_names == ("era",)
    dims = {p.name: p.dims for p in network_parameters(network, ["compliance"])}
    assert dims["compliance.guarantors"] == ("institution",)
    assert dims["compliance.institution"] == ()
    assert applied("institution", applied("institution"), node="compliance", count="guarantors") == network


@pytest.mark.parametrize("name", WHO)
def test_who_takes_the_place_of_how_many(name):
    network = applied(name)
    assert set(network.names) - set(NETWORK.names) == {name}
    assert network[name].family == "table"
    assert all(arrow.reason and arrow.source for arrow in network[name].parents)
    assert "guarantors" in network[name].parent_names
    old, new = NETWORK["compliance"], network["compliance"]
    place = old.parent_names.index("guarantors")
    assert new.parent_names == (*old.parent_names[:place], name, *old.parent_names[place + 1 :])
    assert new.parents[place].by == "role"
    assert new.parents[place].reason
    assert [a for a in new.parents if a.parent != name] == [a for a in old.parents if a.parent != "guarantors"]
    assert network_from_toml(network_to_toml(network)) == network


def test_the_columns_of_the_record_are_those_of_the_nodes():
    network = with_who(NETWORK, list(BACKING))
    assert set(BACKING) == {*WHO, "institution"}
    cases = with_backers(load_guarantees(), load_backers())
    coded = encode(network, cases)
    missing = {name: int((coded.codes[name] < 0).sum()) for name in BACKING}
    assert missing == {
        "capability": 244,
        "strongest_backer": 77,
        "rival_backer": 42,
        "permanent_backer": 42,
        "institution": 38,
    }
    for name in ("strongest_backer", "rival_backer", "permanent_backer", "institution"):
        known = coded.codes[name] >= 0
        states = np.array(network[name].states)[coded.codes[name][known]]
        assert (states == cases[name][known].astype(str)).all()
    # Each state of capability stands at about the middle of its cases.
    known = coded.codes["capability"] >= 0
    for state, value in enumerate(network["capability"].values):
        median = float(np.median(cases["capability"][known & (coded.codes["capability"] == state)]))
        assert 0.75 < median / value < 1.35


def test_a_network_without_their_parents_gets_the_arrows_it_has_room_for():
    network = with_who(small(by="era"), ["permanent_backer", "rival_backer"], node="kept", count="backers")
    assert network["permanent_backer"].parent_names == ("backers", "era")
    assert network["rival_backer"].parent_names == ("backers",)
    assert network["kept"].parent_names == ("era", "permanent_backer", "rival_backer")
    assert {arrow.by for arrow in network["kept"].parents[1:]} == {"era"}


@pytest.mark.parametrize(("name", "options"), [("any_of", {}), ("all_of", {}), ("at_least", {"at_least": 2})])
def test_what_members_do_together_is_a_family_with_the_count_as_members(name, options):
    network = applied(name, small(by="era"))
    node = network["kept"]
    assert (node.family, dict(node.options)) == (name, {"members": "backers", **options})
    assert node.parents == (Arrow("era"), Arrow("backers", "do they help?", "a question"))
    assert [p.name for p in network_parameters(network, ["kept"])] == ["kept.member", "kept.rho", "kept.era"]
    alone = independent(THEORIES[name]).apply(small(), node="kept", count="backers")
    assert [p.name for p in network_parameters(alone, ["kept"])] == ["kept.member", "kept.era"]
    assert prior_draws(network, seed=1, draws=3).table("kept").shape == (1, 3, 2, 3, 2)


@pytest.mark.parametrize("name", [*SHAPES, *WHO, "institution"])
def test_a_theory_of_the_count_takes_back_what_members_do_together(name):
    assert applied(name, applied("any_of", small())) == applied(name, small())


def test_the_threshold_is_chosen():
    network = threshold_theory(4).apply(small(), "kept", "backers")
    assert dict(network["kept"].options)["at_least"] == 4


@pytest.mark.parametrize("prior", ["flat", "literature", "cheap_talk"])
def test_every_prior_set_serves_every_theory(prior):
    whole = load_prior(prior)
    for name, theory in THEORIES.items():
        if name not in TOGETHER:
            network = theory.apply(NETWORK)
            check_priors(network, priors_for(network, whole), parameter_coords(network))
    kept = priors_for(NETWORK, whole)
    assert kept == whole


def test_only_what_has_no_parameter_is_left_out_of_a_set():
    named = {"kept.backers": Prior.of("normal", mu=0, sigma=1), "*": Prior.of("normal", mu=0, sigma=2)}
    priors = PriorSet.from_mapping(named, name="mine")
    assert priors_for(applied("none", small()), priors).entries == priors.entries[1:]
    assert priors_for(applied("log", small()), priors) == priors
    assert priors_for(small(), None) is None


@pytest.mark.parametrize("name", THEORIES)
def test_a_network_that_does_not_fit_is_refused(name):
    with pytest.raises(NetworkError, match=r"network small: node keptt: is not there; did you mean 'kept'\?"):
        applied(name, small(), node="keptt")
    message = "node kept: has no arrow from 'bakers', whose place is asked for; did you mean 'backers'?"
    with pytest.raises(NetworkError, match=re.escape(message)):
        applied(name, small(), count="bakers")
    message = "node kept: is a 'table', which has no terms; a theory of the count needs family = 'ordinal'"
    with pytest.raises(NetworkError, match=re.escape(message)):
        applied(name, small(family="table"))


@pytest.mark.parametrize("family", ["sequential", "softmax"])
@pytest.mark.parametrize("name", SHAPES)
def test_every_family_with_terms_takes_the_shapes(name, family):
    network = applied(name, small(("no", "partly", "yes"), family))
    arrow = next(arrow for arrow in network["kept"].parents if arrow.parent == "backers")
    assert (network["kept"].family, arrow.term) == (family, name)
    posterior = prior_draws(network, seed=1, draws=3)
    moved = np.ptp(posterior.table("kept").values, axis=3).max()  # how far a row moves with the count
    assert (moved < 1e-12) == (name == "none")
    assert network_from_toml(network_to_toml(network)) == network


@pytest.mark.parametrize("name", ["log", "saturating", "diffusion", "inverted_u", "institution", *TOGETHER])
def test_a_count_without_values_is_refused(name):
    message = {
        "institution": "term 'log' needs a value for each state of 'backers'",
        **dict.fromkeys(TOGETHER, "counts members; give 'backers' a whole number of 1 or more for each state"),
    }.get(name, f"term '{name}' needs a value for each state of 'backers'")
    with pytest.raises(NetworkError, match=message):
        applied(name, small(values=()))


@pytest.mark.parametrize("name", TOGETHER)
def test_an_outcome_of_three_states_is_nothing_members_do_together(name):
    with pytest.raises(NetworkError, match="node compliance: has 3 states; what members do together is an outcome of"):
        applied(name)


def test_what_else_is_refused():
    with pytest.raises(NetworkError) as raised:
        with_who(NETWORK, ["rival_backr", "seat"])
    assert str(raised.value).splitlines()[1] == "  rival_backr: is not known of backers; did you mean 'rival_backer'?"
    assert len(raised.value.faults) == 2
    with pytest.raises(NetworkError, match="which: is empty; name one or more of capability, strongest_backer"):
        with_who(NETWORK, [])
    with pytest.raises(NetworkError, match=r"options\.members 'backers' is no parent"):
        with_who(applied("any_of", small()), ["rival_backer"], node="kept", count="backers")
    with pytest.raises(NetworkError, match="theory log: is not about what members do together"):
        independent(THEORIES["log"])


def test_who_beside_the_count_is_the_shipped_network():
    shipped = load_network("guarantee_backers")
    made = with_who(NETWORK, ["strongest_backer", "rival_backer", "permanent_backer"], keep_count=True)
    assert shipped.nodes == made.nodes
    arrows = {arrow.parent: arrow for arrow in shipped["compliance"].parents}
    assert [arrows.pop(name).by for name in ("strongest_backer", "rival_backer", "permanent_backer")] == ["role"] * 3
    assert tuple(arrows.values()) == NETWORK["compliance"].parents
    with_count = with_who(small(), ["rival_backer"], node="kept", count="backers", keep_count=True)
    assert with_count["kept"].parent_names == ("era", "backers", "rival_backer")
    cases = encode(shipped, with_backers(load_guarantees(as_of="2019-04-25")))
    unlisted = {"strongest_backer", "rival_backer", "permanent_backer"}
    assert set(cases.missing) == {"past_defections", *unlisted}
