"""The answer: one number with its word, its interval, what the format changes, and confidence apart from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ...scenarios.scenario import Judgement
from ...sensitivity.spread import KINDS, SpreadRow
from ...summaries.likelihood_words import load_lexicon
from ..answers import Row, next_case_moves
from ..confidence import (
    Part,
    agreement_part,
    confidence,
    coverage_part,
    doubt_part,
    news_part,
    score_part,
    spread_part,
)
from ..numbers import described_change, described_number, described_outcomes
from ..section import Answers, Material, Section
from .change import headline_spread, in_short
from .record import agreement_by_node, case_section
from .score import how_to_measure, scenario_score


def _content(material: Material, answers: Answers) -> dict[str, Any]:
    scenario, lexicon = material.loaded.scenario, load_lexicon("icd203")
    judgement = scenario.judgement(scenario.headline.judgement)
    rows = {row.label: row for row in answers.reported(judgement.id)}
    row = rows[scenario.headline.format]
    described = described_number(row.summary, lexicon)
    return {
        "judgement": judgement.id,
        "format": row.label,
        "claim": judgement.claim,
        **described,
        **described_outcomes(row),
        "change": described_change(judgement, rows, row) if judgement.base not in (None, row.label) else None,
        "confidence": confidence(_parts(material, answers, row, judgement), scenario_score(material)),
        "lexicon": {
            "name": lexicon.name,
            "title": lexicon.title,
            "source": lexicon.source,
            "bands": [asdict(band) for band in lexicon.bands],
        },
    }


def _parts(material: Material, answers: Answers, row: Row, judgement: Judgement) -> list[Part]:
    """Parts of the confidence in the answer."""
    network, cases = material.loaded.network, material.cases
    held = case_section(network, cases, row)
    coded = agreement_by_node(network, cases, [judgement.node, *row.given, *row.do]) if material.shipped else {}
    spread = headline_spread(material, answers)
    lowest, highest = (None, None) if spread is None else (spread.lowest, spread.highest)
    return [
        score_part(scenario_score(material), how_to_measure(material)),
        coverage_part(held["exact"], len(cases), held["pairs_in_short"]),
        doubt_part(sum(case["doubted"] for case in held["nearest"]), len(held["nearest"])),
        agreement_part({network[name].title: found for name, found in coded.items()}),
        spread_part(_end(lowest), _end(highest), [KINDS[kind] for kind in spread.unmeasured] if spread else []),
        news_part(next_case_moves(row, judgement)),
    ]


def _end(row: SpreadRow | None) -> tuple[str, float] | None:
    """A choice and the expected change under it."""
    return None if row is None else (in_short(row), row.change.mean)


def _page(report: Mapping[str, Any]) -> dict[str, Any]:
    answer = report["answer"]
    judgement = next(one for one in report["judgements"] if one["id"] == answer["judgement"])
    bands = answer["lexicon"]["bands"]
    return {
        "bands": bands,
        "band": next((band for band in bands if band["word"] == answer["word"]), None),
        "headline": next(row for row in judgement["rows"] if row["label"] == answer["format"]),
    }


SECTION = Section(_content, {"answer": "The answer"}, page=_page)
