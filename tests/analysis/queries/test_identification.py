"""Identification: judged by enumeration of the joint, by pgmpy, by pyAgrum, and by graphs whose answer is known."""

from __future__ import annotations

import subprocess
import sys
import time
import warnings
from dataclasses import replace
from itertools import combinations, pairwise, product

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from servanda.analysis.queries.identification.complete import complete_formula
from servanda.analysis.queries.identification.graphs import Asked, graph_of
from servanda.analysis.queries.identification.identify import identify, latent_nodes
from servanda.analysis.queries.identification.result import Identification
from servanda.models import Arrow, Network, Node, Posterior, QueryError, load_network
from servanda.models.cases.encode import encode

from ...models import makers

IDENTIFIED = "is identified, if the network holds every common cause"


def graph(text, states=("no", "yes")):
    """A network from chains of arrows, "a -> b -> c, a -> c"."""
    parents = {}
    for chain in text.split(", "):
        names = chain.split(" -> ")
        for name in names:
            parents.setdefault(name, [])
        for parent, child in pairwise(names):
            parents[child].append(parent)
    return Network(tuple(Node(name, states, tuple(map(Arrow, above))) for name, above in parents.items()))


def hidden(network):
    return tuple(name for name in network.names if name.startswith("u"))


def arrows(network):
    return [(parent, node.name) for node in network.nodes for parent in node.parent_names]


def drawn(network):
    dag = nx.DiGraph(arrows(network))
    dag.add_nodes_from(network.names)
    return dag


@st.composite
def asked(draw, most_nodes=5, most_states=3, **kinds):
    """A random network, a question to it, and latent nodes among those not asked for."""
    network = draw(makers.networks(most_nodes, most_states))
    targets, evidence, do = draw(makers.questions(network, **kinds))
    free = [name for name in network.names if name not in (*targets, *evidence, *do)]
    latent = draw(st.lists(st.sampled_from(free), unique=True)) if free else []
    return network, targets, tuple(do), tuple(latent), tuple(evidence)


@st.composite
def effects(draw, most_nodes=6, most_latent=2):
    """An effect of one node on one that is downstream of it, with some nodes latent."""
    network = draw(makers.networks(most_nodes, 2))
    x, y = draw(st.sampled_from(downstream(network) or [("", "")]))
    assume(x)
    free = [name for name in network.names if name not in (x, y)]
    latent = draw(st.lists(st.sampled_from(free), unique=True, max_size=most_latent)) if free else []
    return network, (y,), (x,), tuple(latent), ()


@st.composite
def confounded(draw):
    """An effect that is not direct, with two latent roots that confound two nodes each: front doors are not rare."""
    network = draw(makers.networks(5, 2))
    x, y = draw(st.sampled_from(sorted({*downstream(network)} - {*arrows(network)}) or [("", "")]))
    assume(x)
    ties = {"u0": (x, y), "u1": draw(st.lists(st.sampled_from(network.names), min_size=2, max_size=2, unique=True))}
    nodes = [replace(node, parents=(*node.parents, *ties_of(node.name, ties))) for node in network.nodes]
    return Network((*(Node(name, ("no", "yes")) for name in ties), *nodes)), (y,), (x,), tuple(ties), ()


def ties_of(name, ties):
    return tuple(Arrow(root) for root, ends in ties.items() if name in ends)


def downstream(network):
    return [(x, y) for x in network.names for y in network.names if x != y and x in network.ancestors([y])]


# Graphs whose answer is known ---------------------------------------------------------------------------------------

