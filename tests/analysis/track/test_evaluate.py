"""Scores one step ahead: against brute force, and what they let the model say."""

from __future__ import annotations

import json
from dataclasses import replace
from string import ascii_uppercase

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import norm

from servanda.analysis import compare_actors, credibility
from servanda.analysis.figures.track import track_figure
from servanda.analysis.track import (
    describe_tracks,
    evaluate_track,
    load_track_scores,
    measured_track_scores,
    store_track_scores,
    track_table,
)
from servanda.analysis.track.scores import PARTS, RIVALS, SHIPPED
from servanda.common.errors import InputError
from servanda.models import TrackError, fit_track, load_track_settings
from servanda.models.track.settings import GRAVITIES, GROUNDS, STOPS, settings_from_dict
from servanda.record.files import codebook

QUICK = {"draws": 150, "tune": 200, "chains": 2, "thin": 1}


def record(*rows: tuple[str, str, str, str], **columns: object) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["actor", "date", "agreement", "event"]).assign(**columns)


def steady(years: int = 4) -> pd.DataFrame:
    """Events of 24 actors, half of whom keep every promise and half none, each year under another agreement."""
    return record(
        *(
            (actor, f"{1990 + year}-03-01", f"{actor}{year}", "complied" if actor < "M" else "defected")
            for year in range(years)
            for actor in ascii_uppercase[:24]
        )
    )


SMALL = record(
    ("A", "2000-01-01", "x", "complied"),
    ("B", "2001-01-01", "y", "defected"),
    ("A", "2002-01-01", "x", "complied"),
    ("C", "2003-01-01", "x", "partial"),
    ("A", "2003-01-01", "y", "defected"),
    ("B", "2004", "y", "complied"),
    ("A", "2005-01-01", "x", "complied"),
    finding_by=[f"finder {n}" for n in range(7)],
    gravity=["core", "core", "part", "core", "minor", "core", "core"],
)


@pytest.fixture(scope="module")
def good():
    return evaluate_track(steady(), seed=1, draws=200, tune=300)


def test_levels_are_those_of_the_record():
    assert (set(GROUNDS), set(GRAVITIES), set(STOPS)) == (
        set(codebook.GROUND),
        set(codebook.GRAVITY),
        set(codebook.STOPS),
    )


def test_scores_are_those_of_brute_force():
    """With all spreads next to nothing one number is left to learn, and is integrated out on a grid."""
    raw = load_track_settings().as_dict()
    for name in ("actor_sd", "path_sd", "agreement_sd"):
        raw["priors"][name] |= {"sigma": 1e-3}
    raw["priors"]["partly_width"] |= {"sigma": 1e-3}
    settings = settings_from_dict(raw)
    scores = evaluate_track(SMALL, settings, seed=1, first=2, draws=2000, tune=400)
    m = np.linspace(-6, 6, 4001)
    kept, least = expit(m), expit(m + 1.0)
    p = np.stack([1 - least, least - kept, kept])
    c = np.array([0.95, 0.8, 0.9])[:, None]
    q = c * p + (1 - c) / 3
    # A defection of gravity minor reads as partly, with the reliability of a defection and a quarter of the weight.
    said = {n: (q[y], w) for n, y, w in ((0, 2, 1), (1, 0, 1), (2, 2, 0.5), (3, 1, 1), (5, 2, 1), (6, 2, 1))}
    said[4] = (0.95 * p[1] + 0.05 / 3, 0.25)
    known = {2: [0, 1], 3: [0, 1, 2], 4: [0, 1, 2], 5: [0, 1, 2, 3, 4], 6: [0, 1, 2, 3, 4, 5]}
    order = [0, 2, 4, 6, 1, 5, 3]  # by actor, then by time
    assert [scores.actors[n] for n in range(7)] == list("AAAABBC")
    assert scores.scored.tolist() == [n in known for n in order]
    for place, row in enumerate(order):
        if row in known:
            weight = norm.pdf(m)
            for n in known[row]:
                weight = weight * said[n][0] ** said[n][1]
            expected = (q / q.sum(axis=0) * weight).sum(axis=1) / weight.sum()
            np.testing.assert_allclose(scores.p["credibility"][place], expected, atol=0.01)
    reads = [2, 2, 1, 2, 0, 2, 1]
    assert scores.reads.tolist() == reads
    own = [np.log(scores.p["credibility"][n][reads[n]]) for n in range(7) if scores.scored[n]]
    np.testing.assert_allclose(scores.score("credibility"), own)
    brier = [-((scores.p["base_rate"][n] - np.eye(3)[reads[n]]) ** 2).sum() for n in range(7) if scores.scored[n]]
    np.testing.assert_allclose(scores.score("base_rate", "brier"), brier)


