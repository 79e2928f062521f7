"""The network: every node and every arrow, with its reason and its source."""

from __future__ import annotations

from typing import Any

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


SECTION = Section(_content)
