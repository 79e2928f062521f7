"""The events and the facts of a track posterior as a file holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import xarray as xr

from .events import TrackData

#: Raised when the layout of stored track posteriors changes; that of the file itself is `servanda.models.store.FORMAT`.
TRACK_FORMAT = 1
#: Group of the file that holds the events.
EVENTS = "track_events"
#: Draws that a whole track posterior holds, and their dim beside chain and draw.
DRAWN: Mapping[str, str | None] = {
    "population_mean": None,
    "actor_sd": None,
    "path_sd": None,
    "path_years": None,
    "agreement_sd": None,
    "partly_width": None,
    "repeat_years": None,
    "actor_mean": "actor",
    "agreement_effect": "agreement",
    "theta": "point",
}
_DAYS = ("event_from", "event_until")
_DIMS = {"actors": "name_of_actor", "agreements": "name_of_agreement", "kinds": "event", "labels": "event"}
_TEXTS = (*_DIMS,)


def events_dataset(data: TrackData) -> xr.Dataset:
    """Events as a file can hold them: days as numbers, names along dims of their own."""
    return xr.Dataset({field.name: (_dim(field.name), _plain(data, field.name)) for field in fields(data)})


def events_of(stored: xr.Dataset) -> TrackData:
    """Events that `events_dataset` gave.

    Raises
    ------
    KeyError, ValueError
        If something is missing, or numbers are none of what they number.
    """
    found: dict[str, Any] = {}
    for field in fields(TrackData):
        values = stored[field.name].values
        if field.name in _TEXTS:
            found[field.name] = tuple(str(value) for value in values)
        else:
            found[field.name] = values.astype("datetime64[D]") if field.name in _DAYS else values
    data = TrackData(**found)
    for numbers, known in (
        (data.point_actor, len(data.actors)),
        (data.event_point, len(data.point_time)),
        (data.event_agreement, len(data.agreements)),
    ):
        if numbers.size == 0 or numbers.min() < 0 or numbers.max() >= known:
            raise ValueError("a number of none")
    return data


def is_whole(draws: xr.Dataset, data: TrackData) -> bool:
    """Whether all draws are there, finite, and of the actors, agreements and points of the events."""
    sizes = {"actor": len(data.actors), "agreement": len(data.agreements), "point": len(data.point_time)}
    for name, dim in DRAWN.items():
        if name not in draws or {*draws[name].dims} != {"chain", "draw", *([dim] if dim else [])}:
            return False
        if dim and draws.sizes[dim] != sizes[dim]:
            return False
        if not np.isfinite(draws[name].values).all():
            return False
    named = {"actor": data.actors, "agreement": data.agreements}
    return all(tuple(map(str, draws[dim].values)) == names for dim, names in named.items())


def _dim(name: str) -> str:
    return _DIMS.get(name) or name.partition("_")[0]


def _plain(data: TrackData, name: str) -> Any:
    value = getattr(data, name)
    return value.astype(np.int64) if name in _DAYS else np.array(value, object) if name in _TEXTS else value
