"""What the headline's format changes: the same question under every reading, theory, prior set and coder."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from ....models.questions.quantity import Quantity
from ....record.files.dates import as_day
from ...figures.changes import changes_svg
from ...queries.probability import effect
from ...scenarios.questions import quantity_of
from ...scenarios.scenario import Judgement, Loaded
from ...scenarios.stored_fits import drawn_on, kept_beside_fits, with_longer_steps
from ...sensitivity.spread import CHOICES, KINDS, Spread, SpreadRow, change_spread, second_coder_posterior
from ...sensitivity.unmeasured.confounding import confounding
from ...summaries.change import Change, summarise_change
from ...summaries.gates import Gate, failed, number_gates
from ...summaries.summary import summarise
from ..answers import Row, judged
from ..document.blocks import Block, Figure, Fold, Paragraph, Run, Table, runs
from ..document.language import N_, Language
from ..section import LEFT_OUT, Answers, Material, Part, Section, Task
from .headline import headline

if TYPE_CHECKING:
    import xarray as xr

#: What the mixture of the theories is called.
AVERAGED = N_("averaged over the theories")
#: What the second coder's outcomes are called among the choices.
SECOND_CODER = "second coder"
#: Raised when what is kept beside the fits changes its meaning.
_KEPT = 2


def compared(loaded: Loaded) -> Judgement | None:
    """The judgement of the headline, where its format is compared with another."""
    headline = loaded.scenario.headline
    judgement = loaded.scenario.headline_judgement
    return None if judgement.base in (None, headline.format) else judgement


def headline_change(loaded: Loaded, cases: Any) -> Quantity | None:
    """The change of the headline as a quantity to ask of other fits; None where it cannot be asked alone.

    It cannot where a case is supposed to have happened before, or the two formats differ by more than what is done.
    """
    judgement = compared(loaded)
    if judgement is None or judgement.suppose:
        return None
    formats = {row.label: row for row in judgement.formats}
    base, row = formats[str(judgement.base)], formats[loaded.scenario.headline.format]
    if (base.given, base.actor) != (row.given, row.actor):
        return None
    asked = quantity_of(loaded.network, judgement, row, cases, as_day(loaded.scenario.as_of).year)
    return replace(asked, against=dict(base.do))


def headline_spread(material: Material, answers: Answers) -> Spread | None:
    """Change of the headline under every choice that was tried; None where it is compared with nothing."""
    judgement = compared(material.loaded)
    if judgement is None:
        return None
    scenario = material.loaded.scenario
    titles = {prior.name: prior.title for prior in material.loaded.priors}
    label = scenario.headline.format
    priors = {titles[name]: _change(by_id[judgement.id], judgement, label) for name, by_id in answers.rows.items()}
    readings = {
        one.title: _change(answers.reported(one.id), one, label)
        for one in _readings(scenario.judgements, judgement, label)
    }
    second = material.prepared.get("change") or {}
    coders = {"first coder": next(iter(readings.values()))} if second else {}
    if second and not second["failed"]:
        coders[SECOND_CODER] = Change(**second["change"])
    theories, notes = _theories(material.prepared.get("theories"))
    changes = {"reading": readings, "theory": theories, "prior": priors, "coder": coders}
    left_out = {
        "theory": [*((material.prepared.get("theories") or {}).get("left_out") or {})],
        "prior": [titles[name] for name in answers.left_out],
        "coder": [SECOND_CODER] if second and second["failed"] else [],
    }
    return change_spread(changes, notes={"theory": notes}, left_out=left_out)


def in_short(row: SpreadRow) -> str:
    """A choice in a few words."""
    return f"{CHOICES[row.kind]}: {row.name}"


def _change(rows: tuple[Row, ...], judgement: Judgement, label: str) -> Change:
    by_label = {row.label: row for row in rows}
    return summarise_change(by_label[label].draws - by_label[str(judgement.base)].draws)


def _readings(judgements: list[Judgement], asked: Judgement, label: str) -> list[Judgement]:
    """The judgement itself, and others that put the same formats to the same actor's same conduct."""

    def formats(one: Judgement) -> list[Any]:
        return [row.do for row in one.formats if row.label in (asked.base, label)]

    same = [
        one
        for one in judgements
        if one is not asked
        and (one.actor, one.node, one.states, one.base) == (asked.actor, asked.node, asked.states, asked.base)
        and formats(one) == formats(asked)
    ]
    return [asked, *same]


