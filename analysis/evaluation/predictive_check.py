"""Predictive checks: how often an outcome is seen in the record, overall and by group, and as draws imply it.

Of a prior it shows what was believed before the record was read; of a fit it is a posterior predictive check. Every
draw makes the outcomes of all cases anew, with the effects of the record's own actors and guarantees.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.canvas import Look
from ...common.errors import Fault, nearest, raise_faults
from ...common.printed import PrintedTable, printed_table
from ...common.progress import Progress
from ...common.show import Shown, View
from ...models.cases.encode import MISSING, SHOWN
from ...models.errors import QueryError
from ...models.names import name_in
from ...models.sampling.run import as_cases
from ...models.seeds import generator
from ..figures.evaluation import summaries_figure
from ..queries.probability import probability
from ..summaries.summary import INTERVAL

if TYPE_CHECKING:
    from typing import Unpack

    import pandas as pd

    from ...common.figure_style import ShownFigure
    from ...models.cases.encode import Cases
    from ...models.network.network import Network
    from ...models.posterior import Posterior

#: What the summary over all cases is called.
ALL = "all"


@dataclass(frozen=True)
class RecordSummary:
    """Share of some cases with an outcome, in the record and as draws imply it.

    Parameters
    ----------
    cases
        How many cases there are.
    seen
        Share of them in the record.
    implied
        Share of them in each draw, shape (draws,).
    """

    cases: int
    seen: float
    implied: np.ndarray

    @property
    def below(self) -> float:
        """Share of draws that imply less than was seen, ties counted half."""
        return float((self.implied < self.seen).mean() + 0.5 * (self.implied == self.seen).mean())


@dataclass(frozen=True, repr=False)
class RecordSummaries(Shown):
    """Shares of cases with an outcome, in the record and as draws imply it.

    Parameters
    ----------
    outcome
        What is counted, in words.
    summaries
        Node (or ``all``) and state -> summary.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Network, Node, Prior, PriorSet
    >>> from servanda.priors import prior_predictive
    >>> flat = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=1.0)}, name="flat")
    >>> believed = prior_predictive(Network((Node("kept", ("no", "yes")),)), flat, seed=1)
    >>> found = record_summaries(
    ...     believed, pd.DataFrame({"kept": ["yes"] * 30 + ["no"] * 10}), "kept", "yes", seed=1
    ... )
    >>> found.outcome, list(found.summaries)
    ('share of kept = yes', [('all', '')])
    """

    outcome: str
    summaries: dict[tuple[str, str], RecordSummary]

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a group: ``cases``, share ``seen``, ``implied`` with ``lower`` and ``upper`` (90 %), ``below``."""
        import pandas as pd

        levels = [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2]
        rows = [
            (by, state, s.cases, s.seen, float(s.implied.mean()), *np.quantile(s.implied, levels).tolist(), s.below)
            for (by, state), s in self.summaries.items()
        ]
        columns = ["by", "state", "cases", "seen", "implied", "lower", "upper", "below"]
        return pd.DataFrame(rows, columns=columns).set_index(["by", "state"])

    @property
    def printed(self) -> PrintedTable:
        """The table as journals print it."""
        return printed_table(self.table, percent=["seen", "implied", "below"])

    @property
    def verdict(self) -> str:
        """Groups that lie outside of the interval that the draws imply."""
        table = self.table
        outside = (table["seen"] < table["lower"]) | (table["seen"] > table["upper"])
        off = [key for key, out in zip(self.summaries, outside, strict=True) if out]
        named = ", ".join(f"{by} = {state}" if by != ALL else "all cases" for by, state in off)
        what = f"outside of what is implied (90 %): {named}" if named else "all inside of what is implied (90 %)"
        return f"{self.outcome}: {len(table)} summaries of the record, {what}."

    def plot(self, **look: Unpack[Look]) -> ShownFigure:
        """Figure of what is implied, with its interval, and what was seen.

        Parameters
        ----------
        **look
            As `servanda.common.canvas.Look` says; names are ``implied`` and ``seen``.
        """
        return summaries_figure(self.table, self.outcome, look)

    def _view(self) -> View:
        return View(self.verdict, table=self.table)

    def __str__(self) -> str:
        return f"{self.table.round(3).to_string()}\n{self.verdict}"


