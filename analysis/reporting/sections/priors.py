"""What was believed before the record was read, and how the answers differ by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from markupsafe import Markup

from ....models.network.network import Network
from ....models.network.parameters import network_parameters
from ....models.parameters.prior_set import PriorSet
from ...figures.priors import prior_sets_svg
from ..section import Answers, Material, Section


def _content(material: Material, answers: Answers) -> dict[str, Any]:
    scenario = material.loaded.scenario
    sets = [{"name": p.name, "title": p.title, "description": p.description} for p in material.loaded.priors]
    table = []
    for judgement in scenario.judgements:
        for place, row in enumerate(answers.reported(judgement.id)):
            line: dict[str, Any] = {"judgement": judgement.id, "label": row.label, "answers": []}
            for name in answers.rows:
                after = answers.rows[name][judgement.id][place].summary
                before = answers.before[name][judgement.id][place].summary
                line["answers"].append({"priors": name, "after": asdict(after), "before": asdict(before)})
            table.append(line)
    entries = _entries(material.loaded.network, material.loaded.priors[0])
    return {"sets": sets, "reported": sets[0]["name"], "table": table, "entries": entries}


def _entries(network: Network, priors: PriorSet) -> list[dict[str, str]]:
    """What a set says, entry by entry, and where a spread is relative to a learned scale."""
    # A pattern may speak of effects with and without one; the reader is told where it speaks of any with.
    scaled = [parameter for parameter in network_parameters(network) if parameter.scaled_by]
    spoken = {entry.parameter: p for p in scaled if (entry := p.entry(priors))}
    return [
        {
            "parameter": e.parameter,
            "prior": spoken[e.parameter].words(e.prior) if e.parameter in spoken else str(e.prior),
            "reason": e.reason,
            "source": e.source,
            "certainty": e.certainty,
        }
        for e in priors.entries
    ]


def _page(report: Mapping[str, Any]) -> dict[str, Any]:
    answer, table = report["answer"], report["priors"]["table"]
    titles = {one["name"]: one["title"] for one in report["priors"]["sets"]}
    names = [one["id"] for one in report["judgements"]]
    lines = {name: [line for line in table if line["judgement"] == name] for name in names}
    headline = next(line for line in lines[answer["judgement"]] if line["label"] == answer["format"])
    return {
        "prior_titles": titles,
        "prior_lines": lines,
        "prior_figures": {name: Markup(prior_sets_svg(lines[name], titles, name=name)) for name in names},  # noqa: S704
        "headline_priors": headline["answers"][0],
    }


SECTION = Section(_content, {"priors": "What was believed before", "assumptions": "Assumptions"}, page=_page)
