r"""Why a probability is what it is: from the raw base rate of the record to the described case, feature by feature.

The players of the game are what is described: each node that is given, each that is done, each member that is named. A
coalition $S$ is worth the answer for the record's cases with the features of $S$ as in the described case and the
others as each case has them,

$$
v(S) = \frac{1}{n} \sum_{i=1}^{n} P(y \mid x_S, x^{(i)}_{-S}),
$$

so that $v(\varnothing)$ is what the model says of the record's own cases and $v(N)$ is the answer. What a case leaves
open is summed out, as what is not described is everywhere. A feature has its Shapley value (Shapley 1953†), here over
the cases as background (Lundberg and Lee 2017†; Janzing, Minorics and Bloebaum 2020†, who say why not over the
conditional distribution: that would credit a feature for what goes along with it),

$$
\phi_j = \sum_{S \not\ni j} \frac{|S|!\,(m - |S| - 1)!}{m!}\,\bigl(v(S \cup j) - v(S)\bigr),
$$

in every draw. All coalitions are gone through; equal configurations are answered once. Nothing here is causal: a
feature is associated with a higher or a lower answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import accumulate
from math import ceil, factorial, prod
from operator import mul
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from scipy.sparse import csr_array

from ...common.canvas import Look
from ...common.errors import Fault, raise_faults
from ...common.printed import PrintedTable, printed_table
from ...common.progress import Progress, shown
from ...common.show import Shown, View
from ...models.cases.encode import MISSING, Cases
from ...models.errors import QueryError
from ...models.families.unseen import INTEGRATED
from ...models.inference.tables import DrawnNetwork, distinct_rows
from ...models.network.network import Network
from ...models.posterior import Posterior
from ...models.questions.configurations import Configurations, adds_up, configuration_answers
from ...models.questions.evidence import split_interventions
from ...models.questions.quantity import Quantity
from ...models.sampling.refit import cases_of
from ...models.sampling.run import as_cases
from ...models.store import draws_tree
from ..figures.drivers import waterfall_figure
from ..summaries.change import Change, summarise_change, whole_points

if TYPE_CHECKING:
    from typing import Unpack

    import pandas as pd

    from ...common.figure_style import ShownFigure

#: Kind of a line -> what it is, for a reader.
KINDS: Mapping[str, str] = {"record": "the record's cases", "given": "given", "done": "done", "who": "who acts"}
#: Draws that are used at the most, and at the least where the budget is short.
_MOST_DRAWS, _FEWEST_DRAWS = 800, 100
#: Cells of all configurations and draws that are summed in some seconds, and those that frequencies count for.
_BUDGET, _WAVES = 6 * 10**8, 40
#: Features from which on there are too many coalitions.
MOST_FEATURES = 14


@dataclass(frozen=True)
class Driver:
    """One line between the base rate and the answer.

    Parameters
    ----------
    kind
        Key of `KINDS`.
    name
        The node or the group effect; ``record`` for the first line.
    state
        Its state or member in the described case; empty for the first line.
    draws
        Its points of probability, dims (chain, draw).

    Examples
    --------
    >>> import xarray as xr
    >>> driver = Driver("node", "guarantors", "5", xr.DataArray([[0.02, 0.04]], dims=("chain", "draw")))
    >>> driver.name, driver.draws.mean().item()
    ('guarantors', 0.03)
    """

    kind: str
    name: str
    state: str
    draws: xr.DataArray

    @cached_property
    def change(self) -> Change:
        """Its mean, the intervals that hold half and 90 % of the posterior, and the shares of gain and loss."""
        return summarise_change(self.draws)

    @property
    def side(self) -> str:
        """``supporting`` or ``contrary``, by the sign of its mean; ``neither`` where that rounds to no point."""
        points = whole_points(self.change.mean)
        return {"+": "supporting", "-": "contrary"}.get(points[0], "neither")

    @property
    def label(self) -> str:
        """What it is called in a table."""
        return f"{self.name} = {self.state}" if self.state else "the model on the record's cases"


@dataclass(frozen=True, repr=False)
class Drivers(Shown):
    """An answer in lines that lead from the raw base rate of the record to it.

    Parameters
    ----------
    base_rate
        Share of the record's cases in the asked states.
    cases
        Number of cases whose outcome is known.
    lines
        First what the model says of those cases on average, less the base rate; then one for each described feature,
        the largest mean first. In every draw they add up to the answer less the base rate.
    answer
        The answer in the draws that were used, dims (chain, draw).
    every
        How many draws of each chain one of them stands for; 1 where all were used.
    title
        What was asked, in the notation of the network.

    Examples
    --------
    >>> import pandas as pd, xarray as xr
    >>> from servanda.models import Arrow, Network, Node, Posterior, chance_of
    >>> network = Network((Node("rain", ("no", "yes")), Node("wet", ("no", "yes"), (Arrow("rain"),))))
    >>> tables = {
    ...     "rain": xr.DataArray([0.8, 0.2], dims="rain"),
    ...     "wet": xr.DataArray([[0.9, 0.1], [0.2, 0.8]], dims=("rain", "wet")),
    ... }
    >>> seen = pd.DataFrame({"rain": ["no", "no", "no", "yes"], "wet": ["no", "no", "yes", "yes"]})
    >>> found = drivers(Posterior.from_tables(network, tables), chance_of("wet", "yes", {"rain": "yes"}), seen)
    >>> found.base_rate, [line.name for line in found.lines]
    (0.5, ['record', 'rain'])
    """

    base_rate: float
    cases: int
    lines: tuple[Driver, ...]
    answer: xr.DataArray
    every: int
    title: str

    @property
    def features(self) -> tuple[Driver, ...]:
        """Lines of the described features."""
        return self.lines[1:]

    @property
    def supporting(self) -> tuple[Driver, ...]:
        """Features associated with a higher answer."""
        return tuple(line for line in self.features if line.side == "supporting")

    @property
    def contrary(self) -> tuple[Driver, ...]:
        """Features associated with a lower answer."""
        return tuple(line for line in self.features if line.side == "contrary")

    @property
    def total(self) -> Change:
        """The answer less the base rate."""
        return summarise_change(self.answer - self.base_rate)

    @property
    def table(self) -> pd.DataFrame:
        """One row a line: kind, name, state, mean, lower, quarter, three_quarters, upper, side."""
        import pandas as pd

        kept = ("mean", "lower", "quarter", "three_quarters", "upper")
        return pd.DataFrame(
            [
                {
                    "kind": line.kind,
                    "name": line.name,
                    "state": line.state,
                    **{name: asdict(line.change)[name] for name in kept},
                    "side": line.side,
                }
                for line in self.lines
            ]
        )

    @property
    def printed(self) -> PrintedTable:
        """The table as journals print it."""
        return printed_table(self.table, points=["mean"])

    def plot(self, **look: Unpack[Look]) -> ShownFigure:
        """Waterfall from the base rate to the answer.

        Parameters
        ----------
        **look
            As `servanda.common.canvas.Look` says; names are ``base rate``, the labels of the lines, and ``answer``.
        """
        rows = [{**asdict(line.change), "label": line.label} for line in self.lines]
        return waterfall_figure(rows, self.base_rate, look)

    @property
    def note(self) -> str:
        """What is to be known of the numbers."""
        thinned = f"; one draw in {self.every}" if self.every > 1 else ""
        return f"associated with, not caused by; Shapley values over {self.cases} cases of the record{thinned}"

    def __str__(self) -> str:
        rows = [f"base rate {self.base_rate:.2f} ({self.cases} cases)"]
        for line in self.lines:
            mean, lower, upper = (whole_points(x) for x in (line.change.mean, line.change.lower, line.change.upper))
            rows.append(f"{mean:>4} [{lower}, {upper}] {line.label}")
        return "\n".join([*rows, f"answer {float(self.answer.mean()):.2f}", self.note])

    def _view(self) -> View:
        start, end = f"base rate {self.base_rate:.3f}", f"answer {float(self.answer.mean()):.3f}"
        table = self.table.drop(columns="kind").set_index(["name", "state"])
        return View(f"{self.title}: {start}, {end}", table=table, notes=(self.note,))


def drivers(
    posterior: Posterior,
    asked: Quantity,
    cases: Any = None,
    *,
    draws: int | None = None,
    progress: bool | Progress | None = None,
) -> Drivers:
    """Contributions of the described features to a probability, from the record's base rate on.

    Parameters
    ----------
    posterior
        From `servanda.models.fit`, a file, or tables.
    asked
        A probability, from `servanda.analysis.chance_of`, that gives, does or names something.
    cases
        The record whose base rate it starts from, and whose cases are the background, in any form that
        `servanda.fit` takes; those of the fit by default.
        Cases whose outcome is not known are left out.
    draws
        How many draws to use at the most, evenly spaced; as many as take some seconds by default, 800 at the most.
    progress
        Whether a bar shows how far it is, or what is told of it: how many answers are done; see
        `servanda.common.progress.shown`.

    Returns
    -------
    Drivers
        In points of probability.

    Raises
    ------
    QueryError
        Listing what is wrong with the question: it asks for a difference or for no probability, sets a node by lot,
        describes nothing or more than `MOST_FEATURES` features; or if no case has a known outcome.
    ImpossibleEvidenceError
        If the described case joined with parts of a case of the record has probability zero.

    Examples
    --------
    >>> import pandas as pd, xarray as xr
    >>> from servanda.analysis import chance_of
    >>> from servanda.models import Arrow, Network, Node, Posterior
    >>> network = Network((Node("rain", ("no", "yes")), Node("wet", ("no", "yes"), (Arrow("rain"),))))
    >>> tables = {"rain": xr.DataArray([0.8, 0.2], dims="rain"),
    ...           "wet": xr.DataArray([[0.9, 0.1], [0.2, 0.8]], dims=("rain", "wet"))}
    >>> posterior = Posterior.from_tables(network, tables)
    >>> seen = pd.DataFrame({"rain": ["no", "no", "no", "yes"], "wet": ["no", "no", "yes", "yes"]})
    >>> print(drivers(posterior, chance_of("wet", "yes", {"rain": "yes"}), seen))
    base rate 0.50 (4 cases)
     -22 [-22, -22] the model on the record's cases
     +52 [+52, +52] rain = yes
    answer 0.80
    associated with, not caused by; Shapley values over 4 cases of the record
    """
    network = posterior.network
    faults = _faults(network, asked)
    if draws is not None and draws < 1:
        faults.append(Fault("draws", f"is {draws}; use one at the least"))
    raise_faults("drivers", faults, QueryError)
    known = cases_of(posterior) if cases is None else as_cases(network, cases)
    outcome = known.codes[asked.target]
    states = tuple(network[asked.target].index(state) for state in asked.states)
    rows = np.flatnonzero(outcome != MISSING)
    if not len(rows):
        raise QueryError.of("drivers", f"needs cases whose {asked.target} is known, and there are none")
    counts = known.weights[rows]
    total = int(counts.sum())
    base_rate = int(counts[np.isin(outcome[rows], states)].sum()) / total
    features = _features(posterior, asked)
    background = np.column_stack([_of_cases(posterior, known, feature, rows) for feature in features])
    game = _Game.of(features, background, counts / total)
    configurations = game.configurations(posterior, asked, states)
    every = _every(posterior, configurations, draws)
    thinned = _thinned(posterior, every)
    with shown(progress) as tell:
        worth = game.worth @ configuration_answers(DrawnNetwork.of(thinned), configurations, progress=tell)
    answer = asked.draws(thinned)
    # The last coalition is the question itself: the lines add up to the very answer that is reported.
    worth[-1] = answer.values.ravel()
    values = [worth[0] - base_rate, *(shapley_weights(len(features)) @ worth)]
    found = [answer.copy(data=np.reshape(value, answer.shape)).drop_attrs() for value in values]
    lines = [
        Driver(feature.kind, feature.name, feature.state, one) for feature, one in zip(features, found[1:], strict=True)
    ]
    lines.sort(key=lambda line: -abs(float(line.draws.mean())))
    first = Driver("record", "record", "", found[0])
    return Drivers(base_rate, total, (first, *lines), answer, every, asked.words(network))


def shapley_weights(players: int) -> np.ndarray:
    """What each player's Shapley value makes of the worth of each coalition.

    Returns
    -------
    ndarray
        Shape (players, 2 ** players). Bit j of a coalition's number says whether player j is in it.

    Examples
    --------
    >>> shapley_weights(2)
    array([[-0.5,  0.5, -0.5,  0.5],
           [-0.5, -0.5,  0.5,  0.5]])
    """
    numbers = np.arange(2**players)
    inside = (numbers >> np.arange(players)[:, None]) & 1
    size = inside.sum(axis=0)
    share = np.array([factorial(s) * factorial(players - s - 1) / factorial(players) for s in range(players)])
    return np.where(inside, share[size - 1], -share[np.minimum(size, players - 1)])


@dataclass(frozen=True)
class _Feature:
    """A player: what the described case says of a node or of a group.

    Parameters
    ----------
    number
        State or member number in the described case.
    """

    kind: str
    name: str
    state: str
    number: int


def _faults(network: Network, asked: Quantity) -> list[Fault]:
    if asked.is_difference or not asked.is_probability:
        return [Fault("question", "asks for no probability of one case; ask for one, without `against`")]
    faults = asked.faults(network)
    by_lot = [] if faults else [*split_interventions(network, asked.do, faults)[1]]
    faults += [Fault(f"node {name}", "is set by lot; set it to one state") for name in by_lot]
    described = len(asked.given) + len(asked.do) + sum(member is not None for member in asked.members.values())
    if not described:
        faults.append(Fault("question", "describes nothing: give or do something, or name who acts"))
    if described > MOST_FEATURES:
        what = f"describes {described} features; {MOST_FEATURES} at the most, as all their coalitions are gone through"
        faults.append(Fault("question", what))
    return faults


def _features(posterior: Posterior, asked: Quantity) -> list[_Feature]:
    network = posterior.network
    sides = (("given", asked.given), ("done", asked.do))
    nodes = [(kind, name, network[name].index(state)) for kind, side in sides for name, state in side.items()]
    found = [_Feature(kind, network[name].name, network[name].states[number], number) for kind, name, number in nodes]
    for group, member in asked.members.items():
        if member is not None:
            found.append(_Feature("who", group, str(member), posterior.member(group, str(member))))
    return found


def _of_cases(posterior: Posterior, cases: Cases, feature: _Feature, rows: np.ndarray) -> np.ndarray:
    """State or member number that each case has of a feature."""
    if feature.kind != "who":
        return cases.codes[feature.name][rows]
    seen = posterior.levels[feature.name]
    numbers = [seen.index(name) if name in seen else INTEGRATED for name in cases.levels[feature.name]]
    return np.array(numbers)[cases.members[feature.name][rows]]


@dataclass(frozen=True)
class _Game:
    """All coalitions, as shares of distinct configurations.

    Parameters
    ----------
    features
        The players.
    distinct
        Number of each feature in each distinct configuration, shape (configurations, features).
    worth
        Share of the cases that have each configuration in each coalition, shape (coalitions, configurations).
    """

    features: Sequence[_Feature]
    distinct: np.ndarray
    worth: csr_array

    @classmethod
    def of(cls, features: Sequence[_Feature], background: np.ndarray, weights: np.ndarray) -> _Game:
        described = np.array([feature.number for feature in features])
        firsts, which = distinct_rows([*background.T], len(background))
        shares, few = np.bincount(which, weights), background[firsts]
        # Each configuration as one number, whose digits are places among the numbers that a feature can have.
        kept = [np.unique(column) for column in np.vstack([few, described]).T]
        sizes = [len(numbers) for numbers in kept]
        digit = np.array([1, *accumulate(sizes[:-1], mul)], np.int64 if prod(sizes) < 2**62 else object)
        theirs = digit * np.column_stack([np.searchsorted(*pair) for pair in zip(kept, few.T, strict=True)])
        ours = digit * np.array([np.searchsorted(*pair) for pair in zip(kept, described, strict=True)])
        coalitions = np.arange(2 ** len(features))
        inside = (coalitions[:, None] >> np.arange(len(features))) & 1
        codes, configuration = np.unique((inside @ ours)[:, None] + (1 - inside) @ theirs.T, return_inverse=True)
        distinct = np.column_stack(
            [numbers[(codes // one % size).astype(int)] for numbers, one, size in zip(kept, digit, sizes, strict=True)]
        )
        coalition = np.repeat(coalitions, len(few))
        entries = (np.tile(shares, len(coalitions)), (coalition, configuration.ravel()))
        return cls(features, distinct, csr_array(entries, shape=(len(coalitions), len(codes))))

    def configurations(self, posterior: Posterior, asked: Quantity, states: tuple[int, ...]) -> Configurations:
        sides: dict[str, dict[str, np.ndarray]] = {"given": {}, "done": {}, "who": {}}
        for feature, column in zip(self.features, self.distinct.T, strict=True):
            sides[feature.kind][feature.name] = column
        open_groups = [group for group in posterior.members if group not in sides["who"]]
        members = sides["who"] | {group: np.full(len(self.distinct), INTEGRATED) for group in open_groups}
        target = posterior.network[asked.target].name
        return Configurations(target, states, sides["given"], sides["done"], members)


def _every(posterior: Posterior, asked: Configurations, draws: int | None) -> int:
    """How many draws of a chain one that is used stands for."""
    sizes = posterior.sizes
    total = sizes["chain"] * sizes["draw"]
    if draws is not None:
        return max(1, ceil(total / draws))
    network, cells = posterior.network, _WAVES
    if not adds_up(DrawnNetwork.of(posterior), asked.form):
        cells = prod(len(network[axis].states) for axis in network.axes(asked.target) if axis not in asked.fixed)
    most = int(np.clip(_BUDGET / (len(asked) * cells), _FEWEST_DRAWS, _MOST_DRAWS))
    return max(1, ceil(total / most))


def _thinned(posterior: Posterior, every: int) -> Posterior:
    if every == 1:
        return posterior
    kept = posterior.draws.isel(draw=slice(None, None, every))
    return replace(posterior, tree=draws_tree({"posterior": kept}))
