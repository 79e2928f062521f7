"""Patterns of prior sets go by what a parameter is to its node, whatever parents, groups and nodes are called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.models import Arrow, Group, Network, NetworkError, Node, Prior, PriorEntry, PriorSet, network_parameters
from servanda.models.families import FAMILIES
from servanda.models.network.parameters import check_priors, parameter_coords
from servanda.models.parameters.prior_set import GROUP_SPREAD, OF_PARENT, ROLES
from servanda.priors import load_prior, shipped_priors

from ...models.families.test_families import EXAMPLES
from ...models.makers import repeatable

SETS = {name: load_prior(name) for name in shipped_priors()}
#: The last words of all patterns that ship, and of all parameters there are; and some that only look like them.
SAID = {e.parameter.rpartition(".")[2] for priors in SETS.values() for e in priors.entries if e.is_pattern}
ENDS = {p.name.rpartition(".")[2] for example in EXAMPLES for p in network_parameters(example.network(), ["y"])}
WORDS = sorted({w for w in SAID | ENDS if "*" not in w} | set(ROLES) | {"actor_sd", "rate_sd", "effect", "group_sd"})


@st.composite
def renamed(draw):
    """A network of one child of any family with its parents, under neutral names and under words of patterns."""
    example = draw(st.sampled_from(EXAMPLES))
    network = example.network()
    old = [*network.names, *(group.name for group in example.groups)]
    names = dict(zip(old, draw(st.permutations(WORDS)), strict=False))
    neutral = {name: f"v{place}" for place, name in enumerate(old)}
    return called(network, neutral), called(network, names)


def called(network, names):
    """The same network with its nodes and groups called otherwise."""

    def arrow(a):
        return Arrow(names[a.parent], term=a.term, by=names.get(a.by))

    def node(n):
        options = tuple((key, names[v] if key == "members" else v) for key, v in n.options)
        groups = tuple(Group(names[g.name], g.column) for g in n.groups)
        arrows = tuple(arrow(a) for a in n.parents)
        return Node(names[n.name], n.states, arrows, n.family, n.ordered, n.values, groups=groups, options=options)

    return Network(tuple(node(n) for n in network.nodes))


@repeatable
@given(renamed_pair=st.data())
def test_names_do_not_decide_which_prior_a_parameter_has(renamed_pair):
    try:
        neutral, worded = renamed_pair.draw(renamed())
    except NetworkError as error:  # two parameters of one name are refused, and so is a dim's name
        assert "two parameters" in str(error) or "has the name of" in str(error)
        return
    for priors in SETS.values():
        pairs = zip(network_parameters(neutral), network_parameters(worded), strict=True)
        for one, other in pairs:
            found = [None if p.entry(priors) is None else p.entry(priors).parameter for p in (one, other)]
            assert found[0] == found[1], (priors.name, one.name, other.name)


@pytest.mark.parametrize(
    "word", ["rate", "average", "member", "table", "leak", "steps", "bend", "actor_sd", "departure"]
)
def test_under_flat_a_parent_may_have_any_name(word):
    flat = SETS["flat"]
    parent = Node(word, ("a", "b", "c"), ordered=True)
    network = Network((parent, Node("y", ("no", "yes"), (Arrow(word),), "ordinal", ordered=True)))
    check_priors(network, flat, parameter_coords(network))
    effect = next(p for p in network_parameters(network) if p.name == f"y.{word}")
    assert effect.prior(flat) == flat["*"]


def test_a_group_may_have_any_name():
    node = Node("y", ("no", "yes"), family="ordinal", ordered=True, groups=(Group("departure", "who"),))
    spread = network_parameters(Network((node,)), ["y"])[-1]
    assert spread.name == "y.departure_sd"
    assert spread.entry(SETS["flat"]).parameter == "*.*_sd"


def test_every_parameter_has_a_role_that_patterns_can_ask_for():
    """A new word of a family is added to `ROLES`; only what is called after others is without a word of its own."""
    for example in EXAMPLES:
        for parameter in network_parameters(example.network(), ["y"]):
            role = parameter.role or parameter.name.rpartition(".")[2]
            assert role in {*ROLES, OF_PARENT, GROUP_SPREAD}, parameter.name
            if role in ROLES:
                assert parameter.support == ROLES[role], parameter.name
    assert set(FAMILIES) == {example.family for example in EXAMPLES}


def test_a_word_with_other_values_is_a_name():
    """`*.rate` with a normal cannot speak of rates: it is for parents called rate."""
    own = PriorEntry("*.rate", Prior.of("normal", mu=2.0, sigma=0.1))
    priors = PriorSet((*SETS["flat"].entries, own))
    network = Network((Node("rate", ("a", "b")), Node("y", ("no", "yes"), (Arrow("rate"),), "ordinal", ordered=True)))
    assert str(network_parameters(network, ["y"])[-1].prior(priors)) == "normal(mu=2, sigma=0.1)"


def test_a_missing_prior_is_not_asked_for_by_a_pattern_that_would_not_match():
    network = Network((Node("bend", ("a", "b")), Node("y", ("no", "yes"), (Arrow("bend"),), "ordinal", ordered=True)))
    priors = PriorSet.from_mapping(
        {"*.table": Prior.of("dirichlet", alpha=1), "*.baseline": Prior.of("dirichlet", alpha=1)}
    )
    (fault,) = network_parameters(network, ["y"])[-1].faults(priors, parameter_coords(network))
    assert str(fault) == "y.bend: the set has no prior for this parameter; add an entry for it"


def test_an_own_pattern_replaces_what_plays_its_role_alone(tmp_path):
    text = """
        name = "mine"
        [[priors]]
        parameter = "{}"
        distribution = "{}"
        {} = 1.0
        sigma = 0.5
        reason = "r"
        source = "s"
        certainty = "judgement"
    """
    (tmp_path / "base.toml").write_text(text.format("y.rate", "normal", "mu").replace("mine", "base"))
    (tmp_path / "mine.toml").write_text('inherits = "base.toml"\n' + text.format("*.rate", "lognormal", "mu"))
    kept = [entry.parameter for entry in load_prior(tmp_path / "mine.toml").entries]
    assert kept == ["y.rate", "*.rate"]
