"""Settings of the track model: the meaning of events and the priors, in a TOML file that a user may replace."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...common.errors import Fault, InputError, nearest, raise_faults
from ...common.files import path_text
from ...common.json_values import to_json
from ...common.toml import read_toml
from ..parameters.distributions import DISTRIBUTIONS
from ..parameters.prior import Prior
from ..parameters.prior_set import PriorEntry, PriorSet

#: What a test finds, worst first; the order of codes in `servanda.models.track.events`.
READINGS = ("broken", "partly", "kept")
#: Kinds of events in a track record (codebook, section 6).
KINDS = ("complied", "partial", "defected", "withdrew", "suspended", "resumed")
#: Kinds of events that stop a performance, and the grounds on which it may be stopped.
STOPS = ("withdrew", "suspended")
GROUNDS = ("lawful", "answer", "none")
#: How much of the core duty an event did or refused, most first.
GRAVITIES = ("core", "part", "minor")
#: What the record's ``finding_by`` says where nobody but the actor did.
SELF_ANNOUNCED = "self-announced"
#: Parameter -> its distribution, in the order of `servanda.models.track.density`.
PRIORS: Mapping[str, str] = {
    "population_mean": "normal",
    "actor_sd": "half_normal",
    "path_sd": "half_normal",
    "path_years": "lognormal",
    "agreement_sd": "half_normal",
    "partly_width": "lognormal",
    "repeat_years": "lognormal",
}


class SettingsError(InputError):
    """Settings of the track model that cannot be used."""


@dataclass(frozen=True)
class EventKind:
    """Meaning of one kind of event.

    Parameters
    ----------
    reads
        One of `READINGS`.
    reliability
        In [0, 1]: the probability that the event says so because it is so.
    reason
        Why.
    self_announced
        The reliability where only the actor itself says so; None where that makes no difference.

    Examples
    --------
    >>> kind = EventKind("kept", 0.9, "found performed", self_announced=0.5)
    >>> kind.reliability_by("IAEA"), kind.reliability_by("self-announced")
    (0.9, 0.5)
    """

    reads: str
    reliability: float
    reason: str
    self_announced: float | None = None

    def reliability_by(self, finder: str) -> float:
        """Reliability of an event of this kind, by who says so (``finding_by`` of the record)."""
        own = self.self_announced is not None and finder == SELF_ANNOUNCED
        return float(self.self_announced or 0.0) if own else self.reliability

    def as_dict(self) -> dict[str, Any]:
        """Give it as the table that its TOML is read as."""
        return {key: value for key, value in self.__dict__.items() if value is not None}


@dataclass(frozen=True)
class Ground:
    """What a stop reads as on a ground.

    Parameters
    ----------
    reads
        One of `READINGS`.
    reason
        Why.
    """

    reads: str
    reason: str


@dataclass(frozen=True)
class Gravity:
    """What the gravity of an event makes of it.

    Parameters
    ----------
    weight
        In [0, 1]: how many tests of the actor's word it is worth, the power of its likelihood.
    breach
        One of `READINGS`: what an event reads as that would read "broken".
    reason
        Why.
    """

    weight: float
    breach: str
    reason: str


@dataclass(frozen=True)
class TrackSettings:
    """Meaning of events, and priors.

    Parameters
    ----------
    events
        Kind of event -> what it says, one for each of `KINDS`.
    grounds
        Ground of a stop -> what it reads as, one for each of `GROUNDS`.
    gravity
        Gravity -> what it makes of an event, one for each of `GRAVITIES`.
    priors
        An entry with a reason for each of `PRIORS`.

    Examples
    --------
    >>> settings = load_track_settings()
    >>> settings.reads("complied"), len(settings.priors.entries)
    ('kept', 7)
    """

    events: Mapping[str, EventKind]
    grounds: Mapping[str, Ground]
    gravity: Mapping[str, Gravity]
    priors: PriorSet

    def reads(self, kind: str, ground: str = "", gravity: str = "") -> str:
        """Reading of an event, one of `READINGS`; an empty ground or gravity is one that the record does not hold.

        Examples
        --------
        >>> settings = load_track_settings()
        >>> settings.reads("withdrew"), settings.reads("withdrew", "lawful"), settings.reads("withdrew", "answer")
        ('broken', 'partly', 'kept')
        >>> settings.reads("defected", gravity="core"), settings.reads("defected", gravity="part")
        ('broken', 'partly')
        """
        reading = self.grounds[ground].reads if ground else self.events[kind].reads
        return self.gravity[gravity].breach if gravity and reading == READINGS[0] else reading

    def weight(self, gravity: str = "") -> float:
        """Tests that an event of some gravity is worth; 1 where the record holds none."""
        return self.gravity[gravity].weight if gravity else 1.0

    def as_dict(self) -> dict[str, Any]:
        """Give the settings as the dictionary that their TOML is read as."""
        priors = {entry.parameter: {**entry.prior.to_dict(), "reason": entry.reason} for entry in self.priors.entries}
        return {
            "events": {kind: event.as_dict() for kind, event in self.events.items()},
            "grounds": {name: dict(ground.__dict__) for name, ground in self.grounds.items()},
            "gravity": {name: dict(gravity.__dict__) for name, gravity in self.gravity.items()},
            "priors": priors,
        }

    @property
    def digest(self) -> str:
        """SHA-256 over all numbers."""
        return hashlib.sha256(to_json(self.as_dict(), sort_keys=True).encode()).hexdigest()


def load_track_settings(path: str | os.PathLike[str] | None = None) -> TrackSettings:
    """Read what events say and the priors.

    Parameters
    ----------
    path
        A TOML file; None for the shipped ``models/track/default.toml``. What a file leaves out is taken from there.

    Returns
    -------
    TrackSettings

    Raises
    ------
    SettingsError
        Listing every fault of the file by its key.

    Examples
    --------
    >>> settings = load_track_settings()
    >>> settings.events["withdrew"].reads, settings.events["withdrew"].reliability
    ('broken', 0.8)
    >>> str(settings.priors["actor_sd"])
    'half_normal(sigma=1)'
    """
    shipped = read_toml(Path(__file__).parent / "default.toml", SettingsError)
    if path is None:
        return settings_from_dict(shipped)
    name = path_text(path, SettingsError)
    return settings_from_dict(read_toml(Path(name), SettingsError), name, shipped)


def settings_from_dict(
    raw: Mapping[str, Any], subject: str = "track settings", base: Mapping[str, Any] | None = None
) -> TrackSettings:
    """Make settings from the dictionary a TOML gives; entries it lacks come from `base`.

    Raises
    ------
    SettingsError
        Listing every fault.

    Examples
    --------
    >>> settings_from_dict({"events": {}, "priors": {}}, "mine.toml")
    Traceback (most recent call last):
    servanda.models.track.settings.SettingsError: mine.toml: 19 faults
      events.complied: is missing
    ...
    """
    faults = [Fault(key, f"is not a key that is known here{nearest(key, known)}") for key, known in _strangers(raw)]
    read: dict[str, dict[str, Any]] = {part: {} for part in _PARTS}
    for part, (names, reader) in _PARTS.items():
        for name in names:
            entry = _entry(raw, base or {}, part, name, faults)
            if entry is not None and (value := reader(f"{part}.{name}", entry, faults)):
                read[part][name] = value
    raise_faults(subject, faults, SettingsError)
    priors = PriorSet(tuple(read["priors"].values()), "track settings")
    return TrackSettings(read["events"], read["grounds"], read["gravity"], priors)


def _strangers(raw: Mapping[str, Any]) -> list[tuple[str, tuple[str, ...]]]:
    found: list[tuple[str, tuple[str, ...]]] = [(key, tuple(_PARTS)) for key in raw if key not in _PARTS]
    for part, (names, _) in _PARTS.items():
        entries = raw.get(part, {})
        found += [(f"{part}.{key}", names) for key in entries if key not in names] if isinstance(entries, dict) else []
    return found


def _entry(
    raw: Mapping[str, Any], base: Mapping[str, Any], part: str, name: str, faults: list[Fault]
) -> Mapping[str, Any] | None:
    stated = raw.get(part, {})
    if not isinstance(stated, Mapping):
        faults.append(Fault(part, f"is not a table; write [{part}.{name}]"))
        return None
    entry = stated.get(name, base.get(part, {}).get(name))
    if entry is None:
        faults.append(Fault(f"{part}.{name}", "is missing"))
    elif not isinstance(entry, Mapping):
        faults.append(Fault(f"{part}.{name}", f"is not a table; write [{part}.{name}]"))
    else:
        return entry
    return None


def _event(where: str, entry: Mapping[str, Any], faults: list[Fault]) -> EventKind | None:
    found = len(faults)
    _keys(where, entry, ("reads", "reliability", "reason"), faults, optional=("self_announced",))
    _reading(where, entry, "reads", faults)
    for key in ("reliability", "self_announced"):
        _share(where, entry, key, faults)
    _reason(where, entry, faults)
    if len(faults) > found:
        return None
    own = entry.get("self_announced")
    return EventKind(str(entry["reads"]), float(entry["reliability"]), str(entry["reason"]), own and float(own))


def _ground(where: str, entry: Mapping[str, Any], faults: list[Fault]) -> Ground | None:
    found = len(faults)
    _keys(where, entry, ("reads", "reason"), faults)
    _reading(where, entry, "reads", faults)
    _reason(where, entry, faults)
    return None if len(faults) > found else Ground(str(entry["reads"]), str(entry["reason"]))


def _gravity(where: str, entry: Mapping[str, Any], faults: list[Fault]) -> Gravity | None:
    found = len(faults)
    _keys(where, entry, ("weight", "breach", "reason"), faults)
    _reading(where, entry, "breach", faults)
    _share(where, entry, "weight", faults)
    _reason(where, entry, faults)
    if len(faults) > found:
        return None
    return Gravity(float(entry["weight"]), str(entry["breach"]), str(entry["reason"]))


def _prior(where: str, entry: Mapping[str, Any], faults: list[Fault]) -> PriorEntry | None:
    found, name = len(faults), where.removeprefix("priors.")
    distribution = PRIORS[name]
    kind = DISTRIBUTIONS[distribution]
    _keys(where, entry, ("distribution", *kind.numbers, "reason"), faults)
    if entry.get("distribution", distribution) != distribution:
        what = f"{entry['distribution']!r} cannot be had here; {name} is {distribution}"
        faults.append(Fault(f"{where}.distribution", what))
    for key in kind.numbers:
        value = entry.get(key)
        if value is not None and (not _is_number(value) or (key in kind.positive and value <= 0)):
            wanted = "a number above 0" if key in kind.positive else "a number"
            faults.append(Fault(f"{where}.{key}", f"{value!r} is not {wanted}"))
    _reason(where, entry, faults)
    if len(faults) > found:
        return None
    prior = Prior.of(distribution, **{key: entry[key] for key in kind.numbers})
    return PriorEntry(name, prior, str(entry["reason"]))


def _keys(
    where: str, entry: Mapping[str, Any], needed: tuple[str, ...], faults: list[Fault], optional: tuple[str, ...] = ()
) -> None:
    known = (*needed, *optional)
    faults += [Fault(f"{where}.{key}", "is missing") for key in needed if key not in entry]
    faults += [
        Fault(f"{where}.{key}", f"is not a key that is known here{nearest(key, known)}")
        for key in entry
        if key not in known
    ]


def _reading(where: str, entry: Mapping[str, Any], key: str, faults: list[Fault]) -> None:
    value = entry.get(key)
    if value is not None and value not in READINGS:
        what = f"{value!r} is not a reading; expected one of {', '.join(READINGS)}"
        faults.append(Fault(f"{where}.{key}", what))


def _share(where: str, entry: Mapping[str, Any], key: str, faults: list[Fault]) -> None:
    value = entry.get(key)
    if value is not None and not (_is_number(value) and 0 <= value <= 1):
        faults.append(Fault(f"{where}.{key}", f"{value!r} is not a number from 0 to 1"))


def _reason(where: str, entry: Mapping[str, Any], faults: list[Fault]) -> None:
    if "reason" in entry and not str(entry["reason"]).strip():
        faults.append(Fault(f"{where}.reason", "is empty; say in a line why"))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


#: Part of a file -> the entries that it needs, and their reader.
_PARTS: Mapping[str, tuple[tuple[str, ...], Callable[[str, Mapping[str, Any], list[Fault]], Any]]] = {
    "events": (KINDS, _event),
    "grounds": (GROUNDS, _ground),
    "gravity": (GRAVITIES, _gravity),
    "priors": (tuple(PRIORS), _prior),
}
