"""What a report was made from, as its JSON holds it, and made again from there.

With it a later report can be compared with this one, and its fit repeated, without the files that it was made from.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...common.errors import Fault, InputError, ServandaError
from ...common.files import regular_bytes
from ...common.json_values import content_hash, hash_complaint, without_nan
from ...models.cases.encode import CASE_ID, MISSING, Cases, coder, data_column, encode
from ...models.network.network import Network
from ...models.network.toml import network_from_dict, network_to_dict
from ...models.node import Node
from ...models.parameters.prior_set import PriorSet
from ...models.posterior import Posterior
from ...record.cases import COUNTED
from ..scenarios.scenario import Loaded, Scenario, ScenarioError

if TYPE_CHECKING:
    import pandas as pd


_DAMAGED = "is damaged, so that what it was made from cannot be read; take another copy, or write it again"
_OTHER = "is no report of Servanda; give the report.json of an earlier report"


class SinceError(InputError):
    """An earlier report that cannot be compared with."""


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


@dataclass(frozen=True)
class Earlier:
    """An earlier report: its answers, and what they were made from.

    Parameters
    ----------
    subject
        The file.
    raw
        Its inputs as plain content.
    inputs
        The same, ready to be fitted.
    answer, change
        Mean of the headline's answer and of its change, as they were reported; None where it compares with nothing.
    answer_error, change_error
        Their Monte Carlo errors.
    """

    subject: str
    raw: Mapping[str, Any]
    inputs: Inputs
    answer: float
    answer_error: float
    change: float | None
    change_error: float | None


def inputs(loaded: Loaded, cases: pd.DataFrame, posterior: Posterior) -> dict[str, Any]:
    """Inputs of a report's answer as plain content.

    Parameters
    ----------
    loaded
        Scenario, network and priors; the first prior set is the answer's.
    cases
        The record as of the scenario's date.
    posterior
        The fit that the answer is asked of.

    Returns
    -------
    dict
        ``network`` and ``priors`` (as their TOML), ``scenario``, ``cases`` (`coded_cases`), ``settings``, ``versions``,
        and ``sha256`` over all of that.
    """
    content = {
        "network": network_to_dict(loaded.network),
        "priors": loaded.priors[0].to_dict(),
        "scenario": loaded.scenario.model_dump(mode="json"),
        "cases": coded_cases(loaded.network, cases),
        "settings": asked_settings(posterior),
        "versions": dict(posterior.provenance.get("versions", {})),
    }
    return {**content, "sha256": content_hash(content)}


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
    if raw.get("sha256") != content_hash(raw):
        what = "are not those that were written (their hash differs); take an undamaged copy of the file"
        raise ScenarioError(subject, [Fault("inputs", what)])
    network = network_from_dict(raw["network"], subject)
    loaded = Loaded(Scenario.model_validate(raw["scenario"]), network, (PriorSet.from_dict(raw["priors"]),))
    return Inputs(loaded, _frame(network, raw["cases"]), raw["settings"], raw["versions"])


def read_earlier(path: str | os.PathLike[str], scenario: str, schema: int) -> Earlier:
    """Read an earlier report to compare with.

    Parameters
    ----------
    path
        Its ``report.json``.
    scenario
        Name of the scenario of the new report.
    schema
        Version of the content that is read.

    Raises
    ------
    SinceError
        If there is no such file, it is damaged or no report, of another schema version, a letter of it was changed
        since it was written, or it is of another scenario.
    """
    subject = str(path)
    raw = _read(Path(path), subject)
    if raw["schema"] != schema:
        command = raw.get("provenance", {}).get("command", "servanda report")
        what = (
            f"has schema version {raw['schema']}, and this version of Servanda compares with {schema}; "
            f"write it again as it was made ('{command}') and compare with that"
        )
        raise SinceError(subject, [Fault("", what)])
    if complaint := hash_complaint(raw):
        raise SinceError(subject, [Fault("", f"{complaint}; take another copy, or write it again")])
    try:
        inputs = raw["inputs"]
        named = inputs["scenario"]["name"]
        answer, change = raw["answer"], raw["answer"]["change"]
        moved = (None, None) if change is None else _number(change["difference"])
        earlier = Earlier(subject, inputs, inputs_from(inputs, subject), *_number(answer), *moved)
    except (KeyError, TypeError, ValueError, AttributeError, ServandaError) as error:
        raise SinceError(subject, [Fault("", f"{_DAMAGED} ({said(error)})")]) from None
    if named != scenario:
        what = f"is of the scenario '{named}', and the new one of '{scenario}'; give an earlier report of the same one"
        raise SinceError(subject, [Fault("", what)])
    return earlier


def said(error: Exception) -> str:
    """First line of what an error says."""
    return str(error).splitlines()[0] if str(error) else type(error).__name__


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


def _number(summary: Mapping[str, Any]) -> tuple[float, float]:
    """Mean and its Monte Carlo error; NaN where that was not computed."""
    error = summary["mcse"]
    return float(summary["mean"]), math.nan if error is None else float(error)


def _read(path: Path, subject: str) -> dict[str, Any]:
    raw: dict[str, Any] = {}
    try:
        raw = json.loads(regular_bytes(path))
        what = "" if {"schema", "answer"} <= raw.keys() else _OTHER
    except FileNotFoundError:
        what = "there is no such file; give the report.json of an earlier report"
    except IsADirectoryError:
        what = "is a folder; give the report.json in it"
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
    except (ValueError, RecursionError):
        what = f"{_DAMAGED} (it is no JSON)"
    except AttributeError:
        what = _OTHER
    if what:
        raise SinceError(subject, [Fault("", what)])
    return raw
