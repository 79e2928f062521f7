"""The page "What if?" in a browser: its numbers are Servanda's, it asks for nothing, and everybody can use it.

Needs Chromium and the test extra's Playwright; where one of them is missing the tests are skipped and say which.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from servanda.analysis import explore, load_scenario, outcomes
from servanda.analysis.cli.app import app
from servanda.analysis.explore.backers import backers_by_name
from servanda.analysis.explore.draws import drawn_network
from servanda.analysis.explore.page import PROGRAM, in_script
from servanda.analysis.explore.words import MESSAGES
from servanda.analysis.queries.named_backers import BACKER_NODES, named_backers, shipped_cases
from servanda.analysis.reporting.assemble import assemble
from servanda.analysis.reporting.page import page as report_page
from servanda.analysis.scenarios.check import check_scenario
from servanda.analysis.scenarios.scenario import scenario_from_dict
from servanda.common.files import ours
from servanda.common.toml import read_toml
from servanda.models import THEORIES as THEORIES_OF_BACKERS
from servanda.models import (
    Arrow,
    Group,
    Network,
    Node,
    Posterior,
    Prior,
    PriorEntry,
    PriorSet,
    load_network,
    with_who,
)
from servanda.models.theories.theories import priors_for
from servanda.priors import load_prior, prior_predictive

from ..analysis.figures.test_readable import THEORIES, TRACKS
from ..analysis.reporting.content import report
from .test_report_page import HOSTILE, SIDEWAYS, axe, browser, opened

__all__ = ["browser"]  # a fixture
ENGINE = "\n".join(
    re.sub(r"^export ", "", (PROGRAM / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    for name in ("engine.js", "backers.js")
)
ANSWERS = """([payload, question]) => { const { average, single } = engine.answer(engine.load(payload), question);
  const told = values => { const s = engine.summary(values, 0.9); return [s.mean, s.lower, s.upper]; };
  return [average.map(told), single.map(told)]; }"""


# ---- Numbers, judged by Servanda's exact answers ---------------------------------------------------------------


def small(family: str) -> Network:
    """Three parents above each other, and a target with an effect of guarantees that nobody has seen."""
    era = Node("era", ("old", "new"))
    role = Node("role", ("guarantor", "principal", "other"), (Arrow("era"),))
    arrows = (Arrow("era"), Arrow("role"))
    backers = Node("backers", ("1", "2", "3", "5"), arrows, "ordinal", ordered=True, values=(1, 2, 3, 5))
    own = {
        "ordinal": {
            "parents": (*arrows, Arrow("backers", term="log", by="era")),
            "groups": (Group("guarantee", "guarantee"),),
        },
        "softmax": {"parents": (*arrows, Arrow("backers", term="log"))},
        "table": {"parents": (Arrow("role"), Arrow("backers"))},
    }
    kept = Node("kept", ("no", "partly", "yes"), family=family, ordered=True, **own[family])
    return Network((era, role, backers, kept))


@pytest.fixture(scope="module")
def engine(browser):
    window = browser.new_page()
    window.set_content(
        f"<script type='module'>{ENGINE}\nglobalThis.engine = {{ load, answer, summary, change, followed }};</script>"
    )
    return window


@pytest.mark.parametrize("family", ["ordinal", "softmax", "table"])
def test_answers_are_those_of_exact_inference(engine, family):
    posterior = prior_predictive(small(family), load_prior("flat"), seed=3, draws=1000)
    network, rng = posterior.network, np.random.default_rng(11)
    payload = drawn_network(posterior, "kept", {})
    names = network["kept"].parent_names
    for share in (0.0, 0.4, 0.7, 1.0):
        states = {name: int(rng.integers(len(network[name].states))) for name in names if rng.random() < share}
        done = {name: state for name, state in states.items() if rng.random() < 0.5}
        given = {name: state for name, state in states.items() if name not in done}
        worded = [{n: network[n].states[s] for n, s in part.items()} for part in (given, done)]
        exact = outcomes(posterior, "kept", *worded)
        rows = np.array([[[s.mean, s.lower, s.upper] for s in pair] for pair in exact.summaries.values()])
        found = np.array(engine.evaluate(ANSWERS, [payload, {"given": given, "set": done}]))
        # What is left is rounding, of draws of priors as wide as they come.
        assert np.abs(found[:, :, 0] - rows[:, :, 0].T).max() < 0.012, (share, given, done)
        assert np.abs(found[:, :, 1:] - rows[:, :, 1:].transpose(1, 0, 2)).max() < 0.05, (share, given, done)
        assert np.allclose(found[:, :, 0].sum(axis=1), 1, atol=1e-9)


def test_many_open_parents_are_summed_out_with_their_spread(engine):
    """Too many configurations to go through: what is left open adds up to a number with a mean and a variance."""
    root = Node("root", ("a", "b"))
    open_ones = tuple(Node(f"p{i}", tuple("abcde"), (Arrow("root"),)) for i in range(5))
    seen = Node("seen", ("no", "yes"), (Arrow("p0"), Arrow("p1")))
    arrows = tuple(Arrow(node.name) for node in (*open_ones, seen))
    kept = Node("kept", ("no", "partly", "yes"), arrows, "ordinal", ordered=True)
    posterior = prior_predictive(Network((root, *open_ones, seen, kept)), load_prior("flat"), seed=5, draws=1500)
    payload = drawn_network(posterior, "kept", {})
    # What is seen below two of them says which states they have, in each draw something else.
    for given in ({}, {"seen": 1}):
        exact = outcomes(posterior, "kept", dict.fromkeys(given, "yes"), {})
        rows = np.array([[[s.mean, s.lower, s.upper] for s in pair] for pair in exact.summaries.values()])[:, 0]
        found = np.array(engine.evaluate(ANSWERS, [payload, {"given": given}]))[0]
        assert np.abs(found[:, 0] - rows[:, 0]).max() < 0.005, given
        assert np.abs(found[:, 1:] - rows[:, 1:]).max() < 0.02, given


def test_draws_answered_exactly_take_the_error_out_of_the_mean(engine):
    """Six open parents of two states move the outcome by steps, not like a normal number; all draws are answered so."""
    binary = tuple(Node(f"p{i}", ("a", "b")) for i in range(6))
    kept = Node("kept", ("no", "partly", "yes"), tuple(Arrow(x.name) for x in binary), "ordinal", ordered=True)
    # Rows that all but stand still, so that it does not matter how draws are paired.
    stated = {"*": ("normal", {"mu": 0, "sigma": 1.5}), "*.table": ("dirichlet", {"alpha": 1e6})}
    stated["*.baseline"] = ("dirichlet", {"alpha": 5.0})
    priors = PriorSet(
        tuple(PriorEntry(name, Prior.of(law, **given)) for name, (law, given) in stated.items()), name="still"
    )
    posterior = prior_predictive(Network((*binary, kept)), priors, seed=1, draws=48)
    exact = outcomes(posterior, "kept", {}, {})
    rows = np.array([[[s.mean, s.lower, s.upper] for s in pair] for pair in exact.summaries.values()])[:, 0]
    found = np.array(engine.evaluate(ANSWERS, [drawn_network(posterior, "kept", {}), {"given": {}}]))[0]
    # Without them it is off by 0.0046.
    assert np.abs(found[:, 0] - rows[:, 0]).max() < 0.0005
    assert np.abs(found[:, 1:] - rows[:, 1:]).max() < 0.01


def test_fixed_tables_are_answered_to_the_last_digits_that_bytes_have(engine):
    import xarray as xr

    from servanda.models import Posterior

    rng = np.random.default_rng(2)
    network = Network(
        (
            Node("a", ("0", "1")),
            Node("b", ("0", "1", "2"), (Arrow("a"),)),
            Node("y", ("no", "yes"), (Arrow("b"), Arrow("a"))),
        )
    )
    tables = {
        "a": xr.DataArray(rng.dirichlet([1, 1]), dims="a"),
        "b": xr.DataArray(rng.dirichlet([1, 1, 1], size=2), dims=("a", "b")),
        "y": xr.DataArray(rng.dirichlet([1, 1], size=(3, 2)), dims=("b", "a", "y")),
    }
    posterior = Posterior.from_tables(network, tables)
    found = engine.evaluate(ANSWERS, [drawn_network(posterior, "y", {}), {"given": {"a": 1}}])
    exact = (tables["b"][1] * tables["y"][:, 1, 1]).sum().item()
    assert found[0][1][0] == pytest.approx(exact, abs=1e-4)


def test_a_change_is_counted_as_servanda_counts_it(engine):
    from servanda.analysis.summaries.change import summarise_change

    draws = np.round(np.random.default_rng(4).normal(0.02, 0.1, 301), 3)
    for margin in (0.0, 0.05):
        exact = summarise_change(draws, margin=margin)
        found = engine.evaluate(
            "([x, margin]) => engine.change(x.map(() => 0), x, margin, 0.9)", [draws.tolist(), margin]
        )
        for name in ("mean", "lower", "upper", "gain", "within", "loss"):
            assert found[name] == pytest.approx(getattr(exact, name), abs=1e-12), name


@pytest.mark.parametrize("year", [1936, 2019])
def test_what_follows_from_names_is_what_servanda_says(engine, year):
    """Random lists for random obligors, before the Council sat and today: states, and who is wanting where none is."""
    rng = np.random.default_rng(year)
    network = with_who(load_network("guarantee"), BACKER_NODES, keep_count=True)
    obligors = ("USA", "GBR", "RUS", "LON")
    held = backers_by_name(network, "compliance", obligors, year)
    assert held["nodes"] == ["guarantors", *BACKER_NODES]
    assert [*held["rivals"]] == ["USA", "GBR", "RUS"]  # the record knows no LON
    known = np.array([name for name, *_ in held["known"]])
    lists = []
    for _ in range(25):
        obligor = str(rng.choice(obligors[:3]))
        others = known[known != obligor]
        lists.append([obligor, rng.choice(others, rng.integers(0, 4), replace=False).tolist()])
    found = engine.evaluate("([held, lists]) => lists.map(one => engine.followed(held, ...one))", [held, lists])
    for (obligor, names), told in zip(lists, found, strict=True):
        exact = named_backers(network, names, obligor, year)
        states = {name: network[name].index(state) for name, state in exact.states.items()}
        assert (told["states"], told["open"]) == (states, {n: [*who] for n, who in exact.open.items()}), (
            obligor,
            names,
        )
    assert any(told["open"] for told in found) and any(len(told["states"]) == 5 for told in found)


# ---- The page --------------------------------------------------------------------------------------------------


THEORIES_ASKED = ("none", "institution", "rival_backer")


@cache
def under(theory: str) -> Posterior:
    """Draws of the literature's priors for the network of a shipped scenario under a theory."""
    network = THEORIES_OF_BACKERS[theory].apply(load_network("guarantee"))
    priors, cases = priors_for(network, load_prior("literature")), shipped_cases(network, "2019-04-25")
    return prior_predictive(network, priors, seed=1, draws=64, cases=cases)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of a shipped scenario under draws of a prior, and the same full of hostile text."""
    folder, loaded = tmp_path_factory.mktemp("explore"), load_scenario("dprk-six-party")
    cases = shipped_cases(loaded.network, loaded.scenario.as_of)
    posterior = prior_predictive(loaded.network, load_prior("literature"), seed=1, draws=256, cases=cases)
    flat = prior_predictive(loaded.network, load_prior("flat"), seed=1, draws=64, cases=cases)
    made = explore(
        posterior, loaded, cases=cases, others=[flat], theories={name: [under(name)] for name in THEORIES_ASKED}
    )
    made.save(folder / "plain.html")
    content = {**report(), "tracks": TRACKS, "theories": THEORIES}
    (folder / "report.html").write_text(report_page(assemble(content, "en", made.panel)), encoding="utf-8")
    who = load_scenario("dprk-backers")
    listed = shipped_cases(who.network, who.scenario.as_of)
    asked = prior_predictive(who.network, load_prior("literature"), seed=1, draws=64, cases=listed)
    explore(asked, who, cases=listed).save(folder / "who.html")
    judged = [
        one.model_copy(update={"title": HOSTILE, "claim": HOSTILE, "es": None}) for one in loaded.scenario.judgements
    ]
    scenario = loaded.scenario.model_copy(update={"title": HOSTILE, "judgements": judged, "theories": [], "es": None})
    taken, loaded = cases.assign(guarantee=HOSTILE, obligor=HOSTILE), replace(loaded, scenario=scenario)
    explore(posterior, loaded, cases=taken, theories={"none": [under("none")]}).save(folder / "hostile.html")
    return {path.stem: path for path in folder.iterdir()}


def ready(window: Any) -> Any:
    window.wait_for_function("() => document.querySelectorAll('#tornado tr').length > 0")
    return window


@pytest.mark.parametrize("name", ["plain", "hostile"])
def test_nothing_leaves_the_page_and_hostile_text_stays_text(browser, pages, name):
    window, heard = opened(browser, pages[name])
    ready(window)
    assert heard == []
    assert window.evaluate("() => performance.getEntriesByType('resource').length") == 0
    assert window.evaluate("() => document.querySelectorAll('img, iframe, script').length") == 2
    assert window.title() == ("What if? " + (HOSTILE if name == "hostile" else "A security guarantee for North Korea"))
    assert pages[name].stat().st_size < 600_000
    assert ours(pages[name])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault(browser, pages, scheme):
    window, _ = opened(browser, pages["plain"], color_scheme=scheme)
    ready(window).evaluate(axe())
    found = window.evaluate("() => axe.run()")
    assert [(fault["id"], [node["html"][:120] for node in fault["nodes"]]) for fault in found["violations"]] == []
    assert len(found["passes"]) > 10


@pytest.mark.parametrize("name", ["plain", "hostile"])
def test_a_telephone_needs_no_sideways_scrolling(browser, pages, name):
    window, _ = opened(browser, pages[name], viewport={"width": 360, "height": 780})
    ready(window)
    assert window.evaluate("() => document.documentElement.scrollWidth") <= 360
    assert window.evaluate(SIDEWAYS) == []


def test_knobs_undo_reset_language_and_address(browser, pages):
    window, _ = opened(browser, pages["plain"])
    ready(window)
    first = window.text_content("#formats")
    knob = window.get_by_label("Enforcement, B")
    knob.focus()
    knob.select_option("snapback")
    assert window.text_content("#formats") != first
    assert window.evaluate("() => document.activeElement.getAttribute('aria-label')") == "Enforcement, B"
    assert "B.enforcement=snapback" in window.url
    window.select_option("#language", "es")
    assert window.evaluate("() => document.documentElement.lang") == "es"
    assert "¿Y si…?" in window.text_content("h1")
    again, _ = opened(browser, pages["plain"])
    again.goto(window.url)
    assert again.evaluate("() => whatIf.state()") == window.evaluate("() => whatIf.state()")
    for _ in range(2):
        window.click("#undo")
    assert window.text_content("#formats") == first
    assert window.evaluate("() => document.getElementById('undo').disabled")
    window.get_by_label("Monitoring, The case").select_option("intrusive")
    window.click("#reset")
    assert window.text_content("#formats") == first


def test_another_prior_set_is_answered_from_its_own_fit(browser, pages):
    window, _ = opened(browser, pages["plain"])
    ready(window)
    first = window.text_content("#formats")
    window.get_by_label("Prior set").select_option("flat")
    assert window.text_content("#formats") != first
    assert "p=flat" in window.url
    assert window.text_content("#made").startswith("64 of 64 draws of the fit under the prior set No opinion")
    network = load_scenario("dprk-six-party").network
    posterior = prior_predictive(network, load_prior("flat"), seed=1, draws=64)
    known = {"fit": "flat", "given": dict.fromkeys(network["compliance"].parent_names, 0), "members": {}}
    exact = outcomes(posterior, "compliance", {n: network[n].states[0] for n in known["given"]})
    found = window.evaluate("question => whatIf.answer(question).average.map(x => whatIf.summary(x, 0.9).mean)", known)
    assert found == pytest.approx([each.mean for each in [pair[0] for pair in exact.summaries.values()]], abs=2e-3)
    window.click("#undo")
    assert window.text_content("#formats") == first


@pytest.mark.parametrize("theory", THEORIES_ASKED)
def test_another_theory_is_answered_from_its_own_fit(browser, pages, theory):
    """What takes the place of the count is no knob, and is summed out as it goes with the count."""
    window, _ = opened(browser, pages["plain"])
    ready(window)
    window.get_by_label("Theory of what backers do").select_option(theory)
    assert f"p=literature%2F{theory}" in window.url
    assert window.locator("#priors option[value=flat]").is_disabled()
    network, posterior = load_network("guarantee"), under(theory)
    known = dict.fromkeys(network["compliance"].parent_names, 0)
    for done in ({"guarantors": 0}, {"guarantors": 5, "role": 1}):
        given = {name: state for name, state in known.items() if name not in done}
        worded = [{name: network[name].states[state] for name, state in part.items()} for part in (given, done)]
        exact = outcomes(posterior, "compliance", *worded)
        asked = {"fit": f"literature/{theory}", "given": given, "set": done, "members": {}}
        found = window.evaluate("x => whatIf.answer(x).average.map(y => whatIf.summary(y, 0.9).mean)", asked)
        assert found == pytest.approx([pair[0].mean for pair in exact.summaries.values()], abs=3e-3)
    assert ",literature," + theory in window.evaluate("() => whatIf.csv()")
    state = window.evaluate("() => whatIf.state()")
    window.reload()
    assert window.evaluate("() => whatIf.state()") == state
    window.click("#reset")
    assert window.evaluate("() => whatIf.state().fit") == f"literature/{theory}"


def test_backers_are_chosen_by_name_and_set_what_follows_from_them(browser, pages):
    """The scenario's own names stand in the page; others give the states that Servanda gives them."""
    window, _ = opened(browser, pages["who"])
    ready(window)
    assert window.evaluate("() => whatIf.state().names") == {"A": [], "B": ["CHN", "RUS"]}
    scenario = load_scenario("dprk-backers")
    rows = {row.label: row.do for row in scenario.scenario.judgements[0].formats}
    column = "x => Object.fromEntries([...document.querySelectorAll('#rows select')].filter(s => s.value !== '' && "
    column += "s.ariaLabel.endsWith(', ' + x)).map(s => [s.ariaLabel.replace(/, .$/, ''), s.selectedOptions[0].text]))"
    shown = {scenario.network[n].title: scenario.network[n].states for n in rows["alone"]}
    assert (
        window.evaluate(column, "A").items() >= {"Number of guarantors": "1", "Strongest other backer": "none"}.items()
    )
    assert {*window.evaluate(column, "B")} == {*shown}
    first = window.text_content("#formats")
    window.get_by_label("Backers by name, B").select_option("OAU")
    assert "nB=CHN%2CRUS%2COAU" in window.url
    # An organisation has no capability, and nobody counts as zero.
    assert "B: not known from the record and left open: Strongest other backer (for want of " in window.text_content(
        "#named"
    )
    again, _ = opened(browser, pages["who"])
    again.goto(window.url)
    assert again.evaluate("() => whatIf.state()") == window.evaluate("() => whatIf.state()")
    assert "B,complied" in window.evaluate("() => whatIf.csv()") and "CHN;RUS;OAU" in again.evaluate(
        "() => whatIf.csv()"
    )
    taken = tomllib.loads(window.evaluate("() => whatIf.toml()"))
    assert [row["backers"] for row in taken["judgements"][0]["formats"]] == [[], ["CHN", "RUS", "OAU"]]
    assert scenario_from_dict(taken).scenario.judgements[0].formats[1].do["guarantors"] == "4"
    window.click("#undo")
    assert window.text_content("#formats") == first
    # A knob that follows from the list, turned by hand, drops the list and keeps the rest of what followed.
    window.get_by_label("Number of guarantors, B").select_option("5")
    assert window.evaluate("() => whatIf.state().names.B") is None
    assert {*window.evaluate(column, "B")} == {*shown}
    window.select_option("#actor", "")
    assert window.evaluate("() => whatIf.state().names") == {"A": None, "B": None}
    assert window.get_by_label("Backers by name, A").is_disabled()
    window.click("#reset")
    assert window.text_content("#formats") == first


