"""The track model: settings, events, density, sampling, paths."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from scipy.stats import chisquare, halfnorm, multivariate_normal, norm

from servanda.models import TrackError, fit_track, load_track_settings
from servanda.models.track.density import HYPER, dimension, expand
from servanda.models.track.events import as_arrays, densest_series, line_up
from servanda.models.track.fit import fit_events, target_of
from servanda.models.track.posterior import _between
from servanda.models.track.settings import SettingsError, settings_from_dict
from servanda.models.track.simulation import draw_readings, simulate, with_readings

SETTINGS = load_track_settings()


def record(*rows: tuple[str, str, str, str], **columns: object) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["actor", "date", "agreement", "event"])
    return frame.assign(**columns)


SMALL = record(
    ("A", "2000-01-01", "x", "complied"),
    ("A", "2000-04-01", "x", "complied"),
    ("A", "2001-07-01", "x", "partial"),
    ("A", "2003", "y", "defected"),
    ("B", "2000-06", "x", "withdrew"),
    ("B", "2002-01-01", "y", "resumed"),
    ("B", "2002-01-01", "z", "suspended"),
)


# --- settings


def test_every_kind_and_prior_ships_with_a_reason():
    assert all(event.reason for event in SETTINGS.events.values())
    assert all(entry.reason for entry in SETTINGS.priors.entries)


def test_settings_survive_a_round_trip():
    assert settings_from_dict(SETTINGS.as_dict()).digest == SETTINGS.digest


def test_a_file_changes_only_what_it_states(tmp_path: Path):
    path = tmp_path / "mine.toml"
    path.write_text('[events.withdrew]\nreads = "partly"\nreliability = 0.3\nreason = "lawful exits"\n')
    mine = load_track_settings(path)
    assert (mine.events["withdrew"].reads, mine.events["withdrew"].reliability) == ("partly", 0.3)
    assert mine.events["defected"] == SETTINGS.events["defected"]
    assert mine.digest != SETTINGS.digest


def test_all_faults_of_settings_come_at_once():
    raw = SETTINGS.as_dict()
    raw["events"]["complied"] |= {"reads": "honoured", "reliability": 2, "reason": " "}
    raw["events"]["cheated"] = raw["events"].pop("defected")
    raw["priors"]["path_sd"] |= {"sigma": 0, "distribution": "normal"}
    raw["prior"] = {}
    with pytest.raises(SettingsError) as caught:
        settings_from_dict(raw, "mine.toml")
    told = str(caught.value)
    for part in (
        "mine.toml: 8 faults",
        "prior: is not a key that is known here; did you mean 'priors'?",
        "events.cheated: is not a key that is known here",
        "events.complied.reads: 'honoured' is not a reading; expected one of broken, partly, kept",
        "events.complied.reliability: 2 is not a number from 0 to 1",
        "events.complied.reason: is empty; say in a line why",
        "events.defected: is missing",
        "priors.path_sd.distribution: 'normal' cannot be had here; path_sd is half_normal",
        "priors.path_sd.sigma: 0 is not a number above 0",
    ):
        assert part in told


# --- events


def test_events_are_lined_up_by_actor_and_time():
    data = line_up(SMALL.iloc[::-1], SETTINGS)
    assert data.actors == ("A", "B")
    assert [data.actors[a] for a in data.event_actor] == list("AAAABBB")
    assert (np.diff(data.event_time)[data.event_actor[1:] == data.event_actor[:-1]] >= 0).all()
    assert len(data.point_time) == 6  # two events of B share a day
    assert data.event_gap[1] == pytest.approx(91 / 365.25)
    assert data.event_repeats.tolist() == [False, True, False, False, False, False, False]


def test_a_finder_repeats_itself_and_nobody_else():
    finders = ["IAEA", "UNSC", "IAEA", *["x"] * 4]
    data = line_up(SMALL.assign(finding_by=finders), SETTINGS)
    assert not data.event_repeats.any()
    assert data.event_gap[2] == pytest.approx(547 / 365.25)


def test_praise_of_oneself_counts_less():
    own = line_up(SMALL.assign(finding_by="self-announced"), SETTINGS)
    assert own.event_reliability[0] == SETTINGS.events["complied"].self_announced
    assert own.event_reliability[3] == SETTINGS.events["defected"].reliability


def test_a_stop_reads_by_its_ground():
    """The outcome rules of the codebook: lawful exit is partial, an answer to a breach is none of one's own."""
    rows = [("A", f"200{n}", "x", event) for n, event in enumerate(["withdrew", "suspended"] * 3)]
    data = line_up(record(*rows, ground=["lawful", "lawful", "answer", "answer", "none", "none"]), SETTINGS)
    assert data.event_reads.tolist() == [1, 1, 2, 2, 0, 0]
    assert line_up(record(*rows), SETTINGS).event_reads.tolist() == [0] * 6


