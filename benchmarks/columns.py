"""Which columns of the day before belong in the shipped network? Backward elimination, nested in folds of crises.

    python benchmarks/columns.py

The rule: role, obligation and the four causes always stay. In the training part of each of ten folds by crisis, a
column is dropped, one after another, as long as dropping it does not lower the log score of a ridge ordinal logit in
five inner folds by crisis. A column that is kept in at least half of the folds under both codings becomes a node. What
the rule chose in a fold is scored on the fold's own cases, which the choice has not seen.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit

from servanda.record import load_guarantees, with_second_coding

STATES = ("defected", "partial", "complied")
ALWAYS = ("role", "obligation", "guarantors", "enforcement", "monitoring", "obligor_past_defections")
CANDIDATES: tuple[str, ...] = (
    "leadership_change",
    "regime",
    "proximity",
    "forces_there",
    "adversary_nuclear",
    "price",
    "capability_change",
    "ally_interest",
    "years_since_signing",
)
COUNTS = ("guarantors", "obligor_past_defections", "years_since_signing")
OUTER, INNER, RIDGE = 10, 5, 5.0
Columns = Mapping[str, np.ndarray]
Rule = Callable[[Columns, np.ndarray, np.ndarray, int, float], list[str]]


class Logit(NamedTuple):
    """Cumulative logit, fitted: first cutpoint, log of the gap to the second, effects."""

    first: float
    log_gap: float
    effects: np.ndarray

    def log_probabilities(self, x: np.ndarray) -> np.ndarray:
        """Log probability of each state, shape (cases, 3)."""
        below = expit(self.first - x @ self.effects), expit(self.first + np.exp(self.log_gap) - x @ self.effects)
        p = np.column_stack([below[0], below[1] - below[0], 1 - below[1]])
        return np.log(np.maximum(p, 1e-12))


def fitted(x: np.ndarray, outcome: np.ndarray, ridge: float) -> Logit:
    """Posterior mode under normal effects with precision `ridge`."""

    def loss(at: np.ndarray) -> float:
        model = Logit(at[0], at[1], at[2:])
        log_p = model.log_probabilities(x)[np.arange(len(outcome)), outcome]
        return float(-log_p.sum() + 0.5 * ridge * at[2:] @ at[2:])

    def slope(at: np.ndarray) -> np.ndarray:
        model, gap = Logit(at[0], at[1], at[2:]), np.exp(at[1])
        p = np.exp(model.log_probabilities(x)[np.arange(len(outcome)), outcome])
        ends = [expit(at[0] - x @ at[2:]), expit(at[0] + gap - x @ at[2:])]
        lower, upper = (one * (1 - one) for one in ends)
        # Each case lies between the cutpoint below it and the one above it.
        above = np.where(outcome == 0, lower, np.where(outcome == 1, upper, 0.0))
        beneath = np.where(outcome == 1, lower, np.where(outcome == 2, upper, 0.0))
        by_first, by_effect = (above - beneath) / p, (beneath - above) / p
        by_gap = (np.where(outcome == 1, upper, 0.0) - np.where(outcome == 2, upper, 0.0)) / p * gap
        return -np.concatenate([[by_first.sum(), by_gap.sum()], x.T @ by_effect - ridge * at[2:]])

    start = np.concatenate([[-1.0, 0.0], np.zeros(x.shape[1])])
    at = minimize(loss, start, jac=slope, method="L-BFGS-B").x
    return Logit(at[0], at[1], at[2:])


def folds(crises: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Fold of each case; the cases of a crisis share it."""
    names = np.unique(crises)
    dealt = dict(zip(names, np.random.default_rng(seed).permutation(len(names)) % count, strict=True))
    return np.array([dealt[crisis] for crisis in crises])


def centred_columns(cases: pd.DataFrame) -> Columns:
    """Each column as centred numbers: counts by their logarithm, the rest by a mark for each state, blanks included."""
    return {name: _centred(_numbers(cases, name)) for name in (*ALWAYS, *CANDIDATES)}


def _numbers(cases: pd.DataFrame, name: str) -> np.ndarray:
    if name not in COUNTS:
        return pd.get_dummies(cases[name].astype("object").fillna("(blank)")).to_numpy(float)
    counts = cases[name].to_numpy(float, na_value=np.nan)
    logs = np.log1p(np.where(np.isnan(counts), np.nanmedian(counts), counts))
    if name != "guarantors":
        return logs[:, None]
    # The count may work another way for a guarantor than for a principal.
    centred = logs - logs.mean()
    return np.column_stack([centred, centred * (cases["role"] == "guarantor").to_numpy()])


def _centred(x: np.ndarray) -> np.ndarray:
    spread = x.std(0).clip(1e-9) if x.shape[1] == 1 else 1.0
    return (x - x.mean(0)) / spread