NAPKIN = "w -> r -> x -> y, u1 -> w, u1 -> x, u2 -> w, u2 -> y"
NAPKIN_FORMULA = "[sum over w of P(w) P(x, y | w, r)] / [sum over w of P(w) P(x | w, r)]"
FRONT_DOOR = "x -> m -> y, u -> x, u -> y"
TWO_DECISIONS = "x1 -> l -> x2 -> y, x1 -> x2, x1 -> y, l -> y, u -> l, u -> y"
KNOWN = {
    "confounder": ("z -> x -> y, z -> y", "x", "", "adjustment", ("z",)),
    "mediator": ("x -> m -> y, x -> y", "x", "", "adjustment", ()),
    "M-bias": ("a -> x -> y, a -> m, b -> m, b -> y", "x", "", "adjustment", ()),
    "M-bias, latent": ("u1 -> x -> y, u1 -> m, u2 -> m, u2 -> y", "x", "", "adjustment", ()),
    "butterfly": ("a -> x -> y, a -> m, b -> m, b -> y, m -> x, m -> y", "x", "", "adjustment", ("a", "m")),
    "latent mediator": ("x -> u -> y", "x", "", "adjustment", ()),
    "proxy of a confounder": ("u -> x -> y, u -> y, u -> z", "x", "", "not identified", ()),
    "blocked confounder": ("u -> z -> x -> y, u -> y", "x", "", "adjustment", ("z",)),
    "front door": (FRONT_DOOR, "x", "", "frontdoor", ("m",)),
    "two front doors": (FRONT_DOOR + ", x -> n -> y", "x", "", "frontdoor", ("m", "n")),
    "a front door of two that are none": (FRONT_DOOR + ", e -> m, e -> r -> y", "x", "", "frontdoor", ("r", "m")),
    "a front door behind another": ("x -> m -> n -> y, u -> x, u -> y", "x", "", "frontdoor", ("m",)),
    "front door ajar": (FRONT_DOOR + ", x -> y", "x", "", "not identified", ()),
    "confounded front door": (FRONT_DOOR + ", u -> m", "x", "", "not identified", ()),
    "bow": ("x -> y, u -> x, u -> y", "x", "", "not identified", ()),
    "bow through a latent mediator": ("x -> u2 -> y, u1 -> x, u1 -> y", "x", "", "not identified", ()),
    "instrument": ("z -> x -> y, u -> x, u -> y", "x", "", "not identified", ()),
    "instrument set as well": ("z -> x -> y, u -> x, u -> y", "z x", "", "not identified", ()),
    "napkin": (NAPKIN, "x", "", "do-calculus", ()),
    "two decisions": (TWO_DECISIONS, "x1 x2", "", "truncated factorisation", ()),
    "the second decision": (TWO_DECISIONS, "x2", "", "adjustment", ("x1", "l")),
    "an effect the other way": ("y -> x", "x", "", "no effect", ()),
    "a spare node that must be adjusted for": ("u -> w -> x -> y, u -> y", "w x", "", "adjustment", ("w",)),
    "a spare node that need not": ("a -> w -> x -> y, a -> y", "w x", "", "adjustment", ("a",)),
    "evidence that confounds": ("z -> x -> y, z -> y", "x", "z", "adjustment within the evidence", ()),
    "evidence of part": ("z -> x -> y, z -> y, a -> x, a -> y", "x", "z", "adjustment within the evidence", ("a",)),
    "evidence downstream": ("x -> y -> z, a -> x, a -> y", "x", "z", "adjustment", ("a",)),
    "evidence on the way": ("x -> m -> y, u1 -> x, u1 -> m", "x", "m", "do-calculus", ()),
    "evidence that opens a bow": ("x -> z, u -> z, u -> y, x -> y, u -> x", "x", "z", "not identified", ()),
    "a latent cause of the evidence": ("u -> z -> y", "u", "z", "do-calculus", ()),
    "latent evidence of something else": ("x -> y, u -> v", "x", "u", "do-calculus", ()),
    "a latent cause": ("u -> y", "u", "", "not identified", ()),
    "nothing set": ("x -> y", "", "", "none needed", ()),
}


@pytest.mark.parametrize("case", KNOWN)
def test_known_graphs(case):
    text, do, evidence, method, found_set = KNOWN[case]
    network = graph(text)
    found = identify(network, "y", do.split(), hidden(network), evidence.split())
    assert found.method == method
    assert found.adjustment + found.mediators == found_set
    assert found.identified == (method != "not identified")


def test_with_no_latent_node_everything_is_identified():
    network = load_network("guarantee")
    for pair in combinations(network.names, 2):
        for target in set(network.names) - set(pair):
            assert identify(network, target, pair).identified
            assert identify(network, target, pair[0], given=pair[1]).identified


@pytest.mark.parametrize("place", ["targets", "given", "do"])
def test_a_latent_node_that_is_asked_for_is_not_identified(place):
    network = graph("x -> y -> z")
    question = {"targets": "y", "do": "x", "given": "z"}
    found = identify(network, latent=[question[place]], **question)
    assert found.method == "not identified"
    assert f"since {question[place]} is never observed" in str(found)


