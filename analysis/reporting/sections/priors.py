"""What was believed before the record was read, and how the answers differ by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ....models.network.network import Network
from ....models.network.parameters import network_parameters
from ....models.parameters.prior_set import PriorSet
from ...figures.priors import prior_sets_svg
from ..document.blocks import Block, Figure, Fold, Paragraph, Run, Table, Terms, Text, runs
from ..document.language import N_, Language
from ..section import LEFT_OUT, Answers, Material, Part, Section


def _content(material: Material, answers: Answers) -> dict[str, Any]:
    scenario = material.loaded.scenario
    sets = [
        {"name": p.name, "title": p.title, "description": p.description, "left_out": p.name in answers.left_out}
        for p in material.loaded.priors
    ]
    table = []
    for judgement in scenario.judgements:
        for place, row in enumerate(answers.reported(judgement.id)):
            line: dict[str, Any] = {"judgement": judgement.id, "label": row.label, "answers": []}
            for name in answers.before:
                before = answers.before[name][judgement.id][place].summary
                kept = name not in answers.left_out
                after = asdict(answers.rows[name][judgement.id][place].summary) if kept else None
                line["answers"].append({"priors": name, "after": after, "before": asdict(before)})
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


def _titles(report: Mapping[str, Any], say: Language) -> dict[str, str]:
    return {one["name"]: say.term(one["title"]) for one in report["priors"]["sets"]}


def _with_span(found: Mapping[str, Any] | None, say: Language) -> Text:
    """Probability with its interval; a comparison whose draws did not converge is left out."""
    if found is None:
        return say(LEFT_OUT)
    return runs(say.percent(found["mean"]), Run(say.span(found["lower"], found["upper"]), "second"))


def _headline(report: Mapping[str, Any], say: Language) -> list[Block]:
    """The answer under each prior set, before the record and after it."""
    answer, titles = report["answer"], _titles(report, say)
    asked = (answer["judgement"], answer["format"])
    line = next(one for one in report["priors"]["table"] if (one["judgement"], one["label"]) == asked)
    rows = tuple(
        (runs(titles[found["priors"]]), _with_span(found["before"], say), _with_span(found["after"], say))
        for found in line["answers"]
    )
    columns = (say(N_("Prior set")), say(N_("Before the record")), say(N_("After it")))
    caption = say(N_("The chance that {claim}"), claim=say.term(answer["claim"]).rstrip("."))
    return [Table(caption, columns, rows, runs(say.term(answer["format"])), frozenset({1, 2}), 0, compact=True)]


def _every(report: Mapping[str, Any], say: Language) -> list[Block]:
    """Every answer under every prior set, whose view each is, and every entry of the reported one."""
    found, titles = report["priors"], _titles(report, say)
    reported = titles[found["reported"]]
    message = N_(
        "The answers rest on the prior set “{reported}”. Where answers differ from set to set, the record does not "
        "settle the matter."
    )
    blocks: list[Block] = [Paragraph(say(message, reported=reported))]
    blocks += [_judged(one, found, titles, say) for one in report["judgements"]]
    views = tuple((runs(titles[one["name"]]), runs(Run(one["description"], language="en"))) for one in found["sets"])
    blocks.append(Fold(say(N_("Whose view each prior set is")), (Terms(views),)))
    entries = tuple(
        (
            runs(Run(entry["parameter"], "code")),
            runs(Run(entry["prior"], "code")),
            runs(Run(entry["reason"], language="en")),
            runs(Run(entry["source"], language="en"), Run(entry["certainty"], "second", language="en")),
        )
        for entry in found["entries"]
    )
    columns = (say(N_("Parameter")), say(N_("Prior")), say(N_("Reason")), say(N_("Source")))
    note = say(N_("effects are on the logit scale; * stands for any name"))
    table = Table(say(N_("Entries of the reported prior set")), columns, entries, note)
    message = N_("Every entry of “{reported}”, with its reason")
    blocks.append(Fold(say(message, reported=reported), (table,)))
    return blocks


def _judged(one: Mapping[str, Any], found: Mapping[str, Any], titles: Mapping[str, str], say: Language) -> Fold:
    lines = [{**line, "label": say.term(line["label"])} for line in found["table"] if line["judgement"] == one["id"]]
    rows = []
    for line in lines:
        cells = []
        for answer in line["answers"]:
            before = answer["before"]
            said = f"{say.percent(before['mean'])} ({say.span(before['lower'], before['upper'])})"
            told = Run(say.line(N_("before: {numbers}"), numbers=said), "second")
            cells.append(runs(_with_span(answer["after"], say), told))
        rows.append((runs(line["label"]), *cells))
    columns = (say(N_("Format")), *(runs(title) for title in titles.values()))
    interval = say.percent(one["rows"][0]["interval"])
    note = say(
        N_("after the record, with {interval} interval; below it, what the same priors say before"), interval=interval
    )
    title = runs(say.term(one["title"]))
    table = Table(title, columns, tuple(rows), note, frozenset(range(1, len(columns))))
    key = {name: say.line(N_("after the record, priors: {title}"), title=title) for name, title in titles.items()}
    words = say.line(N_("below each: the same priors before the record"))
    figure = prior_sets_svg(lines, key, name=one["id"], before=words)
    said = "; ".join(
        f"{line['label']}, {titles[a['priors']]}: "
        f"{say.percent(a['after']['mean']) if a['after'] else say.line(LEFT_OUT)} ({say.percent(a['before']['mean'])})"
        for line in lines
        for a in line["answers"]
    )
    alt = say.line(
        N_("Answers under each prior set after the record, and before it in brackets. {numbers}."), numbers=said
    )
    return Fold(title, (table, Figure(figure, alt)))


SECTION = Section(
    _content,
    parts=(
        Part("change", N_("What was believed before"), _headline),
        Part("annex", N_("Every answer under every prior set"), _every),
    ),
)
