"""Sampling the track model."""

from __future__ import annotations

import datetime as dt
import os
import time
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ...common.errors import Fault, raise_faults
from ...common.progress import Progress, shown
from ..sampling.nuts import Target, sampled
from ..sampling.run import Sampling
from .density import HYPER, dimension, event_log_likelihood, expand, prior_numbers
from .events import TrackData, TrackError, as_arrays, as_date, line_up
from .posterior import TrackPosterior
from .settings import READINGS, TrackSettings, load_track_settings

if TYPE_CHECKING:
    import pandas as pd


def fit_track(
    track_record: pd.DataFrame,
    settings: TrackSettings | str | os.PathLike[str] | None = None,
    *,
    seed: int,
    as_of: str | dt.date | None = None,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    thin: int = 2,
    target_accept: float = 0.85,
    progress: bool | Progress | None = None,
) -> TrackPosterior:
    """Fit the credibility of every actor over time to dated events.

    Sampled by NUTS (Hoffman and Gelman 2014, as in nutpie) on a density compiled once a machine, whose Gaussian
    paths are unrolled event by event (state-space form).

    Parameters
    ----------
    track_record
        One row an event, as `servanda.record.load_track_record` gives it; see `line_up`.
    settings
        What events say, and priors: a value, the path of a TOML file, or None for the shipped ones.
    seed
        Same seed, same machine, same numbers.
    as_of
        Nothing later is looked at.
    draws, tune, chains, thin
        Kept draws and warm-up draws of each chain; chains; one draw of so many is kept.
    target_accept
        NUTS' acceptance.
    progress
        As in `servanda.models.fit`.

    Returns
    -------
    TrackPosterior

    Raises
    ------
    TrackError, SettingsError
        Listing every fault of what was given.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame(
    ...     {"actor": "A", "date": ["2001", "2004-05", "2009-01-02"], "agreement": "x", "event": "complied"}
    ... )
    >>> fit_track(events, seed=1, draws=50, tune=100, chains=2).actors
    ('A',)
    """
    chosen = settings if isinstance(settings, TrackSettings) else load_track_settings(settings)
    known = None if as_of is None else as_date(as_of, "as_of")
    data = line_up(track_record, chosen, known)
    sampling = {"draws": draws, "tune": tune, "chains": chains, "thin": thin, "target_accept": target_accept}
    fitted = fit_events(data, chosen, seed=seed, progress=progress, **sampling)
    return replace(fitted, provenance={"as_of": None if known is None else str(known), **fitted.provenance})


def fit_events(
    data: TrackData,
    settings: TrackSettings,
    *,
    seed: int,
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    thin: int = 2,
    target_accept: float = 0.85,
    progress: bool | Progress | None = None,
) -> TrackPosterior:
    """Fit events that are already lined up; arguments as in `fit_track`."""
    sampling = Sampling(seed, draws, tune, chains, thin, target_accept)
    counts = {"draws": draws, "tune": tune, "chains": chains, "thin": thin}
    faults = [Fault(name, f"is {value}; at least 1 is needed") for name, value in counts.items() if value < 1]
    raise_faults("fit_track", faults, TrackError)
    begun = time.perf_counter()
    with shown(progress) as tell:
        # Scales from the draws alone: for the spreads this mixes better here than with gradients added.
        q, stats = sampled(target_of(data, settings), sampling, tell, "draw_diag")
    provenance = {
        "seed": seed,
        **counts,
        "target_accept": target_accept,
        "events": len(data.kinds),
        "data": data.digest,
        "settings": settings.digest,
        "seconds": time.perf_counter() - begun,
        "versions": {name: version(name) for name in ("servanda", "nutpie", "numpy")},
    }
    return TrackPosterior(data, _tree(data, q, stats), settings, provenance)


def target_of(data: TrackData, settings: TrackSettings) -> Target:
    """Give the log posterior with its gradient as the sampler is given it."""
    from ..density.addresses import addresses
    from .loops import density_for_nutpie, log_posterior

    facts = prior_numbers(settings), len(data.actors), len(data.agreements), *as_arrays(data).values()
    centre = np.zeros(dimension(len(data.point_time), len(data.actors), len(data.agreements)))
    for place, name in enumerate(HYPER):
        prior = settings.priors[name]
        centre[place] = prior.kind.centre(**prior.resolved())

    def evaluate(q: np.ndarray) -> tuple[float, np.ndarray]:
        gradient = np.empty_like(q)
        value = log_posterior(q, gradient, *facts)
        return (value if np.isfinite(gradient).all() else -np.inf), gradient

    def start(seed: int) -> np.ndarray:
        return centre + np.random.default_rng(seed).uniform(-1, 1, len(centre))

    return Target(len(centre), density_for_nutpie, addresses(*facts), evaluate, start)


def _tree(data: TrackData, q: np.ndarray, stats: xr.Dataset) -> xr.DataTree:
    arrays = as_arrays(data)
    found = expand(q, arrays["point_actor"], arrays["point_step"], len(data.actors), len(data.agreements))
    own = {"actor_mean": ("actor",), "agreement_effect": ("agreement",), "theta": ("point",)}
    posterior = xr.Dataset({name: (("chain", "draw", *own.get(name, ())), value) for name, value in found.items()})
    numbers = {"chain": np.arange(q.shape[0]), "draw": np.arange(q.shape[1])}
    names = {"actor": list(data.actors), "agreement": list(data.agreements)}
    points = {
        "point_actor": ("point", [data.actors[a] for a in data.point_actor]),
        "point_time": ("point", data.point_time),
    }
    likelihood = event_log_likelihood(found, arrays)
    return xr.DataTree.from_dict(
        {
            "posterior": posterior.assign_coords(numbers | names | points),
            "sample_stats": stats,
            "log_likelihood": xr.Dataset(
                {"event": (("chain", "draw", "event_label"), likelihood)},
                numbers | {"event_label": list(data.labels)},
            ),
            "observed_data": xr.Dataset(
                {"event": ("event_label", [READINGS[code] for code in data.event_reads])},
                {"event_label": list(data.labels)},
            ),
        },
    )
