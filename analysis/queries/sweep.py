"""Sweeps: one node's distribution under every combination of some interventions, cases and members."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial, singledispatch
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from ...common.canvas import Look
from ...common.errors import Fault, nearest, raise_faults
from ...common.printed import PrintedTable, printed_table
from ...common.progress import Progress
from ...common.progress import shown as shown_progress
from ...common.show import Shown, View
from ...common.tasks.mapping import mapped
from ...models.cases.encode import MISSING, code_evidence
from ...models.errors import QueryError, wrong_kinds
from ...models.inference.contract import MEMORY_LIMIT
from ...models.inference.question import CapacityError, check_question
from ...models.inference.tables import DrawnNetwork, distinct_rows
from ...models.names import DRAWS, escape, shown
from ...models.posterior import Posterior
from ...models.questions.configurations import Configurations, configuration_distributions
from ...models.questions.evidence import Given, States, as_states, as_table, check_keywords
from ...models.questions.labels import in_words
from ...models.store import draws_tree
from ..summaries.change import MARGIN, change_shares, checked_margin
from ..summaries.summary import INTERVAL
from .probability import effect
from .sweep_figure import sweep_figure
from .whose_conduct import whose_conduct

if TYPE_CHECKING:
    from typing import Unpack

    from ...common.figure_style import ShownFigure

#: Names of what stands beside the axes of a sweep.
_VARIABLES = ("probability", "difference", "gain", "within", "loss")
#: Dims of formats and of cases that stand in a table.
_FORMAT, _CASE = "format", "case"
#: Axes that a figure has room for.
_DRAWN = 3
#: Draws that a worker of a cluster takes at a time.
_DRAWS_A_TASK = 500
#: An answer is held as it is made, as it is put in order, and as a difference.
_COPIES = 4


@dataclass(frozen=True, repr=False)
class Sweep(Shown):
    """One node's distribution in every combination of what is swept over.

    Parameters
    ----------
    data
        ``probability``, dims chain, draw, what is swept over and the target; where it is held against a base,
        ``difference`` with the same dims, and ``gain``, ``within`` and ``loss``: the probability that a state gains
        the margin or more, moves by less either way, and loses the margin or more. The attributes hold the question,
        whose conduct it is, and whether the effect of what is set is identified.
    target
        The dim of the target's states.
    interval
        Share of the posterior in the intervals of `table` and `plot`.

    Examples
    --------
    >>> import xarray as xr
    >>> from servanda.models import Arrow, Network, Node, Posterior
    >>> network = Network((Node("rain", ("no", "yes")), Node("wet", ("no", "yes"), (Arrow("rain"),))))
    >>> tables = {
    ...     "rain": xr.DataArray([0.8, 0.2], dims="rain"),
    ...     "wet": xr.DataArray([[0.9, 0.1], [0.2, 0.8]], dims=("rain", "wet")),
    ... }
    >>> found = sweep(Posterior.from_tables(network, tables), "wet", do={"rain": ["no", "yes"]})
    >>> found.data["probability"].sel(wet="yes").mean(("chain", "draw")).values
    array([0.1, 0.8])
    """

    data: xr.Dataset
    target: str
    interval: float = INTERVAL

    @property
    def axes(self) -> tuple[str, ...]:
        """Dims that are swept over."""
        return tuple(str(dim) for dim in self.data["probability"].dims if dim not in DRAWS and dim != self.target)

    @property
    def states(self) -> list[str]:
        """States of the target."""
        return [str(state) for state in self.data[self.target].values]

    def table(self, states: str | Iterable[str] | None = None) -> pd.DataFrame:
        """One row a combination and state: ``mean``, ``lower`` and ``upper``.

        Where it is held against a base, ``change`` (its mean), ``change_lower``, ``change_upper``, ``gain``, ``within``
        and ``loss`` as well.

        Parameters
        ----------
        states
            States of the target; all by default.

        Raises
        ------
        QueryError
            Listing states that the target does not have.
        """
        chosen = _chosen(self, states)
        columns: dict[str, np.ndarray] = dict(
            zip(("mean", "lower", "upper"), self._ends("probability", chosen), strict=True)
        )
        if "difference" in self.data:
            changes = self._ends("difference", chosen)
            columns |= dict(zip(("change", "change_lower", "change_upper"), changes, strict=True))
            columns |= {name: self.data[name].sel({self.target: chosen}).values for name in ("gain", "within", "loss")}
        levels = [[*self.data[dim].values] for dim in self.axes]
        index = pd.MultiIndex.from_product([*levels, chosen], names=[shown(dim) for dim in (*self.axes, self.target)])
        return pd.DataFrame({name: np.ravel(values) for name, values in columns.items()}, index)

    def _ends(self, variable: str, states: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Mean and ends of the interval, with the dims of what is swept over and the states."""
        draws = self.data[variable].sel({self.target: list(states)}).transpose(*("chain", "draw"), ...).values
        draws = draws.reshape((-1, *draws.shape[2:]))
        lower, upper = np.quantile(draws, [(1 - self.interval) / 2, (1 + self.interval) / 2], axis=0)
        return draws.mean(axis=0), lower, upper

    @property
    def printed(self) -> PrintedTable:
        """The table of all states as journals print it, shares in per cent and changes in points."""
        table = self.table()
        shares = [name for name in ("mean", "gain", "within", "loss") if name in table]
        return printed_table(table, percent=shares, points=[name for name in ("change",) if name in table])

    def plot(self, state: str | None = None, **look: Unpack[Look]) -> ShownFigure:
        """Draw one state: lines with bands over one axis, a heat map over two, small multiples over three.

        Each cell of a heat map holds the mean, and below it a bar for the interval on a scale across the cell.

        Parameters
        ----------
        state
            Of the target; its last by default.
        **look
            As `servanda.common.canvas.Look` says; names are ``probability``, which has a colour, and what is swept
            over, which has labels alone. The title is the question by default.

        Returns
        -------
        Figure

        Raises
        ------
        QueryError
            If the target has no such state, or more is swept over than can be drawn.
        """
        (own,) = _chosen(self, self.states[-1] if state is None else state)
        # One combination is a line of one point.
        axes = [dim for dim in self.axes if self.data.sizes[dim] > 1] or [*self.axes[:1]]
        if len(axes) > _DRAWN:
            what = f"sweeps over {len(axes)} axes ({', '.join(axes)}); fix some with `Sweep.data.sel`, or set one state"
            raise QueryError.of("plot", f"{what}, since {_DRAWN} can be drawn")
        mean, lower, upper = [
            values[..., 0].reshape([self.data.sizes[dim] for dim in axes])
            for values in self._ends("probability", [own])
        ]
        labels = {shown(dim): [str(label) for label in self.data[dim].values] for dim in axes}
        said = self.data.attrs["question"].removeprefix("P(").removesuffix(")")
        head = f"P({said.replace(shown(self.target), f'{shown(self.target)} = {own}', 1)})"
        return sweep_figure(labels, mean, lower, upper, {"title": head, **look})

    def __str__(self) -> str:
        over = " x ".join(f"{shown(dim)} ({self.data.sizes[dim]})" for dim in self.axes)
        return f"{self.data.attrs['question']}\nover {over or 'one combination'}: see .table(), .plot() and .data"

    def _view(self) -> View:
        return View(self.data.attrs["question"], table=self.table())


