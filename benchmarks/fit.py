"""How long until a posterior can be trusted, beside other programs: `python benchmarks/fit.py --problem b d`.

(a) the shipped record under the shipped priors; from process start to saved file by `servanda fit`, and the same model
    sampled through PyMC by nutpie and by PyMC's own NUTS;
(b) 12 `table` nodes, 500 rows, 15 % of the cells missing, flat Dirichlet priors;
(c) a latent class of two states with 8 children of two, 5,000 rows;
(d) the outcome of the shipped record given its parents: a cumulative logit with effects of actors and guarantees.

All contenders get the same ready-made data (`ready.py`). Each runs as a process of its own, one after the other; one
whose program is not installed is left out with a word. Printed and kept are, in seconds on the wall and of CPU:

whole      from the start of the process to the end of sampling, imports and compilation included
smallest   the smallest bulk ESS of any number that the contenders share
sampling   seconds of sampling alone, warm-up included
until 400  from the start until bulk ESS 400 everywhere (sampling after warm-up scaled in proportion), as a ratio to the
           first contender too

and the largest z-score between its means and mean squares and those of the first contender: 1 in 1,000 comparisons of
contenders who agree is called different. `--store` keeps it all in `measured.json`. Exit status 1 if any two differ.
"""

from __future__ import annotations

import argparse
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from running import Agreement, Moment, Run, agreement, smallest_ess
from stored import busy, store


def servanda_draws(posterior: Any) -> dict[str, Any]:
    """Parameters without the effects of single members, of which other programs have other ones."""
    groups = {f"{node.name}.{group.name}" for node in posterior.network.nodes for group in node.groups}
    return {str(name): array.values for name, array in posterior.draws.items() if name not in groups}


class Watch:
    """Begins at the first progress that is told, and ends at the last."""

    def __init__(self) -> None:
        self.told: list[Moment] = []

    def __call__(self, *_: Any) -> None:
        self.told = [*self.told[:1], Moment.now()]

    @property
    def took(self) -> Moment:
        return self.told[-1] - self.told[0]


def servanda(network: Any, frame: Any, names: Callable[[Any], Mapping[str, Any]], **settings: Any) -> Run:
    from servanda.models import fit

    watch = Watch()
    posterior = fit(network, frame, seed=1, progress=watch, **settings)
    return Run(names(posterior), Moment.now(), watch.took, after_warm_up(**posterior.provenance["settings"]))


def after_warm_up(draws: int, tune: int, thin: int, **_: Any) -> float:
    """Share of the steps that are draws."""
    return draws * thin / (draws * thin + tune)


def command_line(cold: bool) -> Run:
    """`servanda fit` as a user types it, to a saved file; cold is without any compiled code kept from before."""
    from servanda.models import load_posterior

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "posterior.nc"
        caches = {"NUMBA_CACHE_DIR": f"{folder}/numba", "PYTENSOR_FLAGS": f"base_compiledir={folder}/pytensor"}
        program = [sys.executable, "-c", "from servanda.analysis.cli.app import main; main()"]
        before = Moment.now()
        subprocess.run(
            [*program, "fit", "--out", out, "--quiet"], check=True, env={**os.environ, **(caches if cold else {})}
        )
        whole = Moment.now() - before
        posterior = load_posterior(out)
    sampling = float(posterior.provenance["seconds"])
    nuts = tuple(f"{name}." for block in posterior.provenance["drawn_by_nuts"] for name in block)
    draws = {name: x for name, x in servanda_draws(posterior).items() if name.startswith(nuts)}
    # Cold, most of it is compiling, which fewer draws would not shorten: nothing is scaled.
    took = Moment(0.0, 0.0) if cold else Moment(sampling, whole.cpu * sampling / whole.wall)
    note = "process start to saved file" + (", all draws" if cold else "")
    return Run(draws, whole, took, after_warm_up(**posterior.provenance["settings"]), note)


