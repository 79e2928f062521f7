"""This state of the code beside an earlier one, in one run: `python benchmarks/before.py --revision 61cf181`.

The earlier state is taken out of git into a temporary folder. Each task runs in a process of its own in one tree and
then in the other; told are CPU seconds and seconds on the wall of the task alone, after one run that does not count
where a task is short. Commands are told from the start of their process to its end, with the loops compiled before and
nothing kept, and once more with what the first run kept. `--store` keeps all in `measured.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from itertools import chain
from pathlib import Path

from stored import busy, store
from stored import load as stored

ROOT = Path(__file__).parent.parent
#: The state before counterfactuals, tables of open cases and histories were made faster.
REVISION = "61cf181"
_POSTERIOR = """
import numpy as np, pandas as pd
from servanda.models import load_network
from servanda.models.sampling.prior_draws import prior_draws
from servanda.priors import load_prior
network = load_network("guarantee")
posterior = prior_draws(network, load_prior("literature"), seed=1, draws={draws})
"""
_TABLE = """
from servanda.analysis import probability
rng = np.random.default_rng(1)
table = pd.DataFrame({n.name: rng.choice(n.states, 1000) for n in network.nodes if n.name != "compliance"})
table = table.drop(columns=["enforcement", "monitoring"])
"""
_HISTORY = """
from servanda.record.history import PastCase, past_defections
cases = [PastCase("USA", f"g{i}", 1900 + i % 100, 1900 + i % 100, i % 2 == 0) for i in range(16_000)]
"""
#: Task -> what is made ready and what is timed, in names that both states have.
TASKS: Mapping[str, tuple[str, str]] = {
    "counterfactual, two nodes seen, 1 draw": (
        _POSTERIOR.replace("{draws}", "1") + "from servanda.analysis import counterfactual",
        'counterfactual(posterior, "compliance", {"role": "guarantor", "compliance": "defected"}, {"guarantors": "5"})',
    ),
    "1,000 cases with two nodes open, 1,000 draws": (
        _POSTERIOR.replace("{draws}", "1000") + _TABLE,
        'probability(posterior, "compliance", table)',
    ),
    "1,000 cases, each ten times, two nodes open, 1,000 draws": (
        _POSTERIOR.replace("{draws}", "1000") + _TABLE + "table = table.iloc[np.arange(1000) % 100]",
        'probability(posterior, "compliance", table.reset_index(drop=True))',
    ),
    "nothing given, 1,000 draws": (
        _POSTERIOR.replace("{draws}", "1000") + "from servanda.analysis import probability",
        'probability(posterior, "compliance")',
    ),
    "all marginals, one node given, 1,000 draws": (
        _POSTERIOR.replace("{draws}", "1000") + "from servanda.analysis import marginals",
        'marginals(posterior, given={"role": "guarantor"})',
    ),
    "past defections of 16,000 rows of one obligor": (
        _HISTORY,
        "past_defections(cases)",
    ),
}
#: Command -> its words; the record, its model and its priors are the same in both states.
COMMANDS: Mapping[str, str] = {
    "servanda fit guarantee": "fit guarantee --seed 12 --out {out}/fit.nc -q",
    "servanda compare theories none,log": "compare theories none,log --refits 0 -q",
    "servanda track PRK USA": "track PRK USA --out {out}/track.svg -q",
    "servanda report dprk-six-party": "report dprk-six-party --out {out}/report -q",
}
#: The commands whose second run finds what the first has kept: all but the fit.
KEEPING = tuple(name for name in COMMANDS if name != "servanda fit guarantee")
_MAIN = "import sys; from servanda.analysis.cli.app import main; sys.argv[0] = 'servanda'; main()"
#: Seconds from which a task is not run a second time.
_LONG = 2.0
_CLOCK = """
import json, time, warnings
warnings.simplefilter("ignore")
{ready}
def work():
    wall, cpu = time.perf_counter(), time.process_time()
    {timed}
    return time.perf_counter() - wall, time.process_time() - cpu
found = work()
if found[0] < {long}:
    found = min((work() for _ in range(3)), key=lambda one: one[1])