def record_summaries(
    posterior: Posterior,
    cases: Any,
    target: str,
    states: str | Iterable[str],
    *,
    by: str | Iterable[str] = (),
    seed: int,
    progress: bool | Progress | None = None,
) -> RecordSummaries:
    """Predictive check: how often an outcome is seen in the record, and how often draws imply it.

    Parameters
    ----------
    posterior
        From `servanda.models.fit`; or from `servanda.priors.prior_predictive` with the same cases, to see what a prior
        implies.
    cases
        The record, in any form that `servanda.fit` takes. Cases whose outcome is missing are left out.
    target
        The node.
    states
        Its states that count.
    by
        Nodes by whose states the cases are split, besides all together.
    seed
        Of the outcomes that are drawn.
    progress
        As in `servanda.analysis.probability`.

    Returns
    -------
    RecordSummaries
        Print it, or see ``.plot()``.

    Raises
    ------
    QueryError
        Listing unknown nodes and states, or nodes to split by that follow from the target; or saying that no case has
        an outcome, or that the draws do not hold the record's actors.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Network, Node, Prior, PriorSet
    >>> from servanda.priors import prior_predictive
    >>> network = Network((Node("kept", ("no", "yes")),))
    >>> flat = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=1.0)}, name="flat")
    >>> record = pd.DataFrame({"kept": ["yes"] * 30 + ["no"] * 10})
    >>> found = record_summaries(prior_predictive(network, flat, seed=1), record, "kept", "yes", seed=1)
    >>> row = found.table.loc[("all", "")]
    >>> float(row["seen"]), round(float(row["implied"]), 1), round(float(row["below"]), 1)
    (0.75, 0.5, 0.7)
    """
    network = posterior.network
    chosen, groups = ([one] if isinstance(one, str) else list(one) for one in (states, by))
    _check(network, target, chosen, groups)
    coded, rows = _judged(posterior, cases, target)
    counts = coded.weights[rows]
    numbers = [network[target].states.index(state) for state in chosen]
    # Sums of several states' probabilities may pass 1 by rounding.
    p = np.minimum(_chances(posterior, coded, rows, target, progress=progress)[..., numbers].sum(axis=-1), 1.0)
    drawn = generator(seed).binomial(counts, p)
    hit = np.isin(coded.codes[target][rows], numbers)
    found = _by_group(_groups(network, coded, rows, groups), counts, hit, drawn)
    return RecordSummaries(f"share of {target} = {' or '.join(chosen)}", found)


def outcome_summaries(
    posterior: Posterior, cases: pd.DataFrame | Cases, target: str, *, by: str | Iterable[str] = (), seed: int
) -> dict[str, RecordSummaries]:
    """Predictive check of every outcome at once: one outcome is drawn for each case, and counted under its state.

    Parameters
    ----------
    posterior, cases, target, by, seed
        As in `record_summaries`.

    Returns
    -------
    dict
        State of the target -> its summaries, whose shares add up to one in every draw.

    Raises
    ------
    QueryError
        As `record_summaries`.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Network, Node, Prior, PriorSet
    >>> from servanda.priors import prior_predictive
    >>> network = Network((Node("kept", ("no", "yes")),))
    >>> flat = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=1.0)}, name="flat")
    >>> record = pd.DataFrame({"kept": ["yes"] * 30 + ["no"] * 10})
    >>> found = outcome_summaries(prior_predictive(network, flat, seed=1), record, "kept", seed=1)
    >>> {state: one.summaries["all", ""].seen for state, one in found.items()}
    {'no': 0.25, 'yes': 0.75}
    """
    network = posterior.network
    groups = [by] if isinstance(by, str) else list(by)
    _check(network, target, [*network[target].states] if target in network else ["any"], groups)
    coded, rows = _judged(posterior, cases, target)
    counts = coded.weights[rows]
    p = _chances(posterior, coded, rows, target, progress=False)
    drawn = generator(seed).multinomial(counts, p / p.sum(axis=-1, keepdims=True))
    parts = _groups(network, coded, rows, groups)
    found = {}
    for number, state in enumerate(network[target].states):
        hit = coded.codes[target][rows] == number
        found[state] = RecordSummaries(
            f"share of {target} = {state}", _by_group(parts, counts, hit, drawn[..., number])
        )
    return found