def through_pymc(sampler: str, ready: str = "record", nodes: Sequence[str] | None = None) -> Run:
    """The blocks that Servanda samples, as models of PyMC."""
    import ready as problems

    from servanda.models import pymc_model as compiled
    from servanda.models.cases.patterns import find_patterns
    from servanda.models.sampling.blocks import conjugate_nodes, sampled_blocks

    warnings.simplefilter("ignore")
    network, cases, priors = getattr(problems, ready)()
    patterns = find_patterns(network, cases)
    blocks = [tuple(nodes)] if nodes else sampled_blocks(network, patterns, conjugate_nodes(network, patterns))
    draws, took = {}, Moment(0.0, 0.0)
    for block in blocks:
        drawn, more = _pymc_draws(compiled(network, cases, patterns, priors, block), sampler)
        took = Moment(took.wall + more.wall, took.cpu + more.cpu)
        draws |= {str(name): array.transpose("chain", "draw", ...).values for name, array in drawn.items()}
    whole = Moment.now()
    groups = {f"{node.name}.{group.name}" for node in network.nodes for group in node.groups}
    helpers = (".unit", ".stated")
    kept = {name: x for name, x in draws.items() if name not in groups and not name.endswith(helpers)}
    return Run({name: x for name, x in kept.items() if ".unit" not in name}, whole, took, 2 / 3)


def _pymc_draws(model: Any, sampler: str) -> tuple[Any, Moment]:
    settings = {"draws": 1000, "tune": 500, "chains": 4}
    if sampler == "nutpie":
        import nutpie

        ready = nutpie.compile_pymc_model(model)
        begun = Moment.now()
        tree = nutpie.sample(ready, seed=1, target_accept=0.9, progress_bar=False, **settings)
    else:
        import pymc as pm

        begun = Moment.now()
        with model:
            tree = pm.sample(
                **settings,
                random_seed=1,
                nuts_sampler="pymc",
                nuts={"target_accept": 0.9},
                progressbar=False,
                quiet=True,
                compute_convergence_checks=False,
            )
    return tree["posterior"].to_dataset(), Moment.now() - begun


def record_outcome() -> Run:
    from ready import OUTCOME, complete_record

    from servanda.models.sampling.blocks import fit_block

    network, cases, priors = complete_record()
    watch = Watch()
    block = fit_block(network, cases, priors, OUTCOME, seed=1, progress=watch)
    groups = {f"{OUTCOME}.{group.name}" for group in network[OUTCOME].groups}
    kept = {str(name): array.values for name, array in block.tree["posterior"].data_vars.items()}
    draws = {name: x for name, x in kept.items() if name not in groups}
    return Run(draws, Moment.now(), watch.took, after_warm_up(**asdict(block.run.sampling)))


def latent_class(**settings: Any) -> Run:
    import numpy as np
    from ready import classes

    def names(posterior: Any) -> dict[str, Any]:
        tables = [posterior.draws[f"y{k}.table"].values[..., 1] for k in range(8)]
        return {"p": posterior.draws["class.table"].values[..., 1], "q": np.stack(tables, axis=-1)}

    return servanda(*classes(), names, **settings)


def tables_with_holes(**settings: Any) -> Run:
    from ready import problem

    return servanda(*problem(), servanda_draws, **settings)


def plain_pymc() -> Run:
    """Masked arrays, as PyMC's own guide has it: holes are discrete variables with Gibbs steps."""
    import numpy as np
    import pymc as pm
    from ready import problem

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
        begun = Moment.now()
        tree = pm.sample(draws, tune=tune, chains=2, cores=2, random_seed=1, progressbar=False, quiet=True)
    took = Moment.now() - begun
    kept = {f"{name}.table": tree["posterior"][f"{name}.table"].values for name in network.names}
    return Run(kept, Moment.now(), took, 0.5, f"{draws} draws of 2 chains only: ESS is a guess")


#: Settings of a run that is to compile a program and no more.
SHORT = {"warmup": 10, "draws": 10}


