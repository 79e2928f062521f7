"""Cost and calibration of a network of mixed families with missing cells: `python benchmarks/mixed_network.py`.

Nine nodes (six tables, a noisy-OR, a pooled table, an ordinal node), 300 cases of which every fifth cell is missing, so
that one block ties all parameters together. Printed are seconds of processor time of one fit, counted from the start of
its process, with the compiled loops still to be compiled and with them kept from before; `--pymc` adds the same through
PyMC. Then, for parameters drawn from their priors and cases made from these, how many of the 90 % intervals of all
cells of all tables hold the truth, seed by seed: nine in ten, where sampling and priors are what they say.
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

ROWS, MISSING, SEEDS = 300, 0.2, 20
NO_YES = ("no", "yes")
GRADES = ("low", "mid", "high")


def network():
    from servanda.models import Arrow, Network, Node

    def arrows(*names):
        return tuple(Arrow(name) for name in names)

    return Network(
        (
            Node("threat", NO_YES, ordered=True),
            Node("treaty", GRADES, ordered=True),
            Node("trade", NO_YES, ordered=True),
            Node("watch", NO_YES, arrows("treaty"), ordered=True),
            Node("force", GRADES, arrows("threat"), ordered=True),
            Node("price", NO_YES, arrows("trade"), ordered=True),
            Node("alarm", NO_YES, arrows("threat", "watch", "treaty"), family="noisy_or", ordered=True),
            Node("aid", GRADES, arrows("force", "price"), family="pooled_table", ordered=True),
            Node("kept", GRADES, arrows("alarm", "aid", "treaty"), family="ordinal", ordered=True),
        ),
        name="mixed",
    )


def truth_and_cases(seed):
    """Tables of one draw of the priors, and cases made from them with cells left out at random."""
    import numpy as np
    import pandas as pd

    from servanda.models.sampling.prior_draws import prior_draws

    net, rng = network(), np.random.default_rng(seed)
    truth = prior_draws(net, seed=seed, draws=1)
    tables = {name: truth.table(name).values[0, 0] for name in net.names}
    codes = {}
    for name in net.names:
        *parents, _ = net.axes(name)
        rows = tables[name][tuple(codes[parent] for parent in parents)] if parents else tables[name][None]
        codes[name] = (rng.random((ROWS, 1)) > np.cumsum(rows, axis=-1)[..., :-1]).sum(axis=-1)
    frame = pd.DataFrame({name: np.array(net[name].states, object)[code] for name, code in codes.items()})
    return tables, frame.mask(rng.random(frame.shape) < MISSING)


def fitted(seed, *, exact=True):
    from servanda.models import fit

    tables, cases = truth_and_cases(seed)
    return tables, fit(network(), cases, seed=seed, exact=exact, pointwise=False)


def covered(seed):
    """How many cells there are, how many of their 90 % intervals hold the truth, and the worst R-hat."""
    import arviz as az
    import numpy as np

    tables, posterior = fitted(seed)
    cells = hits = 0
    for name, table in tables.items():
        draws = posterior.table(name).values.reshape(-1, *table.shape)
        low, high = np.quantile(draws, (0.05, 0.95), axis=0)
        # The last state follows from the others.
        inside = ((low <= table) & (table <= high))[..., :-1]
        cells, hits = cells + inside.size, hits + int(inside.sum())
    worst = max(float(np.nanmax(az.rhat(posterior.draws[name]))) for name in posterior.draws.data_vars)
    return cells, hits, worst


def cpu_seconds(*options, cache):
    """Processor seconds of one fit in a process of its own, its threads and processes included."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = time.perf_counter()
    command = [sys.executable, __file__, "--one", *options]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    wall = time.perf_counter() - wall
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, wall, json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one", action="store_true", help="only fit once, and print JSON")
    parser.add_argument("--exact", choices=("yes", "no"), default="yes", help="how --one fits; no: through PyMC")
    parser.add_argument("--pymc", action="store_true", help="measure the fit through PyMC too")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="fits whose intervals are counted")
    arguments = parser.parse_args()
    if arguments.one:
        _, posterior = fitted(1, exact=arguments.exact == "yes")
        stats = posterior.tree["sample_stats"]
        print(json.dumps({"divergences": int(stats["diverging"].sum()), "steps": int(stats["n_steps"].sum())}))
        return
    print(f"processors {os.cpu_count()}, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as cache:
        ways = [("loops to be compiled", ()), ("loops kept", ())]
        ways += [("through PyMC", ("--exact", "no"))] if arguments.pymc else []
        for what, options in ways:
            cpu, wall, found = cpu_seconds(*options, cache=cache)
            print(f"{what:22} {cpu:7.1f} s of processor, {wall:7.1f} s in all, {found}", flush=True)
    cells = hits = 0
    for seed in range(1, arguments.seeds + 1):
        own, inside, worst = covered(seed)
        cells, hits = cells + own, hits + inside
        print(f"seed {seed:3}: {inside} of {own} intervals hold the truth, R-hat at most {worst:.3f}", flush=True)
    if cells:
        print(f"all: {hits} of {cells}, {hits / cells:.1%}")


if __name__ == "__main__":
    main()
