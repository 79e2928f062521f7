"""A report as one dictionary: every number that a reader sees stands here first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...models.sampling.prior_draws import prior_draws
from ..scenarios.scenario import Judgement
from ..scenarios.stored_fits import fit_gates
from ..summaries.gates import Gate, failed, number_gates, supposed_gates
from .answers import Row, judged
from .load import check_report
from .schema.report import VERSION
from .section import Answers, Material
from .sections import SECTIONS

#: Version of what `build` returns.
SCHEMA = VERSION


def build(material: Material) -> dict[str, Any]:
    """Answer a scenario.

    Parameters
    ----------
    material
        Scenario, record, fits.

    Returns
    -------
    dict
        JSON-ready. ``passed`` says whether every gate of the reported prior set passed; ``failed_gates`` which did not.
        Another set whose gates failed is left out.

    Raises
    ------
    ReportError
        If a section gives what its schema does not know.
    """
    answers = _answer(material)
    report: dict[str, Any] = {"schema": SCHEMA}
    for name, section in SECTIONS.items():
        report[name] = section.content(material, answers)
    report |= {name: section.closing(report) for name, section in SECTIONS.items() if section.closing}
    own = [gate for part in report.values() if isinstance(part, Mapping) for gate in part.get("failed_gates", ())]
    reported = _failed_of(answers, next(iter(answers.rows)))
    report["failed_gates"] = list(dict.fromkeys([*(str(gate) for gate in reported), *own]))
    report["passed"] = not report["failed_gates"]
    check_report(report, "report")
    return report


def _answer(material: Material) -> Answers:
    scenario = material.loaded.scenario
    rows, before, gates = {}, {}, {}
    for prior in material.loaded.priors:
        posterior = material.posteriors[prior.name]
        rows[prior.name] = {j.id: judged(posterior, scenario, j, material.cases) for j in scenario.judgements}
        blank = prior_draws(material.loaded.network, prior, seed=scenario.seed, draws=2000, levels=posterior.levels)
        before[prior.name] = {j.id: judged(blank, scenario, j, material.cases) for j in scenario.judgements}
        for judgement in scenario.judgements:
            gates |= _row_gates(judgement, rows[prior.name][judgement.id], prior.name)
    every = Answers(rows, before, gates, _fit_gates(material))
    failing = {prior.name: _failed_of(every, prior.name) for prior in material.loaded.priors[1:]}
    left_out = {name: found for name, found in failing.items() if found}
    return replace(every, rows={name: found for name, found in rows.items() if name not in left_out}, left_out=left_out)


def _failed_of(answers: Answers, prior: str) -> tuple[Gate, ...]:
    """Gates that failed of a prior set's numbers and of its fit."""
    numbers = [gate for (_, row), gates in answers.gates.items() if row.endswith(f"|{prior}") for gate in gates]
    return failed([*numbers, *answers.fits[prior]])


def _row_gates(judgement: Judgement, rows: Sequence[Row], prior: str) -> dict[tuple[str, str], tuple[Gate, ...]]:
    """Gates of each row: of its number, of what it supposes, and for collectives those of the members."""
    gates: dict[tuple[str, str], tuple[Gate, ...]] = {}
    members = {group.label: group.of for group in judgement.together}
    for row in rows:
        found = [*number_gates(f"P({row.label}; {judgement.id}; {prior})", row.summary)]
        supposed = supposed_gates(row.posterior) if row.posterior is not None else ()
        found += [replace(gate, name=f"{gate.name} of P({row.label}; {judgement.id}; {prior})") for gate in supposed]
        for member in members.get(row.label, ()):
            found += gates[judgement.id, f"{member}|{prior}"]
        gates[judgement.id, f"{row.label}|{prior}"] = tuple(found)
    return gates


def _fit_gates(material: Material) -> dict[str, tuple[Gate, ...]]:
    """Gates of each fit, on which every number of its prior set rests."""
    return {
        name: tuple(replace(gate, name=f"{gate.name} ({name})") for gate in fit_gates(posterior))
        for name, posterior in material.posteriors.items()
    }
