"""A new scenario: its commented TOML from what its author says, such that it passes the check as it stands."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import tomli_w

from ...common.errors import Fault, InputError
from ...common.files import writable_folder
from ...models.network.network import Network
from ...models.network.toml import load_network, shipped_networks
from ...models.theories.theories import THEORIES
from ...priors import load_prior, shipped_priors
from ..summaries.likelihood_words import shipped_lexicons
from ..summaries.names import actor_name
from .scenario import AS_RECORDED, Loaded, ScenarioError, scenario_from_dict

#: What decides a question about compliance, unless its author says otherwise.
USUAL_RESOLUTION = (
    "The conduct of the obligor at the first test, coded by the outcome rules of the record's codebook (section 3): "
    "kept means the core duty was performed in substance when it counted. No test within the horizon leaves the "
    "question void."
)
#: Priors and theories that a new scenario compares.
_PRIORS, _THEORIES = ("literature", "flat", "cheap_talk"), ("none", "log")
#: Actors whose English names take an article.
_WITH_ARTICLE = frozenset({"ARE", "CAF", "DOM", "EU", "GBR", "NLD", "PHL", "UN", "USA"})
#: What no network sees.
_CANNOT_SEE = ("the chance of a test", "who is in office", "the text's exact words")
#: Called where nothing is compared.
_ONLY = "as described"


@dataclass(frozen=True)
class Draft:
    """What the author of a new scenario says.

    Parameters
    ----------
    title, question, as_of, horizon, resolution
        As in `Scenario`.
    actor
        Whose conduct; None for an actor that the record does not hold.
    claim
        The end of "the probability that ..."; made from the actor's name where it is empty.
    network
        By name or path.
    node, states
        What is asked: the node, and the states in which the claim holds.
    given
        Node -> state: what the case is like.
    compare
        Node -> states: the first of each is the row that the others are compared with, and each other state is a row in
        which that node alone differs.
    """

    title: str
    question: str
    as_of: str
    horizon: str
    resolution: str = USUAL_RESOLUTION
    actor: str | None = None
    claim: str = ""
    network: str = "guarantee"
    node: str = "compliance"
    states: Sequence[str] = ("complied",)
    given: Mapping[str, str] = field(default_factory=dict)
    compare: Mapping[str, Sequence[str]] = field(default_factory=dict)


def draft_text(draft: Draft, subject: str = "scenario") -> str:
    """TOML of a new scenario, with comments.

    Parameters
    ----------
    draft
        What its author says.
    subject
        What messages call it.

    Raises
    ------
    ScenarioError
        Listing every fault, as `servanda.analysis.load_scenario`.

    Examples
    --------
    >>> text = draft_text(Draft("A pact", "Does it hold?", "2019-04-25", "ten years", actor="USA",
    ...                         given={"role": "guarantor"}, compare={"guarantors": ["1", "5"]}))
    >>> [row["label"] for row in tomllib.loads(text)["judgements"][0]["formats"]]
    ['with number of guarantors 1', 'with number of guarantors 5']
    """
    try:
        network = load_network(draft.network)
    except InputError as error:
        raise ScenarioError(
            subject, [Fault(f"network {draft.network}", str(fault)) for fault in error.faults]
        ) from error
    text = "\n".join(_lines(draft, network)) + "\n"
    _loaded(text, subject)
    return text


def write_draft(draft: Draft, path: str | os.PathLike[str]) -> Loaded:
    """Write a new scenario, never over a file that is there.

    Raises
    ------
    ScenarioError
        Listing every fault; nothing is written then.
    InputError
        If there is such a file already, or its folder cannot be written to.
    """
    target = Path(path)
    _refuse_existing(target)
    text = draft_text(draft, str(target))
    writable_folder(target.parent)
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        _refuse_existing(target)
        raise
    return _loaded(text, str(target))


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise InputError(str(path), [Fault("", "is there already and is left as it is; choose another name")])


def _loaded(text: str, subject: str) -> Loaded:
    return scenario_from_dict({"name": Path(subject).stem, **tomllib.loads(text)}, subject)


def _lines(draft: Draft, network: Network) -> Iterator[str]:
    rows = list(_rows(draft, network))
    identity = "judgement"
    yield "# A scenario: what is asked, of whom, until when, and what will decide it. After a change,"
    yield "# `servanda scenario check` lists every fault of this file, and `servanda report` answers it."
    yield _pair("title", draft.title)
    yield "# What is asked, in the words of whoever asks."
    yield _pair("question", draft.question)
    yield "# Nothing that became known later is used."
    yield _pair("as_of", draft.as_of)
    yield "# Until when the event counts, and what will decide whether it happened."
    yield _pair("horizon", draft.horizon)
    yield _pair("resolution", draft.resolution)
    yield "# A shipped network, or a file of your own."
    yield _pair("network", draft.network)
    yield f"# Prior sets to compare; the first is reported. Shipped: {', '.join(shipped_priors())}."
    yield _list("priors", _fitting(network))
    yield "# Of all that is drawn at random: same seed, same numbers."
    yield _pair("seed", int("".join(mark for mark in draft.as_of if mark.isdecimal()) or "1"))
    yield f"# Scale of likelihood words: {', '.join(shipped_lexicons())}."
    yield _pair("lexicon", "icd203")
    yield f"# Theories of the number of guarantors to compare: {', '.join(THEORIES)}."
    yield _list("theories", _THEORIES if draft.network in shipped_networks() else ())
    yield "# What the reader must know that you take for granted. Add your own."
    yield "assumptions = ["
    yield from (f"  {_value(assumption)}," for assumption in _assumptions(draft, network))
    yield "]"
    yield "# What bears on the answer and has no node in the network; shown on page one. Add your own."
    yield _list("cannot_see", _CANNOT_SEE)
    yield ""
    yield "# The answer in one sentence: one row of one judgement below, compared with that judgement's base."
    yield "[headline]"
    yield _pair("judgement", identity)
    yield _pair("format", rows[-1][0])
    yield "# The title of the report, as one question; the scenario's own title without it."
    yield '# question = ""'
    yield ""
    yield "# One thing that is judged. Copy it, with another id, for another actor or another reading of the case."
    yield "[[judgements]]"
    yield _pair("id", identity)
    yield _pair("title", draft.title)
    yield "# The end of 'the probability that ...', before the label of a row."
    yield _pair("claim", draft.claim or f"{_called(draft.actor)} keeps its promise")
    yield _pair("node", draft.node)
    yield _list("states", draft.states)
    yield "# Whose conduct, as the record codes it; without it, that of an actor whom the record does not hold."
    yield _pair("actor", draft.actor) if draft.actor else '# actor = "USA"'
    if len(rows) > 1:
        yield "# The row that the others are compared with."
        yield _pair("base", rows[0][0])
    yield from _given(draft, network)
    for label, do in rows:
        yield ""
        yield "[[judgements.formats]]"
        yield _pair("label", label)
        if do:
            yield _inline("do", do)
    yield ""
    yield '# Texts for readers of Spanish; take the # away. Rows take es = { label = "..." }.'
    yield "# [es]"
    for key in ("title", "question", "horizon", "resolution"):
        yield f'# {key} = ""'


def _fitting(network: Network) -> Iterator[str]:
    """Give the prior sets that say nothing of what the network has not."""
    for name in _PRIORS:
        try:
            load_prior(name, network)
        except InputError:
            continue
        yield name


def _called(actor: str | None) -> str:
    if actor is None:
        return "the obligor"
    return f"the {actor_name(actor)}" if actor in _WITH_ARTICLE else actor_name(actor)


def _rows(draft: Draft, network: Network) -> Iterator[tuple[str, dict[str, str]]]:
    """Label and states of each row: the base, and each other state with the rest as in the base."""
    base = {node: states[0] for node, states in draft.compare.items() if states}
    if not base:
        yield _ONLY, {}
        return
    yield _label(network, base), base
    for node, states in draft.compare.items():
        for state in states[1:]:
            yield _label(network, {node: state}), {**base, node: state}


def _label(network: Network, states: Mapping[str, str]) -> str:
    """Say states after the claim, as ``with number of guarantors 5``."""
    titles = ((network[node].title if node in network else node, state) for node, state in states.items())
    return "with " + " and ".join(
        f"{title[:1].lower()}{title[1:]} {state}".replace("_", " ") for title, state in titles
    )


def _given(draft: Draft, network: Network) -> Iterator[str]:
    """Table of the described case, with every other node as a comment."""
    yield "# What the case is like. Take the # away from what you know and delete the rest: it is summed out."
    yield "[judgements.given]"
    given = dict(draft.given)
    if draft.actor and "past_defections" in network and "past_defections" not in {*given, *draft.compare}:
        given["past_defections"] = AS_RECORDED
    for node, state in given.items():
        yield _pair(node, state)
    for node in network.nodes:
        if node.name not in {*given, *draft.compare, draft.node}:
            about = " ".join(f"{node.title}: {', '.join(node.states)}".split())
            yield f"# {_pair(node.name, node.states[0])}  # {about}"


def _assumptions(draft: Draft, network: Network) -> Iterator[str]:
    yield "The promise is given, takes effect and comes to a test; the probabilities speak of that case only."
    yield "What is not described is not known, and is summed out."
    if draft.compare:
        titles = [network[node].title if node in network else node for node in draft.compare]
        shown = " and ".join(f"{title[:1].lower()}{title[1:]}" for title in titles)
        yield (
            f"Setting {shown} is an intervention in the network: it is read causally only if the network holds every "
            "common cause of what is set and of the outcome. The record cannot show that it does."
        )


def _pair(key: str, value: str | int) -> str:
    """Write one line of TOML."""
    return tomli_w.dumps({key: value}).strip()


def _value(value: str) -> str:
    return _pair("x", value).removeprefix("x = ")


def _list(key: str, values: Iterable[str]) -> str:
    return f"{key} = [{', '.join(map(_value, values))}]"


def _inline(key: str, table: Mapping[str, str]) -> str:
    return f"{key} = {{ {', '.join(_pair(name, value) for name, value in table.items())} }}"