def test_where_only_the_count_follows_the_page_says_so(browser, pages):
    window, _ = opened(browser, pages["plain"])
    window.select_option("#actor", "USA")
    assert window.text_content("#named").startswith("Under this network only the number of backers follows")
    window.get_by_label("Backers by name, B").select_option("-")
    window.get_by_label("Backers by name, B").select_option("CHN")
    assert 'do = { "guarantors" = "2" }' in window.evaluate("() => whatIf.toml()")
    window.get_by_role("button", name="Remove China from B").click()
    window.get_by_role("button", name="Remove nobody else from B").click()
    assert window.evaluate("() => whatIf.state().B.guarantors ?? null") is None


# ---- The same in a report --------------------------------------------------------------------------------------


def started(window: Any) -> Any:
    """A report whose knobs are open."""
    window.wait_for_function("() => document.getElementById('panel').dataset.tornado")
    return window


def test_a_report_reads_its_knobs_when_they_are_opened_and_asks_for_nothing(browser, pages):
    window, heard = opened(browser, pages["report"])
    assert window.evaluate("() => [document.getElementById('panel').shadowRoot, globalThis.whatIf ?? null]") == [
        None,
        None,
    ]
    window.locator("#answer").get_by_role("link", name="What if?").click()
    started(window)
    alone, _ = opened(browser, pages["plain"])
    assert window.text_content("#formats") == ready(alone).text_content("#formats")
    title = window.title()
    window.get_by_label("Enforcement, B").select_option("snapback")
    window.select_option("#language", "es")
    assert window.evaluate("() => [document.documentElement.lang, panel.lang]") == ["en", "es"]
    assert window.title() == title
    # The address that it has now opens them again, in the same state, and a link to a chapter does not turn them.
    again, more = opened(browser, pages["report"])
    again.goto(window.url)
    again.reload()
    assert "B.enforcement=snapback" in again.url
    state = started(again).evaluate("() => whatIf.state()")
    assert state == window.evaluate("() => whatIf.state()")
    again.evaluate("() => { location.hash = '#trust'; }")
    assert again.evaluate("() => whatIf.state()") == state
    assert [said for said in [*heard, *more] if not said.startswith("request: file:")] == []
    assert again.evaluate("() => performance.getEntriesByType('resource').length") == 0


