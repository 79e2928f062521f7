"""Every public result shows itself: ten lines at a prompt, HTML that runs nothing, and a figure where it has one."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from functools import cache
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import servanda as sv
from servanda.analysis import (
    Evaluation,
    Lexicon,
    average_answers,
    check_scenario,
    direction,
    flip_point,
    identify,
    load_lexicon,
    parameter_gates,
    power_scaling,
    record_summaries,
    score_ledger,
    summarise,
    summarise_change,
)
from servanda.analysis.evaluation.leave_one_out import LeftOut
from servanda.analysis.evaluation.models import Comparison
from servanda.analysis.evaluation.scoreboard import Forecasts
from servanda.analysis.evaluation.shipped_scores import score_of
from servanda.analysis.ledger.file import Ledger
from servanda.analysis.sensitivity.drivers import Driver, Drivers
from servanda.analysis.sensitivity.influence import Influence, UnitInfluence, WithoutIt
from servanda.analysis.sensitivity.panel import ask_panel
from servanda.analysis.sensitivity.spread import change_spread
from servanda.analysis.sensitivity.value_of_information import CaseNews, NodeNews, SeenState, ValueOfInformation
from servanda.analysis.sensitivity.variance_sources import VarianceSource, VarianceSources
from servanda.analysis.track import TrackAnswer, load_track_scores
from servanda.analysis.track.contrast import contrast_of
from servanda.common import PrintedTable, printed_table
from servanda.common.errors import InputError
from servanda.common.figure_style import DARK, INK, LEAST_SIZE, colour_of
from servanda.models import Arrow, Network, Node, Posterior, Prior, PriorSet, TrackPosterior, load_track_settings
from servanda.priors import LinearPool, between, linear_pool, prior_diff
from servanda.priors.elicitation.elicit import Elicited
from servanda.priors.panel.expert_weights import ExpertScores

#: What would run if it were not escaped.
EVIL = "<script>alert(1)</script>"
COLUMN = 3.4


@cache
def lawn() -> Posterior:
    network = Network(
        (Node("rain", ("no", "yes"), label=EVIL), Node("wet", ("dry", "damp", EVIL), (Arrow("rain"),))), title=EVIL
    )
    rng = np.random.default_rng(1)
    return Posterior.from_tables(
        network,
        {
            "rain": xr.DataArray(rng.dirichlet([8, 2], (2, 50)), dims=("chain", "draw", "rain")),
            "wet": xr.DataArray(rng.dirichlet([4, 3, 2], (2, 50, 2)), dims=("chain", "draw", "rain", "wet")),
        },
    )


COIN = Network((Node("kept", ("no", "yes")),), name="coin")
FLAT, SURE = (
    PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=alpha)}, name=name)
    for name, alpha in (("flat", 1.0), ("literature", [2.0, 8.0]))
)
YES = sv.chance_of("kept", "yes")
CASES = pd.DataFrame({"kept": ["yes"] * 6 + ["no"] * 4})


@cache
def coin() -> Posterior:
    return sv.fit(COIN, CASES, FLAT, seed=1, draws=200)


def long_named() -> dict[str, xr.DataArray]:
    rng = np.random.default_rng(2)
    names = ("none", "a model with quite a long name that no column of a journal holds in one line")
    return {name: xr.DataArray(rng.normal(0.05, 0.1, (2, 50)), dims=("chain", "draw")) for name in names}


def averaged():
    return average_answers(long_named(), dict.fromkeys(long_named(), 1.0))


def spread():
    one, other = (summarise_change(draws) for draws in long_named().values())
    return change_spread({"prior": {"literature": one, "flat": other}, "coder": {"the first": one}})


def comparison():
    base = np.random.default_rng(3).normal(-0.6, 0.1, 60)
    found = {
        name: LeftOut(tuple(map(str, range(60))), elpd, np.full(60, 0.2), (), (), np.ones(60, int), 0.7)
        for name, elpd in {"best": base, "near": base - 0.01, "far": base - 0.3}.items()
    }
    titles = {"best": "The best", "near": "One that is near to it and has a long title", "far": EVIL}
    return Comparison("kept", "guarantee", titles, found, dict.fromkeys(found, 1 / 3), {}, {})


@cache
def evaluation():
    rng, states = np.random.default_rng(4), ("broken", "partly", "full")
    cases = tuple(map(str, range(40)))
    p = {name: rng.dirichlet([2, 1, 3], (1, 40)) for name in ("literature", "ridge", "base_rate")}
    found = Forecasts(cases, cases, rng.integers(0, 3, 40), p)
    titles = {"literature": "the network under “literature”", "ridge": EVIL, "base_rate": "the base rate"}
    settings = {"permutations": 99, "seed": 1}
    return Evaluation("coin", "kept", states, "crisis", titles, ("literature",), found, {1990: found}, settings, {})


def elicited():
    said = np.random.default_rng(5).beta(4, 6, 300)
    statements = {"it": between(YES, 0.2, 0.6), "again": between(YES, 0.3, 0.9)}
    draws = {"it": said, "again": said}
    return Elicited(SURE, FLAT, statements, COIN, draws, draws, dict.fromkeys(draws, 1.0), ())


@cache
def panel():
    return ask_panel(coin(), linear_pool(COIN, {"flat": FLAT, "literature": SURE}), {"is it kept?": YES})


def track():
    sizes = {"chain": 2, "draw": 5}
    tree = xr.DataTree.from_dict({"posterior": xr.Dataset({"mean": (tuple(sizes), np.zeros((2, 5)))})})
    data: Any = SimpleNamespace(actors=("PRK", EVIL), agreements=("NPT",), event_point=np.zeros(3))
    return TrackPosterior(data, tree, load_track_settings(), {"as_of": "2019-04-25"})


@cache
def confounded():
    return sv.confounding(lawn(), "wet", {"rain": "no"}, {"rain": "yes"}, state="dry", strengths=[1, 2, 4])


def contrasted():
    """Credibility before and after, of an actor whose name a user wrote."""
    rng = np.random.default_rng(6)
    before, after = (xr.DataArray(rng.beta(a, 3, (2, 50)), dims=("chain", "draw")) for a in (9, 5))
    return contrast_of(before, after, (f"{EVIL} at 2001-12-31", f"{EVIL} at 2004-12-31"), 0.05)


def credible(dates=3):
    """Credibility at a date, or along a path that leads beyond the last event."""
    days = np.array(["2001-12-31", "2004-12-31", "2009-12-31"], "datetime64[ns]")[:dates]
    words = {"question": f"P({EVIL} keeps its word)", "note": EVIL, "last_event": "2004-12-31", "foretells": dates > 2}
    draws = np.random.default_rng(6).beta(5, 3, (2, 50, dates))
    return TrackAnswer(draws, dims=("chain", "draw", "date"), coords={"date": days}, attrs=words)


#: Name -> what makes a result, and whether it has a figure.
def driven():
    rng = np.random.default_rng(5)
    lines = [("record", "record", ""), ("given", EVIL, "a state with a long name"), ("done", "guarantors", "many")]
    made = [
        Driver(*line, xr.DataArray(rng.normal(mean, 0.04, (2, 50)), dims=("chain", "draw")))
        for line, mean in zip(lines, (0.02, 0.2, -0.1), strict=True)
    ]
    return Drivers(0.5, 40, tuple(made), 0.5 + sum(line.draws for line in made), 1, EVIL)


def influenced():
    unit = UnitInfluence("crisis", EVIL, ("a", "b"), 0.9, False, {EVIL: WithoutIt(0.4, -0.1, 0.01, True)})
    return Influence({EVIL: 0.5}, (unit,), 0.7)


def news():
    seen = (SeenState(EVIL, 0.3, 0.6), SeenState("dry", 0.7, 0.4))
    return ValueOfInformation(0.5, 0.2, (NodeNews("rain", seen, 0.1),), (), (CaseNews(1, {}, 0.02, 0.19, 30.0, True),))


RESULTS = {
    "track contrast": (contrasted, True),
    "credibility": (lambda: credible(dates=1), True),
    "path of credibility": (credible, True),
    "posterior": (lawn, False),
    "fitted posterior": (coin, False),
    "track posterior": (track, False),
    "track scores": (load_track_scores, False),
    "network": (lambda: lawn().network, False),
    "large network": (lambda: sv.load_network("guarantee"), False),
    "statement": (lambda: between(YES, 0.2, 0.6), True),
    "prior": (lambda: Prior.of("dirichlet", alpha={EVIL: 1.0, "b": 2.0}), False),
    "prior set": (lambda: sv.load_prior("literature"), False),
    "pool": (lambda: linear_pool(COIN, {EVIL: FLAT, "other": SURE}), False),
    "expert scores": (
        lambda: ExpertScores({EVIL: 1.0}, pd.DataFrame({"score": [0.5], "weight": [1.0]}, index=[EVIL])),
        False,
    ),
    "quantity": (lambda: sv.chance_of("wet", EVIL, {"rain": "yes"}, actor="USA"), False),
    "answer": (lambda: sv.probability(lawn(), "wet", given={"rain": "yes"}), True),
    "one state": (lambda: sv.probability(lawn(), "wet").sel(wet="damp"), True),
    "joint answer": (lambda: sv.probability(lawn(), ["rain", "wet"]), True),
    "answers": (lambda: sv.probability(lawn(), "wet", given=pd.DataFrame({"rain": ["yes", "no"] * 20})), True),
    "sweep": (lambda: sv.sweep(lawn(), "wet", do={"rain": ["no", "yes"]}), False),
    "marginals": (lambda: sv.marginals(lawn()), False),
    "outcomes": (lambda: sv.outcomes(lawn(), "wet"), True),
    "contrast": (lambda: sv.contrast(lawn(), "wet", {"rain": "no"}, {"rain": "yes"}), True),
    "difference": (lambda: sv.contrast(lawn(), "wet", {"rain": "no"}, {"rain": "yes"})["difference"], True),
    "identification": (lambda: identify(lawn().network, "wet", "rain"), False),
    "confounding": (confounded, True),
    "comparison of priors": (
        lambda: sv.compare_priors(coin(), [SURE], {"is it kept?": YES, EVIL: YES}, scores=False),
        True,
    ),
    "flip": (lambda: flip_point(coin(), SURE, YES, verdict=direction(0.5, sure=0.9), steps=4), True),
    "power scaling": (lambda: power_scaling(coin(), {EVIL: YES}), False),
    "comparison of models": (comparison, True),
    "averaged answer": (averaged, True),
    "spread": (spread, True),
    "drivers": (driven, True),
    "sources of variance": (
        lambda: VarianceSources(0.4, (VarianceSource("prior", "prior sets", 0.01, {EVIL: 1.0}),), 0.2),
        False,
    ),
    "influence": (influenced, False),
    "value of information": (news, False),
    "scores of a ledger": (lambda: score_ledger(Ledger(())), False),
    "evaluation": (evaluation, True),
    "score": (lambda: score_of(evaluation()), False),
    "record": (lambda: record_summaries(coin(), CASES, "kept", "yes", seed=1), True),
    "elicitation": (elicited, True),
    "panel": (panel, True),
    "prior difference": (lambda: prior_diff(FLAT, SURE), False),
    "scenario": (lambda: sv.load_scenario("budapest"), False),
    "checked scenario": (lambda: check_scenario(sv.load_scenario("budapest"), None), False),
    "summary": (lambda: summarise(sv.probability(lawn(), "rain").sel(rain="yes")), False),
    "change": (lambda: summarise_change(np.linspace(-0.1, 0.3, 40)), False),
    "gate": (lambda: parameter_gates(coin())[0], False),
    "lexicon": (lambda: load_lexicon("icd203"), False),
}
FIGURES = sorted(name for name, (_, drawn) in RESULTS.items() if drawn)


@cache
def result(name):
    return RESULTS[name][0]()


class Strict(HTMLParser):
    """Whatever could run or load something, and whether every tag is closed."""

    def __init__(self, text):
        super().__init__()
        self.bad, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.bad += [tag] if tag in {"script", "iframe", "object", "embed", "link", "img"} else []
        self.bad += [key for key, value in attrs if key.startswith("on") or "javascript:" in (value or "")]
        self.open += [] if tag in {"br", "hr"} else [tag]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", RESULTS)
def test_it_says_itself_in_ten_lines(name):
    lines = repr(result(name)).splitlines()
    assert 1 <= len(lines) <= 10
    assert max(map(len, lines)) <= 160


@pytest.mark.parametrize("name", RESULTS)
def test_a_notebook_has_a_view_that_runs_nothing(name):
    shown = result(name)._repr_html_()
    parsed = Strict(shown)
    assert parsed.bad == parsed.open == []
    assert len(shown) < 60_000


def test_every_result_of_the_front_door_is_tried():
    """Whatever class a public function gives is among the results above, or is no result."""
    public = [value for room in (sv.analysis, sv.models, sv.priors) for value in map(room.__getattr__, room.__all__)]
    classes = {one for one in public if isinstance(one, type) and callable(getattr(one, "_repr_html_", None))}
    assert classes <= {type(result(name)) for name in RESULTS}
    assert {Posterior, Network, LinearPool, Lexicon} <= classes


@pytest.mark.parametrize("name", RESULTS)
def test_a_table_is_printed_with_its_interval_in_one_cell(name):
    """Whatever has a table of numbers has it as journals print it; no end of an interval has a column of its own."""
    shown = result(name)
    assert isinstance(getattr(type(shown), "table", None), property) <= hasattr(type(shown), "printed")
    if hasattr(type(shown), "printed"):
        printed = shown.printed
        assert not [title for title in printed.cells if title in {"lower", "upper"} or title.endswith(" lower")]
        assert printed.to_markdown().count("\n") == 1 + len(printed.cells)
        assert len(re.findall(r" \\\\$", printed.to_latex(), re.MULTILINE)) == 1 + len(printed.cells)
        assert printed.to_csv().count("\n") >= 1 + len(printed.cells)


def test_a_printed_table_says_itself_in_ten_lines():
    printed = printed_table(pd.DataFrame({"mean": np.linspace(0, 1, 50)}), percent=["mean"])
    lines = repr(printed).splitlines()
    assert isinstance(printed, PrintedTable)
    assert len(lines) == 10
    assert lines[-1] == "  ... 43 more rows"


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_holds_its_text_in_a_column_of_a_journal(name):
    figure = result(name).plot(figsize=COLUMN, title="What is shown here, in a title of more than one line or so")
    picture, size = figure._repr_png_()
    assert picture.startswith(b"\x89PNG")
    assert int.from_bytes(picture[16:20], "big") == pytest.approx(2 * size["width"], abs=2)
    assert figure.get_figwidth() == COLUMN
    inside = figure.get_tightbbox(FigureCanvasAgg(figure).get_renderer())
    assert inside.x0 >= -0.02
    assert inside.y0 >= -0.02
    assert inside.x1 <= COLUMN + 0.02
    assert inside.y1 <= figure.get_figheight() + 0.02
    texts = [text for text in figure.findobj(lambda one: hasattr(one, "get_fontsize")) if text.get_text().strip()]
    assert min(text.get_fontsize() for text in texts) >= LEAST_SIZE
    assert figure.get_facecolor() == (1.0, 1.0, 1.0, 1.0)


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_draws_in_the_axes_of_the_user(name):
    with mpl.rc_context({"figure.facecolor": "black", "text.color": "red", "font.size": 30}):
        figure = Figure(figsize=(6, 4))
        axes = figure.add_subplot()
        before = dict(mpl.rcParams)
        assert result(name).plot(ax=axes, title="mine") is figure
        assert dict(mpl.rcParams) == before
    assert axes.has_data() or axes.child_axes
    assert "mine" in axes.get_title(loc="left")
    assert {mpl.colors.to_hex(one.get_facecolor(), keep_alpha=True)[-2:] for one in axes.child_axes} <= {"00"}
    # On a dark ground the letters are light.
    labels = [text for one in axes.child_axes or [axes] for text in (*one.get_yticklabels(), *one.get_xticklabels())]
    assert {text.get_color() for text in labels} <= {DARK[INK]}


def test_colours_and_labels_are_taken_by_name_or_in_order():
    answer = sv.probability(lawn(), "rain")
    by_name = answer.plot(colors={"yes": "#ff0000"}, labels={"yes": "It rains"}).axes[0]
    in_order = answer.plot(colors=["#00ff00", "#ff0000"], labels=["dry", "It rains"]).axes[0]
    assert [text.get_text() for text in by_name.get_yticklabels()] == ["no", "It rains"]
    assert [text.get_text() for text in in_order.get_yticklabels()] == ["dry", "It rains"]
    for axes in (by_name, in_order):
        assert "#ff0000" in {line.get_color() for line in axes.lines}


def test_all_that_is_wrong_with_a_look_is_said_at_once():
    with pytest.raises(InputError) as error:
        sv.probability(lawn(), "rain").plot(
            color="red", ax=3, figsize="wide", colors={"yess": "red", "no": "reddish"}, labels=["one"]
        )
    said = str(error.value)
    assert "color: is nothing that a figure takes; did you mean 'colors'?" in said
    assert "ax: is int; give matplotlib axes" in said
    assert "figsize: is 'wide'; give width and height in inches, such as (3.4, 2.6), or a width" in said
    assert "colors: nothing is called 'yess'; did you mean 'yes'?" in said
    assert "colors: 'reddish' is no colour, such as '#1f4e79'" in said
    assert "labels: 1 for 2: no, yes; give one for each, or name -> value" in said


def test_a_prior_set_has_one_colour_in_every_figure():
    wanted = colour_of("literature")
    drawn = [
        result("comparison of priors").plot(),
        result("panel").plot(),
        result("spread").plot(),
        result("evaluation").plot(),
    ]
    for figure in drawn:
        assert any(line.get_color() == wanted for axes in figure.axes for line in axes.lines)


@pytest.mark.parametrize("suffix", ["svg", "pdf", "png"])
def test_a_figure_is_saved_the_same_again(tmp_path, suffix):
    first, again = (
        sv.probability(lawn(), "wet").plot().save(tmp_path / f"{place}.{suffix}").read_bytes() for place in (1, 2)
    )
    assert first == again
    # A date would differ on another day.
    assert not any(word in first for word in (b"CreationDate", b"dc:date", b"Creation Time"))
    assert suffix != "svg" or ET.fromstring(first).tag.endswith("svg")


def test_what_is_no_figure_is_said(tmp_path):
    figure = sv.probability(lawn(), "rain").plot()
    with pytest.raises(InputError, match=r"is no figure; give a name that ends in \.png, \.svg, \.pdf$"):
        figure.save(tmp_path / "a.jpeg")
    (tmp_path / "b.svg").mkdir()
    with pytest.raises(InputError, match="is a folder; give the name of a file in it"):
        figure.save(tmp_path / "b.svg")


def test_an_answer_says_question_word_number_and_interval():
    draws = xr.DataArray([[[0.3, 0.7], [0.2, 0.8]]], dims=("chain", "draw", "kept"))
    posterior = Posterior.from_tables(COIN, {"kept": draws})
    answer = sv.probability(posterior, "kept")
    assert repr(answer).splitlines()[:4] == [
        "P(kept)",
        "  kept  word       mean  90% interval",
        "  no    unlikely  0.250  0.205..0.295",
        "  yes   likely    0.750  0.705..0.795",
    ]
    assert answer._repr_html_().count("<svg") == 2
    assert isinstance(answer, xr.DataArray)
    # No word is said of a difference or a ratio, and what has no question or no draws is xarray's own.
    effect = sv.contrast(lawn(), "wet", {"rain": "no"}, {"rain": "yes"})
    for number in ("difference", "ratio"):
        assert "word" not in repr(effect[number])
    assert repr(answer.mean(("chain", "draw"))).startswith("<xarray.")
    assert repr(effect.isel(chain=0, drop=True)).startswith("<xarray.")
    assert "xarray" in answer.drop_attrs()._repr_html_()


def test_states_are_drawn_apart():
    (axes,) = sv.probability(lawn(), "wet").plot().axes
    spans = [path.get_extents() for filled in axes.collections[::2] for path in filled.get_paths()][:3]
    edges = [(round(span.y0, 2), round(span.y1, 2)) for span in spans]
    assert len(set(edges)) == 3