# Enumeration --------------------------------------------------------------------------------------------------------


def whole(network, tables, do=None):
    """The joint, labelled by node; axes are state numbers."""
    return xr.DataArray(makers.joint(network, tables, do), dims=("draw", *network.names))


def margin(joint, names):
    return joint.sum([dim for dim in joint.dims if dim not in ("draw", *names)])


def conditional(joint, names, on):
    return margin(joint, {*names, *on}) / margin(joint, set(on))


def by_adjustment(found, joint):
    y, z = (*found.targets, *found.given), found.adjustment
    both = (conditional(joint, y, (*found.acting, *z)) * margin(joint, z)).sum(list(z))
    return both / both.sum(list(found.targets))


def by_adjustment_within(found, joint):
    z, e = found.adjustment, found.given
    return (conditional(joint, found.targets, (*found.acting, *z, *e)) * conditional(joint, z, e)).sum(list(z))


def by_truncated_factorisation(found, joint, network):
    kept = margin(joint, set(network.names) - set(found.latent))
    for name in found.acting:
        kept = kept / conditional(joint, (name,), network[name].parent_names)
    both = margin(kept, {*found.targets, *found.given, *found.acting})
    return both / both.sum(list(found.targets))


def by_front_door(found, joint):
    (cause,), m = found.acting, found.mediators
    inner = (conditional(joint, found.targets, (*m, cause)) * margin(joint, (cause,))).sum(cause)
    return (conditional(joint, m, (cause,)) * inner).sum(list(m))


FORMULAS = {
    "none needed": lambda found, joint, network: conditional(joint, found.targets, found.given),
    "no effect": lambda found, joint, network: conditional(joint, found.targets, found.given),
    "adjustment": lambda found, joint, network: by_adjustment(found, joint),
    "adjustment within the evidence": lambda found, joint, network: by_adjustment_within(found, joint),
    "truncated factorisation": by_truncated_factorisation,
    "frontdoor": lambda found, joint, network: by_front_door(found, joint),
}


def check_by_enumeration(network, found, seed):
    """The formula as it is written here, and as it is derived, against the network with the arrows cut."""
    tables = makers.random_tables(network, seed, draws=2)
    joint = whole(network, tables)
    formulas = [found.value(joint.sum(list(found.latent)))]
    if found.method in FORMULAS:
        formulas.append(FORMULAS[found.method](found, joint, network))
    for cell in product(*(range(len(network[name].states)) for name in found.do)):
        numbers = dict(zip(found.do, cell, strict=True))
        mutilated = whole(network, tables, {name: network[name].states[number] for name, number in numbers.items()})
        truth = conditional(mutilated, found.targets, found.given)
        for formula in formulas:
            answer = formula.isel({name: numbers[name] for name in found.do}, missing_dims="ignore")
            np.testing.assert_allclose(*xr.broadcast(answer, truth), rtol=1e-9, atol=1e-12)


@settings(makers.repeatable, max_examples=80)
@given(st.one_of(asked(), effects(), confounded()), makers.seeds)
def test_the_formula_gives_the_effect_in_the_mutilated_network(question, seed):
    network, *rest = question
    found = identify(network, *rest)
    assume(found.identified and not set(found.latent) & {*found.targets, *found.given})
    check_by_enumeration(network, found, seed)


# What is not identified has no formula, and is passed over.
@settings(makers.repeatable, max_examples=60, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.one_of(asked(most_given=1), confounded()), makers.seeds)
def test_the_complete_algorithm_gives_what_the_plainer_ways_give(question, seed):
    """Where a plainer way would answer first, the formula of the complete one is judged just as well."""
    network, targets, do, latent, given = question
    found = identify(network, targets, do, latent, given)
    assume(found.acting and found.identified)
    observed = frozenset(network.names) - frozenset(latent)
    parts = map(frozenset, (targets, given, found.acting, observed, set(do) - set(found.acting)))
    derived = complete_formula(Asked(graph_of(network), *parts))
    assert derived is not None
    check_by_enumeration(network, replace(found, method="do-calculus", derived=derived), seed)