def test_a_script_that_is_not_of_the_panel_does_not_run_in_a_report(browser, pages, tmp_path):
    whole = pages["report"].read_text(encoding="utf-8")
    taken = whole.replace(
        "<footer>", "<script>document.title = 'taken'</script><img src=x onerror=\"document.title = 'taken'\">"
    )
    (tmp_path / "taken.html").write_text(taken, encoding="utf-8")
    window, heard = opened(browser, tmp_path / "taken.html")
    assert window.title() != "taken"
    assert len([said for said in heard if "Content Security Policy" in said]) >= 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault_in_open_knobs(browser, pages, scheme):
    window, _ = opened(browser, pages["report"], color_scheme=scheme)
    window.evaluate("() => { document.getElementById('knobs').open = true; }")
    started(window).evaluate(axe())
    found = window.evaluate("() => axe.run(document.getElementById('what-if'))")
    assert [(fault["id"], [node["html"][:120] for node in fault["nodes"]]) for fault in found["violations"]] == []
    assert len(found["passes"]) > 10


def test_open_knobs_fit_a_telephone_and_leave_paper_as_it_was(browser, pages):
    window, _ = opened(browser, pages["report"], viewport={"width": 360, "height": 780})
    window.evaluate("() => { document.getElementById('knobs').open = true; }")
    started(window)
    assert window.evaluate("() => document.documentElement.scrollWidth") <= 360
    assert (
        window.evaluate(
            SIDEWAYS.replace("document.querySelectorAll('main *')", "panel.shadowRoot.querySelectorAll('*')")
        )
        == []
    )
    window.emulate_media(media="print")
    heights = "() => ['#what-if', '.turn', '#trust'].map(x => document.querySelector(x).getBoundingClientRect().height)"
    chapter, link, other = window.evaluate(heights)
    assert chapter == link == 0 < other


