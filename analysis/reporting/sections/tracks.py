"""The actors' past: dated events of everyone whom the scenario judges, and credibility where it foretells."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from textwrap import shorten
from typing import Any

from ....common.figure_style import styled
from ....models.track.events import as_date, line_up
from ....models.track.fit import fit_track
from ....models.track.settings import load_track_settings
from ....record import load_track_record
from ...figures.svg import svg
from ...figures.track import MARKS, history_figure
from ...scenarios.scenario import Scenario
from ...scenarios.stored_fits import drawn_on, kept_beside_fits
from ...summaries.gates import Gate
from ...summaries.names import agreement_name, event_name
from ...track.description import describe_tracks
from ...track.scores import SHIPPED
from ..document.blocks import Block, Bullets, Callout, Figure, Fold, Paragraph, Run, Table, Text, runs
from ..document.language import N_, Language
from ..section import Answers, Material, Part, Section, Task
from .judgements import failed_line

#: How the track record is sampled for a report; the settings of the network's fit do not matter to it.
SAMPLING: Mapping[str, Any] = {"draws": 1000, "tune": 1000, "chains": 4}


def scenario_actors(scenario: Scenario) -> list[str]:
    """Every actor that a scenario judges or supposes something of, in the order named."""
    named: list[str | None] = []
    for judgement in scenario.judgements:
        named += [judgement.actor, *(row.actor for row in judgement.formats), *(s.actor for s in judgement.suppose)]
    return list(dict.fromkeys(actor for actor in named if actor))


def scenario_tracks(scenario: Scenario, seed: int, folder: Path | None = None) -> dict[str, Any] | None:
    """Describe the credibility of a scenario's actors as of its date, from the shipped track record.

    What was described is kept beside the stored fits and found again.

    Parameters
    ----------
    scenario
        Names actors and a date.
    seed
        Of the fit.
    folder
        Where fits are kept.

    Returns
    -------
    dict or None
        As `describe_tracks`, with ``absent``, the actors of whom the record knows no event; None where it knows
        none of any of them.
    """
    wanted = scenario_actors(scenario)
    events, settings = load_track_record(), load_track_settings()
    known = set(events.loc[events["date_until"] <= str(as_date(scenario.as_of, "as_of")), "actor"])
    actors = [actor for actor in wanted if actor in known]
    if not actors:
        return None
    from importlib.metadata import version

    data = line_up(events, settings)
    scored = SHIPPED.read_text(encoding="utf-8") if SHIPPED.is_file() else ""
    identity = [scored, data.digest, settings.digest, seed, dict(SAMPLING), scenario.as_of, wanted, version("servanda")]

    def make() -> dict[str, Any]:
        def describe(doubled: int) -> dict[str, Any]:
            longer = {**SAMPLING, **{name: SAMPLING.get(name, 2) << doubled for name in ("thin", "tune")}}
            return describe_tracks(
                fit_track(events, settings, seed=seed, as_of=scenario.as_of, **longer), events, actors
            )

        def check(description: dict[str, Any]) -> list[Gate]:
            return [Gate(gate, passed=False, value=math.nan, limit="") for gate in description["failed_gates"]]

        description, _, doublings = drawn_on(describe, check, SAMPLING["draws"] * SAMPLING["chains"])
        description["doublings"] = doublings
        # How long it took is not what was found, and would make two equal reports differ.
        description["provenance"].pop("seconds", None)
        description["absent"] = [actor for actor in wanted if actor not in known]
        return description

    return kept_beside_fits("tracks", identity, make, folder)


def _prepare(task: Task) -> dict[str, Any] | None:
    return scenario_tracks(task.loaded.scenario, task.sampling.seed, task.folder)


def _content(material: Material, answers: Answers) -> Mapping[str, Any] | None:  # noqa: ARG001
    found = material.prepared.get("tracks")
    return None if found is None or found["failed_gates"] else found


def _history(report: Mapping[str, Any], say: Language) -> list[Block]:
    """Events of each actor by what they read as, drawn and listed; nobody is ranked."""
    found = report["tracks"]
    message = N_(
        "Dated events of each actor, and not cases, as known on {day}. They do not enter the answer, which "
        "takes the past "
        "as a count of defections. Which events were written down is a choice of the coder, so that their counts rank "
        "nobody; how grave each is was judged by one coder."
    )
    blocks: list[Block] = [Paragraph(say(message, day=say.day(found["at"])))]
    rows = tuple(
        (
            runs(say.actor(actor["actor"])),
            *(runs(say.count(actor["counts"][name])) for name in _READINGS),
            _last(actor["events"][-1], say),
        )
        for actor in found["actors"]
    )
    columns = (say(N_("Actor")), *(say(it) for it in _READINGS.values()), say(N_("The last event")))
    caption = say(N_("Events, by what they read as"))
    blocks.append(Table(caption, columns, rows, numeric=frozenset({1, 2, 3})))
    if found["absent"]:
        who = say.listed([say.actor(actor) for actor in found["absent"]], "or")
        blocks.append(Paragraph(say(N_("No event is known of {actors}."), actors=who)))
    if found["failed_gates"]:
        blocks.append(Bullets(tuple(runs(Run(failed_line(gate, say), "alarm")) for gate in found["failed_gates"])))
    blocks.append(_figure(found, say))
    head = say(N_("**Whether the past foretells.**"))
    scored = runs(head, " ", *_foretells(found["score"], say), " ", say.term(found["score"]["rule"]))
    blocks.append(Callout((Paragraph(scored),)))
    blocks.append(Fold(say(N_("Every event")), tuple(_events(actor, say) for actor in found["actors"])))
    blocks.append(Fold(say(N_("What events, grounds and gravity are taken to say")), tuple(_reading(found, say))))
    return blocks


def _foretells(score: Mapping[str, Any], say: Language) -> Text:
    """What the scores say, as `TrackScores.verdict` does, in the language of the report."""
    if not score["measured"]:
        return runs(say.term(score["verdict"]))
    told = [
        say.line(
            _PARTS[part],
            n=say.count(score["events"][part]),
            gains=say.listed([_gained(gain, _RIVALS[rival], say) for rival, gain in gains.items()]),
        )
        for part, gains in score["gains"].items()
    ]
    measured = say(N_("One step ahead the track model gains, in log score an event: {told}."), told="; ".join(told))
    ruled = N_("Each gain is more than its standard error, so actors may be ranked.")
    if not score["foretells"]:
        ruled = N_(
            "The rule asks each gain to exceed its standard error, so no actor is ranked: it describes the events "
            "that were written down and is no forecast of the next."
        )
    return runs(*measured, " ", *say(ruled))


def _gained(gain: Mapping[str, Any], rival: str, say: Language) -> str:
    return say.line(
        N_("{gain} \N{PLUS-MINUS SIGN} {error} on {rival}"),
        gain=say.decimal(gain["value"], 2, signed=True),
        error=say.decimal(gain["error"], 2),
        rival=say.line(rival),
    )


#: Events on which a gain is asked for, and rivals, as a reader sees them.
_PARTS = {
    "all": N_("on all {n} events, {gains}"),
    "new": N_("on the {n} under an agreement new to the actor, {gains}"),
}
_RIVALS = {
    "own_share": N_("the actor's own share up to then"),
    "base_rate": N_("the share of all events up to then"),
}
#: Letters of the name of an agreement that its lane has room for.
_LANE = 34
#: Reading of an event -> title of its column.
_READINGS = {"kept": N_("Kept"), "partly": N_("In part"), "broken": N_("Broken")}
#: Grounds of a stop, and gravity, as a reader sees them.
_NAMES = {
    "lawful": N_("lawful exit"),
    "answer": N_("answer to a breach"),
    "none": N_("no ground"),
    "core": N_("core duty"),
    "part": N_("part of the duty"),
    "minor": N_("minor"),
}


def _named(name: str, say: Language) -> str:
    return say.term(_NAMES.get(name, name))


def _last(event: Mapping[str, Any], say: Language) -> Text:
    return runs(
        say.day(event["date"]),
        Run(f"{agreement_name(event['agreement'], say.code)}: {event_name(event['event'], say.code)}", "second"),
    )


def _figure(found: Mapping[str, Any], say: Language) -> Figure:
    actors = [
        {
            **actor,
            "actor": say.actor(actor["actor"]),
            "events": [
                {**event, "agreement": shorten(agreement_name(event["agreement"], say.code), _LANE, placeholder="…")}
                for event in actor["events"]
            ],
        }
        for actor in found["actors"]
    ]
    kinds = {kind: event_name(kind, say.code) for kind in MARKS}
    reads = {name: say.line(title).lower() for name, title in _READINGS.items()}
    with styled():
        drawn = svg(history_figure({**found, "actors": actors}, kinds=kinds, reads=reads), "tracks", "tracks")
    message = N_("{actor}: {kept} kept, {partly} in part, {broken} broken")
    said = "; ".join(
        say.line(message, actor=actor["actor"], **{name: say.count(actor["counts"][name]) for name in _READINGS})
        for actor in actors
    )
    alt = say.line(N_("The events of each actor over the years. {numbers}."), numbers=said)
    caption = say(
        N_(
            "Each event stands in the lane of its agreement. Shape: what was done; colour: what it reads as; "
            "size: how grave."
        )
    )
    return Figure(drawn, alt, caption, wide=True)


def _events(actor: Mapping[str, Any], say: Language) -> Table:
    def reads(name: str) -> Text:
        return say(_READINGS[name])

    rows = []
    for event in actor["events"]:
        more = [_named(event[name], say) for name in ("ground", "gravity") if event.get(name)]
        what = runs(event_name(event["event"], say.code), *([Run(", ".join(more), "second")] if more else []))
        detail = runs(Run(event.get("detail", ""), language="en"))
        agreement = runs(agreement_name(event["agreement"], say.code))
        rows.append((runs(say.day(event["date"])), agreement, what, reads(event["reads"]), detail))
    columns = (say(N_("Date")), say(N_("Agreement")), say(N_("Event")), say(N_("Reads as")), say(N_("What happened")))
    return Table(runs(say.actor(actor["actor"])), columns, tuple(rows))


def _reading(found: Mapping[str, Any], say: Language) -> list[Table]:
    def reads(name: str) -> Text:
        return say(_READINGS[name])

    says = found["says"]
    events = tuple(
        (
            runs(event_name(kind, say.code)),
            reads(it["reads"]),
            runs(say.percent(it["reliability"])),
            runs(say.percent(it.get("self_announced", it["reliability"]))),
            runs(Run(it["reason"], language="en")),
        )
        for kind, it in says["events"].items()
    )
    columns = (
        say(N_("Event")),
        say(N_("Reads as")),
        say(N_("Reliability")),
        say(N_("Self-announced")),
        say(N_("Reason")),
    )
    note = say(N_("how surely an event says what a test would have found"))
    first = Table(say(N_("Reading of events")), columns, events, note, frozenset({2, 3}))
    grounds = [
        (runs(say.line(N_("ground: {name}"), name=_named(name, say))), reads(it["reads"]), (), it["reason"])
        for name, it in says["grounds"].items()
    ]
    grounds += [
        (
            runs(say.line(N_("gravity: {name}"), name=_named(name, say))),
            reads(it["breach"]),
            runs(say.figure(it["weight"])),
            it["reason"],
        )
        for name, it in says["gravity"].items()
    ]
    columns = (say(N_("Ground or gravity")), say(N_("A breach reads as")), say(N_("Tests")), say(N_("Reason")))
    rows = tuple((name, reads, tests, runs(Run(reason, language="en"))) for name, reads, tests, reason in grounds)
    note = say(N_("a test: what an event is worth"))
    return [first, Table(say(N_("Ground of a stop, and gravity")), columns, rows, note, frozenset({2}))]


SECTION = Section(_content, prepare=_prepare, parts=(Part("annex", N_("The actors' past: a history"), _history),))
