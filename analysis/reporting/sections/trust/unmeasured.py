"""A cause that nobody measured: how strong it must be to undo the change, beside the measured ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...document.blocks import Block, Fold, Paragraph, Table, Text, runs
from ...document.language import N_, Language
from ...section import Answers, Material, Part, Section
from ..change import headline_cause


def _content(material: Material, answers: Answers) -> dict[str, Any] | None:
    """What a reader calls the nodes; the numbers stand in ``change.confounding``."""
    found = headline_cause(material, answers)
    if found is None:
        return None
    network = material.loaded.network
    return {"cause": found[0], "titles": {node.name: node.title for node in network.nodes}}


def _words(report: Mapping[str, Any], say: Language) -> list[Block]:
    found = (report["change"] or {}).get("confounding")
    if not found:
        return []
    titles = report["unmeasured"]["titles"]
    told = runs(_tipping(found, titles, say), " ", _strongest(found, titles, say))
    return [Paragraph(told), *_benchmarks(found, titles, say)]


def _tipping(found: Mapping[str, Any], titles: Mapping[str, str], say: Language) -> Text:
    """One sentence: how strong a cause would have to be."""
    point = found["tipping_point"]
    change = say.points(found["change"]["mean"])
    nodes = {"cause": _node(found["cause"], titles, say), "outcome": _node(found["target"], titles, say)}
    if point["zero"] == 1:
        return say(N_("The change is zero as it stands, without any unmeasured cause."))
    if point["zero"] is None:
        message = N_(
            "No unmeasured common cause of *{cause}* and *{outcome}* that multiplies the odds of each by up to {most} "
            "a standard deviation would undo the change of {change} points."
        )
        return say(message, **nodes, change=change, most=say.decimal(found["most"], 0))
    numbers = {"change": change, "odds": _odds(point["zero"], say), "e_value": _odds(point["e_value"], say)}
    if point["interval"] == 1:
        message = N_(
            "An unmeasured common cause of *{cause}* and *{outcome}* that multiplies the odds of each by {odds} a "
            "standard deviation would undo the change of {change} points, whose interval holds zero already "
            "(E-value {e_value})."
        )
    else:
        message = N_(
            "An unmeasured common cause of *{cause}* and *{outcome}* that multiplies the odds of each by {odds} a "
            "standard deviation would undo the change of {change} points (E-value {e_value})."
        )
    return say(message, **nodes, **numbers)


def _strongest(found: Mapping[str, Any], titles: Mapping[str, str], say: Language) -> Text:
    """One sentence: what a cause as strong as the strongest measured one would leave."""
    if not found["benchmarks"]:
        return say(N_("No measured cause lies upstream to compare with."))
    one = found["benchmarks"][0]
    message = N_("One as strong as *{name}*, the strongest measured, would leave {left} points.")
    return say(
        message,
        name=_node(one["measured"], titles, say),
        left=say.points(one["mean"]),
    )


def _node(name: str, titles: Mapping[str, str], say: Language) -> str:
    title = say.term(titles.get(name) or name)
    return title[:1].lower() + title[1:]


def _odds(odds: float | None, say: Language) -> str:
    return say.decimal(odds, 2 if odds is not None and odds < 2 else 1)


def _benchmarks(found: Mapping[str, Any], titles: Mapping[str, str], say: Language) -> list[Block]:
    rows = tuple(
        (
            runs(say.term(titles.get(one["measured"]) or one["measured"])),
            runs(_odds(one["on_cause"], say)),
            runs(_odds(one["on_outcome"], say)),
            runs(f"{say.points(one['mean'])} ({say.points_span(one['lower'], one['upper'])})"),
            runs(say.points(one["along"])),
        )
        for one in found["benchmarks"]
    )
    if not rows:
        return []
    columns = (
        say(N_("Measured cause")),
        say(N_("Odds on {node}"), node=_node(found["cause"], titles, say)),
        say(N_("Odds on {node}"), node=_node(found["target"], titles, say)),
        say(N_("Change left")),
        say(N_("Change if it had hidden part of it")),
    )
    note = say(
        N_(
            "Odds ratios a standard deviation; the change in points if an unmeasured cause as strong were held, with "
            "its {interval} interval. The E-value is a risk ratio."
        ),
        interval=say.percent(found["change"]["interval"]),
    )
    table = Table(say(N_("The measured causes as benchmarks")), columns, rows, note, frozenset({1, 2, 3, 4}))
    return [Fold(say(N_("The measured causes, one by one")), (table,))]


SECTION = Section(_content, parts=(Part("trust", N_("A cause that nobody measured"), _words),))