def test_a_damaged_address_is_passed_over(browser, pages):
    window, heard = opened(browser, pages["plain"])
    window.goto(f"{pages['plain'].as_uri()}#j=nobody&A.role=nothing&C.x=1&i=7&x=-3&l=fr&p=none&B.__proto__=1")
    window.reload()
    assert window.evaluate("() => whatIf.state().interval") == 90
    assert not [said for said in heard if said.startswith("error")]


def test_what_is_taken_away_is_what_is_shown(browser, pages, tmp_path):
    window, _ = opened(browser, pages["plain"])
    window.evaluate("() => whatIf.turn(now => { now.A.monitoring = 2; now.case.price = 1; now.B.price = 2; })")
    (tmp_path / "taken.toml").write_text(window.evaluate("() => whatIf.toml()"), encoding="utf-8")
    taken = scenario_from_dict(read_toml(tmp_path / "taken.toml")).scenario
    (a, b), judged = taken.judgements[0].formats, taken.judgements[0]
    assert a.do == {"guarantors": "1", "monitoring": "third_party"}
    assert b.do == {"guarantors": "5", "price": "withdrawal"}
    assert a.given == {"price": "money"}
    assert judged.given["past_defections"] == "1-2"
    assert judged.actor is None or judged.actor == "USA"
    rows = window.evaluate("() => whatIf.csv()").split("\r\n")
    shown = window.evaluate("() => whatIf.results().A.average[2].mean")
    assert [float(row.split(",")[2]) for row in rows if row.startswith("A,complied")] == [shown]
    assert "'" not in rows[1]
    assert window.evaluate("() => whatIf.svg()").startswith("<svg")