@pytest.mark.parametrize("case", [case for case, known in KNOWN.items() if known[3] != "not identified"])
def test_the_formula_gives_the_effect_in_known_graphs(case):
    text, do, evidence, *_ = KNOWN[case]
    network = graph(text, ("low", "mid", "high") if text.count(">") < 9 else ("no", "yes"))
    check_by_enumeration(network, identify(network, "y", do.split(), hidden(network), evidence.split()), seed=3)


def test_the_napkin_is_identified_by_the_ratio_that_is_known():
    network = graph(NAPKIN)
    tables = makers.random_tables(network, 4)
    joint = whole(network, tables)
    ratio = (conditional(joint, ("x", "y"), ("r", "w")) * margin(joint, ("w",))).sum("w")
    ratio = ratio / ratio.sum("y")
    for number, state in enumerate(network["x"].states):
        truth = margin(whole(network, tables, {"x": state}), ("y",))
        for r in range(2):
            np.testing.assert_allclose(ratio.isel(x=number, r=r), truth, atol=1e-9)


# Separation, pgmpy and pyAgrum --------------------------------------------------------------------------------------


@settings(makers.repeatable, max_examples=60)
@given(asked(most_nodes=7, most_states=2, most_given=1))
def test_no_member_of_an_adjustment_set_can_be_left_out(question):
    network, targets, do, latent, evidence = question
    found = identify(network, targets, do, latent, evidence)
    assume(found.method.startswith("adjustment"))
    acting = set(found.acting)
    within = set(evidence) if found.method != "adjustment" else set()
    wanted = {*targets, *evidence} - within
    # Paths one by one, as the module must not find them.
    back = drawn(network)
    for path in [p for x in acting for y in wanted for p in nx.all_simple_paths(back, x, y)]:
        if not acting & set(path[1:]) and back.has_edge(*path[:2]):
            back.remove_edge(*path[:2])
    assert nx.is_d_separator(back, acting, wanted, set(found.adjustment) | within)
    for name in found.adjustment:
        assert not nx.is_d_separator(back, acting, wanted, {*found.adjustment, *within} - {name})


@pytest.fixture(scope="module")
def pgmpy():
    with warnings.catch_warnings():
        # On import pgmpy 1.1 warns of its own use of StructureScore, which 1.3 will drop.
        warnings.simplefilter("ignore")
        import pgmpy.base
        import pgmpy.identification
        import pgmpy.inference
    return pgmpy


@pytest.fixture(scope="module")
def pyagrum():
    with warnings.catch_warnings():
        # Warnings that pyAgrum's compiled part raises on import end the process when they are errors.
        warnings.simplefilter("ignore")
        import pyagrum

        pyagrum.CausalModel(pyagrum.BayesNet.fastPrototype("x->y"))  # loads another such part
    return pyagrum


def pgmpy_dag(pgmpy, network, found, roles=None):
    """The graph without nodes that no arrow touches, which pgmpy would not take as latent."""
    pairs = arrows(network)
    latent = {name for pair in pairs for name in pair if name in found.latent}
    return pgmpy.base.DAG(pairs, latents=latent, roles=roles)


@settings(makers.repeatable, max_examples=50)
@given(effects())
def test_pgmpy_finds_a_back_door_set_when_there_is_one(pgmpy, question):
    network, *rest = question
    found = identify(network, *rest)
    dag = pgmpy_dag(pgmpy, network, found)
    (x,), (y,) = found.do, found.targets
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        theirs = pgmpy.inference.CausalInference(dag)
        if found.method == "adjustment":
            assert theirs.is_valid_backdoor_adjustment_set(x, y, found.adjustment)
            theirs.get_all_backdoor_adjustment_sets(x, y)
        else:
            with pytest.raises(ValueError, match="No valid adjustment set found"):
                theirs.get_all_backdoor_adjustment_sets(x, y)
    if found.method == "adjustment":
        roles = {"exposures": x, "outcomes": y, "adjustment": set(found.adjustment)}
        assert pgmpy.identification.Adjustment().validate(pgmpy_dag(pgmpy, network, found, roles))