def test_gravity_tells_a_breach_from_a_part_and_weighs_both():
    rows = [("A", f"200{n}", "x", event) for n, event in enumerate(["defected"] * 3 + ["complied"] * 3)]
    data = line_up(record(*rows, gravity=["core", "part", "minor"] * 2), SETTINGS)
    assert data.event_reads.tolist() == [0, 1, 1, 2, 2, 2]
    assert data.event_weight.tolist() == [1, 0.5, 0.25] * 2
    half = line_up(record(*rows, gravity=["core", "part", "minor"] * 2, weight=0.5), SETTINGS)
    assert half.event_weight.tolist() == [0.5, 0.25, 0.125] * 2
    assert line_up(record(*rows), SETTINGS).event_weight.tolist() == [1] * 6


def test_a_stop_without_ground_reads_by_gravity_too():
    rows = [("A", "2000", "x", "suspended"), ("A", "2001", "x", "withdrew")]
    data = line_up(record(*rows, ground="none", gravity=["part", "core"]), SETTINGS)
    assert data.event_reads.tolist() == [1, 0]


def test_gravity_is_a_power_of_the_likelihood():
    """Weights are settable; an event of weight w adds w times its log-likelihood."""
    raw = SETTINGS.as_dict()
    raw["gravity"]["minor"] |= {"weight": 0.5}
    mine = settings_from_dict(raw)
    rows = [("A", "2000", "x", "complied"), ("A", "2004", "y", "complied")]
    frames = [record(*rows), record(*rows, gravity=["core", "minor"]), record(rows[0])]
    q = np.random.default_rng(1).normal(size=dimension(2, 1, 2))
    full, half = (target_of(line_up(frame, mine), mine).plain(q)[0] for frame in frames[:2])
    without = line_up(frames[0].assign(weight=[1, 0]), mine)
    assert full - half == pytest.approx(half - target_of(without, mine).plain(q)[0])


def test_faults_of_ground_and_gravity_are_named():
    rows = [("A", "2000", "x", "withdrew"), ("A", "2001", "x", "complied")]
    with pytest.raises(TrackError) as caught:
        line_up(record(*rows, ground=["lawfull", "answer"], gravity=["heavy", None]), SETTINGS)
    told = str(caught.value)
    assert "event 1, column ground: 'lawfull' is no ground; did you mean 'lawful'?" in told
    assert "event 1, column gravity: 'heavy' is no gravity; known: core, part, minor" in told
    assert "event 2, column ground: is 'answer' of an event 'complied'; only withdrew and suspended have one" in told


def test_faults_of_settings_of_ground_and_gravity_are_named():
    raw = SETTINGS.as_dict()
    raw["grounds"]["lawful"] |= {"reads": "half"}
    raw["gravity"]["part"] |= {"weight": 2, "breach": "bent"}
    del raw["gravity"]["minor"]
    with pytest.raises(SettingsError) as caught:
        settings_from_dict(raw)
    told = str(caught.value)
    for part in (
        "grounds.lawful.reads: 'half' is not a reading; expected one of broken, partly, kept",
        "gravity.part.weight: 2 is not a number from 0 to 1",
        "gravity.part.breach: 'bent' is not a reading; expected one of broken, partly, kept",
        "gravity.minor: is missing",
    ):
        assert part in told


