"""One Dask worker beside two, in one run: `python benchmarks/workers.py`.

sweep       a sweep of 1,000 formats of the shipped network, 4,000 draws, five nodes set
held out    ten folds of crises of the shipped record left out and fitted again, few draws

Workers are processes of one thread on this machine. Both numbers of workers take turns, and the quickest of each is
told; the answers of both must be the same. `--store` keeps it in `measured.json`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from stored import busy, store


def formats(size: int, draws: int) -> Callable[[Any], np.ndarray]:
    """A sweep, as a function of the client."""
    import pandas as pd

    from servanda.analysis import sweep
    from servanda.models import load_network
    from servanda.models.sampling.prior_draws import prior_draws
    from servanda.priors import load_prior

    network, rng = load_network("guarantee"), np.random.default_rng(1)
    posterior = prior_draws(network, load_prior("literature"), seed=1, draws=draws)
    varied = ("guarantors", "enforcement", "monitoring", "price", "forces_there")
    do = pd.DataFrame({name: rng.choice(network[name].states, size) for name in varied})
    do.index = [f"format {number}" for number in range(size)]
    given = {"role": "guarantor", "era": "after_1991"}
    return lambda client: sweep(posterior, "compliance", do=do, given=given, client=client).data["probability"].values


def held_out(folds: int, draws: int) -> Callable[[Any], np.ndarray]:
    """An evaluation, as a function of the client."""
    from servanda.analysis.evaluation.evaluate import evaluate
    from servanda.models import load_network
    from servanda.priors import load_prior
    from servanda.record import load_guarantees

    how: dict[str, Any] = {"folds": folds, "repeats": 1, "future": (), "seed": 1, "against": ()}
    how |= {"draws": draws, "tune": draws, "chains": 2}
    network, cases, prior = load_network("guarantee"), load_guarantees(), load_prior("literature")

    def evaluated(client: Any) -> np.ndarray:
        found = evaluate(network, cases, prior, client=client, **how).shuffled.p
        return np.concatenate([p.ravel() for p in found.values()])

    return evaluated


#: What is done -> its making and, for each number of workers, how often it is timed.
KINDS: Mapping[str, tuple[Callable[[], Callable[[Any], np.ndarray]], int]] = {
    "sweep": (partial(formats, 1_000, 4_000), 3),
    "held out": (partial(held_out, 10, 200), 1),
}


def measured(kind: str) -> dict[str, Any]:
    """Quickest seconds of one worker and of two, and how far their answers lie apart."""
    from distributed import Client, LocalCluster

    make, times = KINDS[kind]
    ask = make()
    seconds: dict[int, list[float]] = {1: [], 2: []}
    answers: dict[int, np.ndarray] = {}
    plain = {"threads_per_worker": 1, "dashboard_address": ":0"}
    one, two = (LocalCluster(n_workers=number, **plain) for number in (1, 2))
    with one, two, Client(one) as alone, Client(two) as both:
        clients = {1: alone, 2: both}
        # Once before: what a worker compiles and imports is not what is measured.
        for client in clients.values():
            ask(client)
        for _ in range(times):
            for number, client in clients.items():
                begun = time.perf_counter()
                answers[number] = ask(client)
                seconds[number].append(time.perf_counter() - begun)
    quickest = {number: min(found) for number, found in seconds.items()}
    return {
        "what": kind,
        "one": quickest[1],
        "two": quickest[2],
        "times": quickest[1] / quickest[2],
        "difference": float(np.abs(answers[1] - answers[2]).max()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--store", action="store_true", help="keep the figures in measured.json")
    arguments = parser.parse_args()
    load = busy()
    print(f"load {load}\n{'':12}{'one':>9}{'two':>9}{'times':>7}{'difference':>12}")
    rows = []
    for kind in arguments.kinds:
        rows.append(found := measured(kind))
        print(f"{kind:12}{found['one']:8.1f}s{found['two']:8.1f}s{found['times']:7.2f}{found['difference']:12.0e}")
    if arguments.store:
        store("workers", {"rows": rows}, load)


if __name__ == "__main__":
    main()
