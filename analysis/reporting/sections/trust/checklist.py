"""The checklist of a Bayesian report: each point present, with where it stands, or waived with a reason.

The points are those of BARG (Kruschke 2021, doi 10.1038/s41562-021-01177-7†) and WAMBS (Depaoli and van de Schoot
2017†), as the reference notes of the project sum them up. Whether a point is present is found in the report's own
dictionary, and nobody asserts it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ....summaries.summary import Summary, summarise
from ...answers import Row
from ...document.blocks import Block, Paragraph, Run, Table, Text, runs
from ...document.language import N_, Language
from ...numbers import plain
from ...section import Answers, Material, Part, Section

if TYPE_CHECKING:
    import xarray as xr

PRESENT, WAIVED, MISSING = N_("present"), N_("waived"), N_("missing")
#: What a number is told with wherever it is told.
_DIAGNOSTICS = ("mcse", "ess_bulk", "ess_tail", "rhat")


@dataclass(frozen=True)
class Point:
    """A point of the checklist.

    Parameters
    ----------
    title
        What a report owes.
    present
        Finds it in the dictionary.
    anchor
        Where it stands in the document.
    reason
        Why it is waived where it is not present; without one it is missing.
    """

    title: str
    present: Callable[[Mapping[str, Any]], bool]
    anchor: str
    reason: str = ""


def _holds(report: Mapping[str, Any], *paths: str) -> bool:
    """Whether the dictionary holds something at every path of keys, dots between them."""
    return all(_at(report, path) not in (None, "", [], {}) for path in paths)


def _at(report: Any, path: str) -> Any:
    for key in path.split("."):
        if not isinstance(report, Mapping) or key not in report:
            return None
        report = report[key]
    return report


def _reported_fit(report: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(iter((_at(report, "provenance.fits") or {}).values()), {})


def _question(report: Mapping[str, Any]) -> bool:
    named = ("question.question", "question.horizon", "question.resolution", "answer.claim", "answer.definition")
    return _holds(report, *named) and _holds(report["answer"], "definition.description")


def _data(report: Mapping[str, Any]) -> bool:
    counted = _holds(report, "record.cases", "record.outcomes", "record.selection")
    return counted and "missing_cells" in report["record"] and _holds(_reported_fit(report), "data_sha256")


def _model(report: Mapping[str, Any]) -> bool:
    nodes = _at(report, "network.nodes") or []
    return bool(nodes) and all(node["family"] for node in nodes) and _holds(_reported_fit(report), "network_sha256")


def _priors(report: Mapping[str, Any]) -> bool:
    entries, table = _at(report, "priors.entries") or [], _at(report, "priors.table") or []
    reasons = all(entry["reason"] for entry in entries)
    return bool(entries) and reasons and all(a["before"] for line in table for a in line["answers"])


def _software(report: Mapping[str, Any]) -> bool:
    named = ("versions.servanda", "settings.chains", "settings.draws", "settings.seed")
    ways = ("drawn_exactly", "drawn_by_nuts", "drawn_by_augmentation", "drawn_by_pymc")
    return _holds(_reported_fit(report), *named) and any(_holds(_reported_fit(report), way) for way in ways)


def _convergence(report: Mapping[str, Any]) -> bool:
    numbers = _at(report, "checklist.numbers") or []
    finite = all(math.isfinite(_number(one[name])) for one in numbers for name in (*_DIAGNOSTICS, "half"))
    sampler = any(fit["sampler"] for fit in _at(report, "diagnostics.fits") or [])
    drawn = _holds(_reported_fit(report), "drawn_by_nuts") or _holds(_reported_fit(report), "drawn_by_pymc")
    return bool(numbers) and finite and (sampler or not drawn)


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)


def _posterior(report: Mapping[str, Any]) -> bool:
    rows = [row for one in report.get("judgements") or [] for row in one["rows"]]
    drawn = all(row["curve"]["quantiles"] and {"mean", "lower", "upper"} <= row.keys() for row in rows)
    return bool(rows) and drawn and _holds(report, "provenance.interval", "provenance.interval_type")


def _predictive(report: Mapping[str, Any]) -> bool:
    return _holds(report, "predictive.rows")


def _margin(report: Mapping[str, Any]) -> bool:
    return any(row["margin"] > 0 for row in _at(report, "change.rows") or [])


def _sensitivity(report: Mapping[str, Any]) -> bool:
    return _holds(report, "change.rows") and not _at(report, "change.unmeasured")


def _influence(report: Mapping[str, Any]) -> bool:
    return _holds(report, "influence") or any("pareto_k" in row for row in _at(report, "theories.table") or [])


def _scored(report: Mapping[str, Any]) -> bool:
    return bool(_at(report, "held_out.measured")) and all("error" in row for row in _at(report, "held_out.rows") or [])


def _calibrated(report: Mapping[str, Any]) -> bool:
    return _holds(report, "held_out.curves", "held_out.cases", "held_out.slope")


def _recovered(report: Mapping[str, Any]) -> bool:
    return _holds(report, "recovery")


def _differences(report: Mapping[str, Any]) -> bool:
    flagged = all("pairs_unseen" in one for one in _at(report, "record.held") or [])
    return _holds(report, "answer.change", "record.held") and flagged


def _sense(report: Mapping[str, Any]) -> bool:
    return _holds(report, "drivers") or _holds(report, "record.count.rows")


def _limits(report: Mapping[str, Any]) -> bool:
    causal = _holds(report, "change.identification") or not _at(report, "answer.change")
    return _holds(report, "question.cannot_see") and _holds(report, "question.assumptions") and causal


def _repeated(report: Mapping[str, Any]) -> bool:
    fit = _reported_fit(report)
    return _holds(report, "provenance.command") and _holds(fit, "key", "data_sha256", "priors_sha256", "versions")


_NOT_MEASURED = N_("not measured for this record, network and prior set; `{how}` measures it")
#: The points, in the order of the reference notes.
POINTS: tuple[Point, ...] = (
    Point(N_("Question, unit, horizon and definition of the outcome"), _question, "question"),
    Point(N_("Data: source, version, counts, missing cells, coding rules, selection"), _data, "record"),
    Point(N_("Model: likelihood, parameters, hierarchy, formal specification"), _model, "network"),
    Point(N_("Every prior with its reason, and what it says in probabilities before any data"), _priors, "priors"),
    Point(N_("Software with versions, sampler, chains, draws, seed"), _software, "checklist-annex"),
    Point(
        N_("R-hat, effective draws, divergences, Monte Carlo error of every number; check after doubling the draws"),
        _convergence,
        "checklist-annex",
    ),
    Point(
        N_("Posterior drawn, with its centre and a credible interval of named level and type"), _posterior, "judgements"
    ),
    Point(N_("Posterior predictive check"), _predictive, "predictive"),
    Point(
        N_("Decision rule, or the smallest change that matters"),
        _margin,
        "moved",
        N_("nothing is compared, and no decision was stated"),
    ),
    Point(
        N_("Sensitivity to priors, theories, readings and coding"),
        _sensitivity,
        "change",
        N_("not measured over all of them: see the reasons of the confidence"),
    ),
    Point(N_("Influence of single cases, with Pareto k"), _influence, "change", N_("nothing was left out in turn")),
    Point(N_("Scores on held-out cases against the base rate, with their error"), _scored, "held_out", _NOT_MEASURED),
    Point(N_("Calibration, with bands and the number of cases"), _calibrated, "held_out", _NOT_MEASURED),
    Point(
        N_("Recovery of known parameters from simulated data"),
        _recovered,
        "",
        N_("done for every family of the software by its own tests, not for this report"),
    ),
    Point(
        N_("First differences, and a flag where the answer extrapolates"),
        _differences,
        "moved",
        N_("the scenario compares with nothing"),
    ),
    Point(N_("What the numbers mean in substance, beside raw counts"), _sense, "count"),
    Point(N_("Limits, and on what condition a change is causal"), _limits, "cannot-see"),
    Point(N_("Reproduction: command, versions, digests of every input"), _repeated, "provenance"),
)


def _content(material: Material, answers: Answers) -> dict[str, Any]:
    """Every reported number and change with its Monte Carlo error, and what it was before the draws were doubled."""
    scenario = material.loaded.scenario
    numbers = [line for one in scenario.judgements for line in _numbers(one.id, one.base, answers.reported(one.id))]
    return {"numbers": numbers}


def _numbers(judgement: str, base: str | None, rows: tuple[Row, ...]) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield _number_of(judgement, row.label, None, row.draws, row.summary)
    before = next((row.draws for row in rows if row.label == base), None)
    if before is not None:
        for row in rows:
            if row.label != base and row.posterior is not None:
                moved = row.draws - before
                yield _number_of(judgement, row.label, base, moved, summarise(moved))


def _number_of(
    judgement: str, label: str, against: str | None, draws: xr.DataArray, summary: Summary
) -> dict[str, Any]:
    half = draws.isel(draw=slice(0, draws.sizes["draw"] // 2))
    told = {"mean": summary.mean, **{name: getattr(summary, name) for name in _DIAGNOSTICS}, "half": float(half.mean())}
    return plain({"judgement": judgement, "label": label, "against": against, **told})


def checked(report: Mapping[str, Any]) -> dict[str, Any]:
    """The checklist of a report, found in its dictionary.

    Returns
    -------
    dict
        ``numbers`` as they were; ``moved``, how far doubling the draws moved the one it moved most; ``points`` with
        ``title``, ``state``, ``anchor`` and ``reason``; and how many are ``present``, ``waived`` and ``missing``.
    """
    numbers = report["checklist"]["numbers"]
    points = []
    for point in POINTS:
        present = point.present(report)
        state = PRESENT if present else WAIVED if point.reason else MISSING
        reason = "" if present else point.reason
        points.append(
            {"title": point.title, "state": state, "anchor": point.anchor if present else "", "reason": reason}
        )
    states = [one["state"] for one in points]
    return {
        "numbers": numbers,
        "moved": max((abs(_number(one["mean"]) - _number(one["half"])) for one in numbers), default=math.nan),
        "points": points,
        **{state: states.count(state) for state in (PRESENT, WAIVED, MISSING)},
    }


def _sentence(report: Mapping[str, Any], say: Language) -> list[Block]:
    found = report["checklist"]
    message = N_(
        "Of [{points} points](#checklist-annex) that a Bayesian report owes, {present} are present, {waived} waived"
    )
    told = say(
        message,
        points=say.count(len(found["points"])),
        present=say.count(found[PRESENT]),
        waived=say.count(found[WAIVED]),
    )
    missing = (
        say.plural(", and **{n} is missing**", ", and **{n} are missing**", found[MISSING]) if found[MISSING] else ()
    )
    return [Paragraph(runs(told, missing, "."))]


def _table(report: Mapping[str, Any], say: Language) -> list[Block]:
    found = report["checklist"]
    rows = tuple(
        (runs(str(number)), runs(say.term(one["title"])), _state(one, report, say))
        for number, one in enumerate(found["points"], 1)
    )
    columns = (say(N_("No.")), say(N_("Point")), say(N_("Where, or why not")))
    note = say(N_("BARG and WAMBS in short; whether a point is present was looked up in this report's own data."))
    return [
        Table(say(N_("Checklist of a Bayesian report")), columns, rows, note),
        Paragraph(_software_in_words(report, say)),
        Paragraph(_doubling(report, say)),
        _errors(report, say),
    ]


def _state(one: Mapping[str, Any], report: Mapping[str, Any], say: Language) -> Text:
    word = say.term(one["state"])
    if one["state"] == PRESENT:
        return (Run(word, href=f"#{one['anchor']}"),)
    if not one["reason"]:
        return (Run(word, "alarm"),)
    how = (report.get("held_out") or {}).get("how", "")
    reason: str = one["reason"]
    return runs(f"{word}: ", say(reason, how=how))


def _software_in_words(report: Mapping[str, Any], say: Language) -> Text:
    fit = _reported_fit(report)
    versions = ", ".join(f"{name} {version}" for name, version in (fit.get("versions") or {}).items())
    ways = {
        N_("exactly"): [[name] for name in fit.get("drawn_exactly") or []],
        N_("by data augmentation"): fit.get("drawn_by_augmentation") or [],
        N_("by NUTS"): [*(fit.get("drawn_by_nuts") or []), *(fit.get("drawn_by_pymc") or [])],
    }
    drawn = [
        f"{say.term(way)}: {', '.join(name for block in blocks for name in block)}"
        for way, blocks in ways.items()
        if blocks
    ]
    settings = fit.get("settings") or {}
    message = N_(
        "Software: {versions}. Drawn {drawn}; {chains} chains of {draws} draws after {tune} steps of warm-up, one draw "
        "in {thin} kept, seed {seed}."
    )
    numbers = {name: say.figure(settings.get(name)) for name in ("chains", "draws", "tune", "thin")}
    return say(message, versions=versions, drawn="; ".join(drawn), seed=str(settings.get("seed", "")), **numbers)


def _doubling(report: Mapping[str, Any], say: Language) -> Text:
    sizes = (_at(report, "diagnostics.fits") or [{}])[0]
    draws = sizes.get("chain", 0) * sizes.get("draw", 0)
    message = N_("Doubling the draws from {half} to {draws} moved no number by more than {moved} points.")
    moved = say.decimal(100 * _number(report["checklist"]["moved"]), 1)
    return say(message, half=say.count(draws // 2), draws=say.count(draws), moved=moved)


def _errors(report: Mapping[str, Any], say: Language) -> Table:
    titles = {one["id"]: one["title"] for one in report["judgements"]}
    rows = tuple(
        (
            _name(one, titles, say),
            runs(say.decimal(100 * one["mean"], 1, signed=one["against"] is not None)),
            runs(say.decimal(100 * _number(one["mcse"]), 2)),
            runs(say.decimal(100 * one["half"], 1, signed=one["against"] is not None)),
            runs(say.figure(one["ess_bulk"])),
            runs(say.figure(one["ess_tail"])),
            runs(say.decimal(one["rhat"], 3)),
        )
        for one in report["checklist"]["numbers"]
    )
    columns = (
        say(N_("Number")),
        say(N_("Per cent")),
        say(N_("Monte Carlo error")),
        say(N_("From half the draws")),
        say(N_("Bulk ESS")),
        say(N_("Tail ESS")),
        say(N_("R-hat")),
    )
    return Table(say(N_("Monte Carlo error of every number")), columns, rows, numeric=frozenset(range(1, 7)))


def _name(one: Mapping[str, Any], titles: Mapping[str, str], say: Language) -> Text:
    title, label = say.term(titles.get(one["judgement"], one["judgement"])), say.term(one["label"])
    if one["against"] is None:
        return runs(f"{title}: {label}")
    return say(N_("{title}: change from {base} to {label}"), title=title, base=say.term(one["against"]), label=label)


SECTION = Section(
    _content,
    closing=checked,
    parts=(Part("trust", N_("Checklist"), _sentence), Part("annex", N_("Checklist"), _table)),
)