def test_contradictory_duplicates_are_refused():
    twice = record(("A", "2000-01-01", "x", "complied"), ("A", "2000-01-01", "x", "defected"))
    with pytest.raises(TrackError, match="A, x: both 'complied' and 'defected' on 2000-01-01; keep one, or date them"):
        line_up(twice, SETTINGS)


def test_a_year_is_no_day_on_which_events_contradict():
    data = line_up(record(("A", "2000", "x", "complied"), ("A", "2000", "x", "defected")), SETTINGS)
    assert data.event_gap[1] == pytest.approx(1 / 365.25)


def test_an_empty_record_is_refused():
    with pytest.raises(TrackError, match="rows: there are none; a track record needs at least one event"):
        fit_track(SMALL.iloc[:0], seed=1)


def test_a_date_before_the_record_is_refused():
    with pytest.raises(TrackError, match="no event was known by 1999-12-31; the first is known from 2000-01-01"):
        fit_track(SMALL, seed=1, as_of="1999")


def test_all_faults_of_events_come_at_once():
    bad = record(("A", "2000", "x", "cheated"), ("A", "2001", "x", "complied"), weight=[3, 1])
    bad.loc[1, "actor"] = None
    with pytest.raises(TrackError) as caught:
        line_up(bad, SETTINGS)
    told = str(caught.value)
    assert "event 1, column event: 'cheated' is no kind of event; known: complied, partial" in told
    assert "event 1, column weight: is not a number from 0 to 1" in told
    assert "event 2, column actor: is blank" in told


def test_missing_columns_and_bad_dates_are_named():
    with pytest.raises(TrackError, match="column agreement: is missing; did you mean 'agrement'"):
        line_up(SMALL.rename(columns={"agreement": "agrement"}), SETTINGS)
    with pytest.raises(TrackError, match="event 2, column date: 'soon' is not a date; expected YYYY, YYYY-MM"):
        line_up(record(("A", "2000", "x", "complied"), ("A", "soon", "x", "complied")), SETTINGS)


def test_dates_count_as_known_on_their_last_day():
    assert len(line_up(SMALL, SETTINGS, np.datetime64("2003-12-30")).kinds) == 6
    assert len(line_up(SMALL, SETTINGS, np.datetime64("2003-12-31")).kinds) == 7


# --- density


def plain_log_posterior(q, data, settings):
    """The same density written another way: a dense Gaussian over points, SciPy priors, one event after another."""
    hyper = dict(zip(HYPER, [q[0], *np.exp(q[1:7])], strict=True))
    arrays = as_arrays(data)
    sizes = len(data.actors), len(data.agreements)
    found = expand(q, arrays["point_actor"], arrays["point_step"], *sizes)
    mean = dict(settings.priors["population_mean"].numbers)
    total = norm.logpdf(q[0], mean["mu"], mean["sigma"])
    for place, name in enumerate(HYPER):
        prior, numbers = settings.priors[name], dict(settings.priors[name].numbers)
        if prior.distribution == "half_normal":
            total += halfnorm.logpdf(hyper[name], scale=numbers["sigma"]) + q[place]
        elif prior.distribution == "lognormal":
            total += norm.logpdf(q[place], numbers["mu"], numbers["sigma"])
    gap = np.abs(data.point_time[:, None] - data.point_time[None, :])
    same = data.point_actor[:, None] == data.point_actor[None, :]
    cover = np.where(same, hyper["actor_sd"] ** 2 + hyper["path_sd"] ** 2 * np.exp(-gap / hyper["path_years"]), 0.0)
    # The change from z to theta and the averages leaves a constant that depends on the spreads: compare at fixed ones.
    total += multivariate_normal.logpdf(found["theta"], np.full(len(cover), q[0]), cover)
    total += norm.logpdf(found["agreement_effect"], 0, hyper["agreement_sd"]).sum()
    for e, before in enumerate(data.event_before):
        eta = found["theta"][data.event_point[e]] + found["agreement_effect"][data.event_agreement[e]]
        p = np.diff([0, 1 - expit(eta + hyper["partly_width"]), 1 - expit(eta), 1])
        c = data.event_reliability[e]
        likelihood = c * p[data.event_reads[e]] + (1 - c) / 3
        if before >= 0:
            r = np.exp(-data.event_gap[e] / hyper["repeat_years"])
            likelihood = r * (data.event_reads[before] == data.event_reads[e]) + (1 - r) * likelihood
        total += data.event_weight[e] * np.log(likelihood)
    return total


