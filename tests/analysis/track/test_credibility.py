"""Questions to the track model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import expit
from scipy.stats import norm

from servanda.analysis import (
    change,
    compare_actors,
    cost,
    credibility,
    credibility_path,
    forecast,
    replay,
    summarise,
    track_gates,
)
from servanda.models import QueryError, TrackError, fit_track
from servanda.record import load_track_record

QUICK = {"draws": 250, "tune": 250, "chains": 2, "thin": 1}


def falls(effect) -> float:
    return float((effect["difference"] < 0).mean())


# --- what history gives


@pytest.mark.parametrize(
    ("actor", "before", "after", "direction"),
    [
        ("PRK", "1992-05", "1994-06-13", -1),
        ("PRK", "2000", "2003-02", -1),
        ("PRK", "2008-07", "2009-06", -1),
        ("PRK", "2017-12", "2018-07", +1),
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
    days = ["1992-05-01", "1994-06-30", "1999-12-31", "2012-03-15", "2012-12-31"]
    told = {day: credibility(found, "PRK", day).mean() for day, found in replay(events, days, seed=1, **QUICK).items()}
    assert told["1994-06-30"] < told["1992-05-01"] - 0.1
    assert told["1999-12-31"] > told["1994-06-30"] + 0.1
    assert told["2012-12-31"] < told["2012-03-15"] - 0.02


def test_what_8_may_2018_cost(events):
    effect = cost(events, "USA", "2018-05-08", seed=1, **QUICK)
    assert float(effect["difference"].mean()) < -0.03
    assert float(effect["loss"]) > float(effect["gain"])
    assert effect.attrs["difference"].startswith("USA as judged on 2018-05-08 against USA as judged on 2018-05-07: ")
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


def test_an_answer_shows_the_numbers_of_its_dates(track):
    """Mean and interval are those of ArviZ's own summary; a day up to the last event is an estimate."""
    path = credibility_path(track, "USA", ["2016-01-16", "2045"])
    assert path.table["kind"].tolist() == ["estimate", "forecast"]
    for place, day in enumerate(path.table.index):
        one = credibility(track, "USA", day)
        found, wanted = (table.drop(columns="kind") for table in (path.table, one.table))
        if place == 0:  # beyond the last event each call draws anew
            np.testing.assert_allclose(found.loc[day], wanted.loc[day], rtol=1e-12)
        numbers = summarise(one)
        np.testing.assert_allclose(wanted.loc[day], [numbers.mean, numbers.lower, numbers.upper], rtol=1e-12)
        assert one.table["kind"].tolist() == [one.attrs["kind"]]
    assert path.printed.cells.columns.tolist() == ["date", "mean (90 % interval)", "kind"]


def test_what_is_no_credibility_any_more_shows_itself_as_xarray_has_it(track):
    path = credibility_path(track, "USA", ["2010", "2016-01-16"])
    assert repr(path).startswith("P(USA keeps its word)\n")
    for left in (path - 1, path.mean(("chain", "draw")), path.isel(date=0, drop=True)):
        assert repr(left).startswith("<xarray.")


@pytest.mark.parametrize("foretells", [True, False])
def test_a_mean_is_drawn_over_a_band_where_the_model_foretells(track, foretells):
    path = credibility_path(track, "USA", ["2010", "2016-01-16", "2045"]).assign_attrs(foretells=foretells)
    texts = [text.get_text() for text in path.plot().axes[0].get_legend().get_texts()]
    assert texts == ["90 % interval", *(["mean"] if foretells else []), "last event; beyond it a forecast"]


def test_two_actors_are_compared_draw_by_draw(summit):
    effect = compare_actors(summit, "USA", "IRN", "2019-04-25")
    p = float((effect["second"] > effect["first"]).mean())
    assert p > 0.5
    gain = float((effect["second"] - effect["first"] >= 0.1).mean())
    narrow = compare_actors(summit, "USA", "IRN", "2019-04-25", margin=0.1)
    assert float(narrow["gain"]) == pytest.approx(gain)
    assert float(narrow["gain"] + narrow["within"] + narrow["loss"]) == pytest.approx(1)
    assert f"a gain of 10 points or more {gain:.0%}" in narrow.attrs["difference"]
    with pytest.raises(QueryError, match="margin: is 1; give a change of probability from 0 up to 1"):
        compare_actors(summit, "USA", "IRN", "2019-04-25", margin=1)


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
