"""Prior sets in TOML: the shipped ones by name, others by path; a set can build on another."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..common.errors import Fault, raise_faults
from ..common.toml import read_toml, shipped
from ..models.check import PriorError
from ..models.prior import Prior, PriorEntry, PriorSet

FOLDER = Path(__file__).parent / "sets"


def load_prior(name: str | os.PathLike[str]) -> PriorSet:
    """Load a shipped prior set by name, or one from a TOML file.

    A file may say ``inherits = "literature"``, or give a path relative to itself. What it says itself wins
    over all it inherits: an entry replaces the inherited one for the same parameter, and a pattern replaces
    every inherited entry whose parameter it matches.

    Whether a set fits a network is not asked here but by `servanda.models.fit` and `prior_predictive`.

    Parameters
    ----------
    name
        A name that `shipped_priors` gives, or a path that ends in ``.toml``.

    Returns
    -------
    PriorSet
        With the inherited entries, and all the data sets that it or its ancestors are based on.

    Raises
    ------
    PriorError
        If there is none, or with all its faults and those of the sets it builds on: no TOML, an unknown key
        or distribution, missing or impossible numbers, no reason or source, an unknown certainty, a
        parameter named twice, a cycle of inheritance.

    Examples
    --------
    >>> sceptic = load_prior("cheap_talk")
    >>> str(sceptic["compliance.guarantors"]), str(sceptic["compliance.power"])
    ('normal(mu=0, sigma=0.05)', 'normal(mu=0, sigma=0.7)')
    >>> sceptic.entry("compliance.power").source
    'Leeds 2003; Lee 2023'
    """
    return _load(shipped(name, FOLDER, "prior set", PriorError), os.fspath(name), ())


def shipped_priors() -> tuple[str, ...]:
    """Names of the shipped prior sets.

    Examples
    --------
    >>> shipped_priors()
    ('cheap_talk', 'flat', 'institutionalist', 'literature', 'realist')
    """
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def _load(path: Path, subject: str, heirs: tuple[Path, ...]) -> PriorSet:
    from .set_schema import set_faults

    raw = read_toml(path, PriorError)
    faults = set_faults(raw)
    base = None
    if isinstance(raw.get("inherits"), str):
        try:
            base = _ancestor(raw["inherits"], path, heirs)
        except PriorError as error:
            faults += [Fault(f"inherits {error.subject}", str(fault)) for fault in error.faults]
    raise_faults(subject, faults, PriorError)
    own = _read(raw)
    return own if base is None else _built_on(own, base)


def _ancestor(name: str, path: Path, heirs: tuple[Path, ...]) -> PriorSet:
    found = shipped(name, FOLDER, "prior set", PriorError)
    found = found if found.is_absolute() else path.parent / found
    line = [heir.resolve() for heir in (*heirs, path)]
    if found.resolve() in line:
        names = [heir.stem for heir in (*line[line.index(found.resolve()) :], found)]
        raise PriorError(name, [Fault("", f"the set builds on itself: {' -> '.join(names)}")])
    return _load(found, name, (*heirs, path))


def _read(raw: Mapping[str, Any]) -> PriorSet:
    from .set_schema import SetFile

    file = SetFile.model_validate(raw)
    return PriorSet(
        entries=tuple(_entry(entry) for entry in file.priors),
        name=file.name,
        title=file.title,
        description=file.description.strip(),
        based_on=tuple(file.based_on),
    )


def _entry(raw: Mapping[str, Any]) -> PriorEntry:
    from .set_schema import numbers_of

    said = {key: raw[key].strip() for key in ("parameter", "reason", "source", "certainty")}
    return PriorEntry(prior=Prior.of(raw["distribution"], **numbers_of(raw)), **said)


def _built_on(own: PriorSet, base: PriorSet) -> PriorSet:
    kept = tuple(entry for entry in base.entries if not _replaced(entry, own.entries))
    sources = tuple(dict.fromkeys((*base.based_on, *own.based_on)))
    return PriorSet((*kept, *own.entries), own.name, own.title, own.description, sources)


def _replaced(entry: PriorEntry, own: Iterable[PriorEntry]) -> bool:
    return any(
        new.parameter == entry.parameter
        or (new.is_pattern and not entry.is_pattern and fnmatch.fnmatchcase(entry.parameter, new.parameter))
        for new in own
    )


__all__ = ["load_prior", "shipped_priors"]