@pytest.mark.parametrize("name", ["plain", "hostile"])
def test_a_copied_scenario_compares_the_theory_that_is_chosen(browser, pages, tmp_path, name):
    """Beside those of the scenario, and that which the network holds: a report compares two theories or none."""
    # The hostile one names none.
    usual = load_scenario("dprk-six-party").scenario.theories if name == "plain" else []
    window, _ = opened(browser, pages[name])
    for theory, theories in (("", usual), ("none", usual or ["log", "none"])):
        window.get_by_label("Theory of what backers do").select_option(theory)
        (tmp_path / "taken.toml").write_text(window.evaluate("() => whatIf.toml()"), encoding="utf-8")
        assert load_scenario(tmp_path / "taken.toml").scenario.theories == theories
        remarks = check_scenario(tmp_path / "taken.toml", None).remarks
        assert any("fewer than two theories" in remark for remark in remarks) == (len(theories) < 2)


def test_a_cell_of_the_record_that_was_never_seen_has_a_red_edge(browser, pages):
    window, _ = opened(browser, pages["plain"])
    window.evaluate(
        "() => whatIf.turn(now => { now.case = { role: 0, obligation: 2 }; now.A = {}; now.B = { role: 1 }; })"
    )
    edges = window.evaluate(
        "() => ['A', 'B'].map(x => document.getElementById('format-' + x).classList.contains('unseen'))"
    )
    assert edges == [True, False]
    cases = shipped_cases(load_scenario("dprk-six-party").network, "2019-04-25")
    count = len(cases.query("role == 'principal' and obligation == 'disarm'"))
    assert f"and {count} all that is described of B" in window.text_content("#count")


