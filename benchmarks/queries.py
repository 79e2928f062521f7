"""Servanda beside pgmpy, pyAgrum and the memory bus, in one run: times, ratios, and whether all agree.

    python benchmarks/queries.py                           # everything
    python benchmarks/queries.py --only guarantee marginals
    python benchmarks/queries.py --only jax --draws 1000000
    python benchmarks/queries.py --weekly --store          # fewer repetitions, kept in measured.json

Times are medians of several repetitions, in which the rivals take turns so that what else the machine does falls on
all of them. The loops over draws are timed on some of the draws and scaled by their number: what one draw takes does
not depend on how many there are. Exit status 1 if any two answers differ by more than 1e-9, or by more than 1e-6 where
an unseen guarantee is integrated out.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from peers import PgmpyNet, PyAgrumNet, example, in_states, possible_evidence, pyagrum_net, tables_of
from scale import exponent
from stored import busy, store

from servanda.analysis import marginals, probability
from servanda.models import Arrow, CapacityError, Network, Node, Posterior, load_network
from servanda.models.inference.question import Form, relevant
from servanda.models.sampling.prior_draws import prior_draws
from servanda.priors import load_prior

SEED = 1
TOLERANCE = 1e-9
#: Where the members of a group that the data does not hold are integrated out, which is done to so much.
INTEGRATED = 1e-6
ACTORS = ("USA", "PRK", "IRN", "RUS", "CHN")
GIVEN = {
    "role": "guarantor",
    "era": "after_1991",
    "obligation": "restrain",
    "regime": "democracy",
    "price": "words",
    "forces_there": "yes",
    "past_defections": "1-2",
}
DO = {"guarantors": "5"}
TARGET = "compliance"
REPOSITORY = ("child", "alarm", "insurance", "win95pts", "hailfinder", "hepar2")
#: How closely the draws of a table keep to the file's: the sum of the parameters of each row's Dirichlet.
CONCENTRATION = 50.0
#: Options of a run that takes minutes on a busy machine.
WEEKLY: Mapping[str, Any] = {
    "only": ["guarantee", "marginals", "open", "growth"],
    "networks": ["child", "alarm", "hepar2"],
    "sets": 2,
    "rows": 1000,
    "loop": 100,
    "whole": 2,
    "repeats": 3,
}
#: Bytes that are read in turn, so that none is still in a cache when its turn comes again.
BEYOND_CACHE = 512 * 2**20
Work = Callable[[], Any]


@dataclass(frozen=True)
class Times:
    """Seconds of one rival."""

    median: float
    best: float


def timed(work: Work) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def side_by_side(rivals: Mapping[str, Work], repeats: int) -> dict[str, Times]:
    """Let the rivals take turns, after one round that does not count."""
    for work in rivals.values():
        work()
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(repeats):
        for name, work in rivals.items():
            seconds[name].append(timed(work))
    return {name: Times(float(np.median(one)), min(one)) for name, one in seconds.items()}


def agree(what: str, ours: np.ndarray, theirs: np.ndarray, tolerance: float = TOLERANCE) -> bool:
    worst = float(np.abs(ours - theirs).max())
    fine = worst <= tolerance
    print(f"  {what}: largest difference {worst:.1e}{'' if fine else '  DIFFERS'}")
    return fine


def keep(options: argparse.Namespace, section: str, what: str, **numbers: Any) -> None:
    """Keep a row of figures for `--store`; seconds, and ratios to them."""
    options.found.setdefault(section, []).append({"what": what, **numbers})


def load() -> str:
    return "load " + " ".join(f"{number:.1f}" for number in os.getloadavg())


# The shipped network ------------------------------------------------------------------------------------------------


def shipped(draws: int) -> Posterior:
    return prior_draws(
        load_network("guarantee"), load_prior("literature"), seed=SEED, draws=draws, levels={"actor": ACTORS}
    )


def asked(posterior: Posterior, **how: Any) -> np.ndarray:
    """The question as a user asks it; shape (draws, states)."""
    return probability(posterior, TARGET, GIVEN, DO, actor="USA", **how).values[0]


def first_draws(posterior: Posterior, count: int) -> Posterior:
    tree = xr.DataTree.from_dict({"posterior": posterior.draws.isel(draw=slice(count))})
    return replace(posterior, tree=tree)


def sliced(posterior: Posterior) -> Posterior:
    """What is left of the network once the question is known: tables made and sliced, everything else dropped.

    All that is known stands above the nodes that are left, so that their tables are again a network.
    """
    network, fixed = posterior.network, GIVEN | DO
    names = relevant(network, Form((TARGET,), tuple(sorted(GIVEN)), tuple(DO)))
    tables, nodes = {}, []
    for name in names:
        parents = network[name].parent_names
        known = {parent: fixed[parent] for parent in parents if parent in fixed}
        actor = {group.name: "USA" for group in network[name].groups if group.name == "actor"}
        tables[name] = posterior.table(name, known, **actor)
        free = tuple(Arrow(parent) for parent in parents if parent not in fixed)
        nodes.append(Node(name, network[name].states, free))
    return Posterior.from_tables(Network(tuple(nodes)), tables)


def mutilated(posterior: Posterior) -> tuple[dict[str, tuple[str, ...]], dict[str, np.ndarray]]:
    """Axes and tables of the whole network in which nothing points at what is done."""
    network = posterior.network
    axes = {name: (name,) if name in DO else network.axes(name) for name in network.names}
    tables = {}
    for name in network.names:
        actor = {group.name: "USA" for group in network[name].groups if group.name == "actor"}
        if name in DO:
            states = len(network[name].states)
            tables[name] = np.full((posterior.sizes["draw"], states), 1 / states)
        else:
            tables[name] = posterior.table(name, **actor).values[0]
    return axes, tables


def loop(net: PgmpyNet | PyAgrumNet, draws: int, evidence: Mapping[str, int]) -> np.ndarray:
    """Refill the tables and ask, draw by draw."""
    answers = []
    for draw in range(draws):
        net.fill(draw)
        answers.append(net.query(TARGET, evidence))
    return np.array(answers)


def rebuilt(net: Callable[[int], PgmpyNet], draws: int) -> np.ndarray:
    """Make the network anew for each draw, checks and all, and ask."""
    return np.array([net(draw).query(TARGET, {}) for draw in range(draws)])


class Reader:
    """Reads so many bytes once, from memory.

    Each processor sums its share, as each works on its share of the draws in Servanda; NumPy's sum of contiguous
    doubles keeps up with the memory of most machines. Copies are read in turn, or a cache would answer.
    """

    def __init__(self, size: int) -> None:
        self.workers = os.cpu_count() or 1
        copies = max(2, BEYOND_CACHE // size)
        self.copies = [np.array_split(np.ones(size // 8), self.workers) for _ in range(copies)]
        self.turn = 0
        self.pool = ThreadPoolExecutor(self.workers)

    def read(self) -> float:
        self.turn = (self.turn + 1) % len(self.copies)
        return sum(self.pool.map(np.sum, self.copies[self.turn]))


def guarantee(options: argparse.Namespace) -> bool:
    """The shipped network under typical evidence and an intervention."""
    posterior = shipped(options.draws)
    small = sliced(posterior)
    network, draws = small.network, options.draws
    axes = {name: network.axes(name) for name in network.names}
    sizes = {name: len(network[name].states) for name in network.names}
    tables = {name: small.table(name).values[0] for name in network.names}
    size = sum(table.nbytes for table in tables.values())
    nets = {"pgmpy": PgmpyNet(axes, sizes, tables), "pyAgrum": PyAgrumNet(axes, sizes, tables)}
    some = min(options.loop, draws)
    anew = partial(
        rebuilt, lambda draw: PgmpyNet(axes, sizes, {n: t[draw : draw + 1] for n, t in tables.items()}), some
    )
    rivals: dict[str, Work] = {
        "whole call": partial(asked, posterior),
        "tables given": partial(probability, small, TARGET),
        "bound": Reader(size).read,
        **{name: partial(loop, net, some, {}) for name, net in nets.items()},
        "pgmpy, rebuilt": anew,
    }
    print(f"guarantee, {draws:,} draws: P({TARGET} | {len(GIVEN)} given, {len(DO)} done); left of it {', '.join(axes)}")
    print(f"  pgmpy and pyAgrum get these {len(axes)} tables sliced and ready made, which favours them; {some} draws")
    print("  of theirs are timed. `tables given` asks Servanda the same of the same ready-made tables.")
    fast = {name: rivals[name] for name in ("whole call", "tables given", "bound")}
    times = side_by_side(fast, 5 * options.repeats) | side_by_side(rivals, options.repeats)
    ours, bound = times["whole call"].median, times["bound"].median
    print(f"  servanda, whole call   {1e3 * ours:10.2f} ms   best {1e3 * times['whole call'].best:.2f} (target: 20)")
    print(f"  servanda, tables given {1e3 * times['tables given'].median:10.2f} ms")
    print(f"  read {size:,} bytes  {1e3 * bound:10.2f} ms   {size / bound / 1e9:.1f} GB/s")
    print(f"  whole call / bound     {ours / bound:10.1f}      (target: at most 5)")
    print(f"  tables given / bound   {times['tables given'].median / bound:10.1f}")
    ready = f"{draws:,} draws, tables sliced and ready made"
    keep(options, "guarantee", f"Servanda, whole call, {draws:,} draws", seconds=ours, ratio=1.0)
    keep(
        options,
        "guarantee",
        "Servanda, tables given",
        seconds=(given := times["tables given"].median),
        ratio=given / ours,
    )
    keep(options, "guarantee", f"one read of {size / 1e6:.1f} MB", seconds=bound, ratio=bound / ours)
    for name, target in (("pgmpy", 1000), ("pgmpy, rebuilt", 1000), ("pyAgrum", 300)):
        whole = times[name].median * draws / some
        keep(options, "guarantee", f"{name}, {ready}", seconds=whole, ratio=whole / ours)
        print(f"  {name + ' loop':22} {1e3 * whole:10.0f} ms   {whole / ours:,.0f} times ours (target: {target:,})")
    answer = asked(posterior)
    fine = [agree(f"against {name}", answer[:some], loop(net, some, {}), INTEGRATED) for name, net in nets.items()]
    fine.append(agree("against tables given", answer, probability(small, TARGET).values[0], INTEGRATED))
    return all([*fine, whole_network(posterior, ours, options)])


def whole_network(posterior: Posterior, ours: float, options: argparse.Namespace) -> bool:
    """The same question put to the neighbours as their users would: the whole network, with evidence."""
    few = min(options.whole, options.draws)
    network = posterior.network
    axes, tables = mutilated(first_draws(posterior, few))
    sizes = {name: len(network[name].states) for name in network.names}
    evidence = {name: network[name].index(state) for name, state in (GIVEN | DO).items()}
    cells = sum(table[0].size for table in tables.values())
    print(f"  the same, the whole mutilated network ({cells:,} cells) refilled for each draw; {few} draws timed")
    fine = True
    for name, make in (("pgmpy", PgmpyNet), ("pyAgrum", PyAgrumNet)):
        net = make(axes, sizes, tables)
        times = side_by_side({name: partial(loop, net, few, evidence)}, options.repeats)
        whole = times[name].median * options.draws / few
        print(f"  {name + ' loop':22} {1e3 * whole:10.0f} ms   {whole / ours:,.0f} times ours")
        keep(options, "guarantee", f"{name}, the whole network", seconds=whole, ratio=whole / ours)
        fine &= agree(f"against {name}", asked(posterior)[:few], loop(net, few, evidence), INTEGRATED)
    return fine


# All marginals ------------------------------------------------------------------------------------------------------


def jittered(name: str, draws: int) -> tuple[Posterior, dict[str, np.ndarray]]:
    """Draws of a network's tables around those of its file, and those of the file."""
    single = example(name)
    network, tables = single.network, tables_of(single)
    rng = np.random.default_rng(SEED)
    labelled = {}
    for node, table in tables.items():
        # Gamma draws of small shape can vanish; what the file thinks possible stays so in every draw.
        cells = rng.standard_gamma(CONCENTRATION * table, (draws, *table.shape)) + 1e-9 * (table > 0)
        cells /= cells.sum(axis=-1, keepdims=True)
        labelled[node] = xr.DataArray(cells[None], dims=("chain", "draw", *network.axes(node)))
    return Posterior.from_tables(network, labelled), tables


