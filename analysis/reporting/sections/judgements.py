"""Every judgement of the scenario, format by format, each with its gates and its density."""

from __future__ import annotations

from typing import Any

from ...scenarios.scenario import Judgement
from ...summaries.gates import failed
from ...summaries.likelihood_words import Lexicon, load_lexicon
from ..numbers import density_curve, described_change, described_number, described_outcomes, gate_facts, plain
from ..section import Answers, Material, Section


def _content(material: Material, answers: Answers) -> list[dict[str, Any]]:
    lexicon = load_lexicon(material.loaded.scenario.lexicon)
    return [_judgement(judgement, material, answers, lexicon) for judgement in material.loaded.scenario.judgements]


def _judgement(judgement: Judgement, material: Material, answers: Answers, lexicon: Lexicon) -> dict[str, Any]:
    reported = next(iter(answers.rows))
    rows = {row.label: row for row in answers.reported(judgement.id)}
    notes = {row.label: row.note for row in judgement.formats}
    of_fit = failed(answers.fits[reported])
    table = []
    for label, row in rows.items():
        gates = (*answers.gates[judgement.id, f"{label}|{reported}"], *of_fit)
        table.append(
            {
                "label": label,
                "actor": row.actor,
                "given": plain(row.given),
                "do": plain(row.do),
                "note": notes.get(label, ""),
                **described_number(row.summary, lexicon),
                **described_outcomes(row),
                "curve": density_curve(row),
                "gates": [gate_facts(gate) for gate in gates],
                "passed": not failed(gates),
                "change": described_change(judgement, rows, row)
                if judgement.base and label != judgement.base and row.posterior
                else None,
            }
        )
    return {
        "id": judgement.id,
        "title": judgement.title,
        "claim": judgement.claim,
        "node": material.loaded.network[judgement.node].title,
        "states": judgement.states,
        "base": judgement.base,
        "note": judgement.note,
        "supposed": [supposed.claim for supposed in judgement.suppose],
        "rows": table,
    }


SECTION = Section(_content)
