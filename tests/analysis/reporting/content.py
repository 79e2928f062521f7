"""A small report by hand, shaped as `build` gives it; figures are chosen so that each is told from the others."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from servanda.analysis.reporting.build import SCHEMA
from servanda.analysis.reporting.confidence import confidence, coverage_part, score_part, spread_part
from servanda.analysis.summaries.likelihood_words import load_lexicon


def figures(mean: float, lower: float, upper: float) -> dict[str, float]:
    return {
        "mean": mean,
        "lower": lower,
        "upper": upper,
        "sd": 0.2,
        "mcse": 0.003,
        "ess_bulk": 2111.4,
        "ess_tail": 1788.2,
        "rhat": 1.0012,
        "interval": 0.9,
    }


def number(mean: float, lower: float, upper: float, word: str, words: str) -> dict[str, Any]:
    return {
        **figures(mean, lower, upper),
        "word": word,
        "words": {"en": word, "es": load_lexicon("icd203").word(mean, "es")},
        "range": words,
        "interval_straddles_words": True,
        "natural_frequency": f"about {round(10 * mean)} in 10 comparable cases",
        "outcomes": [
            outcome("defected", (1 - mean) * 0.7, 0.07),
            outcome("partial", (1 - mean) * 0.3, 0.03),
            outcome("complied", mean, 0.2),
        ],
        "single": {"lower": lower - 0.013, "upper": upper + 0.017, "integrated": ["guarantee"]},
    }


def outcome(state: str, mean: float, reach: float) -> dict[str, Any]:
    ends = {"left_open_lower": mean - reach, "left_open_upper": mean + reach}
    return {"state": state, "mean": mean, **ends, "single_lower": 0.0, "single_upper": 1.0}


def row(label: str, told: dict[str, Any], change: dict[str, Any] | None, *, passed: bool = True) -> dict[str, Any]:
    name = f"bulk ESS of P({label}; own; literature)"
    gate = {"name": name, "passed": False, "value": 262.0, "limit": "400 or more"}
    return {
        "label": label,
        "actor": "FRA",
        "given": {"role": "guarantor"},
        "do": {"guarantors": "2"},
        "note": "",
        **told,
        "curve": {"x": [0.0, 0.5, 1.0], "density": [0.1, 1.5, 0.2], "quantiles": {"0.5": told["mean"]}},
        "gates": [] if passed else [gate],
        "passed": passed,
        "change": change,
    }


def change(mean: float, lower: float, upper: float, gain: float, within: float, loss: float) -> dict[str, Any]:
    shares = {"gain": gain, "within": within, "loss": loss, "margin": 0.05}
    halves = {"quarter": mean - 0.09, "three_quarters": mean + 0.08}
    return {
        "from": "alone",
        "difference": {**figures(mean, lower, upper), **halves, **shares},
        "ratio": figures(1 + mean, 1 + lower, 1 + upper),
    }


CHANGE = change(0.13, -0.07, 0.29, gain=0.73, within=0.21, loss=0.06)
ALONE = number(0.47, 0.14, 0.81, "roughly even chance", "45-55 %")
BACKED = number(0.61, 0.22, 0.92, "likely", "55-80 %")
#: The same two formats read otherwise: the step goes the other way.
RIVAL = change(-0.06, -0.27, 0.11, gain=0.12, within=0.34, loss=0.54)
RIVAL_ALONE = number(0.53, 0.19, 0.83, "roughly even chance", "45-55 %")
RIVAL_BACKED = number(0.48, 0.16, 0.79, "roughly even chance", "45-55 %")


PARTS = [
    score_part(None, "servanda evaluate guarantee"),
    coverage_part(3, 44, [[{"node": "Role", "state": "guarantor"}, {"node": "Number of guarantors", "state": "2"}]]),
    spread_part(("prior", "No opinion", -0.03), ("reading", "France as guarantor", 0.13), ["coder"]),
]


#: What a change has beside its numbers.
_NAMED = ("kind", "name", "note")


def changed(kind: str, name: str, mean: float, note: str = "") -> dict[str, Any]:
    ends = {"lower": mean - 0.21, "upper": mean + 0.17, "quarter": mean - 0.08, "three_quarters": mean + 0.09}
    worth = {"gain": 0.73, "within": 0.21, "loss": 0.06, "margin": 0.05, "interval": 0.9}
    return {"kind": kind, "name": name, "mean": mean, **ends, **worth, "note": note}


def case(**changes: Any) -> dict[str, Any]:
    return {
        "case_id": "a_1914",
        "guarantee": "Treaty of London",
        "obligor": "GBR",
        "role": "guarantor",
        "tested": "1914-08-04",
        "outcome": "complied",
        "doubted": True,
        "shared": 1,
        "described": 2,
        "differs": [{"node": "Number of guarantors", "state": "5"}],
        "note": "War was declared on the day.",
        "sources": ["clark2012", "unlisted"],
        **changes,
    }


def held(label: str) -> dict[str, Any]:
    lost = case(case_id="c_1938", guarantee="Treaty of Prague", obligor="FRA", tested="1938-09", outcome="defected")
    return {
        "judgement": "own",
        "label": label,
        "states": [
            {"node": "Role", "state": "guarantor", "set": False, "cases": 31},
            {"node": "Number of guarantors", "state": "2", "set": True, "cases": 9},
        ],
        "exact": 3,
        "pairs_unseen": [[{"node": "Role", "state": "guarantor"}, {"node": "Number of guarantors", "state": "2"}]],
        "own": {"actor": "FRA", "cases": 7, "outcomes": {"defected": 2, "complied": 5}},
        "nearest": [
            case(),
            case(
                case_id="b_1870", guarantee="Treaty of 1870", tested="1870-08-09", doubted=False, sources=["clark2012"]
            ),
            lost,
        ],
        "of_each": [case(), lost],
    }


COUNT = {
    "by": "Number of guarantors",
    "split": "Role",
    "columns": ["guarantor", "principal"],
    "rows": [
        {"state": "1", "cells": [{"kept": 8, "cases": 22}, {"kept": 0, "cases": 0}]},
        {"state": "2", "cells": [{"kept": 6, "cases": 9}, {"kept": 2, "cases": 13}]},
    ],
    "also": [],
    "own": {
        "actor": "FRA",
        "by": "Role",
        "rows": [{"state": "guarantor", "cells": [{"kept": 5, "cases": 7}]}],
        "kept": 5,
        "cases": 7,
    },
}


def fit(name: str) -> dict[str, Any]:
    return {"key": f"{name}f00", "settings": {"seed": 20190425}, "versions": {"pymc": "6.4.0"}, "cases": 44}


def report(*, passed: bool = True) -> dict[str, Any]:
    """The dictionary of a report on two formats of one judgement."""
    answer = {**BACKED, "judgement": "own", "format": "with an ally", "base": "alone"}
    answer |= {"claim": "France keeps its promise"}
    lines = [
        {
            "judgement": judgement,
            "label": label,
            "answers": [
                {"priors": "literature", "after": told, "before": figures(0.39, 0.03, 0.87)},
                {"priors": "flat", "after": figures(0.66, 0.26, 0.94), "before": figures(0.34, 0.01, 0.96)},
            ],
        }
        for judgement, label, told in (
            ("own", "alone", ALONE),
            ("own", "with an ally", BACKED),
            ("rival", "alone", RIVAL_ALONE),
            ("rival", "with an ally", RIVAL_BACKED),
        )
    ]
    gate = {"name": "bulk ESS of P(with an ally; own; literature)", "passed": passed, "value": 262.0, "limit": "400"}
    worst = {"kind": "bulk ESS", "checked": 12, "worst": gate, "failed": [] if passed else [gate]}
    return {
        "schema": SCHEMA,
        "question": {
            "name": "ally",
            "title": "A promise of France",
            "question": "Does an ally help?",
            "as_of": "2019-04-25",
            "horizon": "ten years",
            "resolution": "By the codebook.",
            "assumptions": ["It comes to a test."],
            "cannot_see": ["the chance of a test", "who is in office"],
            "ask": "Does an ally help France to keep its word?",
        },
        "answer": {
            **answer,
            "change": CHANGE,
            "verdict": {"settled": False, "direction": "", "limit": 0.9},
            "confidence": confidence(PARTS),
            "definition": {
                "node": "Compliance",
                "description": "What was done.",
                "rules": {"complied": "the core duty was performed in substance when it counted"},
            },
            "lexicon": {
                "name": "icd203",
                "title": "ICD 203 (2015)",
                "titles": {
                    "en": "ICD 203 (2015)",
                    "es": "ICD 203 (2015), traducci\N{LATIN SMALL LETTER O WITH ACUTE}n propia",
                },
                "source": "the directive",
                "bands": [
                    {**asdict(band), "words": {"en": band.word, "es": spanish}}
                    for band, spanish in zip(
                        load_lexicon("icd203").bands, load_lexicon("icd203").wordings["es"].words, strict=True
                    )
                ],
            },
        },
        "change": {
            "rows": [
                changed("reading", "France as guarantor", 0.13),
                changed("reading", "France as principal", -0.06),
                changed("prior", "No opinion", -0.03),
            ],
            "lowest": "reading: France as principal",
            "highest": "reading: France as guarantor",
            "width": 0.19,
            "unmeasured": ["theory", "coder"],
            "left_out": [],
            "confounding": {
                "question": "P(compliance = complied | do(guarantors = 2))",
                "cause": "guarantors",
                "target": "compliance",
                "states": ["complied"],
                "identification": "It is identified.",
                "change": {name: value for name, value in changed("", "", 0.13).items() if name not in _NAMED},
                "tipping_point": {
                    "zero": 1.63,
                    "interval": 1.0,
                    "double": None,
                    "e_value": 1.41,
                    "e_value_interval": 1.0,
                },
                "most": 10.0,
                "in_words": "An unmeasured common cause would bring it to zero with odds of 1.63.",
                "benchmarks": [
                    {
                        "measured": "role",
                        "on_cause": 1.27,
                        "on_outcome": 1.38,
                        "mean": 0.08,
                        "lower": -0.11,
                        "upper": 0.26,
                        "along": 0.09,
                    }
                ],
            },
        },
        "score": {"measured": False, "how": "servanda evaluate guarantee"},
        "judgements": [
            {
                "id": "own",
                "title": "France as guarantor",
                "claim": "France keeps its promise",
                "node": "Compliance",
                "states": ["complied"],
                "base": "alone",
                "note": "Two states.",
                "supposed": ["the ally wavered"],
                "rows": [row("alone", ALONE, None), row("with an ally", BACKED, CHANGE, passed=passed)],
            },
            {
                "id": "rival",
                "title": "France as principal",
                "claim": "France keeps its promise",
                "node": "Compliance",
                "states": ["complied"],
                "base": "alone",
                "note": "",
                "supposed": [],
                "rows": [row("alone", RIVAL_ALONE, None), row("with an ally", RIVAL_BACKED, RIVAL)],
            },
        ],
        "record": {
            "cases": 44,
            "guarantees": 21,
            "obligors": 17,
            "crises": 19,
            "from": 1826,
            "to": 2018,
            "outcomes": {"defected": 15, "complied": 29},
            "doubted": 6,
            "unsourced": 3,
            "missing_cells": {"role": 4},
            "as_of": "2019-04-25",
            "selection": "The record is not a sample.",
            "coders": {"cases": 40, "agreement": 0.88},
            "held": [held("alone"), held("with an ally")],
            "count": COUNT,
        },
        "sources": {"clark2012": {"text": "Clark (2012). The Sleepwalkers.", "href": "https://example.org/book"}},
        "priors": {
            "sets": [
                {
                    "name": "literature",
                    "title": "What is published",
                    "description": "By a reader.",
                    "left_out": False,
                },
                {"name": "flat", "title": "No opinion", "description": "Nobody's view.", "left_out": False},
            ],
            "reported": "literature",
            "table": lines,
            "entries": [
                {
                    "parameter": "compliance.role",
                    "prior": "normal(mu=0, sigma=0.5)",
                    "reason": "None known.",
                    "source": "Leeds 2003",
                    "certainty": "read",
                }
            ],
        },
        "diagnostics": {
            "fits": [
                {
                    "priors": "literature",
                    "chain": 4,
                    "draw": 1000,
                    "doublings": 0,
                    "left_out": False,
                    "drawn_exactly": ["role"],
                    "drawn_by_augmentation": [["guarantors", "role"]],
                    "drawn_by_nuts": [["compliance"]],
                    "sampler": [{"name": "divergences", "passed": True, "value": 0.0, "limit": "none"}],
                }
            ],
            "parameters": [worst],
            "numbers": [worst],
            "checked": 24,
        },
        "network": {
            "name": "small",
            "title": "A small network",
            "nodes": [
                {
                    "name": name,
                    "title": title,
                    "states": ["a", "b"],
                    "family": "table",
                    "description": "One of three.",
                    "parents": [
                        {"parent": parent.title(), "name": parent, "reason": "It matters.", "source": "judgement"}
                        for parent in parents
                    ],
                }
                for name, title, parents in (
                    ("role", "Role", ()),
                    ("guarantors", "Number of guarantors", ("role",)),
                    ("compliance", "Compliance", ("role", "guarantors")),
                )
            ],
        },
        "provenance": {
            "scenario": "ally",
            "command": "servanda report ally",
            "record": "the shipped record",
            "fits": {"literature": fit("literature"), "flat": fit("flat")},
            "interval": 0.9,
            "interval_type": "equal-tailed credible interval",
        },
        "failed_gates": [] if passed else ["bulk ESS of P(with an ally; own; literature): 262 (FAILED, asked 400)"],
        "passed": passed,
    }
