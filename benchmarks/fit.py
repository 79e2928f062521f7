"""How long until a posterior can be trusted: `python benchmarks/fit.py --problem a` (or b, or c).

(a) the shipped record under the shipped priors; from process start to saved file by `servanda fit`, and the same model
    sampled through PyMC by nutpie and by PyMC's own NUTS;
(b) 12 `table` nodes, 500 rows, 15 % of the cells missing, flat Dirichlet priors;
(c) a latent class of two states with 8 children of two, 5,000 rows.

Each contender runs as a process of its own, one after the other, and says three things of it:

whole      seconds from the start of the process to the end of sampling, imports and compilation included
smallest   the smallest bulk ESS of any table cell
sampling   seconds of sampling alone, warm-up included

From them: seconds from process start until bulk ESS 400 everywhere (sampling after warm-up scaled in proportion;
warm-up, imports and compilation as they are), and ESS a second of sampling, as ratios to the first contender.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Clock ticks since the machine started: what went before this line counts too.
STARTED = int(Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")
ESS = 400


def seconds_since_start() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME) - STARTED


def problem(rows: int = 500, share: float = 0.15) -> tuple[Any, Any]:
    """Make the network and the data frame: random parents (one or two, from the nodes before) and random tables."""
    import numpy as np
    import pandas as pd

    from servanda.models import Arrow, Network, Node

    rng = np.random.default_rng(4)
    names = [f"v{place:02d}" for place in range(12)]
    nodes, codes = [], {}
    for place, name in enumerate(names):
        size = int(rng.integers(2, 4))
        parents = rng.choice(names[:place], min(place, int(rng.integers(1, 3))), replace=False)
        nodes.append(Node(name, ("a", "b", "c")[:size], tuple(Arrow(str(parent)) for parent in sorted(parents))))
    network = Network(tuple(nodes))
    for name in network.names:
        shape = network.shape(name)
        tables = rng.dirichlet(np.ones(shape[-1]), shape[:-1])
        p = np.broadcast_to(tables[tuple(codes[parent] for parent in network[name].parent_names)], (rows, shape[-1]))
        codes[name] = (rng.random((rows, 1)) > p.cumsum(axis=1)[:, :-1]).sum(axis=1)
    columns = {}
    for name in network.names:
        cells = np.array(network[name].states, dtype=object)[codes[name]]
        columns[name] = np.where(rng.random(rows) < share, None, cells)
    return network, pd.DataFrame(columns)


@dataclass(frozen=True)
class Run:
    """What a contender gives: draws by variable (chain, draw, ...), and seconds."""

    draws: dict[str, Any]
    whole: float
    sampling: float
    kept: float
    note: str = ""


def record() -> tuple[Any, Any, Any]:
    """Network, coded cases and priors of the shipped record."""
    from servanda.models import encode, load_network
    from servanda.priors import load_prior
    from servanda.record import load_guarantees

    network = load_network("guarantee")
    return network, encode(network, load_guarantees()), load_prior("literature")


def classes(rows: int = 5000) -> tuple[Any, Any]:
    """A latent class with eight children, of which it is known only that `y0` rises with it."""
    import numpy as np
    import pandas as pd

    from servanda.models import Arrow, Network, Node

    rng = np.random.default_rng(5)
    states = ("no", "yes")
    children = tuple(Node(f"y{k}", states, (Arrow("class"),), ordered=True) for k in range(8))
    network = Network((Node("class", states, ordered=True, anchored_by="y0"), *children))
    truth = rng.random(rows) < 0.4
    low, high = rng.uniform(0.1, 0.4, 8), rng.uniform(0.6, 0.9, 8)
    said = {f"y{k}": rng.random(rows) < np.where(truth, high[k], low[k]) for k in range(8)}
    return network, pd.DataFrame({name: np.where(yes, "yes", "no") for name, yes in said.items()})


def command_line(cold: bool) -> Run:
    """`servanda fit` as a user types it, to a saved file; cold is without any compiled code kept from before."""
    import tempfile

    from servanda.models import load_posterior

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "posterior.nc"
        caches = {"NUMBA_CACHE_DIR": f"{folder}/numba", "PYTENSOR_FLAGS": f"base_compiledir={folder}/pytensor"}
        program = Path(sys.executable).with_name("servanda")
        before = time.perf_counter()
        subprocess.run(
            [program, "fit", "--out", out, "--quiet"], check=True, env={**os.environ, **(caches if cold else {})}
        )
        whole = time.perf_counter() - before
        posterior = load_posterior(out)
    draws = {str(name): array.values for name, array in posterior.draws.items()}
    return Run(draws, whole, float(posterior.provenance["seconds"]), 0.8, "process start to saved file")


def through_pymc(sampler: str) -> Run:
    """The blocks that Servanda samples, as models of PyMC; draws and warm-up as Servanda takes them."""
    import warnings

    from servanda.models import pymc_model as compiled
    from servanda.models.cases.patterns import find_patterns
    from servanda.models.sampling.blocks import conjugate_nodes, sampled_blocks

    warnings.simplefilter("ignore")
    network, cases, priors = record()
    patterns = find_patterns(network, cases)
    draws, sampling = {}, 0.0
    for nodes in sampled_blocks(network, patterns, conjugate_nodes(network, patterns)):
        model = compiled(network, cases, patterns, priors, nodes)
        if sampler == "nutpie":
            import nutpie

            ready = nutpie.compile_pymc_model(model)
            begun = time.perf_counter()
            tree = nutpie.sample(ready, draws=2000, tune=500, chains=4, seed=1, target_accept=0.9, progress_bar=False)
        else:
            import pymc as pm

            begun = time.perf_counter()
            with model:
                tree = pm.sample(
                    draws=2000,
                    tune=1000,
                    chains=4,
                    random_seed=1,
                    nuts_sampler="pymc",
                    nuts={"target_accept": 0.9},
                    progressbar=False,
                    quiet=True,
                    compute_convergence_checks=False,
                )
        sampling += time.perf_counter() - begun
        drawn = tree["posterior"].to_dataset()
        draws |= {str(name): array.transpose("chain", "draw", ...).values for name, array in drawn.items()}
    return Run({name: x for name, x in draws.items() if ".unit" not in name}, seconds_since_start(), sampling, 0.8)


def latent_class(**settings: Any) -> Run:
    from servanda.models import fit

    network, frame = classes()
    clock: list[float] = []
    posterior = fit(
        network, frame, seed=1, progress=lambda done, _: clock.append(time.perf_counter()) if done else None, **settings
    )
    rounds = settings["draws"] * settings["thin"]
    draws = {str(name): array.values for name, array in posterior.draws.items()}
    return Run(draws, seconds_since_start(), clock[-1] - clock[0], rounds / (rounds + settings["tune"]))


def latent_class_in_numpyro() -> Run:
    """The class summed out by NumPyro's own enumeration; rows of one pattern counted once, as Servanda does."""
    import jax
    import jax.numpy as jnp
    import numpy as np
    import numpyro
    import numpyro.distributions as dist
    from numpyro.contrib.funsor import config_enumerate
    from numpyro.infer import MCMC, NUTS

    numpyro.set_host_device_count(2)
    jax.config.update("jax_enable_x64", True)
    _, frame = classes()
    rows, counts = np.unique((frame == "yes").to_numpy(int), axis=0, return_counts=True)

    @config_enumerate
    def model() -> None:
        p = numpyro.sample("class.table", dist.Dirichlet(jnp.ones(2)))
        # y0 rises with the class: its two probabilities in order.
        order = numpyro.sample("order", dist.Dirichlet(jnp.ones(3)))
        first = jnp.array([order[0], order[0] + order[1]])
        rest = numpyro.sample("rest", dist.Beta(1.0, 1.0).expand([2, 7]).to_event(2))
        q = jnp.concatenate([first[:, None], rest], axis=1)
        with numpyro.plate("rows", len(rows)), numpyro.handlers.scale(scale=jnp.array(counts, float)):
            z = numpyro.sample("z", dist.Categorical(p), infer={"enumerate": "parallel"})
            numpyro.sample("y", dist.Bernoulli(q[z]).to_event(1), obs=jnp.array(rows))

    run = MCMC(NUTS(model), num_warmup=500, num_samples=1000, num_chains=2, progress_bar=False)
    begun = time.perf_counter()
    run.run(jax.random.PRNGKey(1))
    draws = {name: np.asarray(x) for name, x in run.get_samples(group_by_chain=True).items()}
    return Run(draws, seconds_since_start(), time.perf_counter() - begun, 0.67, "2 chains; sampling holds compilation")


