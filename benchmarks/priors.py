"""Priors, measured side by side in one run: `python benchmarks/priors.py [compare|elicit] [--seed N]`.

`compare`: ten questions under five shipped prior sets, by weights on one fit, with and without scores, against fits
under each; and where weights can be trusted, by how many Monte Carlo errors the answers of the two ways differ.
`elicit`: statements drawn at random, solved for from `literature`, and how far what the priors say in new draws lies
from what was asked.
"""

from __future__ import annotations

import argparse
import time
import warnings
from typing import Any

SETS = ("literature", "flat", "cheap_talk", "institutionalist", "realist")
CASE = {
    "role": "guarantor",
    "era": "after_1991",
    "obligation": "restrain",
    "regime": "democracy",
    "price": "words",
    "forces_there": "yes",
    "past_defections": "3+",
}
#: A case in which every parent of compliance is known.
WHOLE = CASE | {"capability_change": "same", "enforcement": "none", "monitoring": "national_means"}


def questions() -> dict[str, Any]:
    """Ten: compliance by the number of guarantors and by enforcement."""
    from servanda.analysis import chance_of

    done = [{"guarantors": number} for number in ("1", "2", "3", "5", "6+")]
    done += [{"enforcement": kind} for kind in ("none", "inspection", "sanctions", "snapback", "deployed_forces")]
    return {" ".join(one.values()): chance_of("compliance", "complied", CASE, one, actor="USA") for one in done}


def compare(seed: int) -> None:
    """Weights against fits."""
    import numpy as np

    from servanda.analysis import compare_priors
    from servanda.analysis.summaries.importance import weighted_summary
    from servanda.models import fit, load_network
    from servanda.priors import load_prior
    from servanda.record import load_guarantees

    network, cases = load_network("guarantee"), load_guarantees(as_of="2019-04-25")
    first, *others = (load_prior(name) for name in SETS)
    asked = questions()
    posterior = fit(network, cases, first, seed=seed)
    clock = time.perf_counter()
    scored = compare_priors(posterior, others, asked, refit=False)
    with_scores = time.perf_counter() - clock
    clock = time.perf_counter()
    compare_priors(posterior, others, asked, refit=False, scores=False)
    without = time.perf_counter() - clock
    clock = time.perf_counter()
    fits = {priors.name: fit(network, cases, priors, seed=seed + 1) for priors in others}
    fitting = time.perf_counter() - clock
    print(f"five sets, ten questions: {with_scores:.2f} s by weights, {without:.2f} s without scores")
    print(f"four fits: {fitting:.1f} s, that is {fitting / with_scores:.0f} and {fitting / without:.0f} times as long")
    for name, other in fits.items():
        off, trusted = [], 0
        for label, one in asked.items():
            answer = scored.answers[label][name]
            if answer.trusted:
                own = weighted_summary(one.draws(other).values, None)
                off.append(abs(answer.summary.mean - own.mean) / np.hypot(answer.summary.mcse, own.mcse))
                trusted += 1
        worst = f"at most {max(off):.1f} errors apart from the fit" if off else "all to be fitted again"
        print(f"  {name}: {trusted} of {len(asked)} answers by weights, {worst}")


def elicit_many(seed: int, times: int = 5) -> None:
    """Random ranges and ratios, met or not."""
    import numpy as np

    from servanda.analysis import chance_of
    from servanda.models import load_network
    from servanda.priors import MisfitWarning, between, elicit, load_prior, prior_predictive, times_as_likely

    network, base, rng = load_network("guarantee"), load_prior("literature"), np.random.default_rng(seed)
    alone, five = (chance_of("compliance", "complied", WHOLE | {"guarantors": number}) for number in ("1", "5"))
    worst, clock = [], time.perf_counter()
    for number in range(times):
        low, width, ratio = rng.uniform(0.05, 0.4), rng.uniform(0.3, 0.5), rng.uniform(0.8, 1.4)
        stated = {"alone": between(alone, low, low + width), "five": times_as_likely(five, alone, ratio)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MisfitWarning)
            found = elicit(network, base, stated, seed=seed + number)
        posterior = prior_predictive(network, found.priors, seed=1000 + number, draws=40_000)
        p, q = (one.draws(posterior).values.ravel() for one in (alone, five))
        ends = np.quantile(p, [0.05, 0.95]) - [low, low + width]
        middle = (np.median(q / p) - ratio) * np.median(p)
        worst.append(float(np.abs([*ends, middle]).max()))
        print(f"  {low:.2f} to {low + width:.2f}, {ratio:.2f} times: off by {worst[-1]:.4f}; met: {found.met}")
    print(f"{times} elicitations: off by at most {max(worst):.4f}, {(time.perf_counter() - clock) / times:.0f} s each")


MEASURES = {"compare": compare, "elicit": elicit_many}


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=MEASURES, help="everything by default")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    for name in [chosen.what] if chosen.what else MEASURES:
        MEASURES[name](chosen.seed)


if __name__ == "__main__":
    main()