@dataclass(frozen=True)
class Contender:
    """How one program fits a problem.

    Parameters
    ----------
    run
        Fits; or module and function, of which the module imports what it needs.
    needs
        Package without which it is left out.
    compiles
        Whether its program keeps what it compiles, so that one run before the one that counts makes it ready.
    weekly
        Whether `make bench` runs it; what takes many minutes it does not.
    """

    run: Callable[[], Run] | tuple[str, str]
    needs: str = "servanda.models"
    compiles: bool = False
    weekly: bool = True

    def __call__(self, *, shortly: bool = False) -> Run:
        """Fit; shortly where it is only to be compiled, if that is known to be enough."""
        if isinstance(self.run, tuple):
            module, name = self.run
            return getattr(import_module(module), name)(**(SHORT if shortly else {}))
        return self.run()


PROBLEMS: dict[str, dict[str, Contender]] = {
    "a": {
        "Servanda, `servanda fit`, warm": Contender(lambda: command_line(cold=False), compiles=True),
        "Servanda, `servanda fit`, cold": Contender(lambda: command_line(cold=True)),
        "PyMC, nutpie": Contender(lambda: through_pymc("nutpie"), "nutpie"),
        "PyMC, its own NUTS": Contender(lambda: through_pymc("pymc"), "pymc", weekly=False),
    },
    "b": {
        "Servanda, augmentation": Contender(
            lambda: tables_with_holes(draws=500, tune=200, thin=1, chains=4, pointwise=False), compiles=True
        ),
        "Servanda, default settings": Contender(lambda: tables_with_holes(draws=1000, tune=300, thin=1, chains=4)),
        "JAGS": Contender(("in_jags", "tables"), "pyjags"),
        "PyMC, nutpie, holes summed out": Contender(
            lambda: tables_with_holes(draws=500, tune=500, thin=1, chains=4, pointwise=False, exact=False)
        ),
        "PyMC, its own imputation": Contender(plain_pymc, "pymc", weekly=False),
    },
    "c": {
        "Servanda, augmentation": Contender(
            lambda: latent_class(draws=1000, tune=300, thin=1, chains=4), compiles=True
        ),
        "Stan, class summed out": Contender(("in_stan", "latent_class"), "stan", compiles=True),
        "NumPyro, enumeration": Contender(("in_numpyro", "latent_class"), "funsor"),
        "PyMC, nutpie, class summed out": Contender(
            lambda: latent_class(draws=500, tune=500, thin=1, chains=4, exact=False, pointwise=False)
        ),
        "JAGS": Contender(("in_jags", "latent_class"), "pyjags"),
    },
    "d": {
        "Servanda, compiled loops": Contender(record_outcome, compiles=True),
        "Stan": Contender(("in_stan", "ordinal"), "stan", compiles=True),
        "NumPyro": Contender(("in_numpyro", "ordinal"), "numpyro"),
        "PyMC, nutpie": Contender(
            lambda: through_pymc("nutpie", "complete_record", ("compliance",)), "nutpie"
        ),
        "JAGS": Contender(("in_jags", "ordinal"), "pyjags"),
    },
}  # fmt: skip


def run_here(problem: str, name: str, out: Path, *, shortly: bool) -> None:
    """Run a contender in this process and leave what it gave in a file."""
    with out.open("wb") as file:
        pickle.dump(PROBLEMS[problem][name](shortly=shortly), file)


