"""What the record holds for a described case: counts, nearest cases, and where there is nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ....models.cases.encode import MISSING, encode
from ....models.network.network import Network
from ....record import load_second_coding, load_sources
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
        "missing_cells": encode(network, cases).missing,
        "as_of": as_of,
        "selection": SELECTION,
    }
    if shipped:
        section["coders"] = coder_agreement(cases)
    return section


def coder_agreement(cases: Any) -> dict[str, Any]:
    """Agreement on the outcome between the two codings, over cases coded blind and known at the date."""
    second: Any = load_second_coding()
    both = cases[["case_id", "outcome"]].merge(
        second[["case_id", "outcome", "blind"]], on="case_id", suffixes=("", "_second")
    )
    blind = both[both["blind"]]
    same = blind["outcome"].astype(str) == blind["outcome_second"].astype(str)
    return {"cases": len(blind), "agreement": float(same.mean())}


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
        "pairs_unseen": _unseen(network, wanted, share),
        "own": {"actor": row.actor, "cases": int(own.sum()), "outcomes": _outcomes(network, coded, own)},
        "nearest": [_case(network, cases, coded, wanted, int(place), int(alike[place])) for place in order],
    }


def _outcomes(network: Network, coded: Cases, rows: np.ndarray) -> dict[str, int]:
    codes = coded.codes["compliance"][rows]
    return {state: int((codes == place).sum()) for place, state in enumerate(network["compliance"].states)}


def _unseen(network: Network, wanted: Mapping[str, int], share: Mapping[str, np.ndarray]) -> list[str]:
    names = list(wanted)
    return [
        f"{network[a].title} = {network[a].states[wanted[a]]} and {network[b].title} = {network[b].states[wanted[b]]}"
        for place, a in enumerate(names)
        for b in names[place + 1 :]
        if not (share[a] & share[b]).any()
    ]


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
