"""Words of the page, in each language a report is written in: they come from the same catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from string import Formatter
from typing import Any

from ...models.network.network import Network
from ..reporting.document.language import LOCALES, N_, Language
from ..scenarios.scenario import Scenario
from ..scenarios.texts import translations
from ..summaries.likelihood_words import load_lexicon, shipped_lexicons

#: Messages of the page's program, which says each by its English.
MESSAGES = (
    N_("What if?"),
    N_("Known on {day}"),
    N_("Skip to the answer"),
    N_("Turn the knobs and see what the draws of the fit say. Nothing leaves this page, and nothing is sent anywhere."),
    N_("This page needs JavaScript, which this browser does not run."),
    N_("The case and two formats"),
    N_("The case"),
    N_("What is judged"),
    N_("Whose conduct"),
    N_("Prior set"),
    N_("Theory of what backers do"),
    N_("that of the network"),
    N_("Interval"),
    N_("Smallest change that matters, in points"),
    N_("Likelihood words"),
    N_("Language"),
    N_("Undo"),
    N_("Reset"),
    N_("Copy link"),
    N_("Copy as scenario"),
    N_("Copied."),
    N_("Download CSV"),
    N_("Download SVG"),
    N_(
        "A column A or B sets what it names from outside, as an intervention; the column of the case says what is "
        "known of it. What is left as usual is averaged over, as it goes with the rest."
    ),
    N_("Feature"),
    N_("as usual"),
    N_("as in the case"),
    N_("somebody the record does not hold"),
    N_("Backers by name"),
    N_("not by name"),
    N_("nobody else"),
    N_("add a backer"),
    N_("Remove {name} from {format}"),
    N_("Backers can be named once it is chosen whose conduct it is."),
    N_("Under this network only the number of backers follows from their names, not who they are."),
    N_("From the names of backers follow: {nodes}."),
    N_("{node} (for want of {who})"),
    N_("{format}: not known from the record and left open: {open}."),
    N_("The answer"),
    N_("The probability that {claim}."),
    N_("What the record leaves open ({interval} interval): {span}."),
    N_("How far single cases differ ({interval} interval): {span}."),
    N_("What is described of {formats} cannot occur together under the model; its numbers mean nothing."),
    N_("What B changes against A"),
    N_("{points} points, {interval} interval {low} to {high}."),
    N_("a gain of {size} points or more: {share}"),
    N_("less either way: {share}"),
    N_("a loss of {size} points or more: {share}"),
    N_("A {a}, B {b}, change {points} points."),
    N_("One knob at a time"),
    N_("The mean answer for B, {now}, with one feature set to each of its states and the rest as it is."),
    N_("lowest"),
    N_("highest"),
    N_("range"),
    N_("What the record holds"),
    N_("Of {cases} cases, {a} share all that is described of A, and {b} all that is described of B."),
    N_("{format} joins what no case of the record does; the answer there rests on the model alone:"),
    N_("Cases most like B"),
    N_("{shared} of {all} features the same"),
    N_(
        "{draws} of {samples} draws of the fit under the prior set {priors}, each with the tables that it has of what "
        "is left as usual."
    ),
)
#: What a language calls itself.
_NAMES = {"en": "English", "es": "español"}


def languages(
    scenario: Scenario,
    network: Network,
    names: Iterable[str],
    actors: Iterable[str],
    *,
    priors: Mapping[str, str],
    theories: Mapping[str, str],
) -> dict[str, Any]:
    """Words of the page by language.

    Parameters
    ----------
    scenario, network
        What is asked, and of what.
    names
        Nodes that are shown.
    actors
        Codes of actors that are named.
    priors, theories
        Name of each prior set, and of each theory but the network's own -> its title.

    Returns
    -------
    dict
        Code of each language -> its ``name``, ``messages``, and the texts of nodes, states, actors, judgements and
        scales of likelihood words.
    """
    nodes, codes = list(names), list(actors)
    titles = {"priors": priors, "theories": theories}
    return {code: _in(code, scenario, network, nodes, codes, titles) for code in LOCALES}


def _in(
    code: str,
    scenario: Scenario,
    network: Network,
    names: list[str],
    actors: list[str],
    titles: Mapping[str, Mapping[str, str]],
) -> dict[str, Any]:
    say = Language(code, translations(scenario, code))
    return {
        "name": _NAMES[code],
        "title": say.term(scenario.title),
        "day": say.day(scenario.as_of),
        **{kind: {name: say.term(title) for name, title in named.items()} for kind, named in titles.items()},
        "messages": {message: say.line(message, **_kept(message)) for message in MESSAGES},
        "nodes": {
            name: {
                "title": say.term(network[name].title),
                "states": [say.state(state) for state in network[name].states],
            }
            for name in names
        },
        "actors": {actor: say.actor(actor) for actor in actors},
        "judgements": {
            one.id: {"title": say.term(one.title), "claim": say.term(one.claim)} for one in scenario.judgements
        },
        "lexicons": {name: load_lexicon(name).in_language(code).title for name in lexicons(scenario.lexicon)},
    }


def _kept(message: str) -> dict[str, str]:
    """Names that a message holds, each in place of itself."""
    return {name: f"{{{name}}}" for _, name, _, _ in Formatter().parse(message) if name}


def lexicons(own: str = "icd203") -> tuple[str, ...]:
    """Names of the scales of likelihood words that a reader may choose, the scenario's own first."""
    return tuple(dict.fromkeys([own, *shipped_lexicons()]))


def likelihood_words(own: str) -> Mapping[str, Mapping[str, list[list[Any]]]]:
    """Scale -> language -> its words with the probabilities that each stands for: word, from, to."""
    return {
        name: {
            code: [[part.word, part.low, part.high] for part in load_lexicon(name).in_language(code).segments]
            for code in LOCALES
        }
        for name in lexicons(own)
    }