def test_the_gradient_is_that_of_the_density():
    data = line_up(SMALL.assign(weight=[1, 0.5, 1, 1, 1, 1, 0.3]), SETTINGS)
    density = target_of(data, SETTINGS).plain
    q = np.random.default_rng(3).normal(0, 0.7, dimension(len(data.point_time), 2, 3))
    _, gradient = density(q)
    steps = 1e-6 * np.eye(len(q))
    numeric = np.array([(density(q + step)[0] - density(q - step)[0]) / 2e-6 for step in steps])
    np.testing.assert_allclose(gradient, numeric, atol=1e-7)


@pytest.mark.parametrize("far", [-800.0, 800.0])
def test_far_in_the_tails_the_density_is_a_wall(far):
    """The sampler's first steps can go anywhere; there is no exception and no NaN."""
    data = line_up(SMALL, SETTINGS)
    for place in range(7):
        q = np.zeros(dimension(len(data.point_time), 2, 3))
        q[place] = far
        value, _ = target_of(data, SETTINGS).plain(q)
        assert value < 0 and not np.isnan(value)


def test_the_density_is_the_one_written_down():
    """With one event an actor and spreads fixed, paths and averages are known from theta up to a Gaussian factor."""
    data = line_up(SMALL, SETTINGS)
    rng = np.random.default_rng(4)
    size = dimension(len(data.point_time), 2, 3)
    hyper = rng.normal(0, 0.4, 7)
    density = target_of(data, SETTINGS).plain
    differences = []
    for _ in range(4):
        q = np.concatenate([hyper, rng.normal(0, 1, size - 7)])
        # theta does not tell z of the average from z of the path: integrate the split out on both sides.
        differences.append(density(q)[0] - plain_log_posterior(q, data, SETTINGS) - _split(q, data))
    np.testing.assert_allclose(differences, differences[0], atol=1e-8)


def _split(q, data):
    """Log density of the averages given theta: what z holds beyond theta."""
    sd, path, memory = np.exp(q[1]), np.exp(q[2]), np.exp(q[3])
    arrays = as_arrays(data)
    found = expand(q, arrays["point_actor"], arrays["point_step"], len(data.actors), len(data.agreements))
    total = 0.0
    for actor in range(len(data.actors)):
        own = np.flatnonzero(data.point_actor == actor)
        gap = np.abs(data.point_time[own][:, None] - data.point_time[own][None, :])
        inverse = np.linalg.inv(path**2 * np.exp(-gap / memory))
        precision = 1 / sd**2 + inverse.sum()
        mean = (q[0] / sd**2 + inverse.sum(axis=0) @ found["theta"][own]) / precision
        total += norm.logpdf(found["actor_mean"][actor], mean, precision**-0.5)
    return total


def test_the_posterior_is_that_of_quadrature():
    """One event: theta is one number given two spreads, so its posterior is an integral over what is left."""
    data = line_up(record(("A", "2000-01-01", "x", "defected")), SETTINGS)
    track = fit_events(data, SETTINGS, seed=5, draws=1000, tune=300, chains=2, thin=1)
    rng = np.random.default_rng(6)
    # theta ~ population_mean + spreads, by importance sampling from the prior with a million draws
    n = 1_000_000
    sigma = {entry.parameter: dict(entry.prior.numbers)["sigma"] for entry in SETTINGS.priors.entries}
    spreads = [abs(rng.normal(0, sigma[name], n)) for name in ("actor_sd", "path_sd", "agreement_sd")]
    theta = rng.normal(0, 1, n) + np.hypot(spreads[0], spreads[1]) * rng.standard_normal(n)
    eta = theta + spreads[2] * rng.standard_normal(n)
    width = np.exp(rng.normal(0, sigma["partly_width"], n))
    weight = 0.95 * (1 - expit(eta + width)) + 0.05 / 3
    weight /= weight.sum()
    exact = (weight * theta).sum()
    drawn = track.draws["theta"].values
    assert drawn.mean() == pytest.approx(exact, abs=4 * drawn.std() / np.sqrt(700))
    assert (drawn < 0).mean() == pytest.approx((weight * (theta < 0)).sum(), abs=0.04)


