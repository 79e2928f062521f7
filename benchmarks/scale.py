"""Cost follows the number of patterns and not of rows: `python benchmarks/scale.py`.

Two Parquet files with the same distinct rows (12 `table` nodes, 15 % of the cells missing), one of 10,000 rows and one
of 10,000,000. Each is counted and fitted in a process of its own; printed are seconds of counting and of fitting the
counted patterns, and the peak of resident memory. The files lie in a temporary folder that goes when this ends.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fit import problem

PATTERNS = 2_000
ROWS = {"small": 10_000, "large": 10_000_000}
BATCH = 500_000


def write(path: Path, rows: int) -> None:
    """Write every row of the pool once, and the rest at random."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    pool = pa.Table.from_pandas(problem(PATTERNS)[1], preserve_index=False)
    rng = np.random.default_rng(1)
    with pq.ParquetWriter(path, pool.schema) as writer:
        writer.write_table(pool)
        left = rows - len(pool)
        while left:
            size = min(left, BATCH)
            writer.write_table(pool.take(rng.integers(0, len(pool), size)))
            left -= size


def measured(path: Path) -> dict[str, float]:
    from servanda.models import count_cases, fit

    network, _ = problem(PATTERNS)
    start = time.perf_counter()
    cases = count_cases(network, path)
    counted = time.perf_counter()
    posterior = fit(network, cases, seed=1)
    fitted = time.perf_counter()
    assert posterior.provenance["drawn_by_nuts"] == []
    return {
        "rows": cases.total,
        "patterns": len(cases),
        "counting": counted - start,
        "fitting": fitted - counted,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", nargs=2, metavar=("FILE", "ROWS"), help="only write a file")
    parser.add_argument("--only", metavar="FILE", help="only measure a file, and print JSON")
    arguments = parser.parse_args()
    if arguments.write:
        write(Path(arguments.write[0]), int(arguments.write[1]))
        return
    if arguments.only:
        print(json.dumps(measured(Path(arguments.only))))
        return
    print(f"processors {os.cpu_count()}, load {os.getloadavg()[0]:.1f}")
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, rows in ROWS.items():
            path = str(Path(folder, f"{name}.parquet"))
            subprocess.run([sys.executable, __file__, "--write", path, str(rows)], check=True)
            done = subprocess.run(
                [sys.executable, __file__, "--only", path], check=True, capture_output=True, text=True
            )
            results[name] = json.loads(done.stdout)
            got = results[name]
            print(
                f"{got['rows']:>12,} rows, {got['patterns']:,} patterns: counted in {got['counting']:.2f} s, "
                f"fitted in {got['fitting']:.2f} s, peak {got['megabytes']:,.0f} MB",
                flush=True,
            )
    ratio = results["large"]["fitting"] / results["small"]["fitting"]
    print(f"fitting the large file took {ratio:.2f} times as long as the small one")


if __name__ == "__main__":
    main()