def run_apart(problem: str, name: str, limit: float, *, shortly: bool = False) -> Run | str:
    """Run a contender in a process of its own; a string says why there is no result."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run.pickle"
        script = str(Path(__file__).resolve())
        command = [sys.executable, script, "--problem", problem, "--only", name, "--out", str(out)]
        command += ["--shortly"] if shortly else []
        # A session of its own, so that what the contender has started ends with it.
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
        ) as process:
            try:
                _, errors = process.communicate(timeout=limit)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                return f"stopped after {limit:.0f} s without a result"
        if process.returncode:
            return f"failed: {(errors.strip().splitlines() or ['without a word'])[-1]}"
        with out.open("rb") as file:
            return pickle.load(file)


def row(name: str, run: Run, first: Run, compared: Agreement | None, load: float) -> dict[str, Any]:
    """Figures of a contender, ratios to the first."""
    ess = smallest_ess(run.draws)
    until, before = run.until(ess), first.until(smallest_ess(first.draws))
    return {
        "name": name,
        "whole": run.whole.wall,
        "whole_cpu": run.whole.cpu,
        "ess": ess,
        "sampling": run.sampling.wall,
        "sampling_cpu": run.sampling.cpu,
        "until": until.wall,
        "until_cpu": until.cpu,
        "ratio": until.wall / before.wall,
        "ratio_cpu": until.cpu / before.cpu,
        "load": load,
        "note": run.note,
        **({"z": compared.worst, "z_limit": compared.limit, "numbers": compared.count} if compared else {}),
    }


def compared(problem: str, contenders: Mapping[str, Contender], limit: float) -> tuple[list[dict[str, Any]], bool]:
    """Run all contenders, one after the other, and print as they come."""
    print(
        f"\n({problem}) {'':38}{'whole':>8}{'CPU':>8}{'ESS':>7}{'until 400':>10}{'':>7}{'CPU':>8}{'':>7}{'max |z|':>8}"
    )
    rows, first, fine = [], None, True
    for name, contender in contenders.items():
        if find_spec(contender.needs) is None:
            what = f"{contender.needs} is not installed"
            print(f"{name:42}left out: {what}")
            rows.append({"name": name, "left_out": what})
            continue
        if contender.compiles:
            run_apart(problem, name, limit, shortly=True)
        load = busy()
        run = run_apart(problem, name, limit)
        if isinstance(run, str):
            print(f"{name:42}{run}", flush=True)
            rows.append({"name": name, "left_out": run})
            continue
        first = first or run
        apart = None if run is first else agreement(first.draws, run.draws)
        got = row(name, run, first, apart, load)
        rows.append(got)
        print(
            f"{name:42}{got['whole']:7.1f}s{got['whole_cpu']:7.1f}s{got['ess']:7.0f}{got['until']:9.1f}s"
            f"{got['ratio']:6.1f}x{got['until_cpu']:7.1f}s{got['ratio_cpu']:6.1f}x"
            f"{apart.worst if apart else 0:8.1f}  {run.note}",
            flush=True,
        )
        if apart and not apart.fine:
            fine = False
            print(f"{'':42}DIFFERS: {apart.where}, z {apart.worst:.1f}, limit {apart.limit:.1f} of {apart.count}")
    return rows, fine


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problem", nargs="+", choices=PROBLEMS, default=list(PROBLEMS))
    parser.add_argument("--weekly", action="store_true", help="leave out what takes many minutes")
    parser.add_argument("--skip", action="append", default=[], help="leave one out")
    parser.add_argument("--limit", type=float, default=600, help="seconds each contender may take")
    parser.add_argument("--store", action="store_true", help="keep the figures in measured.json")
    parser.add_argument("--only", help="run one contender here; for this script itself")
    parser.add_argument("--shortly", action="store_true", help="with few draws, to compile its program")
    parser.add_argument("--out", help="where its draws go")
    arguments = parser.parse_args()
    if arguments.only:
        run_here(arguments.problem[0], arguments.only, Path(arguments.out or os.devnull), shortly=arguments.shortly)
        return 0
    print(f"processors {os.cpu_count()}, load {busy()}")
    fine = True
    for problem in arguments.problem:
        chosen = {
            name: one
            for name, one in PROBLEMS[problem].items()
            if name not in arguments.skip and (one.weekly or not arguments.weekly)
        }
        load = busy()
        rows, agrees = compared(problem, chosen, arguments.limit)
        fine &= agrees
        if arguments.store:
            store(f"fit {problem}", {"rows": rows}, load)
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
