"""Answers of rival models to one question, side by side and as one mixture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ...common.canvas import Look
from ...common.errors import Fault, raise_faults
from ...common.printed import PrintedTable, printed_table
from ...common.show import Shown, View
from ...models.errors import QueryError
from ..figures.comparison import CHANGE, change_row, intervals_figure
from ..summaries.change import MARGIN, Change, checked_margin, summarise_change
from ..summaries.summary import INTERVAL

if TYPE_CHECKING:
    from typing import Unpack

    import pandas as pd

    from ...common.figure_style import ShownFigure

#: What the mixture is called among its models.
AVERAGED = "averaged"


@dataclass(frozen=True, repr=False)
class AveragedAnswer(Shown):
    """A change under each of some models, and under their mixture.

    Parameters
    ----------
    answers
        Model -> draws of the change.
    weights
        Model -> weight in the mixture; they add up to one.
    titles
        Model -> its title.
    margin
        The smallest change that matters.
    interval
        Share of a distribution between its reported ends.

    Examples
    --------
    >>> import xarray as xr
    >>> up, down = (xr.DataArray([[side, side]], dims=("chain", "draw")) for side in (0.2, -0.1))
    >>> average_answers({"up": up, "down": down}, {"up": 3, "down": 1}).table[["mean", "gain", "loss"]].round(3)
               mean  gain  loss
    model
    up        0.200  1.00  0.00
    down     -0.100  0.00  1.00
    averaged  0.125  0.75  0.25
    """

    answers: Mapping[str, xr.DataArray]
    weights: Mapping[str, float]
    titles: Mapping[str, str] = field(default_factory=dict)
    margin: float = MARGIN
    interval: float = INTERVAL

    @cached_property
    def spread(self) -> Mapping[str, Change]:
        """Change under each model, in the order of the answers."""
        return {
            name: summarise_change(draws, margin=self.margin, interval=self.interval)
            for name, draws in self.answers.items()
        }

    @cached_property
    def mixture(self) -> Change:
        """Change under a model drawn by the weights: its quantiles are those of the mixture, not averages of theirs."""
        draws = [np.asarray(one).ravel() for one in self.answers.values()]
        weights = [np.full(len(x), self.weights[name] / len(x)) for name, x in zip(self.answers, draws, strict=True)]
        return summarise_change(
            np.concatenate(draws), margin=self.margin, interval=self.interval, weights=np.concatenate(weights)
        )

    @property
    def table(self) -> pd.DataFrame:
        """One row a model and one for the mixture: the change, what it is worth, and the weight."""
        import pandas as pd

        rows = [
            {"model": name, "title": self.titles.get(name, name), **asdict(one), "weight": self.weights[name]}
            for name, one in self.spread.items()
        ]
        rows.append({"model": AVERAGED, "title": "averaged over all", **asdict(self.mixture), "weight": 1.0})
        return pd.DataFrame(rows).set_index("model")

    @property
    def printed(self) -> PrintedTable:
        """The table as journals print it."""
        return printed_table(self.table, points=["mean"], percent=["gain", "within", "loss", "weight"])

    def plot(self, **look: Unpack[Look]) -> ShownFigure:
        """Figure of the change under each model and under the mixture, around a line at zero.

        Parameters
        ----------
        **look
            As `servanda.common.canvas.Look` says; names are those of models, and ``averaged``.
        """
        rows = [change_row(one, name, label=self.titles.get(name, name)) for name, one in self.spread.items()]
        rows.append(change_row(self.mixture, AVERAGED, label="averaged over all", strong=True))
        return intervals_figure(rows, CHANGE, look, band=self.margin, noted="points")

    def _view(self) -> View:
        columns = ["title", "mean", "lower", "upper", "gain", "within", "loss", "weight"]
        return View(str(self), table=self.table.loc[:, columns])

    def __str__(self) -> str:
        return f"averaged over {len(self.answers)} models: {self.mixture}"


def average_answers(
    answers: Mapping[str, xr.DataArray],
    weights: Mapping[str, float],
    *,
    titles: Mapping[str, str] | None = None,
    margin: float = MARGIN,
) -> AveragedAnswer:
    """Mixture of the answers that rival models give to one question.

    Parameters
    ----------
    answers
        Model -> draws of a change, from ``chance_of(..., against=...).draws(posterior)``.
    weights
        Model -> weight, such as `Comparison.weights`; scaled to add up to one.
    titles
        Model -> its title; its name by default.
    margin
        The smallest change that matters.

    Returns
    -------
    AveragedAnswer

    Raises
    ------
    QueryError
        Listing models without a weight, weights without an answer, and weights below 0; or `margin` is no number from 0
        up to 1.

    Examples
    --------
    >>> up, down = (xr.DataArray([[side, side]], dims=("chain", "draw")) for side in (0.2, -0.1))
    >>> found = average_answers({"up": up, "down": down}, {"up": 3, "down": 1})
    >>> round(found.mixture.mean, 3), found.mixture.gain, found.mixture.loss
    (0.125, 0.75, 0.25)
    """
    size = checked_margin(margin)
    faults = [] if answers else [Fault("answers", "there are none to average")]
    faults += [Fault(f"model {name}", "has no weight") for name in answers if name not in weights]
    faults += [Fault(f"model {name}", "has a weight and no answer") for name in weights if name not in answers]
    faults += [
        Fault(f"model {name}", f"has the weight {weight}; weights are finite and not below 0")
        for name, weight in weights.items()
        if not (np.isfinite(weight) and weight >= 0)
    ]
    if not faults and not sum(weights.values()) > 0:
        faults = [Fault("weights", "are all 0; one at least must be above")]
    raise_faults("averaged answer", faults, QueryError)
    total = sum(weights.values())
    return AveragedAnswer(
        dict(answers), {name: float(weights[name] / total) for name in answers}, dict(titles or {}), size
    )