@settings(makers.repeatable, max_examples=60)
@given(confounded())
def test_pgmpy_finds_a_front_door_when_there_is_one(pgmpy, question):
    network, *rest = question
    found = identify(network, *rest)
    assume(found.method in ("frontdoor", "do-calculus", "not identified"))
    roles = {"exposures": found.do[0], "outcomes": found.targets[0]}
    dag = pgmpy_dag(pgmpy, network, found, roles)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        door = pgmpy.identification.Frontdoor()
        # pgmpy judges each member by itself, so that it misses sets that are front doors together.
        assert found.method == "frontdoor" or not door.identify(dag)[1]


@settings(makers.repeatable, max_examples=60)
@given(confounded())
def test_the_front_door_is_the_smallest_of_all_sets_there_are(question):
    """Every set of observed nodes, judged by the three clauses of Pearl's definition."""
    network, (y,), (x,), latent, _ = question
    found = identify(network, y, x, latent)
    assume(found.method in ("frontdoor", "do-calculus", "not identified"))
    dag = drawn(network)
    free = [name for name in network.names if name not in (x, y, *latent)]

    def without_arrows_out_of(names):
        kept = dag.copy()
        kept.remove_edges_from([*dag.out_edges(names)])
        return kept

    def is_front_door(nodes):
        paths = nx.all_simple_paths(dag, x, y)
        if not all(set(path) & set(nodes) for path in paths):
            return False
        if not nx.is_d_separator(without_arrows_out_of([x]), {x}, set(nodes), set()):
            return False
        return nx.is_d_separator(without_arrows_out_of(nodes), set(nodes), {y}, {x})

    doors = [
        set(nodes) for size in range(1, len(free) + 1) for nodes in combinations(free, size) if is_front_door(nodes)
    ]
    assert (found.method == "frontdoor") == bool(doors)
    if doors:
        assert set(found.mediators) in doors
        assert len(found.mediators) == min(map(len, doors))


def is_hedged(network, targets, do, latent):
    """Whether a hedge forbids the effect: two sets of tied observed nodes, one in the other, with the same roots.

    Every pair of sets is looked at; the criterion is that of Shpitser and Pearl (2006†).
    """
    dag = drawn(network)
    observed = [name for name in network.names if name not in latent]
    near = {u: {b for b in observed if nx.has_path(dag.subgraph({u, b, *latent}), u, b)} for u in network.names}
    arrows_ = [(a, b) for a in observed for b in near[a] if a != b]
    ties = [pair for u in latent for pair in combinations(sorted(near[u]), 2)]
    observed_dag, tied = nx.DiGraph(arrows_), nx.Graph(ties)
    for each in (observed_dag, tied):
        each.add_nodes_from(observed)
    mutilated = observed_dag.copy()
    mutilated.remove_edges_from([*observed_dag.in_edges(do)])
    above = set(targets).union(*(nx.ancestors(mutilated, y) for y in targets))

    def forest(nodes, roots):
        """Tied together, and every node leads to a root within it."""
        part = observed_dag.subgraph(nodes)
        led = roots.union(*(nx.ancestors(part, root) for root in roots))
        return nx.is_connected(tied.subgraph(nodes)) and led == nodes

    sets = [set(nodes) for size in range(1, len(observed) + 1) for nodes in combinations(observed, size)]
    for inner in sets:
        roots = inner & above
        clear = roots and not inner & set(do) and forest(inner, roots)
        if clear and any(outer & set(do) and inner < outer and forest(outer, roots) for outer in sets):
            return True
    return False


@settings(makers.repeatable, max_examples=70)
@given(st.one_of(asked(most_nodes=6, most_states=2, most_given=0), effects(6, 3), confounded()))
def test_what_is_not_identified_is_hedged(question):
    network, targets, do, latent, _ = question
    assume(do)
    assert identify(network, targets, do, latent).identified != is_hedged(network, targets, do, latent)


@pytest.mark.parametrize("case", [case for case, known in KNOWN.items() if known[1] and "u" not in known[1] + known[2]])
def test_known_graphs_are_hedged_where_nothing_identifies(case):
    text, do, evidence, method, _ = KNOWN[case]
    if not evidence:
        network = graph(text)
        assert is_hedged(network, ("y",), do.split(), hidden(network)) == (method == "not identified")


