"""Problems of `fit.py` in Stan, through PyStan: models as its guides write them, what is discrete summed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import stan
from ready import counted_classes, named, ordinal_data
from running import Moment, Run

CHAINS = 4
ORDINAL = """
data {
  int N; int J; array[N] int<lower=1, upper=3> y; vector[N] base; matrix[N, J] X; vector[3] alpha;
  int S1; int S2; matrix[N, S1] H1; matrix[N, S2] H2; vector[S1] a1; vector[S2] a2;
  array[2] real mu; array[2] real sigma;
  int A; int G; array[N] int actor; array[N] int guarantee; real scale_a; real scale_g;
}
parameters {
  simplex[3] baseline; vector[J] z; simplex[S1] steps1; simplex[S2] steps2; array[2] real slope;
  real<lower=0> actor_sd; real<lower=0> guarantee_sd; vector[A] e_a; vector[G] e_g;
}
model {
  baseline ~ dirichlet(alpha); z ~ std_normal(); steps1 ~ dirichlet(a1); steps2 ~ dirichlet(a2);
  slope ~ normal(mu, sigma); actor_sd ~ normal(0, scale_a); guarantee_sd ~ normal(0, scale_g);
  e_a ~ std_normal(); e_g ~ std_normal();
  vector[2] c = logit(head(cumulative_sum(baseline), 2));
  y ~ ordered_logistic(base + X * z + slope[1] * (H1 * steps1) + slope[2] * (H2 * steps2)
                       + actor_sd * e_a[actor] + guarantee_sd * e_g[guarantee], c);
}
"""
CLASSES = """
data { int N; int K; array[N, K] int<lower=0, upper=1> y; vector[N] counts; }
parameters { real<lower=0, upper=1> p; simplex[3] order; array[2] vector<lower=0, upper=1>[K - 1] rest; }
transformed parameters {
  array[2] vector[K] q;
  q[1] = append_row(order[1], rest[1]);
  q[2] = append_row(order[1] + order[2], rest[2]);
}
model {
  for (n in 1:N) target += counts[n] * log_mix(p, bernoulli_lpmf(y[n] | q[2]), bernoulli_lpmf(y[n] | q[1]));
}
"""


def _sampled(
    program: str, data: dict[str, Any], warmup: int, draws: int
) -> tuple[dict[str, np.ndarray], Moment, Moment]:
    """Draws as (chains, draws, ...), the end, and what sampling took; a program compiled before comes from a cache."""
    model = stan.build(program, data=data, random_seed=1)
    begun = Moment.now()
    fit = model.sample(num_chains=CHAINS, num_samples=draws, num_warmup=warmup)
    ended = Moment.now()
    # PyStan's arrays have the draws of all chains side by side: draw 1 of each chain, draw 2 of each ...
    kept = {
        name: np.moveaxis(fit[name].reshape(*fit[name].shape[:-1], draws, CHAINS), (-1, -2), (0, 1))
        for name in fit.param_names
    }
    return kept, ended, ended - begun


def ordinal(warmup: int = 500, draws: int = 1000) -> Run:
    data = ordinal_data()
    first, second = data.steps
    (actor, actors, scale_a), (guarantee, guarantees, scale_g) = data.groups["actor"], data.groups["guarantee"]
    given = {
        "N": len(data.y), "J": data.X.shape[1], "y": (data.y + 1).tolist(), "base": data.offset, "X": data.X,
        "alpha": data.alpha, "S1": first.height.shape[1], "S2": second.height.shape[1], "H1": first.height,
        "H2": second.height, "a1": first.alpha, "a2": second.alpha, "mu": [first.mu, second.mu],
        "sigma": [first.sigma, second.sigma], "A": actors, "G": guarantees, "actor": (actor + 1).tolist(),
        "guarantee": (guarantee + 1).tolist(), "scale_a": scale_a, "scale_g": scale_g,
    }  # fmt: skip
    kept, ended, took = _sampled(ORDINAL, given, warmup, draws)
    return Run(named(data, kept), ended, took, draws / (draws + warmup), "compiled before")


def latent_class(warmup: int = 500, draws: int = 1000) -> Run:
    rows, counts = counted_classes()
    given = {"N": len(rows), "K": rows.shape[1], "y": rows.tolist(), "counts": counts.astype(float)}
    kept, ended, took = _sampled(CLASSES, given, warmup, draws)
    return Run({name: kept[name] for name in ("p", "q")}, ended, took, draws / (draws + warmup), "compiled before")
