"""The command line: exit codes, messages, files."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from servanda.analysis.cli.app import app
from servanda.models import Posterior


def run(*words: str) -> Result:
    return CliRunner().invoke(app, [*words])


@pytest.fixture
def stored(tmp_path: Path, keeping: Posterior) -> Path:
    path = tmp_path / "keeping.nc"
    keeping.save(path)
    return path


def test_help_names_every_command():
    result = run("--help")
    assert result.exit_code == 0
    for command in ("fit", "query", "compare", "track", "record", "report"):
        assert command in result.stdout


def test_a_query_prints_a_table(stored: Path):
    result = run("query", str(stored), "kept", "--do", "backers=many")
    assert result.exit_code == 0
    assert "P(kept | do(backers = many))" in result.stdout
    assert "90 % interval" in result.stdout


def test_a_query_as_json_is_the_answer_of_python(stored: Path, keeping: Posterior):
    from servanda.analysis import probability, summarise

    result = run("query", str(stored), "kept", "-g", "backers=many", "--json")
    told = json.loads(result.stdout)
    exact = summarise(probability(keeping, "kept", {"backers": "many"}).sel(kept="yes"))
    assert told["answer"]["yes"]["mean"] == pytest.approx(exact.mean)
    assert told["question"] == "P(kept | backers = many)"
    assert told["failed_gates"] == []


def test_a_query_can_explain_itself(stored: Path):
    result = run("query", str(stored), "backers", "-g", "kept=yes", "--explain")
    assert result.exit_code == 0
    assert "tables kept: backers, kept" in result.stdout


def test_a_query_without_a_target_tells_every_node(stored: Path, keeping: Posterior):
    from servanda.analysis import marginals

    result = run("query", str(stored), "--json")
    told = {one["question"]: one["answer"] for one in json.loads(result.stdout)}
    assert set(told) == {"P(backers)", "P(kept)"}
    exact = marginals(keeping)["p_kept"].sel(kept="yes").mean()
    assert told["P(kept)"]["yes"]["mean"] == pytest.approx(float(exact))


def test_a_query_takes_weights_and_distributions(stored: Path, keeping: Posterior):
    from servanda.analysis import probability

    for option, kind in (("--virtual", "virtual"), ("--soft", "soft")):
        result = run("query", str(stored), "backers", option, "kept=no:0.25,yes:0.75", "--json")
        stated = {kind: {"kept": {"no": 0.25, "yes": 0.75}}}
        exact = probability(keeping, "backers", **stated).sel(backers="many").mean()
        assert json.loads(result.stdout)["answer"]["many"]["mean"] == pytest.approx(float(exact))


def test_a_query_can_ask_what_would_have_been(stored: Path, keeping: Posterior):
    from servanda.analysis import counterfactual

    words = ("kept", "-g", "backers=few", "-g", "kept=no", "--had", "backers=many")
    result = run("query", str(stored), *words)
    assert result.exit_code == 0
    assert "coupling: gumbel" in result.stdout
    assert "no data can test it" in result.stdout
    told = json.loads(run("query", str(stored), *words, "--json").stdout)
    exact = counterfactual(keeping, "kept", {"backers": "few", "kept": "no"}, {"backers": "many"})
    assert told["answer"]["yes"]["mean"] == pytest.approx(float(exact.sel(kept="yes").mean()))


def test_a_query_can_ask_for_the_best_explanation(stored: Path):
    result = run("query", str(stored), "--best", "-g", "kept=no")
    assert result.exit_code == 0
    assert "most probable under P(all other nodes | kept = no)" in result.stdout
    assert "backers = few (best in" in result.stdout or "backers = many (best in" in result.stdout


def test_a_query_with_an_intervention_says_whether_it_is_identified(stored: Path):
    result = run("query", str(stored), "kept", "-d", "backers=many")
    assert "is identified under the graph" in " ".join(result.stdout.split())


def test_a_network_file_can_be_asked(tmp_path: Path, lawn: Posterior):
    path = tmp_path / "lawn.bif"
    lawn.to_file(path)
    result = run("query", str(path), "rain", "-g", "wet=wet", "--json")
    assert result.exit_code == 0
    assert set(json.loads(result.stdout)["answer"]) == {"no", "yes"}
    missing = run("query", str(tmp_path / "no.bif"), "rain")
    assert missing.exit_code == 2
    assert "there is no such file" in missing.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--best", "kept"], "TARGET: says nothing beside --best; drop one of them"),
        (["kept", "-g", "kept=no", "--had", "backers=many", "-d", "backers=few"], "--do: says nothing beside --had"),
        (["kept", "--virtual", "backers=few"], "--virtual: 'few' of 'backers' is not STATE:NUMBER"),
        (["kept", "--virtual", "backers=few:1"], "virtual backers: lacks a number for many; state one for each state"),
        (["kept", "--soft", "backers=few:0.9,many:0.2"], "soft backers: are probabilities that add up to 1.1"),
        (["--had", "backers=many"], "target: none is asked for"),
        (["kepd"], "target kepd: no such node; did you mean 'kept'?"),
        (["kept", "-g", "backers=some"], "given backers: has no state 'some'"),
        (["kept", "-g", "backers"], "--given: 'backers' is not NODE=STATE"),
        (["kept", "-g", "backers=few", "-g", "backers=many"], "--given: gives 'backers' two states"),
        (["kept", "-g", "backers=few", "-d", "backers=few"], "is both given (observed) and done (set)"),
        (["kept", "--actor", "USA"], "actor: network keeping has no effect of this name"),
    ],
)
def test_a_bad_question_is_one_message_and_exit_2(stored: Path, words: list[str], message: str):
    result = run("query", str(stored), *words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_a_missing_or_foreign_file_is_exit_2(tmp_path: Path):
    assert "there is no such file" in run("query", str(tmp_path / "no.nc"), "kept").stderr
    foreign = tmp_path / "text.nc"
    foreign.write_text("not a posterior")
    result = run("query", str(foreign), "kept")
    assert result.exit_code == 2
    assert "is not a posterior that Servanda saved, or is damaged" in result.stderr


def test_too_few_draws_fail_the_gate_with_exit_1(tmp_path: Path, keeping: Posterior):
    few = {name: keeping.draws[f"{name}.table"].isel(draw=slice(20)) for name in ("backers", "kept")}
    path = tmp_path / "few.nc"
    Posterior.from_tables(keeping.network, few).save(path)
    result = run("query", str(path), "kept")
    assert result.exit_code == 1
    assert "gate failed: bulk ESS of" in result.stderr


def test_the_shipped_record_passes_its_check():
    result = run("record", "check")
    assert result.exit_code == 0
    assert "guarantees.csv: 212 rows of guarantees, no fault" in result.stdout


def test_a_faulty_record_lists_rows_and_columns(tmp_path: Path):
    shipped = files("servanda.record") / "data" / "guarantees.csv"
    lines = shipped.read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1].replace(",stronger,", ",strongest,")
    lines.append(lines[2])
    bad = tmp_path / "mine.csv"
    bad.write_text("\n".join(lines), encoding="utf-8")
    result = run("record", "check", str(bad))
    assert result.exit_code == 2
    assert "row 2, column power_ratio" in result.stderr
    assert "did you mean 'stronger'?" in result.stderr
    assert "case_id" in result.stderr


def test_an_unwritable_folder_is_said_before_the_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from servanda.analysis.reporting import make
    from servanda.models.sampling import fit as fitting

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("a fit was started")

    monkeypatch.setattr(make, "stored_fit", fail)
    monkeypatch.setattr(fitting, "fit", fail)
    (tmp_path / "file").write_text("")
    below = str(tmp_path / "file" / "out")
    for words in (["report", "dprk-six-party", "--out", below], ["fit", "--out", f"{below}/p.nc"]):
        result = run(*words)
        assert result.exit_code == 2
        assert "cannot write to this folder" in result.stderr


def test_unknown_names_are_exit_2():
    assert run("report", "dprk").exit_code == 2
    assert run("fit", "garantee").exit_code == 2
    assert "did you mean 'guarantee'?" in run("fit", "garantee").stderr
    assert run("nonsense").exit_code == 2


def test_a_folder_is_no_file_to_write(tmp_path: Path):
    result = run("fit", "--out", str(tmp_path))
    assert result.exit_code == 2
    assert "is a folder; give the name of a file in it" in result.stderr


def test_compare_lists_what_there_is_to_compare():
    from servanda.models import THEORIES

    result = run("compare", "--theories", "list")
    assert result.exit_code == 0
    for name in THEORIES:
        assert name in result.stdout


def test_compare_names_what_it_cannot():
    result = run("compare", "--theories", "none,rival_baker")
    assert result.exit_code == 2
    assert "there is none called 'rival_baker'; did you mean 'rival_backer'" in result.output
    result = run("compare", "--theories", "none,log", "--by", "crises")
    assert result.exit_code == 2
    assert "column crises: is missing; cases were to be left out by it" in result.output


def test_compare_tells_a_machine_what_it_tells_a_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    import pandas as pd

    from servanda.analysis.evaluation import models as comparison

    def quick(network, cases, priors, node, **settings):
        settings |= {"draws": 60, "tune": 100, "chains": 2, "thin": 1}
        return fit_block(network, cases, priors, node, **settings)

    fit_block = comparison.fit_block
    monkeypatch.setattr(comparison, "fit_block", quick)
    plot = tmp_path / "theories.svg"
    words = ("compare", "--theories", "none,log", "--refits", "0", "--as-of", "1990-01-01", "--plot", str(plot))
    told = json.loads(run(*words, "--json").stdout)
    table = pd.DataFrame(told["table"]).set_index("model")
    assert set(table.index) == {"none", "log"}
    assert table["behind"].min() == 0
    assert table["weight"].sum() == pytest.approx(1)
    assert plot.read_text(encoding="utf-8").count("</svg>") == 1
    shown = run(*words).output
    assert "cheap talk" in shown
    assert " ".join(told["verdict"].split()) in " ".join(shown.split())


@pytest.mark.slow
def test_compare_priors_gives_table_and_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SERVANDA_CACHE", str(tmp_path / "fits"))
    plot = tmp_path / "priors.svg"
    words = ("compare", "--priors", "literature,institutionalist", "--plot", str(plot))
    result = run(*words, "--draws", "100", "--tune", "100", "--chains", "2", "--json")
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert {row["prior"] for row in told["answers"]} == {"literature", "institutionalist"}
    assert {row["prior"] for row in told["scores"]} == {"literature", "institutionalist"}
    assert sum(row["weight"] for row in told["scores"]) == pytest.approx(1)
    assert any("Russia or China" in label for label in told["left_out"])
    assert plot.read_text(encoding="utf-8").lstrip().startswith("<?xml")


def test_several_priors_and_theories_do_not_mix():
    result = run("compare", "--priors", "literature,flat", "--theories", "none,log")
    assert result.exit_code == 2
    assert "--theories: says nothing beside several --priors; drop one of them" in result.stderr


def test_an_unknown_prior_set_is_named():
    result = run("compare", "--priors", "literature,realest")
    assert result.exit_code == 2
    assert "no prior set of this name; did you mean 'realist'?" in result.stderr
