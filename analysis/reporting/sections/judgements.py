"""Every judgement of the scenario, format by format, each with its gates and its density."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...figures.densities import densities_svg
from ...scenarios.scenario import Judgement
from ...summaries.gates import failed
from ...summaries.likelihood_words import Lexicon, load_lexicon
from ..document.blocks import Block, Figure, Fold, Paragraph, Run, Table, Text, runs
from ..document.language import N_, Language
from ..numbers import density_curve, described_change, described_number, described_outcomes, gate_facts, plain
from ..section import Answers, Material, Part, Section


def _content(material: Material, answers: Answers) -> list[dict[str, Any]]:
    lexicon = load_lexicon(material.loaded.scenario.lexicon)
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
                "given": plain(row.given),
                "do": plain(row.do),
                "note": notes.get(label, ""),
                **described_number(row.summary, lexicon),
                **described_outcomes(row),
                "curve": density_curve(row),
                "gates": [gate_facts(gate) for gate in gates],
                "passed": not failed(gates),
                "change": described_change(judgement, rows, row)
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


def _formats(report: Mapping[str, Any], say: Language) -> list[Block]:
    """The headline's formats in one short table."""
    answer = report["answer"]
    one = next(one for one in report["judgements"] if one["id"] == answer["judgement"])
    columns = [say(N_("Format")), say(N_("Chance"))]
    if one["base"]:
        columns.append(say(N_("Change")))
    rows = []
    for row in one["rows"]:
        cells = [runs(say.term(row["label"])), runs(say.percent(row["mean"]), _span(row, say))]
        if one["base"]:
            cells.append(_moved(row, say))
        rows.append(tuple(cells))
    interval = say.percent(one["rows"][0]["interval"])
    if one["base"]:
        base = say.term(one["base"])
        note = say(N_("{interval} intervals; change in points from “{base}”"), interval=interval, base=base)
    else:
        note = say(N_("{interval} intervals"), interval=interval)
    marked = [row["label"] for row in one["rows"]].index(answer["format"])
    claim = say(N_("The chance that {claim}"), claim=say.term(one["claim"]).rstrip("."))
    return [
        Table(claim, tuple(columns), tuple(rows), note, frozenset(range(1, len(columns))), marked, compact=True),
    ]


def _span(row: Mapping[str, Any], say: Language) -> Run:
    return Run(say.span(row["lower"], row["upper"]), "second")


def _moved(row: Mapping[str, Any], say: Language) -> Text:
    """A row's change with its interval; nothing where it has none."""
    if not row["change"]:
        return ()
    found = row["change"]["difference"]
    return runs(say.points(found["mean"]), Run(say.points_span(found["lower"], found["upper"]), "second"))


def _every(report: Mapping[str, Any], say: Language) -> list[Block]:
    """Every judgement, each in a fold."""
    message = N_(
        "A chance is the mean of the posterior, which for one future event is its probability. The interval "
        "is what the "
        "record leaves open about cases of the kind on average; single cases differ further. Words follow "
        "{lexicon} and "
        "are chosen by the unrounded number. A difference between formats is an association that the network carries "
        "over to the described case: an effect only if the network holds every common cause."
    )
    answer = report["answer"]
    told = Paragraph(say(message, lexicon=answer["lexicon"]["titles"].get(say.code, answer["lexicon"]["title"])))
    return [told, *(_judged(one, answer, say) for one in report["judgements"])]


def _judged(one: Mapping[str, Any], answer: Mapping[str, Any], say: Language) -> Fold:
    blocks: list[Block] = []
    notes = [*([say.term(one["note"])] if one["note"] else [])]
    notes += [say.line(N_("Supposed to have happened before: {claim}."), claim=say.term(it)) for it in one["supposed"]]
    if notes:
        blocks.append(Paragraph(runs(" ".join(notes))))
    blocks.append(_table(one, answer, say))
    bands = [{**band, "word": band.get("words", {}).get(say.code, band["word"])} for band in answer["lexicon"]["bands"]]
    rows = [{**row, "label": say.term(row["label"])} for row in one["rows"]]
    base = say.term(one["base"]) if one["base"] else None
    figure = densities_svg(rows, bands, name=one["id"], base=base)
    said = "; ".join(
        f"{row['label']}: {say.percent(row['mean'])} ({say.span(row['lower'], row['upper'])})" for row in rows
    )
    caption = say(
        N_(
            "The higher the curve, the more plausible that chance. Dot: the mean. Bar: {interval} interval. "
            "Faint lines: borders of the words."
        ),
        interval=say.percent(one["rows"][0]["interval"]),
    )
    alt = say.line(N_("Posterior density of each format. {numbers}."), numbers=said)
    blocks.append(Figure(figure, alt, caption))
    return Fold(runs(say.term(one["title"])), tuple(blocks), anchor=f"judgement-{one['id']}")


