"""Two coders: the data as the first coded it, as the second did, or the truth behind both.

With both, what happened is a latent node and each coder's code of it is seen: P(code | truth, stated confidence) is a
confusion matrix for each coder and each confidence, learned with everything else (Dawid and Skene 1979, Applied
Statistics 28(1); cited from memory). Which state is which follows from the prior of the matrices, which favours being
right (`servanda.models.families.table.Confusion`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...common.errors import Fault, nearest, raise_faults
from ..cases.encode import Cases, data_column, table_or_coded
from ..errors import DataError
from ..network.network import Network
from ..network.parameters import network_parameters
from ..network.toml import as_network
from ..node import Arrow, Coding, Node, as_text
from ..parameters.prior_set import PriorEntry, PriorSet

if TYPE_CHECKING:
    import pandas as pd

#: What stands before the name of a column that the second coder filled, as `servanda.record` names them.
SECOND = "second_"
#: Column in which a coder says how sure it is.
CONFIDENCE = "confidence"
#: Coder -> what stands before the names of its columns.
CODERS: Mapping[str, str] = {"first": "", "second": SECOND}
ADDED = "; servanda.record.with_second_coding adds it to the shipped cases"


def coded_by(
    network: Network | str | os.PathLike[str],
    cases: Any,
    priors: PriorSet | None = None,
    coding: str = "first",
    node: str = "compliance",
) -> tuple[Network, Any, PriorSet | None]:
    """Say whose coding a fit learns from: give what `fit` is to be given for it.

    Parameters
    ----------
    network, cases, priors
        As in `servanda.models.fit`. For a second coding, `cases` is a data frame that has it:
        `servanda.record.with_second_coding` puts it there.
    coding
        ``"first"``: the data as it is.
        ``"second"``: every column that the second coder filled instead of the first coder's; where it is blank the
        cell is missing.
        ``"both"``: the truth of `node` is latent, and what each coder says is a child of it. The other columns stay
        the first coder's.
    node
        With both: the node that was coded twice.

    Returns
    -------
    network
        With both: four nodes more for a node ``y``. ``y_first`` and ``y_second`` hold the codes, of the family
        ``confusion``, and ``y_first_confidence`` and ``y_second_confidence`` how sure each coder was, which is seen
        and has no parents. Questions about ``y`` are asked as before.
    cases
        Columns to match.
    priors
        With a default, named as one, for each parameter of the new nodes that the set does not speak of. State
        ``y_first.confusion`` or ``*.confusion`` to have another.

    Raises
    ------
    DataError
        If there is no such coding or node, or no second coding in the data.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Network, Node
    >>> network = Network((Node("kept", ("no", "yes")),))
    >>> cases = pd.DataFrame({"kept": ["no", "yes"], "confidence": ["low", "high"],
    ...                       "second_kept": ["yes", "yes"], "second_confidence": ["low", "low"]})
    >>> both, _, _ = coded_by(network, cases, None, "both", "kept")
    >>> both.names
    ('kept', 'kept_first_confidence', 'kept_second_confidence', 'kept_first', 'kept_second')
    >>> coded_by(network, cases, None, "second")[1]["kept"].tolist()
    ['yes', 'yes']
    """
    if coding not in CODINGS:
        raise DataError("coding", [Fault("", f"'{coding}' is none{nearest(coding, CODINGS)}")])
    return CODINGS[coding](as_network(network), table_or_coded(cases), priors, node)


def _by_first(network: Network, cases: Any, priors: PriorSet | None, node: str) -> tuple[Network, Any, PriorSet | None]:
    del node
    return network, cases, priors


def _by_second(
    network: Network, cases: Any, priors: PriorSet | None, node: str
) -> tuple[Network, Any, PriorSet | None]:
    del node
    raise_faults("coding 'second'", [*_second_faults(network, cases)], DataError)
    told = {name: name.removeprefix(SECOND) for name in map(str, cases.columns) if name.startswith(SECOND)}
    kept = cases.drop(columns=[own for own in told.values() if own in cases.columns])
    return network, kept.rename(columns=told), priors


def _by_both(network: Network, cases: Any, priors: PriorSet | None, node: str) -> tuple[Network, Any, PriorSet | None]:
    raise_faults("coding 'both'", [*_both_faults(network, cases, node)], DataError)
    truth = network[node]
    grades = _grades(cases)
    nodes, columns = [], {}
    for coder, prefix in CODERS.items():
        said, sure = f"{node}_{coder}", f"{node}_{coder}_{CONFIDENCE}"
        columns |= {said: cases[f"{prefix}{data_column(truth)}"], sure: cases[f"{prefix}{CONFIDENCE}"]}
        nodes += [_confidence_node(sure, grades, coder, truth), _coder_node(said, sure, coder, truth)]
    # The truth has no column any more, and is declared latent.
    kept = cases.drop(columns=[data_column(truth)]).assign(**columns)
    hidden = network.with_latent([node])
    wider = replace(hidden, nodes=(*hidden.nodes, *nodes))
    return wider, kept, _with_defaults(priors, wider, [new.name for new in nodes])


#: Whose coding -> how it is taken; one line adds one.
CODINGS: Mapping[str, Callable[[Network, Any, PriorSet | None, str], tuple[Network, Any, PriorSet | None]]] = {
    "first": _by_first,
    "second": _by_second,
    "both": _by_both,
}


def _frame_faults(cases: Any) -> Iterator[Fault]:
    if isinstance(cases, Cases | str | os.PathLike):
        yield Fault("cases", "are no data frame; a second coding is taken from the columns of one")


def _second_faults(network: Network, cases: Any) -> Iterator[Fault]:
    yield from (unfit := [*_frame_faults(cases)])
    wanted = [f"{SECOND}{data_column(node)}" for node in network.nodes]
    if not unfit and not any(name in cases.columns for name in wanted):
        yield Fault("columns", f"there is no second coding of any node ({', '.join(wanted)}){ADDED}")


def _both_faults(network: Network, cases: Any, name: str) -> Iterator[Fault]:
    yield from (unfit := [*_frame_faults(cases)])
    if name not in network:
        yield Fault(f"node {name}", f"is not in network {network.name}{nearest(name, network.names)}")
    elif not unfit:
        yield from _column_faults(network, cases, name)


def _column_faults(network: Network, cases: pd.DataFrame, name: str) -> Iterator[Fault]:
    column = data_column(network[name])
    needed = {f"{prefix}{kind}": prefix for prefix in CODERS.values() for kind in (column, CONFIDENCE)}
    for missing in (one for one in needed if one not in cases.columns):
        yield Fault(f"column {missing}", f"is missing{ADDED if needed[missing] else ''}")
    for other in network.nodes:
        if other.name != name and data_column(other) == column:
            yield Fault(f"node {other.name}", f"is coded from column {column} too, which would have two truths")
    for new in (f"{name}_{coder}{end}" for coder in CODERS for end in ("", f"_{CONFIDENCE}")):
        if new in network or new in cases.columns:
            yield Fault(new, "is taken by a node or a column; rename it, since a coder's node has this name")


def _grades(cases: pd.DataFrame) -> tuple[str, ...]:
    """Every confidence that either coder could state: in the order of the data where it has one, else sorted."""
    grades: dict[str, None] = {}
    for prefix in CODERS.values():
        stated = cases[f"{prefix}{CONFIDENCE}"]
        known = getattr(stated.dtype, "categories", None)
        seen = {as_text(value) for value in stated.dropna() if as_text(value).strip()}
        grades |= dict.fromkeys(sorted(seen) if known is None else map(as_text, known))
    return tuple(grades)


def _confidence_node(name: str, grades: tuple[str, ...], coder: str, truth: Node) -> Node:
    return Node(name, grades, label=f"Confidence of the {coder} coder in {truth.title}", ordered=True)


def _coder_node(name: str, sure: str, coder: str, truth: Node) -> Node:
    coding: Coding | None = replace(truth.coding, column=name) if truth.coding else None
    arrows = (
        Arrow(sure, reason="A coder who says so is less often right."),
        Arrow(truth.name, reason="What is coded is what happened, with errors."),
    )
    label = f"{truth.title}, as the {coder} coder has it"
    return Node(name, truth.states, arrows, "confusion", truth.ordered, truth.values, label, coding=coding)


def _with_defaults(priors: PriorSet | None, network: Network, names: list[str]) -> PriorSet | None:
    """Add a family's default for each parameter that a set does not speak of, or only by a pattern for all kinds."""
    if priors is None:
        return None
    entries = []
    for parameter in network_parameters(network, names):
        entry = parameter.entry(priors)
        if entry is None or (entry.is_pattern and entry.prior.support != parameter.support):
            reason = f"the set has none for {parameter.doc}; this is the default of the family"
            entries.append(PriorEntry(parameter.name, parameter.default, reason, "default", "judgement"))
    return replace(priors, entries=(*priors.entries, *entries))


__all__ = ["CODERS", "CODINGS", "coded_by"]
