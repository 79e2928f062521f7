"""What was believed before the record was read, and how the answers differ by it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ....models.network.network import Network
from ....models.network.parameters import network_parameters
from ....models.parameters.prior_set import PriorSet
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


SECTION = Section(_content)
