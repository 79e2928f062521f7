"""Answers as labelled arrays that show their words, numbers and densities; to xarray they are arrays like any other."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice, product
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from xarray.plot.accessor import DataArrayPlotAccessor

from ...common.canvas import Look
from ...common.errors import Fault
from ...common.figure_style import COLOURS
from ...common.printed import PrintedTable, printed_table
from ...common.show import View
from ...models.errors import QueryError
from ...models.names import shown
from ..figures.answers import states_figure
from ..figures.comparison import CHANGE, change_row, intervals_figure
from ..summaries.change import summarise_change
from ..summaries.density import density_curve, density_svg
from ..summaries.likelihood_words import load_lexicon
from ..summaries.summary import INTERVAL

if TYPE_CHECKING:
    from typing import Unpack

    from ...common.figure_style import ShownFigure

#: Cells that are shown of an answer, at a prompt, in a notebook and in a figure.
_AT_A_PROMPT, _IN_A_NOTEBOOK, _IN_A_FIGURE = 6, 24, 12
_DRAWS = {"chain", "draw"}


class Answer(xr.DataArray):
    """Draws of an answer, a `DataArray` that shows question, word, number, interval and density of each state.

    What is left without draws or without its question, as a mean or a difference is, shows itself as xarray has it.

    Examples
    --------
    >>> draws = [[[0.3, 0.7], [0.2, 0.8]]]
    >>> answer = Answer(draws, dims=("chain", "draw", "kept"), coords={"kept": ["no", "yes"]})
    >>> answer.attrs["question"] = "P(kept)"
    >>> answer
    P(kept)
      kept  word       mean  90% interval
      no    unlikely  0.250  0.205..0.295
      yes   likely    0.750  0.705..0.795
    2 draws; words: ICD 203 (2015)
    """

    __slots__ = ()

    @property
    def plot(self) -> AnswerPlot:  # type: ignore[override]
        """Figure of the density of each state; xarray's own figures are attributes, such as ``plot.hist``."""
        return AnswerPlot(self)

    @property
    def printed(self) -> PrintedTable:
        """Mean and interval of each cell as journals print them.

        Raises
        ------
        QueryError
            If no draws or no question are left.
        """
        return _printed({"": self})

    def __repr__(self) -> str:
        return self._view(_AT_A_PROMPT).text() if _is_answer(self) else super().__repr__()

    def _repr_html_(self) -> str:
        return self._view(_IN_A_NOTEBOOK).html() if _is_answer(self) else super()._repr_html_()

    def _view(self, most: int) -> View:
        found = cells_of(self, most)
        drawn = self.sizes["chain"] * self.sizes["draw"]
        worded = is_probability(self)
        words = load_lexicon() if worded else None
        rows = []
        for labels, x in found:
            mean, (low, high) = float(x.mean()), np.quantile(x, [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2])
            word = {"word": words.band(mean).word} if words else {}
            rows.append({**labels, **word, "mean": mean, f"{INTERVAL:.0%} interval": f"{low:.3f}..{high:.3f}"})
        table = pd.DataFrame(rows)
        low, high = (0.0, 1.0) if worded else _ends(found)
        left = self.size // drawn - len(found)
        notes = [f"{drawn} draws{f'; words: {words.title}' if words else ''}{f'; {left} more cells' if left else ''}"]
        notes += [self.attrs[key] for key in ("whose_conduct", "identification") if self.attrs.get(key)]
        return View(
            str(self.attrs["question"]), table=table, notes=notes, pictures=lambda: _densities(found, low, high)
        )


class AnswerPlot(DataArrayPlotAccessor):
    """Figures of an answer: called, the density of each state; its attributes are xarray's own."""

    def __call__(self, **look: Any) -> Any:  # type: ignore[override]
        """Figure of the density of each state, with its mean and interval.

        Parameters
        ----------
        **look
            As `servanda.common.canvas.Look` says; names are those of the states.
        """
        answer = self._da
        if not _is_answer(answer):
            return super().__call__(**look)
        found, worded = cells_of(answer, _IN_A_FIGURE), is_probability(answer)
        rows = [
            state_row(labels, x, COLOURS[place % len(COLOURS)], worded=worded)
            for place, (labels, x) in enumerate(found)
        ]
        question = answer.attrs["question"]
        return states_figure(rows, question, look, limits=(0.0, 1.0) if worded else None)


