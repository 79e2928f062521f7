"""What a report was made from, as its JSON holds it, and made again from there.

With it a later report can be compared with this one, and its fit repeated, without the files that it was made from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...common.errors import Fault
from ...common.json_values import to_json, without_nan
from ...models.cases.encode import CASE_ID, MISSING, Cases, coder, data_column, encode
from ...models.network.network import Network
from ...models.network.toml import network_from_dict, network_to_dict
from ...models.node import Node
from ...models.parameters.prior_set import PriorSet
from ...models.posterior import Posterior
from ...record.cases import COUNTED
from ..scenarios.scenario import Loaded, Scenario, ScenarioError
from .section import Material

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Inputs:
    """What a report was made from, ready to be fitted again.

    Parameters
    ----------
    loaded
        Scenario, network, and the prior set of the answer.
    cases
        The cases with the columns that the network and the counts of past defections read.
    settings
        How the fit of the answer was sampled, as it was asked for; empty where that is not known.
    versions
        Package -> its version at the time.
    """

    loaded: Loaded
    cases: pd.DataFrame
    settings: Mapping[str, Any]
    versions: Mapping[str, str]

    @property
    def priors(self) -> PriorSet:
        """The prior set of the answer."""
        return self.loaded.priors[0]


def inputs(material: Material) -> dict[str, Any]:
    """Inputs of a report's answer as plain content.

    Parameters
    ----------
    material
        What the report is made from.

    Returns
    -------
    dict
        ``network`` and ``priors`` (as their TOML), ``scenario``, ``cases`` (`coded_cases`), ``settings``, ``versions``,
        and ``sha256`` over all of that.
    """
    loaded = material.loaded
    prior = loaded.priors[0]
    posterior = material.posteriors[prior.name]
    content = {
        "network": network_to_dict(loaded.network),
        "priors": prior.to_dict(),
        "scenario": loaded.scenario.model_dump(mode="json"),
        "cases": coded_cases(loaded.network, material.cases),
        "settings": asked_settings(posterior),
        "versions": dict(posterior.provenance.get("versions", {})),
    }
    return {**content, "sha256": inputs_hash(content)}


def inputs_hash(content: Mapping[str, Any]) -> str:
    """SHA-256 over the inputs of a report, their own hash left out."""
    rest = {key: value for key, value in content.items() if key != "sha256"}
    return hashlib.sha256(to_json(rest, sort_keys=True).encode()).hexdigest()


def asked_settings(posterior: Posterior) -> dict[str, Any]:
    """How a fit was asked to be sampled; where its chains were doubled, before they were."""
    settings = dict(posterior.provenance.get("settings", {}))
    doubled = posterior.provenance.get("doublings", 0)
    return settings | {name: settings[name] >> doubled for name in ("tune", "thin") if name in settings}


def coded_cases(network: Network, cases: pd.DataFrame) -> dict[str, Any]:
    """Cases as a network sees them, as plain content.

    Returns
    -------
    dict
        ``ids``; ``states`` (node -> number of each case's state, from 0; None where the cell is missing) of nodes that
        are not latent; ``columns`` (what is read beside states: the members of groups, and what past defections
        are counted from); ``data_sets``.

    Raises
    ------
    DataError
        If the cases are not of the network.
    """
    coded = encode(network, cases)
    beside = [name for name in dict.fromkeys((*network.group_columns.values(), *COUNTED)) if name in cases]
    return {
        "ids": list(coded.labels),
        "states": {node.name: _numbers(coded, node) for node in network.nodes if not node.latent},
        "columns": {name: _cells(cases[name].tolist()) for name in beside},
        "data_sets": list(coded.data_sets),
    }


def inputs_from(raw: Mapping[str, Any], subject: str = "inputs") -> Inputs:
    """Inputs of a report, made again from the plain content that `inputs` gives.

    The fit of them has the key of the fit that the report was made from, as long as the versions are the same.

    Raises
    ------
    ScenarioError, NetworkError
        If it is not what `inputs` gave.
    """
    if raw.get("sha256") != inputs_hash(raw):
        what = "are not those that were written (their hash differs); take an undamaged copy of the file"
        raise ScenarioError(subject, [Fault("inputs", what)])
    network = network_from_dict(raw["network"], subject)
    loaded = Loaded(Scenario.model_validate(raw["scenario"]), network, (PriorSet.from_dict(raw["priors"]),))
    return Inputs(loaded, _frame(network, raw["cases"]), raw["settings"], raw["versions"])


def _numbers(coded: Cases, node: Node) -> list[int | None]:
    return [None if code == MISSING else int(code) for code in coded.codes[node.name]]


def _cells(column: list[Any]) -> list[Any]:
    import pandas as pd

    return [None if pd.isna(cell) else without_nan(cell) for cell in column]


def _frame(network: Network, raw: Mapping[str, Any]) -> pd.DataFrame:
    """Cases of which the network makes the same states again."""
    import pandas as pd

    by_column: dict[str, list[Node]] = {}
    for node in network.nodes:
        if not node.latent:
            by_column.setdefault(data_column(node), []).append(node)
    columns = {CASE_ID: raw["ids"], **raw["columns"]}
    for name, nodes in by_column.items():
        if name not in columns:
            seen = [*zip(*(raw["states"][node.name] for node in nodes), strict=True)]
            values = {numbers: _value(nodes, numbers) for numbers in set(seen)}
            columns[name] = [values[numbers] for numbers in seen]
    frame = pd.DataFrame(columns)
    frame.attrs["data_sets"] = list(raw["data_sets"])
    return frame


def _value(nodes: list[Node], numbers: tuple[int | None, ...]) -> Hashable | None:
    """A cell that each of some nodes of one column codes as its state."""
    if None in numbers:
        return None
    return next(cell for cell in _possible(nodes) if all(map(_codes_as, nodes, [cell] * len(nodes), numbers)))


def _possible(nodes: list[Node]) -> Iterator[Any]:
    """Cells that between them stand for every state, or for every pair of states of two nodes of one column."""
    for node in nodes:
        coding = node.coding
        yield from coding.lower if coding else ()
        yield from (level for level, _ in coding.levels) if coding else ()
        yield from node.states


def _codes_as(node: Node, cell: Any, number: int | None) -> bool:
    try:
        return coder(node)(cell) == number
    except ValueError:
        return False