def inner_score(columns: Columns, names: Sequence[str], outcome: np.ndarray, fold: np.ndarray, ridge: float) -> float:
    """Log score a case of a ridge ordinal logit on those columns, over inner folds."""
    x = np.column_stack([columns[name] for name in names])
    total = 0.0
    for k in range(INNER):
        out = fold == k
        log_p = fitted(x[~out], outcome[~out], ridge).log_probabilities(x[out])
        total += log_p[np.arange(out.sum()), outcome[out]].sum()
    return total / len(outcome)


def chosen(columns: Columns, outcome: np.ndarray, crises: np.ndarray, seed: int, ridge: float) -> list[str]:
    """Candidates that backward elimination keeps."""
    fold, kept = folds(crises, INNER, seed), list(CANDIDATES)
    best = inner_score(columns, [*ALWAYS, *kept], outcome, fold, ridge)
    while kept:
        without = {
            name: inner_score(columns, [*ALWAYS, *(k for k in kept if k != name)], outcome, fold, ridge)
            for name in kept
        }
        name = max(without, key=without.__getitem__)
        if without[name] < best:
            break
        kept.remove(name)
        best = without[name]
    return kept


def everything(_columns: Columns, _outcome: np.ndarray, _crises: np.ndarray, _seed: int, _ridge: float) -> list[str]:
    """All candidates, to compare the rule with."""
    return list(CANDIDATES)


class Nested(NamedTuple):
    """What a rule did over all outer folds: how often each column stayed, and each case's gain over the base rate."""

    kept: pd.Series
    gain: np.ndarray
    broken_gain: np.ndarray


def nested(
    columns: Columns, outcome: np.ndarray, crises: np.ndarray, shuffles: int, ridge: float, rule: Rule = chosen
) -> Nested:
    """Run the rule inside the training part of every fold, and score it on the rest."""
    stayed: Counter[str] = Counter()
    gain, broken = np.zeros(len(outcome)), np.zeros(len(outcome))
    for shuffle in range(shuffles):
        fold = folds(crises, OUTER, shuffle)
        for k in range(OUTER):
            out = fold == k
            training = {name: x[~out] for name, x in columns.items()}
            names = rule(training, outcome[~out], crises[~out], 100 + shuffle, ridge)
            stayed.update(names)
            x = np.column_stack([columns[name] for name in (*ALWAYS, *names)])
            log_p = fitted(x[~out], outcome[~out], ridge).log_probabilities(x[out])
            base = np.log(np.bincount(outcome[~out], minlength=3) / (~out).sum())
            own = outcome[out]
            gain[out] += (log_p[np.arange(len(own)), own] - base[own]) / shuffles
            broken[out] += np.where(own == 0, log_p[:, 0] - base[0], _rest(log_p[:, 0]) - _rest(base[0])) / shuffles
    return Nested(pd.Series(stayed, dtype=float).reindex(CANDIDATES, fill_value=0.0) / (OUTER * shuffles), gain, broken)


def _rest(log_p: np.ndarray | float) -> np.ndarray:
    return np.log1p(-np.exp(log_p))


def mean_and_error(values: np.ndarray, crises: np.ndarray) -> str:
    """Mean, and its standard error by crisis."""
    _, crisis = np.unique(crises, return_inverse=True)
    sums = np.bincount(crisis, values - values.mean())
    return f"{values.mean():+.3f} ({np.sqrt((sums**2).sum()) / len(values):.3f})"


def main(shuffles: int, ridge: float) -> None:
    """Print the shares of folds that kept each column, by both codings, and what the rule gains on held-out crises."""
    record = with_second_coding(load_guarantees())
    crises, outcome = record["crisis"].to_numpy(str), pd.Categorical(record["outcome"], STATES).codes.astype(int)
    # The second coding changes what could be known the day before, and neither outcome nor causes.
    second = {name: record[f"second_{name}"] for name in CANDIDATES if f"second_{name}" in record}
    shares: dict[str, pd.Series] = {}
    for coding, cases in {"first": record, "second": record.assign(**second)}.items():
        columns = centred_columns(cases)
        for name, rule in {"by the rule": chosen, "all candidates": everything}.items():
            found = nested(columns, outcome, crises, shuffles, ridge, rule)
            shares.setdefault(coding, found.kept)
            print(
                f"{coding} coding, {name}: three states {mean_and_error(found.gain, crises)}, "
                f"broken or not {mean_and_error(found.broken_gain, crises)}",
                flush=True,
            )
    table = pd.DataFrame(shares)
    print(table.assign(node=(table >= 0.5).all(axis=1).map({True: "yes", False: "no"})).to_string())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shuffles", type=int, default=5, help="shuffles of the outer folds")
    parser.add_argument("--ridge", type=float, default=RIDGE, help="precision of the normal prior on effects")
    given = parser.parse_args()
    main(given.shuffles, given.ridge)
