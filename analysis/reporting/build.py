"""A report as one dictionary: every number that a reader sees stands here first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...models.posterior import Posterior
from ...models.sampling.fit import prior_draws
from ..queries.contrast import probability_of_increase
from ..scenarios.scenario import Judgement, Loaded
from ..scenarios.stored_fits import fit_gates
from ..summaries.gates import Gate, failed, number_gates, sampler_gates, supposed_gates
from ..summaries.likelihood_words import Lexicon, load_lexicon, natural_frequency
from ..summaries.summary import INTERVAL, Summary, array_stats, summarise
from .answers import Row, judged, next_case_moves
from .confidence import confidence
from .record import case_section, citations, coder_agreement, record_section

if TYPE_CHECKING:
    import pandas as pd

#: Raised when a field of the JSON changes its meaning or goes.
SCHEMA = 1
#: Quantiles of every reported distribution that the JSON carries.
QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


@dataclass(frozen=True)
class Material:
    """Everything a report is made from.

    Parameters
    ----------
    loaded
        Scenario, network and priors.
    cases
        The record as of the scenario's date.
    posteriors
        Prior set -> fit; the first is the one reported.
    shipped
        Whether the record is the shipped one, which was coded twice.
    command
        What writes this report again.
    tracks
        The actors' track records, as `servanda.analysis.reporting.tracks.scenario_tracks` gives them; None where
        nothing is known of any.
    theories
        The comparison of theories, as `servanda.analysis.reporting.theories.scenario_theories` gives it, or None.
    """

    loaded: Loaded
    cases: pd.DataFrame
    posteriors: Mapping[str, Posterior]
    shipped: bool = True
    command: str = ""
    tracks: Mapping[str, Any] | None = None
    theories: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Answers:
    """The judged rows under every prior set and before any data, with the gates of each and of the fits."""

    rows: Mapping[str, Mapping[str, tuple[Row, ...]]]
    before: Mapping[str, Mapping[str, tuple[Row, ...]]]
    gates: Mapping[tuple[str, str], tuple[Gate, ...]]
    fits: Mapping[str, tuple[Gate, ...]]

    def reported(self, judgement: str) -> tuple[Row, ...]:
        """Rows of a judgement under the first prior set."""
        return next(iter(self.rows.values()))[judgement]


def build(material: Material) -> dict[str, Any]:
    """Answer a scenario.

    Parameters
    ----------
    material
        Scenario, record, fits.

    Returns
    -------
    dict
        JSON-ready. ``passed`` says whether every gate passed; ``failed_gates`` which did not.
    """
    answers = _answer(material)
    report: dict[str, Any] = {"schema": SCHEMA}
    for name, section in SECTIONS.items():
        report[name] = section(material, answers)
    every = [gate for gates in answers.gates.values() for gate in gates]
    every += [gate for gates in answers.fits.values() for gate in gates]
    of_tracks = (material.tracks or {}).get("failed_gates", [])
    report["failed_gates"] = list(dict.fromkeys([*(str(gate) for gate in failed(every)), *of_tracks]))
    report["passed"] = not report["failed_gates"]
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
    return Answers(rows, before, gates, _fit_gates(material))


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


def _question(material: Material, answers: Answers) -> dict[str, Any]:  # noqa: ARG001
    scenario = material.loaded.scenario
    fields = ("name", "title", "question", "as_of", "horizon", "resolution", "assumptions")
    return {field: getattr(scenario, field) for field in fields}


def _answer_section(material: Material, answers: Answers) -> dict[str, Any]:
    scenario, lexicon = material.loaded.scenario, load_lexicon("icd203")
    judgement = scenario.judgement(scenario.headline.judgement)
    rows = {row.label: row for row in answers.reported(judgement.id)}
    row = rows[scenario.headline.format]
    described = _number(row.summary, lexicon)
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
        "change": _change(judgement, rows, row, lexicon) if judgement.base not in (None, row.label) else None,
        "confidence": confidence(agreement, opinions, next_case_moves(row, judgement, scenario.seed)),
        "lexicon": {
            "name": lexicon.name,
            "title": lexicon.title,
            "source": lexicon.source,
            "bands": [asdict(band) for band in lexicon.bands],
        },
    }


def _judgements(material: Material, answers: Answers) -> list[dict[str, Any]]:
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
                "given": _plain(row.given),
                "do": _plain(row.do),
                "note": notes.get(label, ""),
                **_number(row.summary, lexicon),
                "curve": _curve(row),
                "gates": [_gate(gate) for gate in gates],
                "passed": not failed(gates),
                "change": _change(judgement, rows, row, lexicon)
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


def _change(judgement: Judgement, rows: Mapping[str, Row], row: Row, lexicon: Lexicon) -> dict[str, Any]:
    before = rows[str(judgement.base)].draws
    difference, ratio = row.draws - before, row.draws / before
    raises = float(probability_of_increase(difference))
    band = lexicon.band(raises)
    return {
        "from": judgement.base,
        "difference": _figures(summarise(difference)),
        "ratio": _figures(summarise(ratio)),
        "probability_of_increase": raises,
        "word": band.word,
        "range": band.range,
    }


def _tracks(material: Material, answers: Answers) -> Mapping[str, Any] | None:  # noqa: ARG001
    return material.tracks


def _theories(material: Material, answers: Answers) -> Mapping[str, Any] | None:  # noqa: ARG001
    return material.theories


def _priors(material: Material, answers: Answers) -> dict[str, Any]:
    scenario = material.loaded.scenario
    sets = [{"name": p.name, "title": p.title, "description": p.description} for p in material.loaded.priors]
    table = []
    for judgement in scenario.judgements:
        for place, row in enumerate(answers.reported(judgement.id)):
            line: dict[str, Any] = {"judgement": judgement.id, "label": row.label, "answers": []}
            for name in answers.rows:
                after = answers.rows[name][judgement.id][place].summary
                before = answers.before[name][judgement.id][place].summary
                line["answers"].append({"priors": name, "after": _figures(after), "before": _figures(before)})
            table.append(line)
    entries = [
        {
            "parameter": e.parameter,
            "prior": str(e.prior),
            "reason": e.reason,
            "source": e.source,
            "certainty": e.certainty,
        }
        for e in material.loaded.priors[0].entries
    ]
    return {"sets": sets, "reported": sets[0]["name"], "table": table, "entries": entries}


def _record(material: Material, answers: Answers) -> dict[str, Any]:
    scenario, network = material.loaded.scenario, material.loaded.network
    section = record_section(network, material.cases, scenario.as_of, shipped=material.shipped)
    asked = [(j.id, row) for j in scenario.judgements for row in answers.reported(j.id) if row.posterior is not None]
    held = [
        {"judgement": name, "label": row.label, **case_section(network, material.cases, row)} for name, row in asked
    ]
    section["held"] = held
    section["citations"] = citations([key for part in held for case in part["nearest"] for key in case["sources"]])
    return section


def _diagnostics(material: Material, answers: Answers) -> dict[str, Any]:
    fits = []
    for name, posterior in material.posteriors.items():
        provenance = posterior.provenance
        fits.append(
            {
                "priors": name,
                **posterior.sizes,
                "drawn_exactly": provenance.get("drawn_exactly", []),
                "drawn_by_augmentation": provenance.get("drawn_by_augmentation", []),
                "drawn_by_nuts": [*provenance.get("drawn_by_nuts", []), *provenance.get("drawn_by_pymc", [])],
                "sampler": [_gate(gate) for gate in sampler_gates(posterior)],
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


def _network(material: Material, answers: Answers) -> dict[str, Any]:  # noqa: ARG001
    network = material.loaded.network
    nodes = [
        {
            "name": node.name,
            "title": node.title,
            "states": list(node.states),
            "family": node.family,
            "description": node.description,
            "parents": [
                {"parent": network[a.parent].title, "name": a.parent, "reason": a.reason, "source": a.source}
                for a in node.parents
            ],
        }
        for node in network.nodes
    ]
    return {"name": network.name, "title": network.title, "nodes": nodes}


def _provenance(material: Material, answers: Answers) -> dict[str, Any]:  # noqa: ARG001
    return {
        "scenario": material.loaded.scenario.name,
        "command": material.command or f"servanda report {material.loaded.scenario.name}",
        "record": "the shipped record" if material.shipped else "the user's own record",
        "fits": {name: _identity(posterior) for name, posterior in material.posteriors.items()},
        "interval": INTERVAL,
        "interval_type": "equal-tailed credible interval",
    }


def _identity(posterior: Posterior) -> dict[str, Any]:
    return _plain({key: value for key, value in posterior.provenance.items() if key != "parameter_gates"})


#: Every section of a report, in the order a reader meets them; a new one is a function and a line here.
SECTIONS: Mapping[str, Callable[[Material, Answers], Any]] = {
    "question": _question,
    "answer": _answer_section,
    "judgements": _judgements,
    "record": _record,
    "tracks": _tracks,
    "theories": _theories,
    "priors": _priors,
    "diagnostics": _diagnostics,
    "network": _network,
    "provenance": _provenance,
}


def _number(summary: Summary, lexicon: Lexicon) -> dict[str, Any]:
    band = lexicon.band(summary.mean)
    straddles = lexicon.band(summary.lower).word != band.word or lexicon.band(summary.upper).word != band.word
    return {
        **_figures(summary),
        "word": band.word,
        "range": band.range,
        "interval_straddles_words": straddles,
        "natural_frequency": natural_frequency(summary.mean),
    }


def _figures(summary: Summary) -> dict[str, Any]:
    return asdict(summary)


def _curve(row: Row) -> dict[str, Any]:
    """Density of the answer's distribution on a grid, and its quantiles."""
    core = array_stats()
    x = row.draws.values.ravel()
    quantiles = {f"{q:g}": float(value) for q, value in zip(QUANTILES, np.quantile(x, QUANTILES), strict=True)}
    if np.ptp(x) == 0:
        return {"x": [], "density": [], "quantiles": quantiles}
    grid, density, _ = core.kde(x, bound_correction=True, grid_len=200)
    inside = (grid >= 0) & (grid <= 1)
    return {"x": _list(grid[inside]), "density": _list(density[inside]), "quantiles": quantiles}


def _list(x: np.ndarray) -> list[float]:
    return [round(float(value), 6) for value in x]


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
                "worst": _gate(worst),
                "failed": [_gate(g) for g in failed(members)],
            }
        )
    return found


def _gate(gate: Gate) -> dict[str, Any]:
    return {"name": gate.name, "passed": gate.passed, "value": float(gate.value), "limit": gate.limit}


def _plain(value: Any) -> Any:
    """Give values that JSON knows."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return value