class _Answers(xr.Dataset):
    """A `Dataset` whose variables are answers."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        return Answer(found) if isinstance(found, xr.DataArray) else found


class Contrast(_Answers):
    """Two answers and their difference, a `Dataset` that shows what the change of each state is worth.

    Examples
    --------
    >>> base = xr.DataArray([[[0.5, 0.5], [0.4, 0.6]]], dims=("chain", "draw", "kept"), coords={"kept": ["no", "yes"]})
    >>> Contrast({"difference": base - 0.3}, attrs={"base": "P(kept)"}).changes["yes"].gain
    1.0
    """

    __slots__ = ()

    @property
    def changes(self) -> Mapping[str, Any]:
        """State (of a case) -> what its change is worth, as `servanda.analysis.summarise_change` has it."""
        margin = float(self.attrs.get("margin", 0.05))
        found = cells_of(self["difference"], _IN_A_NOTEBOOK)
        return {_label(labels): summarise_change(x, margin=margin) for labels, x in found}

    @property
    def printed(self) -> PrintedTable:
        """Change of each state as journals print it, in points, and how probable a gain or a loss is."""
        kept = ("mean", "lower", "upper", "gain", "within", "loss")
        rows = {name: {what: getattr(one, what) for what in kept} for name, one in self.changes.items()}
        table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("state")
        return printed_table(table, points=["mean"], percent=["gain", "within", "loss"], names={"mean": "change"})

    def plot(self, **look: Unpack[Look]) -> ShownFigure:  # type: ignore[override]
        """Figure of the change of each state, around a line at zero.

        Parameters
        ----------
        **look
            As `servanda.common.canvas.Look` says; names are those of the states.
        """
        rows = [
            change_row(one, name, colour=COLOURS[place % len(COLOURS)])
            for place, (name, one) in enumerate(self.changes.items())
        ]
        band = float(self.attrs.get("margin", 0.0))
        return intervals_figure(rows, CHANGE, look, band=band, noted="points")

    def __repr__(self) -> str:
        return self._view().text() if _is_contrast(self) else super().__repr__()

    def _repr_html_(self) -> str:
        return self._view().html() if _is_contrast(self) else super()._repr_html_()

    def _view(self) -> View:
        rows = {
            name: {
                "change": one.mean,
                f"{one.interval:.0%} interval": f"{one.lower:+.3f}..{one.upper:+.3f}",
                "gain": one.gain,
                "within": one.within,
                "loss": one.loss,
            }
            for name, one in self.changes.items()
        }
        found = cells_of(self["difference"], _IN_A_NOTEBOOK)
        low, high = _ends(found)
        table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("state")
        margin = f"gain, loss: by {100 * float(self.attrs['margin']):g} points or more"
        notes = [margin, *([self.attrs["identification"]] if self.attrs.get("identification") else [])]
        return View(
            f"{self.attrs['change']} - {self.attrs['base']}",
            table=table,
            notes=notes,
            pictures=lambda: _densities(found, low, high),
        )


class Marginals(_Answers):
    """Distributions of many nodes, a `Dataset` that shows the mean of each state.

    Examples
    --------
    >>> import xarray as xr
    >>> from servanda.analysis import marginals
    >>> from servanda.models import Network, Node, Posterior
    >>> posterior = Posterior.from_tables(
    ...     Network((Node("rain", ("no", "yes")),)), {"rain": xr.DataArray([0.8, 0.2], dims="rain")}
    ... )
    >>> marginals(posterior)
    distributions of 1 nodes
      node  mean of each state
      rain  no 0.800, yes 0.200
    variables: p_rain
    """

    __slots__ = ()

    @property
    def printed(self) -> PrintedTable:
        """Mean and interval of each state of each node as journals print them."""
        return _printed({str(variable).removeprefix("p_"): one for variable, one in self.data_vars.items()})

    def __repr__(self) -> str:
        return self._view().text() if _are_marginals(self) else super().__repr__()

    def _repr_html_(self) -> str:
        return self._view().html() if _are_marginals(self) else super()._repr_html_()

    def _view(self) -> View:
        rows = {}
        for variable, answer in self.data_vars.items():
            found = cells_of(answer, _IN_A_FIGURE)
            rows[str(variable).removeprefix("p_")] = {
                "mean of each state": ", ".join(f"{_label(labels)} {x.mean():.3f}" for labels, x in found)
            }
        table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("node")
        names = ", ".join(map(str, self.data_vars))
        return View(f"distributions of {len(rows)} nodes", table=table, notes=[f"variables: {names}"])


def _printed(answers: Mapping[str, xr.DataArray]) -> PrintedTable:
    """Every cell of some answers: per cent of a probability, points of a change, and a ratio as a number."""
    rows, changes = [], []
    for node, answer in answers.items():
        if not _is_answer(answer):
            what = "has no draws or no question left; take the table of an answer as it was given"
            raise QueryError("printed table", [Fault(node or "answer", what)])
        for labels, x in cells_of(answer, answer.size):
            low, high = np.quantile(x, [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2])
            whose = {"node": node, "state": _label(labels)} if node else labels
            rows.append({**whose, "mean": float(x.mean()), "lower": float(low), "upper": float(high)})
            changes.append(not is_probability(answer))
    of_ratios = any(") / P(" in str(answer.attrs["question"]) for answer in answers.values())
    percent = [] if of_ratios else ["mean"]
    return printed_table(pd.DataFrame(rows), percent=percent, changes=changes, interval=INTERVAL)


def state_row(labels: Mapping[str, str], x: np.ndarray, colour: str, *, worded: bool) -> dict[str, Any]:
    """Row of a figure of densities, as `servanda.analysis.figures.answers` draws it."""
    mean, (low, high) = float(x.mean()), np.quantile(x, [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2])
    name = _label(labels)
    return {
        "name": name,
        "label": name,
        "colour": colour,
        "mean": mean,
        "lower": float(low),
        "upper": float(high),
        "number": f"{mean:.2f}\n{low:.2f} to {high:.2f}",
        "curve": density_curve(x, within=(0.0, 1.0) if worded else None),
    }


def cells_of(answer: xr.DataArray, most: int) -> list[tuple[dict[str, str], np.ndarray]]:
    """The first cells of an answer: its labels by dim, and its draws."""
    ordered = answer.transpose("chain", "draw", ...)
    dims = [str(dim) for dim in ordered.dims[2:]]
    labels = [
        [str(value) for value in answer[dim].values] if dim in answer.coords else [str(i) for i in range(size)]
        for dim, size in zip(dims, ordered.shape[2:], strict=True)
    ]
    places = islice(product(*(range(size) for size in ordered.shape[2:])), most)
    values = ordered.values
    if not dims:
        said = {shown(str(name)): str(value.item()) for name, value in answer.coords.items() if value.ndim == 0}
        return [(said or {"": "answer"}, values.ravel())]
    return [
        (
            {shown(dim): labels[at][place] for at, (dim, place) in enumerate(zip(dims, cell, strict=True))},
            values[(slice(None), slice(None), *cell)].ravel(),
        )
        for cell in places
    ]


def is_probability(answer: xr.DataArray) -> bool:
    """Whether every draw may be the probability that its question asks for."""
    question = str(answer.attrs.get("question", ""))
    # A difference or a ratio speaks of two, and no likelihood word may be said of either.
    alone = question.startswith("P(") and question.count("P(") == 1
    return alone and float(answer.values.min()) >= 0 and float(answer.values.max()) <= 1 + 1e-9


def _label(labels: Mapping[str, str]) -> str:
    return ", ".join(labels.values())


def _densities(cells: list[tuple[dict[str, str], np.ndarray]], low: float, high: float) -> list[str]:
    return [density_svg(x, low, high) for _, x in cells]


def _ends(cells: list[tuple[dict[str, str], np.ndarray]]) -> tuple[float, float]:
    return min(float(x.min()) for _, x in cells), max(float(x.max()) for _, x in cells)


def _is_answer(array: xr.DataArray) -> bool:
    return set(array.dims) >= _DRAWS and bool(array.attrs.get("question")) and array.size > 0


def _is_contrast(found: xr.Dataset) -> bool:
    return "difference" in found and set(found["difference"].dims) >= _DRAWS and "margin" in found.attrs


def _are_marginals(found: xr.Dataset) -> bool:
    return all(set(one.dims) >= _DRAWS for one in found.data_vars.values()) and bool(found.data_vars)