def servanda(**settings: Any) -> Run:
    network, frame = problem()
    from servanda.models import fit

    clock: list[float] = []
    posterior = fit(
        network, frame, seed=1, progress=lambda done, _: clock.append(time.perf_counter()) if done else None, **settings
    )
    whole = seconds_since_start()
    assert posterior.provenance["cases"] == len(frame)
    # The first report comes after 50 rounds.
    sampling = clock[-1] - clock[0]
    rounds = settings["draws"] * settings["thin"]
    draws = {str(name): array.values for name, array in posterior.draws.items()}
    return Run(draws, whole, sampling, rounds / (rounds + settings["tune"]))


def augmentation() -> Run:
    return servanda(draws=500, tune=200, thin=1, chains=4, pointwise=False)


def augmentation_by_default() -> Run:
    return servanda(draws=1000, tune=500, thin=2, chains=4)


def nuts() -> Run:
    return servanda(draws=500, tune=500, thin=1, chains=4, pointwise=False, exact=False)


def plain_pymc() -> Run:
    """Masked arrays, as PyMC's own guide has it: holes are discrete variables with Gibbs steps."""
    import warnings

    import numpy as np
    import pymc as pm

    warnings.simplefilter("ignore")
    network, frame = problem()
    draws = tune = 10
    with pm.Model():
        nodes: dict[str, Any] = {}
        for name in network.names:
            shape, states = network.shape(name), list(network[name].states)
            table = pm.Dirichlet(f"{name}.table", np.ones(shape), shape=shape)
            codes = np.array([states.index(cell) if cell in states else -1 for cell in frame[name]])
            p = table[tuple(nodes[parent] for parent in network[name].parent_names)] if len(shape) > 1 else table
            nodes[name] = pm.Categorical(name, p, observed=np.ma.masked_equal(codes, -1), shape=len(frame))
        start = time.perf_counter()
        tree = pm.sample(draws, tune=tune, chains=2, cores=2, random_seed=1, progressbar=False, quiet=True)
    sampling = time.perf_counter() - start
    kept = {f"{name}.table": tree["posterior"][f"{name}.table"].values for name in network.names}
    return Run(kept, seconds_since_start(), sampling, 0.5, f"{draws} draws of 2 chains only: ESS is a guess")


