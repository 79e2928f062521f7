"""Every network of the bnlearn repository: all marginals against pyAgrum's, or the refusal and the bytes it names.

    python benchmarks/repository.py                        # all of them, one after another
    python benchmarks/repository.py --networks alarm munin1 --memory 4e9

Each network is read from the files that come with pgmpy and runs in a process of its own under a time limit. Evidence
is a part of a case drawn from the network, and so can happen. Exit status 1 if any answer is off by more than
1e-9 or a process fails.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
from peers import PyAgrumNet, example, in_states, possible_evidence, pyagrum_net, tables_of

from servanda.analysis import marginals
from servanda.models import CapacityError, Posterior
from servanda.models.inference.plan import make_plan
from servanda.models.inference.question import Form

NETWORKS = (
    *("asia", "cancer", "earthquake", "survey", "sachs", "child", "alarm", "insurance", "win95pts", "hailfinder"),
    *("hepar2", "water", "mildew", "barley", "andes", "pigs", "pathfinder", "diabetes", "link"),
    *("munin1", "munin2", "munin3", "munin4", "munin"),
)
TOLERANCE = 1e-9
MOST_GIVEN = 8
CRASHED = "ended with status"
#: Bytes of a process, so that a network too large for pyAgrum is an error and not the end of the machine.
MOST_BYTES = 12 * 10**9


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="*", choices=NETWORKS, default=NETWORKS, metavar="NAME", help="which")
    parser.add_argument("--sets", type=int, default=20, help="sets of evidence for each network (20)")
    parser.add_argument("--memory", type=float, default=2e9, help="bytes that Servanda may hold (2e9)")
    parser.add_argument("--timeout", type=float, default=360, help="seconds for each network (360)")
    parser.add_argument("--seed", type=int, default=1, help="of the evidence (1)")
    parser.add_argument("--worker", choices=NETWORKS, help=argparse.SUPPRESS)
    return parser.parse_args()


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    return work(), time.perf_counter() - started


def bytes_held(posterior: Posterior, evidence: Mapping[str, int], memory: int) -> int:
    """What the plan of all marginals holds at once, for the one draw there is."""
    free = tuple(name for name in posterior.network.names if name not in evidence)
    form = Form(free, tuple(sorted(evidence)))
    return 8 * make_plan(posterior.network, form, "marginals", memory // 8).cells


def compare(posterior: Posterior, peer: PyAgrumNet, evidence: Mapping[str, int], memory: int) -> dict[str, Any]:
    """Both answers to one set of evidence, or why one is missing; pyAgrum is not asked where Servanda refuses."""
    network = posterior.network
    given = in_states(network, evidence)
    try:
        ours, our_time = timed(lambda: marginals(posterior, given=given, memory=memory))
        _, again = timed(lambda: marginals(posterior, given=given, memory=memory))
        held = bytes_held(posterior, evidence, memory)
    except CapacityError as error:
        return {"refused": " ".join(str(error).split())}
    alone = {"first": our_time, "again": again, "held": held}
    free = [name for name in network.names if name not in evidence]
    try:
        theirs, their_time = timed(lambda: peer.marginals(free, evidence))
    except Exception as error:  # noqa: BLE001  pyAgrum passes on what its compiled part throws as it is
        return alone | {"failed": str(error)}
    worst = max(float(np.abs(ours[f"p_{name}"].values[0, 0] - theirs[name]).max()) for name in free)
    return alone | {"theirs": their_time, "worst": worst}


def worker(name: str, sets: int, memory: int, seed: int) -> None:
    """Write a line for the network, then one for each set of evidence."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    posterior = example(name)
    network, tables = posterior.network, tables_of(posterior)
    peer = pyagrum_net(network, tables)
    peer.fill()
    sizes = (1 + place % MOST_GIVEN for place in range(sets))
    cells = sum(table.size for table in tables.values())
    print(json.dumps({"nodes": len(network.names), "cells": cells}), flush=True)
    for evidence in possible_evidence(network, tables, sizes, np.random.default_rng(seed)):
        print(json.dumps(compare(posterior, peer, evidence, memory)), flush=True)


def lines_of(name: str, options: argparse.Namespace) -> tuple[list[dict[str, Any]], str]:
    """What a worker wrote, and why there is no more of it."""
    command = [sys.executable, __file__, "--worker", name, "--sets", str(options.sets)]
    command += ["--memory", str(options.memory), "--seed", str(options.seed)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=options.timeout, check=False)
        written, end = done.stdout, "" if done.returncode == 0 else f"{CRASHED} {done.returncode}"
        if done.returncode:
            print(done.stderr.decode().strip().rpartition("\n")[2], file=sys.stderr)
    except subprocess.TimeoutExpired as late:
        written, end = late.stdout or b"", f"stopped after {options.timeout:.0f} s"
    return [json.loads(line) for line in written.decode().splitlines() if line.endswith("}")], end


def figure(answers: list[dict[str, Any]], key: str, over: Callable[..., Any], form: str, unit: int = 1) -> str:
    """One number from all answers that have it, or blanks as wide."""
    found = [answer[key] for answer in answers if key in answer]
    width = int(form.split(".")[0].strip(","))
    return f"{unit * over(found):{form}}" if found else " " * width


def row(name: str, lines: list[dict[str, Any]], end: str, sets: int) -> tuple[str, bool]:
    """A line of the table, and whether nothing failed and all that was compared agrees."""
    if not lines:
        return f"{name:11} {end}", False
    size, *answers = lines
    compared, failed, refused = ([one for one in answers if key in one] for key in ("worst", "failed", "refused"))
    parts = [f"{name:11} {size['nodes']:5} {size['cells']:8,} {len(compared):3}/{sets}"]
    parts.append(figure(compared, "worst", max, "11.1e"))
    parts += [figure(answers, key, np.median, "9.1f", 1000) for key in ("first", "again", "theirs")]
    parts.append(figure(answers, "held", max, "15,"))
    parts += [f"pyAgrum failed {len(failed)}: {failed[0]['failed']}"] if failed else []
    parts += [f"refused {len(refused)}: {refused[0]['refused']}"] if refused else []
    parts += [end] if end else []
    agrees = all(answer["worst"] <= TOLERANCE for answer in compared)
    parts += [] if agrees else ["DIFFERS"]
    return "  ".join(parts), agrees and not end.startswith(CRASHED)


def main() -> int:
    options = arguments()
    if options.worker:
        worker(options.worker, options.sets, int(options.memory), options.seed)
        return 0
    print(f"python {platform.python_version()}, numpy {version('numpy')}, pyAgrum {version('pyagrum')}, ", end="")
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; memory limit {options.memory:,.0f} bytes")
    print("medians over sets of evidence of the whole call; one draw, so that no time is shared between draws;")
    print("`first` makes the plan, `again` finds it in the cache")
    head = "network     nodes    cells    sets       worst   first ms   again ms pyAgrum ms      bytes held"
    print(head, flush=True)
    fine = True
    for name in options.networks:
        text, agrees = row(name, *lines_of(name, options), options.sets)
        fine = fine and agrees
        print(text, flush=True)
    print(f"load at the end {os.getloadavg()[0]:.1f}")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
