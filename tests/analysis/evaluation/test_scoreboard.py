"""The scoreboard's tables, judged by its own forecasts counted in pandas, and its complaints."""

from __future__ import annotations

import numpy as np
import pytest

from servanda.analysis.evaluation.evaluate import evaluate
from servanda.models import QueryError

QUICK = {"node": "kept", "folds": 4, "repeats": 1, "year": "year", "seed": 1, "permutations": 999}


def test_tables_are_what_the_forecasts_say(promise, promises):
    found = evaluate(promise, promises(0.5), future=(1950,), against=(), **{**QUICK, "repeats": 2})
    rows = found.predictions
    assert len(rows) == 2 * (2 * 240 + 87)
    np.testing.assert_allclose(rows[list(found.states)].sum(axis=1), 1)
    p = rows.apply(lambda row: row[row["outcome"]], axis=1)
    scored = rows.assign(score=np.log(p)).query("split.str.startswith('shuffle')")
    means = scored.groupby("model")["score"].mean()
    assert found.table.loc["defaults", "gain"] == pytest.approx(means["defaults"] - means["base_rate"])
    apart = scored.pivot_table(index=["unit", "case"], columns="model", values="score")
    apart = apart["defaults"] - apart["base_rate"]
    sums = (apart - apart.mean()).groupby("unit").sum()
    assert found.table.loc["defaults", "error"] == pytest.approx(np.sqrt((sums**2).sum() * 80 / 79) / 240)
    gain = found.difference("base_rate", "defaults")
    assert gain.value == -found.table.loc["defaults", "gain"]
    parts = found.calibration.loc[("defaults", "broken")]
    mean = rows.query("model == 'defaults' and split != 'after 1950'").groupby("case")["broken"].mean()
    truth = rows.drop_duplicates("case").set_index("case")["outcome"] == "broken"
    assert parts["mcb"] - parts["dsc"] + parts["unc"] == pytest.approx(((mean - truth) ** 2).mean())
    assert found.tried == 1
    assert "one model was tried on these 240 cases" in str(found)
    assert "<table" in found._repr_html_()
    assert found.plot().axes
    assert len(found.plot_reliability("defaults", "base_rate", resamples=20).axes) == 4


def test_what_is_not_there_is_named(promise, promises):
    frame = promises(0.5)
    found = evaluate(promise, frame, future=(), against=(), **QUICK)
    with pytest.raises(QueryError, match="question: there is none called 'brokn'; did you mean 'broken'") as error:
        found.difference("deflts", "base_rate", question="brokn", score="brir")
    assert "model: there is none called 'deflts'; did you mean 'defaults'" in str(error.value)
    assert "score: there is none called 'brir'; did you mean 'brier'" in str(error.value)
    with pytest.raises(QueryError, match="model: there is none called 'deflts'"):
        found.plot_reliability("deflts")
