"""Two credibilities and their difference: of one actor before and after, or of two actors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
import xarray as xr

from ...common.canvas import Look
from ...common.errors import Fault, raise_faults
from ...common.printed import PrintedTable, printed_table
from ...common.show import View
from ...models.track.events import TrackError
from ..figures.track import change_figure
from ..summaries.change import change_shares, summarise_change
from ..summaries.density import density_svg
from ..summaries.summary import INTERVAL, array_stats, summarise

if TYPE_CHECKING:
    from typing import Unpack

    from ...common.figure_style import ShownFigure

#: The two answers, and what lies between them: variables of draws, each with an attribute that says it in words.
SIDES, DIFFERENCE = ("first", "second"), "difference"
#: What a change is worth, as `change_shares` has it.
_SHARES = ("gain", "within", "loss")
#: Points of a drawn density.
_POINTS = 200


class TrackContrast(xr.Dataset):
    """Draws of two credibilities and their difference, a `Dataset` that shows what the change is worth.

    What is left without its draws or its words, as a mean is, shows itself as xarray has it.

    Examples
    --------
    >>> before = xr.DataArray([[0.9, 0.8, 0.9]], dims=("chain", "draw"))
    >>> found = contrast_of(before, before - 0.3, ("A at 2001-12-31", "A at 2004-12-31"), 0.05)
    >>> found.table.round(2)
                     mean  lower  upper  gain  within  loss
    answer
    A at 2001-12-31  0.87   0.81    0.9   NaN     NaN   NaN
    A at 2004-12-31  0.57   0.51    0.6   NaN     NaN   NaN
    difference      -0.30  -0.30   -0.3   0.0     0.0   1.0
    """

    __slots__ = ()

    @property
    def table(self) -> pd.DataFrame:
        """One row an answer, and one for the difference: the second less the first.

        Columns ``mean``, ``lower``, ``upper``; of the difference ``gain``, ``within`` and ``loss``: the probability
        that it is the margin or more up, less than that either way, and the margin or more down.
        """
        found = {_whose(self, name): summarise(self.data_vars[name]) for name in SIDES}
        rows = {whose: {"mean": one.mean, "lower": one.lower, "upper": one.upper} for whose, one in found.items()}
        change = summarise_change(self.data_vars[DIFFERENCE], margin=float(self.attrs["margin"]))
        rows[DIFFERENCE] = {name: getattr(change, name) for name in ("mean", "lower", "upper", *_SHARES)}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("answer")

    @property
    def printed(self) -> PrintedTable:
        """The table as journals print it: answers in per cent, the difference in points."""
        table = self.table
        numbers, shares = table.drop(columns=[*_SHARES]), table.filter([*_SHARES])
        changes = [name == DIFFERENCE for name in table.index]
        left = printed_table(numbers, percent=["mean"], changes=changes, interval=INTERVAL)
        right = printed_table(shares, percent=_SHARES)
        return PrintedTable(left.cells.join(right.cells[[*_SHARES]]))

    def plot(self, **look: Unpack[Look]) -> ShownFigure:  # type: ignore[override]
        """Densities of both answers, one below the other, and their difference in words.

        Parameters
        ----------
        **look
            As `servanda.common.canvas.Look` says; names are ``first`` and ``second``.
        """
        return plot_change(self, **look)

    def __repr__(self) -> str:
        return self._view().text() if _is_contrast(self) else super().__repr__()

    def _repr_html_(self) -> str:
        return self._view().html() if _is_contrast(self) else super()._repr_html_()

    def _view(self) -> View:
        first, second = (_whose(self, name) for name in SIDES)
        margin = f"gain, loss: by {100 * float(self.attrs['margin']):g} points or more"
        said = [str(self.attrs["note"])] if "note" in self.attrs else []
        drawn = [(name, (0.0, 1.0) if name in SIDES else (-1.0, 1.0)) for name in (*SIDES, DIFFERENCE)]
        return View(
            f"credibility of {second}, against {first}",
            table=self.table,
            notes=[margin, *said],
            pictures=lambda: [density_svg(self.data_vars[name].values.ravel(), *ends) for name, ends in drawn],
        )


def contrast_of(one: xr.DataArray, other: xr.DataArray, names: Sequence[str], margin: float) -> TrackContrast:
    """Contrast of two answers, draw by draw.

    Parameters
    ----------
    one, other
        Draws, dims chain, draw.
    names
        Whose they are, and of which day.
    margin
        The smallest difference that matters.

    Examples
    --------
    >>> before = xr.DataArray([[0.9, 0.8]], dims=("chain", "draw"))
    >>> contrast_of(before, before - 0.3, ("A at 2001-12-31", "A at 2004-12-31"), 0.05)["loss"].item()
    1.0
    """
    difference = other - one
    found = xr.Dataset(dict(zip((*SIDES, DIFFERENCE), (one, other, difference), strict=True)))
    found = found.assign(change_shares(difference, margin).data_vars)
    attrs: dict[str, Any] = {
        name: f"{whose}: {summarise(draws)}" for name, whose, draws in zip(SIDES, names, (one, other), strict=True)
    }
    said = f"{names[1]} against {names[0]}: {summarise_change(difference, margin=margin)}"
    return TrackContrast(found.data_vars, found.coords, {**attrs, DIFFERENCE: said, "margin": margin})


def plot_change(found: xr.Dataset, **look: Unpack[Look]) -> ShownFigure:
    """Figure of what `cost`, `change` or `compare_actors` found: both answers as densities, their difference in words.

    Parameters
    ----------
    found
        What one of them gave.
    **look
        As `servanda.common.canvas.Look` says; names are ``first`` and ``second``.

    Returns
    -------
    matplotlib.figure.Figure
        As `plot`.

    Raises
    ------
    TrackError
        If it is anything else.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.analysis.track import change, fit_track, plot_change
    >>> events = pd.DataFrame({"actor": "A", "agreement": "x", "date": ["2001", "2004", "2012"],
    ...                        "event": ["complied", "complied", "defected"]})
    >>> track = fit_track(events, seed=1, draws=50, tune=100, chains=2)
    >>> figure = plot_change(change(track, "A", before="2004", after="2012"))
    >>> figure.axes[0].get_xlabel()
    'P(keeps its word)'
    """
    lacking = [name for name in (*SIDES, DIFFERENCE) if name not in found or name not in found.attrs]
    what = "is not there; give what cost, change or compare_actors found"
    raise_faults("plot_change", [Fault(name, what) for name in lacking], TrackError)
    return change_figure([_side(found, name) for name in SIDES], title=found.attrs[DIFFERENCE], look=look)


def _side(found: xr.Dataset, name: str) -> dict[str, Any]:
    """One answer as a figure takes it; its attribute says whose it is, and then its numbers."""
    whose, said = found.attrs[name].split(": ", 1)
    numbers = summarise(found[name])
    x, density, _ = array_stats().kde(found[name].values.ravel(), bound_correction=True, grid_len=_POINTS)
    inside = (x >= 0) & (x <= 1)
    edges = {"mean": numbers.mean, "lower": numbers.lower, "upper": numbers.upper}
    return {"label": whose, "said": said, **edges, "x": x[inside], "density": density[inside]}


def _whose(found: xr.Dataset, name: str) -> str:
    return str(found.attrs[name]).split(": ", 1)[0]


def _is_contrast(found: xr.Dataset) -> bool:
    words = {*SIDES, DIFFERENCE, "margin"} <= found.attrs.keys()
    return words and all({"chain", "draw"} <= {*found[name].dims} for name in (*SIDES, DIFFERENCE) if name in found)
