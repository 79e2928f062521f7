"""Numbers of a report as its JSON holds them: summaries with their words, changes, densities, gates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from ..scenarios.scenario import Judgement
from ..summaries.change import summarise_change
from ..summaries.gates import Gate
from ..summaries.likelihood_words import Lexicon, natural_frequency
from ..summaries.summary import Summary, array_stats, summarise
from .answers import Row

#: Quantiles of every reported distribution that the JSON carries.
QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


def described_number(summary: Summary, lexicon: Lexicon) -> dict[str, Any]:
    """Summary of a probability with its likelihood word and its frequency in words."""
    band = lexicon.band(summary.mean)
    straddles = lexicon.band(summary.lower).word != band.word or lexicon.band(summary.upper).word != band.word
    return {
        **asdict(summary),
        "word": band.word,
        "words": {language: lexicon.word(summary.mean, language) for language in lexicon.wordings},
        "range": band.range,
        "interval_straddles_words": straddles,
        "natural_frequency": natural_frequency(summary.mean),
    }


def described_outcomes(row: Row) -> dict[str, Any]:
    """All outcomes of a row's case, with what is left open and how far single cases differ; none of a collective."""
    if row.outcomes is None or row.asked is None:
        return {"outcomes": [], "single": None}
    table = row.outcomes.table.drop(columns="mcse")
    single = row.outcomes.single.sel({row.outcomes.dim: list(row.asked.states)}).sum(row.outcomes.dim)
    spread = summarise(single) if row.outcomes.integrated else None
    return {
        "outcomes": plain([{"state": state, **values} for state, values in table.to_dict("index").items()]),
        "single": None
        if spread is None
        else {"lower": spread.lower, "upper": spread.upper, "integrated": list(row.outcomes.integrated)},
    }


def described_change(judgement: Judgement, rows: Mapping[str, Row], row: Row) -> dict[str, Any]:
    """What a row changes against the base of its judgement, and whether it is enough to matter."""
    before = rows[str(judgement.base)].draws
    difference, ratio = row.draws - before, row.draws / before
    return {
        "from": judgement.base,
        "difference": {**asdict(summarise(difference)), **asdict(summarise_change(difference))},
        "ratio": asdict(summarise(ratio)),
    }


def density_curve(row: Row) -> dict[str, Any]:
    """Density of the answer's distribution on a grid, and its quantiles."""
    core = array_stats()
    x = row.draws.values.ravel()
    quantiles = {f"{q:g}": float(value) for q, value in zip(QUANTILES, np.quantile(x, QUANTILES), strict=True)}
    if np.ptp(x) == 0:
        return {"x": [], "density": [], "quantiles": quantiles}
    grid, density, _ = core.kde(x, bound_correction=True, grid_len=200)
    inside = (grid >= 0) & (grid <= 1)
    return {"x": _rounded(grid[inside]), "density": _rounded(density[inside]), "quantiles": quantiles}


def _rounded(x: np.ndarray) -> list[float]:
    return [round(float(value), 6) for value in x]


def gate_facts(gate: Gate) -> dict[str, Any]:
    """Gate as the JSON holds it."""
    return {"name": gate.name, "passed": gate.passed, "value": float(gate.value), "limit": gate.limit}


def plain(value: Any) -> Any:
    """Copy of nested values in dicts, lists and Python's own numbers, which JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return value
