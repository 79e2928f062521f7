"""Orders of elimination, against every order there is and against greedy search written plainly."""

from __future__ import annotations

import math
from itertools import combinations, permutations

import numpy as np
import pytest

from servanda.models.inference.elimination import elimination_order


def cost(order, scopes, sizes):
    """Cells of every table made on the way, summing out one axis after another."""
    tables, total = [set(scope) for scope in scopes], 0
    for axis in order:
        joined = set().union(*(table for table in tables if axis in table))
        total += math.prod(sizes[name] for name in joined)
        tables = [table for table in tables if axis not in table] + [joined - {axis}]
    return total


def links(axis, tables):
    """Neighbours of an axis, and the pairs of them that no table holds yet."""
    near = set().union(*(table for table in tables if axis in table)) - {axis}
    missing = [pair for pair in combinations(sorted(near), 2) if not any(set(pair) <= table for table in tables)]
    return near, missing


#: Cost of summing out an axis next, from its neighbours, the missing pairs and the numbers of states.
GREEDY = {
    "weight": lambda near, missing, n: sum(math.log(n[a]) for a in near),
    "fill": lambda near, missing, n: len(missing),
    "weighted fill": lambda near, missing, n: sum(n[a] * n[b] for a, b in missing),
    "log fill": lambda near, missing, n: sum(math.log(n[a] * n[b]) for a, b in missing),
}


def greedy(measure, scopes, sizes, kept):
    """Look at all axes before each step; of equal ones the smallest is taken, then the first to be named."""
    tables, order = [set(scope) for scope in scopes], []
    waiting = [axis for axis in dict.fromkeys(axis for scope in scopes for axis in scope) if axis not in kept]
    first = {axis: place for place, axis in enumerate(waiting)}
    while waiting:
        axis = min(waiting, key=lambda a: (round(measure(*links(a, tables), sizes), 9), sizes[a], first[a]))
        waiting.remove(axis)
        order.append(axis)
        near, _ = links(axis, tables)
        tables = [table for table in tables if axis not in table] + [near]
    return order


def drawn(seed, count, width=3):
    """Scopes as of a random network: each axis with up to three before it."""
    rng = np.random.default_rng(seed)
    names = [f"v{place}" for place in range(count)]
    sizes = {name: int(rng.choice([2, 3, 5, 7])) for name in names}
    scopes = []
    for place, name in enumerate(names):
        above = rng.permutation(place)[: rng.integers(0, width + 1)]
        scopes.append((*(names[number] for number in sorted(above)), name))
    return scopes, sizes


@pytest.mark.parametrize("seed", range(30))
def test_the_cheapest_of_the_greedy_orders_is_taken(seed):
    scopes, sizes = drawn(seed, 12)
    kept = ["v3", "v8"] if seed % 2 else []
    found = elimination_order(scopes, sizes, kept)
    assert sorted(found) == sorted(name for name in sizes if name not in kept)
    costs = [cost(greedy(measure, scopes, sizes, kept), scopes, sizes) for measure in GREEDY.values()]
    assert cost(found, scopes, sizes) == pytest.approx(min(costs))


@pytest.mark.parametrize(
    ("count", "seed", "name"), [(14, 0, "weight"), (18, 192, "fill"), (14, 14, "weighted fill"), (14, 42, "log fill")]
)
def test_each_measure_is_the_best_somewhere(count, seed, name):
    """Networks on which one measure alone finds the cheapest order of the four."""
    scopes, sizes = drawn(seed, count)
    costs = {own: cost(greedy(measure, scopes, sizes, ()), scopes, sizes) for own, measure in GREEDY.items()}
    assert sorted(costs, key=costs.get)[0] == name
    assert sorted(costs.values())[1] > costs[name]
    assert cost(elimination_order(scopes, sizes), scopes, sizes) == costs[name]


@pytest.mark.parametrize("seed", range(12))
def test_small_networks_cost_little_more_than_the_best_of_all_orders(seed):
    scopes, sizes = drawn(100 + seed, 6, width=2)
    best = min(cost(order, scopes, sizes) for order in permutations(sizes))
    assert cost(elimination_order(scopes, sizes), scopes, sizes) <= 1.2 * best


def test_a_tree_is_taken_from_its_leaves():
    """No leaf joins tables, so that nothing larger than a pair is ever made; the hub first would join them all."""
    leaves = [f"leaf{number}" for number in range(8)]
    sizes = {"hub": 4, **dict.fromkeys(leaves, 3)}
    found = elimination_order([("hub",), *(("hub", leaf) for leaf in leaves)], sizes)
    assert found.index("hub") >= 7
    assert cost(found, [("hub", leaf) for leaf in leaves], sizes) <= 8 * 12 + 4
