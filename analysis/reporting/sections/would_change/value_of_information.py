"""How far the answer would move if more of the case were seen, or more cases of its kind were coded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .....models.network.network import Network
from ....sensitivity.value_of_information import CaseNews, ValueOfInformation, value_of_information
from ...document.blocks import Block, Fold, Paragraph, Run, Table, Text, runs
from ...document.language import N_, Language
from ...section import Answers, Material, Part, Section
from ..headline import Headline, headline

#: A state of less probability than this is no news to wait for; the fold and the dictionary hold it all the same.
WORTH_SHOWING = 0.05


def _content(material: Material, answers: Answers) -> dict[str, Any] | None:
    asked = headline(material, answers)
    if asked.row.posterior is None or asked.row.asked is None:
        return None
    network, seed = material.loaded.network, material.loaded.scenario.seed
    questions = {"answer": asked.row.asked, "change": asked.change}
    return {
        name: None
        if question is None
        else _described(network, asked, value_of_information(asked.row.posterior, question, seed=seed, progress=False))
        for name, question in questions.items()
    }


def _described(network: Network, asked: Headline, found: ValueOfInformation) -> dict[str, Any]:
    return {
        "mean": found.mean,
        "width": found.width,
        "interval": found.interval,
        "nodes": [
            {
                "node": news.node,
                "title": network[news.node].title,
                "expected_move": news.expected_move,
                "states": [
                    {"state": seen.state, "probability": seen.probability, "answer": seen.answer}
                    for seen in news.states
                ],
            }
            for news in found.nodes
        ],
        "moved": [network[name].title for name in found.moved],
        "cases": [_cases(asked, news) for news in found.cases],
    }


def _cases(asked: Headline, news: CaseNews) -> dict[str, Any]:
    """News of further cases, by the label of the row whose kind they are."""
    like = asked.base if asked.base is not None and news.do != asked.row.do else asked.row
    return {
        "cases": news.cases,
        "like": like.label,
        "expected_move": news.expected_move,
        "width": news.width,
        "effective": news.effective,
        "exact": news.exact,
    }


def _words(report: Mapping[str, Any], say: Language) -> list[Block]:
    found = report["value_of_information"]
    blocks: list[Block] = []
    if found["answer"]["nodes"]:
        blocks += [_seen(found["answer"], say), *_change(found["change"], say)]
    more = Fold(say(N_("If more cases of the kind were coded")), (_coded(found, say),))
    return [*blocks, more, *_all_states(found, say)]


def _seen(answer: Mapping[str, Any], say: Language) -> Table:
    """One line a node: how far it moves the answer, and the states that move it most either way."""
    rows = []
    for news in answer["nodes"]:
        probable = [seen for seen in news["states"] if seen["probability"] >= WORTH_SHOWING]
        states = sorted(probable or news["states"], key=lambda seen: seen["answer"])
        ends = (_end(seen, news["title"], say) for seen in (states[0], states[-1]))
        rows.append((runs(say.term(news["title"])), runs(_size(news["expected_move"], say)), *ends))
    return Table(
        say(N_("If it were seen, the answer would go from {before}"), before=say.percent(answer["mean"])),
        (say(N_("What")), say(N_("Moves it by")), say(N_("lowest")), say(N_("highest"))),
        tuple(rows),
        note=say(N_("in points, on average; below each answer, what would be seen and the chance of it")),
        numeric=frozenset({1}),
    )


def _end(seen: Mapping[str, Any], title: str, say: Language) -> Text:
    told = f"{say.state(seen['state'], title)} ({say.percent(seen['probability'])})"
    return runs(say.percent(seen["answer"]), Run(told, "second"))


def _size(x: float, say: Language) -> str:
    """Points without a sign: a move either way."""
    return say.decimal(100 * x, 1)


def _change(change: Mapping[str, Any] | None, say: Language) -> list[Block]:
    """How far the same news would move the change."""
    if change is None or not change["nodes"]:
        return []
    most = change["nodes"][0]
    told = say(
        N_("The change ({before} points) is moved most by {node}: {size} points on average."),
        before=say.points(change["mean"]),
        node=say.term(most["title"]),
        size=_size(most["expected_move"], say),
    )
    return [Paragraph(told)]


def _coded(found: Mapping[str, Any], say: Language) -> Table:
    """Further cases: how far they move the answer and the change, and how wide the answer's interval is then."""
    answer, change = found["answer"], found["change"]
    columns = [say(N_("More cases")), say(N_("Answer moves by")), say(N_("Width of the interval"))]
    kinds = [] if change is None else list(dict.fromkeys(news["like"] for news in change["cases"]))
    columns += [say(N_("Change moves by, cases {kind}"), kind=say.term(kind)) for kind in kinds]
    moves = {} if change is None else {(n["cases"], n["like"]): n["expected_move"] for n in change["cases"]}
    rows = tuple(
        (
            runs(say.count(news["cases"])),
            runs(_size(news["expected_move"], say)),
            runs(_size(news["width"], say)),
            *(runs(_size(moves[news["cases"], kind], say)) for kind in kinds),
        )
        for news in answer["cases"]
    )
    note = N_("in points, on average; today the interval ({interval}) is {width} wide")
    return Table(
        say(N_("If more cases of the kind were coded")),
        tuple(columns),
        rows,
        note=say(note, interval=say.percent(answer["interval"]), width=_size(answer["width"], say)),
        numeric=frozenset(range(1, len(columns))),
    )


def _all_states(found: Mapping[str, Any], say: Language) -> list[Block]:
    """Every state of every node, in a fold."""
    change = found["change"] or {"nodes": [], "moved": []}
    nodes = say.listed([say.term(title) for title in change["moved"]])
    note = say(N_("What is seen of {nodes} is part of the change, not news of it."), nodes=nodes) if nodes else ()
    moved = {(n["node"], s["state"]): s["answer"] for n in change["nodes"] for s in n["states"]}
    rows = []
    for news in found["answer"]["nodes"]:
        for seen in news["states"]:
            name = say.feature(news["title"], seen["state"])
            key = (news["node"], seen["state"])
            other = say.points(moved[key]) if key in moved else "\N{EN DASH}"
            cells = (name, say.percent(seen["probability"]), say.percent(seen["answer"]), other)
            rows.append(tuple(runs(cell) for cell in cells))
    if not rows:
        return []
    table = Table(
        say(N_("The answer and the change once it is seen")),
        (say(N_("Seen")), say(N_("Chance")), say(N_("Answer")), say(N_("Change"))),
        tuple(rows),
        note=note,
        numeric=frozenset({1, 2, 3}),
        compact=True,
    )
    return [Fold(say(N_("Every state that may be seen")), (table,))]


SECTION = Section(_content, parts=(Part("change", N_("If more were known"), _words),))
