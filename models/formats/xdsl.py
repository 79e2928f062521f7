"""XDSL, the format of GeNIe and SMILE: reader and writer."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np

from ...common.errors import Fault, nearest
from .base import WITHOUT_SPACES, Format
from .content import ROUNDED, UNREAD, NetworkContent, check_kind, content_of, other_kind, too_large
from .text import XmlFile, at_line, digits, given_once, read_numbers, xml_text

_EXTENSIONS, _TEMPORAL = "extensions", "dynamic"


def read_xdsl(raw: bytes) -> NetworkContent:
    """Read content from the bytes of an XDSL file.

    A `deterministic` node becomes its table of zeros and ones, a `noisymax` node the table that it stands for; see
    `noisy_max_table`.
    """
    file, faults = XmlFile(raw), []
    if file.root.tag != "smile":
        raise ValueError(f"it begins with <{file.root.tag}>; expected <smile>")
    elements = [(node.get("id", ""), node) for part in file.root.iterfind("nodes") for node in part]
    check_kind(_strange(file, elements))
    nodes = given_once(((name, file.line(node), node) for name, node in elements), "node", faults)
    states = {name: tuple(state.get("id", "") for state in node.iter("state")) for name, node in nodes.items()}
    parents = {
        name: tuple(file.text_once(node.iter("parents"), f"node {name}, its", faults).split())
        for name, node in nodes.items()
    }
    numbers = {}
    for name, node in nodes.items():
        given = [states.get(parent, ()) for parent in parents[name]]
        numbers[name] = _TABLES[node.tag](_Parts(file, name, node, faults), given, states[name])
    return content_of(file.root.get("id"), states, parents, numbers, faults)


def _strange(file: XmlFile, elements: list[tuple[str, ET.Element]]) -> Iterator[Fault]:
    for part in file.root:
        if part.tag == _TEMPORAL:
            what = "holds <dynamic>: this is a temporal network, and only static ones can be read; unroll it in GeNIe"
            yield at_line(file.line(part), "", what)
        elif part.tag not in ("nodes", _EXTENSIONS):
            what = f"holds <{part.tag}>, which cannot be read; known there are <nodes> and <{_EXTENSIONS}>"
            yield at_line(file.line(part), "", what)
    for name, node in elements:
        if node.tag not in _TABLES:
            yield other_kind(name, node.tag)
        elif node.get(_TEMPORAL) is not None:
            yield at_line(file.line(node), f"node {name}", "stands in time slices; only static nodes can be read")


@dataclass(frozen=True)
class _Parts:
    """Parts of one node of a file."""

    file: XmlFile
    name: str
    node: ET.Element
    faults: list[Fault]

    def words(self, tag: str) -> str:
        """Text of the one part of this name."""
        return self.file.text_once(self.node.iter(tag), f"node {self.name}, its", self.faults)

    def numbers(self, tag: str) -> np.ndarray:
        """Numbers of the one part of this name."""
        return read_numbers(self.words(tag), self.line, f"node {self.name}, its {tag}", self.faults)

    @property
    def line(self) -> int:
        return self.file.line(self.node)

    def refuse(self, what: str) -> np.ndarray:
        """Say what is wrong with the table."""
        self.faults.append(at_line(self.line, f"node {self.name}", what))
        return UNREAD


def _cpt(parts: _Parts, _given: list[tuple[str, ...]], _states: tuple[str, ...]) -> np.ndarray:
    return parts.numbers("probabilities")


def _deterministic(parts: _Parts, given: list[tuple[str, ...]], states: tuple[str, ...]) -> np.ndarray:
    results, rows = parts.words("resultingstates").split(), math.prod(map(len, given))
    unknown = [state for state in results if state not in states]
    if unknown:
        return parts.refuse(
            f"has the resulting state '{unknown[0]}', which is none of its states{nearest(unknown[0], states)}"
        )
    if rows and len(results) != rows:
        return parts.refuse(f"has {len(results)} resulting states for {rows} configurations of its parents")
    if complaint := too_large((rows, len(states))):
        return parts.refuse(complaint)
    return np.eye(len(states))[[states.index(state) for state in results]].ravel()


def _noisy_max(parts: _Parts, given: list[tuple[str, ...]], states: tuple[str, ...]) -> np.ndarray:
    numbers, strengths = parts.numbers("parameters"), parts.words("strengths").split()
    sizes, columns = [len(own) for own in given], sum(map(len, given)) + 1
    if not (states and all(sizes)) or numbers is UNREAD:
        return UNREAD
    if numbers.size != columns * len(states):
        return parts.refuse(f"has {numbers.size} parameters; expected {len(states)} for each of {columns} columns")
    if complaint := too_large((*sizes, len(states))):
        return parts.refuse(complaint)
    orders = _split(strengths, sizes)
    wrong = [place for place, order in enumerate(orders) if sorted(order) != [*map(str, range(sizes[place]))]]
    if len(strengths) != sum(sizes) or wrong:
        return parts.refuse("has strengths that do not order the states of each parent by their numbers from 0")
    ranks = [np.array(order, int) for order in orders]
    if any((rank[rank] != np.arange(len(rank))).any() for rank in ranks):
        what = "has strengths that mean one thing as numbers of states and another as ranks"
        return parts.refuse(f"{what}; order the states of its parents, or make it a table, in GeNIe")
    *effects, leak = _split(numbers.reshape(columns, len(states)), [*sizes, 1])
    weakest = np.eye(len(states))[-1]
    if any(abs(effect[-1] - weakest).max() > ROUNDED for effect in effects):
        return parts.refuse("has a parent whose weakest state (the last by strength) has an effect; it must have none")
    if abs(numbers.reshape(columns, -1).sum(axis=1) - 1).max() > ROUNDED or numbers.min() < 0:
        return parts.refuse("has parameters of a column that do not add up to 1")
    return noisy_max_table([effect[rank] for effect, rank in zip(effects, ranks, strict=True)], leak[0]).ravel()


def _split[T: Sequence[Any] | np.ndarray](whole: T, sizes: list[int]) -> list[T]:
    ends = [*accumulate(sizes)]
    return [whole[end - size : end] for size, end in zip(sizes, ends, strict=True)]  # pyright: ignore[reportReturnType]


def noisy_max_table(effects: Sequence[np.ndarray], leak: np.ndarray) -> np.ndarray:
    r"""Table of a noisy-MAX node, whose first state is the strongest and whose last one is no effect.

    Each parent, and the leak, brings about a state on its own, and the node is in the strongest of these (Díez 1993†):
    :math:`P(Y \ge y | x) = \prod_i P(Y_i \ge y | x_i)` where states are numbered from the strongest.

    Parameters
    ----------
    effects
        For each parent the distribution that each of its states brings about, shape (states of the parent, states).
    leak
        Distribution that stands for all other causes, shape (states,).

    Returns
    -------
    np.ndarray
        Shape (states of the first parent, ..., states).

    Examples
    --------
    >>> noisy_max_table([np.array([[0.0, 1.0], [0.8, 0.2]])], np.array([0.5, 0.5])).round(3).tolist()
    [[0.5, 0.5], [0.9, 0.1]]
    """
    at_most = np.flip(np.cumsum(np.flip(leak)))
    for effect in effects:
        own = np.flip(np.cumsum(np.flip(effect, -1), -1), -1)
        at_most = at_most[..., None, :] * own
    return at_most - np.concatenate([at_most[..., 1:], np.zeros_like(at_most[..., :1])], -1)


#: Kind of a node -> its table, flat, or `UNREAD`.
_TABLES = {"cpt": _cpt, "deterministic": _deterministic, "noisymax": _noisy_max}


def write_xdsl(content: NetworkContent) -> str:
    """Write content as an XDSL file, with a place for every node on GeNIe's screen."""
    root = ET.Element("smile", version="1.0", id=content.name, numsamples="10000", discsamples="10000")
    nodes = ET.SubElement(root, "nodes")
    genie = ET.SubElement(ET.SubElement(root, "extensions"), "genie", version="1.0", app="Servanda", name=content.name)
    for place, node in enumerate(content.nodes):
        cpt = ET.SubElement(nodes, "cpt", id=node.name)
        for state in node.states:
            ET.SubElement(cpt, "state", id=state)
        if node.parents:
            ET.SubElement(cpt, "parents").text = " ".join(node.parents)
        ET.SubElement(cpt, "probabilities").text = digits(content.tables[node.name])
        # Where GeNIe draws the node: four in a line, parents first.
        box = ET.SubElement(genie, "node", id=node.name)
        ET.SubElement(box, "name").text = node.name  # some tools take this for the id
        ET.SubElement(box, "interior", color="ffffff")
        ET.SubElement(box, "outline", color="000080")
        ET.SubElement(box, "font", color="000000", name="Arial", size="8")
        left, top = 150 * (place % 4) + 20, 100 * (place // 4) + 20
        ET.SubElement(box, "position").text = f"{left} {top} {left + 110} {top + 50}"
    return xml_text(root)


XDSL = Format("XDSL", (".xdsl",), read_xdsl, write_xdsl, node_name=WITHOUT_SPACES)