@dataclass(frozen=True)
class Contender:
    run: Callable[[], Run]
    needs: str = "servanda.models"


PROBLEMS: dict[str, dict[str, Contender]] = {
    "a": {
        "servanda fit, warm": Contender(lambda: command_line(cold=False)),
        "servanda fit, cold": Contender(lambda: command_line(cold=True)),
        "PyMC's model, nutpie": Contender(lambda: through_pymc("nutpie"), "nutpie"),
        "PyMC's model, PyMC's NUTS": Contender(lambda: through_pymc("pymc"), "pymc"),
    },
    "b": {
        "servanda, augmentation": Contender(augmentation),
        "servanda, augmentation, default settings": Contender(augmentation_by_default),
        "servanda, through PyMC": Contender(nuts),
        "PyMC, its own imputation": Contender(plain_pymc, "pymc"),
    },
    "c": {
        "servanda, augmentation": Contender(lambda: latent_class(draws=1000, tune=300, thin=2, chains=4)),
        "servanda, through PyMC": Contender(
            lambda: latent_class(draws=500, tune=500, thin=1, chains=4, exact=False, pointwise=False)
        ),
        "NumPyro, enumeration": Contender(latent_class_in_numpyro, "numpyro"),
    },
}


def smallest_ess(draws: dict[str, Any]) -> float:
    import arviz as az
    import numpy as np

    return min(
        float(az.ess(values[(slice(None), slice(None), *cell)], method="bulk"))
        for values in draws.values()
        for cell in np.ndindex(values.shape[2:])
    )


def measured(problem: str, name: str) -> dict[str, Any]:
    run = PROBLEMS[problem][name].run()
    ess = smallest_ess(run.draws)
    needed = run.whole + run.sampling * run.kept * (ESS / ess - 1)
    return {
        "whole": run.whole,
        "smallest": ess,
        "sampling": run.sampling,
        "until": needed,
        "rate": ess / run.sampling,
        "note": run.note,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problem", choices=PROBLEMS, default="b")
    parser.add_argument("--only", help="run one contender here and print its figures as JSON")
    parser.add_argument("--skip", action="append", default=[], help="leave one out")
    parser.add_argument("--limit", type=float, default=600, help="seconds each contender may take")
    arguments = parser.parse_args()
    if arguments.only:
        print(json.dumps(measured(arguments.problem, arguments.only)))
        return
    print(f"processors {os.cpu_count()}, load {os.getloadavg()[0]:.1f}")
    print(f"{'':42}{'whole':>8}{'smallest':>10}{'sampling':>10}{'until 400':>11}{'':>8}{'ESS/s':>9}")
    first: dict[str, Any] = {}
    for name, contender in PROBLEMS[arguments.problem].items():
        if name in arguments.skip:
            continue
        if importlib.util.find_spec(contender.needs) is None:
            print(f"{name:42}skipped: {contender.needs} is not installed")
            continue
        command = [sys.executable, __file__, "--problem", arguments.problem, "--only", name]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=arguments.limit)
        except subprocess.TimeoutExpired:
            print(f"{name:42}stopped after {arguments.limit:.0f} s without a result", flush=True)
            continue
        if done.returncode:
            print(f"{name:42}failed: {done.stderr.strip().splitlines()[-1]}")
            continue
        got = json.loads(done.stdout.splitlines()[-1])
        first = first or got
        ratio = {key: got[key] / first[key] for key in ("until", "rate")}
        print(
            f"{name:42}{got['whole']:7.2f}s{got['smallest']:10.0f}{got['sampling']:9.2f}s"
            f"{got['until']:10.2f}s{ratio['until']:7.1f}x{got['rate']:9.0f}{ratio['rate']:9.4f}x  {got['note']}",
            flush=True,
        )


if __name__ == "__main__":
    main()
