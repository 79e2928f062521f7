"""What the record holds for a described case: counts, nearest cases, and where there is nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from ....models.cases.encode import MISSING, encode
from ....models.network.network import Network
from ....record import coder_agreement, load_sources, with_second_coding
from ....record.second_coding import PREFIX
from ..answers import Row
from ..section import Answers, Material, Section

if TYPE_CHECKING:
    import pandas as pd

    from ....models.cases.encode import Cases


#: Codebook, section 7.
SELECTION = (
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
        (pairs of described states that no case has) and ``pairs_in_short`` (the same by their states alone), ``own``
        (the actor's cases), ``nearest`` (most alike).
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
            {
                "node": network[name].title,
                "state": network[name].states[code],
                "cases": int(share[name].sum()),
            }
            for name, code in wanted.items()
        ],
        "exact": int(exact.sum()),
        "pairs_unseen": [
            " and ".join(f"{network[name].title} = {network[name].states[wanted[name]]}" for name in pair)
            for pair in unseen
        ],
        "pairs_in_short": [" + ".join(network[name].states[wanted[name]] for name in pair) for pair in unseen],
        "own": {"actor": row.actor, "cases": int(own.sum()), "outcomes": _outcomes(network, coded, own)},
        "nearest": [_case(network, cases, coded, wanted, int(place), int(alike[place])) for place in order],
    }


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
        f"{network[name].title}: {network[name].states[coded.codes[name][place]]}"
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
    section["citations"] = citations([key for part in held for case in part["nearest"] for key in case["sources"]])
    return section


def _page(report: Mapping[str, Any]) -> dict[str, Any]:
    answer, record = report["answer"], report["record"]
    asked = (answer["judgement"], answer["format"])
    held = [((part["judgement"], part["label"]) == asked, part) for part in record["held"]]
    return {
        "headline_held": next((part for is_headline, part in held if is_headline), None),
        "other_held": [part for is_headline, part in held if not is_headline],
        "source_places": {key: place for place, key in enumerate(record["citations"], 1)},
    }


SECTION = Section(_content, {"record": "What the record holds"}, page=_page)
