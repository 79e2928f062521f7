"""Does the comparison find the theory that made the data? Replicates simulated under each theory, all theories fitted.

    python benchmarks/theories.py --replicates 20 --rows 1000

Stacking should put the most weight on the theory that made the data, or on one that is equal in practice: whose
predictions of the same replicate cannot be told apart (less than 4 in ELPD, or less than two standard errors). Under
cheap talk no theory should be told apart from it in its own favour.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from servanda.analysis import compare_models
from servanda.models import THEORIES, Arrow, Network, Node, encode

#: Effects on the logit scale of 1, 2, 3, 4, 5 and 12 guarantors (of which every third has an institution).
K = np.array([1, 2, 3, 4, 5, 12])
SHAPES = {
    "none": lambda k, institution: 0.0 * k,
    "log": lambda k, institution: -0.8 * np.log(k),
    "monotone": lambda k, institution: np.where(k >= 4, 1.6, 0.0),
    "saturating": lambda k, institution: 2.0 * (1 - np.exp(-0.7 * (k - 1))),
    "diffusion": lambda k, institution: 2.2 / k,
    "inverted_u": lambda k, institution: 3.0 * np.log(k) - 1.4 * np.log(k) ** 2,
    "institution": lambda k, institution: np.where(institution, 1.0, -0.8) * np.log(k),
}
NETWORK = Network(
    (
        Node("guarantors", tuple(map(str, K)), values=tuple(K), ordered=True),
        Node("institution", ("no", "yes"), ordered=True),
        Node(
            "compliance",
            ("defected", "partial", "complied"),
            (Arrow("guarantors"), Arrow("institution")),
            family="ordinal",
            ordered=True,
        ),
    ),
    name="simulated",
)


def simulated(theory: str, rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    k, institution = rng.choice(K, rows), rng.random(rows) < 1 / 3
    eta = SHAPES[theory](k, institution) + 0.4 * institution
    eta = eta - eta.mean()
    latent = eta + rng.logistic(size=rows)
    states = np.array(NETWORK["compliance"].states)[(latent > -0.8).astype(int) + (latent > 0.2)]
    return pd.DataFrame(
        {"guarantors": k.astype(str), "institution": np.where(institution, "yes", "no"), "compliance": states}
    )


def counted(frame: pd.DataFrame) -> Any:
    """Equal cases as one with a count, so that each is left out once."""
    tally = frame.value_counts().reset_index(name="cases")
    return replace(encode(NETWORK, tally.drop(columns="cases")), counts=tally["cases"].to_numpy())


def replicate(theory: str, rows: int, seed: int) -> tuple[str, bool, bool]:
    """The theory with the most weight, whether it equals the true one in practice, whether an effect was invented."""
    found = compare_models(
        {name: THEORIES[name].apply(NETWORK) for name in SHAPES},
        counted(simulated(theory, rows, seed)),
        node="compliance",
        unit="case",
        seed=seed,
        draws=500,
        tune=300,
        chains=2,
        thin=1,
        refits=0,
    )
    top = max(found.weights, key=lambda name: found.weights[name])
    invented = theory == "none" and any(
        found.told_apart(name, "none") and found.difference(name, "none")[0] > 0 for name in SHAPES
    )
    return top, not found.told_apart(top, theory), invented


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=20)
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--theories", default=",".join(SHAPES))
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    started = time.perf_counter()
    print(f"{options.replicates} replicates of {options.rows} cases under each theory; load {os.getloadavg()[0]:.1f}")
    for number, theory in enumerate(options.theories.split(",")):
        found = [replicate(theory, options.rows, 1000 * number + seed) for seed in range(options.replicates)]
        tops = Counter(top for top, _, _ in found)
        exact = sum(top == theory for top, _, _ in found)
        equal = sum(alike for _, alike, _ in found)
        told = ", ".join(f"{name} {count}" for name, count in tops.most_common())
        print(
            f"{THEORIES[theory].title:30s} itself {exact:2d}, or equal to it in practice {equal:2d} of {len(found)}"
            f"  ({told}){'; invented ' + str(sum(i for *_, i in found)) if theory == 'none' else ''}"
            f"  [{time.perf_counter() - started:.0f} s]",
            flush=True,
        )


if __name__ == "__main__":
    main()
