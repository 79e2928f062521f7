"""Track records made by the model itself, from known paths: what calibration is judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from .density import HYPER, dimension, expand
from .events import TrackData, as_arrays
from .settings import TrackSettings


def simulate(
    data: TrackData, settings: TrackSettings, rng: np.random.Generator
) -> tuple[TrackData, Mapping[str, np.ndarray]]:
    """Draw parameters and paths from the prior, and readings given them, on the dates of a record.

    Parameters
    ----------
    data
        Gives actors, agreements, dates, finders and the kinds of events (for their reliability). What the events
        read is drawn anew.
    settings
        Priors.
    rng
        Source of randomness.

    Returns
    -------
    data, parameters
        The simulated record, and what it was made from, as `expand` names it.
    """
    sizes = len(data.actors), len(data.agreements)
    mean, *positive = (float(settings.priors[name].sample(rng, ())) for name in HYPER)
    free = rng.standard_normal(dimension(len(data.point_time), *sizes) - len(HYPER))
    q = np.concatenate([[mean], np.log(positive), free])
    arrays = as_arrays(data)
    truth = expand(q, arrays["point_actor"], arrays["point_step"], *sizes)
    return with_readings(data, draw_readings(data, truth, rng)), truth


def draw_readings(data: TrackData, truth: Mapping[str, np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Draw what each event reads, shape (events,), given parameters as `expand` names them."""
    eta = truth["theta"][data.event_point] + truth["agreement_effect"][data.event_agreement]
    kept = 1 / (1 + np.exp(-eta))
    least = 1 / (1 + np.exp(-(eta + truth["partly_width"])))
    readings = np.empty(len(eta), int)
    for place, before in enumerate(data.event_before):
        if before >= 0 and rng.random() < np.exp(-data.event_gap[place] / truth["repeat_years"]):
            readings[place] = readings[before]
        elif rng.random() < data.event_reliability[place]:
            readings[place] = int(rng.choice(3, p=[1 - least[place], least[place] - kept[place], kept[place]]))
        else:
            readings[place] = int(rng.integers(3))
    return readings


def with_readings(data: TrackData, readings: np.ndarray) -> TrackData:
    """Give the same events with other readings."""
    before = data.event_before
    return replace(data, event_reads=readings, event_repeats=(before >= 0) & (readings == readings[before]))
