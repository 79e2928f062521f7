"""Held-out skill and calibration: does the network foretell crises it has not seen, and what can so few cases show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ....evaluation.held_out.rivals import BASE
from ....evaluation.scoreboard import ASKED, Evaluation
from ....evaluation.shipped_scores import measured_evaluation
from ....figures.evaluation import gains_svg, reliability_svg
from ...confidence import HELD_OUT
from ...document.blocks import Block, Figure, Fold, Paragraph, Table, Text, runs
from ...document.language import N_, Language
from ...reasons import reason
from ...section import Answers, Material, Part, Section
from ..score import how_to_measure

#: What a reader calls the network and its priors alone; rivals have the titles of the evaluation.
_OWN, _PRIOR_ALONE = N_("this network"), N_("its priors alone, no case seen")
#: Draws from which a band of consistency is made, its level, and most points at which a curve is kept.
_RESAMPLES, _LEVEL, _POINTS = 300, 0.9, 60
#: Stays on a line with the numbers beside it.
_PLUS_MINUS = "\N{NO-BREAK SPACE}\N{PLUS-MINUS SIGN}\N{NO-BREAK SPACE}"
#: Titles of rivals, for the catalogue.
_RIVALS = (N_("rate of the era"), N_("ridge logit"), N_("gradient boosting"), N_("random forest"))
_ASKED = (N_("broken or not"), N_("kept in full or not"))


def _content(material: Material, answers: Answers) -> dict[str, Any]:  # noqa: ARG001
    how = how_to_measure(material)
    found = measured_evaluation(material.loaded.network, material.cases, material.loaded.priors[0])
    return {"measured": False, "how": how} if found is None else {"measured": True, "how": how, **described(*found)}


def described(evaluation: Evaluation, name: str) -> dict[str, Any]:
    """Gains, calibration and reliability of one prior set and of its rivals, in plain numbers.

    Parameters
    ----------
    evaluation
        What was measured.
    name
        Prior set of it that is reported; the network under others is left aside.
    """
    found = evaluation.shuffled
    rivals = [one for one in evaluation.titles if one not in (*evaluation.prior_sets, BASE)]
    titles = {name: _OWN, f"{name}_prior": _PRIOR_ALONE}
    rows = []
    for model in (name, *rivals):
        gain = found.gain(model)
        title = titles.get(model, evaluation.titles[model])
        rows.append({"model": model, "title": title, "gain": gain.value, "error": gain.error})
    best = max(rows[1:], key=lambda row: row["gain"], default=None)
    over = None if best is None else evaluation.difference(name, best["model"])
    slope = found.recalibration(name, "broken")
    return {
        "by": evaluation.by,
        "cases": len(found.cases),
        "crises": len(set(found.units)),
        "rows": rows,
        "best_rival": None
        if best is None or over is None
        else {"title": best["title"], "gain": over.value, "error": over.error},
        "futures": [
            {"year": year, "cases": len(later.cases), "gain": gain.value, "error": gain.error}
            for year, later in evaluation.later.items()
            for gain in (later.gain(name),)
        ],
        "slope": slope.slope,
        "slope_error": slope.slope_error,
        "curves": {asked: _curve(evaluation, name, question) for question, asked in ASKED.items()},
    }


def _curve(evaluation: Evaluation, name: str, question: str) -> dict[str, Any]:
    """Reliability curve at no more points than a small figure can show, and how wide its band is in the middle case."""
    settings = {"resamples": _RESAMPLES, "level": _LEVEL, "seed": evaluation.settings["seed"]}
    curve = evaluation.shuffled.reliability(name, question, **settings)
    at = np.unique(np.linspace(0, len(curve.p) - 1, _POINTS).round().astype(int))
    kept = {part: getattr(curve, part)[at].round(5).tolist() for part in ("p", "recalibrated", "low", "high")}
    outside = (curve.recalibrated < curve.low) | (curve.recalibrated > curve.high)
    return {
        **kept,
        "level": curve.level,
        "width": float(np.median(curve.high - curve.low)),
        "outside": float(outside.mean()),
    }


def _words(report: Mapping[str, Any], say: Language) -> list[Block]:
    found = report["held_out"]
    part = next((one for one in report["answer"]["confidence"]["parts"] if one["name"] == HELD_OUT), None)
    told: Text = () if part is None else reason(part, say)
    if not found["measured"]:
        return [Paragraph(told)] if told else []
    blocks: list[Block] = [Paragraph(runs(told, " ", _rival(found, say), " ", _futures(found, say)))]
    blocks += [_gains(found, say), Paragraph(_calibration(found, say)), _diagrams(found, say)]
    return blocks


def _rival(found: Mapping[str, Any], say: Language) -> Text:
    best = found["best_rival"]
    if best is None:
        return ()
    return say(N_("Against the best rival, {title}: {gain}."), title=say.term(best["title"]), gain=_gain(best, say))


def _futures(found: Mapping[str, Any], say: Language) -> Text:
    if not found["futures"]:
        return say(N_("Held-out futures were not measured."))
    message = N_("Tests after {years}, foretold from those before: {gains} (± one standard error).")
    years = say.listed([str(one["year"]) for one in found["futures"]])
    told = say(message, years=years, gains=say.listed([_gain(one, say) for one in found["futures"]]))
    if any(one["gain"] > 2 * one["error"] for one in found["futures"]):
        return told
    return runs(told, " ", say(N_("Forward in time no gain exceeds two standard errors.")))


def _gain(one: Mapping[str, Any], say: Language) -> str:
    return f"{say.decimal(one['gain'], 3, signed=True)}{_PLUS_MINUS}{say.decimal(one['error'], 3)}"


def _gains(found: Mapping[str, Any], say: Language) -> Figure:
    rows = [
        {**row, "label": say.term(row["title"]), "said": _gain(row, say), "strong": place == 0}
        for place, row in enumerate(found["rows"])
    ]
    said = "; ".join(f"{row['label']}: {row['said']}" for row in rows)
    sides = (say.line(N_("worse than the base rate")), say.line(N_("better")))
    caption = say(N_("Bars: two standard errors, by crisis; where one crosses zero, the gain may be chance."))
    return Figure(gains_svg(rows, name="held-out", sides=sides, said=said), said, caption)


def _calibration(found: Mapping[str, Any], say: Language) -> Text:
    curve = next(iter(found["curves"].values()))
    message = N_(
        "**Calibration.** Slope of *broken or not*: {slope}, where 1 is right. With {cases} cases the 90 % band of "
        "right forecasts is {width} points wide: a gross fault would show, a small one would not."
    )
    slope = f"{say.decimal(found['slope'], 2)}{_PLUS_MINUS}{say.decimal(found['slope_error'], 2)}"
    width = say.decimal(100 * curve["width"], 0)
    return say(message, slope=slope, cases=say.count(found["cases"]), width=width)


def _diagrams(found: Mapping[str, Any], say: Language) -> Fold:
    curves = {say.term(asked): curve for asked, curve in found["curves"].items()}
    titles = (say.line(N_("foretold")), say.line(N_("happened")))
    level = say.percent(next(iter(found["curves"].values()))["level"])
    told = [
        say.line(
            N_("{asked}: {share} of the curve lies outside of the band"),
            asked=asked,
            share=say.percent(curve["outside"]),
        )
        for asked, curve in curves.items()
    ]
    caption = say(
        N_(
            "Line: how often it happened at each forecast. Grey: where {level} of the lines of right forecasts would "
            "lie, at each forecast by itself."
        ),
        level=level,
    )
    figure = Figure(reliability_svg(curves, name="held-out", axes_titles=titles), "; ".join(told), caption)
    return Fold(say(N_("Reliability, drawn")), (figure, _table(found, say)))


def _table(found: Mapping[str, Any], say: Language) -> Table:
    rows = [(say.term(row["title"]), row) for row in found["rows"]]
    message = N_("this network, tests after {year} ({cases} cases)")
    rows += [(say.line(message, year=str(one["year"]), cases=say.count(one["cases"])), one) for one in found["futures"]]
    cells = tuple(
        (
            runs(label),
            runs(say.decimal(row["gain"], 3, signed=True)),
            runs(say.decimal(row["error"], 3)),
        )
        for label, row in rows
    )
    columns = (say(N_("Model")), say(N_("Gain")), say(N_("Standard error")))
    note = say(N_("Log score a case over the base rate. Measured by `{how}`."), how=found["how"])
    return Table(say(N_("Gain over the base rate")), columns, cells, note, frozenset({1, 2}), 0, compact=True)


SECTION = Section(_content, parts=(Part("trust", N_("On crises it has not seen"), _words),))
