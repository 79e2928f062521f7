"""XDSL files as GeNIe writes them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.models.formats.xdsl import noisy_max_table

from ..makers import repeatable, seeds
from .judges import read_text, refused


def test_an_xdsl_file_lets_the_last_parent_vary_fastest(tmp_path):
    """The numbers of Lauritzen and Spiegelhalter (1988) in the order in which GeNIe has them."""
    text = """<?xml version="1.0" encoding="ISO-8859-1"?>
        <smile version="1.0" id="Asia" numsamples="1000"><nodes>
        <cpt id="either"><state id="Nothing" /><state id="Either" /><probabilities>0.9 0.1</probabilities></cpt>
        <cpt id="bronc"><state id="Absent" /><state id="Present" /><property id="x">y</property>
            <probabilities>0.55
                0.45</probabilities></cpt>
        <cpt id="dysp"><state id="Absent" /><state id="Présent" /><parents>either  bronc</parents>
            <probabilities>0.9 0.1 0.2 0.8 0.3 0.7 0.1 0.9</probabilities></cpt>
        </nodes><extensions><genie><submodel id="s" /><node id="dysp" /></genie></extensions></smile>"""
    found = read_text(tmp_path, "asia.xdsl", text, "latin-1")
    assert found.network.name == "Asia"
    found = found.tables["dysp"].sel(dysp="Présent")
    assert found.sel(either="Nothing", bronc="Present") == 0.8
    assert found.sel(either="Either", bronc="Absent") == 0.7


def genie(nodes, rest=""):
    """An XDSL file with two parents, and the nodes given."""
    return f"""<smile id="Pact" version="1.0">
<nodes>
<cpt id="pact"><state id="weak"/><state id="middling"/><state id="strong"/><probabilities>.2 .3 .5</probabilities></cpt>
<cpt id="watch"><state id="no"/><state id="yes"/><probabilities>.5 .5</probabilities></cpt>
{nodes}
</nodes>{rest}</smile>"""


def node(kind, parts, attributes=""):
    states = '<state id="fully"/><state id="partly"/><state id="not"/>'
    return f'<{kind} id="kept"{attributes}>{states}<parents>pact watch</parents>{parts}</{kind}>'


def test_a_deterministic_node_is_a_table_of_zeros_and_ones(tmp_path):
    results = ["not", "not", "partly", "not", "partly", "fully"]
    text = genie(node("deterministic", f"<resultingstates>{' '.join(results)}</resultingstates>"))
    found = read_text(tmp_path, "x.xdsl", text).tables["kept"]
    assert found.dims == ("pact", "watch", "kept")
    for (pact, watch), result in zip(product(found.pact.values, found.watch.values), results, strict=True):
        row = found.sel(pact=pact, watch=watch)
        assert {str(state): float(row.sel(kept=state)) for state in row.kept.values} == {
            state: float(state == result) for state in ("fully", "partly", "not")
        }


def strongest(effects, leak, states):
    """P(strongest of what independent causes bring about), by going through all that they can bring about."""
    table = np.zeros((*(len(effect) for effect in effects), states))
    for row in product(*(range(len(effect)) for effect in effects)):
        for brought in product(range(states), repeat=len(effects) + 1):
            own = [effect[state][one] for effect, state, one in zip(effects, row, brought[:-1], strict=True)]
            table[(*row, min(brought))] += np.prod(own) * leak[brought[-1]]
    return table


@settings(repeatable, max_examples=40)
@given(st.lists(st.integers(2, 4), max_size=3), st.integers(2, 4), seeds)
def test_a_noisy_max_table_is_the_strongest_of_independent_causes(sizes, states, seed):
    rng = np.random.default_rng(seed)
    effects = [rng.dirichlet(np.ones(states), size) for size in sizes]
    leak = rng.dirichlet(np.ones(states))
    np.testing.assert_allclose(noisy_max_table(effects, leak), strongest(effects, leak, states), atol=1e-14)


#: Columns from the strongest state of each parent to the weakest, then the leak.
PACT, WATCH, LEAK = [[0.7, 0.2, 0.1], [0.2, 0.5, 0.3], [0, 0, 1]], [[0.4, 0.4, 0.2], [0, 0, 1]], [0.1, 0.1, 0.8]


def noisy(strengths, pact=PACT, watch=WATCH, leak=LEAK):
    numbers = " ".join(str(number) for row in (*pact, *watch, leak) for number in row)
    parts = f"<strengths>{strengths}</strengths><parameters>{numbers}</parameters>"
    return genie(node("noisymax", parts))


@pytest.mark.parametrize("strengths", ["2 1 0 1 0", "0 1 2 0 1", "1 0 2 1 0"])
def test_a_noisymax_node_is_its_table(tmp_path, strengths):
    order = [int(number) for number in strengths.split()]
    by_state = [[columns[order.index(state)] for state in sorted(order)] for columns, order in
                ((PACT, order[:3]), (WATCH, order[3:]))]  # fmt: skip
    found = read_text(tmp_path, "x.xdsl", noisy(strengths)).tables["kept"]
    np.testing.assert_allclose(found, strongest(by_state, LEAK, 3), atol=1e-15)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (noisy("1 2 0 1 0"), "has strengths that mean one thing as numbers of states and another as ranks; order the"),
        (noisy("0 0 2 1 0"), "has strengths that do not order the states of each parent by their numbers from 0"),
        (noisy("2 1 0 1"), "has strengths that do not order the states of each parent by their numbers from 0"),
        (noisy("2 1 0 1 0", watch=[[0, 0, 1], [0.4, 0.4, 0.2]]), "has a parent whose weakest state (the last by"),
        (noisy("2 1 0 1 0", leak=[0.1, 0.1, 0.7]), "has parameters of a column that do not add up to 1"),
        (noisy("2 1 0 1 0", leak=[0.1, 0.9]), "has 17 parameters; expected 3 for each of 6 columns"),
        (
            genie(node("deterministic", "<resultingstates>not</resultingstates>")),
            "has 1 resulting states for 6 configurations of its parents",
        ),
        (
            genie(node("deterministic", "<resultingstates>partli</resultingstates>")),
            "has the resulting state 'partli', which is none of its states; did you mean 'partly'?",
        ),
    ],
)
def test_deterministic_and_noisy_nodes_that_do_not_fit(tmp_path, text, what):
    error = refused(read_text, tmp_path, "x.xdsl", text)
    assert str(error).startswith(f"{tmp_path / 'x.xdsl'}: line 5, node kept: {what}")


SLICES = '<dynamic numslices="5"><cpt id="watch" order="1"/></dynamic>'


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            genie("", SLICES),
            "line 6: holds <dynamic>: this is a temporal network, and only static ones can be read; unr",
        ),
        (genie(node("cpt", "", ' dynamic="plate"')), "line 5, node kept: stands in time slices; only static nodes can"),
        (
            genie("", "<learning/>"),
            "line 6: holds <learning>, which cannot be read; known there are <nodes> and <exten",
        ),
        (genie(node("utility", "")), "node kept: is of kind 'utility'; only discrete nodes with a table can be read"),
        (genie('<cpt id="watch"><state id="a"/></cpt>'), "line 5, node watch: is given a second time, first in line 4"),
        (
            genie(node("cpt", "<probabilities>1</probabilities><probabilities>1</probabilities>")),
            "line 5, node kept, its probabilities: is given a second time, first in line 5; keep one of them",
        ),
    ],
)
def test_xdsl_files_of_another_kind_or_that_contradict_themselves(tmp_path, text, what):
    assert what in str(refused(read_text, tmp_path, "x.xdsl", text))
