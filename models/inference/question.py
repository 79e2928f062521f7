"""What is asked of a network, in state numbers, and which of its tables the answer depends on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...common.errors import Fault, InputError, nearest, raise_faults
from ..errors import QueryError
from ..network.network import Network


class CapacityError(InputError):
    """A question whose tables would not fit the stated memory.

    Examples
    --------
    >>> import xarray as xr
    >>> from servanda.analysis import probability
    >>> from servanda.models import Network, Node, Posterior
    >>> network = Network((Node("rain", ("no", "yes")),))
    >>> posterior = Posterior.from_tables(network, {"rain": xr.DataArray([0.8, 0.2], dims="rain")})
    >>> try:
    ...     probability(posterior, "rain", memory=1)
    ... except CapacityError as error:
    ...     print(error)
    question: needs 48 bytes at the least for its answer, and 1 are allowed; ask for fewer nodes, draws or cases, or...
    """


class ImpossibleEvidenceError(InputError):
    """Evidence that has probability zero.

    Examples
    --------
    >>> import xarray as xr
    >>> from servanda.analysis import probability
    >>> from servanda.models import Arrow, Network, Node, Posterior
    >>> network = Network((Node("rain", ("no", "yes")), Node("wet", ("no", "yes"), (Arrow("rain"),))))
    >>> tables = {
    ...     "rain": xr.DataArray([1.0, 0.0], dims="rain"),
    ...     "wet": xr.DataArray([[1.0, 0.0], [0.0, 1.0]], dims=("rain", "wet")),
    ... }
    >>> try:
    ...     probability(Posterior.from_tables(network, tables), "rain", given={"wet": "yes"})
    ... except ImpossibleEvidenceError as error:
    ...     print(error)
    question: given: has probability zero: wet = yes
    """


@dataclass(frozen=True)
class Question:
    """What is asked of a network, in state numbers.

    Parameters
    ----------
    targets
        Nodes whose joint distribution is wanted.
    given
        Observed node -> state number.
    do
        Node set by intervention -> state number.
    """

    targets: tuple[str, ...]
    given: tuple[tuple[str, int], ...] = ()
    do: tuple[tuple[str, int], ...] = ()

    @property
    def fixed(self) -> dict[str, int]:
        """Everything that has one state only."""
        return dict(self.given) | dict(self.do)

    @property
    def form(self) -> Form:
        """The question without its states."""
        return Form(self.targets, tuple(name for name, _ in self.given), tuple(name for name, _ in self.do))


@dataclass(frozen=True)
class Form:
    """A question without its states: questions of one form are answered by one plan.

    Parameters
    ----------
    targets, given, do
        Names of nodes.
    likely
        Nodes with virtual evidence: a weight for each state, where `given` names one state.
    """

    targets: tuple[str, ...]
    given: tuple[str, ...] = ()
    do: tuple[str, ...] = ()
    likely: tuple[str, ...] = ()

    @property
    def fixed(self) -> frozenset[str]:
        """Nodes that have one state only."""
        return frozenset((*self.given, *self.do))


def check_question(
    network: Network,
    targets: tuple[str, ...],
    given: Mapping[str, Any],
    do: Mapping[str, Any],
    *,
    targets_needed: bool = True,
    likely: Iterable[str] = (),
    columns: Iterable[str] = (),
) -> Question:
    """Turn names into numbers.

    Parameters
    ----------
    likely
        Nodes with virtual or soft evidence.
    columns
        Nodes that are given in some of several cases, by numbers checked elsewhere.

    Raises
    ------
    QueryError
        Listing unknown nodes and states, with the nearest; nodes both given and done; targets that are given.
    """
    faults: list[Fault] = []
    columns = tuple(columns)
    numbers = {kind: _numbers(network, kind, stated, faults) for kind, stated in (("given", given), ("do", do))}
    if targets_needed and not targets:
        faults.append(Fault("target", "none is asked for"))
    for name in targets:
        if name not in network:
            faults.append(Fault(f"target {name}", f"no such node{nearest(name, network.names)}"))
        elif name in given or name in do or name in columns:
            faults.append(Fault(f"target {name}", "is itself given or set; ask for a node that is not"))
    if len(set(targets)) < len(targets):
        faults.append(Fault("target", f"is named twice: {', '.join(targets)}"))
    faults += _overlaps((*given, *columns), do, likely)
    raise_faults("question", faults, QueryError)
    return Question(targets, tuple(sorted(numbers["given"].items())), tuple(sorted(numbers["do"].items())))


def _overlaps(given: Iterable[str], do: Iterable[str], likely: Iterable[str]) -> list[Fault]:
    """Say which nodes have evidence of two kinds."""
    given, do = set(given), set(do)
    faults = [
        Fault(f"node {name}", "is both given (observed) and done (set); choose one") for name in sorted(given & do)
    ]
    likely = set(likely)
    faults += [
        Fault(f"node {name}", "is given (observed), so a weight for each of its states says nothing more; choose one")
        for name in sorted(given & likely)
    ]
    faults += [
        Fault(f"node {name}", "is done (set), so nothing is learnt from evidence about it; choose one")
        for name in sorted(do & likely)
    ]
    return faults


def _numbers(network: Network, kind: str, stated: Mapping[str, Any], faults: list[Fault]) -> dict[str, int]:
    """State numbers of one kind of evidence; what is unknown is added to the faults."""
    numbers = {}
    for name, state in stated.items():
        if name not in network:
            faults.append(Fault(f"{kind} {name}", f"no such node{nearest(name, network.names)}"))
            continue
        try:
            numbers[name] = network[name].index(state)
        except QueryError as error:
            faults += [Fault(f"{kind} {name}", fault.what) for fault in error.faults]
    return numbers


def relevant(network: Network, form: Form) -> tuple[str, ...]:
    """Nodes whose tables the answer depends on.

    Barren nodes (no target or evidence below them) sum to one. Of the rest, a node that the evidence separates
    from the targets only scales all answers alike and is dropped (Shachter 1998†, requisite nodes).
    """
    names = _upstream(network, (*form.targets, *form.given, *form.likely), form.do)
    # Tables as sets of free axes; those linked to a target, directly or through others, matter.
    free = {name: {axis for axis in network.axes(name) if axis not in form.fixed} for name in names}
    having: dict[str, list[str]] = {}
    for name in names:
        for axis in free[name]:
            having.setdefault(axis, []).append(name)
    linked, waiting = set(form.targets), set(form.targets)
    kept: set[str] = set()
    while waiting:
        for name in having.get(waiting.pop(), ()):
            if name not in kept:
                kept.add(name)
                waiting |= free[name] - linked
                linked |= free[name]
    return tuple(name for name in names if name in kept)


def evidence_nodes(network: Network, form: Form) -> tuple[str, ...]:
    """Nodes whose tables the probability of the evidence depends on."""
    return _upstream(network, (*form.given, *form.likely), form.do)


def _upstream(network: Network, names: Iterable[str], do: Collection[str]) -> tuple[str, ...]:
    """`names` and their ancestors in the network mutilated by `do`, without the nodes that are done."""
    above = network.ancestors(names, cut=do)
    return tuple(name for name in network.names if name in above and name not in do)
