"""Questions to the track model, the figure, and the command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm
from typer.testing import CliRunner

from servanda.analysis import (
    change,
    compare_actors,
    cost,
    credibility,
    credibility_path,
    forecast,
    replay,
    track_gates,
)
from servanda.analysis.cli.app import app
from servanda.analysis.figures.track import save_track_figure, track_figure
from servanda.analysis.track.description import describe_tracks, track_table
from servanda.analysis.track.weighting_checks import weighted, weighting_checks
from servanda.common.errors import InputError
from servanda.models import TrackError, fit_track
from servanda.record import load_track_record

QUICK = {"draws": 250, "tune": 250, "chains": 2, "thin": 1}


@pytest.fixture(scope="module")
def events():
    return load_track_record()


@pytest.fixture(scope="module")
def track(events):
    return fit_track(events, seed=1, **QUICK)


@pytest.fixture(scope="module")
def summit(events):
    return fit_track(events, seed=1, as_of="2019-04-25", **QUICK)


def falls(effect) -> float:
    return 1 - float(effect["probability_of_increase"])


# --- what history gives


@pytest.mark.parametrize(
    ("actor", "before", "after", "direction"),
    [
        ("PRK", "1992-05", "1994-06-13", -1),
        ("PRK", "1994-06-13", "1999-09", +1),
        ("PRK", "2000", "2003-02", -1),
        ("PRK", "2008-07", "2009-06", -1),
        ("PRK", "2017-12", "2018-07", +1),
        ("PRK", "2018-07", "2019-12", -1),
        ("USA", "1999-07", "2002-12", -1),
        ("USA", "2016-01", "2018-12", -1),
        ("IRN", "2018", "2019-12", -1),
    ],
)
def test_paths_move_as_history_does(track, actor, before, after, direction):
    effect = change(track, actor, before=before, after=after)
    assert direction * float(effect["difference"].mean()) > 0.03
    assert (1 - falls(effect) if direction > 0 else falls(effect)) > 0.55


def test_judgements_move_as_the_news_did(events):
    """What would have been said at the time: each fit knows only what was known on its day."""
    days = ["1992-05-01", "1994-06-30", "2012-03-15", "2012-12-31"]
    told = {day: credibility(found, "PRK", day).mean() for day, found in replay(events, days, seed=1, **QUICK).items()}
    assert told["1994-06-30"] < told["1992-05-01"] - 0.1
    assert told["2012-12-31"] < told["2012-03-15"] - 0.02


def test_what_8_may_2018_cost(events):
    effect = cost(events, "USA", "2018-05-08", seed=1, **QUICK)
    assert float(effect["difference"].mean()) < -0.03
    assert "P(USA is judged more credible) = 0." in effect.attrs["statement"]
    assert effect.attrs["first"].startswith("USA as judged on 2018-05-07: ")


def test_copies_of_routine_reports_say_nothing_and_one_defection_does(events, summit):
    """Copies on the same day, by another name of the finder: nothing but the finder and the detail differ."""
    routine = events[(events["event"] == "complied") & (events["finding_by"] == "IAEA")]
    copied = pd.concat([events, *[routine.assign(detail=f"copy {n}") for n in range(9)]], ignore_index=True)
    base = credibility(summit, "IRN", "2019-04-25")
    after = credibility(fit_track(copied, seed=1, as_of="2019-04-25", **QUICK), "IRN", "2019-04-25")
    assert abs(float(after.mean() - base.mean())) < 0.1 * float(base.std())
    new = routine.tail(1).assign(
        date_from=pd.Timestamp("2019-04-10"), date_until=pd.Timestamp("2019-04-10"), event="defected"
    )
    broken = fit_track(pd.concat([events, new], ignore_index=True), seed=1, as_of="2019-04-25", **QUICK)
    assert float(credibility(broken, "IRN", "2019-04-25").mean() - base.mean()) < -0.4 * float(base.std())


def test_nothing_after_the_date_matters(events, summit):
    later = events.assign(event=np.where(events["date_until"] > "2019-04-25", "complied", events["event"]))
    again = fit_track(later, seed=1, as_of="2019-04-25", **QUICK)
    np.testing.assert_array_equal(again.draws["theta"], summit.draws["theta"])


# --- questions


def test_credibility_is_averaged_over_unseen_agreements(track):
    """In every draw it is the integral over the population of agreements, here by adaptive quadrature."""
    found = credibility(track, "USA", "2016-01-16")
    theta = track.paths("USA", [np.datetime64("2016-01-16")])
    for chain, draw in ((0, 5), (1, 200)):
        centre = float(theta[chain, draw, 0])
        sd = float(track.draws["agreement_sd"][chain, draw])
        exact, _ = quad(lambda g, c=centre, s=sd: expit(c + g) * norm.pdf(g, 0, s), -8 * sd, 8 * sd)
        assert float(found[chain, draw]) == pytest.approx(exact, abs=2e-4)


def test_credibility_under_an_agreement_uses_its_effect(track):
    found = credibility(track, "IRN", "2016-01-16", agreement="jcpoa_2015")
    theta = track.paths("IRN", [np.datetime64("2016-01-16")])[..., 0]
    exact = expit(theta.values + track.draws["agreement_effect"].sel(agreement="jcpoa_2015").values)
    np.testing.assert_allclose(found.values, exact)
    assert found.attrs["question"] == "P(IRN keeps its word under jcpoa_2015, 2016-01-16)"


def test_a_forecast_widens(track):
    ahead = forecast(track, "USA", "2045", steps=6)
    assert credibility(track, "USA", "2030").attrs["kind"] == "forecast"
    assert credibility(track, "USA", "2010").attrs["kind"] == "estimate"
    wide = ahead.std(("chain", "draw")).values
    assert wide[0] < wide[1] < wide[-1]


def test_two_actors_are_compared_draw_by_draw(summit):
    effect = compare_actors(summit, "USA", "IRN", "2019-04-25")
    p = float((effect["second"] > effect["first"]).mean())
    assert float(effect["probability_of_increase"]) == pytest.approx(p)
    assert effect.attrs["statement"] == f"P(IRN is more credible than USA) = {p:.2f}; P(less) = {1 - p:.2f}"
    assert p > 0.5


def test_dates_of_one_path_are_drawn_together(track):
    """A day apart on one path differs far less than two paths do."""
    path = credibility_path(track, "PRK", ["2015-03-01", "2015-03-02"])
    assert float(abs(path.diff("date")).mean()) < 0.2 * float(path.isel(date=0).std())


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda t: credibility(t, "PRX", "2019"), "has no event of actor 'PRX'; did you mean 'PRK'?"),
        (lambda t: credibility(t, "USA", "1980"), "lies before the record of USA, which begins on 1986-11-28; give a"),
        (lambda t: credibility(t, "USA", "soon"), "at: 'soon' is not a date; expected YYYY, YYYY-MM or YYYY-MM-DD"),
        (lambda t: credibility(t, "USA", "2019", agreement="jcpoa"), "no agreement 'jcpoa'; did you mean 'j[cp]*oa_20"),
        (lambda t: forecast(t, "USA", "2001"), "2001-12-31 is not beyond the last event of USA on 2023-06-01"),
        (lambda t: forecast(t, "USA", "2031", steps=0), "steps: is 0; at least 1 is needed"),
        (lambda t: change(t, "USA", before="2019", after="2018"), "before: 2019-12-31 is not before 2018-12-31"),
        (lambda t: cost(load_track_record(), "USA", "2018", seed=1, days=0), "days: is 0; at least 1 is needed"),
    ],
)
def test_questions_without_an_answer_say_why(track, ask, told):
    with pytest.raises(TrackError, match=told):
        ask(track)


def test_gates_see_every_parameter_but_the_paths(summit):
    names = [gate.name for gate in track_gates(summit)]
    assert "divergences" in names
    assert "E-BFMI, worst chain" in names
    assert "R-hat of actor_mean" in names
    assert not any("theta" in name for name in names)


# --- table and figure


@pytest.fixture(scope="module")
def told(summit, events):
    return describe_tracks(summit, events, ["PRK", "USA", "IRN"], years_ahead=3)


def test_the_description_is_json_and_is_what_python_says(told, summit):
    again = json.loads(json.dumps(told, allow_nan=False))
    assert [actor["actor"] for actor in again["actors"]] == ["PRK", "USA", "IRN"]
    assert again["at"] == "2019-04-25"
    assert again["actors"][1]["mean"] == pytest.approx(float(credibility(summit, "USA", "2019-04-25").mean()))
    assert len(again["comparisons"]) == 3
    assert max(event["date"] for actor in again["actors"] for event in actor["events"]) <= "2019-04-25"


def test_the_table_counts_events_by_kind(told, events):
    rows = track_table(told)
    known = events[(events["date_until"] <= "2019-04-25") & (events["actor"] == "IRN")]["event"].value_counts()
    assert rows[2][0] == "IRN"
    assert f"{known['complied']} complied, {known['partial']} partial, {known['defected']} defected" in rows[2][4]
    assert rows[2][5] == "2019-02-22 complied (jcpoa_2015)"


def test_actors_that_are_not_there_are_all_named(summit, events):
    with pytest.raises(TrackError) as caught:
        describe_tracks(summit, events, ["PRX", "USA", "KOR"])
    assert "track record as known on 2019-04-25: 2 faults" in str(caught.value)
    assert "actor 'KOR'" in str(caught.value)


def test_an_actor_without_events_by_the_date_is_named(track, events):
    with pytest.raises(TrackError, match="KOR: has no event by 2019-12-31; its record begins on 2023-11-22"):
        describe_tracks(track, events, ["KOR"], at="2019")


def test_no_text_of_the_figure_meets_another(told):
    figure = track_figure(told)
    renderer = figure.canvas.get_renderer()
    dated = 0
    for axes in figure.axes[1:]:
        texts = [text for text in axes.texts if text.get_text()]
        boxes = [text.get_window_extent(renderer) for text in texts]
        dated += len(boxes)
        for place, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[:place])
    assert dated > 30
    names = [text.get_window_extent(renderer) for text in figure.axes[0].texts]
    assert not any(box.overlaps(other) for place, box in enumerate(names) for other in names[:place])


def test_every_event_is_marked(told):
    figure = track_figure(told)
    for axes, actor in zip(figure.axes[1:], told["actors"], strict=True):
        lanes = {event["agreement"] for event in actor["events"]}
        drawn = sum(len(found.get_offsets()) for found in axes.collections if isinstance(found, PathCollection))
        assert drawn == len(actor["events"])
        assert len(axes.get_yticks()) == len(lanes)


def test_a_figure_is_written_whole_or_not(told, tmp_path: Path):
    save_track_figure(told, tmp_path / "t.svg")
    assert (tmp_path / "t.svg").read_text(encoding="utf-8").count("<svg") == 1
    with pytest.raises(InputError, match="is no figure; give a name that ends in"):
        save_track_figure(told, tmp_path / "t.txt")


# --- the command


def run(*words: str):
    return CliRunner().invoke(app, ["track", *words])


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.csv"
    rows = [
        "A,2000-01-01,x,complied,IAEA,seen,me",
        "A,2003-05,x,defected,IAEA,seen,me",
        "B,2001,y,partial,IAEA,seen,me",
    ]
    path.write_text("actor,date,agreement,event,finding_by,detail,sources\n" + "\n".join(rows) + "\n")
    return path


def test_the_command_prints_a_table_and_writes_a_figure(own: Path, tmp_path: Path):
    out = tmp_path / "figures" / "own.png"
    result = run("A", "B", "--events", str(own), "--out", str(out), "--draws", "1000", "--tune", "300")
    assert result.exit_code == 0, result.output
    assert "Credibility on 2003-05-16" in result.stdout
    assert "P(A is more credible than B)" in result.stdout
    assert out.read_bytes()[:4] == b"\x89PNG"


def test_the_command_as_json(own: Path):
    result = run("A", "--events", str(own), "--draws", "20", "--tune", "50", "--json", "--as-of", "2001")
    told = json.loads(result.stdout)
    assert result.exit_code == 1  # twenty draws pass no gate
    assert told["at"] == "2001-12-31"
    assert told["failed_gates"]


def test_the_command_names_what_is_wrong(own: Path, tmp_path: Path):
    for words, told in (
        (("PRX",), "has no event of actor 'PRX'; known: A, B"),
        (("A", "--as-of", "1980"), "no event was known by 1980-12-31; the first is known from 2000-01-01"),
        (("A", "--out", str(tmp_path / "x.doc")), "give a name that ends in .png, .svg, .pdf"),
        (("A", "--settings", str(tmp_path / "none.toml")), "there is no such file"),
    ):
        result = run(*words, "--events", str(own), "--draws", "5", "--tune", "5")
        assert result.exit_code == 2
        assert told in result.output


def test_an_empty_file_of_events_is_refused(own: Path):
    own.write_text(own.read_text().splitlines()[0] + "\n")
    result = run("A", "--events", str(own))
    assert result.exit_code == 2
    assert "own.csv" in result.output


def test_contradictory_events_are_refused(own: Path):
    own.write_text(own.read_text() + "A,2000-01-01,x,defected,IAEA,seen,me\n")
    result = run("A", "--events", str(own))
    assert result.exit_code == 2
    assert "A, x: both 'complied' and 'defected' on 2000-01-01; keep one, or date them apart" in result.output


# --- weighting checks


def test_half_weight_is_on_the_series_named_and_no_other(events):
    halved = weighted(events, "IRN", "jcpoa_2015", 0.5)
    own = (events["actor"] == "IRN") & (events["agreement"] == "jcpoa_2015")
    assert set(halved.loc[own, "weight"]) == {0.5}
    assert set(halved.loc[~own, "weight"]) == {1.0}
    assert set(weighted(halved, "IRN", "jcpoa_2015", 0.5).loc[own, "weight"]) == {0.25}
    with pytest.raises(TrackError, match="has no event of 'IRN' under 'jcpoa_2016'; did you mean 'jcpoa_2015'"):
        weighted(events, "IRN", "jcpoa_2016", 0.5)


def test_what_rests_on_one_agreement_is_seen(events):
    checks = weighting_checks(events, ["IRN", "PRK"], "2019-04-25", seed=1, agreements=["jcpoa_2015"], **QUICK)
    assert list(checks) == ["all events", "half weight: IRN, jcpoa_2015", "without jcpoa_2015"]
    base, without = (checks[name]["IRN"] for name in ("all events", "without jcpoa_2015"))
    assert without.mean < base.mean - 0.05
    assert without.sd > base.sd
    assert abs(checks["half weight: IRN, jcpoa_2015"]["IRN"].mean - base.mean) < 0.75 * base.sd
    with pytest.raises(TrackError, match="jcpoa: is no agreement of the record; did you mean"):
        weighting_checks(events, ["IRN"], "2019", seed=1, agreements=["jcpoa"])
