"""The actors' past: dated events of everyone whom the scenario judges, and credibility where it foretells."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ....common.figure_style import styled
from ....models.track.events import as_date, line_up
from ....models.track.fit import fit_track
from ....models.track.settings import load_track_settings
from ....record import load_track_record
from ...figures.percent import percent, span
from ...figures.svg import svg
from ...figures.track import track_figure
from ...scenarios.scenario import Scenario
from ...scenarios.stored_fits import kept_beside_fits
from ...track.description import describe_tracks
from ...track.scores import SHIPPED
from ..section import Answers, Material, Section, Task

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
        track = fit_track(events, settings, seed=seed, as_of=scenario.as_of, **SAMPLING)
        description = describe_tracks(track, events, actors)
        # How long it took is not what was found, and would make two equal reports differ.
        description["provenance"].pop("seconds", None)
        description["absent"] = [actor for actor in wanted if actor not in known]
        return description

    return kept_beside_fits("tracks", identity, make, folder)


def tracks_figure(description: Mapping[str, Any]) -> str:
    """Draw the tracks as an ``svg`` element for the page."""
    if description["ranked"]:
        head = f"Credibility over the years. On {description['at']}"
        told = [
            f"{each['actor']}: {percent(each['mean'])} ({span(each['lower'], each['upper'])})"
            for each in description["actors"]
        ]
    else:
        head = f"Events known on {description['at']}, by what they read as"
        told = [
            f"{each['actor']}: " + ", ".join(f"{count} {reading}" for reading, count in each["counts"].items())
            for each in description["actors"]
        ]
    with styled():
        return svg(track_figure(description), "tracks", f"{head}: {'; '.join(told)}.")


def _prepare(task: Task) -> dict[str, Any] | None:
    return scenario_tracks(task.loaded.scenario, task.sampling.seed, task.folder)


def _content(material: Material, answers: Answers) -> Mapping[str, Any] | None:  # noqa: ARG001
    return material.prepared.get("tracks")


SECTION = Section(_content, prepare=_prepare)
