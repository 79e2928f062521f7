"""Theories of the count on alliances put to the test by war: `python benchmarks/alliances.py FILE`.

FILE holds the 146 pairs of war and alliance of Berkemeier and Fuhrmann 2018 (doi 10.1177/2053168018779697), joined with
the members of each alliance in ATOP 4.01 (Leeds, Ritter, Mitchell and Long 2002); you bring your own copy, with the
columns `honored`, `post1945` and one that counts members. An alliance is coded honoured where, as it seems, every
obliged ally acted (documentation, evidence, section 1).

Each theory is fitted to the same cases with the era, before or since 1945, as a further parent; k is the number of
members who owe the duty, all but the one that is attacked. Compared is the leave-one-out density of the outcome alone
(PSIS-LOO, ArviZ), case by case. Cases of one war, or of one pact, are not independent, so the standard errors of
differences are too small. Cases without a count are left out, and how many they are is said.
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import Any

#: Theory -> its key, and whether members may be correlated; None where nothing is said of members.
COMPARED: dict[str, tuple[str, bool | None]] = {
    "constant": ("none", None),
    "log of the count": ("log", None),
    "diffusion, 1/k": ("diffusion", None),
    "noisy-OR": ("any_of", False),
    "noisy-OR, correlated": ("any_of", True),
    "weakest link": ("all_of", False),
    "weakest link, correlated": ("all_of", True),
}
MISSING_COLUMNS = "{path}: has no column {names}; expected honored, post1945 and {count}"


def read(path: Path, count: str) -> Any:
    """Cases with the states of the network below; rows without a count are left out."""
    import pandas as pd

    raw = pd.read_csv(path)
    lacking = {"honored", "post1945", count} - set(raw)
    if lacking:
        raise SystemExit(MISSING_COLUMNS.format(path=path, names=", ".join(sorted(lacking)), count=count))
    known = raw.dropna(subset=["honored", "post1945", count])
    print(f"{len(raw)} cases, {len(raw) - len(known)} left out for want of a cell")
    return pd.DataFrame(
        {
            "era": known["post1945"].map({0: "before", 1: "since"}),
            "allies": (known[count] - 1).clip(lower=1).astype(int).astype(str),
            "honoured": known["honored"].map({0.0: "no", 1.0: "yes"}),
        }
    )


def base(cases: Any) -> Any:
    """The network that every theory changes in one place."""
    from servanda.models import Arrow, Network, Node

    counts = sorted(map(int, cases["allies"].unique()))
    arrows = (Arrow("era"), Arrow("allies", "do more allies help?"))
    return Network(
        (
            Node("era", ("before", "since")),
            Node("allies", tuple(map(str, counts)), ordered=True, values=tuple(counts)),
            Node("honoured", ("no", "yes"), arrows, family="ordinal", ordered=True),
        ),
        name="alliances",
    )


def outcome_only(posterior: Any, cases: Any) -> Any:
    """A tree whose log-likelihood is that of the outcome given era and count, case by case."""
    import numpy as np
    import xarray as xr

    picks = {name: xr.DataArray(cases[name].to_numpy(), dims="case") for name in ("era", "allies", "honoured")}
    log_p = np.log(posterior.table("honoured").sel(picks)).drop_vars(list(picks))
    draws = posterior.draws[[name for name in posterior.draws if str(name).startswith("honoured.")]]
    return xr.DataTree.from_dict({"posterior": draws, "log_likelihood": xr.Dataset({"honoured": log_p})})


def compared(cases: Any, seed: int) -> tuple[Any, dict[str, str]]:
    """ArviZ's comparison of all theories, and what each found, in words."""
    import arviz as az

    from servanda.models import THEORIES, fit
    from servanda.models.theories.theories import independent

    trees, found = {}, {}
    for title, (name, correlated) in COMPARED.items():
        theory = independent(THEORIES[name]) if correlated is False else THEORIES[name]
        network = theory.apply(base(cases), node="honoured", count="allies")
        posterior = fit(network, cases, seed=seed, draws=1000, thin=2)
        trees[title] = outcome_only(posterior, cases)
        summary = az.summary(trees[title], round_to="none")
        stats = posterior.tree["sample_stats"]
        worst = f"R-hat {summary['r_hat'].max():.3f}, divergences {int(stats['diverging'].sum())}"
        numbers = [key for key in posterior.draws if key in {"honoured.allies", "honoured.member", "honoured.rho"}]
        means = [f"{key} {posterior.draws[key].mean():.2f} ({posterior.draws[key].std():.2f})" for key in numbers]
        found[title] = "; ".join([*means, worst])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ArviZ warns of small differences; the table shows them
        table = az.compare(trees, round_to="none")
        reliable = {title: az.loo(tree, pointwise=True) for title, tree in trees.items()}
    shown = table[["elpd", "se", "elpd_diff", "dse", "p", "weight"]].astype(float).round(2)
    # A case that is nearly certain under every draw has weights that hardly differ, and a k that means nothing.
    for title, loo in reliable.items():
        high = loo.pareto_k > loo.good_k
        shown.loc[title, "high_k"] = int(high.sum())
        shown.loc[title, "elpd_of_them"] = round(float(loo.elpd_i.where(high, 0.0).sum()), 3)
    return shown, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--count", default="n_mem_ever", help="column that counts members, e.g. n_mem_at_war")
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    cases = read(told.file, told.count)
    table, found = compared(cases, told.seed)
    print(table.to_string())
    for title in table.index:
        print(f"{title}: {found[title]}")


if __name__ == "__main__":
    main()
