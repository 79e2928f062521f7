"""What a network's TOML may hold; unknown keys are faults, since a misspelt one would be lost silently."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from ...common.errors import Fault
from ...common.toml import schema_faults as faults_under


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)


class ArrowSpec(_Strict):
    """One arrow into a node."""

    reason: str = ""
    source: str = ""
    term: str | None = None
    by: str | None = None


class GroupSpec(_Strict):
    """One group effect of a node."""

    column: str
    reason: str = ""


class CodingSpec(_Strict):
    """How a data column becomes states."""

    column: str
    lower: list[float] = []
    levels: dict[str, str] = {}


class NodeSpec(_Strict):
    """One node."""

    states: list[str]
    label: str = ""
    description: str = ""
    ordered: bool = False
    values: list[float] = []
    family: str = "table"
    coding: CodingSpec | None = None
    anchored_by: str | None = None
    groups: dict[str, GroupSpec] = {}
    options: dict[str, bool | int | float | str] = {}
    parents: dict[str, ArrowSpec] = {}


class NetworkSpec(_Strict):
    """The whole file."""

    name: str = "network"
    title: str = ""
    description: str = ""
    nodes: dict[str, NodeSpec]


def schema_faults(raw: Mapping[str, Any]) -> list[Fault]:
    """List where `raw` is not the TOML of a network."""
    return faults_under(raw, NetworkSpec)
