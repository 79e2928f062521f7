"""One's own network and one's own table on the command line: they need what the network asks for, and no more."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from servanda.analysis.cli.app import app
from servanda.models import load_posterior
from servanda.record import load_guarantees

NETWORK = """
name = "rain"
nodes.rain = { states = [0, 1] }
nodes.wet = { states = ["no", "yes"], parents.rain = { reason = "water" } }
"""
#: Its second indicator says nothing that the first does not, so that the class cannot be told.
CLASSES = """
name = "classes"
nodes.k = { states = ["1", "2"], latent = true, anchored_by = "i1" }
nodes.i1 = { states = ["no", "yes"], parents.k = {} }
nodes.i2 = { states = ["no", "yes"], parents.k = {} }
"""
ROWS = pd.DataFrame({"rain": [0, 1, 1, 0] * 10, "wet": ["no", "yes", "yes", "no", "no", "yes", "no", "no"] * 5})


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [*map(str, words)])


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with a network and a table of its own."""
    (tmp_path / "own.toml").write_text(NETWORK)
    ROWS.to_csv(tmp_path / "own.csv", index=False)
    return tmp_path


def test_a_network_and_a_table_of_ones_own_are_fitted(own: Path):
    (own / "as_excel.csv").write_text("sep=;\n" + ROWS.assign(note="x").to_csv(index=False, sep=";"))
    ROWS.astype({"rain": float}).to_parquet(own / "own.parquet")
    for name in ("own.csv", "as_excel.csv", "own.parquet"):
        result = run("fit", own / "own.toml", "--cases", own / name, "--out", own / "p.nc", "--json")
        assert result.exit_code == 0, result.stderr
        told = json.loads(result.stdout)
        assert (told["cases"], told["missing_cells"]) == (40, {})
        assert told["unused_columns"] == (["note"] if name == "as_excel.csv" else [])
        # 20 of 40 and a flat prior: Beta(21, 21)
        assert float(load_posterior(own / "p.nc").draws["rain.table"].sel(rain="1").mean()) == pytest.approx(
            0.5, abs=0.01
        )


def test_a_column_of_no_node_is_said_once(own: Path):
    ROWS.assign(note="x").to_csv(own / "more.csv", index=False)
    words = ("fit", own / "own.toml", "--cases", own / "more.csv", "--out", own / "p.nc")
    result = run(*words)
    assert result.exit_code == 0
    assert result.stderr.count("columns that belong to no node: note\n") == 1
    result = run(*words, "--strict")
    assert result.exit_code == 2
    assert "more.csv: column note: belongs to no node and no group; known: rain, wet" in result.stderr


def test_what_does_not_match_is_exit_2_with_file_row_and_column(own: Path):
    def fault(frame: pd.DataFrame, *more: str) -> str:
        frame.to_csv(own / "bad.csv", index=False)
        result = run("fit", own / "own.toml", "--cases", own / "bad.csv", "--out", own / "p.nc", *more)
        assert result.exit_code == 2
        assert not (own / "p.nc").exists()
        return result.stderr.strip()

    misspelt = "bad.csv: node wet: has no column 'wet'; did you mean 'Wet'?"
    assert fault(ROWS.rename(columns={"wet": "Wet"})).startswith(misspelt)
    strange = "bad.csv: row 3, 7, 11, 15, 19 and 5 more, column rain: '3' is not a state of rain; known: 0, 1"
    assert fault(ROWS.assign(rain=[0, 3, 1, 0] * 10)) == strange
    days = "bad.csv: --as-of: says nothing of a plain table, which has no days"
    assert fault(ROWS, "--as-of", "2019").startswith(days)
    assert "network rain: has no node 'weet'; did you mean 'wet'" in fault(ROWS, "--unobserved", "weet")
    # The shipped record has no such nodes either.
    result = run("fit", own / "own.toml", "--out", own / "p.nc")
    assert result.exit_code == 2
    assert "columns: none belongs to a node; expected rain, wet" in result.stderr


def test_missing_texts_and_unobserved_nodes_are_declared(own: Path):
    ROWS.assign(wet=["NA", "yes", "-9", "no"] * 10).to_csv(own / "holes.csv", index=False)
    words = ("fit", own / "own.toml", "--cases", own / "holes.csv", "--out", own / "p.nc", "--draws", "50", "--json")
    assert "'NA' is not a state of wet" in run(*words).stderr
    told = json.loads(run(*words, "--missing", "NA,-9").stdout)
    assert told["missing_cells"] == {"wet": 20}
    ROWS[["rain"]].to_csv(own / "rain.csv", index=False)
    result = run("fit", own / "own.toml", "--cases", own / "rain.csv", "--out", own / "p.nc", "--unobserved", "wet")
    assert result.exit_code == 0, result.stderr
    assert load_posterior(own / "p.nc").network.latent == ("wet",)
    assert "--missing: speaks of a file of your own; give one by --cases" in run("fit", "--missing", "NA").stderr


