"""Named sets of priors: which prior a parameter has, why, and how sure the source is."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from .prior import Prior

#: How a source was consulted, from the surest way to none.
CERTAINTIES = ("read", "recomputed", "memory", "judgement")

T = TypeVar("T")


def is_pattern(name: str) -> bool:
    """Whether a name of parameters stands for a whole class of them."""
    return any(mark in name for mark in "*?[")


@dataclass(frozen=True)
class PriorEntry:
    """A prior for one parameter, or for all whose name matches a pattern, with why.

    Parameters
    ----------
    parameter
        A parameter's name (``compliance.guarantors``) or a pattern with ``*`` (``*.table``).
    prior
        The distribution.
    reason, source
        Why this one, and where that comes from.
    certainty
        How sure the source is: read (in a source), recomputed, memory, or judgement.
    """

    parameter: str
    prior: Prior
    reason: str = ""
    source: str = ""
    certainty: str = "judgement"

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> PriorEntry:
        """Make an entry from what `to_dict` gives."""
        own = {key: raw[key] for key in ("parameter", "reason", "source", "certainty")}
        return cls(prior=Prior.from_dict({key: value for key, value in raw.items() if key not in own}), **own)

    def to_dict(self) -> dict[str, Any]:
        """Plain content: parameter, distribution, numbers by name, and why."""
        why = {"reason": self.reason, "source": self.source, "certainty": self.certainty}
        return {"parameter": self.parameter, **self.prior.to_dict(), **why}

    @property
    def is_pattern(self) -> bool:
        """Whether it stands for a whole class of parameters."""
        return is_pattern(self.parameter)


@dataclass(frozen=True)
class PriorSet:
    """Priors for all parameters of a network, under a name.

    Parameters
    ----------
    entries
        An entry that names a parameter wins over a pattern; a later pattern wins over an earlier one.
    name, title, description
        Whose view it is.
    based_on
        Data sets the priors were made from, so that they are not used with the same data.

    Examples
    --------
    >>> priors = PriorSet((PriorEntry("*", Prior.of("normal", mu=0, sigma=1)),
    ...                    PriorEntry("y.x", Prior.of("normal", mu=1, sigma=1))))
    >>> str(priors["y.x"]), str(priors["y.z"])
    ('normal(mu=1, sigma=1)', 'normal(mu=0, sigma=1)')
    """

    entries: tuple[PriorEntry, ...]
    name: str = "unnamed"
    title: str = ""
    description: str = ""
    based_on: tuple[str, ...] = ()

    @classmethod
    def from_mapping(cls, priors: Mapping[str, Prior], name: str = "unnamed") -> PriorSet:
        """Make a set from parameter (or pattern) -> prior."""
        return cls(tuple(PriorEntry(parameter, prior) for parameter, prior in priors.items()), name=name)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> PriorSet:
        """Make a set from what `to_dict` gives."""
        entries = tuple(PriorEntry.from_dict(entry) for entry in raw["priors"])
        title, description = raw.get("title", ""), raw.get("description", "")
        return cls(entries, raw["name"], title, description, tuple(raw.get("based_on", ())))

    def to_dict(self) -> dict[str, Any]:
        """Plain content, as TOML and JSON hold it; what is empty is left out.

        Examples
        --------
        >>> PriorSet.from_mapping({"y.x": Prior.of("half_normal", sigma=1)}, name="mine").to_dict()
        {'name': 'mine', 'priors': [{'parameter': 'y.x', 'distribution': 'half_normal', 'sigma': 1.0, 'reason': '', \
'source': '', 'certainty': 'judgement'}]}
        """
        head = {"title": self.title, "description": self.description, "based_on": list(self.based_on)}
        stated = {key: value for key, value in head.items() if value}
        return {"name": self.name, **stated, "priors": [entry.to_dict() for entry in self.entries]}

    def drawn(self, draw: Callable[[PriorSet, int, int], T], *, seed: int, draws: int) -> T:
        """Draws under the set, as `draw` makes them; a panel mixes what it makes under several.

        Parameters
        ----------
        draw
            Given a set, a seed and how many draws to make.
        seed, draws
            What it is asked for.
        """
        return draw(self, seed, draws)

    def entry(self, parameter: str) -> PriorEntry | None:
        """Find the entry that speaks for `parameter`, or None."""
        exact = [entry for entry in self.entries if entry.parameter == parameter]
        if exact:
            return exact[-1]
        matching = [
            entry for entry in self.entries if entry.is_pattern and fnmatch.fnmatchcase(parameter, entry.parameter)
        ]
        return matching[-1] if matching else None

    def __getitem__(self, parameter: str) -> Prior:
        entry = self.entry(parameter)
        if entry is None:
            raise KeyError(parameter)
        return entry.prior