def test_rivals_are_shares_up_to_then():
    scores = evaluate_track(SMALL, seed=1, first=2, **QUICK)
    # Before 2005: kept 2 of A and 1 of B, in part 1 of A (a minor defection) and 1 of C, broken 1 of B.
    base = np.array([2, 3, 4]) / 9
    np.testing.assert_allclose(scores.p["base_rate"][3], base)
    np.testing.assert_allclose(scores.p["own_share"][3], (np.array([0, 1, 2]) + 3 * base) / 6)
    # C has no event before its first, and the two of one day do not see each other.
    np.testing.assert_allclose(scores.p["base_rate"][6], np.array([2, 1, 3]) / 6)
    np.testing.assert_allclose(scores.p["own_share"][6], np.array([2, 1, 3]) / 6)
    assert scores.new.tolist() == [True, False, True, False, True, False, True]


def test_errors_are_clustered_by_actor_and_agreement(good):
    apart = good.score("credibility") - good.score("own_share")
    pairs = [f"{a}{g}" for a, g, s in zip(good.actors, good.agreements, good.scored, strict=True) if s]
    sums = pd.Series(apart - apart.mean()).groupby(pairs).sum()
    error = np.sqrt((sums**2).sum() * len(sums) / (len(sums) - 1)) / len(apart)
    gain = good.gain("own_share")
    assert (gain.value, gain.error) == (pytest.approx(apart.mean()), pytest.approx(error))


def test_nothing_later_is_looked_at():
    later = SMALL.assign(event=np.where(SMALL["date"] >= "2004", "defected", SMALL["event"]))
    one, other = (evaluate_track(frame, seed=1, first=2, **QUICK) for frame in (SMALL, later))
    early = np.array([day < "2004" for day in one.known_on]) & one.scored
    assert early.any()
    for name in one.p:
        np.testing.assert_array_equal(one.p[name][early], other.p[name][early])


def test_scores_as_of_a_day_are_those_of_the_record_of_that_day():
    whole = evaluate_track(SMALL, seed=1, first=2, **QUICK).until("2004-06-30")
    cut = evaluate_track(SMALL.iloc[:5], seed=1, first=2, **QUICK)
    assert whole.digest == cut.digest
    for name in cut.p:
        np.testing.assert_array_equal(whole.p[name], cut.p[name])


def test_progress_is_told():
    told = []
    evaluate_track(SMALL, seed=1, first=2, **QUICK, progress=lambda *words: told.append(words))
    assert told[0] == ("foretelling", 0, 4)
    assert told[-1] == ("foretelling", 4, 4)


def test_what_cannot_be_foretold_is_said():
    with pytest.raises(TrackError, match="first: is 0; at least 1 is needed"):
        evaluate_track(SMALL, seed=1, first=0)
    with pytest.raises(TrackError, match="first: is 99; no event has so many before it, at most 6: give fewer"):
        evaluate_track(SMALL, seed=1, first=99)


# --- what the scores let the model say


def test_actors_who_differ_for_good_are_foretold_and_ranked(good):
    assert all(good.gain(rival, part=part).value > 0.05 for rival in RIVALS for part in PARTS)
    assert good.foretells
    assert good.verdict.endswith("Each gain is more than its standard error, so actors may be ranked.")
    events = steady()
    track = fit_track(events, seed=1, **QUICK)
    found = describe_tracks(track, events, ["X", "A"], scores=good)
    assert found["ranked"]
    assert found["comparisons"][0]["difference"]["mean"] < -0.3
    headings, one, other = track_table(found)
    assert headings == ("actor", "kept", "partly", "broken", "last event", "mean", "P(keeps its word), 90 %")
    assert float(one[5]) < float(other[5])
    assert len(track_figure(found).axes[0].lines) > 2  # the means


def test_without_scores_the_same_is_a_history():
    events = steady()
    track = fit_track(events, seed=1, **QUICK)
    found = describe_tracks(track, events, ["X", "A"], years_ahead=5)
    assert not found["ranked"]
    assert found["comparisons"] == []
    assert found["score"]["verdict"].startswith("Not measured how well this fit foretells, so no actor is ranked")
    headings, one, other = track_table(found)
    assert headings == ("actor", "kept", "partly", "broken", "last event", "P(keeps its word), 90 %")
    assert (one[0], one[1:4]) == ("X", ("0", "0", "4"))
    assert (other[0], other[1:4]) == ("A", ("4", "0", "0"))
    assert all(actor["path"]["dates"][-1] <= found["at"] for actor in found["actors"])
    assert not [line for axes in track_figure(found).axes for line in axes.lines]


