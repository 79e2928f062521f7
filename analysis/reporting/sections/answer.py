"""Page one: the question answered, the change it asks about under every rival reading, and how far to trust it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ....record.files.codebook import OUTCOME_RULES
from ...figures.changes import changes_svg
from ...figures.outcomes import outcomes_svg
from ...scenarios.scenario import Judgement
from ...sensitivity.spread import Spread, SpreadRow
from ...summaries.likelihood_words import load_lexicon
from ..answers import Row, next_case_moves
from ..confidence import (
    Part as ConfidencePart,
)
from ..confidence import (
    agreement_part,
    confidence,
    coverage_part,
    doubt_part,
    news_part,
    score_part,
    spread_part,
)
from ..document.blocks import Block, Bullets, Columns, Figure, Heading, Paragraph, Run, Table, Text, runs
from ..document.language import N_, Language
from ..numbers import described_change, described_number, described_outcomes
from ..reasons import reason
from ..section import Answers, Material, Part, Section
from .change import AVERAGED, headline_spread
from .judgements import gate_line
from .record import agreement_by_node, case_section
from .score import how_to_measure, scenario_score
from .theories import behind_another
from .would_change.mind import change_our_mind, moves_the_answer

#: Probability of a gain, a loss or neither from which on the record is said to settle which it is.
SETTLED = 0.9
_DIRECTIONS = ("gain", "within", "loss")
_VERDICTS = {
    "": N_("**The record does not settle it.**"),
    "gain": N_("**The record says that it helps.**"),
    "within": N_("**The record says that it makes no difference that matters.**"),
    "loss": N_("**The record says that it hurts.**"),
}
#: Reasons that page one has room for; the others stand with the checks.
_REASONS = 4


def _content(material: Material, answers: Answers) -> dict[str, Any]:
    scenario = material.loaded.scenario
    lexicon = load_lexicon(scenario.lexicon)
    judgement = scenario.headline_judgement
    rows = {row.label: row for row in answers.reported(judgement.id)}
    row = rows[scenario.headline.format]
    compared = judgement.base not in (None, row.label)
    spread = headline_spread(material, answers)
    return {
        "judgement": judgement.id,
        "format": row.label,
        "base": judgement.base if compared else None,
        "claim": judgement.claim,
        **described_number(row.summary, lexicon),
        **described_outcomes(row),
        "change": described_change(judgement, rows, row) if compared else None,
        "verdict": _verdict(spread),
        "confidence": confidence(_parts(material, row, judgement, spread), scenario_score(material)),
        "definition": _definition(material, judgement),
        "lexicon": {
            "name": lexicon.name,
            "title": lexicon.title,
            "titles": {language: lexicon.in_language(language).title for language in lexicon.wordings},
            "source": lexicon.source,
            "bands": [
                {**asdict(band), "words": {language: said.words[place] for language, said in lexicon.wordings.items()}}
                for place, band in enumerate(lexicon.bands)
            ],
        },
    }


def _verdict(spread: Spread | None) -> dict[str, Any] | None:
    """What the record settles: one direction with enough probability in every reading and in the average."""
    if spread is None:
        return None
    asked = [row.change for row in spread.rows if row.kind == "reading" or row.name == AVERAGED]
    settled = [direction for direction in _DIRECTIONS if all(getattr(change, direction) >= SETTLED for change in asked)]
    return {"settled": bool(settled), "direction": settled[0] if settled else "", "limit": SETTLED}


def _definition(material: Material, judgement: Judgement) -> dict[str, Any]:
    """What the number counts: the codebook's rule of each asked state, or what the network says of the node."""
    node = material.loaded.network[judgement.node]
    coded = node.coding is not None and node.coding.column == "outcome"
    rules = {state: OUTCOME_RULES[state] for state in judgement.states if coded and state in OUTCOME_RULES}
    return {"node": node.title, "description": node.description, "rules": rules}


def _parts(material: Material, row: Row, judgement: Judgement, spread: Spread | None) -> list[ConfidencePart]:
    """Parts of the confidence in the answer."""
    network, cases = material.loaded.network, material.cases
    held = case_section(network, cases, row, coded=material.coded)
    coded = agreement_by_node(material, [judgement.node, *row.given, *row.do]) if material.shipped else {}
    lowest, highest = (None, None) if spread is None else (spread.lowest, spread.highest)
    return [
        score_part(scenario_score(material), how_to_measure(material)),
        coverage_part(held["exact"], len(cases), held["pairs_unseen"]),
        doubt_part(sum(case["doubted"] for case in held["nearest"]), len(held["nearest"])),
        agreement_part({network[name].title: found for name, found in coded.items()}),
        spread_part(_end(lowest), _end(highest), [*spread.unmeasured] if spread else []),
        news_part(next_case_moves(row)),
    ]