def _theories(found: Mapping[str, Any] | None) -> tuple[dict[str, Change], dict[str, str]]:
    """Changes under each theory and averaged over all, and their weights in words."""
    if found is None or not found.get("averaged"):
        return {}, {}
    kept = [row for row in found["table"] if row["change"]]
    changes = {row["title"]: Change(**row["change"]) for row in kept}
    notes = {row["title"]: f"weight {row['weight']:.2f}" for row in kept}
    return {**changes, AVERAGED: Change(**found["averaged"])}, notes


def _prepare(task: Task) -> dict[str, Any] | None:
    """Change of the headline by the second coder's outcomes, kept beside the stored fits and found again."""
    judgement = compared(task.loaded)
    if judgement is None or not task.shipped or not task.posteriors:
        return None
    posterior = task.posteriors[task.loaded.priors[0].name]
    scenario = task.loaded.scenario
    identity = [_KEPT, posterior.provenance["key"], judgement.model_dump(), scenario.headline.format, scenario.seed]

    def make() -> dict[str, Any]:
        task.progress("fitting the second coder's outcomes", 0, 1)

        def refit(doubled: int) -> xr.DataArray:
            longer = with_longer_steps(posterior, doubled)
            again = second_coder_posterior(longer, task.cases, judgement.node, scenario.as_of)
            rows = {row.label: row.draws for row in judged(again, scenario, judgement, task.cases)}
            return rows[scenario.headline.format] - rows[str(judgement.base)]

        def check(moved: xr.DataArray) -> tuple[Gate, ...]:
            return number_gates(f"the change by the {SECOND_CODER}", summarise(moved))

        moved, gates, doublings = drawn_on(refit, check, math.prod(posterior.sizes.values()))
        task.progress("fitting the second coder's outcomes", 1, 1)
        failing = [str(gate) for gate in failed(gates)]
        return {"change": asdict(summarise_change(moved)), "failed": failing, "doublings": doublings}

    return kept_beside_fits("second-coder", identity, make, task.folder)


def headline_cause(material: Material, answers: Answers) -> tuple[str, Row, Row] | None:
    """The one node that the headline sets differently, and the rows before and after.

    None where the two formats set more than one node differently, or differ by more than what is set: there is then no
    one node that an unmeasured common cause would bear on.
    """
    judgement = compared(material.loaded)
    if judgement is None:
        return None
    rows = {row.label: row for row in answers.reported(judgement.id)}
    base, row = rows[str(judgement.base)], rows[material.loaded.scenario.headline.format]
    if base.asked is None or row.asked is None or row.posterior is None:
        return None
    differ = {name for name in {*base.do, *row.do} if base.do.get(name) != row.do.get(name)}
    same_case = (base.asked.given, base.asked.members) == (row.asked.given, row.asked.members)
    if not same_case or len(differ) != 1 or not differ <= base.do.keys() & row.do.keys():
        return None
    (cause,) = differ
    return cause, base, row


def headline_confounding(material: Material, answers: Answers) -> dict[str, Any] | None:
    """How strong an unmeasured common cause must be to undo the change of the headline; see `headline_cause`."""
    found = headline_cause(material, answers)
    if found is None:
        return None
    _, base, row = found
    asked = row.asked
    if asked is None or row.posterior is None:
        return None
    how = {"state": asked.states, "progress": False, **asked.members}
    return confounding(row.posterior, asked.target, base.do, row.do, asked.given, **how).to_dict()