def causal_model(pyagrum, network, latent):
    """The question's graph for pyAgrum, which knows latent nodes only as roots with two children."""
    dag = drawn(network)
    observed = [name for name in network.names if name not in latent]
    allowed = {(a, b): dag.subgraph({a, b, *latent}) for a in network.names for b in observed if a != b}
    reaches = {pair: nx.has_path(part, *pair) for pair, part in allowed.items()}
    model = pyagrum.BayesNet()
    for name in observed:
        model.add(name, 2)
    for a, b in product(observed, observed):
        if a != b and reaches[a, b]:
            model.addArc(a, b)
    model.generateCPTs()
    from_latent = {b: {u for u in latent if nx.has_path(dag.subgraph({u, b, *latent}), u, b)} for b in observed}
    ties = [(a, b) for a, b in combinations(observed, 2) if from_latent[a] & from_latent[b]]
    return pyagrum.CausalModel(model, [(f"L{place}", tie) for place, tie in enumerate(ties)], True)


@settings(makers.repeatable, max_examples=80)
@given(st.one_of(asked(most_nodes=7, most_states=2, most_given=1), effects(7, 3), confounded()))
def test_pyagrum_agrees_on_what_is_identified(pyagrum, question):
    network, targets, do, latent, evidence = question
    assume(do)
    model = causal_model(pyagrum, network, latent)
    theirs, *_ = pyagrum.causalImpact(model, on=set(targets), doing=set(do), knowing=set(evidence))
    assert identify(network, targets, do, latent, evidence).identified == theirs.isIdentified()


@pytest.mark.parametrize("case", [case for case, known in KNOWN.items() if known[1] and "u" not in known[1:3]])
def test_pyagrum_agrees_on_known_graphs(pyagrum, case):
    text, do, evidence, method, _ = KNOWN[case]
    network = graph(text)
    model = causal_model(pyagrum, network, hidden(network))
    theirs, *_ = pyagrum.causalImpact(model, on={"y"}, doing=set(do.split()), knowing=set(evidence.split()))
    assert theirs.isIdentified() == (method != "not identified")


# Words, errors, speed -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "do", "evidence", "sentence", "formula"),
    [
        (
            "z -> x -> y, z -> y",
            "x",
            "",
            f"P(y | do(x)) {IDENTIFIED}, by adjusting for z.",
            "sum over z of P(y | x, z) P(z)",
        ),
        ("x -> y", "x", "", f"P(y | do(x)) {IDENTIFIED}, without adjustment.", "P(y | x)"),
        (
            "z -> x -> y, z -> y, a -> x, a -> y",
            "x",
            "z",
            f"P(y | z; do(x)) {IDENTIFIED}, by adjusting for a within each state of z.",
            "sum over a of P(y | x, z, a) P(a | z)",
        ),
        (
            "x -> y -> z, a -> x, a -> y",
            "x",
            "z",
            f"P(y | z; do(x)) {IDENTIFIED}, through P(y, z | do(x)), by adjusting for a.",
            "[sum over a of P(y, z | x, a) P(a)] / [sum over a of P(z | x, a) P(a)]",
        ),
        (
            FRONT_DOOR,
            "x",
            "",
            f"P(y | do(x)) {IDENTIFIED}, by the front door through m.",
            "sum over m of P(m | x) [sum over x' of P(y | m, x') P(x')]",
        ),
        (
            TWO_DECISIONS,
            "x1 x2",
            "",
            (f"P(y | do(x1), do(x2)) {IDENTIFIED}, by truncated factorisation: every parent of x1, x2 is observed."),
            "sum over l of P(l | x1) P(y | x1, l, x2)",
        ),
        (
            "x -> y, x -> w",
            "x w",
            "",
            (
                f"P(y | do(x), do(w)) {IDENTIFIED}, without adjustment. "
                "Setting w changes nothing here: no directed path leads from there other than through x."
            ),
            "P(y | x)",
        ),
        (
            "y -> x",
            "x",
            "",
            f"P(y | do(x)) {IDENTIFIED}: no directed path leads there from x, so it equals P(y).",
            "P(y)",
        ),
        ("x -> y", "", "x", "P(y | x) sets no node: there is no effect of an intervention to identify.", "P(y | x)"),
        (
            NAPKIN,
            "x",
            "",
            f"P(y | do(x)) {IDENTIFIED}, by do-calculus: {NAPKIN_FORMULA}, at any one state of r.",
            NAPKIN_FORMULA,
        ),
        (
            "x -> y, u -> x, u -> y",
            "x",
            "",
            (
                "P(y | do(x)) is not identified with u latent: networks that agree on everything "
                "observed can differ in it, so what is said of it rests on the priors and not on data alone."
            ),
            "",
        ),
    ],
)
def test_words(text, do, evidence, sentence, formula):
    network = graph(text)
    found = identify(network, "y", do.split(), hidden(network), evidence.split())
    assert str(found) == found.in_words() == sentence
    assert found.formula == formula


