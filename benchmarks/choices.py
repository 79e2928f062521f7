"""Which family, and which prior on effects, should the shipped network have? The candidates, each on held-out crises.

    python benchmarks/choices.py

The rule was fixed before the scores were looked at: an ordinal node with independent priors, the simplest, unless
another candidate gains more in three-state log score, on ten folds by crisis, by above one standard error of its gain.
Candidates are fitted under `literature`; where effects share one learned scale, its spreads of compliance are relative
ones and set to 1.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from servanda.analysis import evaluate
from servanda.analysis.evaluation.scoreboard import Evaluation
from servanda.models import Network, Prior, PriorSet, load_network
from servanda.models.network.parameters import network_parameters
from servanda.models.parameters.prior_set import PriorEntry
from servanda.priors import load_prior
from servanda.record import load_guarantees

SEED = 1
NODE = "compliance"
CANDIDATES = {
    "ordinal, independent": ("ordinal", False),
    "ordinal, shrunk": ("ordinal", True),
    "sequential, independent": ("sequential", False),
    "sequential, shrunk": ("sequential", True),
}


def candidate(shipped: Network, family: str, *, shrunk: bool) -> Network:
    """The shipped network with another family of compliance, its effects on one learned scale or not."""
    options = (("shrinkage", True),) if shrunk else ()
    own = replace(shipped[NODE], family=family, options=options)
    return replace(shipped, nodes=tuple(own if node.name == NODE else node for node in shipped.nodes))


def relative(network: Network) -> PriorSet:
    """`literature`, with a spread of 1 for every effect that is on a learned scale."""
    stated = load_prior("literature", network)
    scaled = [one.name for one in network_parameters(network, [NODE]) if one.scaled_by is not None]
    return replace(stated, entries=(*stated.entries, *(PriorEntry(name, _wide(stated[name])) for name in scaled)))


def _wide(prior: Prior) -> Prior:
    return replace(prior, numbers=tuple((key, 1.0 if key == "sigma" else value) for key, value in prior.numbers))


def main(repeats: int) -> None:
    """Print the table, and how far each candidate is from the first."""
    shipped, cases = load_network("guarantee"), load_guarantees()
    found: dict[str, Evaluation] = {}
    for name, (family, shrunk) in CANDIDATES.items():
        network = candidate(shipped, family, shrunk=shrunk)
        found[name] = evaluate(
            network, cases, {name: relative(network)}, repeats=repeats, against=("base_rate", "ridge_logit"), seed=SEED
        )
        row = found[name].table.loc[name]
        apart = found[name].difference(name, "ridge_logit")
        print(
            f"{name:24} gain {row['gain']:+.3f} ({row['error']:.3f})  broken {row['broken_gain']:+.3f} "
            f"({row['broken_error']:.3f})  slope {row['slope']:.2f} ({row['slope_error']:.2f})  "
            f"against ridge {apart.value:+.3f} ({apart.error:.3f})"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=1, help="shuffles of the folds")
    main(parser.parse_args().repeats)
