"""What changed since an earlier report, and how much of the shift of its answer each change explains.

The earlier report carries its inputs: data, priors, network, scenario. The network is fitted and asked with every
mixture of the old ones and the new, and what a part explains is the mean of what swapping it moves, over all orders in
which the parts can be swapped: its Shapley value. These add up to the whole shift; what is left between the earlier
report and its inputs fitted today is Monte Carlo error, settings and versions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, singledispatch
from itertools import combinations
from typing import TYPE_CHECKING, Any

from ...common.errors import ServandaError
from ...models.cases.encode import data_column
from ...models.network.network import Network
from ...models.network.toml import network_from_dict
from ...models.parameters.prior_set import PriorSet
from ...models.posterior import Posterior
from ..scenarios.scenario import Scenario
from ..scenarios.stored_fits import fit_gates, stored_fit
from ..sensitivity.drivers import shapley_weights
from ..summaries.gates import failed
from ..summaries.summary import summarise
from .answers import judged
from .inputs import Earlier, coded_cases, said
from .section import Task

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

#: Parts of the inputs, in the order in which a reader meets them.
ORDER = ("data", "priors", "network", "scenario")
#: Keys by one of which an item of a list is known, in texts of networks, priors and scenarios.
_NAMES = ("id", "parameter", "label", "claim")
#: Keys that are left out where they would hold nothing.
_HOLDERS = ("parents", "groups", "options")


@dataclass(frozen=True)
class Edit:
    """One difference between two nested contents.

    Parameters
    ----------
    place
        Keys that lead to it.
    before, after
        What stands there; None where nothing does.
    """

    place: tuple[str, ...]
    before: Any
    after: Any


@dataclass(frozen=True)
class Point:
    """The headline under some inputs: its mean and that of its change, with their Monte Carlo errors.

    Parameters
    ----------
    answer, change
        Means; no change where the headline compares with nothing.
    answer_error, change_error
        Monte Carlo errors.
    unsettled
        Whether a gate of the fit failed.
    fit
        Key of the fit, by which draws of one fit are known; empty where it is not known.
    draws
        Draws of the answer and of its change.
    """

    answer: float
    answer_error: float
    change: float | None
    change_error: float | None
    unsettled: bool = False
    fit: str = ""
    draws: tuple[xr.DataArray | None, xr.DataArray | None] = (None, None)


@dataclass(frozen=True)
class Step:
    """How far swapping some parts moves the headline, in probability, on average over all orders of the swaps.

    Parameters
    ----------
    parts
        What was swapped: one part, or several that cannot be asked without each other; none in what is left.
    answer, change
        The move of the answer, and of its change; None where one of the two compares with nothing.
    answer_error, change_error
        Monte Carlo errors of the moves.
    unsettled
        Whether a gate of a fit behind it failed.
    note
        Why several parts were swapped together.
    """

    parts: tuple[str, ...]
    answer: float
    answer_error: float
    change: float | None
    change_error: float | None
    unsettled: bool = False
    note: str = ""


@dataclass(frozen=True)
class Shift:
    """Whole shift of the headline since an earlier report, and its parts, which add up to it.

    Parameters
    ----------
    answer, change
        The whole shift of the answer, and of its change.
    steps
        One for each part that changed.
    rest
        What no part explains: Monte Carlo error, settings and versions.
    """

    answer: float
    change: float | None
    steps: tuple[Step, ...]
    rest: Step


@dataclass(frozen=True)
class _Mixed:
    """Inputs, each part of the earlier report or of this one."""

    cases: pd.DataFrame
    priors: PriorSet
    network: Network
    scenario: Scenario

    def with_part(self, part: str, other: _Mixed) -> _Mixed:
        name = {"data": "cases"}.get(part, part)
        return replace(self, **{name: getattr(other, name)})


def since(earlier: Earlier, now: Mapping[str, Any], task: Task) -> dict[str, Any]:
    """What changed since an earlier report, and what each change explains, as plain content.

    Parameters
    ----------
    earlier
        From `read_earlier`.
    now
        Inputs of this report, as `servanda.analysis.reporting.inputs.inputs` gives them.
    task
        Scenario, record and fits of this report; the fits of swapped inputs are kept with its own.

    Returns
    -------
    dict
        ``earlier`` (its date and hash), ``differences`` (`differences`), ``shift`` (`Shift`), and ``before`` and
        ``now`` (means of the answer and of its change).
    """
    found = differences(earlier, now, task.cases)
    last = _point(task.posteriors[task.loaded.priors[0].name], task.loaded.scenario, task.cases)
    return {
        "earlier": {"as_of": earlier.inputs.loaded.scenario.as_of, "sha256": earlier.raw["sha256"]},
        "before": {"answer": earlier.answer, "change": earlier.change},
        "now": {"answer": last.answer, "change": last.change},
        "differences": {name: _as_plain(found[name]) for name in found},
        "shift": asdict(shift(earlier, changed_parts(earlier, now, task.cases), last, task)),
    }


def differences(earlier: Earlier, now: Mapping[str, Any], cases: pd.DataFrame) -> dict[str, tuple[Edit, ...]]:
    """Every difference between the inputs of two reports.

    Parameters
    ----------
    earlier, now
        As in `since`.
    cases
        The record of the new report.

    Returns
    -------
    dict
        ``data`` (places are a case, or a case and its node; as the earlier network codes both records), ``priors``,
        ``network``, ``scenario``, ``settings`` and ``versions`` -> what stands there before and after.
    """
    before, after = (_by_case(*side) for side in _alike(earlier, now, cases))
    found = {"data": tuple(edits(before, after))}
    for name in ("priors", "network", "scenario", "settings", "versions"):
        found[name] = tuple(edits(earlier.raw[name], now[name]))
    return found


def changed_parts(earlier: Earlier, now: Mapping[str, Any], cases: pd.DataFrame) -> tuple[str, ...]:
    """Parts of the inputs that are not what they were."""
    (_, before), (_, after) = _alike(earlier, now, cases)
    same = {"data": before == after} | {name: earlier.raw[name] == now[name] for name in ORDER[1:]}
    return tuple(name for name in ORDER if not same[name])


def edits(before: Any, after: Any, place: tuple[str, ...] = ()) -> Iterator[Edit]:
    """Differences between two nested contents; items of a list that have a name are compared by it.

    Examples
    --------
    >>> one = {"rows": [{"label": "alone", "do": "1"}, {"label": "both", "do": "2"}]}
    >>> other = {"rows": [{"label": "both", "do": "3"}]}
    >>> for edit in edits(one, other):
    ...     print(edit.place, edit.before, edit.after)
    ('rows', 'alone') {'label': 'alone', 'do': '1'} None
    ('rows', 'both', 'do') 2 3
    """
    if before == after:
        return
    one, other = _parts(before), _parts(after)
    if one is None or other is None:
        yield Edit(place, before, after)
        return
    for key in dict.fromkeys((*one, *other)):
        empty = {} if key in _HOLDERS else None
        yield from edits(one.get(key, empty), other.get(key, empty), (*place, key))


def shift(earlier: Earlier, changed: tuple[str, ...], last: Point, task: Task) -> Shift:
    """Whole shift of the headline since an earlier report, divided among the parts that changed.

    Parameters
    ----------
    earlier, task
        As in `since`.
    changed
        The parts that changed.
    last
        The headline of the new report.

    Returns
    -------
    Shift
        Its steps and its rest add up to the whole. A step is the Shapley value (Shapley 1953†) of its part: the mean,
        over all orders of the swaps, of what the headline moves by as the part is swapped. Where the inputs cannot be
        asked with some parts swapped and others not (a prior set of a node that the old network has not), these are
        swapped together, as few as need be.
    """
    old, new = _of(earlier), _Mixed(task.cases, task.loaded.priors[0], task.loaded.network, task.loaded.scenario)

    @cache
    def asked(swapped: frozenset[str]) -> tuple[Point | None, str]:
        """The headline with some parts swapped for the new ones; or none, and why it cannot be asked."""
        mixed = new
        for part in changed:
            mixed = mixed if part in swapped else mixed.with_part(part, old)
        try:
            return (last if len(swapped) == len(changed) else _asked(mixed, task)), ""
        except ServandaError as error:
            return None, said(error)

    first, why = asked(frozenset())
    if first is None:
        return _undivided(earlier, last, changed, why)
    whole = _less(last.change, earlier.change)
    start = Point(earlier.answer, earlier.answer_error, earlier.change, earlier.change_error)
    rest = _step((), [(-1.0, start), (1.0, first)])
    steps = _shares(changed, asked) if changed else ()
    return Shift(last.answer - earlier.answer, whole, steps, rest)


def _shares(changed: tuple[str, ...], asked: Callable[[frozenset[str]], tuple[Point | None, str]]) -> tuple[Step, ...]:
    """Shapley values of the smallest groups of parts whose every mixture can be asked."""
    refused: dict[frozenset[str], str] = {}
    for groups in sorted(_divisions(changed), key=len, reverse=True):
        points: list[Point] = []
        for swapped in _mixtures(groups):
            point, why = asked(swapped)
            if point is None:
                refused.setdefault(swapped, why)
                break
            points.append(point)
        else:
            shares = shapley_weights(len(groups))
            return tuple(
                _step(group, [*zip(share.tolist(), points, strict=True)], _parted(group, refused))
                for group, share in zip(groups, shares, strict=True)
            )
    raise AssertionError("all parts together can be asked")


def _divisions(parts: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], ...]]:
    """Every division of parts into groups, each in the order of the parts."""
    if not parts:
        yield ()
        return
    first, *rest = parts
    for size in range(len(rest) + 1):
        for beside in combinations(rest, size):
            left = tuple(part for part in rest if part not in beside)
            yield from (((first, *beside), *groups) for groups in _divisions(left))


def _mixtures(groups: tuple[tuple[str, ...], ...]) -> Iterator[frozenset[str]]:
    """Parts that are swapped, of every mixture of groups; bit j of its place says whether group j is."""
    for number in range(2 ** len(groups)):
        yield frozenset(part for place, group in enumerate(groups) if number >> place & 1 for part in group)


def _parted(group: tuple[str, ...], refused: Mapping[frozenset[str], str]) -> str:
    """Why the parts of a group were not swapped without each other."""
    return next((why for swapped, why in refused.items() if 0 < len(swapped.intersection(group)) < len(group)), "")


def _undivided(earlier: Earlier, last: Point, changed: tuple[str, ...], why: str) -> Shift:
    start = Point(earlier.answer, earlier.answer_error, earlier.change, earlier.change_error)
    note = f"the earlier inputs cannot be fitted by this version ({why}), so that nothing is divided"
    step = _step(changed, [(-1.0, start), (1.0, last)], note)
    return Shift(step.answer, step.change, (step,), _step((), [(0.0, last)]))


def _of(earlier: Earlier) -> _Mixed:
    loaded = earlier.inputs.loaded
    return _Mixed(earlier.inputs.cases, earlier.inputs.priors, loaded.network, loaded.scenario)


def _asked(mixed: _Mixed, task: Task) -> Point:
    """The headline under some inputs, fitted as this report is."""
    own = task.loaded.priors[0]
    if mixed.network is task.loaded.network and mixed.cases is task.cases and mixed.priors is own:
        return _point(task.posteriors[own.name], mixed.scenario, mixed.cases)
    fitted, _ = stored_fit(mixed.network, mixed.cases, mixed.priors, task.sampling, task.folder, progress=task.progress)
    return _point(fitted, mixed.scenario, mixed.cases)


def _point(posterior: Posterior, scenario: Scenario, cases: pd.DataFrame) -> Point:
    judgement = scenario.headline_judgement
    rows = {row.label: row.draws for row in judged(posterior, scenario, judgement, cases)}
    own = rows[scenario.headline.format]
    answer = summarise(own)
    compared = judgement.base not in (None, scenario.headline.format)
    difference = own - rows[str(judgement.base)] if compared else None
    moved = None if difference is None else summarise(difference)
    change = (None, None) if moved is None else (moved.mean, moved.mcse)
    unsettled, key = bool(failed(fit_gates(posterior))), posterior.provenance.get("key", "")
    return Point(answer.mean, answer.mcse, *change, unsettled, key, (own, difference))


def _step(parts: tuple[str, ...], terms: Sequence[tuple[float, Point]], note: str = "") -> Step:
    """Move of the headline that is a sum of points, each so many times."""
    used = [(times, point) for times, point in terms if times]
    answer = math.fsum(times * point.answer for times, point in used)
    changes = [None if point.change is None else times * point.change for times, point in used]
    known = [change for change in changes if change is not None]
    moved = math.fsum(known) if len(known) == len(changes) else None
    errors = [_error([(times, point.answer_error, point.draws[0], point.fit) for times, point in used])]
    errors += [_error([(times, point.change_error, point.draws[1], point.fit) for times, point in used])]
    unsettled = any(point.unsettled for _, point in used)
    return Step(parts, answer, errors[0] or 0.0, moved, errors[1], unsettled, note)


def _error(terms: Sequence[tuple[float, float | None, xr.DataArray | None, str]]) -> float | None:
    """Monte Carlo error of a sum of numbers: of one fit draw by draw, since they share most of their errors."""
    apart: list[float] = []
    drawn: dict[str, xr.DataArray] = {}
    for times, error, draws, fit in terms:
        if error is None:
            return None
        if draws is None or not fit:
            apart.append(times * error)
        else:
            drawn[fit] = times * draws + drawn.get(fit, 0.0)
    return math.hypot(*apart, *(summarise(draws).mcse for draws in drawn.values()))


def _less(x: float | None, y: float | None) -> float | None:
    return None if x is None or y is None else x - y


def _alike(
    earlier: Earlier, now: Mapping[str, Any], cases: pd.DataFrame
) -> tuple[tuple[Network, Mapping[str, Any]], tuple[Network, Mapping[str, Any]]]:
    """Records of both reports, as the earlier network codes them; the new one as its own does, where it cannot."""
    network = earlier.inputs.loaded.network
    try:
        return (network, earlier.raw["cases"]), (network, coded_cases(network, cases))
    except ServandaError:
        return (network, earlier.raw["cases"]), (network_from_dict(now["network"]), now["cases"])


def _by_case(network: Network, raw: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Case -> what it shows: the state of each node, and what is read beside states."""
    read = {data_column(node) for node in network.nodes}
    columns = {name: cells for name, cells in raw["columns"].items() if name not in read}
    for node, codes in raw["states"].items():
        columns[node] = [None if code is None else network[node].states[code] for code in codes]
    return {case: {name: cells[place] for name, cells in columns.items()} for place, case in enumerate(raw["ids"])}


@singledispatch
def _parts(content: Any) -> dict[str, Any] | None:  # noqa: ARG001
    """Named parts of a nested content; None of what has none."""
    return None


@_parts.register
def _(content: Mapping) -> dict[str, Any] | None:
    return {str(key): value for key, value in content.items()}


@_parts.register
def _(content: list) -> dict[str, Any] | None:
    named = [next((str(item[key]) for key in _NAMES if key in item), "") if _parts(item) else "" for item in content]
    return dict(zip(named, content, strict=True)) if all(named) and len({*named}) == len(named) else None


def _as_plain(found: tuple[Edit, ...]) -> list[dict[str, Any]]:
    return [{"place": list(edit.place), "before": edit.before, "after": edit.after} for edit in found]
