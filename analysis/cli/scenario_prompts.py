"""What `servanda scenario new` asks for in a terminal, each answer judged as it is given."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import typer

from .options import listed

if TYPE_CHECKING:
    from ...common.errors import Fault
    from ...models.network.network import Network


@dataclass(frozen=True)
class Answers:
    """What options say, or what was answered.

    Parameters
    ----------
    texts
        Name of the option -> text.
    given, compare
        Texts of the form ``NODE=STATE`` and ``NODE=A,B``.
    """

    texts: Mapping[str, str]
    given: tuple[str, ...] = ()
    compare: tuple[str, ...] = ()

    def faults(self) -> list[Fault]:
        """List what is not of its form, or names a node twice."""
        from ...common.errors import Fault

        faults = []
        for option, texts in (("--given", self.given), ("--compare", self.compare)):
            faults += [
                Fault(option, f"'{text}' is not of the form NODE=STATE") for text in texts if not all(_parts(text))
            ]
        nodes = [_parts(text)[0] for text in (*self.given, *self.compare)]
        twice = sorted({node for node in nodes if node and nodes.count(node) > 1})
        return faults + [
            Fault(f"node {node}", "is stated twice; keep one, under --given or --compare") for node in twice
        ]

    def described(self) -> dict[str, str]:
        """Node -> state of the described case."""
        return dict(map(_parts, self.given))

    def compared(self) -> dict[str, list[str]]:
        """Node -> states that are compared."""
        return {node: listed([text]) for node, text in map(_parts, self.compare)}


def asks() -> bool:
    """Whether somebody sits at a terminal who can be asked."""
    # A process may be started without any.
    return sys.stdin is not None and sys.stdin.isatty()


def by_codebook(texts: Mapping[str, str]) -> bool:
    """Whether the codebook decides what is asked: it does of the shipped networks, which are of its record."""
    from ...models.network.toml import shipped_networks

    return texts.get("network", "guarantee") in shipped_networks()


def asked_for(stated: Answers, node: str) -> Answers:
    """Ask for what no option said.

    Parameters
    ----------
    stated
        What options said.
    node
        The node that is asked for.
    """
    from ...models.network.toml import load_network

    questions: tuple[tuple[str, str, str | None, Callable[[str], str]], ...] = (
        ("network", "Network: a name or a file", "guarantee", _network_fault),
        ("title", "Title for readers", None, _nothing),
        ("question", "The question, in the reader's words", None, _nothing),
        ("as-of", "Known until (YYYY-MM-DD)", None, _date_fault),
        ("actor", "Whose conduct, as the record codes it, such as USA (empty: nobody whom it holds)", "", _nothing),
        ("claim", "The probability that ... (empty: the actor keeps its promise)", "", _nothing),
        ("horizon", "Horizon: until when it counts", None, _nothing),
        ("resolution", "What will decide whether it happened", None, _nothing),
    )
    texts = dict(stated.texts)
    for key, question, usual, fault in questions:
        if key in texts:
            continue
        if key == "resolution" and by_codebook(texts):
            question, usual = f"{question} (empty: the outcome rules of the record's codebook)", ""
        texts[key] = _answer(question, usual, fault)
    network = load_network(texts["network"])
    found = replace(stated, texts={key: text for key, text in texts.items() if text})
    if not (found.given and found.compare):
        for each in network.nodes:
            if each.name != node:
                typer.echo(f"  {each.name}: {', '.join(each.states)}", err=True)
    if not found.given:
        texts_given = _answers(
            "What the case is like, NODE=STATE (empty: go on)", lambda text: _states_fault(network, text)
        )
        found = replace(found, given=tuple(texts_given))
    if not found.compare:
        question = "What is compared, NODE=A,B, the base first (empty: go on)"
        found = replace(found, compare=tuple(_answers(question, lambda text: _states_fault(network, text))))
    return found


def _parts(text: str) -> tuple[str, str]:
    node, _, state = text.partition("=")
    return node.strip(), state.strip()


def _answer(question: str, usual: str | None, fault: Callable[[str], str]) -> str:
    """Ask until the answer has no fault; who ends it is done with the command."""
    while True:
        try:
            answer = typer.prompt(question, default=usual, err=True, show_default=bool(usual)).strip()
        except typer.Abort as ended:
            raise KeyboardInterrupt from ended
        if not (wrong := fault(answer)):
            return answer
        typer.echo(wrong, err=True)


def _answers(question: str, fault: Callable[[str], str]) -> Iterator[str]:
    while answer := _answer(question, "", fault):
        yield answer


def _nothing(_: str) -> str:
    return ""


def _network_fault(text: str) -> str:
    from ...common.errors import InputError
    from ...models.network.toml import load_network

    try:
        load_network(text)
    except InputError as error:
        return str(error)
    return ""


def _date_fault(text: str) -> str:
    from ...common.errors import InputError
    from ...record.files.dates import as_day

    try:
        as_day(text)
    except (InputError, ValueError) as error:
        return str(error)
    return ""


def _states_fault(network: Network, text: str) -> str:
    """Say what is wrong with ``NODE=STATE`` or ``NODE=A,B``; nothing is wrong with no answer."""
    from ...common.errors import nearest
    from ...models.errors import QueryError
    from ..scenarios.scenario import AS_RECORDED

    node, states = _parts(text)
    if not text:
        return ""
    if not states:
        return f"'{text}' is not of the form NODE=STATE"
    if node not in network:
        return f"unknown node '{node}'{nearest(node, network.names)}"
    try:
        for state in listed([states]):
            if (node, state) != ("past_defections", AS_RECORDED):
                network[node].index(state)
    except QueryError as error:
        return str(error)
    return ""
