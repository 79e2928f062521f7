"""Tables of results as journals print them: what is a probability in per cent, what is a change in points."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from servanda.analysis import (
    LedgerScores,
    average_answers,
    chance_of,
    compare_priors,
    confounding,
    contrast,
    drivers,
    marginals,
    outcomes,
    probability,
    record_summaries,
    summary_table,
    value_of_information,
)
from servanda.analysis.ledger.file import Ledger
from servanda.analysis.sensitivity.variance_sources import VarianceSource, VarianceSources
from servanda.analysis.track import load_track_scores
from servanda.common import PrintedTable, printed_table
from servanda.models import Posterior, Prior, PriorSet, QueryError
from servanda.models.parameters.prior_set import PriorEntry
from servanda.priors import Elicited, between, times_as_likely

MANY, FEW = {"backers": "many"}, {"backers": "few"}
KEPT, GAIN = chance_of("kept", "yes", None, MANY), chance_of("kept", "yes", None, MANY, against=FEW)
LOW = PriorSet((PriorEntry("*.table", Prior.of("dirichlet", alpha=2.0), "pulled to even", "judgement"),), name="low")


def texts(printed: PrintedTable, column: str) -> list[str]:
    """Cells of a column in signs of a keyboard."""
    signs = str.maketrans({"\N{NO-BREAK SPACE}": " ", "\N{MINUS SIGN}": "-", "\N{EN DASH}": "-"})
    return [str(cell).translate(signs) for cell in printed.cells[column]]


def chance(row: pd.Series, mean: str = "mean", lower: str = "lower", upper: str = "upper") -> str:
    return f"{row[mean]:.0%} ({row[lower]:.0%}-{row[upper]:.0%})".replace("%", "").replace(" (", " % (")


def change(row: pd.Series) -> str:
    numbers = [f"{100 * row[end]:+.0f}" for end in ("mean", "lower", "upper")]
    mean, lower, upper = ("0" if number in ("+0", "-0") else number for number in numbers)
    return f"{mean} points ({lower} to {upper})"


def test_priors_compared(keeping: Posterior):
    found = compare_priors(keeping, [LOW], {"kept": KEPT, "gain": GAIN}, scores=False)
    kept, gain = (found.table.loc[question] for question in ("kept", "gain"))
    asked = [*kept.apply(chance, axis=1), *gain.apply(change, axis=1)]
    assert texts(found.printed, "mean (90 % interval)") == asked
    assert [*found.printed.cells] == ["question", "prior", "mean (90 % interval)", "shift", "word", "how"]


def test_outcomes_and_a_table_of_summaries(keeping: Posterior):
    found = outcomes(keeping, "kept", MANY)
    names = ("mean", "left_open_lower", "left_open_upper")
    asked = [chance(row, *names) for _, row in found.table.iterrows()]
    assert texts(found.printed, "mean (left open 90 % interval)") == asked
    table = summary_table(probability(keeping, "kept", MANY)).to_dataframe()
    assert texts(printed_table(table, percent=["mean"]), "mean (90 % interval)") == asked


def test_answers_and_changes_of_them(keeping: Posterior):
    """Means and quantiles are NumPy's; a ratio is a number, and neither per cent nor points."""
    answer, found = probability(keeping, "kept", MANY), contrast(keeping, "kept", FEW, MANY)

    def ends(draws: xr.DataArray) -> pd.Series:
        x = draws.values.ravel()
        return pd.Series([x.mean(), *np.quantile(x, [0.05, 0.95])], ["mean", "lower", "upper"])

    cells = [answer.sel(kept=state) for state in ("no", "yes")]
    assert texts(answer.printed, "mean (90 % interval)") == [chance(ends(one)) for one in cells]
    moved = [change(ends(found["difference"].sel(kept=state))) for state in ("no", "yes")]
    assert texts(found.printed, "change (90 % interval)") == moved
    assert texts(found["difference"].printed, "mean (90 % interval)") == moved
    ratio = ends(found["ratio"].sel(kept="yes"))
    said = f"{ratio['mean']:.2f} ({ratio['lower']:.2f} to {ratio['upper']:.2f})"
    assert texts(found["ratio"].printed, "mean (90 % interval)")[1] == said
    every = marginals(keeping).printed
    assert [*every.cells] == ["node", "state", "mean (90 % interval)"]
    with pytest.raises(QueryError, match="answer: has no draws or no question left; take the table of an answer as"):
        _ = answer.mean("draw").printed


