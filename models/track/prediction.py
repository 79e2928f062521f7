"""Prediction of what the next event of an actor will read as, from a fit that has not seen it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .posterior import TrackPosterior
from .settings import READINGS, TrackSettings

#: Kind of event that plainly says a reading, worst first: the order of `READINGS`.
PLAIN = ("defected", "partial", "complied")
#: Nodes of the Gauss-Hermite rule over what a fit leaves open of an event; exact for polynomials of degree 41.
_NODES = 21


@dataclass(frozen=True)
class Occasion:
    """An event of which everything is known but what it says.

    Parameters
    ----------
    actor, agreement
        Whose conduct, under what; either may be new to the fit.
    time
        In years since 1970.
    finder
        Who will say so.
    before
        Reading of the last event of the same series, a position in `READINGS`; None where there is none.
    gap
        Years since that event.

    Examples
    --------
    >>> Occasion("A", "x", 40.0).gap
    inf
    """

    actor: str
    agreement: str
    time: float
    finder: str = ""
    before: int | None = None
    gap: float = np.inf


def plain_reliability(settings: TrackSettings, finder: str) -> np.ndarray:
    """Reliability of a plain report of each reading by a finder, shape (3,), in the order of `READINGS`.

    Examples
    --------
    >>> from servanda.models import load_track_settings
    >>> plain_reliability(load_track_settings(), "self-announced").tolist()
    [0.95, 0.8, 0.5]
    """
    return np.array([settings.events[kind].reliability_by(finder) for kind in PLAIN])


def predict(track: TrackPosterior, occasion: Occasion) -> np.ndarray:
    r"""Posterior predictive probability of each reading of an event that the fit has not seen.

    In every draw $\eta = \theta_a(t) + w_g$ is Gaussian given the last point of the actor's path (given the population,
    of an actor or an agreement not seen) and is integrated out by Gauss-Hermite. The three likelihoods of
    `event_log_likelihood`, with the reliability of a plain report of each reading, are brought to a sum of one, since
    one of them must be said; a report of a known series repeats the last one with probability
    $r = e^{-\Delta / \lambda}$.

    Parameters
    ----------
    track
        A fit of events that were known before.
    occasion
        What is to be foretold; not before the actor's last event.

    Returns
    -------
    ndarray
        Shape (3,), in the order of `READINGS`, averaged over the draws.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import fit_track
    >>> events = pd.DataFrame({"actor": "A", "agreement": "x", "date": ["2001", "2004"], "event": "complied"})
    >>> p = predict(fit_track(events, seed=1, draws=100, tune=200, chains=2), Occasion("A", "x", 36.0))
    >>> bool(np.isclose(p.sum(), 1)), bool(p[2] > p[0])
    (True, True)
    """
    from scipy.special import expit

    mean, variance = _predictor(track, occasion)
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    eta = mean[..., None] + np.sqrt(variance)[..., None] * nodes
    width = track.draws["partly_width"].values[..., None]
    kept, least = (expit(each) @ (weights / weights.sum()) for each in (eta, eta + width))
    found = np.stack([1 - least, least - kept, kept], axis=-1)
    c = plain_reliability(track.settings, occasion.finder)
    fresh = c * found + (1 - c) / len(READINGS)
    fresh = fresh / fresh.sum(axis=-1, keepdims=True)
    if occasion.before is None:
        return fresh.mean(axis=(0, 1))
    repeat = np.exp(-occasion.gap / track.draws["repeat_years"].values)[..., None]
    again = np.eye(len(READINGS))[occasion.before]
    return (repeat * again + (1 - repeat) * fresh).mean(axis=(0, 1))


def _predictor(track: TrackPosterior, occasion: Occasion) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of the predictor in every draw, shape (chain, draw) each."""
    d, data = track.draws, track.data
    path = d["path_sd"].values ** 2
    if occasion.actor in data.actors:
        last = int(np.flatnonzero(data.point_actor == data.actor(occasion.actor))[-1])
        since = occasion.time - data.point_time[last]
        rho = np.exp(-since / d["path_years"].values)
        own = d["actor_mean"].sel(actor=occasion.actor).values
        mean = own + rho * (d["theta"].isel(point=last).values - own)
        variance = path * (1 - rho**2)
    else:
        mean = d["population_mean"].values
        variance = d["actor_sd"].values ** 2 + path
    if occasion.agreement in data.agreements:
        return mean + d["agreement_effect"].sel(agreement=occasion.agreement).values, variance
    return mean, variance + d["agreement_sd"].values ** 2