# --- paths


def test_progress_is_told_until_all_draws_are_made():
    seen = []
    events = pd.DataFrame({"actor": "A", "date": ["2001", "2004-05"], "agreement": "x", "event": "complied"})
    fit_track(events, seed=1, draws=20, tune=30, chains=2, thin=1, progress=lambda *now: seen.append(now))
    assert seen[-1] == ("fitting", 100, 100)
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


def test_the_bridge_is_a_conditional_gaussian():
    """Mean and variance between two known values equal those of the joint Gaussian, conditioned by linear algebra."""
    times, sd, memory = np.array([0.0, 0.7, 2.0]), 1.3, 3.0
    cover = sd**2 * np.exp(-np.abs(times[:, None] - times) / memory)
    ends = np.array([0.4, -1.1])
    known, inverse = cover[np.ix_([0, 2], [0, 2])], None
    inverse = np.linalg.inv(known)
    mean = cover[1, [0, 2]] @ inverse @ ends
    sigma = np.sqrt(cover[1, 1] - cover[1, [0, 2]] @ inverse @ cover[[0, 2], 1])
    one = np.ones(1)
    at = [_between(0.7, 0.4 * one, (1.3, -1.1 * one), sd * one, memory * one, z * one)[0] for z in (0.0, 1.0)]
    assert at[0] == pytest.approx(mean)
    assert at[1] - at[0] == pytest.approx(sigma)
    free = [_between(0.7, 0.4 * one, None, sd * one, memory * one, z * one)[0] for z in (0.0, 1.0)]
    assert free[0] == pytest.approx(0.4 * np.exp(-0.7 / memory))
    assert free[1] - free[0] == pytest.approx(sd * np.sqrt(1 - np.exp(-1.4 / memory)))


@pytest.fixture(scope="module")
def small():
    return fit_track(SMALL, seed=2, draws=400, tune=400, chains=2, thin=1)


def test_a_path_goes_through_its_points(small):
    at = np.datetime64("2000-01-01")
    np.testing.assert_allclose(small.paths("A", [at]).values[..., 0], small.draws["theta"].values[..., 0])


def test_equal_seeds_give_equal_draws(small):
    again = fit_track(SMALL, seed=2, draws=400, tune=400, chains=2, thin=1)
    np.testing.assert_array_equal(again.draws["theta"], small.draws["theta"])
    other = fit_track(SMALL, seed=3, draws=400, tune=400, chains=2, thin=1)
    assert not np.array_equal(other.draws["theta"], small.draws["theta"])


def test_draws_do_not_depend_on_the_number_of_processors(monkeypatch):
    fits = []
    for number in (1, 2):
        monkeypatch.setattr("servanda.models.sampling.run.processors", lambda number=number: number)
        fits.append(fit_track(SMALL, seed=3, draws=20, tune=50, chains=3))
    assert fits[0].tree.equals(fits[1].tree)


def test_nothing_after_as_of_matters(small):
    """An event planted after the date leaves every draw as it was."""
    planted = pd.concat([SMALL, record(("A", "2003-12-31", "w", "defected"), ("C", "2004", "x", "complied"))])
    cut = {"as_of": "2003-12-30", "draws": 50, "tune": 100, "chains": 1}
    before, after = fit_track(SMALL, seed=2, **cut), fit_track(planted, seed=2, **cut)
    assert after.actors == ("A", "B")
    np.testing.assert_array_equal(before.draws["theta"], after.draws["theta"])
    np.testing.assert_array_equal(before.paths("A", ["2003-12-30"]), after.paths("A", ["2003-12-30"]))


def test_the_tree_is_one_that_arviz_reads(small):
    import arviz_stats

    assert set(small.tree.children) == {"posterior", "sample_stats", "log_likelihood", "observed_data"}
    table = arviz_stats.summary(small.tree, var_names=["path_sd", "actor_mean"])
    assert list(table.index) == ["path_sd", "actor_mean[A]", "actor_mean[B]"]
    assert small.tree["log_likelihood"]["event"].shape == (2, 400, 7)


