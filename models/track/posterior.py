"""The posterior of the track model: draws of every parameter, and paths through them at any date."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from ...common.errors import Fault, raise_faults
from ...common.json_values import to_json
from ...common.show import Shown, View
from ..store import StoreError, check_kind, damaged, load_tree, save_tree
from .events import DAYS_A_YEAR, TrackData, TrackError, years
from .settings import SettingsError, TrackSettings, settings_from_dict
from .stored import EVENTS, TRACK_FORMAT, events_dataset, events_of, is_whole


@dataclass(frozen=True, repr=False)
class TrackPosterior(Shown):
    """Draws of the credibility of every actor over time.

    Parameters
    ----------
    data
        The events, in the order of the model.
    tree
        ArviZ-compatible groups ``posterior``, ``sample_stats``, ``log_likelihood``, ``observed_data``:
        ``arviz.summary(track.tree)`` works. Logits, dims chain, draw and ``actor``, ``agreement`` or ``point``.
    settings
        What events say, and priors.
    provenance
        Seed, settings, versions, digests.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import fit_track, load_track_posterior
    >>> days = ["2001", "2004-05", "2009-01-02"]
    >>> events = pd.DataFrame({"actor": "A", "date": days, "agreement": "x", "event": "complied"})
    >>> track = fit_track(events, seed=1, draws=50, tune=100, chains=2)
    >>> track.save("a.nc")
    >>> load_track_posterior("a.nc").draws.equals(track.draws)
    True
    """

    data: TrackData
    tree: xr.DataTree
    settings: TrackSettings
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def draws(self) -> xr.Dataset:
        """All parameters, dims chain, draw and their own."""
        return self.tree["posterior"].to_dataset()

    @property
    def sizes(self) -> dict[str, int]:
        """Numbers of chains and of draws a chain."""
        return {dim: int(self.draws.sizes[dim]) for dim in ("chain", "draw")}

    @property
    def actors(self) -> tuple[str, ...]:
        """Whose events there are, sorted."""
        return self.data.actors

    def span(self, actor: str) -> tuple[np.datetime64, np.datetime64]:
        """First and last day on which something happened to an actor.

        Raises
        ------
        TrackError
            If there is no such actor.
        """
        times = self.data.point_time[self.data.point_actor == self.data.actor(actor)]
        days = (np.array([times[0], times[-1]]) * DAYS_A_YEAR).astype(np.int64)
        return tuple(days.astype("datetime64[D]"))

    def paths(self, actor: str, dates: Sequence[np.datetime64]) -> xr.DataArray:
        r"""Draw an actor's path at some dates, jointly.

        At the points of its events the path is in the posterior. Between and beyond them it is Gaussian given its
        neighbours, and drawn exactly: with $\rho, \rho'$ the correlations with the left and the right neighbour,
        mean and variance are those of an Ornstein-Uhlenbeck bridge. Beyond the last point there is only a left
        neighbour, and the path widens towards what is known of the actor's average.

        Two dates are coherent only if they are drawn in one call. The draws depend on the fit's seed, the actor
        and the dates.

        Parameters
        ----------
        actor
            Whose.
        dates
            Days, in any order, at or after the actor's first event.

        Returns
        -------
        DataArray
            Logits, dims chain, draw, date.

        Raises
        ------
        TrackError
            If there is no such actor, or a date lies before its first event.
        """
        asked = np.asarray(dates, "datetime64[D]")
        first = self.span(actor)[0]
        faults = [
            Fault(str(day), f"lies before the record of {actor}, which begins on {first}; give a later day")
            for day in asked[asked < first]
        ]
        raise_faults(f"credibility of {actor}", faults, TrackError)
        own = self.data.point_actor == self.data.actor(actor)
        times = self.data.point_time[own]
        d = self.draws
        theta = d["theta"].transpose("chain", "draw", "point").values[:, :, own]
        mean = d["actor_mean"].sel(actor=actor).values
        sd, memory = d["path_sd"].values, d["path_years"].values
        wanted = np.unique(asked)
        at = np.maximum(years(wanted), times[0])
        key = f"{actor}|{','.join(map(str, wanted))}".encode()
        rng = np.random.default_rng([int(self.provenance.get("seed", 0)), zlib.crc32(key)])
        drawn = np.empty((*mean.shape, len(wanted)))
        left_time, left = times[0], theta[:, :, 0]
        for place, now in enumerate(at):
            behind = int(np.searchsorted(times, now, side="right")) - 1
            if times[behind] >= left_time:
                left_time, left = times[behind], theta[:, :, behind]
            right = None if behind + 1 == len(times) else (times[behind + 1] - now, theta[:, :, behind + 1] - mean)
            noise = rng.standard_normal(mean.shape)
            drawn[:, :, place] = mean + _between(now - left_time, left - mean, right, sd, memory, noise)
            left_time, left = now, drawn[:, :, place]
        places = np.searchsorted(wanted, asked)
        return xr.DataArray(
            drawn[:, :, places],
            dims=("chain", "draw", "date"),
            coords={"chain": d["chain"].values, "draw": d["draw"].values, "date": asked.astype("datetime64[s]")},
            name="theta",
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write draws, events, settings and provenance to one netCDF file, whole or not at all.

        `load_track_posterior` reads it.

        Raises
        ------
        StoreError
            If the folder cannot be written to.
        """
        facts = {
            "track": str(TRACK_FORMAT),
            "settings": to_json(self.settings.as_dict()),
            "digests": to_json([self.data.digest, self.settings.digest]),
            "provenance": to_json(self.provenance),
        }
        groups = {name: group.to_dataset() for name, group in self.tree.children.items()}
        save_tree(xr.DataTree.from_dict({**groups, EVENTS: events_dataset(self.data)}), facts, path)

    def _view(self) -> View:
        facts = {
            "actors": f"{len(self.actors)}: {', '.join(self.actors)}",
            "agreements": len(self.data.agreements),
            "events": len(self.data.event_point),
            "draws": f"{self.sizes['chain']} chains of {self.sizes['draw']}",
            **{key: self.provenance[key] for key in ("as_of", "seed") if self.provenance.get(key) is not None},
        }
        return View("Posterior of track records", facts)


