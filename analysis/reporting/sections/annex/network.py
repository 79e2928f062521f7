"""The network: every node and every arrow, with its reason and its source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....figures.network import network_svg
from ...document.blocks import Block, Figure, Fold, Paragraph, Run, Table, runs
from ...document.language import N_, Language
from ...section import Answers, Material, Part, Section


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


def _drawn(report: Mapping[str, Any], say: Language) -> list[Block]:
    """The network drawn, every arrow and every node."""
    found = report["network"]
    names = {node["name"]: say.term(node["title"]) for node in found["nodes"]}
    message = N_(
        "{title}. An arrow says that the state at its start bears on the one at its end; every arrow has a "
        "reason and a "
        "source. Setting a node has an effect, as told here, only if the network holds every common cause."
    )
    arrows = [(parent["name"], node["name"]) for node in found["nodes"] for parent in node["parents"]]
    alt = say.line(
        N_("The network drawn; every arrow is listed in the table below. Nodes: {names}."),
        names=", ".join(names.values()),
    )
    caption = say(
        N_(
            "Dark: what is judged. Pale arrows: what bears on it directly. Grey arrows: how circumstances "
            "depend on others."
        )
    )
    return [
        Paragraph(say(message, title=say.term(found["title"]))),
        Figure(network_svg(names, arrows, titles=names), alt, caption, wide=True),
        Fold(say(N_("Every arrow, with its reason and source")), (_arrows(found, say),)),
        Fold(say(N_("Every node, with its states")), (_nodes(found, say),)),
    ]


def _arrows(found: Mapping[str, Any], say: Language) -> Table:
    rows = tuple(
        (
            runs(say.term(parent["parent"])),
            runs(say.term(node["title"])),
            runs(Run(parent["reason"], language="en")),
            runs(Run(parent["source"], language="en")),
        )
        for node in found["nodes"]
        for parent in node["parents"]
    )
    columns = (say(N_("From")), say(N_("To")), say(N_("Reason")), say(N_("Source")))
    return Table(say(N_("Arrows of the network")), columns, rows)


def _nodes(found: Mapping[str, Any], say: Language) -> Table:
    rows = tuple(
        (
            runs(say.term(node["title"])),
            runs(", ".join(say.state(state, node["title"]) for state in node["states"])),
            runs(Run(node["description"], language="en")),
            runs(Run(node["family"], "code")),
        )
        for node in found["nodes"]
    )
    columns = (say(N_("Node")), say(N_("States")), say(N_("What it is")), say(N_("Family")))
    return Table(say(N_("Nodes of the network")), columns, rows)


SECTION = Section(_content, parts=(Part("annex", N_("The network"), _drawn),))