def test_what_was_elicited_and_how_a_track_scores(keeping: Posterior):
    stated = {"it": between(KEPT, 0.2, 0.7), "change": between(GAIN, -0.1, 0.2)}
    x = np.linspace(0.1, 0.8, 200)
    said = Elicited(LOW, LOW, stated, keeping.network, dict.fromkeys(stated, x), dict.fromkeys(stated, x), {}, ())
    said = replace(said, denominators=dict.fromkeys(stated, 1.0))
    assert texts(said.printed, "asked") == ["20.0 %", "70.0 %", "-10.0 points", "+20.0 points"]
    times = {"times": times_as_likely(KEPT, chance_of("kept", "yes", FEW), 1.5, between=(1.0, 2.0))}
    odds = Elicited(LOW, LOW, times, keeping.network, {"times": x}, {"times": x}, {"times": 0.4}, ())
    assert texts(odds.printed, "asked") == ["1.00", "1.50", "2.00"]
    scores = load_track_scores()
    gain = scores.gain("own_share")
    assert texts(scores.printed, "log gain (SE)")[1] == f"{gain.value:.2f} ({gain.error:.2f})"


def test_a_ledger_holds_the_interval_behind_its_probability():
    row = {"id": "a", "scenario": "s", "judgement": "j", "row": "r", "claim": "c", "probability": 0.7}
    row |= {"base_rate": 0.5, "lower": 0.6, "upper": 0.8, "confidence": "low", "state": "yes", "on": "", "note": ""}

    class Known(LedgerScores):
        @property
        def rows(self) -> list[dict[str, Any]]:
            return [row]

    printed = Known(Ledger()).printed
    assert texts(printed, "probability (90 % interval)") == ["70 % (60-80)"]
    assert texts(printed, "base rate") == ["50 %"]


def test_a_record_that_is_implied(keeping: Posterior, keeping_cases: pd.DataFrame):
    found = record_summaries(keeping, keeping_cases, "kept", "yes", by=["backers"], seed=1)
    asked = [chance(row, "implied") for _, row in found.table.iterrows()]
    assert texts(found.printed, "implied (90 % interval)") == asked
    assert texts(found.printed, "cases") == ["22", "10", "12"]


def test_changes_are_told_in_points(keeping: Posterior, keeping_cases: pd.DataFrame):
    steps = drivers(keeping, chance_of("kept", "yes", MANY), keeping_cases)
    assert texts(steps.printed, "mean (90 % interval)") == [*steps.table.apply(change, axis=1)]
    averaged = average_answers({"one": GAIN.draws(keeping), "two": 0.5 * GAIN.draws(keeping)}, {"one": 1, "two": 1})
    assert texts(averaged.printed, "mean (90 % interval)") == [*averaged.table.apply(change, axis=1)]
    assert texts(averaged.printed, "weight") == ["50 %", "50 %", "100 %"]
    news = value_of_information(keeping, KEPT, seed=1)
    assert all(cell.endswith(" points") for cell in texts(news.printed, "move"))


def test_sources_of_variance_are_told_as_shares():
    sources = VarianceSources(0.5, (VarianceSource("a", "A", 3.0), VarianceSource("b", "B", 1.0)), None)
    assert texts(sources.printed, "share") == ["75 %", "25 %"]


def test_benchmarks_of_confounding(keeping: Posterior):
    found = confounding(keeping, "kept", base=FEW, change=MANY).printed
    assert [*found.cells] == ["measured", "on cause", "on outcome", "mean (90 % interval)", "along"]
