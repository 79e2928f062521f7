"""Checks of the computation: how each fit was sampled, and the worst of every kind of gate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...summaries.gates import Gate, failed, sampler_gates
from ..numbers import gate_facts
from ..section import Answers, Material, Section


def _content(material: Material, answers: Answers) -> dict[str, Any]:
    fits = []
    for name, posterior in material.posteriors.items():
        provenance = posterior.provenance
        fits.append(
            {
                "priors": name,
                **posterior.sizes,
                "doublings": provenance.get("doublings", 0),
                "drawn_exactly": provenance.get("drawn_exactly", []),
                "drawn_by_augmentation": provenance.get("drawn_by_augmentation", []),
                "drawn_by_nuts": [*provenance.get("drawn_by_nuts", []), *provenance.get("drawn_by_pymc", [])],
                "sampler": [gate_facts(gate) for gate in sampler_gates(posterior)],
            }
        )
    parameters = [gate for gates in answers.fits.values() for gate in gates if " of " in gate.name]
    numbers = [gate for gates in answers.gates.values() for gate in gates]
    return {
        "fits": fits,
        "parameters": _worst(parameters),
        "numbers": _worst(numbers),
        "checked": len(parameters) + len(numbers),
    }


def _worst(gates: Sequence[Gate]) -> list[dict[str, Any]]:
    """The worst value of each kind of check, and all that failed."""
    kinds: dict[str, list[Gate]] = {}
    for gate in gates:
        kinds.setdefault(gate.name.split(" of ")[0], []).append(gate)
    found = []
    for kind, members in kinds.items():
        worst = (max if kind == "R-hat" else min)(members, key=lambda gate: gate.value)
        found.append(
            {
                "kind": kind,
                "checked": len(members),
                "worst": gate_facts(worst),
                "failed": [gate_facts(g) for g in failed(members)],
            }
        )
    return found


SECTION = Section(_content)