def stacked(posterior: Posterior, given: Mapping[str, str], **how: Any) -> np.ndarray:
    """All marginals as a user asks for them, side by side; shape (draws, cells)."""
    answer = marginals(posterior, given=given, **how)
    return np.concatenate([array.values[0] for array in answer.data_vars.values()], axis=-1)


def looped(net: PyAgrumNet, draws: int, free: Sequence[str], evidence: Mapping[str, int]) -> np.ndarray:
    answers = []
    for draw in range(draws):
        net.fill(draw)
        answers.append(np.concatenate(list(net.marginals(free, evidence).values())))
    return np.array(answers)


def network_ratio(name: str, options: argparse.Namespace) -> tuple[float, bool]:
    """All marginals of one network under several sets of evidence: a line, and how many times faster."""
    posterior, tables = jittered(name, options.marginal_draws)
    network = posterior.network
    some = min(options.loop // 4, options.marginal_draws)
    part = {node: posterior.table(node).values[0, :some] for node in network.names}
    net = pyagrum_net(network, part)
    sizes = (0, *(3 for _ in range(options.sets)))
    ours = theirs = first = worst = 0.0
    for evidence in possible_evidence(network, tables, sizes, np.random.default_rng(SEED)):
        free = [node for node in network.names if node not in evidence]
        ask = partial(stacked, posterior, in_states(network, evidence))
        first += timed(ask)
        rivals: dict[str, Work] = {"ours": ask, "theirs": partial(looped, net, some, free, evidence)}
        times = side_by_side({"ours": ask}, options.repeats) | side_by_side(rivals, options.repeats)
        ours += times["ours"].median
        theirs += times["theirs"].median * options.marginal_draws / some
        worst = max(worst, float(np.abs(ask()[:some] - rivals["theirs"]()).max()))
    count, fine = len(sizes), worst <= TOLERANCE
    keep(options, "marginals", name, seconds=ours / count, pyagrum=theirs / count, ratio=theirs / ours, apart=worst)
    print(f"  {name:11} {1e3 * first / count:9.1f} {1e3 * ours / count:9.1f} {1e3 * theirs / count:10.0f}", end="")
    print(f" {theirs / ours:7.0f} {worst:9.1e}{'' if fine else '  DIFFERS'}", flush=True)
    return theirs / ours, fine


def all_marginals(options: argparse.Namespace) -> bool:
    """Every node of networks of the bnlearn repository."""
    print(
        f"all marginals, {options.marginal_draws:,} draws, means over no evidence and {options.sets} sets of 3 nodes;"
    )
    print(f"  pyAgrum refills every table for each draw; {options.loop // 4} draws are timed. `first` makes the plan.")
    print("  network      first ms   ours ms pyAgrum ms   ratio     worst   (target: 50 each, 100 on average)")
    ratios, fine = zip(*(network_ratio(name, options) for name in options.networks), strict=True)
    print(f"  geometric mean of the ratios {np.exp(np.mean(np.log(ratios))):.0f}, smallest {min(ratios):.0f}; {load()}")
    return all(fine)


# Open questions -----------------------------------------------------------------------------------------------------

#: What the cases of a table leave open, in turn.
OPEN: Mapping[str, Sequence[Sequence[str]]] = {
    "two open": (("enforcement", "monitoring"),),
    "three open": (("guarantors", "enforcement", "monitoring"),),
    "five patterns": (
        ("enforcement", "monitoring"),
        ("forces_there",),
        ("regime", "capability_change"),
        ("monitoring",),
        ("price",),
    ),
}


def open_table(posterior: Posterior, patterns: Sequence[Sequence[str]], rows: int) -> pd.DataFrame:
    """Cases in random states, which leave open what the patterns say."""
    rng = np.random.default_rng(SEED)
    columns = {n.name: rng.choice(n.states, rows) for n in posterior.network.nodes if n.name != TARGET}
    table = pd.DataFrame(columns).astype(object)
    for number, names in enumerate(patterns):
        table.loc[number :: len(patterns), list(names)] = None
    return table


def open_questions(options: argparse.Namespace) -> bool:
    """Questions that leave nodes open: tables of cases, all marginals, the whole network."""
    posterior, rows = shipped(options.draws), options.rows
    tables: dict[str, Any] = {name: open_table(posterior, patterns, rows) for name, patterns in OPEN.items()}
    tables["each row ten times"] = tables["two open"].iloc[np.arange(rows) % max(1, rows // 10)].reset_index(drop=True)
    works: dict[str, Work] = {
        f"{rows:,} cases, {name}": partial(probability, posterior, TARGET, table) for name, table in tables.items()
    }
    works |= {
        "nothing given": partial(probability, posterior, TARGET),
        "all marginals, role given": partial(marginals, posterior, given={"role": "guarantor"}),
        "all marginals, outcome given": partial(marginals, posterior, given={TARGET: "complied"}),
    }
    print(f"open questions of the shipped network, {options.draws:,} draws; {load()}")
    for name, work in works.items():
        work()
        seconds = []
        for _ in range(options.repeats):
            started = time.process_time()
            seconds.append((timed(work), time.process_time() - started))
        wall, used = np.min(seconds, axis=0)
        print(f"  {name:32} {wall:7.2f} s, {used:6.2f} CPU s", flush=True)
        keep(options, "open", name, seconds=wall, cpu=used)
    fine, few = [], first_draws(posterior, min(50, options.draws))
    for name, table in tables.items():
        some = table.iloc[:10]
        singly = [probability(few, TARGET, row.dropna().to_dict()).values[0] for _, row in some.iterrows()]
        fine.append(
            agree(f"{name}, against single cases", probability(few, TARGET, some).values[0], np.stack(singly, 1))
        )
    return all(fine)


# Growth -------------------------------------------------------------------------------------------------------------


def growth(options: argparse.Namespace, what: str, works: Mapping[int, Work], repeats: int) -> None:
    """Print times against sizes and the exponent of the power law through them."""
    # Sizes take turns, so that what else the machine does bends no line.
    together = side_by_side({str(size): work for size, work in works.items()}, repeats)
    times = {size: together[str(size)].median for size in works}
    slope_of_logs = exponent(times)
    keep(
        options, "growth", what, seconds={str(size): seconds for size, seconds in times.items()}, exponent=slope_of_logs
    )
    slope, start = np.polyfit(list(times), list(times.values()), 1)
    shown = ", ".join(f"{size:,}: {1e3 * seconds:.1f}" for size, seconds in times.items())
    print(f"  {what}, ms: {shown}")
    *_, (half, before), (full, after) = sorted(times.items())
    print(
        f"    exponent {slope_of_logs:.2f}; {full / half:g} times as many at the end cost {after / before:.2f} times;",
        end="",
    )
    print(f" line through them {1e3 * start:.1f} ms + {1e6 * slope:.2f} us each")


def scaling(options: argparse.Namespace) -> bool:
    """Cost against the number of draws and of cases."""
    print("growth (an exponent of one is linear; a fixed cost of each call makes it less)")
    counts = (500, 1000, 2000, 4000, 8000)
    most = shipped(max(counts))
    parts = {count: first_draws(most, count) for count in counts}
    repeats = 3 * options.repeats
    growth(options, "guarantee, draws", {count: partial(asked, part) for count, part in parts.items()}, repeats)
    posterior, tables = jittered("alarm", max(counts))
    parts = {count: first_draws(posterior, count) for count in counts}
    growth(
        options, "alarm, all marginals, draws", {n: partial(stacked, part, {}) for n, part in parts.items()}, repeats
    )
    one = first_draws(posterior, 500)
    rng = np.random.default_rng(SEED)
    names = rng.choice(one.network.names, 3, replace=False)
    whole = possible_evidence(one.network, tables, [len(one.network.names)] * 200, rng)
    rows = pd.DataFrame([in_states(one.network, {n: case[n] for n in names if n in case}) for case in whole])
    cases = {count: rows.iloc[:count] for count in (1, 2, 5, 10, 20, 50, 100, 200)}
    target = next(name for name in reversed(one.network.names) if name not in rows)
    growth(
        options,
        "alarm, one target, 500 draws, cases",
        {n: partial(probability, one, target, t) for n, t in cases.items()},
        3,
    )
    singly = np.stack(
        [probability(one, target, row.dropna().to_dict()).values[0] for _, row in rows[:20].iterrows()], 1
    )
    return agree("20 cases at once and one by one", probability(one, target, rows[:20]).values[0], singly)


# Memory -------------------------------------------------------------------------------------------------------------


def memory(options: argparse.Namespace) -> bool:
    """Peak growth of memory under several limits; the answers under all of them agree."""
    posterior, _ = jittered(options.large, options.large_draws)
    held = sum(array.nbytes for array in posterior.values.values())
    print(f"memory, all marginals of {options.large}, {options.large_draws} draws (tables {held:,} bytes, not counted)")
    print("          limit            peak  of limit   seconds")
    answers = []
    for limit in (50_000_000, 200_000_000, 2_000_000_000):
        tracemalloc.start()  # NumPy tells it of every array
        started = time.perf_counter()
        try:
            answers.append(stacked(posterior, {}, memory=limit))
        except CapacityError as error:
            print(f"  {limit:13,} refused: {' '.join(str(error).split())}")
            continue
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        print(f"  {limit:13,} {peak:15,} {peak / limit:9.0%} {time.perf_counter() - started:9.2f}", flush=True)
    return all(agree("under another limit", answers[-1], other) for other in answers[:-1])


# JAX ----------------------------------------------------------------------------------------------------------------


def jax(options: argparse.Namespace) -> bool:
    """The two backends."""
    if find_spec("jax") is None:
        print("jax is not installed: nothing to compare")
        return True
    import jax as library

    posterior = shipped(options.draws)
    large, _ = jittered("alarm", options.marginal_draws)
    questions = {
        f"guarantee, {options.draws:,} draws": partial(asked, posterior),
        f"alarm, all marginals, {options.marginal_draws:,} draws": partial(stacked, large, {}),
    }
    print(f"JAX on {library.devices()[0]}, the first call (which compiles) not counted")
    fine = True
    for what, ask in questions.items():
        rivals = {backend: partial(ask, backend=backend) for backend in ("numpy", "jax")}
        times = side_by_side(rivals, options.repeats)
        numpy_time, jax_time = times["numpy"].median, times["jax"].median
        print(
            f"  {what}: numpy {1e3 * numpy_time:.1f} ms, jax {1e3 * jax_time:.1f} ms, ratio {numpy_time / jax_time:.2f}"
        )
        fine &= agree("numpy and jax", rivals["numpy"](), rivals["jax"]())
    return fine


#: Name -> what is measured; one line adds one.
SECTIONS: Mapping[str, Callable[[argparse.Namespace], bool]] = {
    "guarantee": guarantee,
    "marginals": all_marginals,
    "open": open_questions,
    "growth": scaling,
    "memory": memory,
    "jax": jax,
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS), help="sections to run")
    parser.add_argument("--draws", type=int, default=4000, help="draws of the shipped network (4000)")
    parser.add_argument("--marginal-draws", type=int, default=1000, help="draws of the repository's networks (1000)")
    parser.add_argument("--rows", type=int, default=1000, help="cases of a table that leave nodes open (1000)")
    parser.add_argument("--networks", nargs="+", default=REPOSITORY, metavar="NAME", help="networks for `marginals`")
    parser.add_argument("--sets", type=int, default=5, help="sets of evidence for each network (5)")
    parser.add_argument("--loop", type=int, default=200, help="draws of a loop that are timed (200; a quarter for all)")
    parser.add_argument("--whole", type=int, default=3, help="the same for loops on whole tables (3)")
    parser.add_argument("--repeats", type=int, default=3, help="repetitions (3; more for what is fast)")
    parser.add_argument("--weekly", action="store_true", help="fewer networks, cases and repetitions")
    parser.add_argument("--store", action="store_true", help="keep the figures in measured.json")
    parser.add_argument("--large", default="barley", help="network for `memory` (barley)")
    parser.add_argument("--large-draws", type=int, default=20, help="its draws (20)")
    options = parser.parse_args()
    options.found = {}
    for name, value in WEEKLY.items() if options.weekly else ():
        setattr(options, name, value)
    return options


def main() -> int:
    options, before = arguments(), busy()
    packages = [name for name in ("servanda", "numpy", "pgmpy", "pyagrum", "jax") if find_spec(name)]
    print(f"python {platform.python_version()}, {', '.join(f'{name} {version(name)}' for name in packages)}")
    print(f"{os.cpu_count()} processors, {load()}")
    fine = True
    for name in options.only:
        print()
        fine &= SECTIONS[name](options)
        sys.stdout.flush()
        if options.store:
            store("queries", {"sections": options.found, "agree": fine, "tolerance": TOLERANCE}, before)
    print(f"\n{load()}; {'all answers agree' if fine else 'SOME ANSWERS DIFFER'} (tolerance {TOLERANCE:g})")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
