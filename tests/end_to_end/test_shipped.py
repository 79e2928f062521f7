"""The shipped network on the shipped record: the acceptance of the main job."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from servanda.analysis import contrast, load_scenario, parameter_gates, probability, sampler_gates
from servanda.analysis.summaries.gates import failed
from servanda.models import Posterior, fit, load_posterior
from servanda.record import load_guarantees

CASE = {"role": "guarantor", "era": "after_1991", "obligation": "restrain"}
CASE |= {"regime": "democracy", "price": "words", "forces_there": "yes"}


def known_rows() -> list[dict[str, str]]:
    """Rows of the file that were known on the scenario's day."""
    with (files("servanda.record") / "data" / "guarantees.csv").open(encoding="utf-8") as file:
        return [
            row for row in csv.DictReader(file) if int(row["outcome_year"]) <= 2019 and row["tested"] <= "2019-04-25"
        ]


def silent_about_the_past() -> int:
    """Known cases of actors with a single known case who are no great power, counted from the file itself."""
    powers = {"AUT", "CHN", "DEU", "FRA", "GBR", "ITA", "JPN", "RUS", "USA"}
    seen = Counter(row["obligor"] for row in known_rows())
    return sum(count for actor, count in seen.items() if count == 1 and actor not in powers)


@pytest.fixture(scope="module")
def fitted() -> Posterior:
    loaded = load_scenario("dprk-six-party")
    cases = load_guarantees(as_of=loaded.scenario.as_of)
    return fit(loaded.network, cases, loaded.priors[0], seed=loaded.scenario.seed)


@pytest.mark.slow
def test_the_shipped_record_fits_and_every_gate_passes(fitted: Posterior):
    assert fitted.sizes == {"chain": 4, "draw": 1000}
    assert fitted.provenance["cases"] == 375
    assert fitted.provenance["missing_cells"] == {"past_defections": silent_about_the_past()}
    assert [str(gate) for gate in failed((*sampler_gates(fitted), *parameter_gates(fitted)))] == []


@pytest.mark.slow
def test_what_is_saved_answers_alike(fitted: Posterior, tmp_path: Path):
    fitted.save(tmp_path / "p.nc")
    again = load_posterior(tmp_path / "p.nc")
    asked = {"given": CASE, "do": {"guarantors": 5}, "actor": "USA"}
    assert probability(again, "compliance", **asked).equals(probability(fitted, "compliance", **asked))


@pytest.mark.slow
def test_actors_differ_and_an_unseen_one_is_less_sure(fitted: Posterior):
    answers = {
        who: probability(fitted, "compliance", CASE, actor=who, guarantee="(new)").sel(compliance="complied")
        for who in ("USA", "(new)")
    }
    assert float(answers["USA"].std()) < float(answers["(new)"].std())
    with_effect = contrast(fitted, "compliance", {"guarantors": 1}, {"guarantors": 5}, CASE, actor="USA")
    assert abs(float(with_effect["difference"].sum("compliance").mean())) < 1e-12


#: Asked by a process of its own: what this one has held for other tests is no part of it.
OPEN_QUESTION = """
from pathlib import Path

from servanda.analysis import probability
from servanda.models import load_network
from servanda.priors import load_prior, prior_predictive

before = prior_predictive(load_network("guarantee"), load_prior("literature"), seed=1, draws=4000)
answer = probability(before, "compliance", given={"era": "after_1991", "obligation": "disarm"})
assert answer.sizes == {"chain": 1, "draw": 4000, "compliance": 3}
assert float(abs(answer.sum("compliance") - 1).max()) < 1e-9
# What `getrusage` counts includes what the process held that this one was forked from.
print(next(line.split()[1] for line in Path("/proc/self/status").open() if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says how much a process has held")
def test_a_question_without_evidence_stays_small():
    """4,000 draws, 145,000 configurations of the parents left open in each: summed without making the table."""
    done = subprocess.run([sys.executable, "-c", OPEN_QUESTION], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) * 1024 < 1e9  # kibibytes
