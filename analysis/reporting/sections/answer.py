"""The answer: one number with its word, its interval, what the format changes, and confidence apart from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ...summaries.likelihood_words import load_lexicon
from ..answers import next_case_moves
from ..confidence import confidence
from ..numbers import described_change, described_number
from ..section import Answers, Material, Section
from .record import coder_agreement


def _content(material: Material, answers: Answers) -> dict[str, Any]:
    scenario, lexicon = material.loaded.scenario, load_lexicon("icd203")
    judgement = scenario.judgement(scenario.headline.judgement)
    rows = {row.label: row for row in answers.reported(judgement.id)}
    row = rows[scenario.headline.format]
    described = described_number(row.summary, lexicon)
    opinions = [
        float(next(r for r in by_id[judgement.id] if r.label == row.label).draws.mean())
        for by_id in answers.rows.values()
    ]
    agreement = coder_agreement(material.cases)["agreement"] if material.shipped else None
    return {
        "judgement": judgement.id,
        "format": row.label,
        "claim": judgement.claim,
        **described,
        "change": described_change(judgement, rows, row) if judgement.base not in (None, row.label) else None,
        "confidence": confidence(agreement, opinions, next_case_moves(row, judgement, scenario.seed)),
        "lexicon": {
            "name": lexicon.name,
            "title": lexicon.title,
            "source": lexicon.source,
            "bands": [asdict(band) for band in lexicon.bands],
        },
    }


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