def test_rivals_of_ones_own_are_compared_and_evaluated(own: Path):
    (own / "apart.toml").write_text(NETWORK.replace(', parents.rain = { reason = "water" }', ""))
    rivals, cases = f"{own / 'own.toml'},{own / 'apart.toml'}", ("--cases", own / "own.csv", "--node", "wet", "--json")
    result = run("compare", "networks", rivals, *cases, "--draws", "200", "--chains", "2")
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert [row["model"] for row in told["table"]] == [str(own / "own.toml"), str(own / "apart.toml")]
    assert told["verdict"].startswith("Leaving out cases one at a time")
    words = ("evaluate", own / "own.toml", *cases, "--draws", "50", "--repeats", "1", "--against", "base_rate")
    result = run(*words)
    assert result.exit_code == 0, result.stderr
    best = max(json.loads(result.stdout)["table"], key=lambda row: row["gain"])
    assert best["model"] == "defaults"
    assert "column crisis: is missing" in run(*words, "--by", "crisis").stderr


def test_a_file_in_the_layout_of_the_record_is_held_to_its_codebook(tmp_path: Path):
    shipped = load_guarantees().drop(columns="obligor_past_defections").head(12)
    shipped.rename(columns={"outcome": "Outcome"}).to_csv(tmp_path / "mine.csv", index=False)
    result = run("fit", "guarantee", "--cases", tmp_path / "mine.csv", "--out", tmp_path / "p.nc")
    assert result.exit_code == 2
    assert "mine.csv: column 'outcome' is missing; column 'Outcome' looks like it" in result.stderr
    shipped.to_csv(tmp_path / "mine.csv", index=False, na_rep="NA")
    words = ("fit", "guarantee", "--cases", tmp_path / "mine.csv", "--out", tmp_path / "p.nc", "--draws", "20")
    assert "declare it by missing='NA' (on the command line --missing NA)" in run(*words).stderr
    assert "12 cases, missing cells: " in run(*words, "--missing", "NA").stdout


def test_draws_that_do_not_mix_are_said_once(tmp_path: Path):
    rng = np.random.default_rng(5)
    k = rng.random(4000) < 0.5
    seen = {f"i{j}": np.where(rng.random(4000) < np.where(k, 0.85, 0.15), "yes", "no") for j in (1, 2)}
    pd.DataFrame(seen).to_csv(tmp_path / "two.csv", index=False)
    (tmp_path / "two.toml").write_text(CLASSES)
    result = run("fit", tmp_path / "two.toml", "--cases", tmp_path / "two.csv", "--out", tmp_path / "p.nc")
    assert result.exit_code == 1
    assert "gate failed: R-hat of k.table" in result.stderr
    assert "warning" not in result.stderr
    failed = run("query", tmp_path / "p.nc", "k")
    assert (failed.exit_code, "warning" in failed.stderr) == (1, False)
    # The gates of this number hold, since one indicator is seen often; what it rests on is said all the same.
    passed = run("query", tmp_path / "p.nc", "i1")
    assert passed.exit_code == 0
    assert passed.stderr.count("warning: the answer rests on draws that have not converged. k, i1, i2: R-hat of") == 1


@st.composite
def networks(draw) -> tuple[str, pd.DataFrame, str]:
    """TOML of a network of two to four nodes, a table of it, and the name of a column."""
    names = [f"v{place}" for place in range(draw(st.integers(2, 4)))]
    lines = ['name = "drawn"']
    for place, name in enumerate(names):
        lines += [f'[nodes.{name}]\nstates = ["no", "yes"]']
        parents = draw(st.lists(st.sampled_from(names[:place]), unique=True)) if place else []
        lines += [f"parents.{parent} = {{}}" for parent in parents]
    cells = st.lists(st.sampled_from(["no", "yes"]), min_size=3, max_size=3)
    return "\n".join(lines), pd.DataFrame({name: draw(cells) for name in names}), draw(st.sampled_from(names))


@given(networks(), st.sampled_from(",;\t"))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_network_is_fitted_to_its_table_and_to_none_with_a_renamed_column(
    tmp_path: Path, drawn: tuple[str, pd.DataFrame, str], mark: str
):
    text, frame, name = drawn
    (tmp_path / "drawn.toml").write_text(text)
    words = ("fit", tmp_path / "drawn.toml", "--cases", tmp_path / "drawn.csv", "--out", tmp_path / "p.nc")
    frame.to_csv(tmp_path / "drawn.csv", index=False, sep=mark)
    result = run(*words, "--draws", "20", "--chains", "1", "--json")
    assert json.loads(result.stdout)["missing_cells"] == {}
    assert load_posterior(tmp_path / "p.nc").draws["v0.table"].notnull().all()
    frame.rename(columns={name: name.upper()}).to_csv(tmp_path / "drawn.csv", index=False, sep=mark)
    result = run(*words)
    assert result.exit_code == 2
    assert f"drawn.csv: node {name}: has no column '{name}'; did you mean '{name.upper()}'?" in result.stderr