def _end(row: SpreadRow | None) -> tuple[str, str, float] | None:
    """A choice and the expected change under it."""
    return None if row is None else (row.kind, row.name, row.change.mean)


def _page_one(report: Mapping[str, Any], say: Language) -> list[Block]:
    left, right = _outcomes(report, say), _changes(report, say)
    blocks: list[Block] = [Paragraph(_lead(report, say), "lead")]
    blocks += [*left] if not right else [Columns((left, right))]
    blocks += _trust(report, say)
    changing, unseen = _changing(report, say), _cannot_see(report, say)
    blocks.append(Columns(tuple(column for column in (changing, unseen) if column)))
    blocks += _counts(report, say)
    return blocks


def _row(report: Mapping[str, Any], judgement: str, label: str) -> Mapping[str, Any]:
    return next(row for row in _judgement(report, judgement)["rows"] if row["label"] == label)


def _judgement(report: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return next(one for one in report["judgements"] if one["id"] == name)


def _lead(report: Mapping[str, Any], say: Language) -> Text:
    answer = report["answer"]
    claim = say.term(answer["claim"]).strip().rstrip(".")
    if answer["base"] is None:
        message = N_("The chance that {claim} ({format}) is **{chance}**: {word}.")
        word = _word(answer, say)
        return say(
            message, claim=claim, format=say.term(answer["format"]), chance=say.percent(answer["mean"]), word=word
        )
    base = _row(report, answer["judgement"], answer["base"])
    formats = {"base": say.term(answer["base"]), "format": say.term(answer["format"])}
    numbers = {"before": say.percent(base["mean"]), "after": say.percent(answer["mean"])}
    if base["word"] == answer["word"]:
        message = N_(
            "The chance that {claim} goes from **{before}** ({base}) to **{after}** ({format}): {word} either way."
        )
        moved = say(message, claim=claim, word=_word(answer, say), **formats, **numbers)
    else:
        message = N_(
            "The chance that {claim} goes from **{before}**, {word_before} ({base}), to **{after}**, {word} ({format})."
        )
        words = {"word_before": _word(base, say), "word": _word(answer, say)}
        moved = say(message, claim=claim, **formats, **numbers, **words)
    verdict = _VERDICTS[answer["verdict"]["direction"]]
    found = runs(say(verdict), " ", moved)
    if within := _within_horizon(report, say):
        found = runs(found, " ", within)
    up = answer["mean"] > base["mean"]
    for rival in _rivals(report):
        found = runs(found, " ", _rival(rival, say, up=up))
    return found


def _word(row: Mapping[str, Any], say: Language) -> Text:
    """A likelihood word with its range, which it never stands without."""
    bounds = row["range"].replace("-", "\N{EN DASH}").replace(" %", "\N{NO-BREAK SPACE}%")
    return (Run(f"{row['words'].get(say.code, row['word'])} [{bounds}]", "strong"),)


def _rivals(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The same two formats under the other readings of the case: chances under each, and the change with its ends."""
    answer = report["answer"]
    changes = {row["name"]: row for row in report["change"]["rows"] if row["kind"] == "reading"}
    found = []
    for one in report["judgements"]:
        rows = {row["label"]: row["mean"] for row in one["rows"]}
        if one["id"] != answer["judgement"] and one["title"] in changes:
            ends = {"before": rows[answer["base"]], "after": rows[answer["format"]]}
            found.append({"title": one["title"], "claim": one["claim"], "change": changes[one["title"]], **ends})
    return found


def _rival(rival: Mapping[str, Any], say: Language, *, up: bool) -> Text:
    """Another reading: where its estimate goes the other way, what it speaks of too."""
    message = (
        N_("Under the reading “{title}” the estimate is much the same: from {before} to {after} ({ends} points).")
        if (rival["after"] > rival["before"]) == up
        else N_(
            "Under the reading “{title}” the estimate goes the other way: the chance that {claim}, "
            "from {before} to {after} ({ends} points)."
        )
    )
    numbers = {end: say.percent(rival[end]) for end in ("before", "after")}
    ends = say.points_span(rival["change"]["lower"], rival["change"]["upper"])
    claim = say.term(rival["claim"]).strip().rstrip(".")
    return say(message, title=say.term(rival["title"]), claim=claim, ends=ends, **numbers)


def _within_horizon(report: Mapping[str, Any], say: Language) -> Text:
    """The answer without tests that come too late to count, where that is another number."""
    answer, beyond = report["answer"], (report.get("assumptions") or {}).get("beyond")
    if not beyond or not moves_the_answer(beyond["without"]["mean"], answer["mean"]):
        return ()
    message = N_(
        "Within the horizon asked about it is **{within}**, {word}: the {after} counts later tests too, "
        "{chance} of those expected."
    )
    numbers = {"within": say.percent(beyond["without"]["mean"]), "after": say.percent(answer["mean"])}
    return say(message, word=_word(beyond["without"], say), chance=say.percent(beyond["chance"]), **numbers)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _outcomes(report: Mapping[str, Any], say: Language) -> tuple[Block, ...]:
    """Bars of what would happen, with the two intervals by their names."""
    answer = report["answer"]
    labels = [label for label in (answer["base"], answer["format"]) if label]
    rows = [_row(report, answer["judgement"], label) for label in labels]
    blocks: list[Block] = [Heading(say(N_("If it comes to a test")), anchor="outcomes")]
    if answer["outcomes"]:
        states = [one["state"] for one in reversed(answer["outcomes"])]
        shares = [
            {
                "label": say.term(row["label"]),
                "shares": [{one["state"]: one["mean"] for one in row["outcomes"]}[state] for state in states],
            }
            for row in rows
        ]
        names = [say.state(state) for state in states]
        told = [
            ", ".join(f"{name} {say.percent(share)}" for name, share in zip(names, row["shares"], strict=True))
            for row in shares
        ]
        said = "; ".join(f"{row['label']}: {words}" for row, words in zip(shares, told, strict=True))
        blocks.append(Figure(outcomes_svg(shares, names, name=answer["judgement"]), said))
    interval = say.percent(answer["interval"])
    ends = say.span(answer["lower"], answer["upper"])
    told = say(
        N_("{format}: guarantees of this kind on average {ends} ({interval} interval)."),
        format=_capital(say.term(answer["format"])),
        ends=ends,
        interval=interval,
    )
    if answer["single"]:
        single = say.span(answer["single"]["lower"], answer["single"]["upper"])
        told = runs(told, " ", say(N_("Single guarantees of the kind: {single}."), single=single))
    for more in (_in_between(report, say), _rounded(rows, say)):
        told = runs(told, " ", more) if more else told
    blocks.append(Paragraph(told, "note"))
    blocks += [Paragraph((Run(gate_line(gate, say), "alarm"),)) for gate in rows[-1]["gates"] if not gate["passed"]]
    return tuple(blocks)


def _in_between(report: Mapping[str, Any], say: Language) -> Text:
    """Formats of the same question on the way from the first to the last: what a part of the step comes to."""
    answer = report["answer"]
    if not answer["base"]:
        return ()
    ends = (answer["base"], answer["format"])
    rows = {row["label"]: row["mean"] for row in _judgement(report, answer["judgement"])["rows"]}
    lower, upper = sorted(rows[end] for end in ends)
    told = [
        f"{say.term(label)} {say.percent(mean)}"
        for label, mean in sorted(rows.items(), key=lambda row: row[1])
        if label not in ends and lower <= mean <= upper
    ]
    return say(N_("In between: {formats}."), formats="; ".join(told)) if told else ()


def _rounded(rows: Sequence[Mapping[str, Any]], say: Language) -> Text:
    """A remark where the whole per cents of a bar do not add up to a hundred."""
    sums = [sum(round(100 * one["mean"]) for one in row["outcomes"]) for row in rows if row["outcomes"]]
    return () if all(total == 100 for total in sums) else say(N_("Shares are rounded, and need not add up to 100."))


def _changes(report: Mapping[str, Any], say: Language) -> tuple[Block, ...]:
    """The change around a line at zero: each reading, the average over theories, and others who are asked the same."""
    answer, change = report["answer"], report["change"]
    if not change:
        return ()
    rows = [row for row in change["rows"] if row["kind"] == "reading" or row["name"] == AVERAGED]
    drawn = [{**row, "label": say.term(row["name"]), "strong": place == 0} for place, row in enumerate(rows)]
    shown = {row["name"] for row in rows}
    for one in report["judgements"]:
        moved = {row["label"]: row["change"] for row in one["rows"]}.get(answer["format"])
        if one["title"] not in shown and one["base"] == answer["base"] and moved:
            drawn.append({**moved["difference"], "label": say.term(one["title"])})
    first = rows[0]
    to = say.line(N_("to"))
    said = "; ".join(
        f"{row['label']}: {say.points(row['mean'])} ({say.points_span(row['lower'], row['upper'])})" for row in drawn
    )
    sides = (say.line(N_("less often kept")), say.line(N_("more often kept")))
    title = say(N_("What that changes, in points"))
    margin = {"size": say.decimal(100 * first["margin"], 0)}
    shares = {name: say.percent(first[name]) for name in _DIRECTIONS}
    worth = say(
        N_(
            "First line: a gain of {size} points or more {gain}, less than {size} either way {within}, "
            "a loss of {size} or more {loss}. Bars: where the change lies with a chance of 50 % and of {interval}."
        ),
        interval=say.percent(first["interval"]),
        **margin,
        **shares,
    )
    figure = Figure(changes_svg(drawn, name="page-one", sides=sides, to=to), said)
    return (Heading(title, anchor="moved"), figure, Paragraph(worth, "note"))


def _trust(report: Mapping[str, Any], say: Language) -> list[Block]:
    found = report["answer"]["confidence"]
    level = say(N_("Our confidence is **{level}**."), level=say.term(found["level"]))
    theory = behind_another(report, say)
    reasons = tuple(reason(part, say) for part in found["parts"][: _REASONS - len(theory)]) + theory
    return [Heading(say(N_("How far to trust it")), anchor="trust-it"), Paragraph(level), Bullets(reasons)]


def _changing(report: Mapping[str, Any], say: Language) -> tuple[Block, ...]:
    """What would move the answer most, ranked."""
    found = change_our_mind(report, say)
    return (Heading(say(N_("What would change our mind")), anchor="change-mind"), Bullets(found)) if found else ()


def _cannot_see(report: Mapping[str, Any], say: Language) -> tuple[Block, ...]:
    """What has no node, and what the number counts: the codebook's outcome, which may not be the reader's."""
    question, definition = report["question"], report["answer"]["definition"]
    blocks: list[Block] = [Heading(say(N_("What the model cannot see")), anchor="cannot-see")]
    told: Text = ()
    if question["cannot_see"]:
        listed = say.listed([say.term(item) for item in question["cannot_see"]])
        told = say(N_("{things}."), things=listed[:1].upper() + listed[1:])
    for state, rule in definition["rules"].items():
        meaning = say(N_("*{state}* counts where {rule}."), state=say.state(state).capitalize(), rule=say.term(rule))
        told = runs(told, " " if told else "", meaning)
    if not definition["rules"] and definition["description"]:
        told = runs(told, " " if told else "", say.term(definition["description"]))
    return (*blocks, Paragraph(told)) if told else ()


def _counts(report: Mapping[str, Any], say: Language) -> list[Block]:
    """The record's own table, with no model in it."""
    count = report["record"]["count"]
    if not count:
        return []
    first, *tables = (_counted(table, say) for table in (count, *count["also"]))
    own = count["own"]
    if own["actor"] and own["rows"]:
        tables.append(
            Table(
                say(N_("{actor}, with or without backers: kept of cases"), actor=say.actor(own["actor"])),
                (runs(say.term(own["by"])), say(N_("all roles"))),
                tuple((runs(say.state(line["state"])), runs(_share(line["cells"][0]))) for line in own["rows"]),
                numeric=frozenset({1}),
                compact=True,
            )
        )
    title = Heading(say(N_("The record's own count, with no model in it")), anchor="count")
    return [title, Columns(((first,), tuple(tables)) if tables else ((first,),))]


def _counted(table: Mapping[str, Any], say: Language) -> Table:
    """Raw counts by the states of one node."""
    columns = [say.state(state) for state in table["columns"]] or [say.line(N_("all cases"))]
    by = say.term(table["by"])
    return Table(
        runs(by, ": ", say.line(N_("kept of cases"))),
        (runs(by), *(runs(column) for column in columns)),
        tuple(
            (runs(say.state(line["state"], table["by"])), *(runs(_share(cell)) for cell in line["cells"]))
            for line in table["rows"]
        ),
        numeric=frozenset(range(1, len(columns) + 1)),
        compact=True,
    )


def _share(cell: Mapping[str, int]) -> str:
    return f"{cell['kept']} / {cell['cases']}" if cell["cases"] else "\N{EN DASH}"


SECTION = Section(_content, parts=(Part("answer", "", _page_one),))
