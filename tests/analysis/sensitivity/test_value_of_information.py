"""What news would do to an answer, against enumeration draw by draw and closed forms of SciPy."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from servanda.analysis import chance_of, explained_share, suppose
from servanda.analysis.sensitivity import value_of_information as module
from servanda.analysis.sensitivity.value_of_information import value_of_information
from servanda.models import Arrow, Group, Network, Node, Posterior, QueryError
from servanda.models.sampling.prior_draws import prior_draws

from ..conftest import FLAT

PROMISE = Network(
    (
        Node("cost", ("low", "high")),
        Node("era", ("old", "mid", "new")),
        Node("backers", ("few", "many"), (Arrow("era"),)),
        Node("watch", ("none", "some", "close"), (Arrow("backers"),)),
        Node("kept", ("no", "part", "yes"), (Arrow("cost"), Arrow("era"), Arrow("backers"), Arrow("watch"))),
    ),
    name="promise",
)


def random_posterior(seed: int, draws: int = 12) -> Posterior:
    rng = np.random.default_rng(seed)
    tables = {
        name: xr.DataArray(
            rng.dirichlet(np.full(PROMISE.shape(name)[-1], 0.7), (2, draws // 2, *PROMISE.shape(name)[:-1])),
            dims=("chain", "draw", *PROMISE.axes(name)),
        )
        for name in PROMISE.names
    }
    return Posterior.from_tables(PROMISE, tables)


def joint(posterior: Posterior, draw: tuple[int, int], do: dict[str, str]) -> dict[tuple[str, ...], float]:
    """Probability of every joint state in one draw, by the chain rule, with what is done cut off from its parents."""
    tables = {name: posterior.draws[f"{name}.table"].values[draw] for name in PROMISE.names}
    found = {}
    for states in product(*(node.states for node in PROMISE.nodes)):
        case, p = dict(zip(PROMISE.names, states, strict=True)), 1.0
        for name in PROMISE.names:
            cell = tuple(PROMISE[axis].index(case[axis]) for axis in PROMISE.axes(name))
            p *= case[name] == do[name] if name in do else tables[name][cell]
        found[states] = p
    return found


def share(worlds: dict[tuple[str, ...], float], **states: str) -> float:
    places = {PROMISE.names.index(name): state for name, state in states.items()}
    return sum(p for world, p in worlds.items() if all(world[at] == state for at, state in places.items()))


def every_draw(posterior: Posterior) -> list[tuple[int, int]]:
    return [*product(range(posterior.sizes["chain"]), range(posterior.sizes["draw"]))]


@pytest.mark.parametrize("seed", [1, 2])
def test_news_of_a_node_equals_enumeration_world_by_world(seed: int) -> None:
    posterior = random_posterior(seed)
    asked = chance_of("kept", ["part", "yes"], given={"cost": "high"}, do={"backers": "many"})
    found = value_of_information(posterior, asked, seed=1)
    worlds = [joint(posterior, draw, {"backers": "many"}) for draw in every_draw(posterior)]
    cost = [share(one, cost="high") for one in worlds]
    before = np.mean(
        [sum(share(one, cost="high", kept=k) for k in ("part", "yes")) / c for one, c in zip(worlds, cost, strict=True)]
    )
    assert found.mean == pytest.approx(before)
    assert {news.node for news in found.nodes} == {"era", "watch"}
    for news in found.nodes:
        moves = 0.0
        for seen in news.states:
            state = {news.node: seen.state}
            chances = [share(one, cost="high", **state) / c for one, c in zip(worlds, cost, strict=True)]
            both = [
                sum(share(one, cost="high", kept=k, **state) for k in ("part", "yes")) / c
                for one, c in zip(worlds, cost, strict=True)
            ]
            assert seen.probability == pytest.approx(np.mean(chances))
            assert seen.answer == pytest.approx(np.mean(both) / np.mean(chances))
            moves += np.mean(chances) * abs(np.mean(both) / np.mean(chances) - before)
        assert news.expected_move == pytest.approx(moves)
        # News cannot be expected to move the answer one way.
        assert sum(seen.probability * seen.answer for seen in news.states) == pytest.approx(before)
    assert [news.expected_move for news in found.nodes] == sorted(
        (news.expected_move for news in found.nodes), reverse=True
    )


def test_news_of_a_change_leaves_out_what_the_change_itself_moves() -> None:
    posterior = random_posterior(3)
    asked = chance_of("kept", "yes", {"era": "new"}, {"backers": "many"}, against={"backers": "few"})
    found = value_of_information(posterior, asked, seed=1)
    assert found.moved == ("watch",)
    (news,) = found.nodes
    assert news.node == "cost"
    sides = {do: [joint(posterior, draw, {"backers": do}) for draw in every_draw(posterior)] for do in ("many", "few")}
    for seen in news.states:
        after = {
            do: np.mean([share(w, era="new", cost=seen.state, kept="yes") / share(w, era="new") for w in worlds])
            / np.mean([share(w, era="new", cost=seen.state) / share(w, era="new") for w in worlds])
            for do, worlds in sides.items()
        }
        assert seen.answer == pytest.approx(after["many"] - after["few"])
    assert sum(seen.probability * seen.answer for seen in news.states) == pytest.approx(found.mean)
    assert [(case.cases, case.do["backers"]) for case in found.cases] == [
        (number, do) for do in ("many", "few") for number in (1, 5, 20)
    ]


def test_more_cases_equal_enumeration_case_by_case() -> None:
    posterior = random_posterior(5)
    asked = chance_of("kept", "yes", {"era": "old"}, {"backers": "few"})
    found = value_of_information(posterior, asked, seed=1, more=[1, 3])
    worlds = [joint(posterior, draw, {"backers": "few"}) for draw in every_draw(posterior)]
    states = PROMISE["kept"].states
    shares = np.array([[share(w, era="old", kept=k) / share(w, era="old") for k in states] for w in worlds])
    p = shares[:, 2]
    for case in found.cases:
        move = effective = 0.0
        for outcome in product(range(3), repeat=case.cases):
            weight = shares[:, outcome].prod(axis=1)
            move += weight.mean() * abs(weight @ p / weight.sum() - p.mean())
            effective += weight.mean() * weight.sum() ** 2 / (weight @ weight)
        assert case.exact
        assert case.expected_move == pytest.approx(move)
        assert case.effective == pytest.approx(effective)


def test_more_cases_of_a_share_agree_with_beta_and_binomial(keeping: Posterior) -> None:
    """Four of ten kept under a flat prior: Beta(5, 7), and further cases are beta-binomial."""
    a, b = 5, 7
    found = value_of_information(keeping, chance_of("kept", "yes", {"backers": "few"}), seed=1, more=[1, 5, 20])
    assert found.nodes == ()
    assert found.width == pytest.approx(np.ptp(stats.beta(a, b).ppf([0.05, 0.95])), abs=0.01)
    for case in found.cases:
        kept = np.arange(case.cases + 1)
        chance = stats.betabinom(case.cases, a, b).pmf(kept)
        moves = np.abs((a + kept) / (a + b + case.cases) - a / (a + b))
        widths = [np.ptp(stats.beta(a + k, b + case.cases - k).ppf([0.05, 0.95])) for k in kept]
        assert case.expected_move == pytest.approx(chance @ moves, abs=0.003)
        assert case.width == pytest.approx(chance @ widths, abs=0.01)


def test_simulated_cases_agree_with_all_ways(keeping: Posterior, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = chance_of("kept", "yes", {"backers": "few"})
    (exact,) = value_of_information(keeping, asked, seed=1, more=[6]).cases
    monkeypatch.setattr(module, "MOST_WAYS", 3)
    (simulated,) = value_of_information(keeping, asked, seed=1, more=[6]).cases
    assert (exact.exact, simulated.exact) == (True, False)
    assert simulated.expected_move == pytest.approx(exact.expected_move, rel=0.1)
    assert simulated.width == pytest.approx(exact.width, rel=0.05)
    assert value_of_information(keeping, asked, seed=1, more=[6]).cases == (simulated,)
    assert value_of_information(keeping, asked, seed=2, more=[6]).cases != (simulated,)


def test_a_further_case_stands_under_another_guarantee() -> None:
    network = Network(
        (
            Node(
                "kept",
                ("no", "yes"),
                (),
                "ordinal",
                ordered=True,
                groups=(Group("actor", "obligor"), Group("guarantee", "text")),
            ),
        )
    )
    prior = prior_draws(network, seed=1, draws=100, levels={"actor": ("USA",), "guarantee": ("old",)})
    asked = chance_of("kept", "yes", actor="USA")
    told = suppose(prior, {"kept": "no"}, seed=1, actor="USA")
    (case,) = value_of_information(told, asked, seed=1, more=[1]).cases
    # What the supposed case told of its own guarantee holds of the answer, not of a case under another.
    p = asked.draws(told).values.ravel()
    plain = replace(told, tree=xr.DataTree.from_dict({"posterior": told.draws.drop_vars("kept.unseen_weight")}))
    q = asked.draws(plain).values.ravel()
    assert np.abs(p - q).max() > 0.01
    move = sum(w.mean() * abs(w @ p / w.sum() - p.mean()) for w in (q, 1 - q))
    assert case.expected_move == pytest.approx(move, rel=1e-6)


def test_states_that_cannot_be_seen_are_left_out_and_tables_say_the_rest() -> None:
    network = Network((Node("rain", ("no", "yes", "never")), Node("wet", ("no", "yes"), (Arrow("rain"),))))
    tables = {
        "rain": xr.DataArray([0.75, 0.25, 0.0], dims="rain"),
        "wet": xr.DataArray([[0.9, 0.1], [0.1, 0.9], [0.5, 0.5]], dims=("rain", "wet")),
    }
    found = value_of_information(Posterior.from_tables(network, tables), chance_of("wet", "yes"), seed=1)
    assert found.table.round(2).values.tolist() == [
        ["rain", "no", 0.75, 0.3, 0.1, -0.2],
        ["rain", "yes", 0.25, 0.3, 0.9, 0.6],
    ]
    assert found.nodes[0].expected_move == pytest.approx(0.3)
    # One draw has nothing left to learn.
    assert found.cases_table["expected_move"].tolist() == [0, 0, 0]
    assert found.cases_table["do"].tolist() == ["nothing set"] * 3
    assert "0.25" in str(found)


def test_a_latent_node_is_never_seen() -> None:
    network = Network((Node("will", ("weak", "strong"), latent=True), Node("kept", ("no", "yes"), (Arrow("will"),))))
    prior = prior_draws(network, FLAT, seed=1, draws=20)
    assert value_of_information(prior, chance_of("kept", "yes"), seed=1).nodes == ()


def test_faults_are_listed(keeping: Posterior) -> None:
    with pytest.raises(QueryError, match="'maybe'"):
        value_of_information(keeping, chance_of("kept", "maybe"), seed=1)
    with pytest.raises(QueryError, match="more: is 0; give 1 or more further cases"):
        value_of_information(keeping, chance_of("kept", "yes"), seed=1, more=[0, 1])
    shrunk = Network(
        (
            Node("era", ("old", "new")),
            Node("kept", ("no", "yes"), (Arrow("era"),), "ordinal", ordered=True, options=(("shrinkage", True),)),
        )
    )
    with pytest.raises(QueryError, match="asked: is a share of the variation; ask for a probability"):
        value_of_information(prior_draws(shrunk, seed=1, draws=10), explained_share("kept"), seed=1)
