"""Checks of the computation: how each fit was sampled, and the worst of every kind of gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...summaries.gates import Gate, failed, sampler_gates
from ..document.blocks import Block, Paragraph, Run, Table, Text, runs
from ..document.language import N_, Language
from ..numbers import gate_facts
from ..section import Answers, Material, Part, Section
from .judgements import gate_name, limit_text


def _content(material: Material, answers: Answers) -> dict[str, Any]:
    fits = []
    for name, posterior in material.posteriors.items():
        provenance = posterior.provenance
        fits.append(
            {
                "priors": name,
                "left_out": name in answers.left_out,
                **posterior.sizes,
                "doublings": provenance.get("doublings", 0),
                "drawn_exactly": provenance.get("drawn_exactly", []),
                "drawn_by_augmentation": provenance.get("drawn_by_augmentation", []),
                "drawn_by_nuts": [*provenance.get("drawn_by_nuts", []), *provenance.get("drawn_by_pymc", [])],
                "sampler": [gate_facts(gate) for gate in sampler_gates(posterior)],
            }
        )
    # Of what is shown: what was left out stands with its own gates in `convergence`.
    parameters = [gate for name in answers.rows for gate in answers.fits[name] if " of " in gate.name]
    shown = tuple(f"|{name}" for name in answers.rows)
    numbers = [gate for (_, row), gates in answers.gates.items() if row.endswith(shown) for gate in gates]
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


#: Kind of check -> what a reader calls its worst value.
_WORST = {
    "R-hat": N_("worst R-hat {value}"),
    "bulk ESS": N_("least effective sample {value} in the bulk"),
    "tail ESS": N_("{value} in the tails"),
}
_CHECKS = {
    "R-hat": N_("R-hat"),
    "bulk ESS": N_("effective sample, bulk"),
    "tail ESS": N_("effective sample, tails"),
    "draws left after supposing a case": N_("draws left after supposing a case"),
}


def _verdict(report: Mapping[str, Any], say: Language) -> list[Block]:
    """Whether the computation found the posterior, in a sentence."""
    found = report["diagnostics"]
    kinds = [*found["parameters"], *found["numbers"]]
    failed = sum(len(line["failed"]) for line in kinds)
    worst = []
    for kind, message in _WORST.items():
        values = [line["worst"]["value"] for line in kinds if line["kind"] == kind]
        if values:
            value = max(values) if kind == "R-hat" else min(values)
            worst.append(say.line(message, value=say.figure(value)))
    numbers = ", ".join(worst)
    checked = say.count(found["checked"])
    if failed:
        message = N_("**{failed} of {checked} checks of the sampling failed**: {worst}.")
        return [Paragraph(say(message, failed=say.count(failed), checked=checked, worst=numbers), "alarm")]
    message = N_(
        "**All {checked} checks of the sampling passed**: {worst}. They do not tell whether the network is right."
    )
    return [Paragraph(say(message, checked=checked, worst=numbers))]


def _tables(report: Mapping[str, Any], say: Language) -> list[Block]:
    """The worst value of each kind of check, and how each fit was sampled."""
    found = report["diagnostics"]
    rows = []
    for what, kinds in ((N_("of parameters"), found["parameters"]), (N_("of reported numbers"), found["numbers"])):
        for line in kinds:
            worst = line["worst"]
            where = worst["name"].replace(f"{line['kind']} of ", "")
            checks = f"{say.count(line['checked'])} {say.line(what)}"
            verdict = Run(say.line(N_("failed")), "alarm") if line["failed"] else Run(say.line(N_("passed")))
            kind = str(line["kind"])
            name = runs(say.line(_CHECKS.get(kind, kind)), Run(checks, "second"))
            value = runs(say.figure(worst["value"]), Run(limit_text(worst["limit"], say), "second"))
            rows.append((name, runs(verdict), value, runs(Run(where, "code"))))
    columns = (say(N_("Check")), say(N_("Verdict")), say(N_("Worst value, asked")), say(N_("Where")))
    worst_of_each = Table(say(N_("The worst value of each kind")), columns, tuple(rows), numeric=frozenset({2}))
    titles = {one["name"]: say.term(one["title"]) for one in report["priors"]["sets"]}
    fits = tuple(_sampled(fit, titles, say) for fit in found["fits"])
    columns = (say(N_("Prior set")), say(N_("Draws")), say(N_("Checks")), say(N_("Exactly")), say(N_("By MCMC")))
    return [worst_of_each, Table(say(N_("The samplers")), columns, fits, numeric=frozenset({1}))]


def _sampled(fit: Mapping[str, Any], titles: Mapping[str, str], say: Language) -> tuple[Text, ...]:
    draws: list[str | Run] = [f"{say.count(fit['chain'])} \N{MULTIPLICATION SIGN} {say.count(fit['draw'])}"]
    if fit["doublings"]:
        message = N_("with {n} times the usual steps, since a check failed before")
        draws.append(Run(say.line(message, n=say.count(2 ** fit["doublings"])), "second"))
    checks = []
    for gate in fit["sampler"]:
        said = f"{gate_name(gate['name'], say)}: {say.figure(gate['value'])}"
        failed = say.line(N_("{check} (not passed, asked {limit})"), check=said, limit=limit_text(gate["limit"], say))
        checks += [*([Run("; ")] if checks else []), Run(said) if gate["passed"] else Run(failed, "alarm")]
    ways = [
        f"{', '.join(' + '.join(block) for block in fit[name])} ({way})"
        for name, way in (("drawn_by_nuts", "NUTS"), ("drawn_by_augmentation", say.line(N_("data augmentation"))))
        if fit[name]
    ]
    return (
        runs(titles.get(fit["priors"], fit["priors"])),
        runs(*draws),
        runs(*checks) if checks else say(N_("none: nothing was sampled by NUTS")),
        runs(", ".join(fit["drawn_exactly"]).replace("_", " ")),
        runs("; ".join(ways).replace("_", " ")),
    )


SECTION = Section(
    _content,
    parts=(
        Part("trust", N_("Checks of the computation"), _verdict),
        Part("annex", N_("Checks of the computation, in full"), _tables),
    ),
)
