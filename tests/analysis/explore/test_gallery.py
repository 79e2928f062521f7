"""A folder of pages: an index that leads to each, which any host can serve as it is."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from servanda.analysis import explore, load_scenario
from servanda.analysis.cli.app import app
from servanda.analysis.explore.draws import ExploreError
from servanda.analysis.explore.gallery import gallery
from servanda.analysis.scenarios.scenario import shipped_scenarios
from servanda.common.errors import InputError
from servanda.common.files import ours
from servanda.models.errors import QueryError
from servanda.priors import prior_predictive

HOSTILE = "</h1><script>document.title='taken'</script>"


@pytest.fixture
def quick_fits(monkeypatch):
    """Fits of every network that cost nothing: draws of its priors."""

    def drawn(network, cases, priors, sampling, folder=None, *, progress=None):
        return prior_predictive(network, priors, seed=sampling.seed, draws=40), False

    monkeypatch.setattr("servanda.analysis.scenarios.stored_fits.stored_fit", drawn)


def test_all_shipped_scenarios_have_a_page_and_the_index_leads_to_each(quick_fits, tmp_path):
    result = CliRunner().invoke(app, ["explore", "--all", "--out", str(tmp_path), "--lang", "es", "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    names = [f"{name}.html" for name in shipped_scenarios()]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["index.html", *names])
    assert re.findall(r'href="([^"]*)"', index) == names
    assert [page["bytes"] for page in told["pages"]] == [(tmp_path / name).stat().st_size for name in names]
    assert all(ours(path) for path in tmp_path.iterdir())
    assert '<html lang="es">' in index
    assert "Cada página responde a un escenario" in index
    spanish = [load_scenario(name).scenario.es for name in shipped_scenarios()]
    assert [text.title in index for text in spanish if text] == [True] * len(names)
    # Nothing is asked for: no address of another host, no script.
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//|<script", index)


def test_a_folder_with_a_file_of_somebody_else_is_left_as_it_is(quick_fits, tmp_path):
    (tmp_path / "budapest.html").write_text("mine")
    result = CliRunner().invoke(app, ["explore", "--all", "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert "was not written by Servanda" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["budapest.html"]


@pytest.mark.parametrize("words", [[], ["budapest", "--all"]])
def test_one_scenario_or_all_is_asked_for(words):
    result = CliRunner().invoke(app, ["explore", *words])
    assert result.exit_code == 2
    assert "give a scenario to explore, or --all, and not both" in result.output


def test_a_fit_under_another_prior_set_is_chosen_by_its_name(quick_fits, tmp_path):
    out = tmp_path / "page.html"
    result = CliRunner().invoke(app, ["explore", "budapest", "--priors", "flat,realist", "--out", str(out), "--json"])
    assert result.exit_code == 0, result.output
    assert fits_of(out) == ["literature", "flat", "realist"]


def fits_of(page: Path) -> list[str]:
    """Names of the fits that a page holds."""
    return re.findall(r'{"name":"([^"]+)","priors":', page.read_text(encoding="utf-8"))


def test_theories_are_fitted_under_each_prior_set(quick_fits, tmp_path):
    out = tmp_path / "page.html"
    words = ["explore", "budapest", "--priors", "flat", "--theories", "none,rival_backer", "--out", str(out)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert fits_of(out) == [
        *("literature", "flat", "literature/none", "flat/none"),
        *("literature/rival_backer", "flat/rival_backer"),
    ]


@pytest.mark.parametrize(
    ("theory", "said"),
    [
        ("nothing", "there is none called 'nothing'"),
        ("log", "theory log: is what the network guarantee holds already; leave it out"),
        ("any_of", "has 3 states; what members do together is an outcome of two"),
    ],
)
def test_a_theory_that_no_reader_could_choose_is_refused_before_anything_is_fitted(quick_fits, theory, said):
    result = CliRunner().invoke(app, ["explore", "budapest", "--theories", theory])
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())


def test_two_fits_of_one_prior_set_and_of_another_network_are_refused():
    loaded = load_scenario("budapest")
    own, other = (prior_predictive(loaded.network, name, seed=1, draws=20) for name in ("literature", "flat"))
    with pytest.raises(ExploreError, match="others: literature: is the prior set of two fits; give each once"):
        explore(own, loaded, others=[other, own])
    fewer = prior_predictive(loaded.network.without_arrow("monitoring", "compliance"), "flat", seed=1, draws=20)
    said = "others: flat: is a fit of another network; give fits of guarantee, states and all"
    with pytest.raises(ExploreError, match=said):
        explore(own, loaded, others=[fewer])
    with pytest.raises(ExploreError, match="give fits of guarantee under the theory 'none', states"):
        explore(own, loaded, theories={"none": [other]})
    with pytest.raises(QueryError, match="there is none called 'nothing'"):
        explore(own, loaded, theories={"nothing": [other]})


def test_texts_stay_texts_and_names_stay_in_the_folder(tmp_path):
    loaded = load_scenario("budapest")
    page = explore(prior_predictive(loaded.network, "flat", seed=1, draws=40), loaded)
    taken = replace(loaded, scenario=loaded.scenario.model_copy(update={"name": "../../evil", "question": HOSTILE}))
    files = gallery([(taken, page)], tmp_path / "in")
    assert {path.parent for path in files} == {tmp_path / "in"}
    index = files[0].read_text(encoding="utf-8")
    assert HOSTILE not in index
    assert "&lt;/h1&gt;&lt;script&gt;" in index
    with pytest.raises(ExploreError, match="budapest: is the name of several scenarios"):
        gallery([(loaded, page), (loaded, page)], tmp_path)
    with pytest.raises(ExploreError, match="holds no scenario; give one"):
        gallery([], tmp_path)
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(InputError, match="was not written by Servanda"):
        gallery([(loaded, page)], tmp_path)
    assert not (tmp_path / "budapest.html").exists()