def headline_condition(material: Material, answers: Answers) -> str:
    """On what condition the headline's change is an effect of what its formats set; empty where none is compared."""
    asked = headline(material, answers)
    if asked.base is None or asked.row.asked is None or asked.row.posterior is None:
        return ""
    posterior, question = asked.row.posterior, asked.row.asked
    done = tuple(dict.fromkeys([*asked.base.do, *asked.row.do]))
    given = tuple(name for name in question.given if name not in done)
    return effect(posterior, (question.target,), done, given)["identification"]


def _content(material: Material, answers: Answers) -> dict[str, Any] | None:
    spread = headline_spread(material, answers)
    if spread is None:
        return None
    return {
        "rows": [{"kind": row.kind, "name": row.name, **asdict(row.change), "note": row.note} for row in spread.rows],
        "lowest": in_short(spread.lowest),
        "highest": in_short(spread.highest),
        "width": spread.width,
        "unmeasured": [*spread.unmeasured],
        "left_out": [{"kind": kind, "name": name} for kind, names in spread.left_out.items() for name in names],
        "confounding": headline_confounding(material, answers),
        "identification": headline_condition(material, answers),
    }


def _choices(report: Mapping[str, Any], say: Language) -> list[Block]:
    """The change under each choice, drawn, and what it is worth in a fold."""
    change = report["change"]
    rows = change["rows"]
    drawn = [
        {
            **row,
            "label": say.term(row["name"]),
            "group": say.term(KINDS[row["kind"]]).capitalize(),
            "strong": place == 0 or row["name"] == AVERAGED,
        }
        for place, row in enumerate(rows)
    ]
    said = "; ".join(
        f"{row['label']}: {say.points(row['mean'])} ({say.points_span(row['lower'], row['upper'])})" for row in drawn
    )
    sides = (say.line(N_("less often kept")), say.line(N_("more often kept")))
    figure = changes_svg(drawn, name="headline", sides=sides, to=say.line(N_("to")))
    caption = say(
        N_("In points of probability; bold: the one reported, and the average. Shaded: less than {size} either way."),
        size=say.decimal(100 * rows[0]["margin"], 0),
    )
    told = say(
        N_("The expected change goes from {low} to {high} points, by reading, theory, prior set and coder."),
        low=say.points(min(row["mean"] for row in rows)),
        high=say.points(max(row["mean"] for row in rows)),
    )
    if change["unmeasured"]:
        missing = say.listed([say.term(KINDS[kind]) for kind in change["unmeasured"]], "or")
        told = runs(told, " ", say(N_("Not measured over {missing}."), missing=missing))
    return [
        Paragraph(told),
        Figure(figure, said, caption),
        Fold(say(N_("What each of these is worth")), (_worth(report, say),)),
    ]


def _worth(report: Mapping[str, Any], say: Language) -> Table:
    rows = report["change"]["rows"]
    theories = report.get("theories") or {"table": ()}
    weights = {row["title"]: row["weight"] for row in theories["table"]}
    size = say.decimal(100 * rows[0]["margin"], 0)
    cells = []
    for row in rows:
        name = runs(say.term(row["name"]))
        if row["kind"] == "theory" and row["name"] in weights:
            weight = say.line(N_("weight {weight}"), weight=say.decimal(weights[row["name"]], 2))
            name = runs(name, Run(weight, "second"))
        moved = runs(say.points(row["mean"]), Run(say.points_span(row["lower"], row["upper"]), "second"))
        cells.append((name, moved, *(runs(say.percent(row[part])) for part in ("gain", "within", "loss"))))
    cells += [(runs(say.term(one["name"])), say(LEFT_OUT), (), (), ()) for one in report["change"]["left_out"]]
    return Table(
        say(N_("The change under each choice")),
        (say(N_("Choice")), say(N_("Change")), say(N_("Gain")), say(N_("Neither")), say(N_("Loss"))),
        tuple(cells),
        note=say(N_("in points; gain and loss by {size} points or more, neither: less either way"), size=size),
        numeric=frozenset({1, 2, 3, 4}),
    )


SECTION = Section(
    _content, prepare=_prepare, parts=(Part("change", N_("Under every choice that was tried"), _choices),)
)
