"""Problems of `fit.py` in JAGS, through PyJAGS: each chain in a process of its own.

PyJAGS can run chains in threads, and their draws then get in one another's way; processes are safe.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import numpy as np
import pyjags
from ready import classes, named, ordinal_data, problem
from running import Moment, Run

CHAINS = 4
ORDINAL = """
model {
  baseline ~ ddirch(alpha)
  c[1] <- logit(baseline[1])
  c[2] <- logit(baseline[1] + baseline[2])
  for (j in 1:J) { z[j] ~ dnorm(0, 1) }
  steps1 ~ ddirch(a1)
  steps2 ~ ddirch(a2)
  for (k in 1:2) { slope[k] ~ dnorm(mu[k], pow(sigma[k], -2)) }
  actor_sd ~ dnorm(0, pow(scale_a, -2)) T(0,)
  guarantee_sd ~ dnorm(0, pow(scale_g, -2)) T(0,)
  for (a in 1:A) { e_a[a] ~ dnorm(0, 1) }
  for (g in 1:G) { e_g[g] ~ dnorm(0, 1) }
  for (i in 1:N) {
    eta[i] <- offset[i] + inprod(X[i,], z) + slope[1] * inprod(H1[i,], steps1) + slope[2] * inprod(H2[i,], steps2)
              + actor_sd * e_a[actor[i]] + guarantee_sd * e_g[guarantee[i]]
    p[i,1] <- ilogit(c[1] - eta[i])
    p[i,2] <- ilogit(c[2] - eta[i]) - p[i,1]
    p[i,3] <- 1 - p[i,1] - p[i,2]
    y[i] ~ dcat(p[i,])
  }
}
"""
CLASSES = """
model {
  p ~ dbeta(1, 1)
  order ~ ddirch(ones)
  q[1,1] <- order[1]
  q[2,1] <- order[1] + order[2]
  for (z in 1:2) { for (k in 2:K) { q[z,k] ~ dbeta(1, 1) } }
  for (i in 1:N) {
    class[i] ~ dbern(p)
    for (k in 1:K) { y[i,k] ~ dbern(q[class[i] + 1,k]) }
  }
}
"""


@dataclass(frozen=True)
class Chain:
    """One chain to run."""

    program: str
    data: dict[str, Any]
    names: Sequence[str]
    seed: int
    warmup: int
    draws: int

    def run(self) -> dict[str, np.ndarray]:
        start = {".RNG.name": "base::Mersenne-Twister", ".RNG.seed": self.seed}
        model = pyjags.Model(
            self.program, self.data, init=[start], chains=1, adapt=self.warmup, progress_bar=False, threads=1
        )
        # The last axis is that of the one chain.
        return {name: x[..., 0] for name, x in model.sample(self.draws, vars=list(self.names)).items()}


def _sampled(
    program: str, data: dict[str, Any], names: Sequence[str], warmup: int, draws: int
) -> tuple[dict[str, np.ndarray], Moment, Moment]:
    begun = Moment.now()
    chains = [Chain(program, data, names, seed, warmup, draws) for seed in range(1, CHAINS + 1)]
    with ProcessPoolExecutor(min(CHAINS, os.cpu_count() or 1), get_context("fork")) as pool:
        found = list(pool.map(Chain.run, chains))
    kept = {name: np.stack([np.moveaxis(one[name], -1, 0) for one in found]) for name in names}
    ended = Moment.now()
    return kept, ended, ended - begun


def ordinal(warmup: int = 500, draws: int = 1000) -> Run:
    data = ordinal_data()
    first, second = data.steps
    (actor, actors, scale_a), (guarantee, guarantees, scale_g) = data.groups["actor"], data.groups["guarantee"]
    given = {
        "N": len(data.y), "J": data.X.shape[1], "y": data.y + 1, "offset": data.offset, "X": data.X,
        "alpha": data.alpha, "H1": first.height, "H2": second.height, "a1": first.alpha, "a2": second.alpha,
        "mu": [first.mu, second.mu], "sigma": [first.sigma, second.sigma], "A": actors, "G": guarantees,
        "actor": actor + 1, "guarantee": guarantee + 1, "scale_a": scale_a, "scale_g": scale_g,
    }  # fmt: skip
    names = ("baseline", "z", "steps1", "steps2", "slope", "actor_sd", "guarantee_sd")
    kept, ended, took = _sampled(ORDINAL, given, names, warmup, draws)
    # What has one number has an axis of length one.
    kept = {name: x[..., 0] if name.endswith("_sd") else x for name, x in kept.items()}
    return Run(named(data, kept), ended, took, draws / (draws + warmup))


def latent_class(warmup: int = 300, draws: int = 500) -> Run:
    _, frame = classes()
    y = (frame == "yes").to_numpy(int)
    given = {"N": len(y), "K": y.shape[1], "y": y, "ones": np.ones(3)}
    kept, ended, took = _sampled(CLASSES, given, ("p", "q"), warmup, draws)
    return Run({"p": kept["p"][..., 0], "q": kept["q"]}, ended, took, draws / (draws + warmup))


def tables(warmup: int = 200, draws: int = 1000) -> Run:
    """Tables with holes: a missing cell is one more unknown, as in JAGS's own manual."""
    network, frame = problem()
    lines, given = [], {"N": len(frame)}
    for name in network.names:
        parents, shape = network[name].parent_names, network.shape(name)
        states = list(network[name].states)
        codes = np.array([states.index(cell) + 1 if cell in states else 0 for cell in frame[name]])
        given[name] = np.ma.masked_equal(codes, 0)
        ranges = "".join(f"for (k{k} in 1:{size}) {{ " for k, size in enumerate(shape[:-1]))
        row = ",".join([*(f"k{k}" for k in range(len(parents))), f"1:{shape[-1]}"])
        lines.append(f"{ranges}t_{name}[{row}] ~ ddirch(ones{shape[-1]}){' }' * len(parents)}")
        seen = ",".join([*(f"{parent}[i]" for parent in parents), f"1:{shape[-1]}"])
        lines.append(f"for (i in 1:N) {{ {name}[i] ~ dcat(t_{name}[{seen}]) }}")
        given[f"ones{shape[-1]}"] = np.ones(shape[-1])
    program = "model {\n" + "\n".join(lines) + "\n}"
    kept, ended, took = _sampled(program, given, [f"t_{name}" for name in network.names], warmup, draws)
    named_tables = {f"{name}.table": kept[f"t_{name}"] for name in network.names}
    return Run(named_tables, ended, took, draws / (draws + warmup))
