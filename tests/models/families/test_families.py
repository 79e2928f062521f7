"""Every CPD family keeps one contract; each is then held to its formula, written out once more."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import expit, log_expit, logit, softmax
from scipy.stats import beta, halfnorm, kstest, lognorm, norm

from servanda.models import Arrow, Group, Network, Node, Posterior, encode, fit, network_parameters
from servanda.models import pymc_model as compiled
from servanda.models.cases.likelihood import log_likelihood
from servanda.models.cases.patterns import find_patterns
from servanda.models.families import FAMILIES, regression
from servanda.models.families.unseen import TYPICAL
from servanda.models.network.parameters import parameter_coords
from servanda.models.sampling.prior_draws import prior_draws

ACTORS = ("PRK", "USA")
PARENTS = (
    Node("pair", ("no", "yes"), ordered=True, values=(0, 1)),
    Node("count", ("1", "2", "5"), ordered=True, values=(1, 2, 5)),
    Node("grade", ("d", "c", "b", "a"), ordered=True),
    Node("kind", ("x", "y", "z")),
)
ACTOR = Group("actor", "who")


@dataclass(frozen=True)
class Example:
    """A node `y` of one family with some arrows, among the parents above."""

    family: str
    arrows: tuple[Arrow, ...] = ()
    groups: tuple[Group, ...] = ()
    states: tuple[str, ...] = ("low", "mid", "high")
    options: tuple[tuple[str, str | bool | int], ...] = ()

    def __str__(self):
        arrows = [f"{a.parent}:{a.term or 'default'}{'/' + a.by if a.by else ''}" for a in self.arrows]
        options = [f"{name}={value}" for name, value in self.options]
        return "-".join([self.family, *arrows, *(group.name for group in self.groups), str(len(self.states)), *options])

    def network(self):
        node = Node("y", self.states, self.arrows, self.family, ordered=True, groups=self.groups, options=self.options)
        wanted = {arrow.parent for arrow in self.arrows}
        return Network((*(parent for parent in PARENTS if parent.name in wanted), node))


#: Adding a family adds a line here; adding a term, one of the lines for `ordinal`, `sequential` and `softmax`.
EXAMPLES = (
    Example("table"),
    Example("table", (Arrow("kind"), Arrow("count"))),
    Example("confusion", (Arrow("kind"),), states=("x", "y", "z")),
    Example("confusion", (Arrow("pair"), Arrow("grade")), states=("d", "c", "b", "a")),
    Example("pooled_table"),
    Example("pooled_table", (Arrow("kind"), Arrow("count"))),
    Example("softmax"),
    Example("softmax", (Arrow("grade"), Arrow("kind"), Arrow("pair"))),
    Example("softmax", (Arrow("count", term="log"), Arrow("kind"))),
    Example("softmax", (Arrow("grade", term="monotone", by="kind"), Arrow("kind")), states=("no", "yes")),
    Example("softmax", (Arrow("kind", by="pair"), Arrow("pair", term="none"))),
    Example("softmax", (Arrow("count", term="saturating", by="pair"), Arrow("pair")), states=tuple("abcd")),
    Example("softmax", (Arrow("count", term="inverted_u"), Arrow("grade", term="monotone"))),
    Example("softmax", (Arrow("count", term="diffusion"), Arrow("pair", term="linear"))),
    Example("noisy_or", states=("off", "on")),
    Example("noisy_or", (Arrow("pair"), Arrow("grade"), Arrow("count")), states=("off", "on")),
    Example("noisy_max", (Arrow("pair"), Arrow("count"))),
    Example("noisy_max", (Arrow("grade"),), states=("a", "b", "c", "d")),
    Example("ordinal", states=("no", "yes")),
    Example("ordinal", (Arrow("kind"),)),
    Example("ordinal", (Arrow("pair"),)),
    Example("ordinal", (Arrow("grade"), Arrow("count", term="nominal"))),
    Example("ordinal", (Arrow("count", term="linear"), Arrow("pair", term="linear"))),
    Example("ordinal", (Arrow("count", term="log"),), states=("a", "b", "c", "d")),
    Example("ordinal", (Arrow("count", by="kind"), Arrow("kind"))),
    Example("ordinal", (Arrow("kind"), Arrow("grade", by="kind"), Arrow("pair", by="grade"))),
    Example("ordinal", (Arrow("kind", by="count"), Arrow("count", term="log", by="pair"), Arrow("pair"))),
    Example("ordinal", (Arrow("kind"), Arrow("count", term="linear", by="kind")), (ACTOR,)),
    Example("ordinal", (Arrow("count", term="none"), Arrow("kind", term="none", by="count"))),
    Example("ordinal", (Arrow("count", term="none"), Arrow("kind")), (ACTOR,)),
    Example("ordinal", (Arrow("count", term="saturating"),), states=("no", "yes")),
    Example("ordinal", (Arrow("kind"), Arrow("count", term="saturating", by="kind"))),
    Example("ordinal", (Arrow("count", term="diffusion", by="pair"), Arrow("pair"))),
    Example("ordinal", (Arrow("count", term="inverted_u"), Arrow("grade"))),
    Example("ordinal", (Arrow("kind"), Arrow("count", term="inverted_u", by="kind"))),
    Example("ordinal", (), (ACTOR, Group("deal", "deal"))),
    Example("sequential"),
    Example("sequential", (Arrow("kind"), Arrow("grade")), states=("no", "yes")),
    Example("sequential", (Arrow("kind"), Arrow("grade"), Arrow("pair"))),
    Example("sequential", (Arrow("kind"), Arrow("grade", by="kind")), (ACTOR,)),
    Example("sequential", (Arrow("count", term="log", by="pair"), Arrow("pair")), states=("a", "b", "c", "d")),
    Example("sequential", (Arrow("kind", by="pair"), Arrow("pair")), (ACTOR, Group("deal", "deal")), tuple("abcd")),
    Example("sequential", (Arrow("count", term="none"), Arrow("kind")), (ACTOR,)),
    Example("sequential", (Arrow("count", term="none"),), (ACTOR,)),
    Example("sequential", (Arrow("kind"), Arrow("count", term="saturating", by="kind"))),
    Example("sequential", (Arrow("count", term="diffusion"), Arrow("grade", term="nominal")), states=tuple("abcde")),
    Example("sequential", (Arrow("kind"), Arrow("count", term="inverted_u", by="kind"))),
    Example("sequential", (Arrow("count", term="linear"), Arrow("pair", term="linear"))),
)
SHRUNK = (("shrinkage", True),)
EXAMPLES += (
    Example("ordinal", (Arrow("kind"), Arrow("grade"), Arrow("count", term="log")), (ACTOR,), options=SHRUNK),
    Example("ordinal", (Arrow("count", term="inverted_u", by="kind"), Arrow("kind"), Arrow("pair")), options=SHRUNK),
    Example("ordinal", (Arrow("count", term="saturating"), Arrow("kind", term="none")), options=SHRUNK),
    Example("ordinal", (Arrow("count", term="none"),), options=SHRUNK),
    Example("softmax", (Arrow("grade"), Arrow("kind")), options=SHRUNK),
)
MEMBERS = (("members", "count"),)
EACH_ALONE = (*MEMBERS, ("correlated", False))
NO_YES = ("no", "yes")
NUMBERS = tuple(map(str, range(6)))
EXAMPLES += (
    Example("any_of", (Arrow("count"),), states=NO_YES, options=MEMBERS),
    Example("any_of", (Arrow("kind"), Arrow("count", term="diffusion")), (ACTOR,), NO_YES, MEMBERS),
    Example("all_of", (Arrow("count"), Arrow("kind", by="pair"), Arrow("pair")), states=NO_YES, options=MEMBERS),
    Example("all_of", (Arrow("grade"), Arrow("count", term="log")), states=NO_YES, options=EACH_ALONE),
    Example("at_least", (Arrow("count"), Arrow("pair")), (ACTOR,), NO_YES, (*MEMBERS, ("at_least", 2))),
    Example("at_least", (Arrow("count"),), states=NO_YES, options=(*EACH_ALONE, ("at_least", 5))),
    Example("headcount", (Arrow("count", by="kind", term="log"), Arrow("kind")), (ACTOR,), NUMBERS, MEMBERS),
    Example("headcount", (Arrow("pair"), Arrow("count")), states=(*NUMBERS, "6", "7"), options=EACH_ALONE),
)
#: Draws from which the variance of an effect is known to two parts in a hundred, which no test of 2,000 draws can see.
_OF_VARIANCE = 4_000
#: Families whose effects are differences from a baseline.
WITH_BASELINE = ("ordinal", "sequential", "softmax")
each_example = pytest.mark.parametrize("example", EXAMPLES, ids=str)


@cache
def drawn(example, draws=4):
    """Draws of all parameters, with two known actors and deals; a value, which no test changes."""
    levels = {group.name: ACTORS for group in example.groups}
    return prior_draws(example.network(), seed=11, draws=draws, levels=levels)


def leading(posterior):
    """The draws as `log_prob` takes them: samples first."""
    return {name: np.moveaxis(value, -1, 0) for name, value in posterior.values.items()}


def every_case(example, members=3):
    """Every configuration of parents, state and group members: codes and members."""
    network = example.network()
    shape = network.shape("y")
    rows = np.array(list(product(*map(range, (*shape, *(members for _ in example.groups))))))
    return rows[:, : len(shape)], {g.name: rows[:, len(shape) + place] for place, g in enumerate(example.groups)}


def test_every_family_has_an_example():
    assert {example.family for example in EXAMPLES} == set(FAMILIES)


@each_example
def test_rows_of_a_table_add_up_to_one(example):
    posterior = drawn(example)
    for member in (*ACTORS, None):
        table = posterior.table("y", **{group.name: member for group in example.groups})
        assert table.dims == ("chain", "draw", *example.network().axes("y"))
        assert float(table.min()) >= 0
        np.testing.assert_allclose(table.sum("y"), 1, rtol=0, atol=1e-13)


@each_example
def test_a_table_sliced_before_is_the_table_sliced_after(example):
    posterior, network = drawn(example), example.network()
    members = {group.name: 1 for group in example.groups}
    family, axes = FAMILIES[example.family], network.axes("y")
    whole = family.table(posterior.values, {}, members, network.local("y"))
    for fixed in product(*((None, 0, len(network[axis].states) - 1) for axis in axes)):
        stated = {axis: state for axis, state in zip(axes, fixed, strict=True) if state is not None}
        part = family.table(posterior.values, stated, members, network.local("y"))
        expected = whole[tuple(stated.get(axis, slice(None)) for axis in axes)]
        np.testing.assert_allclose(part, expected, rtol=1e-12, err_msg=str(stated))


def test_which_tables_can_be_summed_unmade():
    assert {name for name, family in FAMILIES.items() if family.sums_itself} == {"ordinal", "sequential"}


@pytest.mark.parametrize("together", [1, 4, 10_000])
@each_example
def test_a_sum_over_an_unmade_table_is_that_over_the_table(example, together, monkeypatch):
    monkeypatch.setattr(regression, "_TOGETHER", together)
    posterior, network = drawn(example), example.network()
    members = {group.name: 1 for group in example.groups}
    family, axes = FAMILIES[example.family], network.axes("y")
    rng = np.random.default_rng(1)
    for fixed in product(*((None, 0, len(network[axis].states) - 1) for axis in axes)):
        stated = {axis: state for axis, state in zip(axes, fixed, strict=True) if state is not None}
        order = [axis for side in family.summing_order(network.local("y"), stated) for axis in side]
        assert sorted(order) == sorted(axis for axis in axes[:-1] if axis not in stated)
        weights = rng.random((*(len(network[axis].states) for axis in order), 4))
        found = family.weighted_sum(posterior.values, stated, members, network.local("y"), weights)
        free = [axis for axis in axes if axis not in stated]
        table = family.table(posterior.values, stated, members, network.local("y"))
        table = np.transpose(table, [*(free.index(axis) for axis in order), *range(len(order), table.ndim)])
        if "y" not in stated:
            weights = weights[..., None, :]
        expected = (table * weights).reshape(-1, *found.shape).sum(axis=0)
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-13, err_msg=str(stated))


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.network()["y"].parent_names], ids=str)
def test_rows_of_single_cases_are_those_of_the_table(example):
    posterior, network = drawn(example), example.network()
    local, rng = network.local("y"), np.random.default_rng(2)
    for whose in (1, TYPICAL):
        members = {group.name: whose for group in example.groups}
        whole = FAMILIES[example.family].table(posterior.values, {}, members, local)
        codes = {name: rng.integers(len(network[name].states), size=(6, 4)) for name in local.parent_names}
        for fixed in ((), local.parent_names[1:]):
            asked = codes | {name: int(codes[name][0, 0]) for name in fixed}
            found = FAMILIES[example.family].rows(posterior.values, asked, members, local)
            places = tuple(np.broadcast_to(asked[name], (6, 4)) for name in local.parent_names)
            expected = np.moveaxis(whole[(*places, slice(None), np.arange(4))], -1, 0)
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


@each_example
def test_log_prob_is_the_log_of_the_table(example):
    posterior, network = drawn(example), example.network()
    codes, members = every_case(example)
    found = FAMILIES[example.family].log_prob(leading(posterior), codes, members, network.local("y"), np)
    assert found.shape == (4, len(codes))
    for row, code in enumerate(codes):
        own = {name: numbers[row] for name, numbers in members.items()}
        table = FAMILIES[example.family].table(posterior.values, {}, own, network.local("y"))
        np.testing.assert_allclose(np.exp(found[:, row]), table[tuple(code)], rtol=0, atol=1e-13)
        with np.errstate(divide="ignore"):
            np.testing.assert_allclose(found[:, row], np.log(table[tuple(code)]), rtol=1e-8, atol=1e-10)


@each_example
def test_pytensor_gives_what_numpy_gives(example):
    import pytensor.tensor as pt

    posterior, network = drawn(example, draws=1), example.network()
    codes, members = every_case(example)
    values = leading(posterior)
    family = FAMILIES[example.family]
    expected = family.log_prob(values, codes, members, network.local("y"), np)[0]
    constants = {name: pt.as_tensor(value[0]) for name, value in values.items()}
    found = family.log_prob(constants, codes, members, network.local("y"), pt).eval(mode="FAST_COMPILE")
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


# The rows of a pooled table are integrated out; test_pooled.py judges what is compiled in their place.
@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.family != "pooled_table"], ids=str)
def test_the_compiled_likelihood_counts_every_case_once(example):
    network = example.network()
    rng = np.random.default_rng(3)
    codes, members = every_case(example, members=2)
    possible = drawn(example, draws=1).table("y", **{group.name: None for group in example.groups}).values[0, 0]
    rows = rng.choice(np.flatnonzero(possible[tuple(codes.T)] > 0), 3 * len(codes))
    frame = pd.DataFrame(
        {axis: np.array(network[axis].states)[codes[rows, place]] for place, axis in enumerate(network.axes("y"))}
        | {group.column: np.array(ACTORS)[members[group.name][rows]] for group in example.groups}
    )
    cases = encode(network, frame)
    model = compiled(network, cases, find_patterns(network, cases), None, ["y"])
    posterior = drawn(example, draws=1)
    values = {name: value[0] for name, value in leading(posterior).items() if name.startswith("y.")}
    known = {
        name: value[:-1] if name in {f"y.{g.name}" for g in example.groups} else value for name, value in values.items()
    }
    spreads = {f"y.{group.name}_sd" for group in example.groups}  # the effects are given themselves
    found = model["y.likelihood"].eval(
        {
            model[name]: value
            for name, value in known.items()
            if name not in spreads and not name.endswith((".r2", ".shares"))
        },
        mode="FAST_COMPILE",
    )
    table = cache(lambda *who: posterior.table("y", **dict(zip(members, who, strict=True))).values[0, 0])
    expected = 0.0
    for row in rows:
        own = table(*(ACTORS[numbers[row]] for numbers in members.values()))
        expected += np.log(own[tuple(codes[row])])
    assert found == pytest.approx(expected, rel=1e-10)
    named = {variable.name for variable in model.unobserved_RVs}
    assert {parameter.name for parameter in network_parameters(network, ["y"])} <= named


@each_example
@pytest.mark.parametrize("far", [1.0, 400.0])
def test_moved_effects_give_the_log_probability_of_their_own(example, far):
    """What is worked out once for all effects of members agrees with what is worked out for each, far out too."""
    network, posterior = example.network(), drawn(example)
    codes, members = every_case(example, members=2)
    values, local, family = leading(posterior), network.local("y"), network.family("y")
    moving = family.log_prob_of_moves(values, codes, members, local)
    rng = np.random.default_rng(3)
    for group in [None, *example.groups]:
        name = f"y.{group.name}" if group else ""
        effects = {name: far * rng.normal(size=values[name].shape)} if group else {}
        expected = family.log_prob({**values, **effects}, codes, members, local, np)
        np.testing.assert_allclose(moving(effects), np.broadcast_to(expected, moving(effects).shape), rtol=1e-9)


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.arrows], ids=str)
def test_a_missing_parent_is_summed_out(example):
    network, posterior = example.network(), drawn(example)
    missing, *known = network.axes("y")
    codes, members = every_case(example, members=2)
    frame = pd.DataFrame(
        {axis: np.array(network[axis].states)[codes[:, place + 1]] for place, axis in enumerate(known)}
        | {group.column: np.array(ACTORS)[members[group.name]] for group in example.groups}
    )
    coded = encode(network, frame, unobserved=[missing])
    found = log_likelihood(network, find_patterns(network, coded), leading(posterior))
    groups = [group.name for group in example.groups]
    table = cache(lambda name, *who: posterior.table(name, **dict(zip(groups, who, strict=False))))
    prior = table(missing)
    for row, case in enumerate(frame.to_dict("records")):
        own = table("y", *(case[group.column] for group in example.groups))
        cell = (own.sel({axis: case[axis] for axis in known}) * prior).sum(missing)
        others = sum(np.log(table(axis).sel({axis: case[axis]})) for axis in known[:-1])
        if float(cell.max()) == 0:  # more members act than there can be
            assert np.all(found[:, row] == -np.inf)
            continue
        np.testing.assert_allclose(found[:, row], np.ravel(np.log(cell) + others), rtol=1e-10, atol=1e-12)


@each_example
def test_parameters_are_drawn_from_their_priors(example):
    network = example.network()
    posterior = drawn(example, draws=2000)
    for parameter in network_parameters(network, ["y"]):
        draws = posterior.draws[parameter.name]
        assert draws.dims == ("chain", "draw", *parameter.dims)
        numbers = dict(parameter.default.resolved(parameter.states(parameter_coords(network))))
        scale = learned_scale_by_hand(example, posterior, parameter.name)
        cells = (draws.values[0] / scale.reshape(-1, *(1 for _ in parameter.dims))).reshape(2000, -1)
        for place, cell in enumerate(cells.T):
            judge = margin(parameter, numbers, draws.shape[2:], place)
            assert kstest(cell, judge.cdf).pvalue > 1e-4, (parameter.name, place)


def learned_scale_by_hand(example, posterior, name):
    """What effects are multiplied by: the formula, with the variances that effects have in draws without the option."""
    parents = [arrow.parent for arrow in example.arrows if arrow.term != "none"]
    parent = name.split(".")[1]
    real = name.count(".") == 1 or name.endswith(".bend")
    if example.options != SHRUNK or not (real and parent in parents):
        return np.ones(2000)
    plain = drawn(replace(example, options=()), draws=_OF_VARIANCE)
    arrow = next(arrow for arrow in example.arrows if arrow.parent == parent)
    if example.family == "softmax":  # the difference of two states' scores is what has logistic noise
        effects = plain.draws[f"y.{parent}"].values[0]
        variance = (effects[..., 0] - effects[..., 1]).var(axis=-1).mean()
    else:
        variance = np.mean([effect_by_hand(plain, arrow, draw).var(axis=-1).mean() for draw in range(_OF_VARIANCE)])
    r2 = posterior.draws["y.r2"].values[0]
    share = posterior.draws["y.shares"].sel(y_parent=parent).values[0] if len(parents) > 1 else 1.0
    return np.sqrt(math.pi**2 / 3 * r2 / (1 - r2) * share / variance)


def margin(parameter, numbers, shape, place):
    """Distribution of one cell of a parameter under its default prior."""
    name = parameter.default.distribution
    if name == "dirichlet":
        alpha = np.broadcast_to(numbers["alpha"], shape[-1:])
        return beta(alpha[place % len(alpha)], alpha.sum() - alpha[place % len(alpha)])
    if name == "confusion":
        *_, true, said = np.unravel_index(place, shape)
        weights = [numbers[("right", "near", "far")[min(abs(true - state), 2)]] for state in range(shape[-1])]
        return beta(weights[said], sum(weights) - weights[said])
    if name == "normal":
        # Centring along an axis of n takes one part in n of the variance away.
        kept = np.prod([1 - 1 / n for n in shape[len(shape) - parameter.zero_sum :]])
        return norm(numbers["mu"], numbers["sigma"] * np.sqrt(kept))
    if name == "lognormal":
        return lognorm(numbers["sigma"], scale=np.exp(numbers["mu"]))
    if name == "beta":
        return beta(numbers["alpha"], numbers["beta"])
    return {"half_normal": halfnorm}[name](scale=numbers["sigma"])


#: One node of each family, whose parameters a fit finds again in cases made from them.
RECOVERED = (
    Example("table", (Arrow("kind"), Arrow("count"))),
    Example("confusion", (Arrow("pair"), Arrow("kind")), states=("x", "y", "z")),
    Example("pooled_table", (Arrow("kind"), Arrow("count"))),
    Example("softmax", (Arrow("grade"), Arrow("kind"))),
    Example("softmax", (Arrow("grade", term="monotone"), Arrow("count", term="log", by="kind"), Arrow("kind"))),
    Example("ordinal", (Arrow("kind"), Arrow("count", term="log", by="kind")), (ACTOR,)),
    Example("sequential", (Arrow("kind"), Arrow("count", term="log"), Arrow("grade"))),
    Example("noisy_or", (Arrow("pair"), Arrow("grade"), Arrow("count")), states=("off", "on")),
    Example("noisy_max", (Arrow("pair"), Arrow("count"))),
    Example("at_least", (Arrow("kind"), Arrow("count")), states=NO_YES, options=(*MEMBERS, ("at_least", 2))),
)


def test_every_family_is_recovered():
    # test_collective.py fits a `headcount` and integrates it; the others are `at_least` with another m.
    assert {example.family for example in RECOVERED} | {"headcount", "any_of", "all_of"} == set(FAMILIES)


def simulated(example, truth, rows, seed):
    """Cases of `y` made from the first draw of `truth`, their parents and members at random."""
    network, rng = example.network(), np.random.default_rng(seed)
    parents = network.axes("y")[:-1]
    states = {name: rng.integers(0, len(network[name].states), rows) for name in parents}
    who = rng.integers(0, len(ACTORS), rows)
    tables = [truth.table("y", **{g.name: actor for g in example.groups}).values[0, 0] for actor in ACTORS]
    p = np.array([tables[w][tuple(states[name][row] for name in parents)] for row, w in enumerate(who)])
    y = (rng.random((rows, 1)) > np.cumsum(p, axis=1)).sum(axis=1)
    columns = {name: np.array(network[name].states)[codes] for name, codes in states.items()}
    return pd.DataFrame({**columns, "y": np.array(network["y"].states)[y], "who": np.array(ACTORS)[who]})


@pytest.mark.slow
@pytest.mark.parametrize("example", RECOVERED, ids=str)
def test_a_fit_finds_the_parameters_that_made_the_cases(example):
    truth = drawn(example, draws=400)
    frame = simulated(example, truth, rows=4000, seed=17)
    how = {"draws": 250, "tune": 500, "chains": 2, "thin": 1, "target_accept": 0.9}
    posterior = fit(example.network(), frame, seed=3, **how)
    if "sample_stats" in posterior.tree:
        assert int(posterior.tree["sample_stats"]["diverging"].sum()) == 0
    members = {group.name: "USA" for group in example.groups}
    before = truth.table("y", **members).values[0]
    after = posterior.table("y", **members).values.reshape(500, *before.shape[1:])
    can = np.abs(before[0] - 0.5) < 0.5 - 1e-12  # what the count forbids, or makes certain, is no estimate
    np.testing.assert_allclose(after[:, ~can], np.broadcast_to(before[0][~can], after[:, ~can].shape), atol=1e-14)
    before, after = before[:, can], after[:, can]
    off = (after.mean(axis=0) - before[0]) / after.std(axis=0)
    assert np.abs(off).max() < 4
    assert np.sqrt(np.mean(off**2)) < 1.7
    assert np.median(after.std(axis=0) / before.std(axis=0)) < 0.25


def at(posterior, name, draw=0):
    return posterior.draws[name].values[0, draw]


def effect_by_hand(posterior, arrow, draw=0):
    """Effects of one arrow, dims ([by,] parent), each term by its own loop."""
    parent = next(node for node in PARENTS if node.name == arrow.parent)
    size = len(parent.states)
    term = arrow.term or ("monotone" if parent.ordered else "nominal")
    if term == "none":
        sizes = {node.name: len(node.states) for node in PARENTS}
        return np.zeros((sizes[arrow.by], size) if arrow.by else size)
    main = np.atleast_1d(at(posterior, f"y.{arrow.parent}", draw))
    if term == "nominal":
        return at(posterior, f"y.{arrow.parent}", draw)
    if term == "inverted_u":
        bends = np.atleast_1d(at(posterior, f"y.{arrow.parent}.bend", draw))
        rows = [
            [b * math.log(k) - c * math.log(k) ** 2 for k in parent.values] for b, c in zip(main, bends, strict=True)
        ]
        rows = np.array([[value - sum(row) / size for value in row] for row in rows])
        return rows if arrow.by else rows[0]
    if term in ("linear", "log"):
        x = [float(value) if term == "linear" else np.log(value) for value in parent.values]
        scale = [value - sum(x) / size for value in x]
    elif term == "diffusion":
        scale = [1 / k - sum(1 / other for other in parent.values) / size for k in parent.values]
    elif term == "saturating":
        rate = at(posterior, f"y.{arrow.parent}.rate", draw)
        x = [1 - math.exp(-rate * (k - 1)) for k in parent.values]
        scale = [value - sum(x) / size for value in x]
    else:
        # Buerkner and Charpentier (2020), equation 4, with D dropped: mo(k) = sum of the first k shares.
        shares = at(posterior, f"y.{arrow.parent}.steps", draw) if size > 2 else [1.0]
        reached = []
        for state in range(size):
            total = 0.0
            for step in range(state):
                total += shares[step]
            reached.append(total)
        scale = [value - sum(reached) / size for value in reached]
    rows = np.array([[slope * value for value in scale] for slope in main])
    return rows if arrow.by else rows[0]


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.family == "ordinal"], ids=str)
@pytest.mark.parametrize("actor", [*ACTORS, "(new)"])
def test_ordinal_is_the_cumulative_logit(example, actor):
    posterior, network = drawn(example), example.network()
    members = {group.name: actor for group in example.groups}
    axes = network.axes("y")
    for draw in range(2):
        cuts = logit(np.cumsum(at(posterior, "y.baseline", draw))[:-1])
        effects = [effect_by_hand(posterior, arrow, draw) for arrow in example.arrows]
        table = posterior.table("y", **members).values[0, draw]
        for code in product(*(range(len(network[axis].states)) for axis in axes[:-1])):
            state = dict(zip(axes, code, strict=False))
            eta = sum(
                effect[(state[arrow.by], state[arrow.parent]) if arrow.by else state[arrow.parent]]
                for arrow, effect in zip(example.arrows, effects, strict=True)
            )
            for group in example.groups:
                known = [*ACTORS, "(new)"]
                eta += at(posterior, f"y.{group.name}", draw)[known.index(actor)]
            below = np.concatenate([[0.0], expit(cuts - eta), [1.0]])
            np.testing.assert_allclose(table[code], np.diff(below), rtol=0, atol=1e-12)


def effect_on_state(posterior, arrow, state, draw):
    """Effects of one arrow on the log-odds of one state of `y`: those of a posterior whose slopes are of that state."""
    names = [f"y.{arrow.parent}", f"y.{arrow.parent}.bend"]
    own = {name: posterior.draws[name].isel(y=state, drop=True) for name in names if name in posterior.draws}
    draws = posterior.draws.drop_vars(list(own)).assign(own)
    one = Posterior(posterior.network, xr.DataTree.from_dict({"posterior": draws}))
    return effect_by_hand(one, replace(arrow, term=arrow.term or "nominal"), draw)


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.family == "softmax"], ids=str)
def test_softmax_is_the_multinomial_logit(example):
    posterior, network = drawn(example), example.network()
    table, axes = posterior.table("y").values[0], network.axes("y")[:-1]
    for draw in range(4):
        effects = [
            [effect_on_state(posterior, arrow, number, draw) for number in range(len(example.states))]
            for arrow in example.arrows
        ]
        for code in product(*(range(len(network[axis].states)) for axis in axes)):
            state = dict(zip(axes, code, strict=True))
            score = np.log(at(posterior, "y.baseline", draw))
            for arrow, own in zip(example.arrows, effects, strict=True):
                where = (state[arrow.by], state[arrow.parent]) if arrow.by else state[arrow.parent]
                score = score + np.array([effect[where] for effect in own])
            np.testing.assert_allclose(table[draw][code], softmax(score), rtol=0, atol=1e-13)


def test_a_term_of_softmax_has_a_slope_for_each_state_and_no_term_a_matrix():
    arrows = (
        Arrow("kind"),
        Arrow("grade", term="monotone", by="pair"),
        Arrow("pair"),
        Arrow("count", term="saturating"),
    )
    found = {p.name: (p.dims, p.zero_sum) for p in network_parameters(Example("softmax", arrows).network(), ["y"])}
    assert found == {
        "y.baseline": (("y",), 0),
        "y.kind": (("kind", "y"), 2),
        "y.grade": (("pair", "y"), 1),
        "y.grade.steps": (("grade_step",), 0),
        "y.pair": (("pair", "y"), 2),
        "y.count": (("y",), 1),
        "y.count.rate": ((), 0),
    }


def test_of_two_states_softmax_is_the_logit_of_twice_the_slope():
    """Slopes of the two states are opposite: their difference is that of the logit."""
    example = Example("softmax", (Arrow("count", term="log"), Arrow("grade", term="monotone")), states=("no", "yes"))
    posterior, network = drawn(example), example.network()
    ordinal = Example("ordinal", example.arrows, states=example.states).network()
    slopes = {f"y.{name}": posterior.values[f"y.{name}"] for name in ("count", "grade")}
    values = {**posterior.values, **{name: value[1] - value[0] for name, value in slopes.items()}}
    expected = FAMILIES["ordinal"].table(values, {}, {}, ordinal.local("y"))
    found = FAMILIES["softmax"].table(posterior.values, {}, {}, network.local("y"))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.family in WITH_BASELINE], ids=str)
def test_without_effects_every_row_is_the_baseline(example):
    posterior, network = drawn(example), example.network()
    kept = (".baseline", ".steps", ".rate", ".table", ".r2", ".shares")
    steps = {name for name in posterior.values if name.endswith(kept)}
    values = {name: value if name in steps else 0 * value for name, value in posterior.values.items()}
    members = {group.name: 0 for group in example.groups}
    table = FAMILIES[example.family].table(values, {}, members, network.local("y"))
    expected = np.broadcast_to(posterior.values["y.baseline"], table.shape)
    np.testing.assert_allclose(table, expected, rtol=0, atol=1e-13)


def test_a_positive_effect_raises_ordered_states():
    network = Example("ordinal", (Arrow("count", term="linear"),)).network()
    values = {"y.baseline": np.full((3, 1), 1 / 3), "y.count": np.array([0.8])}
    table = FAMILIES["ordinal"].table(values, {}, {}, network.local("y"))[..., 0]
    mean = table @ np.arange(3)
    assert np.all(np.diff(mean) > 0)


@pytest.mark.parametrize("shift", [-300.0, -40.0, 40.0, 300.0])
def test_log_prob_keeps_its_digits_far_out(shift):
    network = Example("ordinal", (Arrow("pair", term="linear"),)).network()
    values = {"y.baseline": np.array([[0.2, 0.3, 0.5]]), "y.pair": np.array([2 * shift])}
    codes = np.array([[1, 0], [1, 2]])
    found = FAMILIES["ordinal"].log_prob(values, codes, {}, network.local("y"), np)[0]
    expected = [log_expit(logit(0.2) - shift), log_expit(shift - logit(0.5))]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


def test_a_parent_of_one_state_has_no_effect():
    lone = Node("lone", ("only",), ordered=True)
    node = Node("y", ("a", "b"), (Arrow("lone"),), family="ordinal", ordered=True)
    posterior = prior_draws(Network((lone, node)), seed=1, draws=3)
    np.testing.assert_allclose(posterior.table("y").values[0, :, 0], posterior.draws["y.baseline"].values[0])


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.arrows and e.family in WITH_BASELINE], ids=str)
def test_effects_of_a_parent_are_centred(example):
    posterior = drawn(example)
    for arrow in example.arrows:
        if example.family == "softmax":
            effect = np.stack([effect_on_state(posterior, arrow, state, 0) for state in range(len(example.states))])
            np.testing.assert_allclose(effect.sum(axis=0), 0, atol=1e-12)
        else:
            effect = effect_by_hand(posterior, arrow)
        np.testing.assert_allclose(effect.sum(axis=-1), 0, atol=1e-12)


@pytest.mark.parametrize("states", [2, 3, 5])
def test_a_sum_over_parents_is_the_weighted_table(states):
    """Small probabilities included: the sum is one of products, judged by scipy's logistic, cell by cell."""
    from scipy.special import expit

    from servanda.models.families.kernels import sum_states

    rng = np.random.default_rng(states)
    weights = rng.random((4, 5, 6))
    far, near = rng.normal(0, 3, (4, 6)), rng.normal(12, 3, (5, 6))
    cuts = np.sort(rng.normal(0, 2, (states - 1, 6)), axis=0)
    eta = (far[:, None] + near[None])[None]
    above = np.concatenate([np.ones((1, 4, 5, 6)), expit(eta - cuts[:, None, None]), np.zeros((1, 4, 5, 6))])
    expected = (weights * (above[:-1] - above[1:])).sum(axis=(1, 2))
    found = sum_states(weights, np.exp(-far), np.exp(-near), np.exp(cuts))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-13)
    lowest = (weights * expit(cuts[:1, None] - eta[0])).sum(axis=(0, 1))  # no difference is taken here
    np.testing.assert_allclose(found[0], lowest, rtol=1e-12)