def test_every_wrong_name_is_listed():
    network = graph("rain -> wet, season -> rain")
    with pytest.raises(QueryError) as error:
        identify(network, ("wett", "rain"), {"seasn": "no", "rain": "yes"}, latent=["u"])
    assert str(error.value).splitlines() == [
        "question: 4 faults",
        "  target wett: no such node; did you mean 'wet'?",
        "  do seasn: no such node; did you mean 'season'?",
        "  latent u: no such node; known: season, rain, wet",
        "  node rain: has more than one place in the question; it is a target, or set, or given",
    ]
    with pytest.raises(QueryError, match="target: none is asked for"):
        identify(network, (), "rain")


def test_the_answer_is_a_value_that_is_kept():
    network = graph("z -> x -> y, z -> y")
    found = identify(network, "y", "x")
    assert identify(network, ["y"], {"x": "yes"}) is found
    assert found == Identification(("y",), ("x",), (), (), "adjustment", ("x",), ("z",))
    with pytest.raises(AttributeError, match="cannot assign to field"):
        found.method = "no effect"


def test_large_dense_graphs_take_no_time():
    names = [f"n{place}" for place in range(40)]
    nodes = [Node(name, ("no",), tuple(map(Arrow, names[:place]))) for place, name in enumerate(names)]
    network = Network(tuple(nodes))
    started = time.perf_counter()
    assert identify(network, "n39", "n10").adjustment == tuple(names[:10])
    assert identify(network, "n39", "n10", latent=["n3"]).method == "not identified"
    assert time.perf_counter() - started < 2.0  # paths from n10 to n39: 2**28


def test_with_nothing_latent_pgmpy_is_not_imported():
    code = (
        "import sys; from servanda.models import load_network; from servanda.analysis import identify;"
        "identify(load_network('guarantee'), 'compliance', 'guarantors'); print('pgmpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# Latent nodes of a fit ----------------------------------------------------------------------------------------------


def test_latent_nodes_are_those_whose_every_cell_is_missing():
    network = graph("x -> y, u -> x, u -> y")
    coded = encode(network, pd.DataFrame({"x": ["no", "yes", None], "y": ["yes", "yes", "no"]}), unobserved="u")
    tables = makers.labelled(network, makers.random_tables(network, 1))
    record = {"cases": len(coded), "missing_cells": coded.missing}
    assert latent_nodes(Posterior.from_tables(network, tables, record)) == ("u",)
    assert latent_nodes(Posterior.from_tables(network, tables)) == ()
    assert latent_nodes(Posterior.from_tables(network.with_latent("u"), tables)) == ("u",)  # declared
    assert latent_nodes(Posterior.from_tables(network, tables, {"cases": 0, "missing_cells": {}})) == ()


def test_a_fit_to_full_data_has_no_latent_nodes(keeping):
    assert latent_nodes(keeping) == ()


@pytest.mark.parametrize(
    ("record", "hidden"),
    [
        ({}, ()),
        ({"missing_cells": {"mood": 1}}, ()),
        ({"cases": 1}, ()),
        ({"cases": 1, "missing_cells": {"mood": 1}}, ("mood",)),
        ({"cases": 5, "missing_cells": {"mood": 4, "rain": 5}}, ("rain",)),
        ({"cases": 5, "missing_cells": None}, ()),
    ],
)
def test_a_node_is_latent_where_no_case_has_it(record, hidden):
    network = Network((Node("rain", ("no", "yes")), Node("mood", ("bad", "good"))))
    tables = {name: xr.DataArray([0.8, 0.2], dims=name) for name in network.names}
    assert latent_nodes(Posterior.from_tables(network, tables, record)) == hidden