def _judged(posterior: Posterior, cases: pd.DataFrame | Cases, target: str) -> tuple[Cases, np.ndarray]:
    """Coded cases, and the rows of those whose outcome is known; draws must hold whose they are."""
    network = posterior.network
    coded = as_cases(network, cases)
    for group in network[target].groups:
        strangers = [who for who in coded.levels[group.name] if who not in posterior.members[group.name]]
        if strangers:
            what = f"the draws do not hold {', '.join(strangers[:SHOWN])}{', ...' if len(strangers) > SHOWN else ''}"
            hint = "give these cases to prior_predictive, or take a fit of them"
            raise QueryError("summaries", [Fault(group.name, f"{what}; {hint}")])
    rows = np.flatnonzero(coded.codes[target] != MISSING)
    if not len(rows):
        raise QueryError("summaries", [Fault(f"target {target}", "is missing in every case")])
    return coded, rows


def _groups(network: Network, coded: Cases, rows: np.ndarray, names: list[str]) -> dict[tuple[str, str], np.ndarray]:
    """Which rows each group holds."""
    parts = {(ALL, ""): np.ones(len(rows), bool)}
    for name in names:
        codes = coded.codes[name][rows]
        parts |= {(name, state): codes == number for number, state in enumerate(network[name].states)}
    return parts


def _by_group(
    parts: dict[tuple[str, str], np.ndarray], counts: np.ndarray, hit: np.ndarray, drawn: np.ndarray
) -> dict[tuple[str, str], RecordSummary]:
    """Shares of each group that holds a case."""
    found = {}
    for key, inside in parts.items():
        total = int(counts[inside].sum())
        if total:
            seen = float((counts * hit)[inside].sum()) / total
            found[key] = RecordSummary(total, seen, drawn[:, inside].sum(axis=1) / total)
    return found


def _check(network: Network, target: str, states: list[str], by: list[str]) -> None:
    faults = [
        Fault("target" if name == target else "by", f"there is no node '{name}'{nearest(name, network.names)}")
        for name in (target, *by)
        if name not in network
    ]
    if target in network:
        known = network[target].states
        faults += [
            Fault(f"target {target}", f"has no state '{s}'{nearest(s, known)}") for s in states if s not in known
        ]
        after = {target, *network.descendants([target])}
        faults += [
            Fault(f"by {name}", f"follows from {target}, so that splitting by it says nothing of how often it is seen")
            for name in by
            if name in after
        ]
    if not states:
        faults.append(Fault("states", "name one at least"))
    if len(set(states)) < len(states):
        faults.append(Fault("states", f"are named twice: {', '.join(states)}"))
    raise_faults("summaries", faults, QueryError)


def _chances(
    posterior: Posterior, coded: Cases, rows: np.ndarray, target: str, *, progress: bool | Progress | None
) -> np.ndarray:
    """Probability of each outcome of each case, given all but what follows from it; shape (draws, cases, states)."""
    import pandas as pd

    network = posterior.network
    after = network.descendants([target])
    known = {}
    for name in network.names:
        codes = coded.codes[name][rows]
        if name not in after and name != target and (codes != MISSING).any():
            labels = np.array([*network[name].states, None], dtype=object)
            known[name] = labels[codes]
    members: dict[str, Any] = {
        group.name: np.array(coded.levels[group.name])[coded.members[group.name][rows]].tolist()
        for group in network[target].groups
    }
    given = pd.DataFrame(known, index=range(len(rows))) if known else None
    answer = probability(posterior, target, given, progress=progress, **members)
    own = name_in(answer.dims, target)
    p = answer if "case" in answer.dims else answer.expand_dims(case=len(rows))
    return p.transpose("chain", "draw", "case", own).values.reshape(-1, len(rows), p.sizes[own])