def _chosen(found: Sweep, states: str | Iterable[str] | None) -> list[str]:
    """States of the target that are asked for."""
    listed = found.states if states is None else [states] if isinstance(states, str) else [*states]
    faults = [
        Fault(f"state {state}", f"{shown(found.target)} has no such state{nearest(str(state), found.states)}")
        for state in listed
        if state not in found.states
    ]
    raise_faults("sweep", faults, QueryError)
    return listed


def sweep(
    posterior: Posterior,
    target: str,
    *,
    do: Mapping[str, Any] | pd.DataFrame,
    given: Given = None,
    against: States = None,
    margin: float = MARGIN,
    interval: float = INTERVAL,
    draws: int | None = None,
    memory: int = MEMORY_LIMIT,
    client: Any = None,
    progress: bool | Progress | None = None,
    **members: Any,
) -> Sweep:
    """Posterior of a node's distribution under every combination of some interventions.

    Every combination is answered in the same draws, with the same members, so that what combinations share cancels in
    their differences. What they leave open is summed up once for all of them.

    Parameters
    ----------
    posterior
        From `servanda.models.fit`, a file, or tables.
    target
        The node.
    do
        Node set from outside -> its states, each of which is tried with each of the others'; or one state for all. A
        data frame has a row a format instead, by whose labels it is known.
    given
        Observed node -> state; or a data frame with a row for each case, whose labels and blanks are kept.
    against
        Node -> state of a base: every format is held against itself with these states put in, so that a base that names
        all swept nodes is the same for all.
    margin
        The smallest change of a probability that matters, from 0 up to 1; five points by default.
    interval
        Share of the posterior in the intervals, in (0, 1).
    draws
        How many draws to use at the most, evenly spaced within each chain; all by default.
    memory
        Bytes that may be held at once.
    client
        A `distributed.Client` of Dask, whose workers take a part of the draws each.
    progress
        Whether a bar shows how far it is, or what is told of it: how many answers are done; see
        `servanda.common.progress.shown`.
    **members
        Group effect -> member, as in `probability`, or a list of members to sweep over.

    Returns
    -------
    Sweep
        With `table`, `plot` and the draws in `data`, right to 1e-8.

    Raises
    ------
    QueryError
        Listing every wrong name, state, member and setting, with the nearest.
    CapacityError
        If the answers would not fit `memory`; fewer draws would.

    Examples
    --------
    >>> import xarray as xr
    >>> from servanda.models import Arrow, Network, Node, Posterior
    >>> network = Network((Node("rain", ("no", "yes")), Node("wet", ("no", "yes"), (Arrow("rain"),))))
    >>> tables = {"rain": xr.DataArray([0.8, 0.2], dims="rain"),
    ...           "wet": xr.DataArray([[0.9, 0.1], [0.2, 0.8]], dims=("rain", "wet"))}
    >>> found = sweep(Posterior.from_tables(network, tables), "wet", do={"rain": ["no", "yes"]}, against={"rain": "no"})
    >>> found.table("yes")[["mean", "change", "gain"]].round(2)
                   mean  change  gain
    rain wet
    no   yes   0.1     0.0   0.0
    yes  yes   0.8     0.7   1.0
    """
    asked = _checked(posterior, target, do, given, against, members, margin, interval, draws, memory)
    thinned = _thinned(posterior, draws)
    states = len(posterior.network[target].states)
    cells = len(asked.formats) * states * math.prod(thinned.sizes.values()) * _COPIES
    if 8 * cells > memory:
        what = f"needs {8 * cells:,} bytes for {len(asked.formats):,} combinations, and {memory:,} are allowed"
        raise CapacityError("sweep", [Fault("", f"{what}; thin it by draws=, sweep over less, or raise the limit")])
    both = asked.formats if asked.base is None else _joined(asked.formats, asked.base)
    first, which = distinct_rows([*both.fixed.values(), *both.members.values()], len(both))
    pieces = [thinned] if client is None else _pieces(thinned)
    tasks = [partial(_answered, piece, both.rows(first), memory) for piece in pieces]
    with shown_progress(progress) as tell:
        how: dict[str, Any] = {"within": tell} if client is None else {"progress": tell, "what": "sweeping"}
        parts = mapped(tasks, workers=1, client=client, **how)
    found = np.concatenate(parts, axis=-1)[:, which]
    taken = {*DRAWS, *_VARIABLES, *asked.labels}
    dim = escape(target, taken)
    coords: dict[str, Any] = {
        name: thinned.draws[name].values for name in ("chain", "draw") if name in thinned.draws.coords
    }
    coords |= {**asked.labels, dim: list(posterior.network[target].states)}
    shape = (states, *(len(labels) for labels in asked.labels.values()), *thinned.sizes.values())
    dims = (dim, *asked.labels, "chain", "draw")

    def labelled(values: np.ndarray) -> xr.DataArray:
        answer = xr.DataArray(values.reshape(shape), dims=dims).transpose("chain", "draw", *asked.labels, dim)
        return answer.assign_coords(coords)

    count = len(asked.formats)
    data = xr.Dataset({"probability": labelled(found[:, :count])})
    if asked.base is not None:
        data["difference"] = labelled(found[:, :count] - found[:, count:])
        data = data.assign(change_shares(data["difference"], margin).data_vars)
        data.attrs["against"] = ", ".join(f"{name} = {state}" for name, state in as_states(against, "against").items())
        data.attrs["margin"] = margin
    data.attrs |= asked.attrs(thinned, target)
    return Sweep(data, dim, interval)


