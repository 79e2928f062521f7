"""Page one's short list of what would change the answer, ranked, from what the other sections found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...document.blocks import Text
from ...document.language import N_, Language
from .assumptions import beyond_states
from .value_of_information import WORTH_SHOWING

#: Difference from which page one's first sentences say what the answer is within the horizon.
_MOVED = 0.02


def moves_the_answer(within: float, answer: float) -> bool:
    """Whether an answer within the horizon is another one than that over all tests.

    Examples
    --------
    >>> moves_the_answer(0.46, 0.40), moves_the_answer(0.75, 0.74)
    (True, False)
    """
    return abs(within - answer) >= _MOVED


def change_our_mind(report: Mapping[str, Any], say: Language, most: int = 4) -> tuple[Text, ...]:
    """What would move the answer most, the greatest move first.

    One line a node of the case (if its most telling state were seen), an assumption (were it wrong), and a crisis or
    guarantee (without it), and one for further cases. States of less probability than `WORTH_SHOWING`, and units whose
    weights cannot be trusted or whose move may be an error of the computation, are left out. So are states beyond the
    horizon, which no test within it can show; in their place stands what the answer is without them.

    Parameters
    ----------
    report
        The whole dictionary.
    say
        The language.
    most
        How many lines at most.

    Returns
    -------
    tuple of Text
    """
    found = [
        *_seen(report, say),
        *_wrong(report, say),
        *_within(report, say),
        *_without(report, say),
        *_coded(report, say),
    ]
    return tuple(text for _, text in sorted(found, key=lambda pair: -pair[0])[:most])


def _part(report: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Part of a dictionary, empty where it is left out."""
    return report.get(name) or {}


def _from_to(before: float, after: float, say: Language) -> dict[str, str]:
    return {"before": say.percent(before), "after": say.percent(after)}


def _seen(report: Mapping[str, Any], say: Language) -> Iterator[tuple[float, Text]]:
    answer = _part(_part(report, "value_of_information"), "answer")
    beyond = {(one["node"], one["state"]) for one in _part(_part(report, "assumptions"), "beyond").get("states", ())}
    for news in answer.get("nodes", ()):
        possible = [seen for seen in news["states"] if (news["title"], seen["state"]) not in beyond]
        probable = [seen for seen in possible if seen["probability"] >= WORTH_SHOWING]
        if not probable:
            continue
        before = answer["mean"]
        seen = max(probable, key=lambda seen: abs(seen["answer"] - before))
        text = say(
            N_("{node} seen to be *{state}* (a chance of {chance}): from {before} to {after}."),
            node=say.term(news["title"]),
            state=say.state(seen["state"], news["title"]),
            chance=say.percent(seen["probability"]),
            **_from_to(before, seen["answer"], say),
        )
        yield abs(seen["answer"] - before), text


def _wrong(report: Mapping[str, Any], say: Language) -> Iterator[tuple[float, Text]]:
    found = _part(report, "assumptions")
    for row in found.get("rows", ()):
        if row["wrong"] and row["instead"]:
            before, after = found["before"]["mean"], row["wrong"]["mean"]
            moved = _changes(found["before"], row["wrong"])
            instead = "; ".join(say.feature(one["node"], one["state"]) for one in row["instead"])
            text = say(
                N_("Described otherwise (*{instead}*): from {before} to {after}."),
                instead=instead,
                **_from_to(before, after, say),
            )
            if moved and moved[0] * moved[1] < 0:
                ends = {"first": say.points(moved[0]), "then": say.points(moved[1])}
                text = say(
                    N_("Described otherwise (*{instead}*): the change goes from {first} to {then} points."),
                    instead=instead,
                    **ends,
                )
            yield max(abs(after - before), abs(moved[1] - moved[0]) if moved else 0.0), text


def _changes(*answers: Mapping[str, Any]) -> tuple[float, ...]:
    """The change of each answer, where all have one."""
    changes = [_part(answer, "change") for answer in answers]
    return tuple(change["mean"] for change in changes) if all(changes) else ()


def _within(report: Mapping[str, Any], say: Language) -> Iterator[tuple[float, Text]]:
    found = _part(report, "assumptions")
    beyond = _part(found, "beyond")
    before = found["before"]["mean"] if beyond else 0.0
    # What moves it much stands in page one's first sentences.
    if beyond and not moves_the_answer(beyond["without"]["mean"], before):
        after = beyond["without"]["mean"]
        text = say(
            N_("Without tests beyond the horizon (*{states}*, a chance of {chance}): from {before} to {after}."),
            states=beyond_states(beyond, say),
            chance=say.percent(beyond["chance"]),
            **_from_to(before, after, say),
        )
        yield abs(after - before), text


def _without(report: Mapping[str, Any], say: Language) -> Iterator[tuple[float, Text]]:
    found = _part(report, "influence")
    rows = [(row, row["answers"]["answer"]) for row in found.get("rows", ())]
    sure = [(row, answer) for row, answer in rows if row["trusted"] and abs(answer["move"]) > 2 * answer["mcse"]]
    if sure:
        unit, answer = max(sure, key=lambda pair: abs(pair[1]["move"]))
        text = say(
            N_("Without *{unit}* in the record: from {before} to {after}."),
            unit=say.term(unit["title"]),
            **_from_to(found["before"]["answer"], answer["mean"], say),
        )
        yield abs(answer["move"]), text


def _coded(report: Mapping[str, Any], say: Language) -> Iterator[tuple[float, Text]]:
    answer = _part(_part(report, "value_of_information"), "answer")
    if answer.get("cases"):
        news = max(answer["cases"], key=lambda news: news["cases"])
        text = say.plural(
            "{n} more coded case of the kind: {size} points either way, on average.",
            "{n} more coded cases of the kind: {size} points either way, on average.",
            news["cases"],
            size=say.decimal(100 * news["expected_move"], 0),
        )
        yield news["expected_move"], text
