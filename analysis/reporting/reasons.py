"""Reasons of a confidence in words: each part as a head and what was counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..sensitivity.spread import CHOICES, KINDS
from .confidence import HELD_OUT
from .document.blocks import Text, runs
from .document.language import N_, Language

#: Heads by grade, for parts that are said so.
_COVERED = {"poor": N_("**No precedent.**"), "fair": N_("**Few precedents.**"), "good": N_("**Precedents.**")}
_GAINED = {
    "poor": N_("**No gain over the base rate.**"),
    "fair": N_("**A gain that may be luck.**"),
    "good": N_("**A gain on held-out crises.**"),
}


def reason(part: Mapping[str, Any], say: Language) -> Text:
    """Reason behind a part of confidence.

    Parameters
    ----------
    part
        A `servanda.analysis.reporting.confidence.Part` as its dictionary.

    Examples
    --------
    >>> from dataclasses import asdict
    >>> from servanda.analysis.reporting.confidence import doubt_part
    >>> "".join(run.text for run in reason(asdict(doubt_part(6, 8)), Language("en")))
    'Doubtful neighbours. The coders marked 6 of the 8 nearest cases doubtful.'
    """
    return _REASONS[part["name"]](part, say)


def _held_out(part: Mapping[str, Any], say: Language) -> Text:
    facts = part["facts"]
    if "gain" not in facts:
        message = N_(
            "**Not measured.** Whether the network foretells crises it has not seen is not known; `{how}` measures it."
        )
        return say(message, how=facts["how"])
    message = N_(
        "{cases} cases of {crises} crises, each foretold from the others: {gain} in log score a case "
        "(standard error {error})."
    )
    told = say(
        message,
        cases=say.count(facts["cases"]),
        crises=say.count(facts["crises"]),
        gain=say.decimal(facts["gain"], 3, signed=True),
        error=say.decimal(facts["error"], 3),
    )
    head = _GAINED[part["grade"]]
    return runs(say(head), " ", told)


def _precedents(part: Mapping[str, Any], say: Language) -> Text:
    facts = part["facts"]
    n, cases = facts["precedents"], say.count(facts["cases"])
    near = not n and part["grade"] == "fair"
    message = N_("**No exact precedent.**") if near else _COVERED[part["grade"]]
    head = say(message)
    shared = (
        say.plural(
            "{n} case of {cases} shares every described feature.",
            "{n} cases of {cases} share every described feature.",
            n,
            cases=cases,
        )
        if n
        else say(N_("None of {cases} cases shares every described feature."), cases=cases)
    )
    if not facts["unseen"]:
        return runs(head, " ", shared)
    quoted = N_("“{state}”")
    unseen = [
        [say.line(quoted, state=say.feature(one["node"], one["state"])) for one in pair] for pair in facts["unseen"]
    ]
    pairs = say.listed([say.listed(pair) for pair in unseen], "or")
    never = say(N_("No case has both {pairs}: the answer extrapolates."), pairs=pairs)
    return runs(head, " ", shared, " ", never)


def _doubted(part: Mapping[str, Any], say: Language) -> Text:
    facts = part["facts"]
    if not facts["nearest"]:
        return say(N_("**No neighbours.** No case is near: the scenario describes no state."))
    message = N_("**Doubtful neighbours.** The coders marked {doubted} of the {nearest} nearest cases doubtful.")
    return say(message, doubted=say.count(facts["doubted"]), nearest=say.count(facts["nearest"]))


def _coders(part: Mapping[str, Any], say: Language) -> Text:
    facts = part["facts"]
    if not facts["shares"]:
        return say(N_("**Coders.** The record was coded once: agreement is not measured."))
    message = N_("**Coders.** Two coders agree least on {name}: alike in {share} of {cases} cases.")
    name = say.term(facts["least"])
    return say(
        message,
        name=name[:1].lower() + name[1:],
        share=say.percent(facts["shares"][facts["least"]]),
        cases=say.count(facts["cases"]),
    )


def _spread(part: Mapping[str, Any], say: Language) -> Text:
    facts = part["facts"]
    if "lowest" not in facts:
        return say(N_("**Opinion.** How far a change ranges is not measured: the scenario compares with nothing."))
    message = N_("**Opinion.** The expected change goes from {low} ({lowest}) to {high} points ({highest}).")
    low, high = facts["lowest"], facts["highest"]
    told = say(
        message,
        low=say.points(low["change"]),
        high=say.points(high["change"]),
        lowest=_choice(low, say),
        highest=_choice(high, say),
    )
    if not facts["unmeasured"]:
        return told
    missing = say.listed([say.term(KINDS[kind]) for kind in facts["unmeasured"]], "or")
    return runs(told, " ", say(N_("Not measured over {missing}."), missing=missing))


def _choice(end: Mapping[str, Any], say: Language) -> str:
    return f"{say.term(CHOICES[end['kind']])}: {say.term(end['name'])}"


def _news(part: Mapping[str, Any], say: Language) -> Text:
    moves = part["facts"]["moves"]
    if moves is None or moves != moves:
        return say(N_("**News.** What one more case would change is not measured."))
    message = N_("**News.** One more case of this kind moves the answer by {points} points on average.")
    return say(message, points=say.decimal(100 * moves, 0))


_REASONS: Mapping[str, Callable[[Mapping[str, Any], Language], Text]] = {
    HELD_OUT: _held_out,
    "precedents": _precedents,
    "doubtful neighbours": _doubted,
    "coders": _coders,
    "range of opinion": _spread,
    "responsiveness to news": _news,
}
