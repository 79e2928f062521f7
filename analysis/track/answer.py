"""Credibility at a date or along a path: draws that show themselves as a table and as a figure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from xarray.plot.accessor import DataArrayPlotAccessor

from ...common.figure_style import ACCENT
from ...common.printed import PrintedTable, printed_table
from ...common.show import View
from ..figures.answers import states_figure
from ..figures.track import path_figure
from ..queries.answer import state_row
from ..summaries.density import density_svg
from ..summaries.summary import INTERVAL

#: Kinds of a number: of a day that the record reaches, and of one beyond an actor's last event.
ESTIMATE, FORECAST = "estimate", "forecast"


class TrackAnswer(xr.DataArray):
    """Draws of credibility, a `DataArray` that shows mean and interval of each date, and what the number is worth.

    What is left without its draws, its dates or its words, as a mean or a difference is, shows itself as xarray has it.

    Examples
    --------
    >>> words = {"question": "P(A keeps its word)", "note": "a description", "last_event": "2004-12-31"}
    >>> path = TrackAnswer(
    ...     [[[0.9, 0.7], [0.8, 0.4]]],
    ...     dims=("chain", "draw", "date"),
    ...     coords={"date": np.array(["2004-12-31", "2009-12-31"], "datetime64[ns]")},
    ...     attrs=words,
    ... )
    >>> path
    P(A keeps its word)
      date         mean  lower  upper  kind
      2004-12-31  0.850  0.805  0.895  estimate
      2009-12-31  0.550  0.415  0.685  forecast
    a description
    """

    __slots__ = ()

    @property
    def table(self) -> pd.DataFrame:
        """One row a date: ``mean``, ``lower``, ``upper``, and ``kind``, which is an estimate or a forecast.

        An estimate is of a day that the record reaches; a forecast is of one beyond the actor's last event.
        """
        x = _by_date(self)
        lower, upper = np.quantile(x, [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2], axis=0)
        days = _days(self)
        kinds = np.where(days > np.datetime64(self.attrs["last_event"]), FORECAST, ESTIMATE)
        index = pd.Index(days.astype(str), name="date")
        return pd.DataFrame({"mean": x.mean(axis=0), "lower": lower, "upper": upper, "kind": kinds}, index=index)

    @property
    def printed(self) -> PrintedTable:
        """The table as journals print it, in per cent."""
        return printed_table(self.table, percent=["mean"], interval=INTERVAL)

    @property
    def plot(self) -> TrackAnswerPlot:  # type: ignore[override]
        """Figure of the answer; xarray's own figures are attributes, such as ``plot.hist``."""
        return TrackAnswerPlot(self)

    def __repr__(self) -> str:
        return self._view().text() if _is_credibility(self) else super().__repr__()

    def _repr_html_(self) -> str:
        return self._view().html() if _is_credibility(self) else super()._repr_html_()

    def _view(self) -> View:
        return View(
            str(self.attrs["question"]),
            table=self.table,
            notes=[str(self.attrs["note"])] if self.attrs.get("note") else [],
            pictures=lambda: [density_svg(x, 0.0, 1.0) for x in _by_date(self).T],
        )


class TrackAnswerPlot(DataArrayPlotAccessor):
    """Figures of credibility: called, its density at a date or its band over several; attributes are xarray's own."""

    def __call__(self, **look: Any) -> Any:  # type: ignore[override]
        """Density of credibility at one date; over several, the band that holds most of it.

        The mean is drawn over a band where the model was found to foretell, as in `servanda.analysis.track.plot`.

        Parameters
        ----------
        **look
            As `servanda.common.canvas.Look` says; names are the one date, or ``band`` and, where it is drawn, ``mean``.
        """
        answer: Any = self._da
        if not _is_credibility(answer):
            return super().__call__(**look)
        question, table = str(answer.attrs["question"]), answer.table
        if len(table) == 1:
            row = state_row({"date": table.index[0]}, _by_date(answer)[:, 0], ACCENT, worded=True)
            return states_figure([row], question, look, limits=(0.0, 1.0))
        return path_figure(
            {"date": table.index, **table[["mean", "lower", "upper"]]},
            question,
            look,
            last_event=str(answer.attrs["last_event"]),
            interval=f"{100 * INTERVAL:.0f} % interval",
            means=bool(answer.attrs.get("foretells")),
        )


def _by_date(answer: xr.DataArray) -> np.ndarray:
    """Draws of each date, shape (draws, dates)."""
    values = answer.transpose("chain", "draw", ...).values
    return values.reshape(values.shape[0] * values.shape[1], -1)


def _days(answer: xr.DataArray) -> np.ndarray:
    """Days that are spoken of, shape (dates,)."""
    said = answer["date"].values if "date" in answer.coords else answer.attrs["at"]
    return np.atleast_1d(np.asarray(said, "datetime64[D]"))


def _is_credibility(answer: xr.DataArray) -> bool:
    dims = set(answer.dims)
    dated = "date" in answer.coords or "at" in answer.attrs
    worded = {"question", "last_event"} <= answer.attrs.keys()
    return (
        {"chain", "draw"} <= dims <= {"chain", "draw", "date"}
        and dated
        and worded
        and answer.size > 0
        and 0 <= float(answer.values.min()) <= float(answer.values.max()) <= 1
    )
