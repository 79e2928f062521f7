"""Credibility as a node of a network: its state at each test imputed several times, and never as one best guess.

A case is judged by what was known of its obligor on the day before its test: each test has a fit of the track record
that looks at nothing later. Of that fit's posterior several draws are taken, each sorted into a state; the network is
fitted once for each, and the draws are pooled (multiple imputation: Rubin 1987†). Information flows from the track
record to the network and not back (a cut: Plummer 2015†), so the outcome of a case cannot improve the guess at its
own past.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import xarray as xr

from ...common.errors import Fault, nearest, raise_faults
from ...common.progress import Progress, in_parts
from ...models.cases.encode import encode
from ...models.errors import DataError
from ...models.network.network import Network
from ...models.network.toml import as_network
from ...models.node import Arrow, Node
from ...models.parameters.prior_set import PriorSet
from ...models.track.fit import fit_track
from ...models.track.settings import load_track_settings
from ...priors.files.load import Priors, as_priors
from ...record.cases import load_guarantees
from ...record.files.load import TableOrFile, as_table
from ...record.track import load_track_record
from ..queries.probability import probability
from ..scenarios.fit import fit
from ..summaries.importance import psis_loo
from .questions import credibility

if TYPE_CHECKING:
    import pandas as pd

    from ...models.posterior import Posterior

NODE = "credibility"
#: Most credible first, so that the last state is the worst, as many past defections are.
STATES = ("high", "middle", "low")
#: Credibility of at least the first is high, below the second low.
BOUNDS = (2 / 3, 1 / 3)


@dataclass(frozen=True)
class Imputed:
    """States of credibility at the tests of some cases.

    Parameters
    ----------
    states
        One row a case, one column an imputation; empty where the track record knew nothing of the obligor.
    fits
        How many fits of the track record they rest on.
    """

    states: pd.DataFrame
    fits: int

    @property
    def known(self) -> np.ndarray:
        """Whether a case has a state, shape (cases,)."""
        return self.states.notna().all(axis=1).to_numpy(bool)

    def cases(self, cases: pd.DataFrame, imputation: int) -> pd.DataFrame:
        """Give the cases with the states of one imputation, as column ``credibility``."""
        return cases.assign(**{NODE: self.states.iloc[:, imputation].to_numpy(object)})


def impute_credibility(
    cases: TableOrFile,
    track_record: TableOrFile,
    *,
    seed: int,
    imputations: int = 5,
    actor: str = "obligor",
    tested: str = "tested_from",
    progress: bool | Progress | None = None,
    **sampling: Any,
) -> Imputed:
    """Draw the state of each obligor's credibility on the day before its test.

    Parameters
    ----------
    cases
        One row a case, or the file of a record.
    track_record
        Dated events, or their file.
    seed
        Source of randomness.
    imputations
        How often each state is drawn.
    actor, tested
        Columns of `cases`: whose conduct, and the first day that the test may have begun.
    progress
        As in `servanda.models.fit`, of all fits together.
    **sampling
        As in `servanda.models.fit_track`; a fit is made for every set of events that was known at some test.

    Returns
    -------
    Imputed

    Raises
    ------
    DataError
        If a column is missing or `imputations` is below 1.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2001-01-01", "2004-01-01"])
    >>> events = pd.DataFrame(
    ...     {"actor": "A", "agreement": "x", "date_from": days, "date_until": days, "event": "complied"}
    ... )
    >>> cases = pd.DataFrame({"obligor": ["A", "B"], "tested_from": pd.to_datetime(["2005-01-01", "2005-01-01"])})
    >>> found = impute_credibility(cases, events, seed=1, imputations=2, draws=20, tune=50, chains=2)
    >>> found.known.tolist(), found.fits
    ([True, False], 1)
    """
    cases, track_record = as_table(cases, load_guarantees), as_table(track_record, load_track_record)
    columns = [str(column) for column in cases.columns]
    faults = [Fault(f"column {c}", f"is missing{nearest(c, columns)}") for c in (actor, tested) if c not in columns]
    if imputations < 1:
        faults.append(Fault("imputations", f"is {imputations}; at least 1 is needed"))
    raise_faults("imputation", faults, DataError)
    settings = load_track_settings()
    days = cases[tested].to_numpy("datetime64[D]") - np.timedelta64(1, "D")
    known_from = track_record["date_until"].to_numpy("datetime64[D]")
    states = np.full((len(cases), imputations), None, object)
    # Tests between the same two events share a fit: they know the same.
    sets: dict[int, list[int]] = {}
    for row, day in enumerate(days):
        seen = set(track_record.loc[known_from <= day, "actor"])
        if cases[actor].iloc[row] in seen:
            sets.setdefault(int((known_from <= day).sum()), []).append(row)
    for (number, (_, rows)), tell in in_parts([*enumerate(sorted(sets.items()))], progress):
        known = track_record.iloc[np.flatnonzero(known_from <= days[rows[0]])]
        track = fit_track(known, settings, seed=seed + number, progress=tell, **sampling)
        total = track.sizes["chain"] * track.sizes["draw"]
        chosen = np.random.default_rng([seed, number]).choice(total, imputations, replace=total < imputations)
        for row in rows:
            drawn = credibility(track, str(cases[actor].iloc[row]), days[row]).values.ravel()[chosen]
            states[row] = [STATES[int(np.sum(p < np.array(BOUNDS)))] for p in drawn]
    import pandas as pd

    index = cases["case_id"] if "case_id" in columns else cases.index
    return Imputed(pd.DataFrame(states, index=pd.Index(index)), len(sets))


def with_credibility(network: Network | str | os.PathLike[str], replaces: str = "past_defections") -> Network:
    """Give the network with a node of credibility in the place of another, arrows and all.

    Its states are ``high``, ``middle``, ``low``, in that order, so that a prior on the effect of many past
    defections is one on the effect of low credibility: see `with_credibility_priors`.

    Examples
    --------
    >>> network = with_credibility("guarantee")
    >>> network["credibility"].states, "past_defections" in network.names
    (('high', 'middle', 'low'), False)
    """
    network = as_network(network)
    old = network[replaces]
    new = Node(
        NODE,
        STATES,
        parents=old.parents,
        family=old.family,
        ordered=True,
        label="Credibility at the time of the test",
        description="What the track record of the obligor, up to the day before, says of its word.",
    )

    def moved(arrow: Arrow) -> Arrow:
        own = NODE if arrow.parent == replaces else arrow.parent
        return replace(arrow, parent=own, by=NODE if arrow.by == replaces else arrow.by)

    nodes = [
        new if node.name == replaces else replace(node, parents=tuple(map(moved, node.parents)))
        for node in network.nodes
    ]
    return replace(network, nodes=tuple(nodes), name=f"{network.name}-{NODE}")


def with_credibility_priors(priors: Priors, replaces: str = "past_defections") -> PriorSet:
    """Give the priors with those on the replaced node standing for credibility.

    Examples
    --------
    >>> found = with_credibility_priors("literature")
    >>> [entry.parameter for entry in found.entries if "credibility" in entry.parameter]
    ['guarantors.credibility', 'compliance.credibility']
    """
    stated = as_priors(priors)
    entries = tuple(
        replace(entry, parameter=".".join(NODE if part == replaces else part for part in entry.parameter.split(".")))
        for entry in stated.entries
    )
    return replace(stated, entries=entries)


def fit_imputed(
    network: Network | str | os.PathLike[str],
    cases: pd.DataFrame,
    imputed: Imputed,
    priors: Priors | None = None,
    *,
    seed: int,
    progress: bool | Progress | None = None,
    **sampling: Any,
) -> tuple[Posterior, ...]:
    """Fit a network with a node of credibility, once for each imputation.

    Parameters
    ----------
    network
        As `with_credibility` gives it.
    cases
        The cases that were imputed; one without a state has a missing cell, which is summed out.
    imputed
        Their states.
    progress
        As in `servanda.models.fit`, of all fits together.
    priors, seed, sampling
        As in `servanda.fit`.

    Returns
    -------
    tuple of Posterior
        One for each imputation. Gates are checked for each; answers are pooled by `pooled`.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Arrow, Node
    >>> past = Node("past_defections", ("0", "1-2", "3+"), ordered=True)
    >>> network = Network((past, Node("compliance", ("no", "yes"), (Arrow("past_defections"),))))
    >>> imputed = Imputed(pd.DataFrame({0: ["high", "low", "high"], 1: ["high", "low", "middle"]}), fits=1)
    >>> cases = pd.DataFrame({"compliance": ["yes", "no", "yes"]})
    >>> len(fit_imputed(with_credibility(network), cases, imputed, seed=1, draws=10))
    2
    """
    return tuple(
        fit(network, imputed.cases(cases, place), priors, seed=seed + place, progress=tell, **sampling)
        for place, tell in in_parts(range(imputed.states.shape[1]), progress)
    )


def pooled(answers: Sequence[xr.DataArray]) -> xr.DataArray:
    """Pool answers of the imputations: equal parts of one mixture, chains set one beside the other.

    R-hat of the pooled draws is meant to exceed 1 where the imputations differ: that difference is uncertainty about
    the past, and not a failure to converge. Convergence is a matter of each fit by itself.

    Examples
    --------
    >>> import xarray as xr
    >>> one, other = (xr.DataArray([[p, p]], dims=("chain", "draw")) for p in (0.4, 0.6))
    >>> both = pooled([one, other])
    >>> dict(both.sizes), both.mean().item()
    ({'chain': 2, 'draw': 2}, 0.5)
    """
    numbered, first = [], 0
    for answer in answers:
        chains = answer.sizes["chain"]
        numbered.append(answer.assign_coords(chain=np.arange(first, first + chains)))
        first += chains
    return cast("xr.DataArray", xr.concat(numbered, dim="chain"))


def compare_pasts(
    network: Network | str | os.PathLike[str],
    cases: pd.DataFrame,
    imputed: Imputed,
    priors: Priors | None = None,
    *,
    seed: int,
    target: str = "compliance",
    replaces: str = "past_defections",
    progress: bool | Progress | None = None,
    **sampling: Any,
) -> xr.Dataset:
    r"""Judge by prediction which account of the past serves better: the count, or credibility.

    On the cases of which both are known, each model is scored by the log density of a left-out case's outcome given
    all else (PSIS-LOO: Vehtari, Gelman and Gabry 2017†). With imputations $m$ the predictive density of a left-out
    case is the average over them: $\log \frac{1}{M} \sum_m p_m(y_i \mid y_{-i})$.

    Parameters
    ----------
    network
        With the node `replaces` among the parents of `target`.
    cases, imputed, priors
        As in `fit_imputed`; `priors` speak of `replaces`.
    seed, sampling
        As in `servanda.models.fit`.
    target, replaces
        The outcome, and the node that credibility stands in for.
    progress
        As in `servanda.models.fit`, of all fits together.

    Returns
    -------
    Dataset
        ``elpd`` (model, case), ``khat`` (model, case: the worst of the imputations); attributes ``elpd_difference``
        (credibility less count), its standard error ``se``, ``cases``, ``worst_khat``.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Arrow, Node
    >>> past = Node("past_defections", ("0", "1-2", "3+"), ordered=True)
    >>> network = Network((past, Node("compliance", ("no", "yes"), (Arrow("past_defections"),))))
    >>> imputed = Imputed(pd.DataFrame({0: ["high", "low"] * 5}), fits=1)
    >>> cases = pd.DataFrame({"past_defections": ["0", "3+"] * 5, "compliance": ["yes", "no"] * 5})
    >>> compare_pasts(network, cases, imputed, seed=1, draws=100).attrs["cases"]
    10
    """
    network, priors = as_network(network), as_priors(priors)
    blank = cases[_column(network, replaces)].isna().to_numpy(bool)
    kept = np.flatnonzero(imputed.known & ~blank)
    chosen = cases.iloc[kept].reset_index(drop=True)
    faults = [] if len(chosen) > 1 else [Fault("cases", "of fewer than two both pasts are known; nothing to compare")]
    raise_faults("comparison", faults, DataError)
    own = Imputed(imputed.states.iloc[kept], imputed.fits)
    plain, priors = _focused(network, target), _focused_priors(priors, target)
    other = with_credibility(plain, replaces)
    swapped = None if priors is None else with_credibility_priors(priors, replaces)
    imputations = range(own.states.shape[1])
    fits = [
        (plain, chosen, priors, seed),
        *((other, own.cases(chosen, place), swapped, seed + place) for place in imputations),
    ]
    base, *rivals = (
        _loo(fit(model, table, believed, seed=start, progress=tell, **sampling), table, target)
        for (model, table, believed, start), tell in in_parts(fits, progress)
    )
    elpd = np.stack([_mixed([score for score, _ in side]) for side in ([base], rivals)])
    khat = np.stack([np.max([k for _, k in side], axis=0) for side in ([base], rivals)])
    difference = elpd[1] - elpd[0]
    labels = chosen["case_id"].astype(str) if "case_id" in chosen.columns else [str(n) for n in range(len(chosen))]
    return xr.Dataset(
        {"elpd": (("model", "case"), elpd), "khat": (("model", "case"), khat)},
        {"model": [replaces, NODE], "case": list(labels)},
        {
            "elpd_difference": float(difference.sum()),
            "se": float(np.sqrt(len(difference) * difference.var(ddof=1))),
            "cases": len(difference),
            "worst_khat": float(khat.max()),
        },
    )


def _column(network: Network, node: str) -> str:
    coding = network[node].coding
    return coding.column if coding else node


def _focused(network: Network, target: str) -> Network:
    """The target with its parents, each by itself: what bears on nothing else of the target is left out."""
    names = {target, *network[target].parent_names}
    alone = network.without_parents(names - {target})
    return replace(alone, nodes=tuple(node for node in alone.nodes if node.name in names))


def _focused_priors(priors: PriorSet | None, target: str) -> PriorSet | None:
    """The priors of the target, and those of whole classes of parameters."""
    if priors is None:
        return None
    kept = tuple(e for e in priors.entries if e.is_pattern or e.parameter.split(".")[0] == target)
    return replace(priors, entries=kept)


def _loo(posterior: Posterior, cases: pd.DataFrame, target: str) -> tuple[np.ndarray, np.ndarray]:
    """PSIS-LOO of each case's outcome given its parents: log density and Pareto k, shape (cases,)."""
    network = posterior.network
    coded = encode(network, cases)
    import pandas as pd

    given = pd.DataFrame(
        {
            name: [network[name].states[code] if code >= 0 else None for code in coded.codes[name]]
            for name in network[target].parent_names
        }
    )
    members: Mapping[str, Any] = {
        group.name: [coded.levels[group.name][code] for code in coded.members[group.name]]
        for group in network[target].groups
    }
    answer = probability(posterior, target, given, **members).transpose("chain", "draw", "case", target).values
    outcome = coded.codes[target]
    log_p = np.log(np.take_along_axis(answer, outcome[None, None, :, None], axis=3)[..., 0])
    found = psis_loo(log_p)
    return found.elpd, found.pareto_k


def _mixed(scores: Sequence[np.ndarray]) -> np.ndarray:
    """Log of the average of densities given as logs."""
    return np.logaddexp.reduce(np.stack(list(scores)), axis=0) - np.log(len(scores))
