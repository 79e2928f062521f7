"""Networks made from others, an arrow or a node apart, and the prior sets that follow them."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.analysis import chance_of, compare_priors
from servanda.models import (
    Arrow,
    Network,
    NetworkError,
    Node,
    Prior,
    PriorEntry,
    PriorError,
    PriorSet,
    fit,
    load_network,
    network_from_toml,
    network_to_toml,
)
from servanda.models.sampling.prior_draws import prior_draws

from ..makers import networks, repeatable

COUNT = Node("count", ("1", "2", "5"), values=(1, 2, 5), ordered=True)
WATCHED = Node("watched", ("no", "yes"), ordered=True)
KEPT = Node("kept", ("no", "yes"), (Arrow("count", term="log"), Arrow("watched")), family="ordinal", ordered=True)
PACTS = Network((COUNT, WATCHED, KEPT), name="pacts", title="Pacts")
NORMAL, TABLE = Prior.of("normal", mu=0, sigma=1), Prior.of("dirichlet", alpha=1.0)
PRIORS = PriorSet(
    (
        PriorEntry("*.table", TABLE),
        PriorEntry("kept.baseline", TABLE),
        PriorEntry("kept.count", Prior.of("normal", mu=1, sigma=0.5)),
        PriorEntry("kept.watched", NORMAL),
    ),
    "pacts",
)


def arrows_of(network):
    return {(parent, node.name) for node in network.nodes for parent in node.parent_names}


def cases(rows=60):
    rng = np.random.default_rng(3)
    count, watched = rng.choice([1, 2, 5], rows), rng.choice(["no", "yes"], rows)
    kept = np.where(rng.random(rows) < 0.5, "yes", "no")
    return pd.DataFrame({"count": count.astype(str), "watched": watched, "kept": kept})


@settings(repeatable, max_examples=40)
@given(networks(), st.data())
def test_arrows_come_and_go_as_in_a_graph(network, data):
    graph = nx.DiGraph()
    graph.add_nodes_from(network.names)
    graph.add_edges_from(arrows_of(network))
    parent, child = (data.draw(st.sampled_from(network.names)) for _ in range(2))
    if graph.has_edge(parent, child):
        fewer = network.without_arrow(parent, child)
        assert arrows_of(fewer) == set(graph.edges) - {(parent, child)}
        # The last of the parents comes back to its place.
        again = fewer.with_arrow(parent, child)
        assert arrows_of(again) == set(graph.edges)
        assert (again[child] == network[child]) == (network[child].parent_names[-1] == parent)
        return
    graph.add_edge(parent, child)
    if nx.is_directed_acyclic_graph(graph):
        assert arrows_of(network.with_arrow(parent, child)) == set(graph.edges)
    else:
        with pytest.raises(NetworkError, match="arrows: form a cycle: "):
            network.with_arrow(parent, child)


def test_all_else_stays_and_the_arrow_says_why():
    more = PACTS.without_arrow("watched", "kept").with_arrow(
        "watched", "kept", reason="seen deeds bind", source="Schelling", term="nominal", by="count", name="bound"
    )
    assert more["kept"].parents == (
        Arrow("count", term="log"),
        Arrow("watched", "seen deeds bind", "Schelling", "nominal", "count"),
    )
    assert (more["count"], more["watched"], more["kept"].family) == (COUNT, WATCHED, "ordinal")
    assert more.name == "bound"
    assert PACTS["kept"] == KEPT


def test_names_say_what_differs():
    fewer = PACTS.without_arrow("count", "kept")
    assert (fewer.name, fewer.title) == ("pacts without count -> kept", "Pacts (without count -> kept)")
    assert replace(PACTS, title="").replace_node(replace(KEPT, family="softmax")).title == ""
    assert PACTS.replace_node(KEPT).name == "pacts with another kept"


def test_an_anchor_goes_with_its_arrow():
    hidden = Network((Node("mood", ("low", "high"), anchored_by="kept"), Node("kept", ("no", "yes"), (Arrow("mood"),))))
    assert hidden.without_arrow("mood", "kept")["mood"].anchored_by is None


def change(message, how):
    with pytest.raises(NetworkError) as caught:
        how(PACTS)
    assert str(caught.value) == message


def test_what_cannot_be_is_said_with_the_nearest():
    change(
        "network pacts: 2 faults\n"
        "  node counts: there is none; did you mean 'count'?\n"
        "  node keept: there is none; did you mean 'kept'?",
        lambda network: network.without_arrow("counts", "keept"),
    )
    change(
        "network pacts: node kept: has no arrow from 'kept'; known: count, watched",
        lambda network: network.without_arrow("kept", "kept"),
    )
    change(
        "network pacts: node count: has no arrow from 'watched'; it has no parents",
        lambda network: network.without_arrow("watched", "count"),
    )
    change(
        "network pacts: node count: has no arrow from 'kept'; the arrow goes from 'count' to 'kept'",
        lambda network: network.without_arrow("kept", "count"),
    )
    change(
        "network pacts: node kept: has an arrow from 'count' already; replace_node changes it",
        lambda network: network.with_arrow("count", "kept"),
    )
    change(
        "network pacts: node Kept: there is none; did you mean 'kept'?",
        lambda network: network.replace_node(Node("Kept", ("no", "yes"))),
    )
    change("network pacts: node: must be a Node, not a str", lambda network: network.replace_node("kept"))
    change(
        "network pacts with kept -> count: arrows: form a cycle: count <- kept <- count",
        lambda network: network.with_arrow("kept", "count"),
    )
    change(
        "network pacts with another kept: node kept: has an undeclared parent 'cout'; did you mean 'count'?",
        lambda network: network.replace_node(replace(KEPT, parents=(Arrow("cout"),))),
    )
    varying = PACTS.replace_node(replace(KEPT, parents=(Arrow("count", by="watched"), Arrow("watched"))))
    with pytest.raises(
        NetworkError, match="its arrow from 'count' varies by 'watched' and cannot be without it; change"
    ):
        varying.without_arrow("watched", "kept")


def test_a_set_narrows_to_what_a_network_has():
    """The fit is that of the network built by hand under the set cut by hand."""
    fewer = PACTS.without_arrow("count", "kept")
    by_hand = Network((COUNT, WATCHED, replace(KEPT, parents=(Arrow("watched"),))), name=fewer.name, title=fewer.title)
    cut = replace(PRIORS, entries=tuple(entry for entry in PRIORS.entries if entry.parameter != "kept.count"))
    quick = {"seed": 1, "draws": 25, "tune": 50, "chains": 1}
    fitted, expected = fit(fewer, cases(), PRIORS, **quick), fit(by_hand, cases(), cut, **quick)
    assert fewer == by_hand
    assert fitted.priors == cut
    assert fitted.provenance["priors_left_out"] == ["kept.count"]
    assert expected.provenance["priors_left_out"] == []
    np.testing.assert_array_equal(fitted.draws["kept.watched"], expected.draws["kept.watched"])
    with pytest.raises(
        PriorError, match=r"kept\.count: no such parameter in network pacts without count -> kept; known"
    ):
        fit(by_hand, cases(), PRIORS, **quick)


def test_a_misspelt_name_is_refused_as_ever():
    fewer = PACTS.without_arrow("count", "kept")
    misspelt = replace(PRIORS, entries=(*PRIORS.entries, PriorEntry("kept.cuont", NORMAL)))
    message = "kept.cuont: no such parameter in network pacts without count -> kept; did you mean 'kept.count'?"
    with pytest.raises(PriorError) as caught:
        prior_draws(fewer, misspelt, seed=1, draws=2)
    assert message in str(caught.value)
    with pytest.raises(PriorError, match=r"kept\.cuont: no such parameter in network pacts; did you mean"):
        prior_draws(PACTS, misspelt, seed=1, draws=2)


def test_what_comes_back_is_not_left_out():
    again = PACTS.without_arrow("count", "kept").with_arrow("count", "kept", term="log")
    assert again.former_parameters == ()
    drawn = prior_draws(again, PRIORS, seed=1, draws=4)
    assert drawn.priors == PRIORS
    assert "priors_left_out" not in drawn.provenance


def test_what_went_stays_known_in_a_file_and_in_further_networks():
    fewer = PACTS.without_arrow("count", "kept").without_arrow("watched", "kept")
    assert fewer.former_parameters == ("kept.count", "kept.watched")
    again = network_from_toml(network_to_toml(fewer))
    assert again == fewer
    assert again.former_parameters == fewer.former_parameters
    assert prior_draws(again, PRIORS, seed=1, draws=2).provenance["priors_left_out"] == ["kept.count", "kept.watched"]


def test_sets_for_the_whole_network_are_compared_on_a_part_of_it():
    fewer = PACTS.without_arrow("count", "kept")
    fitted = fit(fewer, cases(), PRIORS, seed=1, draws=200, tune=200, chains=2)
    sceptic = replace(
        PRIORS,
        entries=(*PRIORS.entries, PriorEntry("kept.watched", Prior.of("normal", mu=0, sigma=0.5))),
        name="sceptic",
    )
    asked = {"watched": chance_of("kept", "yes", given={"watched": "yes"})}
    found = compare_priors(fitted, [PRIORS, sceptic], asked)
    assert [*found.weights] == ["pacts", "sceptic"]


def test_shipped_sets_serve_the_shipped_network_without_an_arrow():
    from servanda.priors import load_prior, shipped_priors

    network = load_network("guarantee")
    varied = {arrow.by for arrow in network["compliance"].parents}
    for arrow in {*network["compliance"].parent_names} - varied:
        fewer = network.without_arrow(arrow, "compliance")
        for name in shipped_priors():
            assert load_prior(name, fewer).name == name
