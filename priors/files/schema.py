"""Schema of the TOML of a prior set; unknown keys are faults, lest a misspelt one be lost."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, create_model

from ...common.errors import Fault, nearest
from ...common.toml import schema_faults as faults_under
from ...models.errors import PriorError
from ...models.parameters.distributions import DISTRIBUTIONS
from ...models.parameters.prior import Prior
from ...models.parameters.prior_set import CERTAINTIES, is_pattern


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text.strip()


def _certainty(text: str) -> str:
    if text not in CERTAINTIES:
        raise ValueError(f"'{text}' is no certainty; one of: {', '.join(CERTAINTIES)}")
    return text


def _distribution(text: str) -> str:
    if text not in DISTRIBUTIONS:
        raise ValueError(f"unknown distribution '{text}'{nearest(text, DISTRIBUTIONS)}")
    return text


def _numbers(value: Any) -> Any:
    parts = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else [value]
    if not parts or not all(_is_number(part) for part in parts):
        raise ValueError(f"must be a number, a list of numbers, or numbers by state, not {value!r}")
    return value


def _is_number(part: Any) -> bool:
    # A whole number in TOML has no bound; nan and inf are left to the distribution, which names them.
    whole = isinstance(part, int) and not isinstance(part, bool) and abs(part) <= sys.float_info.max
    return whole or isinstance(part, float)


Said = Annotated[str, AfterValidator(_said)]
Numbers = Annotated[Any, BeforeValidator(_numbers)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EntrySpec(_Strict):
    """One prior, with the numbers of its distribution as further keys.

    Parameters
    ----------
    parameter
        Name of a parameter, such as `compliance.price`, or a pattern, such as `*.table`. A name goes before a pattern,
        and a pattern before those that stand above it.
    distribution
        Its distribution, by name.
    reason
        Why it is so.
    source
        Where that is from, or `judgement`.
    certainty
        How the source was consulted, in one of the words below.
    """

    parameter: Said
    distribution: Annotated[str, AfterValidator(_distribution)]
    reason: Said
    source: Said
    certainty: Annotated[str, AfterValidator(_certainty)]


@cache
def _entry_spec(numbers: tuple[str, ...]) -> type[BaseModel]:
    fields: dict[str, Any] = dict.fromkeys(numbers, (Numbers, None))
    return create_model("EntrySpec", __base__=EntrySpec, **fields)


class SetFile(_Strict):
    """A prior set: whose view it is, and the priors it states.

    Parameters
    ----------
    name
        Short name, as in file names and messages.
    title
        Name for readers.
    description
        Whose view it is, and what it was made from.
    based_on
        Data sets that its numbers were made from; it is not combined with the same data.
    inherits
        Name of a set, or a path, whose priors hold where this one states none.
    priors
        The priors, each a table `[[priors]]`.
    """

    name: Said
    title: str = ""
    description: str = ""
    based_on: list[Said] = []
    inherits: Said | None = None
    priors: list[dict[str, Any]] = []


def set_faults(raw: Mapping[str, Any]) -> list[Fault]:
    """List every fault of the dictionary that a set's TOML gives.

    Examples
    --------
    >>> for fault in set_faults({"name": "mine", "priors": [{"parameter": "y.x", "distribution": "nromal"}]}):
    ...     print(fault)
    entry 1 (y.x), distribution: unknown distribution 'nromal'; did you mean 'normal'?
    entry 1 (y.x), reason: is missing
    entry 1 (y.x), source: is missing
    entry 1 (y.x), certainty: is missing
    """
    return judge_set(raw).faults


@dataclass(frozen=True)
class Judged:
    """A set's dictionary judged: its faults, and the entries that can be read.

    Parameters
    ----------
    faults
        Every fault.
    entries
        Those without a fault of their own.
    unread
        Parameters, patterns left out, of the others.
    """

    faults: list[Fault]
    entries: list[dict[str, Any]]
    unread: tuple[str, ...]


def judge_set(raw: Mapping[str, Any]) -> Judged:
    """Judge the dictionary that a set's TOML gives, each entry once."""
    faults, good, unread = faults_under(raw, SetFile), [], []
    listed = _listed(raw)
    for place, entry in listed.items():
        own = _entry_faults(entry)
        faults += [fault.within(_place(place, entry)) for fault in own]
        parameter = entry.get("parameter")
        if not own:
            good.append(entry)
        elif isinstance(parameter, str) and parameter.strip() and not is_pattern(parameter):
            unread.append(parameter.strip())
    return Judged(faults + _repeated(listed) + _nothing(raw), good, tuple(unread))


def _listed(raw: Mapping[str, Any]) -> dict[int, dict[str, Any]]:
    """Give the entries that are tables, by their place in the file."""
    entries = raw.get("priors")
    listed = entries if isinstance(entries, list) else []
    return {place: entry for place, entry in enumerate(listed, start=1) if isinstance(entry, dict)}


def _entry_faults(entry: Mapping[str, Any]) -> list[Fault]:
    # Every number a distribution can have, e.g. mu and sigma.
    numbers = tuple(dict.fromkeys(number for known in DISTRIBUTIONS.values() for number in known.numbers))
    faults = faults_under(entry, _entry_spec(numbers))
    # Numbers are judged together only where the distribution and each of them can be read at all.
    if {fault.where for fault in faults} & {"distribution", *numbers}:
        return faults
    try:
        Prior.of(entry["distribution"], **{name: entry[name] for name in numbers if name in entry})
    except PriorError as error:
        faults += [Fault(entry["distribution"], fault.what) for fault in error.faults]
    return faults


def _repeated(entries: Mapping[int, Mapping[str, Any]]) -> list[Fault]:
    first: dict[str, int] = {}
    faults = []
    for place, entry in entries.items():
        parameter = str(entry.get("parameter", place)).strip()
        if first.setdefault(parameter, place) != place:
            faults.append(Fault(_place(place, entry), f"repeats the parameter of entry {first[parameter]}"))
    return faults


def _nothing(raw: Mapping[str, Any]) -> list[Fault]:
    said = raw.get("priors") or raw.get("inherits")
    return [] if said else [Fault("priors", "none are stated and none inherited; write [[priors]] for each")]


def _place(place: int, entry: Mapping[str, Any]) -> str:
    return f"entry {place} ({entry['parameter']})" if "parameter" in entry else f"entry {place}"
