"""What the record holds for a described case: counts, nearest cases, and where there is nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from ....models.cases.encode import MISSING, encode
from ....models.network.network import Network
from ....record import coder_agreement, load_sources, with_second_coding
from ....record.second_coding import PREFIX
from ..answers import Row
from ..document.language import N_
from ..section import Answers, Material, Section

if TYPE_CHECKING:
    import pandas as pd

    from ....models.cases.encode import Cases


#: Codebook, section 7.
SELECTION = N_(
    "The record is not a sample: famous cases are over-represented and promises never tested are absent. "
    "The share of complied cases is no base rate (codebook, section 7)."
)


def record_section(network: Network, cases: Any, as_of: str, *, shipped: bool) -> dict[str, Any]:
    """Size, outcomes, doubts and agreement of the record as it was known."""
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
        "missing_cells": encode(network, cases).missing,
        "as_of": as_of,
        "selection": SELECTION,
    }
    if shipped:
        alike = coder_agreement(cases).loc["outcome"]
        section["coders"] = {"cases": int(alike["cases"]), "agreement": float(alike["share"])}
    return section


def agreement_by_node(network: Network, cases: pd.DataFrame, nodes: Iterable[str]) -> dict[str, tuple[int, float]]:
    """Agreement of the two coders on the states of some nodes, of those that were coded twice.

    Returns
    -------
    dict
        Node -> cases that both coded, and share of them in the same state; of the outcome only cases coded blind.
    """
    both = with_second_coding(cases)
    columns = {name: coding.column if (coding := network[name].coding) else name for name in nodes}
    twice = {name: column for name, column in columns.items() if f"{PREFIX}{column}" in both}
    again = cases.assign(**{column: both[f"{PREFIX}{column}"].to_numpy() for column in twice.values()})
    first, second = encode(network, cases).codes, encode(network, again).codes
    found = {}
    for name in twice:
        known = (first[name] != MISSING) & (second[name] != MISSING)
        alike = float((first[name] == second[name])[known].mean()) if known.any() else float("nan")
        found[name] = (int(known.sum()), alike)
    return found


def case_section(network: Network, cases: pd.DataFrame, row: Row, nearest: int = 8) -> dict[str, Any]:
    """What the record holds for the case a row describes.

    Returns
    -------
    dict
        ``states`` (cases that share each described state), ``exact`` (cases that share all), ``pairs_unseen``
        (pairs of described states that no case has), ``own`` (the actor's cases), ``nearest`` (most alike).
    """
    coded = encode(network, cases)
    wanted = {name: network[name].index(state) for name, state in {**row.given, **row.do}.items()}
    share = {name: coded.codes[name] == code for name, code in wanted.items()}
    alike = np.sum(list(share.values()), axis=0)
    exact = alike == len(wanted)
    own = (cases["obligor"] == row.actor).to_numpy(bool)
    unseen = _unseen(share)
    order = np.lexsort((-cases["tested_year"].to_numpy(), ~own, -alike))[:nearest]
    return {
        "states": [
            {**_described(network, name, code), "set": name in row.do, "cases": int(share[name].sum())}
            for name, code in wanted.items()
        ],
        "exact": int(exact.sum()),
        "pairs_unseen": [[_described(network, name, wanted[name]) for name in pair] for pair in unseen],
        "own": {"actor": row.actor, "cases": int(own.sum()), "outcomes": _outcomes(network, coded, own)},
        "nearest": [_case(network, cases, coded, wanted, int(place), int(alike[place])) for place in order],
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


def raw_counts(
    network: Network, cases: pd.DataFrame, node: str, states: Sequence[str], row: Row, by: str
) -> dict[str, Any]:
    """Cases that came out as asked, by the states of a node and of another, without any model.

    Parameters
    ----------
    node, states
        What is asked, and the states that count.
    row
        The described case.
    by
        The node whose states are the rows.

    Returns
    -------
    dict
        ``rows``: for each state of `by` a ``state`` and ``cells``, one for each state of the node ``split`` (the role,
        where it is described; else all cases in one), each with ``kept`` and ``cases``. ``own``: the same of the
        actor's own cases, by what was owed, or by the first thing described.
    """
    codes = encode(network, cases).codes
    kept = np.isin(codes[node], [network[node].index(state) for state in states])
    known = codes[node] != MISSING
    described = [name for name in (*row.given, *row.do) if name != by]
    split = "role" if "role" in described else None
    columns = [*enumerate(network[split].states)] if split else []

    def cell(where: np.ndarray) -> dict[str, int]:
        return {"kept": int((kept & where & known).sum()), "cases": int((where & known).sum())}

    everything = np.ones(len(cases), bool)
    splits = [codes[split] == place for place, _ in columns] if split else [everything]
    rows = [
        {"state": state, "cells": [cell((codes[by] == place) & part) for part in splits]}
        for place, state in enumerate(network[by].states)
    ]
    own = (cases["obligor"] == row.actor).to_numpy(bool)
    owed = "obligation" if "obligation" in described else next(iter(described), by)
    of_own = [
        {"state": state, "cells": [cell(own & (codes[owed] == place))]}
        for place, state in enumerate(network[owed].states)
        if (own & known & (codes[owed] == place)).any()
    ]
    return {
        "by": network[by].title,
        "split": network[split].title if split else None,
        "columns": [state for _, state in columns],
        "rows": [line for line in rows if any(found["cases"] for found in line["cells"])],
        "own": {"actor": row.actor, "by": network[owed].title, "rows": of_own, **cell(own)},
    }


def citations(keys: list[str]) -> dict[str, str]:
    """Give the bibliography of some source keys; keys that the shipped bibliography lacks stay keys."""
    known = load_sources()
    return {key: str(known[key]) if key in known else key for key in sorted(set(keys))}


def _content(material: Material, answers: Answers) -> dict[str, Any]:
    scenario, network = material.loaded.scenario, material.loaded.network
    section = record_section(network, material.cases, scenario.as_of, shipped=material.shipped)
    asked = [(j.id, row) for j in scenario.judgements for row in answers.reported(j.id) if row.posterior is not None]
    held = [
        {"judgement": name, "label": row.label, **case_section(network, material.cases, row)} for name, row in asked
    ]
    section["held"] = held
    section["count"] = _headline_count(material, answers)
    section["citations"] = citations([key for part in held for case in part["nearest"] for key in case["sources"]])
    return section


def _headline_count(material: Material, answers: Answers) -> dict[str, Any] | None:
    """Raw counts for the headline: by the node that its format sets otherwise than the base does."""
    scenario, network = material.loaded.scenario, material.loaded.network
    judgement = scenario.judgement(scenario.headline.judgement)
    rows = {row.label: row for row in answers.reported(judgement.id)}
    row = rows[scenario.headline.format]
    base = rows.get(judgement.base or "", row)
    differ = [name for name, state in row.do.items() if base.do.get(name) != state]
    by = next(iter([*differ, *row.do, *row.given]), None)
    if by is None or row.asked is None:
        return None
    return raw_counts(network, material.cases, judgement.node, row.asked.states, row, by)


SECTION = Section(_content)
