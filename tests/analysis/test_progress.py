"""Long work tells how far it is: each call by the one hook, from its first part to its last, and answers the same."""

from __future__ import annotations

import inspect
from functools import cache

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import servanda as sv
from servanda import analysis, models, priors
from servanda.analysis import (
    drivers,
    flip_point,
    influence,
    record_summaries,
    track,
    value_of_information,
    variance_sources,
)
from servanda.analysis.track.imputation import Imputed
from servanda.models import Arrow, Group, Network, Node, Posterior, Prior, PriorSet

YES_NO = ("no", "yes")
COIN = Network((Node("kept", YES_NO),), name="coin")
CASES = pd.DataFrame({"kept": ["yes"] * 6 + ["no"] * 4})
PASTS = Network(
    (Node("past", YES_NO, ordered=True), Node("kept", YES_NO, (Arrow("past"),), family="ordinal", ordered=True))
)
PAST_CASES = pd.DataFrame({"past": ["no", "yes"] * 5, "kept": ["yes", "no"] * 5})
IMPUTED = Imputed(pd.DataFrame({0: ["high", "low"] * 5, 1: ["high", "middle"] * 5}), fits=2)
EVENTS = pd.DataFrame({"actor": "A", "agreement": "x", "date": ["2001", "2004"], "event": "complied"})
QUICK = {"seed": 1, "draws": 10, "tune": 30, "chains": 1}


@cache
def lawn() -> Posterior:
    network = Network((Node("sky", YES_NO), Node("rain", YES_NO), Node("wet", YES_NO, (Arrow("rain"), Arrow("sky")))))
    rng = np.random.default_rng(1)
    dims = {"sky": ("sky",), "rain": ("rain",), "wet": ("rain", "sky", "wet")}
    tables = {
        name: xr.DataArray(rng.dirichlet([3, 2], (1, 20, *[2] * (len(own) - 1))), dims=("chain", "draw", *own))
        for name, own in dims.items()
    }
    return Posterior.from_tables(network, tables)


@cache
def coin() -> Posterior:
    return sv.fit(COIN, CASES, believed("flat", 1.0), seed=1, draws=100)


@cache
def actors() -> Posterior:
    """A fit in which single actors differ."""
    kept = Node("kept", YES_NO, family="ordinal", ordered=True, groups=(Group("actor", "who"),))
    cases = CASES.assign(who=["A", "B"] * 5)
    return sv.fit(Network((kept,)), cases, **QUICK, exact=True)


def believed(name: str, alpha: object) -> PriorSet:
    return PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=alpha)}, name=name)


WET = sv.chance_of("wet", "yes", {"rain": "yes"})
SEEN = pd.DataFrame({"sky": ["no", "yes"], "rain": ["no", "yes"], "wet": ["no", "yes"]})
STRONG = believed("strong", [1.0, 500.0])

CALLS = {
    "probability": lambda how: sv.probability(lawn(), "wet", SEEN[["sky", "rain"]], **how).values,
    "evidence": lambda how: analysis.evidence_probability(lawn(), SEEN, **how).values,
    "marginals": lambda how: sv.marginals(lawn(), SEEN[["wet"]], **how)["p_sky"].values,
    "most probable": lambda how: analysis.most_probable(lawn(), {"wet": "yes"}, k=3, **how)["probability"].values,
    "the best of some": lambda how: analysis.most_probable(lawn(), nodes=["wet"], **how)["probability"].values,
    "power scaling": lambda how: sv.power_scaling(coin(), {"kept": sv.chance_of("kept", "yes")}, **how).table,
    "record summaries": lambda how: record_summaries(coin(), CASES, "kept", "yes", seed=1, **how).table,
    "sweep": lambda how: sv.sweep(lawn(), "wet", do={"rain": ["no", "yes"]}, **how).table(),
    "drivers": lambda how: drivers(lawn(), WET, SEEN, **how).table,
    "value of information": lambda how: value_of_information(lawn(), WET, seed=1, more=[1, 2], **how).table,
    "confounding": lambda how: (
        sv.confounding(lawn(), "wet", {"rain": "no"}, {"rain": "yes"}, benchmarks=["sky"], **how).table
    ),
    "variance sources": lambda how: variance_sources(actors(), sv.chance_of("kept", "yes"), **how).sources[1].variance,
    "explore": lambda how: (
        sv.explore(sv.prior_predictive("guarantee", "flat", seed=1, draws=20), "budapest", **how).html
    ),
    "influence": lambda how: influence(coin(), sv.chance_of("kept", "yes"), CASES, seed=1, by=["case"], **how).table,
}
FITS = {
    "pasts": lambda how: track.compare_pasts(
        PASTS, PAST_CASES, IMPUTED, target="kept", replaces="past", **{**QUICK, "draws": 60}, **how
    ),
    "cost": lambda how: track.cost(EVENTS, "A", "2004", **QUICK, **how).table,
    "replay": lambda how: [*track.replay(EVENTS, ["2002", "2005"], **QUICK, **how)],
    "weighting checks": lambda how: [*track.weighting_checks(EVENTS, ["A"], "2005", **QUICK, **how)],
    "imputation": lambda how: (
        track.impute_credibility(
            pd.DataFrame({"obligor": ["A", "A"], "tested_from": pd.to_datetime(["2003-01-01", "2006-01-01"])}),
            EVENTS.assign(date_from=pd.to_datetime(EVENTS["date"]), date_until=pd.to_datetime(EVENTS["date"])),
            imputations=1,
            **QUICK,
            **how,
        ).fits
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_parts_are_told_from_the_first_to_the_last(name):
    told: list[tuple[str, int, int]] = []
    found = CALLS[name]({"progress": lambda *words: told.append(words)})
    for what in dict.fromkeys(words[0] for words in told):
        done = [words[1] for words in told if words[0] == what]
        (total,) = {words[2] for words in told if words[0] == what}
        assert done[0] == 0
        assert done == sorted(done)
        assert done[-1] == total > 0
    assert told
    assert np.array_equal(np.asarray(found, object), np.asarray(CALLS[name]({"progress": False}), object))


@pytest.mark.parametrize("name", FITS)
def test_several_fits_are_told_as_one_whole(name):
    told: list[tuple[str, int, int]] = []
    FITS[name]({"progress": lambda *words: told.append(words)})
    done = [words[1] / words[2] for words in told]
    assert done == sorted(done)
    assert done[-1] == 1


def test_fits_on_the_way_to_another_prior_are_told(monkeypatch):
    """Two thirds of three fits are left once the first is done, as three are made at the most."""
    told: list[tuple[str, int, int]] = []
    drawn = flip_point.__globals__["resample_blocks"]

    def resampled(posterior, between, inside, progress):
        progress("fitting", 1, 1)
        return drawn(posterior, between, inside, progress)

    monkeypatch.setitem(flip_point.__globals__, "resample_blocks", resampled)
    flip_point(coin(), STRONG, sv.chance_of("kept", "yes"), steps=4, progress=lambda *words: told.append(words))
    assert told[0] == ("fitting", 1, 3)


def test_the_hook_is_one_and_the_same_everywhere():
    rooms = (sv, models, priors, analysis, track)
    public = [value for room in rooms for value in map(room.__getattr__, room.__all__) if inspect.isfunction(value)]
    hooks = [inspect.signature(one).parameters["progress"] for one in public if "progress" in one.__code__.co_varnames]
    taken = [hook for hook in hooks if hook.kind is inspect.Parameter.KEYWORD_ONLY]
    assert len(taken) == len(hooks) > 20
    assert {(hook.annotation, hook.default) for hook in taken} == {("bool | Progress | None", None)}