def _pieces(posterior: Posterior) -> list[Posterior]:
    """A posterior in parts of at most `_DRAWS_A_TASK` draws, whatever the number of workers."""
    chains, each = posterior.sizes["chain"], posterior.sizes["draw"]
    step = max(1, _DRAWS_A_TASK // chains)
    parts = (posterior.draws.isel(draw=slice(start, start + step)) for start in range(0, each, step))
    return [replace(posterior, tree=draws_tree({"posterior": part})) for part in parts]


def _answered(posterior: Posterior, asked: Configurations, memory: int, progress: Progress) -> np.ndarray:
    """Distributions in every combination, shape (states, combinations, chains, draws)."""
    found = configuration_distributions(DrawnNetwork.of(posterior), asked, memory=memory, progress=progress)
    return found.reshape((*found.shape[:2], *posterior.sizes.values()))


@dataclass(frozen=True)
class _Asked:
    """A sweep in numbers: its combinations, those of the base, and the labels of what is swept over."""

    formats: Configurations
    base: Configurations | None
    labels: Mapping[str, list[Any]]
    words: Mapping[str, Any] = field(repr=False)

    def attrs(self, posterior: Posterior, target: str) -> dict[str, str]:
        """What holds of every combination: the question, whose conduct it is, whether the effect is identified."""
        fixed = {**dict.fromkeys(self.formats.given, "each case has it"), **dict.fromkeys(self.formats.do, "set")}
        known = {name: state for name, state in self.words["given"].items() if isinstance(state, str)}
        names = tuple(name for name, numbers in self.formats.given.items() if np.all(numbers != MISSING))
        return {
            "question": self.words["question"],
            "whose_conduct": whose_conduct(posterior.network, [target], {**fixed, **known}),
            **effect(posterior, (target,), tuple(self.formats.do), names),
        }


def _joined(one: Configurations, other: Configurations) -> Configurations:
    given, do, members = (
        {name: np.concatenate([numbers, getattr(other, side)[name]]) for name, numbers in getattr(one, side).items()}
        for side in ("given", "do", "members")
    )
    return replace(one, given=given, do=do, members=members)


def _checked(
    posterior: Posterior,
    target: str,
    do: Mapping[str, Any] | pd.DataFrame,
    given: Given,
    against: States,
    members: Mapping[str, Any],
    margin: float,
    interval: float,
    draws: int | None,
    memory: int,
) -> _Asked:
    """Numbers for all names; every fault of every part at once."""
    raise_faults("question", wrong_kinds({"posterior": (posterior, Posterior)}), QueryError)
    network, faults = posterior.network, list[Fault]()
    for check in (lambda: check_keywords(sweep, posterior, members), lambda: checked_margin(margin)):
        _gathered(check, faults)
    if draws is not None and not (isinstance(draws, Integral) and draws >= 1):
        faults.append(Fault("draws", f"is {draws}; use one at the least, and a whole number"))
    if not (isinstance(interval, Real) and 0 < interval < 1):
        faults.append(Fault("interval", f"is {interval}; give a share between 0 and 1, such as 0.9"))
    if not isinstance(memory, Real):
        faults.append(Fault("memory", f"is {memory!r}; give a number of bytes"))
    formats = as_table(do)
    swept = {} if formats is not None else {name: as_listed(states) for name, states in as_states(do, "do").items()}
    columns = {} if formats is None else {str(name): [*formats[name]] for name in formats.columns}
    if not swept and (formats is None or formats.empty):
        faults.append(Fault("do", "sets nothing; name a node and its states, such as {'guarantors': ['1', '5']}"))
    done = {name: _numbers(network, "do", name, states, faults) for name, states in {**swept, **columns}.items()}
    faults += [
        Fault(f"do {name}", "has no states to try") if not states else Fault(f"do {name}", "names a state twice")
        for name, states in swept.items()
        if not states or (len(set(done[name])) < len(states) and MISSING not in done[name])
    ]
    base = {n: _numbers(network, "against", n, [s], faults)[0] for n, s in as_states(against, "against").items()}
    faults += [
        Fault(f"against {name}", f"is not set in the sweep{nearest(name, done)}; add it to do")
        for name in base
        if name in network and name not in done
    ]
    cases = as_table(given)
    seen: dict[str, Any] = {} if cases is None else code_evidence(network, cases, faults)
    single = as_states(given, "given") if cases is None else {}
    first = {name: network[name].states[max(own[0], 0)] for name, own in done.items() if own and name in network}
    question = _gathered(lambda: check_question(network, (target,), single, first, columns=seen), faults)
    whose = {name: as_listed(members.get(name)) for name in posterior.members}
    numbers = {
        name: [_gathered(lambda n=name, m=member: posterior.member(n, m), faults) for member in listed]
        for name, listed in whose.items()
    }
    raise_faults("sweep", faults, QueryError)
    seen |= {name: np.array([number]) for name, number in (question.given if question else ())}
    axes: dict[str, list[Any]] = {}
    if cases is not None:
        axes[_CASE] = [*cases.index]
    axes |= {} if formats is None else {_FORMAT: [*formats.index]}
    listed = {name: [network[name].states[number] for number in done[name]] for name in swept if not _is_one(do[name])}
    listed |= {name: [_said(one) for one in own] for name, own in whose.items() if not _is_one(members.get(name))}
    # A node may have the name of another dim.
    called = {name: escape(name, {*DRAWS, *_VARIABLES, *axes}) for name in listed}
    axes |= {called[name]: labels for name, labels in listed.items()}
    places = (
        np.indices([len(labels) for labels in axes.values()]).reshape(len(axes), -1) if axes else np.zeros((0, 1), int)
    )
    place = dict(zip(axes, places, strict=True))
    count = places.shape[1]

    def spread(name: str, own: Sequence[int] | np.ndarray, dim: str | None) -> np.ndarray:
        dim = called.get(name) if dim is None else dim
        return np.broadcast_to(np.asarray(own)[0 if dim is None else place[dim]], count).copy()

    settings = {name: spread(name, own, _FORMAT if name in columns else None) for name, own in done.items()}
    evidence = {name: spread(name, own, None if cases is None else _CASE) for name, own in seen.items()}
    acting = {name: spread(name, own, None) for name, own in numbers.items()}
    asked = Configurations(target, (), evidence, settings, acting)
    held = None
    if against is not None:
        held = replace(asked, do={**settings, **{name: np.full(count, number) for name, number in base.items()}})
    said = {
        name: network[name].states[own[0]] for name, own in done.items() if name not in called and name not in columns
    }
    words = in_words(network, (target,), given, said, {name: members.get(name) for name in whose})
    swept_over = [f"do({name} = each)" for name in (*columns, *(name for name in swept if name in called))]
    marks = "; " if words.endswith(f"P({target})") or " | " not in words else ", "
    joined = words.removesuffix(")") + (" | " if " | " not in words else marks) + ", ".join(swept_over) + ")"
    return _Asked(asked, held, axes, {"question": joined if swept_over else words, "given": single})


def _said(member: str | None) -> str:
    return "not seen" if member is None else member


def _gathered(work: Any, faults: list[Fault]) -> Any:
    """What some work gives, or nothing and its faults among the others."""
    try:
        return work()
    except QueryError as error:
        faults += error.faults
        return None


def _numbers(network: Any, kind: str, name: str, states: Sequence[Any], faults: list[Fault]) -> list[int]:
    """State numbers; what is unknown is added to the faults, and leaves a gap."""
    where = f"{kind} {name}"
    if name not in network:
        faults.append(Fault(where, f"no such node{nearest(name, network.names)}"))
        return [MISSING] * len(states)
    found = []
    for state in states:
        try:
            found.append(network[name].index(state))
        except QueryError as error:
            faults += [Fault(where, fault.what) for fault in error.faults]
            found.append(MISSING)
    return found


@singledispatch
def as_listed(stated: Any) -> list[Any]:
    """States or members to sweep over: those of a list, or the one that is stated."""
    return [stated]


@as_listed.register
def _(stated: Iterable) -> list[Any]:
    return list(stated)


as_listed.register(str, as_listed.dispatch(object))
as_listed.register(bytes, as_listed.dispatch(object))
as_listed.register(Mapping, as_listed.dispatch(object))


def _is_one(stated: Any) -> bool:
    """Whether one state or member is stated rather than a list of them."""
    return as_listed.dispatch(type(stated)) is as_listed.dispatch(object)


def _thinned(posterior: Posterior, draws: int | None) -> Posterior:
    """The posterior with so many draws at the most, evenly spaced within each chain."""
    chains, each = posterior.sizes["chain"], posterior.sizes["draw"]
    wanted = each if draws is None else max(1, draws // chains)
    if wanted >= each:
        return posterior
    kept = posterior.draws.isel(draw=np.linspace(0, each - 1, wanted).round().astype(int))
    return replace(posterior, tree=draws_tree({"posterior": kept}))