def load_track_posterior(path: str | os.PathLike[str]) -> TrackPosterior:
    """Track posterior from the file that `TrackPosterior.save` wrote.

    Raises
    ------
    StoreError
        If there is no such file, or it was not written by `TrackPosterior.save`, has another layout, or is damaged:
        events and settings are held against their digests, and all draws must be there and finite.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import fit_track
    >>> events = pd.DataFrame({"actor": "A", "agreement": "x", "date": ["2001", "2004"], "event": "complied"})
    >>> fit_track(events, seed=1, draws=20, tune=50, chains=2).save("a.nc")
    >>> load_track_posterior("a.nc").actors
    ('A',)
    """
    tree, facts = load_tree(path)
    check_kind(path, facts, "track")
    if facts["track"] != str(TRACK_FORMAT):
        what = f"has track layout {facts['track']}, this version reads {TRACK_FORMAT}; fit the track record again"
        raise StoreError(str(path), [Fault("", what)])
    try:
        data = events_of(tree[EVENTS].to_dataset())
        settings = settings_from_dict(json.loads(facts["settings"]))
        provenance, digests = json.loads(facts["provenance"]), json.loads(facts["digests"])
        whole = is_whole(tree["posterior"].to_dataset(), data)
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError, SettingsError):
        raise damaged(path) from None
    if not whole or digests != [data.digest, settings.digest]:
        raise damaged(path)
    groups = {name: group.to_dataset() for name, group in tree.children.items() if name != EVENTS}
    return TrackPosterior(data, xr.DataTree.from_dict(groups), settings, provenance)


def _between(
    since: float,
    left: np.ndarray,
    right: tuple[float, np.ndarray] | None,
    sd: np.ndarray,
    memory: np.ndarray,
    noise: np.ndarray,
) -> np.ndarray:
    """Draw an Ornstein-Uhlenbeck process of mean 0 given its value `since` years ago and, maybe, one to come."""
    rho = np.exp(-since / memory)
    free = -np.expm1(-2 * since / memory)
    if right is None:
        return rho * left + sd * np.sqrt(free) * noise
    until, value = right
    after = np.exp(-until / memory)
    closed = -np.expm1(-2 * until / memory)
    whole = -np.expm1(-2 * (since + until) / memory)
    centre = (rho * closed * left + after * free * value) / whole
    return centre + sd * np.sqrt(free * closed / whole) * noise
