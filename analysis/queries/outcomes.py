"""Outcomes of a described case: all states of a node, with what is not known and how single cases differ kept apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import xarray as xr

from ...common.canvas import Look
from ...common.figure_style import COLOURS
from ...common.printed import PrintedTable, printed_table
from ...common.show import Shown, View
from ...models.families import NEW
from ...models.inference.contract import MEMORY_LIMIT
from ...models.names import shown
from ...models.posterior import Posterior
from ...models.questions.evidence import States, check_keywords
from ..figures.answers import states_figure
from ..summaries.density import density_svg
from ..summaries.summary import INTERVAL, Summary, cell_summaries
from .answer import cells_of, state_row
from .probability import probability

if TYPE_CHECKING:
    from typing import Unpack

    import pandas as pd

    from ...common.figure_style import ShownFigure


@dataclass(frozen=True, repr=False)
class Outcomes(Shown):
    """Posterior of all states of a node in one described case.

    Parameters
    ----------
    average
        Cases of the kind on average, members that the data does not hold integrated out of every draw: dims (chain,
        draw, node). What it leaves open, more cases would narrow.
    single
        Single cases of the kind, whose unseen members are drawn: how far they differ, no case would narrow.
    integrated
        Group effects that are integrated out; where there are none, both are the same.
    interval
        Share of the posterior in the intervals.

    Examples
    --------
    >>> import xarray as xr
    >>> from servanda.models import Network, Node, Posterior
    >>> tables = {"kept": xr.DataArray([[[0.2, 0.8], [0.4, 0.6]]], dims=("chain", "draw", "kept"))}
    >>> found = outcomes(Posterior.from_tables(Network((Node("kept", ("no", "yes")),)), tables), "kept")
    >>> found.table["mean"].round(2).to_dict(), found.integrated
    ({'no': 0.3, 'yes': 0.7}, ())
    """

    average: xr.DataArray
    single: xr.DataArray
    integrated: tuple[str, ...]
    interval: float = INTERVAL

    @property
    def dim(self) -> str:
        """The dim of the node's states."""
        return str(self.average.dims[-1])

    @property
    def node(self) -> str:
        """The node whose states they are."""
        return shown(self.dim)

    @property
    def summaries(self) -> Mapping[str, tuple[Summary, Summary]]:
        """State -> summary of cases of the kind on average, and of single ones."""
        states = [str(state) for state in self.average[self.dim].values]
        pairs = zip(
            cell_summaries(self.average, self.interval), cell_summaries(self.single, self.interval), strict=True
        )
        return dict(zip(states, pairs, strict=True))

    @property
    def table(self) -> pd.DataFrame:
        """One row a state.

        Columns: ``mean``; ``left_open_lower`` and ``left_open_upper``, what the record leaves open of cases of the kind
        on average; ``single_lower`` and ``single_upper``, how far single cases of the kind differ; ``mcse``.
        """
        import pandas as pd

        rows = {
            state: {
                "mean": average.mean,
                "left_open_lower": average.lower,
                "left_open_upper": average.upper,
                "single_lower": single.lower,
                "single_upper": single.upper,
                "mcse": average.mcse,
            }
            for state, (average, single) in self.summaries.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis(self.node)

    @property
    def printed(self) -> PrintedTable:
        """The table as journals print it."""
        return printed_table(self.table, percent=["mean", "single"], interval=self.interval)

    @property
    def words(self) -> Mapping[str, str]:
        """Name of each interval in a sentence's words."""
        whose = " and ".join(self.integrated)
        left_open = f"what the record leaves open ({self.interval:.0%} interval)"
        if not whose:
            return {"left_open": left_open}
        return {
            "left_open": f"{left_open}, averaged over {whose}s not seen",
            "single": f"how far single cases differ ({self.interval:.0%} interval), the effect of one {whose} included",
        }

    def plot(self, **look: Unpack[Look]) -> ShownFigure:
        """Figure of the density of each state, cases of the kind on average; a thin line for single cases.

        Parameters
        ----------
        **look
            As `servanda.common.canvas.Look` says; names are those of states.
        """
        singles = [single for _, single in self.summaries.values()]
        rows = []
        for place, (labels, x) in enumerate(cells_of(self.average, len(singles))):
            row = state_row(labels, x, COLOURS[place % len(COLOURS)], worded=True)
            one = singles[place]
            rows.append({**row, **({"single_lower": one.lower, "single_upper": one.upper} if self.integrated else {})})
        return states_figure(rows, str(self.average.attrs.get("question", self.node)), look, limits=(0.0, 1.0))

    def __str__(self) -> str:
        rows = []
        for state, (average, single) in self.summaries.items():
            own = f"{state} {average.mean:.3f}, left open [{average.lower:.3f}, {average.upper:.3f}]"
            rows.append(own + (f", single cases [{single.lower:.3f}, {single.upper:.3f}]" if self.integrated else ""))
        return "\n".join([*rows, *(f"{name.replace('_', ' ')}: {said}" for name, said in self.words.items())])

    def _pictures(self) -> list[str]:
        return [density_svg(x, 0.0, 1.0) for _, x in cells_of(self.average, len(self.summaries))]

    def _view(self) -> View:
        shown_table = self.table if self.integrated else self.table.drop(columns=["single_lower", "single_upper"])
        notes = [f"{name.replace('_', ' ')}: {said}" for name, said in self.words.items()]
        question = str(self.average.attrs.get("question", self.node))
        return View(question, table=shown_table, notes=notes, pictures=self._pictures)


def outcomes(
    posterior: Posterior,
    target: str,
    given: States = None,
    do: States = None,
    *,
    interval: float = INTERVAL,
    memory: int = MEMORY_LIMIT,
    **members: Any,
) -> Outcomes:
    """Posterior of all outcomes of a case, with two intervals: what is left open, and how far single cases differ.

    Parameters
    ----------
    posterior, given, do, memory
        As in `probability`, for one case.
    target
        The node.
    interval
        Share of the posterior in the intervals, in (0, 1).
    **members
        As in `probability`; what is left out is integrated out for the first interval, and drawn for the second.

    Returns
    -------
    Outcomes

    Raises
    ------
    QueryError
        As `probability`.

    Examples
    --------
    >>> import xarray as xr
    >>> from servanda.models import Network, Node, Posterior
    >>> posterior = Posterior.from_tables(
    ...     Network((Node("kept", ("no", "yes")),)),
    ...     {"kept": xr.DataArray([[[0.2, 0.8], [0.4, 0.6]]], dims=("chain", "draw", "kept"))},
    ... )
    >>> outcomes(posterior, "kept").table["mean"].round(3).to_dict()
    {'no': 0.3, 'yes': 0.7}
    """
    check_keywords(outcomes, posterior, members)
    average = probability(posterior, target, given, do, memory=memory, **members)
    integrated = tuple(name for name in posterior.members if members.get(name) is None)
    if not integrated:
        return Outcomes(average, average, (), interval)
    drawn = single_cases(posterior, members)
    return Outcomes(average, probability(posterior, target, given, do, memory=memory, **drawn), integrated, interval)


def single_cases(posterior: Posterior, members: Mapping[str, Any]) -> dict[str, Any]:
    """Members of a question with those that are left out drawn from their population, as single cases have them."""
    return {**members, **{name: NEW for name in posterior.members if members.get(name) is None}}
