"""Why the answer is what it is: from the record's base rate to this case, its variance by source, and every format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ....common.progress import Progress, silent
from ....models.errors import QueryError
from ....models.inference.question import ImpossibleEvidenceError
from ....models.network.network import Network
from ...figures.drivers import drivers_svg
from ...scenarios.stored_fits import kept_beside_fits
from ...sensitivity.drivers import Driver, drivers
from ...sensitivity.spread import KINDS, Spread
from ...sensitivity.variance_sources import SINGLE, VarianceSources, variance_sources
from ..answers import Row, judged
from ..document.blocks import Block, Figure, Fold, Paragraph, Table, Text, runs
from ..document.language import N_, Language
from ..section import Answers, Material, Part, Section, Task
from .change import AVERAGED, headline_spread
from .headline import headline

if TYPE_CHECKING:
    import pandas as pd

#: Raised when what is kept beside the fits changes its meaning.
_KEPT = 1
#: The first line, and what stands before the member of a group.
_FIRST, _ACTS = N_("the model on the record's own cases"), N_("Who acts")
_RECORD, _CHANCE = N_("what the record leaves open"), N_("apart from these: the chance of a single outcome")
_NOT_MEASURED = N_("not measured")


def _content(material: Material, answers: Answers) -> dict[str, Any] | None:
    told = headline(material, answers)
    row, asked = told.row, told.change
    if row.asked is None or row.posterior is None:
        return None
    spread = headline_spread(material, answers)
    choices, weights = _change_choices(material, spread) if spread else ({}, {})
    return {
        **(material.prepared.get("drivers") or _driven(row, material.loaded.network, material.cases)),
        "variance": {
            "answer": _sources(
                variance_sources(row.posterior, row.asked, _answer_choices(material, answers, spread), progress=False)
            ),
            "change": None
            if asked is None
            else _sources(variance_sources(row.posterior, asked, choices, weights=weights, progress=False)),
        },
    }


def _prepare(task: Task) -> dict[str, Any] | None:
    """Drivers of the headline, kept beside the stored fits and found again."""
    posterior = task.posteriors.get(task.loaded.priors[0].name)
    if posterior is None:
        return None
    scenario = task.loaded.scenario
    judgement = scenario.headline_judgement
    identity = [_KEPT, posterior.provenance["key"], judgement.model_dump(), scenario.headline.format, scenario.seed]

    def make() -> dict[str, Any]:
        rows = {row.label: row for row in judged(posterior, scenario, judgement, task.cases)}
        return _driven(rows[scenario.headline.format], task.loaded.network, task.cases, task.progress)

    return kept_beside_fits("drivers", identity, make, task.folder)


def _driven(row: Row, network: Network, cases: pd.DataFrame, progress: Progress = silent) -> dict[str, Any]:
    """Lines of the drivers; none, and why, where they cannot be computed: a report is not lost to that."""
    if row.posterior is None or row.asked is None:
        return {"lines": [], "left_out": ""}
    try:
        found = drivers(row.posterior, row.asked, cases, progress=progress)
    except (QueryError, ImpossibleEvidenceError) as error:
        return {"lines": [], "left_out": str(error)}
    return {
        "base_rate": found.base_rate,
        "cases": found.cases,
        "answer": float(found.answer.mean()),
        "every": found.every,
        "lines": [_line(line, network) for line in found.lines],
        "left_out": "",
    }


def _line(line: Driver, network: Network) -> dict[str, Any]:
    title = network[line.name].title if line.kind in ("given", "done") else line.name
    return {"kind": line.kind, "name": title, "state": line.state, "side": line.side, **asdict(line.change)}


def _answer_choices(material: Material, answers: Answers, spread: Spread | None) -> dict[str, dict[str, float]]:
    """Mean answer under each prior set and reading; that under other theories and coders is not asked for."""
    scenario = material.loaded.scenario
    headline = scenario.headline
    titles = {prior.name: prior.title for prior in material.loaded.priors}
    means = {name: _mean(by_id[headline.judgement], headline.format) for name, by_id in answers.rows.items()}
    rivals = {row.name for row in spread.rows if row.kind == "reading"} if spread else set()
    readings = {
        one.title: _mean(answers.reported(one.id), headline.format)
        for one in scenario.judgements
        if one.id == headline.judgement or one.title in rivals
    }
    return {"prior": {titles[name]: mean for name, mean in means.items()}, "reading": readings}


def _mean(rows: Sequence[Row], label: str) -> float:
    return next(row.summary.mean for row in rows if row.label == label)


def _change_choices(
    material: Material, spread: Spread
) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """Expected change under each choice, and the weights of the theories by their held-out predictions."""
    choices: dict[str, dict[str, float]] = {kind: {} for kind in KINDS}
    for row in spread.rows:
        if row.name != AVERAGED:
            choices[row.kind][row.name] = row.change.mean
    theories = material.prepared.get("theories")
    told = {row["title"]: float(row["weight"]) for row in theories["table"]} if theories else {}
    weighed = choices["theory"].keys() <= told.keys() and choices["theory"]
    return choices, {"theory": {name: told[name] for name in choices["theory"]}} if weighed else {}


def _sources(found: VarianceSources) -> dict[str, Any]:
    return {**asdict(found), "sources": [asdict(source) for source in found.sources], "total": found.total}


def _words(report: Mapping[str, Any], say: Language) -> list[Block]:
    found = report["drivers"]
    lead = say(N_("What the answer is uncertain about, as standard deviations in points:"))
    return [*_waterfall(found, say), Paragraph(lead), _variance(found["variance"], say)]


def _waterfall(found: Mapping[str, Any], say: Language) -> list[Block]:
    if not found["lines"]:
        return [Paragraph(say(N_("What leads to the answer was not computed: {why}"), why=found["left_out"]), "note")]
    rows = [{**line, "label": _label(line, say), "said": _said(line, say)} for line in found["lines"]]
    ends = (say.line(N_("share kept in the record")), say.line(N_("this case")))
    alt = "; ".join(f"{row['label']}: {row['said']}" for row in rows)
    figure = drivers_svg(rows, found["base_rate"], name="headline", label=alt, ends=ends, tick=say.percent)
    told = say(
        N_(
            "From the share kept in the record, **{base}** (of this record, not of promises in general), to this "
            "case, **{answer}**."
        ),
        base=say.percent(found["base_rate"]),
        answer=say.percent(found["answer"]),
    )
    sides = (
        ("supporting", N_("Associated with a higher chance: {features}.")),
        ("contrary", N_("With a lower one: {features}.")),
    )
    for side, message in sides:
        names = [row["label"] for row in rows[1:] if row["side"] == side and row["lower"] * row["upper"] > 0]
        if names:
            told = runs(told, " ", say(message, features="; ".join(names)))
    if any(row["lower"] * row["upper"] <= 0 for row in rows[1:]):
        told = runs(told, " ", say(N_("The others have no clear direction.")))
    return [
        Paragraph(told),
        Figure(figure, alt, _caption(found, say)),
        Fold(say(N_("The same as a table")), (_table(rows, found["every"], say),)),
    ]


def _label(line: Mapping[str, Any], say: Language) -> str:
    if line["kind"] == "record":
        return say.line(_FIRST)
    name = say.line(_ACTS) if line["kind"] == "who" else say.term(line["name"])
    state = say.actor(line["state"]) if line["kind"] == "who" else say.state(line["state"], line["name"])
    return f"{name}: {state}"


def _said(line: Mapping[str, Any], say: Language) -> str:
    return f"{say.points(line['mean'])} ({say.points_span(line['lower'], line['upper'])})"


def _caption(found: Mapping[str, Any], say: Language) -> Text:
    return say.plural(
        "In points; lines: with a chance of 50 % and of 90 %. Associated with, not caused by: each feature's share, "
        "averaged over all orders (Shapley value), against {n} case of the record.",
        "In points; lines: with a chance of 50 % and of 90 %. Associated with, not caused by: each feature's share, "
        "averaged over all orders (Shapley value), against {n} cases of the record.",
        found["cases"],
    )


def _table(rows: Sequence[Mapping[str, Any]], every: int, say: Language) -> Table:
    cells = tuple(
        (
            runs(row["label"]),
            runs(say.points(row["mean"])),
            runs(say.points_span(row["quarter"], row["three_quarters"])),
            runs(say.points_span(row["lower"], row["upper"])),
        )
        for row in rows
    )
    columns = (say(N_("Feature")), say(N_("Points")), say(N_("50 %")), say(N_("90 %")))
    title, numeric = say(N_("From the record's share to this case")), frozenset({1, 2, 3})
    thinned = say(N_("One posterior draw in {every} was used."), every=say.count(every)) if every > 1 else ()
    return Table(title, columns, cells, thinned, numeric, compact=True)


def _variance(found: Mapping[str, Any], say: Language) -> Table:
    """Standard deviations of the answer and of its change, source by source."""
    sides = [side for side in (found["answer"], found["change"]) if side]
    rows = []
    for place, source in enumerate(sides[0]["sources"]):
        deviations = [_deviation(side["sources"][place]["variance"], say) for side in sides]
        rows.append((runs(_source(source, say)), *deviations))
    chance = [runs("\N{EN DASH}") if side["chance"] is None else _deviation(side["chance"], say) for side in sides]
    rows.append((say(_CHANCE), *chance))
    columns = (say(N_("Source")), say(N_("The answer")), say(N_("Its change")))
    return Table(
        say(N_("Uncertainty by source")),
        columns[: 1 + len(sides)],
        tuple(rows),
        note=say(N_("Theories weigh by held-out prediction, other choices alike.")),
        numeric=frozenset(range(1, 1 + len(sides))),
        compact=True,
    )


def _source(source: Mapping[str, Any], say: Language) -> str:
    if source["kind"] == SINGLE:
        return say.line(N_("how single cases of the kind differ"))
    return say.term(KINDS.get(source["kind"], _RECORD))


def _deviation(variance: float | None, say: Language) -> Text:
    return say(_NOT_MEASURED) if variance is None else runs(say.decimal(100 * max(variance, 0.0) ** 0.5, 1))


SECTION = Section(
    _content,
    prepare=_prepare,
    parts=(Part("why", N_("From the record's share to this case"), _words),),
)
