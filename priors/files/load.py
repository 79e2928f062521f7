"""Prior sets in TOML: the shipped ones by name, others by path; a set can build on another."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from ...common.errors import Fault, raise_faults
from ...common.toml import read_toml, shipped
from ...models.errors import PriorError
from ...models.network.parameters import network_parameters, parameter_coords, prior_faults, strangers
from ...models.network.toml import as_network
from ...models.parameters.prior_set import PriorEntry, PriorSet

if TYPE_CHECKING:
    from ...models.network.network import Network

#: Texts of an entry, whose blanks around do not count.
_TEXTS = frozenset({"parameter", "reason", "source", "certainty"})

FOLDER = Path(__file__).parents[1] / "sets"
#: How many sets may build on one another.
LONGEST_LINE = 50

#: A prior set, or the name of a shipped one or the path of its TOML file.
type Priors = PriorSet | str | os.PathLike[str]


def load_prior(name: str | os.PathLike[str], network: Network | str | os.PathLike[str] | None = None) -> PriorSet:
    """Load a shipped prior set by name, or one from a TOML file.

    A file may say ``inherits = "literature"``, or give a path relative to itself. What it says itself wins
    over all it inherits: an entry replaces the inherited one for the same parameter, and a pattern replaces
    every inherited entry whose parameter it matches.

    Parameters
    ----------
    name
        A name that `shipped_priors` gives, or a path that ends in ``.toml``.
    network
        A network, its name or its file. Where it is given, the set must fit it too, and what does not is reported
        together with all other faults. Else `servanda.models.fit` and all others that use the set with a network ask.

    Returns
    -------
    PriorSet
        With the inherited entries, and all the data sets that it or its ancestors are based on.

    Raises
    ------
    PriorError
        If there is none, or with all its faults and those of the sets it builds on: no TOML, an unknown key
        or distribution, missing or impossible numbers, no reason or source, an unknown certainty, a
        parameter named twice, a cycle of inheritance; with `network`, an entry for a node or a parameter that it
        does not have, numbers that do not fit its states, and a parameter without a prior.

    Examples
    --------
    >>> sceptic = load_prior("cheap_talk")
    >>> str(sceptic["compliance.guarantors"]), str(sceptic["compliance.forces_there"])
    ('normal(mu=0, sigma=0.05)', 'normal(mu=0, sigma=0.5)')
    >>> sceptic.entry("compliance.forces_there").source
    'Huth and Russett 1984; Hultman, Kathman and Shannon 2016'
    """
    read = _read(shipped(name, FOLDER, "prior set", PriorError), ())
    faults = [*read.faults, *(_misfits(read, as_network(network)) if network is not None else [])]
    raise_faults(os.fspath(name), faults, PriorError)
    return read.priors


@overload
def as_priors(priors: str | os.PathLike[str], network: Network | None = None) -> PriorSet: ...
@overload
def as_priors[Given](priors: Given | str | os.PathLike[str], network: Network | None = None) -> Given | PriorSet: ...
def as_priors(priors: Any, network: Network | None = None) -> Any:
    """Prior set of a name or path, as `load_prior` takes it; a value, a pool or None stays what it is.

    Examples
    --------
    >>> as_priors("flat").name, as_priors(None)
    ('flat', None)
    """
    return load_prior(priors, network) if isinstance(priors, str | os.PathLike) else priors


def named_priors(
    priors: Priors | Mapping[str, Priors | None] | None, network: Network | None = None
) -> dict[str, PriorSet | None]:
    """Prior sets by name: of one set, of several, or of none, which takes each family's defaults.

    Examples
    --------
    >>> [*named_priors("flat")], [*named_priors({"mine": "flat"})], named_priors(None)
    (['flat'], ['mine'], {'defaults': None})
    """
    if isinstance(priors, Mapping):
        return {name: as_priors(one, network) for name, one in priors.items()}
    found = as_priors(priors, network)
    return {found.name if found else "defaults": found}


def shipped_priors() -> tuple[str, ...]:
    """Names of the shipped prior sets.

    Examples
    --------
    >>> shipped_priors()
    ('cheap_talk', 'flat', 'institutionalist', 'literature', 'realist')
    """
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@dataclass(frozen=True)
class _Read:
    """A file as far as it could be read, with what it inherits, and the faults of the rest.

    `unread` are the parameters of entries that could not be read.
    """

    priors: PriorSet
    faults: tuple[Fault, ...]
    unread: tuple[str, ...] = ()


def _read(path: Path, heirs: tuple[Path, ...]) -> _Read:
    from .schema import judge_set

    raw = read_toml(path, PriorError)
    judged = judge_set(raw)
    own = PriorSet(tuple(_entry(entry) for entry in judged.entries), *_head(raw))
    if not isinstance(raw.get("inherits"), str):
        return _Read(own, tuple(judged.faults), judged.unread)
    try:
        base = _ancestor(raw["inherits"], path, heirs)
    except PriorError as error:
        inherited = [Fault(f"inherits {error.subject}", str(fault)) for fault in error.faults]
        return _Read(own, (*judged.faults, *inherited), judged.unread)
    inherited = [Fault(f"inherits {raw['inherits']}", str(fault)) for fault in base.faults]
    return _Read(_built_on(own, base.priors), (*judged.faults, *inherited), (*judged.unread, *base.unread))


def _ancestor(name: str, path: Path, heirs: tuple[Path, ...]) -> _Read:
    found = shipped(name, FOLDER, "prior set", PriorError)
    found = found if found.is_absolute() else path.parent / found
    line = [heir.resolve() for heir in (*heirs, path)]
    if found.resolve() in line:
        names = [heir.stem for heir in (*line[line.index(found.resolve()) :], found)]
        raise PriorError(name, [Fault("", f"the set builds on itself: {' -> '.join(names)}")])
    if len(line) > LONGEST_LINE:
        raise PriorError(name, [Fault("", f"more than {LONGEST_LINE} sets build on one another; write fewer")])
    return _read(found, (*heirs, path))


def _misfits(read: _Read, network: Network) -> list[Fault]:
    """List where what could be read does not fit a network; a file with faults may lack priors for that reason."""
    coords = parameter_coords(network)
    if not read.faults:
        return prior_faults(network, read.priors, coords)
    named = [entry.parameter for entry in read.priors.entries if not entry.is_pattern]
    faults = strangers(network, dict.fromkeys((*named, *read.unread)))
    for parameter in network_parameters(network):
        faults += parameter.faults(read.priors, coords) if parameter.entry(read.priors) else []
    return faults


def _head(raw: Mapping[str, Any]) -> tuple[str, str, str, tuple[str, ...]]:
    """Name, title, description and data sets, as far as they are what they should be."""
    name, title, description = (raw.get(key) for key in ("name", "title", "description"))
    based_on = raw.get("based_on")
    sources = based_on if isinstance(based_on, list) else []
    texts = [text if isinstance(text, str) else "" for text in (name, title, description)]
    return (
        texts[0].strip(),
        texts[1],
        texts[2].strip(),
        tuple(source.strip() for source in sources if isinstance(source, str)),
    )


def _entry(raw: Mapping[str, Any]) -> PriorEntry:
    return PriorEntry.from_dict({key: value.strip() if key in _TEXTS else value for key, value in raw.items()})


def _built_on(own: PriorSet, base: PriorSet) -> PriorSet:
    kept = tuple(entry for entry in base.entries if not _replaced(entry, own.entries))
    sources = tuple(dict.fromkeys((*base.based_on, *own.based_on)))
    return PriorSet((*kept, *own.entries), own.name, own.title, own.description, sources)


def _replaced(entry: PriorEntry, own: Iterable[PriorEntry]) -> bool:
    return any(
        new.parameter == entry.parameter or (not entry.is_pattern and new.matches(entry.parameter, entry.role))
        for new in own
    )


__all__ = ["load_prior", "shipped_priors"]
