"""What the page holds: draws, the scenario's judgements as settings of its knobs, the record's cases, and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...common.errors import Fault
from ...common.figure_style import BROKEN, GREY, IN_PART, KEPT
from ...common.progress import Progress, followed
from ...models.cases.encode import MISSING, Cases, encode
from ...models.network.network import Network
from ...models.posterior import Posterior
from ...models.theories.theories import SHIPPED, THEORIES
from ...record.files.dates import as_day
from ...record.sources import load_sources
from ..reporting.document.safety import linkable
from ..scenarios.questions import quantity_of
from ..scenarios.scenario import Format, Judgement, Loaded, Scenario
from .backers import backers_by_name
from .draws import ROOM, ExploreError, drawn_network
from .fits import Choice
from .words import languages, likelihood_words

if TYPE_CHECKING:
    import pandas as pd

#: Actors that a reader may choose, those of the scenario among them.
ACTORS = 12
#: Bytes that the draws of each further fit may take: more than the first, whose page alone stays under 600 kB.
FURTHER = 350_000
#: The group whose members are actors.
ACTOR = "actor"


def content(
    fits: Sequence[Choice],
    loaded: Loaded,
    cases: pd.DataFrame,
    language: str,
    *,
    progress: bool | Progress | None = None,
) -> dict[str, Any]:
    """What the page holds, ready for JSON.

    Parameters
    ----------
    fits
        Those that a reader may choose, as `choices` gives them: the first is asked first.
    loaded
        The scenario. Judgements that rest on a supposed case, and those of another node than the headline's, are left
        out: their answers need other draws.
    cases
        The record as of its date.
    language
        In which the page opens.
    progress
        How to tell of the fits whose draws are packed, as in `servanda.common.progress.shown`.

    Raises
    ------
    ExploreError
        If the network does not fit, or no judgement is left.
    """
    scenario, posterior = loaded.scenario, fits[0].posterior
    network, target = posterior.network, scenario.headline_judgement.node
    judged = [one for one in scenario.judgements if one.node == target and not one.suppose]
    if not judged:
        what = "rests on a supposed case in each of its judgements, and a page supposes none; explore another scenario"
        raise ExploreError(f"scenario {scenario.name}", [Fault("judgements", what)])
    judged.sort(key=lambda one: one.id != scenario.headline.judgement)
    actors = _actors(posterior, judged, cases)
    packed = [
        _packed(one, target, actors, room=FURTHER if number else ROOM)
        for number, one in enumerate(followed(fits, "packing draws", progress))
    ]
    drawn = packed[0]["network"]
    names = [*network[target].parent_names, target]
    held = _cases(network, names, cases)
    by_name = backers_by_name(network, target, actors, as_day(scenario.as_of).year)
    listed = [name for name, *_ in by_name["known"]] if by_name else []
    spoken = dict.fromkeys([*actors, *(row[1] for row in held["rows"]), *listed])
    return {
        "language": language,
        "fit": packed[0],
        "others": packed[1:],
        "judgements": [_judgement(network, scenario, one, cases, actors, by_name) for one in judged],
        "backers": by_name,
        "actorGroup": ACTOR if ACTOR in drawn["groups"] else None,
        "actors": [{"code": code} for code in actors],
        "cases": held,
        "scenario": {**{name: getattr(scenario, name) for name in _SHOWN}, "held": SHIPPED},
        "colours": {"kept": KEPT, "part": IN_PART, "broken": BROKEN, "grey": GREY},
        "lexicon": scenario.lexicon,
        "lexicons": likelihood_words(scenario.lexicon),
        "languages": languages(
            scenario,
            network,
            names,
            spoken,
            priors={one.priors: one.priors_title for one in fits},
            theories={one.theory: THEORIES[one.theory].title for one in fits if one.theory},
        ),
    }


def _packed(one: Choice, target: str, actors: tuple[str, ...], room: int) -> dict[str, Any]:
    network = drawn_network(one.posterior, target, {ACTOR: actors}, room=room)
    return {"name": one.name, "priors": one.priors, "theory": one.theory, "network": network}


_SHOWN = ("name", "title", "question", "as_of", "horizon", "resolution", "network", "priors", "theories", "seed")


def _actors(posterior: Posterior, judged: Sequence[Judgement], cases: pd.DataFrame) -> tuple[str, ...]:
    """Codes of actors that a reader may choose: those of the scenario, then those with the most cases."""
    known = posterior.levels.get(ACTOR, ())
    column = posterior.network.group_columns.get(ACTOR)
    most = cases[column].value_counts().index.astype(str) if column in cases else ()
    named = (one.actor for judgement in judged for one in (judgement, *judgement.formats))
    return tuple(code for code in dict.fromkeys([*named, *most]) if code in known)[:ACTORS]


def _judgement(
    network: Network,
    scenario: Scenario,
    judgement: Judgement,
    cases: pd.DataFrame,
    actors: Sequence[str],
    by_name: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """A judgement as settings of the knobs: its case, and the two formats that its report compares."""
    rows = {row.label: row for row in judgement.formats}
    last = scenario.headline.format if judgement.id == scenario.headline.judgement else [*rows][-1]
    base, shown = rows.get(judgement.base or "", judgement.formats[0]), rows[last]

    actor = shown.actor or judgement.actor
    # What follows from names is left to the program, which works it out again for others.
    follows = by_name["nodes"] if by_name and actor in by_name["rivals"] else []

    def settings(row: Format) -> tuple[dict[str, int], dict[str, int]]:
        asked = quantity_of(network, judgement, row, cases, as_day(scenario.as_of).year)
        stated = {name: state for name, state in asked.do.items() if row.backers is None or name not in follows}
        given, done = ({k: network[k].index(v) for k, v in states.items()} for states in (asked.given, stated))
        return _of_parents(network, judgement.node, given), _of_parents(network, judgement.node, done)

    (given, first), (other, second) = settings(base), settings(shown)
    # What only one of them knows of the case is set in it.
    both = {name: state for name, state in given.items() if other.get(name) == state}
    return {
        "id": judgement.id,
        "title": judgement.title,
        "claim": judgement.claim,
        # One that the fit holds no case of is one that it has not seen.
        "actor": actor if actor in actors else None,
        "states": [network[judgement.node].index(state) for state in judgement.states],
        "given": both,
        "A": {**{name: state for name, state in given.items() if name not in both}, **first},
        "B": {**{name: state for name, state in other.items() if name not in both}, **second},
        "names": {"A": base.backers if follows else None, "B": shown.backers if follows else None},
    }


def _of_parents(network: Network, target: str, states: Mapping[str, int]) -> dict[str, int]:
    return {name: state for name, state in states.items() if name in network[target].parent_names}


def _cases(network: Network, names: Sequence[str], cases: pd.DataFrame) -> dict[str, Any]:
    """The record's cases in the states of the nodes that are shown, and where the first source of each stands.

    Returns
    -------
    dict
        ``nodes``; ``titles`` and ``links``, each once; ``rows``: a letter for the state of each node (``A`` for the
        first, a dot where it is missing), obligor, year, and the places of title and link (-1 without one).
    """
    coded, sources = encode(network, cases), load_sources()
    titles: dict[str, int] = {}
    links: dict[str, int] = {}
    rows = []
    for place, row in enumerate(cases.to_dict("records")):
        keys = [key.strip() for key in str(row.get("sources") or "").split(";")]
        found = [sources[key].url for key in keys if key in sources and linkable(sources[key].url)]
        title = str(row.get("guarantee", coded.labels[place]))
        year = str(row.get("tested_year", "")).removesuffix(".0")
        rows.append(
            [
                "".join(_letter(coded, name, place) for name in names),
                str(row.get("obligor", "")),
                int(year) if year.isdigit() else 0,
                titles.setdefault(title, len(titles)),
                links.setdefault(found[0], len(links)) if found else -1,
            ]
        )
    return {"nodes": list(names), "titles": list(titles), "links": list(links), "rows": rows}


def _letter(coded: Cases, name: str, place: int) -> str:
    code = int(coded.codes[name][place])
    return "." if code == MISSING else chr(ord("A") + code)