print(json.dumps(found))
"""


#: Seconds on the wall and of CPU, or why there are none.
type Found = tuple[float, float] | str


def taken_out(revision: str, folder: Path) -> Path:
    """The tree of a revision, in a folder."""
    packed = subprocess.run(["git", "archive", revision], cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=BytesIO(packed)) as tree:
        tree.extractall(folder, filter="data")
    return folder


def seconds(tree: Path, task: str, limit: int) -> Found:
    """Seconds on the wall and of CPU of a task in a tree, or why there are none."""
    ready, timed = TASKS[task]
    program = _CLOCK.format(ready=ready, timed=timed, long=_LONG)
    # Of CPU, since a busy machine makes any time on the wall too short.
    program = f"import resource; resource.setrlimit(resource.RLIMIT_CPU, ({limit}, {limit + 1}))\n{program}"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return f"not done in {limit} s"
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["failed"])[-1]
    wall, cpu = json.loads(done.stdout.splitlines()[-1])
    return wall, cpu


def of_command(tree: Path, words: str, folder: Path) -> Found:
    """Seconds on the wall and of CPU, all processes together, of a command in a tree, or why there are none."""
    began, spent = time.perf_counter(), os.times()
    done = subprocess.run(
        [sys.executable, "-c", _MAIN, *words.format(out=folder).split()],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(tree), "SERVANDA_CACHE": str(folder / "kept")},
        capture_output=True,
        text=True,
        check=False,
    )
    wall, now = time.perf_counter() - began, os.times()
    # What a gate stops at its end has taken its time as well.
    if done.returncode and "gate failed" not in done.stderr:
        return (done.stderr.strip().splitlines() or ["failed"])[-1]
    return wall, now.children_user + now.children_system - spent.children_user - spent.children_system


def commands(earlier: Path, names: Sequence[str]) -> Iterator[tuple[str, Found, Found]]:
    """Each command, its seconds in the earlier tree and in this one, and those of a second run."""
    if not names:
        return
    for tree in (earlier, ROOT):
        with tempfile.TemporaryDirectory() as folder:  # compiles
            for words in (
                "fit guarantee --draws 20 --tune 20 --out {out}/fit.nc -q",
                COMMANDS["servanda track PRK USA"],
            ):
                of_command(tree, words, Path(folder))
    for name in names:
        words = COMMANDS[name]
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
            folders = ((earlier, Path(one)), (ROOT, Path(other)))
            for label in (name, *([f"{name}, again"] if name in KEEPING else [])):
                before, now = (of_command(tree, words, folder) for tree, folder in folders)
                yield label, before, now


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--revision", default=REVISION, help=f"the earlier state ({REVISION})")
    parser.add_argument("--limit", type=int, default=60, help="CPU seconds a task may take")
    parser.add_argument("--only", nargs="+", metavar="TASK", help="these alone; what is stored of others stays")
    parser.add_argument("--store", action="store_true", help="keep the figures in measured.json")
    arguments = parser.parse_args()
    load, rows = busy(), []
    print(f"load {load}\n{'':58}{'before':>9}{'now':>9} CPU seconds")
    with tempfile.TemporaryDirectory() as folder:
        earlier = taken_out(arguments.revision, Path(folder))
        wanted = arguments.only or (*TASKS, *COMMANDS)
        calls = (
            (task, *(seconds(tree, task, arguments.limit) for tree in (earlier, ROOT)))
            for task in TASKS
            if task in wanted
        )
        for task, before, now in chain(calls, commands(earlier, [name for name in COMMANDS if name in wanted])):
            row = {"task": task}
            for name, found in (("before", before), ("now", now)):
                row |= {name: found} if isinstance(found, str) else {name: found[0], f"{name}_cpu": found[1]}
            rows.append(row)
            said = [found if isinstance(found, str) else f"{found[1]:.3f}" for found in (before, now)]
            print(f"{task:58}{said[0]:>9}{said[1]:>9}", flush=True)
    if arguments.store:
        measured = {row["task"]: row for row in rows}
        if arguments.only:
            kept = {row["task"]: row for row in stored()["before"]["tasks"]}
            measured = {**kept, **measured}
        store("before", {"revision": arguments.revision, "tasks": [*measured.values()]}, load)


if __name__ == "__main__":
    main()
