"""Every judgement of the scenario, format by format, each with its gates and its density."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from ...figures.densities import densities_svg
from ...scenarios.scenario import Judgement
from ...summaries.gates import failed
from ...summaries.likelihood_words import Lexicon, load_lexicon
from ..numbers import density_curve, described_change, described_number, described_outcomes, gate_facts, plain
from ..section import Answers, Material, Section


def _content(material: Material, answers: Answers) -> list[dict[str, Any]]:
    lexicon = load_lexicon("icd203")
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


def _page(report: Mapping[str, Any]) -> dict[str, Any]:
    bands = report["answer"]["lexicon"]["bands"]
    changes = [row["change"]["difference"] for one in report["judgements"] for row in one["rows"] if row["change"]]
    return {
        "change_margin": changes[0]["margin"] if changes else None,
        "judgement_titles": {one["id"]: one["title"] for one in report["judgements"]},
        "density_figures": {
            one["id"]: Markup(densities_svg(one["rows"], bands, name=one["id"], base=one["base"]))  # noqa: S704
            for one in report["judgements"]
        },
    }


SECTION = Section(_content, {"judgements": "Every judgement"}, page=_page)