def test_the_stored_likelihood_is_that_of_the_density(small):
    """Summed over events it is what the density changes by when the weights of all events go."""
    data = small.data
    with_events, without = (
        target_of(line_up(SMALL.assign(weight=weight), SETTINGS), SETTINGS).plain for weight in (1.0, 0.0)
    )
    rng = np.random.default_rng(1)
    q = rng.normal(0, 0.5, dimension(len(data.point_time), 2, 3))
    from servanda.models.track.density import event_log_likelihood

    arrays = as_arrays(data)
    found = expand(q, arrays["point_actor"], arrays["point_step"], 2, 3)
    total = event_log_likelihood(found, arrays).sum()
    assert total == pytest.approx(with_events(q)[0] - without(q)[0])


def test_bad_sampling_numbers_are_refused():
    with pytest.raises(TrackError, match="draws: is 0; at least 1 is needed"):
        fit_track(SMALL, seed=1, draws=0)


# --- calibration


def test_simulated_readings_have_the_probabilities_of_the_model():
    data = line_up(record(("A", "2000-01-01", "x", "complied"), ("A", "2000-04-01", "x", "complied")), SETTINGS)
    truth = {
        "theta": np.array([0.4, -0.2]),
        "agreement_effect": np.array([0.3]),
        "partly_width": np.float64(0.8),
        "repeat_years": np.float64(0.5),
    }
    rng = np.random.default_rng(7)
    drawn = np.array([draw_readings(data, truth, rng) for _ in range(20_000)])
    fresh = []
    for eta in truth["theta"] + 0.3:
        p = np.diff([0, 1 - expit(eta + 0.8), 1 - expit(eta), 1])
        fresh.append(0.9 * p + 0.1 / 3)
    r = np.exp(-data.event_gap[1] / 0.5)
    joint = fresh[0][:, None] * (r * np.eye(3) + (1 - r) * fresh[1])
    counts = np.bincount(3 * drawn[:, 0] + drawn[:, 1], minlength=9)
    assert chisquare(counts, 20_000 * joint.ravel()).pvalue > 0.001


def test_known_paths_are_covered():
    """A short simulation-based calibration; 400 fits are in `benchmarks/track.py`."""
    dates = [f"{year}-0{month}-01" for year in (2000, 2002, 2003, 2007) for month in (1, 5, 8)]
    rows = [(actor, date, f"g{n % 3}", "complied") for actor in "AB" for n, date in enumerate(dates)]
    data = line_up(record(*rows), SETTINGS)
    ranks = []
    for seed in range(20):
        rng = np.random.default_rng([seed, 8])
        simulated, truth = simulate(data, SETTINGS, rng)
        track = fit_events(simulated, SETTINGS, seed=seed, draws=190, tune=250, chains=1, thin=1)
        place = int(rng.integers(len(data.point_time)))
        ranks.append((track.draws["theta"].values[0, 9::10, place] < truth["theta"][place]).sum())
        ranks.append((track.draws["agreement_effect"].values[0, 9::10, 0] < truth["agreement_effect"][0]).sum())
    assert chisquare(np.bincount(np.array(ranks) // 4, minlength=5)).pvalue > 0.001


def test_ten_copies_of_a_report_say_what_one_says():
    data = line_up(pd.concat([SMALL] * 10), SETTINGS)
    assert data.event_repeats.sum() == 7 * 9 + 1
    once = line_up(SMALL, SETTINGS)
    q = np.random.default_rng(9).normal(0, 1, dimension(len(once.point_time), 2, 3))
    assert target_of(data, SETTINGS).plain(q)[0] == pytest.approx(target_of(once, SETTINGS).plain(q)[0])


def test_the_densest_series_is_found():
    assert densest_series(line_up(SMALL, SETTINGS)) == ("A", "x")


def test_readings_can_be_replaced():
    data = line_up(SMALL, SETTINGS)
    other = with_readings(data, np.array([2, 0, 0, 1, 1, 1, 1]))
    assert other.event_repeats.tolist() == [False, False, True, False, False, False, False]
