"""Time and memory against size: `python benchmarks/scale.py` for small ones, `--large` for the largest.

draws      12 `table` nodes, 500 rows, 15 % of the cells missing, fitted with so many draws in all; all marginals asked,
           and saved
scenarios  so many rows in one table of cases, and so many formats in one sweep, 1,000 draws of the shipped network
rows       a Parquet file of so many rows with 2,000 distinct ones (12 `table` nodes, 15 % of the cells missing), read,
           counted and fitted
nodes      so many `table` nodes, 500 rows, 2 % of the cells missing: fitted, and all marginals asked

Each size is measured in a process of its own. Told are seconds on the wall and of CPU, the peak of resident memory, and
how often progress was told. The exponent is that of the power law through the CPU seconds of the sizes; a fixed cost
makes it less. `--store` keeps it all in `measured.json`. Files lie in a temporary folder that goes when this ends.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from stored import busy, store

PATTERNS = 2_000
BATCH = 500_000
SMALL: Mapping[str, tuple[int, ...]] = {
    "draws": (1_000, 4_000),
    "scenarios": (10, 100),
    "rows": (10_000, 100_000),
    "nodes": (25, 50),
}
LARGE: Mapping[str, tuple[int, ...]] = {
    "draws": (4_000, 20_000, 100_000),
    "scenarios": (10, 100, 1_000),
    "rows": (10_000, 100_000, 1_000_000, 10_000_000),
    "nodes": (62, 125, 250, 500),
}


class Steps:
    """Seconds of each step, and how often progress was told in it."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []
        self.told = 0

    def progress(self, *_: Any) -> None:
        self.told += 1

    @contextmanager
    def step(self, name: str):
        begun, used, self.told = time.perf_counter(), time.process_time(), 0
        yield
        self.found.append(
            {
                "step": name,
                "seconds": time.perf_counter() - begun,
                "cpu": time.process_time() - used,
                "told": self.told,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )


def draws(size: int, steps: Steps) -> None:
    from ready import problem

    from servanda.analysis import marginals
    from servanda.models import fit, load_posterior

    network, frame = problem()
    with steps.step("fit"):
        posterior = fit(network, frame, seed=1, draws=size // 4, tune=100, thin=1, progress=steps.progress)
    with steps.step("all marginals"):
        assert len(marginals(posterior).data_vars) == len(network.names)
    with steps.step("save and load"), tempfile.TemporaryDirectory() as folder:
        posterior.save(Path(folder) / "posterior.nc")
        assert load_posterior(Path(folder) / "posterior.nc").draws.sizes["draw"] == size // 4


def scenarios(size: int, steps: Steps) -> None:
    import pandas as pd

    from servanda.analysis import probability, sweep
    from servanda.models import load_network
    from servanda.models.sampling.prior_draws import prior_draws
    from servanda.priors import load_prior

    network = load_network("guarantee")
    posterior = prior_draws(network, load_prior("literature"), seed=1, draws=1000)
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        {node.name: rng.choice(node.states, size) for node in network.nodes if node.name != "compliance"}
    )
    with steps.step("table of cases"):
        assert probability(posterior, "compliance", table.drop(columns=["enforcement", "monitoring"])).shape[-2] == size
    done = table[["guarantors", "enforcement", "monitoring", "price", "forces_there"]]
    done.index = [f"format {number}" for number in range(size)]
    with steps.step("sweep"):
        found = sweep(posterior, "compliance", do=done, given={"role": "guarantor", "era": "after_1991"})
    assert found.data.sizes["format"] == size


def write(path: Path, size: int) -> None:
    """Write every row of the pool once, and the rest at random."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from ready import problem

    pool = pa.Table.from_pandas(problem(PATTERNS)[1], preserve_index=False)
    rng = np.random.default_rng(1)
    with pq.ParquetWriter(path, pool.schema) as writer:
        writer.write_table(pool)
        left = size - len(pool)
        while left:
            more = min(left, BATCH)
            writer.write_table(pool.take(rng.integers(0, len(pool), more)))
            left -= more


def rows(size: int, steps: Steps) -> None:
    from ready import problem

    from servanda.models import count_cases, fit

    network, _ = problem(PATTERNS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cases.parquet"
        # Apart, so that the memory of writing is not counted.
        subprocess.run([sys.executable, __file__, "--write", str(path), str(size)], check=True)
        with steps.step("read and count"):
            cases = count_cases(network, path, progress=steps.progress)
        assert cases.total == size
    with steps.step("fit"):
        fit(network, cases, seed=1, draws=200, tune=100, thin=1, progress=steps.progress)


def nodes(size: int, steps: Steps) -> None:
    from ready import many_tables

    from servanda.analysis import marginals
    from servanda.models import fit

    network, frame = many_tables(size, 500, share=0.02, back=4)
    with steps.step("fit"):
        posterior = fit(network, frame, seed=1, draws=200, tune=100, thin=1, progress=steps.progress)
    with steps.step("all marginals"):
        answer = marginals(posterior)
    assert len(answer.data_vars) == size


#: What grows -> what is done at a size.
KINDS: Mapping[str, Callable[[int, Steps], None]] = {
    "draws": draws,
    "scenarios": scenarios,
    "rows": rows,
    "nodes": nodes,
}


def exponent(sizes: Mapping[int, float]) -> float:
    """Slope of log seconds over log size.

    >>> round(exponent({10: 0.1, 100: 1.0, 1000: 10.0}), 6)
    1.0
    """
    return float(np.polyfit(np.log(list(sizes)), np.log(list(sizes.values())), 1)[0])


def measured(kind: str, size: int) -> list[dict[str, Any]]:
    """Measure one size in a process of its own."""
    command = [sys.executable, __file__, "--only", kind, "--sizes", str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{kind}, {size:,}: {(done.stderr.strip().splitlines() or ['failed'])[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def grown(kind: str, sizes: tuple[int, ...]) -> list[dict[str, Any]]:
    """Measure all sizes of a kind, and print as they come."""
    print(f"\n{kind:>12}  {'step':16}{'seconds':>9}{'CPU':>9}{'peak MB':>9}{'progress':>9}")
    found: list[dict[str, Any]] = []
    for size in sizes:
        load = busy()
        for one in measured(kind, size):
            found.append({"size": size, "load": load, **one})
            print(
                f"{size:12,}  {one['step']:16}{one['seconds']:9.2f}{one['cpu']:9.2f}{one['peak_mb']:9,.0f}"
                f"{one['told']:9}",
                flush=True,
            )
    for step in dict.fromkeys(one["step"] for one in found):
        slope = exponent({one["size"]: one["cpu"] for one in found if one["step"] == step})
        print(f"  {step}: exponent {slope:.2f}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--large", action="store_true", help="up to the largest sizes (a quarter of an hour)")
    parser.add_argument("--sizes", nargs="+", type=int, help="sizes of one kind, in place of these")
    parser.add_argument("--store", action="store_true", help="keep the figures in measured.json")
    parser.add_argument("--write", nargs=2, metavar=("FILE", "ROWS"), help="only write a file of rows")
    parser.add_argument("--only", choices=KINDS, help="measure one size here and print JSON; for this script itself")
    arguments = parser.parse_args()
    if arguments.write:
        write(Path(arguments.write[0]), int(arguments.write[1]))
        return
    if arguments.only:
        steps = Steps()
        KINDS[arguments.only](arguments.sizes[0], steps)
        print(json.dumps(steps.found))
        return
    sizes = LARGE if arguments.large else SMALL
    for kind in arguments.kinds:
        load = busy()
        print(f"load {load}", end="")
        rows = grown(kind, tuple(arguments.sizes or sizes[kind]))
        if arguments.store:
            store(f"scale {kind}", {"rows": rows}, load)


if __name__ == "__main__":
    main()
