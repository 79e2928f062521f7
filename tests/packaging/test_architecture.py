"""Imports run one way through every room, late ones and those for types too."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import networkx as nx
import pytest

from servanda.models.families import FAMILIES
from servanda.models.parameters.distributions import DISTRIBUTIONS

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
    for node in ast.walk(tree_of(path)):
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


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
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


def test_no_circle_of_modules():
    circles = [sorted(part) for part in nx.strongly_connected_components(import_graph()) if len(part) > 1]
    assert circles == []


@pytest.mark.parametrize("room", ROOMS)
def test_no_circle_of_folders(room):
    """Folders of a room import one way too, its own modules each counting as a folder."""
    graph = nx.DiGraph()
    for one, other in import_graph().edges:
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


def documented_tree() -> dict[str, set[str]]:
    """Folder -> modules, as the contributing page lists them: a line a folder, two spaces deeper in each."""
    page = (PACKAGE.parent / "docs" / "contributing.md").read_text(encoding="utf-8")
    block = page.split("(the-tree)=", 1)[1].split("```", 2)[1].removeprefix("text\n")
    found: dict[str, set[str]] = {}
    above: list[str] = []
    for line in block.splitlines():
        words = line.split()
        depth = (len(line) - len(line.lstrip())) // 2
        if words and words[0].endswith("/"):
            above = [*above[:depth], words.pop(0).removesuffix("/")]
        found.setdefault(".".join(above), set()).update(words)
    return found


def test_the_documented_tree_is_the_tree():
    told = documented_tree()
    assert told.pop("servanda")
    there: dict[str, set[str]] = {}
    for name, path in modules().items():
        folder, _, module = name.rpartition(".")
        if path.name == "__init__.py":
            there.setdefault(name, set())
        else:
            there.setdefault(folder, set()).add(module)
    assert told == there


#: Modules that may name what they define; "table" is also a plain word, so it counts beside `.family` alone.
OWN = ("models.families", "models.parameters.distributions")
NAMES = (set(FAMILIES) | set(DISTRIBUTIONS)) - {"table"}


def asked_for(node: ast.AST) -> list[ast.expr]:
    """Expressions by whose value something is chosen: sides of a comparison, keys of a dictionary, a subscript."""
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    if isinstance(node, ast.Dict):
        return [key for key in node.keys if key is not None]
    return [node.slice] if isinstance(node, ast.Subscript) else []


def test_no_family_or_distribution_is_asked_for_by_name():
    """What a family or a distribution can do is a power of it; only its own file, and the table of them, name it."""
    found = []
    for module, path in modules().items():
        if module.startswith(OWN):
            continue
        for node in ast.walk(tree_of(path)):
            parts = [part for each in asked_for(node) for part in ast.walk(each)]
            named = [part.value for part in parts if isinstance(part, ast.Constant) and part.value in NAMES]
            kinds = {part.attr for part in parts if isinstance(part, ast.Attribute)} & {"family", "distribution"}
            texts = [part for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)]
            if named or (isinstance(node, ast.Compare) and kinds and texts):
                found.append(f"{module}, line {node.lineno}: {ast.unparse(node)}")
    assert found == []


def test_no_class_of_a_family_or_distribution_is_known_outside():
    values = (*FAMILIES.values(), *DISTRIBUTIONS.values())
    classes = {type(value).__name__ for value in values}
    found = []
    for module, path in modules().items():
        if module.startswith(OWN):
            continue
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ImportFrom) and ("families" in str(node.module) or "distri" in str(node.module)):
                found += [f"{module}: {alias.name}" for alias in node.names if alias.name in classes]
    assert found == []