def test_the_command_writes_a_page_that_answers_in_closed_form(browser, own_scenario, tmp_path):
    out, words = tmp_path / "page.html", ["--cache", str(tmp_path / "cache"), "--lang", "es", "--draws", "200", "-q"]
    result = CliRunner().invoke(app, ["explore", str(own_scenario), "--out", str(out), *words])
    assert result.exit_code == 0, result.output
    window, heard = opened(browser, out)
    assert heard == []
    assert window.evaluate("() => document.documentElement.lang") == "es"
    found = window.evaluate("() => whatIf.results().B.answer.mean")
    cases = shipped_cases(load_scenario("dprk-six-party").network, "2019-04-25")
    several = cases[cases["guarantors"] > 1]["outcome"]
    assert found == pytest.approx((1 + (several == "complied").sum()) / (3 + len(several)), abs=0.01)
    out.write_text("mine")
    refused = CliRunner().invoke(app, ["explore", str(own_scenario), "--out", str(out), *words])
    assert refused.exit_code == 2
    assert "was not written by Servanda" in refused.output
    assert out.read_text() == "mine"


def test_every_message_of_the_page_is_in_the_catalogue():
    program = (PROGRAM / "page.js").read_text(encoding="utf-8")
    skeleton = "".join((PROGRAM / f"{name}.html.j2").read_text(encoding="utf-8") for name in ("explore", "knobs"))
    said = {*re.findall(r'say\("([^"]+)"', program), *re.findall(r'data-say="([^"]+)"', skeleton)}
    assert said <= set(MESSAGES)
    assert set(MESSAGES) - said == {"This page needs JavaScript, which this browser does not run."}


def test_no_text_can_end_the_script_that_holds_it():
    assert "<" not in in_script({"a": "</script><!--<script>", "b": "\u2028&amp;"})
