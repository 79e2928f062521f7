"""Imports run one way through every room, late ones and those for types too."""

from __future__ import annotations

import ast
from pathlib import Path

import networkx as nx
import pytest

PACKAGE = Path(__file__).parents[2] / "servanda"
ROOMS = ("common", "record", "models", "priors", "analysis")


def modules() -> dict[str, Path]:
    """Dotted name below `servanda` -> file, of every module of the rooms."""
    found = {}
    for room in ROOMS:
        for path in sorted((PACKAGE / room).rglob("*.py")):
            name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")
            found[name] = path
    return found


def imported(name: str, path: Path, known: dict[str, Path]) -> set[str]:
    """Modules of ours that a file imports anywhere: at its top, inside functions, under TYPE_CHECKING."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            home = [*package[: len(package) - node.level + 1], *(node.module.split(".") if node.module else [])]
            for alias in node.names:
                whole = ".".join([*home, alias.name])
                found.add(whole if whole in known else ".".join(home))
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [str(node.module)]
            assert not any(each.split(".")[0] == "servanda" for each in names), (
                f"{name} imports itself by its full name"
            )
    return found & known.keys()


def import_graph() -> nx.DiGraph:
    known = modules()
    graph = nx.DiGraph()
    graph.add_nodes_from(known)
    # A package that only shows names of its modules (`__init__`) is imported by users, and by nothing of ours.
    doors = {name for name, path in known.items() if path.name == "__init__.py"}
    for name, path in known.items():
        if name not in ROOMS:
            graph.add_edges_from((name, other) for other in imported(name, path, known))
    assert doors >= set(ROOMS)
    return graph


GRAPH = import_graph()


def test_no_circle_of_modules():
    circles = [sorted(part) for part in nx.strongly_connected_components(GRAPH) if len(part) > 1]
    assert circles == []


@pytest.mark.parametrize("room", ROOMS)
def test_no_circle_of_folders(room):
    """Folders of a room import one way too, its own modules each counting as a folder."""
    graph = nx.DiGraph()
    for one, other in GRAPH.edges:
        if one.split(".")[0] == other.split(".")[0] == room:
            ends = [".".join(name.split(".")[:2]) for name in (one, other)]
            if ends[0] != ends[1]:
                graph.add_edge(*ends)
    circles = [sorted(part) for part in nx.strongly_connected_components(graph) if len(part) > 1]
    assert circles == []


def test_no_folder_holds_too_many():
    """A newcomer reads a folder at a glance: about twelve modules, the `__init__` apart."""
    sizes: dict[str, int] = {}
    for name, path in modules().items():
        if path.name != "__init__.py":
            folder = name.rpartition(".")[0]
            sizes[folder] = sizes.get(folder, 0) + 1
    assert {folder: size for folder, size in sizes.items() if size > 13} == {}
