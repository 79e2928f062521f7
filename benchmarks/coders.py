"""Should the shipped network learn from the first coding alone, or from both coders of what happened?

    python benchmarks/coders.py

The rule was fixed before the scores were looked at: the first coding alone, the simplest, unless both together gain
more in three-state log score, on ten folds by crisis, by above one standard error of the difference. Foretold is always
what the first coder said of a held-out case. Nothing is seen of held-out cases that a coder knew only after the test:
neither the other coder's outcome nor how sure either was.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd

from servanda.analysis import evaluate
from servanda.analysis.evaluation.scoreboard import Evaluation
from servanda.models import load_network
from servanda.models.theories.two_coders import coded_by
from servanda.priors import load_prior
from servanda.record import load_guarantees, with_second_coding
from servanda.record.cases import recount_past

SEED = 1
NODE = "compliance"
SAID = f"{NODE}_first"
KNOWN_AFTER = (f"{NODE}_second", f"{NODE}_first_confidence", f"{NODE}_second_confidence")


def day_before(cases: pd.DataFrame, trained_on: np.ndarray) -> pd.DataFrame:
    """Past defections counted from the training cases, and held-out ones without what the coders knew afterwards."""
    counted = recount_past(cases.assign(outcome=cases[SAID]), trained_on).drop(columns="outcome")
    return counted.assign(**{name: counted[name].where(trained_on) for name in KNOWN_AFTER})


def score(coding: str, repeats: int) -> Evaluation:
    """Held-out scores of the shipped network under `literature`, learned from one coding or from both."""
    record, network = with_second_coding(load_guarantees()), load_network("guarantee")
    learned, cases, priors = coded_by(network, record, load_prior("literature", network), coding)
    both = coding == "both"
    return evaluate(
        learned,
        cases,
        {coding: priors},
        node=SAID if both else NODE,
        repeats=repeats,
        future=(),
        against=("base_rate",),
        recount=day_before if both else recount_past,
        seed=SEED,
    )


def main(repeats: int) -> None:
    """Print the gain of each, and their difference."""
    found = {coding: score(coding, repeats) for coding in ("first", "both")}
    for coding, one in found.items():
        row = one.table.loc[coding]
        print(
            f"{coding:6} gain {row['gain']:+.3f} ({row['error']:.3f})  broken {row['broken_gain']:+.3f} "
            f"({row['broken_error']:.3f})  slope {row['slope']:.2f} ({row['slope_error']:.2f})"
        )
    joined = {name: p for one in found.values() for name, p in one.shuffled.p.items()}
    apart = replace(found["first"].shuffled, p=joined).gain("both", "first")
    print(f"both against first {apart.value:+.3f} ({apart.error:.3f}), {apart.value / apart.error:.2f} standard errors")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="shuffles of the folds")
    main(parser.parse_args().repeats)