def test_shuffled_actors_are_not_ranked():
    """The same events dealt out at random: nothing of an actor lasts."""
    events = steady()
    dealt = events.assign(event=np.random.default_rng(1).permutation(events["event"]))
    scores = evaluate_track(dealt, seed=1, draws=200, tune=300)
    assert not scores.foretells
    assert "so no actor is ranked: it describes the events that were written down" in scores.verdict


def test_the_rule_asks_for_every_gain(good):
    """One rival that is as good as the model, on either part, is enough to withhold the ranking."""
    for rival in RIVALS:
        level = replace(good, p={**good.p, rival: good.p["credibility"]})
        assert not level.foretells
    worse = {**good.p, "credibility": np.where(good.new[:, None], good.p["own_share"], good.p["credibility"])}
    assert not replace(good, p=worse).foretells


# --- what ships


def test_the_shipped_record_was_measured_as_of_any_day(track, summit):
    whole, then = measured_track_scores(track), measured_track_scores(summit)
    assert whole is not None
    assert then is not None
    assert whole.digest == json.loads(SHIPPED.read_text(encoding="utf-8"))["digest"]
    assert (len(whole.events), int(whole.scored.sum())) == (155, 125)
    assert max(then.known_on) <= "2019-04-25"
    assert int(then.scored.sum()) < 125


def test_the_shipped_record_ranks_nobody(track, summit):
    """Its whole gain lies in reports that go on with a known series; a new agreement is foretold no better."""
    for fitted in (track, summit):
        scores = measured_track_scores(fitted)
        assert all(scores.gain(rival).value > scores.gain(rival).error for rival in RIVALS)
        assert all(scores.gain(rival, part="new").value < 0 for rival in RIVALS)
        assert not scores.foretells
    answer = credibility(summit, "USA", "2019-04-25")
    assert answer.attrs["foretells"] is False
    assert answer.attrs["note"] == measured_track_scores(summit).verdict
    assert compare_actors(summit, "USA", "PRK", "2019-04-25").attrs["note"] == answer.attrs["note"]


def test_one_event_foretold_again_gives_the_shipped_forecast(events):
    """The American exit of 2018, by a fit of another seed: what is left between them is the error of the draws."""
    shipped = load_track_scores()
    place = next(n for n, line in enumerate(shipped.events) if line.startswith("USA jcpoa_2015 48.3"))
    known = events[events["date_until"] < "2018-05-08"]
    again = evaluate_track(events[events["date_until"] <= "2018-05-08"], seed=77, first=len(known), draws=500, tune=400)
    found = again.p["credibility"][int(np.flatnonzero(again.scored)[0])]
    np.testing.assert_allclose(found, shipped.p["credibility"][place], atol=0.06)


def test_another_event_or_another_reading_was_not_measured(events):
    more = pd.concat([events, events.tail(1).assign(date_from="2026-01-01", date_until="2026-01-01")])
    more = more.astype({"date_from": "datetime64[us]", "date_until": "datetime64[us]"})
    assert measured_track_scores(fit_track(more, seed=1, **QUICK)) is None
    raw = load_track_settings().as_dict()
    raw["gravity"]["part"]["weight"] = 0.9
    assert measured_track_scores(fit_track(events, settings_from_dict(raw), seed=1, **QUICK)) is None
    plain = events.drop(columns=["ground", "gravity"])
    assert measured_track_scores(fit_track(plain, seed=1, **QUICK)) is None


def test_scores_come_back_as_they_were_stored(good, tmp_path):
    again = load_track_scores(store_track_scores(good, tmp_path / "own.json"))
    assert again.digest == good.digest
    assert again.sampling == good.sampling
    np.testing.assert_allclose(again.table.iloc[:, 1:], good.table.iloc[:, 1:], atol=1e-4)
    assert json.loads(json.dumps(again.as_dict(), allow_nan=False))["foretells"]


def test_what_are_no_scores_is_said(good, tmp_path):
    with pytest.raises(InputError, match=r"none\.json: there is no such file; store_track_scores writes one"):
        load_track_scores(tmp_path / "none.json")
    (tmp_path / "own.json").write_text('{"events": []}', encoding="utf-8")
    with pytest.raises(InputError, match="holds no scores of a track record"):
        load_track_scores(tmp_path / "own.json")
    raw = json.loads(store_track_scores(good, tmp_path / "other.json").read_text(encoding="utf-8"))
    (tmp_path / "other.json").write_text(json.dumps(raw | {"settings": "another"}), encoding="utf-8")
    with pytest.raises(InputError, match="digest: is not that of its events and settings; measure again"):
        load_track_scores(tmp_path / "other.json")
