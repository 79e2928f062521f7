"""Tables of results as journals print them: what is a probability in per cent, what is a change in points."""

from __future__ import annotations

import pandas as pd

from servanda.analysis import (
    average_answers,
    chance_of,
    compare_priors,
    confounding,
    drivers,
    outcomes,
    probability,
    record_summaries,
    summary_table,
    value_of_information,
)
from servanda.analysis.sensitivity.variance_sources import VarianceSource, VarianceSources
from servanda.common import PrintedTable, printed_table
from servanda.models import Posterior, Prior, PriorSet
from servanda.models.parameters.prior_set import PriorEntry

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