def _table(one: Mapping[str, Any], answer: Mapping[str, Any], say: Language) -> Table:
    columns = [say(N_("Format")), say(N_("Chance")), say(N_("In words"))]
    if one["base"]:
        columns += [say(N_("Change")), say(N_("Gain, neither, loss"))]
    rows = []
    for row in one["rows"]:
        name = runs(say.term(row["label"]))
        if row["note"]:
            name = runs(name, Run(say.term(row["note"]), "second"))
        bounds = row["range"].replace("-", "\N{EN DASH}").replace(" %", "\N{NO-BREAK SPACE}%")
        cells = [
            name,
            _chance(one, row, say),
            runs(row["words"].get(say.code, row["word"]), Run(f"[{bounds}]", "second")),
        ]
        if one["base"]:
            cells += [_moved(row, say), _worth(row, say)]
        rows.append(tuple(cells))
    labels = [row["label"] for row in one["rows"]]
    marked = labels.index(answer["format"]) if one["id"] == answer["judgement"] else None
    claim = say(N_("The chance that {claim}"), claim=say.term(one["claim"]).rstrip("."))
    changes = [row["change"]["difference"] for row in one["rows"] if row["change"]]
    note: Text = ()
    if changes:
        note = say(
            N_("changes in points from “{base}”; gain and loss by {size} points or more, neither: less either way"),
            base=say.term(one["base"]),
            size=say.decimal(100 * changes[0]["margin"], 0),
        )
    return Table(claim, tuple(columns), tuple(rows), note, frozenset({1, 3, 4}), marked)


def _chance(one: Mapping[str, Any], row: Mapping[str, Any], say: Language) -> Text:
    """A row's number, both of its intervals, its other outcomes and the checks that it failed."""
    found: list[str | Run] = [say.percent(row["mean"]), _span(row, say)]
    if row["single"]:
        single = say.span(row["single"]["lower"], row["single"]["upper"])
        found.append(Run(say.line(N_("single cases {single}"), single=single), "second"))
    found += [
        Run(f"{say.state(it['state'])} {say.percent(it['mean'])}", "second")
        for it in row["outcomes"]
        if it["state"] not in one["states"]
    ]
    found += [Run(gate_line(gate, say), "alarm") for gate in row["gates"] if not gate["passed"]]
    return runs(*found)


def _worth(row: Mapping[str, Any], say: Language) -> Text:
    if not row["change"]:
        return ()
    found = row["change"]["difference"]
    return runs(", ".join(say.percent(found[name]) for name in ("gain", "within", "loss")))


def gate_line(gate: Mapping[str, Any], say: Language) -> str:
    """A gate that was not passed, in words."""
    message = N_("not passed: {name} {value}, asked {limit}")
    limit = limit_text(gate["limit"], say)
    return say.line(message, name=gate_name(gate["name"], say), value=say.figure(gate["value"]), limit=limit)


def failed_line(gate: str, say: Language) -> str:
    """A gate of ``failed_gates``, which are strings, in words; any other text stays as it is.

    Examples
    --------
    >>> print(failed_line("bulk ESS of P(alone; own; flat): 111 (FAILED, asked 400 or more)", Language("es")))
    tamaño efectivo de la muestra (centro) de «P(alone; own; flat)»: 111 (no superado; se pide 400 o más)
    """
    found = _FAILED.fullmatch(gate)
    if not found:
        return gate
    return say.line(
        N_("{name}: {value} (not passed; asked {limit})"),
        name=gate_name(found["name"], say),
        value=say.figure(float(found["value"])),
        limit=limit_text(found["limit"], say),
    )


def gate_name(name: str, say: Language) -> str:
    """What a gate checks, in words."""
    kind, joined, of = name.partition(" of ")
    if joined:
        message = _OF.get(kind)
        return say.line(message, what=_asked(of, say)) if message else name
    check, _, fit = name.partition(" (")
    said = say.line(check) if check in _WHOLE else check
    return f"{said} ({fit}" if fit else said


def _asked(of: str, say: Language) -> str:
    """What a gate is of: a parameter, or a number with the author's name of its format."""
    number = _NUMBER.fullmatch(of)
    return f"P({say.term(number['label'])}; {number['rest']})" if number else of


def limit_text(limit: str, say: Language) -> str:
    """What a gate asks, in words.

    Examples
    --------
    >>> limit_text("400 or more", Language("es")), limit_text("1.01 or less", Language("es"))
    ('400 o más', '1,01 o menos')
    """
    number, _, side = limit.partition(" or ")
    message = {"more": N_("{number} or more"), "less": N_("{number} or less")}.get(side)
    return say.line(message, number=say.figure(float(number))) if message else say.term(limit)


#: A gate as it writes itself.
_FAILED = re.compile(r"(?P<name>.+): (?P<value>\S+) \(FAILED, asked (?P<limit>.+)\)")
#: A reported number: format, judgement, prior set.
_NUMBER = re.compile(r"P\((?P<label>.+); (?P<rest>[^;]+; [^;]+)\)")
#: Kind of gate -> how a reader is told of what it checks.
_OF = {
    "bulk ESS": N_("bulk ESS of {what}"),
    "tail ESS": N_("tail ESS of {what}"),
    "R-hat": N_("R-hat of {what}"),
}
#: Checks of the fit as a whole.
_WHOLE = frozenset({N_("divergences"), N_("E-BFMI, worst chain"), N_("draws left after supposing a case")})

SECTION = Section(
    _content,
    parts=(Part("annex", N_("Every judgement"), _every), Part("why", N_("The formats compared"), _formats)),
)
