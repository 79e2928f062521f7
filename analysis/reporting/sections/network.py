"""The network: every node and every arrow, with its reason and its source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from ...figures.network import network_svg
from ..section import Answers, Material, Section


def _content(material: Material, answers: Answers) -> dict[str, Any]:  # noqa: ARG001
    network = material.loaded.network
    nodes = [
        {
            "name": node.name,
            "title": node.title,
            "states": list(node.states),
            "family": node.family,
            "description": node.description,
            "parents": [
                {"parent": network[a.parent].title, "name": a.parent, "reason": a.reason, "source": a.source}
                for a in node.parents
            ],
        }
        for node in network.nodes
    ]
    return {"name": network.name, "title": network.title, "nodes": nodes}


def _page(report: Mapping[str, Any]) -> dict[str, Any]:
    nodes = report["network"]["nodes"]
    arrows = [(parent["name"], node["name"]) for node in nodes for parent in node["parents"]]
    return {
        "node_titles": {node["name"]: node["title"] for node in nodes},
        "network_figure": Markup(network_svg([node["name"] for node in nodes], arrows)),  # noqa: S704
    }


SECTION = Section(_content, {"network": "The network"}, page=_page)
