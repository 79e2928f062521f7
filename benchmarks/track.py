"""Simulation-based calibration of the track model, and how long a fit takes.

`python benchmarks/track.py sbc [FITS]`: on the dates, actors and agreements of the shipped record, parameters are
drawn from the priors and readings from the model; the fit's posterior is asked for the rank of each true value
(Talts et al. 2018, arXiv 1804.06788). Ranks of a right sampler are uniform; printed are the coverage of central
intervals with its 95 % band, and the p-value of a chi-squared test of ten bins, for every hyperparameter, and for
credibility at events and three years after the last one of an actor.

`python benchmarks/track.py time`: a fit of all actors, three times in one process; the first one compiles.

`python benchmarks/track.py score [--store]`: every event of the shipped record foretold from those before it, compared
with the stored scores (`make validate`; exit code 1 where they are of other events or settings, or further apart than
chance), or stored, after a change of either.

`python benchmarks/track.py readings`: credibility at the summit of 2019 under each step from "every stop is a breach,
every event one test" to the reading that ships.

`python benchmarks/track.py past`: the count of past defections against latent credibility, as parents of compliance in
the shipped network, on the cases of which both are known (PSIS-LOO).
"""

from __future__ import annotations

import sys
import time

import numpy as np
from scipy.stats import binom, chisquare

from servanda.analysis import credibility, summarise
from servanda.analysis.track import (
    compare_pasts,
    evaluate_track,
    impute_credibility,
    load_track_scores,
    store_track_scores,
)
from servanda.analysis.track.questions import track_gates
from servanda.models import load_network
from servanda.models.track import fit_track, load_track_settings
from servanda.models.track.density import HYPER
from servanda.models.track.events import line_up
from servanda.models.track.fit import fit_events
from servanda.models.track.settings import TrackSettings, settings_from_dict
from servanda.models.track.simulation import simulate
from servanda.priors import load_prior
from servanda.record import load_guarantees, load_track_record

LEVELS = (0.5, 0.8, 0.9)
KEPT = 99
#: Gains may differ by so much between machines: three times what two seeds differed by (0.005 on 33 events).
CHANCE = 0.015


def one(data, settings, seed: int) -> dict[str, int]:
    """Ranks of the true values among 99 nearly independent draws of one fit."""
    rng = np.random.default_rng([seed, 1])
    simulated, truth = simulate(data, settings, rng)
    track = fit_events(simulated, settings, seed=seed, draws=KEPT * 10, tune=800, chains=1, thin=1)
    places = {name: (float(truth[name]), track.draws[name].values[0]) for name in HYPER}
    middle = int(rng.integers(len(data.point_time)))
    places["theta at a random event"] = (truth["theta"][middle], track.draws["theta"].values[0, :, middle])
    actor = int(rng.integers(len(data.actors)))
    last = int(np.flatnonzero(data.point_actor == actor)[-1])
    rho = np.exp(-3 / truth["path_years"])
    mean = truth["actor_mean"][actor]
    noise = truth["path_sd"] * np.sqrt(1 - rho**2) * rng.standard_normal()
    later = track.span(data.actors[actor])[1]
    asked = later + np.timedelta64(round(3 * 365.25), "D")
    forecast = track.paths(data.actors[actor], [asked]).values[0, :, 0]
    places["theta three years on"] = (mean + rho * (truth["theta"][last] - mean) + noise, forecast)
    places["agreement effect"] = (truth["agreement_effect"][0], track.draws["agreement_effect"].values[0, :, 0])
    return {name: int((draws[9::10] < value).sum()) for name, (value, draws) in places.items()}


