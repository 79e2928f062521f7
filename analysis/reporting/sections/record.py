"""What the record holds for a described case: counts, nearest cases, and where there is nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from ....models.cases.encode import MISSING, encode
from ....models.network.network import Network
from ....record import coder_agreement, with_second_coding
from ....record.second_coding import PREFIX
from ..answers import Row
from ..document.blocks import Block, Bullets, Callout, Fold, Paragraph, Run, Table, Text, plain, runs
from ..document.language import N_, Language
from ..section import Answers, Material, Part, Section
from .headline import headline

if TYPE_CHECKING:
    import pandas as pd

    from ....models.cases.encode import Cases


#: Codebook, section 7.
SELECTION = N_(
    "The record is not a sample: famous cases are over-represented and promises never tested are absent. "
    "The share of cases kept is no base rate (codebook, section 7)."
)
#: Tables of raw counts that page one has room for.
_TABLES = 2


def _size(material: Material) -> dict[str, Any]:
    """Size, outcomes, doubts and agreement of the record as it was known."""
    network = material.loaded.network
    cases: Any = material.cases
    outcomes = cases["outcome"].value_counts()
    section = {
        "cases": len(cases),
        "guarantees": int(cases["guarantee_id"].nunique()),
        "obligors": int(cases["obligor"].nunique()),
        "crises": int(cases["crisis"].nunique()),
        "from": int(cases["tested_year"].min()),
        "to": int(cases["tested_year"].max()),
        "outcomes": {str(level): int(outcomes.get(level, 0)) for level in network["compliance"].states},
        "doubted": int(cases["doubted"].sum()),
        "unsourced": int((~cases["sourced"]).sum()),
        "missing_cells": material.coded.missing,
        "as_of": material.loaded.scenario.as_of,
        "selection": SELECTION,
        "coders": None,
    }
    if material.shipped:
        alike = coder_agreement(cases).loc["outcome"]
        section["coders"] = {"cases": int(alike["cases"]), "agreement": float(alike["share"])}
    return section


def agreement_by_node(material: Material, nodes: Iterable[str]) -> dict[str, tuple[int, float]]:
    """Agreement of the two coders on the states of some nodes, of those that were coded twice.

    Returns
    -------
    dict
        Node -> cases that both coded, and share of them in the same state; of the outcome only cases coded blind.
    """
    network, cases = material.loaded.network, material.cases
    both = with_second_coding(cases)
    columns = {name: coding.column if (coding := network[name].coding) else name for name in nodes}
    twice = {name: column for name, column in columns.items() if f"{PREFIX}{column}" in both}
    again = cases.assign(**{column: both[f"{PREFIX}{column}"].to_numpy() for column in twice.values()})
    first, second = material.coded.codes, encode(network, again).codes
    found = {}
    for name in twice:
        known = (first[name] != MISSING) & (second[name] != MISSING)
        alike = float((first[name] == second[name])[known].mean()) if known.any() else float("nan")
        found[name] = (int(known.sum()), alike)
    return found


def case_section(
    network: Network, cases: pd.DataFrame, row: Row, nearest: int = 8, coded: Cases | None = None
) -> dict[str, Any]:
    """What the record holds for the case a row describes.

    Parameters
    ----------
    row
        The described case.
    nearest
        How many cases are named.
    coded
        The cases as states of the nodes, where they were coded before.

    Returns
    -------
    dict
        ``states`` (cases that share each described state), ``exact`` (cases that share all), ``pairs_unseen``
        (pairs of described states that no case has), ``own`` (the actor's cases), ``nearest`` (most alike),
        ``of_each`` (the nearest of each outcome, in the same order).
    """
    coded = encode(network, cases) if coded is None else coded
    wanted = {name: network[name].index(state) for name, state in {**row.given, **row.do}.items()}
    share = {name: coded.codes[name] == code for name, code in wanted.items()}
    alike = np.sum(list(share.values()), axis=0)
    exact = alike == len(wanted)
    own = (cases["obligor"] == row.actor).to_numpy(bool)
    unseen = _unseen(share)
    order = np.lexsort((-cases["tested_year"].to_numpy(), ~own, -alike))
    firsts = order[~cases["outcome"].iloc[order].duplicated().to_numpy()]

    def named(places: np.ndarray) -> list[dict[str, Any]]:
        return [_case(network, cases, coded, wanted, int(place), int(alike[place])) for place in places]

    return {
        "states": [
            {**_described(network, name, code), "set": name in row.do, "cases": int(share[name].sum())}
            for name, code in wanted.items()
        ],
        "exact": int(exact.sum()),
        "pairs_unseen": [[_described(network, name, wanted[name]) for name in pair] for pair in unseen],
        "own": {"actor": row.actor, "cases": int(own.sum()), "outcomes": _outcomes(network, coded, own)},
        "nearest": named(order[:nearest]),
        "of_each": named(firsts),
    }


def _described(network: Network, name: str, code: int) -> dict[str, str]:
    """A node by its title, in a state."""
    return {"node": network[name].title, "state": network[name].states[code]}


def _outcomes(network: Network, coded: Cases, rows: np.ndarray) -> dict[str, int]:
    codes = coded.codes["compliance"][rows]
    return {state: int((codes == place).sum()) for place, state in enumerate(network["compliance"].states)}


def _unseen(share: Mapping[str, np.ndarray]) -> list[tuple[str, str]]:
    """Pairs of nodes whose described states no case joins."""
    return [(a, b) for a, b in combinations(share, 2) if not (share[a] & share[b]).any()]


def _case(
    network: Network, cases: pd.DataFrame, coded: Cases, wanted: Mapping[str, int], place: int, shared: int
) -> dict[str, Any]:
    row = cases.iloc[place]
    differs = [
        _described(network, name, coded.codes[name][place])
        for name, code in wanted.items()
        if coded.codes[name][place] not in (code, MISSING)
    ]
    keys = [key.strip() for key in str(row["sources"]).split(";") if key.strip()] if "sources" in cases else []
    note = row["note"] if "note" in cases and isinstance(row["note"], str) else ""
    return {
        "case_id": str(row["case_id"]),
        "guarantee": str(row["guarantee"]),
        "obligor": str(row["obligor"]),
        "role": str(row["role"]),
        "tested": str(row["tested"]),
        "outcome": str(row["outcome"]),
        "doubted": bool(row["doubted"]),
        "shared": shared,
        "described": len(wanted),
        "differs": differs,
        "note": note,
        "sources": keys,
    }


def raw_counts(material: Material, node: str, states: Sequence[str], row: Row, by: Sequence[str]) -> dict[str, Any]:
    """Cases that came out as asked, by the states of a node and of another, without any model.

    Parameters
    ----------
    node, states
        What is asked, and the states that count.
    row
        The described case.
    by
        The nodes whose states are the rows, one table each; at least one.

    Returns
    -------
    dict
        ``rows``: for each state of the first of `by` a ``state`` and ``cells``, one for each state of the node
        ``split`` (the role, where it is described; else all cases in one), each with ``kept`` and ``cases``. ``also``:
        the same by each other of `by`. ``own``: the same of the actor's own cases, by what was owed, or by the first
        thing described.
    """
    network, cases, codes = material.loaded.network, material.cases, material.coded.codes
    kept = np.isin(codes[node], [network[node].index(state) for state in states])
    known = codes[node] != MISSING
    everything = np.ones(len(cases), bool)

    def cell(where: np.ndarray) -> dict[str, int]:
        return {"kept": int((kept & where & known).sum()), "cases": int((where & known).sum())}

    def table(by: str) -> dict[str, Any]:
        split = "role" if by != "role" and "role" in {**row.given, **row.do} else None
        columns = [*network[split].states] if split else []
        splits = [codes[split] == place for place in range(len(columns))] if split else [everything]
        rows = [
            {"state": state, "cells": [cell((codes[by] == place) & part) for part in splits]}
            for place, state in enumerate(network[by].states)
        ]
        return {
            "by": network[by].title,
            "split": network[split].title if split else None,
            "columns": columns,
            "rows": [line for line in rows if any(found["cases"] for found in line["cells"])],
        }

    described = [name for name in (*row.given, *row.do) if name != by[0]]
    own = (cases["obligor"] == row.actor).to_numpy(bool)
    owed = "obligation" if "obligation" in described else next(iter(described), by[0])
    of_own = [
        {"state": state, "cells": [cell(own & (codes[owed] == place))]}
        for place, state in enumerate(network[owed].states)
        if (own & known & (codes[owed] == place)).any()
    ]
    return {
        **table(by[0]),
        "also": [table(name) for name in by[1:]],
        "own": {"actor": row.actor, "by": network[owed].title, "rows": of_own, **cell(own)},
    }


def _content(material: Material, answers: Answers) -> dict[str, Any]:
    scenario, network = material.loaded.scenario, material.loaded.network
    section = _size(material)
    asked = [(j.id, row) for j in scenario.judgements for row in answers.reported(j.id) if row.posterior is not None]
    held = [
        {"judgement": name, "label": row.label, **case_section(network, material.cases, row, coded=material.coded)}
        for name, row in asked
    ]
    section["held"] = held
    section["count"] = _headline_count(material, answers)
    return section


def _headline_count(material: Material, answers: Answers) -> dict[str, Any] | None:
    """Raw counts for the headline: by the nodes, at most two, that its format sets otherwise than the base does."""
    told = headline(material, answers)
    row, base = told.row, told.base or told.row
    differ = [name for name, state in row.do.items() if base.do.get(name) != state]
    by = differ[:_TABLES] or [*row.do, *row.given][:1]
    if not by or row.asked is None:
        return None
    return raw_counts(material, row.asked.target, row.asked.states, row, by)


def _headline(report: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What the record holds for the row that is the answer; None for a collective."""
    answer = report["answer"]
    asked = (answer["judgement"], answer["format"])
    return next((one for one in report["record"]["held"] if (one["judgement"], one["label"]) == asked), None)


def _described_case(report: Mapping[str, Any], say: Language) -> list[Block]:
    """The state each input became, and how many cases share it."""
    held = _headline(report)
    if held is None or not held["states"]:
        return []
    rows = tuple(
        (
            runs(say.term(line["node"])),
            runs(
                say.state(line["state"], line["node"]), *([Run(say.line(N_("set")), "second")] if line["set"] else [])
            ),
            runs(say.count(line["cases"])),
        )
        for line in held["states"]
    )
    columns = (say(N_("Feature")), say(N_("Here")), say(N_("Cases")))
    note = say(N_("of {cases} cases, those that share each; *set*: by the format"), cases=_cases(report, say))
    caption = say(N_("What each input became"))
    return [Table(caption, columns, rows, note, numeric=frozenset({2}), compact=True)]


def _cases(report: Mapping[str, Any], say: Language) -> str:
    return say.count(report["record"]["cases"])


def shown_cases(held: Mapping[str, Any], most: int = 5) -> list[Mapping[str, Any]]:
    """Cases that a reader is shown first: the nearest of each outcome, then the nearest of the others.

    Parameters
    ----------
    held
        ``nearest`` and ``of_each`` as `case_section` gives them.
    most
        How many, unless there are more outcomes.

    Examples
    --------
    >>> near = [{"case_id": name} for name in "abc"]
    >>> [case["case_id"] for case in shown_cases({"nearest": near, "of_each": [near[0], {"case_id": "z"}]}, 3)]
    ['a', 'z', 'b']
    """
    firsts = [*held["of_each"]]
    shown = {case["case_id"] for case in firsts}
    others = [case for case in held["nearest"] if case["case_id"] not in shown]
    return [*firsts, *others][: max(most, len(firsts))]


def _nearest_cases(report: Mapping[str, Any], say: Language) -> list[Block]:
    """The nearest cases of the answer: what they share, how they differ, how they ended."""
    held = _headline(report)
    if held is None or not held["nearest"]:
        return []
    shown = shown_cases(held)
    places = _places(report)
    rows = tuple(
        (_case_link(case, places, say), _shared(case, say), runs(_differing(case, say)), _ended(case, say))
        for case in shown
    )
    columns = (say(N_("Case")), say(N_("Shares")), say(N_("Differs in")), say(N_("Ended")))
    caption = say(N_("The nearest of each outcome, then the nearest of the others"))
    return [Table(caption, columns, rows)]


def named_cases(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Every case that a report names, once, in the order in which each is first."""
    cases = [case for part in report["record"]["held"] for case in (*part["nearest"], *part["of_each"])]
    found: dict[str, Mapping[str, Any]] = {}
    for case in cases:
        found.setdefault(case["case_id"], case)
    return [*found.values()]


def _places(report: Mapping[str, Any]) -> dict[str, int]:
    """Number of each case that is named."""
    return {case["case_id"]: place for place, case in enumerate(named_cases(report), 1)}


def _case_link(case: Mapping[str, Any], places: Mapping[str, int], say: Language) -> Text:
    who = f"{say.actor(case['obligor'])}, {case['tested'][:4]}"
    return runs(Run(case["guarantee"], href=f"#case-{places[case['case_id']]}"), Run(who, "second"))


def _shared(case: Mapping[str, Any], say: Language) -> Text:
    message = N_("{shared} of {described}")
    return say(message, shared=say.count(case["shared"]), described=say.count(case["described"]))


def _differing(case: Mapping[str, Any], say: Language) -> str:
    return "; ".join(say.feature(it["node"], it["state"]) for it in case["differs"])


def _ended(case: Mapping[str, Any], say: Language) -> Text:
    doubted = [Run(say.line(N_("doubtful")), "second")] if case["doubted"] else []
    return runs(say.state(case["outcome"]), *doubted)


def _annex(report: Mapping[str, Any], say: Language) -> list[Block]:
    """Size and selection of the record, every case that is named, and the nearest cases of every row."""
    found = report["record"]
    outcomes = ", ".join(_ended_so(state, n, say) for state, n in found["outcomes"].items())
    message = N_(
        "As of {day} the record holds {cases} cases of {guarantees} guarantees by {obligors} obligors in {crises} "
        "crises, tested from {first} to {last}: {outcomes}."
    )
    counted = {name: say.count(found[name]) for name in ("cases", "guarantees", "obligors", "crises")}
    years = {"first": str(found["from"]), "last": str(found["to"])}
    told = say(message, day=say.day(found["as_of"]), outcomes=outcomes, **counted, **years)
    blocks: list[Block] = [Paragraph(told)]
    points = _doubts(report, say)
    if points:
        blocks.append(Bullets(tuple(points)))
    selection = runs(say(N_("**Selection.**")), " ", say.term(found["selection"]))
    blocks.append(Callout((Paragraph(selection),)))
    if found["held"]:
        blocks.append(_named_cases(report, say))
    blocks += [_held(part, report, say) for part in found["held"]]
    return blocks


def _ended_so(state: str, n: int, say: Language) -> str:
    """How many cases ended in an outcome."""
    known = {
        "complied": say.plural("{n} kept", "{n} kept", n),
        "partial": say.plural("{n} kept in part", "{n} kept in part", n),
        "defected": say.plural("{n} broken", "{n} broken", n),
    }
    return plain(known[state]) if state in known else f"{say.count(n)} {say.state(state)}"


def _doubts(report: Mapping[str, Any], say: Language) -> list[Text]:
    found = report["record"]
    points = []
    if found["doubted"]:
        points.append(
            say.plural(
                "The coders marked {n} case doubtful.", "The coders marked {n} cases doubtful.", found["doubted"]
            )
        )
    if found["unsourced"]:
        points.append(
            say.plural(
                "{n} case names no source: coded from general knowledge, a draft for review.",
                "{n} cases name no source: coded from general knowledge, a draft for review.",
                found["unsourced"],
            )
        )
    coders = found["coders"] or {}
    if coders.get("cases"):
        message = N_("Two coders, blind to each other, gave the same outcome in {share} of {cases} cases.")
        points.append(say(message, share=say.percent(coders["agreement"]), cases=say.count(coders["cases"])))
    titles = {node["name"]: node["title"] for node in report["network"]["nodes"]}
    for name, n in found["missing_cells"].items():
        message = N_("{name}: not known in {n} cases; summed out, not filled in.")
        points.append(say(message, name=say.term(titles.get(name, name)), n=say.count(n)))
    return points


def _named_cases(report: Mapping[str, Any], say: Language) -> Table:
    """Every case that the report names, once, with what happened and its sources."""
    numbers = {key: place for place, key in enumerate(report["sources"], 1)}
    rows = []
    for place, case in enumerate(named_cases(report), 1):
        message = N_("{obligor} as {role}, tested {day}")
        who = say.line(
            message, obligor=say.actor(case["obligor"]), role=say.state(case["role"]), day=say.day(case["tested"])
        )
        links = [Run(f"[{numbers[key]}]", href=f"#source-{numbers[key]}") for key in case["sources"] if key in numbers]
        spaced = [it for link in links for it in (" ", link)][1:]
        title = runs(Run(case["guarantee"], anchor=f"case-{place}"), Run(who, "second"))
        rows.append((title, _ended(case, say), runs(Run(case["note"], language="en")), runs(*spaced)))
    columns = (say(N_("Case")), say(N_("Ended")), say(N_("What happened")), say(N_("Sources")))
    return Table(say(N_("Every case named in this report")), columns, tuple(rows))


def _held(part: Mapping[str, Any], report: Mapping[str, Any], say: Language) -> Fold:
    """What the record holds for one row, in a fold."""
    titles = {one["id"]: one["title"] for one in report["judgements"]}
    places = _places(report)
    told = say.plural(
        "{n} case of {cases} shares every described feature.",
        "{n} cases of {cases} share every described feature.",
        part["exact"],
        cases=_cases(report, say),
    )
    own = part["own"]
    if own["actor"]:
        outcomes = ", ".join(_ended_so(state, n, say) for state, n in own["outcomes"].items() if n)
        message = N_("Cases of {actor} as obligor: {n} ({outcomes}).") if outcomes else N_("No case of {actor}.")
        told = runs(
            told, " ", say(message, actor=say.actor(own["actor"]), n=say.count(own["cases"]), outcomes=outcomes)
        )
    pairs = [" + ".join(say.feature(it["node"], it["state"]) for it in pair) for pair in part["pairs_unseen"]]
    if pairs:
        message = N_("No case joins {pairs}: what the network says of them rests on its form and on the priors.")
        told = runs(told, " ", say(message, pairs=say.listed(pairs, "or")))
    rows = tuple(
        (_case_link(case, places, say), _shared(case, say), runs(_differing(case, say)), _ended(case, say))
        for case in part["nearest"]
    )
    columns = (say(N_("Case")), say(N_("Shares")), say(N_("Differs in")), say(N_("Ended")))
    caption = say(N_("The nearest cases, whatever their outcome"))
    note = say(N_("most features shared first; then the obligor's own; then the latest"))
    name = f"{say.term(titles[part['judgement']])}: {say.term(part['label'])}"
    message = N_("Nearest cases of “{name}”")
    return Fold(say(message, name=name), (Paragraph(told), Table(caption, columns, rows, note)))


SECTION = Section(
    _content,
    parts=(
        Part("why", N_("The case as described"), _described_case),
        Part("why", N_("The nearest cases"), _nearest_cases),
        Part("annex", N_("The record"), _annex),
    ),
)
