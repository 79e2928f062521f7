"""Parts of the benchmarks at toy size, and the page that is made of what they measured."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from servanda.models import Network, Node
from servanda.models import fit as sample
from servanda.models.families.regression import parents_predictor

# The scripts stand beside the package and import one another by their names.
sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

import fit
import page
import ready
import running
import scale
import stored

YES, NO = 7, 3


def of_beta(seed: int, *, yes: int = YES, no: int = NO) -> np.ndarray:
    """Four chains of the posterior of a share under a flat prior."""
    return np.random.default_rng(seed).beta(1 + yes, 1 + no, (4, 1000))


def test_draws_of_one_posterior_agree():
    found = running.agreement({"p": of_beta(1), "ours": of_beta(2)}, {"p": of_beta(3)})
    assert found.fine
    assert found.count == 2
    assert found.limit == pytest.approx(3.4808, abs=1e-4)  # normal quantile at 1 - 0.001 / 4


def test_another_mean_differs_and_is_named():
    found = running.agreement({"p": of_beta(1)}, {"p": of_beta(3, yes=8)})
    assert not found.fine
    assert found.where == "mean of p[0]"


def test_another_spread_about_the_same_mean_differs():
    found = running.agreement({"p": of_beta(1)}, {"p": of_beta(3, yes=YES * 2 + 1, no=NO * 2 + 1)})
    assert not found.fine
    assert found.where == "mean square of p[0]"


def test_what_varies_nowhere_agrees_if_it_is_the_same_number():
    assert running.agreement({"p": np.ones((4, 50, 2))}, {"p": np.ones((2, 80, 2))}).fine
    assert not running.agreement({"p": np.ones((4, 50, 2))}, {"p": np.full((2, 80, 2), 1.001)}).fine


def test_a_fit_is_held_to_the_closed_form():
    network = Network((Node("rain", ("no", "yes")),))
    frame = pd.DataFrame({"rain": ["yes"] * YES + ["no"] * NO})
    posterior = sample(network, frame, seed=1)
    drawn = fit.servanda_draws(posterior)["rain.table"][..., 1]
    assert running.agreement({"p": of_beta(1)}, {"p": drawn}).fine


def test_seconds_until_an_effective_size():
    run = running.Run({}, running.Moment(10.0, 6.0), running.Moment(4.0, 2.0), kept=0.5)
    assert run.until(400) == running.Moment(10.0, 6.0)
    # Half of the effective size takes as many kept draws again, and no more warm-up.
    assert run.until(200) == running.Moment(12.0, 7.0)


def test_plain_numbers_of_the_outcome_are_those_of_its_family():
    data = ready.ordinal_data()
    network, cases, _ = ready.complete_record()
    rng = np.random.default_rng(1)
    z = rng.normal(size=(1, 1, data.X.shape[1]))
    values = {name: x[0, 0] for name, x in data.quantities(z).items()}
    eta = data.offset + data.X @ z[0, 0]
    for one in data.steps:
        values |= {one.name: np.array(1.7), f"{one.name}.steps": rng.dirichlet(one.alpha)}
        eta = eta + 1.7 * one.height @ values[f"{one.name}.steps"]
    codes = np.stack([cases.codes[axis] for axis in network.axes(ready.OUTCOME)], axis=1)
    np.testing.assert_allclose(eta, parents_predictor(values, codes, network.local(ready.OUTCOME), np), atol=1e-12)
    np.testing.assert_array_equal(data.y, cases.codes[ready.OUTCOME])


def test_a_program_that_is_missing_is_left_out_with_a_word(capsys):
    rows, fine = fit.compared("b", {"Nobody": fit.Contender(lambda: None, "no_such_program")}, limit=1)
    assert fine
    assert rows == [{"name": "Nobody", "left_out": "no_such_program is not installed"}]
    assert "left out: no_such_program is not installed" in capsys.readouterr().out


def test_the_exponent_of_a_power():
    assert scale.exponent({size: 3.0 * size**1.5 for size in (10, 100, 1000)}) == pytest.approx(1.5)


def test_a_size_is_measured_step_by_step():
    steps = scale.Steps()
    scale.nodes(6, steps)
    assert [one["step"] for one in steps.found] == ["fit", "all marginals"]
    assert steps.found[0]["told"] > 0
    assert all(one["cpu"] > 0 and one["peak_mb"] > 1 for one in steps.found)


def test_a_section_is_stored_and_the_others_stay(tmp_path):
    path = tmp_path / "measured.json"
    stored.store("scale rows", {"rows": []}, 0.5, path)
    stored.store("fit b", {"rows": [{"until": 1.23456}]}, 0.7, path)
    found = stored.load(path)
    assert found.keys() == {"fit b", "scale rows"}
    assert found["fit b"]["rows"] == [{"until": 1.235}]
    assert found["fit b"]["load"][0] == 0.7
    assert found["fit b"]["machine"]["versions"].keys() >= {"servanda", "numpy"}


def test_the_page_holds_what_is_stored():
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.filled(text, stored.load()) == text, "run: python benchmarks/page.py"


def test_another_figure_makes_another_page():
    text, measured = page.PAGE.read_text(encoding="utf-8"), stored.load()
    row = next(row for _, rows in page.sections(measured, "fit") for row in rows if "until_cpu" in row)
    row["until_cpu"] = 98765.0
    assert "98,765\N{NO-BREAK SPACE}s" in page.filled(text, measured)
