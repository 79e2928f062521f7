"""A contrast under a hidden common cause: what it makes of no effect at all, and what `confounding` says of it.

    python benchmarks/confounding.py --replicates 12 --cases 1000

In every replicate the number of guarantors does nothing, and a hidden standard normal cause raises the odds of more of
them, and lowers those of compliance, by `--odds` a standard deviation. The shipped form is fitted (an ordinal node in
the log of the count), the contrast of five guarantors with one is taken, and `confounding` is asked at the true
strengths and for the tipping point.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from servanda.analysis import confounding
from servanda.models import Arrow, Network, Node, Posterior, fit
from servanda.priors import load_prior

COUNTS = ("1", "2", "3", "4", "5", "6+")
OUTCOMES = ("defected", "partial", "complied")


def simulated(odds: float, cases: int, seed: int) -> pd.DataFrame:
    """Cases in which the count does nothing, and a hidden cause makes it seem to."""
    rng = np.random.default_rng(seed)
    hidden = rng.standard_normal(cases)
    backing = np.log(odds) * hidden + rng.logistic(size=cases)
    kept = -np.log(odds) * hidden + rng.logistic(size=cases)
    return pd.DataFrame(
        {
            "guarantors": np.array(COUNTS)[np.digitize(backing, [0.0, 0.8, 1.2, 1.6, 2.2])],
            "compliance": np.array(OUTCOMES)[np.digitize(kept, [-0.4, 0.2])],
        }
    )


def fitted(cases: pd.DataFrame, family: str, seed: int) -> Posterior:
    """Posterior of the two nodes; compliance in the shipped form, or as a table that is drawn exactly."""
    arrow = Arrow("guarantors", term="log") if family == "ordinal" else Arrow("guarantors")
    network = Network(
        (
            Node("guarantors", COUNTS, ordered=True, values=(1, 2, 3, 4, 5, 12)),
            Node("compliance", OUTCOMES, (arrow,), ordered=True, family=family),
        ),
        name="hidden",
    )
    return fit(network, cases, load_prior("flat"), seed=seed)


def measured(posterior: Posterior, odds: float) -> dict[str, float]:
    """What the contrast says, what is left with the cause held, and where it tips."""
    found = confounding(posterior, "compliance", {"guarantors": "1"}, {"guarantors": "5"})
    held = found.effect(odds, 1 / odds).values
    told, tipping = found.change, found.tipping_point
    lower, upper = np.quantile(held, [0.05, 0.95])
    return {
        "told": told.mean,
        "told_lower": told.lower,
        "told_upper": told.upper,
        "held": held.mean(),
        "held_lower": lower,
        "held_upper": upper,
        "tips_at": tipping.zero,
        "interval_at": tipping.interval,
        "e_value": tipping.e_value,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=12)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--odds", type=float, default=float(np.e))
    parser.add_argument("--family", choices=("ordinal", "table"), default="ordinal")
    how = parser.parse_args()
    rows = []
    for seed in range(1, how.replicates + 1):
        rows.append(measured(fitted(simulated(how.odds, how.cases, seed), how.family, seed), how.odds))
        print(f"{seed:3d}  " + "  ".join(f"{name} {value:.3f}" for name, value in rows[-1].items()), flush=True)
    table = pd.DataFrame(rows)
    wrong = ((table["told_lower"] > 0) | (table["told_upper"] < 0)).sum()
    right = ((table["held_lower"] <= 0) & (table["held_upper"] >= 0)).sum()
    print(
        f"\ntold {100 * table['told'].mean():+.1f} points on average; excludes the true zero in {wrong} of {len(table)}"
    )
    print(f"with the cause held {100 * table['held'].mean():+.1f}; holds zero in {right} of {len(table)}")
    print(f"tips at {table['tips_at'].median():.2f} (median); the true odds are {how.odds:.2f}")


if __name__ == "__main__":
    main()
