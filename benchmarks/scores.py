"""Are the shipped scores still those of the shipped networks? Every one is measured again, in full, and compared.

    python benchmarks/scores.py                    what differs, and exit code 1 where it is more than chance
    python benchmarks/scores.py --store            measure and store them, after a change of record, network or priors

Measured are `guarantee` on the whole record under every shipped prior set, and the network of every shipped scenario on
the record of its day under its first set. `make validate` runs the comparison.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from servanda.analysis import evaluate, load_evaluation, load_scenario, shipped_scenarios, store_evaluation
from servanda.analysis.evaluation.scoreboard import Evaluation
from servanda.analysis.evaluation.shipped_scores import FOLDER, shipped_evaluations
from servanda.analysis.queries.named_backers import shipped_cases
from servanda.models import Network, load_network
from servanda.priors import load_prior

SEED = 1
#: Gains may differ by so much between machines: the error of the draws, which is a tenth of that of the cases.
CHANCE = 0.005
SETS = ("literature", "flat", "cheap_talk", "realist", "institutionalist")


def wanted() -> Iterator[tuple[str, Network, pd.DataFrame, dict[str, Any]]]:
    """Name, network, cases and prior sets of every evaluation that ships."""
    network = load_network("guarantee")
    yield "guarantee", network, shipped_cases(network), {name: load_prior(name, network) for name in SETS}
    done = set()
    for scenario in shipped_scenarios():
        loaded = load_scenario(scenario)
        day, priors = loaded.scenario.as_of, loaded.priors[0]
        name = f"{loaded.network.name}-{day}-{priors.name}"
        if name not in done:
            done.add(name)
            yield name, loaded.network, shipped_cases(loaded.network, day), {priors.name: priors}


def compared(name: str, found: Evaluation) -> bool:
    """Print how far the gains are from the stored ones, and say whether that is no more than chance."""
    if name not in shipped_evaluations():
        print(f"{name}: nothing is stored; --store does")
        return False
    stored = load_evaluation(name)
    same = dict(stored.identity) == dict(found.identity)
    columns = ["gain", "broken_gain", "full_gain"]
    apart = pd.concat(
        [(found.table[columns] - stored.table[columns].reindex(found.table.index)).abs().max(axis=1)], axis=1
    )
    apart.columns = ["largest difference in gain"]
    print(apart.round(5).to_string())
    if not same:
        print(f"{name}: the stored scores are of another record, network or prior set; --store measures these")
    return same and bool((apart <= CHANCE).all(axis=None))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--store", action="store_true", help="store what is measured")
    arguments.add_argument("--folder", type=Path, help="where forecasts are kept, so that an interrupted run goes on")
    arguments.add_argument("--only", help="one evaluation, by name")
    chosen = arguments.parse_args()
    sound = True
    for name, network, cases, priors in wanted():
        if chosen.only not in (None, name):
            continue
        started = time.perf_counter()
        found = evaluate(network, cases, priors, seed=SEED, folder=chosen.folder, progress=sys.stderr.isatty())
        took = time.perf_counter() - started
        print(f"\n{name}: {took:.0f} s, load {os.getloadavg()[0]:.1f}\n{found}")
        print(found.futures[["cases", "gain", "error"]].round(3).to_string(), flush=True)
        if chosen.store:
            store_evaluation(found, FOLDER / f"{name}.json")
        else:
            sound = compared(name, found) and sound
    sys.exit(0 if sound else 1)


if __name__ == "__main__":
    main()