def sbc(fits: int) -> None:
    settings = load_track_settings()
    # A weighted event is no draw from the model, so that each counts in full here.
    data = line_up(load_track_record().drop(columns="gravity"), settings)
    begun = time.perf_counter()
    ranks: dict[str, list[int]] = {}
    for seed in range(fits):
        for name, rank in one(data, settings, seed).items():
            ranks.setdefault(name, []).append(rank)
        if (seed + 1) % 20 == 0:
            print(f"# {seed + 1} fits, {time.perf_counter() - begun:.0f} s", flush=True)
    band = {p: binom.interval(0.95, fits, p) for p in LEVELS}
    told = "  ".join(f"{p:.0%}: {low / fits:.2f} to {high / fits:.2f}" for p, (low, high) in band.items())
    print(f"{fits} fits; 95 % band of coverage at {told}")
    for name, found in ranks.items():
        x = np.array(found)
        # Of 100 possible ranks a central interval holds the p * 100 in the middle.
        cover = {p: np.mean(np.abs(x - 49.5) < 50 * p) for p in LEVELS}
        p_value = chisquare(np.bincount(x // 10, minlength=10)).pvalue
        shown = "  ".join(f"{p:.0%}: {c:.2f}" for p, c in cover.items())
        print(f"{name:28s} {shown}  p = {p_value:.2f}  bins {np.bincount(x // 10, minlength=10).tolist()}")


def timed() -> None:
    events = load_track_record()
    for run in range(3):
        begun, worked = time.perf_counter(), time.process_time()
        track = fit_track(events, seed=run)
        print(
            f"fit {run + 1}: {time.perf_counter() - begun:.1f} s, of which {time.process_time() - worked:.1f} s were"
            f" worked; {len(events)} events, {len(track.actors)} actors, gates: {len(track_gates(track))}"
        )
        for gate in track_gates(track):
            if not gate.passed:
                print(f"  {gate}")


def scored(*, store: bool) -> None:
    begun = time.perf_counter()
    found = evaluate_track(load_track_record(), seed=1, progress=sys.stderr.isatty())
    print(f"{time.perf_counter() - begun:.0f} s\n{found.table.round(3).to_string()}\n{found.verdict}")
    if store:
        print(store_track_scores(found))
        return
    stored = load_track_scores()
    if stored.digest != found.digest:
        print("the stored scores are of other events or settings; --store measures these")
        sys.exit(1)
    apart = (found.table[["log_gain", "brier_gain"]] - stored.table[["log_gain", "brier_gain"]]).abs().to_numpy().max()
    print(f"largest difference of a gain from the stored one: {apart:.4f}; chance is up to {CHANCE}")
    sys.exit(0 if apart <= CHANCE and stored.foretells == found.foretells else 1)


def readings() -> None:
    events, shipped = load_track_record(), load_track_settings()
    day, plain = "2019-04-25", load_track_record().drop(columns=["ground", "gravity"])
    small = (events["actor"] == "PRK") & (events["date"] >= "2018") & (events["date_until"] <= day)

    def changed(**parts) -> TrackSettings:
        raw = shipped.as_dict()
        for part, change in parts.items():
            for entry in raw[part].values():
                change(entry)
        return settings_from_dict(raw)

    steps = {
        "every stop a breach, every event one test": (plain, shipped),
        "self-announced as sure as any": (plain, changed(events=lambda entry: entry.pop("self_announced", None))),
        "without the DPRK's events of 2018": (plain[~small], shipped),
        "stops by their ground": (events.drop(columns="gravity"), shipped),
        "gravity decides what a breach is, weights 1": (
            events,
            changed(gravity=lambda entry: entry.update(weight=1.0)),
        ),
        "gravity as weight alone": (events, changed(gravity=lambda entry: entry.update(breach="broken"))),
        "as it ships": (events, shipped),
    }
    for step, (frame, settings) in steps.items():
        track = fit_track(frame, settings, seed=1, as_of=day, draws=1000, tune=700, chains=2, thin=1)
        told = "  ".join(f"{who} {summarise(credibility(track, who, day))}" for who in ("PRK", "USA", "IRN"))
        print(f"{step:45s} {told}", flush=True)


def past() -> None:
    cases = load_guarantees()
    begun = time.perf_counter()
    imputed = impute_credibility(
        cases, load_track_record(), seed=1, imputations=3, draws=250, tune=300, chains=2, thin=1
    )
    print(f"{imputed.fits} fits of the track record, {time.perf_counter() - begun:.0f} s", flush=True)
    counts = imputed.states[imputed.known].melt()["value"].value_counts().to_dict()
    print(f"{imputed.known.sum()} cases with a state; states drawn: {counts}", flush=True)
    begun = time.perf_counter()
    found = compare_pasts(load_network("guarantee"), cases, imputed, load_prior("literature"), seed=1, draws=500)
    for model in found["model"].values:
        print(f"{model}: elpd {float(found['elpd'].sel(model=model).sum()):.2f}")
    told = {name: round(value, 2) for name, value in found.attrs.items()}
    print(f"{told}, {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    if sys.argv[1:2] == ["time"]:
        timed()
    elif sys.argv[1:2] == ["readings"]:
        readings()
    elif sys.argv[1:2] == ["score"]:
        scored(store="--store" in sys.argv)
    elif sys.argv[1:2] == ["past"]:
        past()
    else:
        sbc(int(sys.argv[2]) if len(sys.argv) > 2 else 200)
