"""Scenarios: a question with its cases, horizon and resolution criterion, as a TOML file."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ...common.errors import Fault, InputError, nearest, raise_faults
from ...common.show import Shown, View
from ...common.toml import read_toml, schema_faults, shipped
from ...models.errors import QueryError
from ...models.network.network import Network
from ...models.network.toml import load_network
from ...models.parameters.prior_set import PriorSet
from ...models.theories.theories import THEORIES
from ...priors import load_prior
from ..queries.named_backers import named_backers
from ..summaries.likelihood_words import load_lexicon
from .texts import (
    LANGUAGES,
    ClaimTexts,
    FormatTexts,
    JudgementTexts,
    LabelTexts,
    QuestionTexts,
    ScenarioTexts,
    text_faults,
)

FOLDER = Path(__file__).parent
#: In place of a number of past defections: count them in the record, as of the scenario's date.
AS_RECORDED = "as recorded"
#: In place of an actor of an assumption: one that the record does not hold.
ANOTHER = "another"


class ScenarioError(InputError):
    """A scenario that cannot be answered."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Supposed(_Strict):
    """A case that is supposed to have happened before the question is asked.

    Parameters
    ----------
    claim
        What happened, in words.
    actor
        Whose conduct it was.
    seen
        Node to state: what was seen of the case.
    given
        Node to state: what the case was like.
    do
        Node to state: what was set in it.
    en, es
        Texts in English and in Spanish, where the author wrote in another language.
    """

    claim: str
    actor: str | None = None
    seen: dict[str, str | int] = Field(min_length=1)
    given: dict[str, str | int] = {}
    do: dict[str, str | int] = {}
    en: ClaimTexts | None = None
    es: ClaimTexts | None = None


class Format(_Strict):
    """One row of a judgement: what is set or known beyond the judgement's own case.

    ``backers`` names who stands behind it; `load_scenario` adds to ``do`` what follows from them, and to ``note`` what
    the record does not say.

    Parameters
    ----------
    label
        What the row is called.
    do
        Node to state: what is set.
    given
        Node to state: what is known beyond the judgement's own case.
    backers
        Codes of the countries that stand behind the promise; the nodes that speak of them follow.
    actor
        Whose conduct, where it is not the judgement's.
    note
        A remark under the table.
    en, es
        Texts in English and in Spanish, where the author wrote in another language.
    """

    label: str
    do: dict[str, str | int] = {}
    given: dict[str, str | int] = {}
    backers: list[str] | None = None
    actor: str | None = None
    note: str = ""
    en: FormatTexts | None = None
    es: FormatTexts | None = None


class Together(_Strict):
    """Collective outcome of several rows, which act independently once the parameters and the guarantee are known.

    Parameters
    ----------
    label
        What the row is called.
    rule
        Whether any of them is enough, or all are needed.
    of
        Labels of the rows.
    en, es
        Texts in English and in Spanish, where the author wrote in another language.
    """

    label: str
    rule: Literal["any", "all"]
    of: list[str] = Field(min_length=2)
    en: LabelTexts | None = None
    es: LabelTexts | None = None


class Judgement(_Strict):
    """One thing that is judged, in several formats.

    ``backers`` are known of the case, as ``given`` is; a format that names its own is judged with those instead.

    Parameters
    ----------
    id
        Small letters, digits and hyphens.
    title
        What is judged, for readers.
    claim
        What its probability is of, as the end of "the probability that ...".
    node
        The node that is asked for.
    states
        States in which the claim holds.
    actor
        Whose conduct; left out, an actor that the record does not hold.
    given
        Node to state: what the case is like. `past_defections = "as recorded"` counts them in the record.
    backers
        Codes of the countries that stand behind the promise; the nodes that speak of them follow.
    suppose
        Cases that are supposed to have happened before.
    formats
        The rows: what is set or known beyond that.
    together
        Rows of several together.
    base
        Label of the row that the others are compared with; left out, none is.
    note
        A remark under the table.
    en, es
        Texts in English and in Spanish, where the author wrote in another language.
    """

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    claim: str
    node: str = "compliance"
    states: list[str] = Field(default=["complied"], min_length=1)
    actor: str | None = None
    given: dict[str, str | int] = {}
    backers: list[str] | None = None
    suppose: list[Supposed] = []
    formats: list[Format] = Field(min_length=1)
    together: list[Together] = []
    base: str | None = None
    note: str = ""
    en: JudgementTexts | None = None
    es: JudgementTexts | None = None


class Headline(_Strict):
    """Row that is the answer in one sentence, and the one it is compared with.

    Parameters
    ----------
    judgement
        Id of the judgement.
    format
        Label of its row.
    question
        What a reader asks, in one sentence, as the title of the report; the scenario's own title by default.
    en, es
        Texts in English and in Spanish, where the author wrote in another language.
    """

    judgement: str
    format: str
    question: str = ""
    en: QuestionTexts | None = None
    es: QuestionTexts | None = None


class Assumption(_Strict):
    """Something that the scenario takes for granted, and what the headline would describe were it wrong.

    Parameters
    ----------
    claim
        What is taken for granted.
    instead
        Node to state: what the case of the headline's judgement would be like. Left out, with ``actor``, the claim
        rests on no node, and what would follow cannot be computed.
    actor
        Whose conduct it would be; `another` is somebody whom the record does not hold.
    """

    claim: str
    instead: dict[str, str | int] = {}
    actor: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, raw: Any) -> Any:
        """A plain text is a claim alone."""
        return {"claim": raw} if isinstance(raw, str) else raw


class Scenario(_Strict):
    """A question to be answered by a report.

    Parameters
    ----------
    name
        Short name. A file may leave it out, and then has its own.
    title
        Name for readers.
    question
        What is asked.
    as_of
        Date; nothing later is known.
    horizon
        Until when the event counts.
    resolution
        What will decide whether it happened.
    network
        The network, by name or path.
    priors
        The prior sets to compare, by name or path; the first is the one reported.
    seed
        Of all that is drawn at random.
    lexicon
        The scale of likelihood words, by name or path.
    headline
        The answer in one sentence.
    judgements
        What is judged.
    theories
        Names of `servanda.models.THEORIES` to compare on the record.
    assumptions
        What the scenario takes for granted, shown to the reader: texts, or tables where it can be computed what
        would follow were it wrong.
    beyond_horizon
        Node to its states that would lie beyond the horizon, of nodes that the headline leaves open. They are averaged
        in, as all that is not described is; the report says what the answer is without them.
    cannot_see
        What bears on the answer and has no node in the network, shown on page one.
    en, es
        Texts in English and in Spanish, where the author wrote in another language.
    """

    name: str
    title: str
    question: str
    as_of: str
    horizon: str = Field(min_length=1)
    resolution: str = Field(min_length=1)
    network: str = "guarantee"
    priors: list[str] = Field(default=["literature", "flat", "cheap_talk"], min_length=1)
    seed: int = 1
    lexicon: str = "icd203"
    headline: Headline
    judgements: list[Judgement] = Field(min_length=1)
    theories: list[str] = []
    assumptions: list[Assumption] = []
    beyond_horizon: dict[str, list[str | int]] = {}
    cannot_see: list[str] = []
    en: ScenarioTexts | None = None
    es: ScenarioTexts | None = None

    def judgement(self, identity: str) -> Judgement:
        """Find a judgement by its id."""
        return next(judgement for judgement in self.judgements if judgement.id == identity)

    @property
    def headline_judgement(self) -> Judgement:
        """The judgement that the headline is about."""
        return self.judgement(self.headline.judgement)


@dataclass(frozen=True, repr=False)
class Loaded(Shown):
    """A scenario with the network and the priors it names."""

    scenario: Scenario
    network: Network
    priors: tuple[PriorSet, ...]

    def in_words_of(self, lexicon: str | os.PathLike[str]) -> Loaded:
        """The same with another scale of likelihood words.

        Parameters
        ----------
        lexicon
            Its name or path.

        Raises
        ------
        InputError
            If there is no such scale, or it has faults.

        Examples
        --------
        >>> load_scenario("budapest").in_words_of("phia").scenario.lexicon
        'phia'
        """
        load_lexicon(lexicon)
        return replace(self, scenario=self.scenario.model_copy(update={"lexicon": str(lexicon)}))

    def _view(self) -> View:
        import pandas as pd

        s = self.scenario
        facts = {
            "question": s.question,
            "as of": s.as_of,
            "horizon": s.horizon,
            "decided by": s.resolution,
            "network": s.network,
            "priors": ", ".join(priors.name for priors in self.priors),
        }
        rows = [
            {"judgement": judgement.id, "actor": judgement.actor or "", "formats": len(judgement.formats)}
            for judgement in s.judgements
        ]
        return View(f"Scenario {s.name}: {s.title}", facts, pd.DataFrame(rows).set_index("judgement"))


def load_scenario(name: str | os.PathLike[str]) -> Loaded:
    """Load a shipped scenario by name, or one from a TOML file.

    Parameters
    ----------
    name
        A name in `servanda/analysis/scenarios`, or a path that ends in ``.toml``.

    Raises
    ------
    ScenarioError
        Listing every fault: no horizon or resolution criterion, unknown nodes, states, priors, formats.

    Examples
    --------
    >>> load_scenario("dprk-six-party").scenario.as_of
    '2019-04-25'
    """
    path = shipped(name, FOLDER, "scenario", ScenarioError)
    raw = read_toml(path, ScenarioError)
    raw.setdefault("name", path.stem)
    return scenario_from_dict(raw, str(name))


def shipped_scenarios() -> tuple[str, ...]:
    """Names of the shipped scenarios.

    Examples
    --------
    >>> "dprk-six-party" in shipped_scenarios()
    True
    """
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def scenario_from_dict(raw: dict[str, Any], subject: str = "scenario") -> Loaded:
    """Make a scenario from the dictionary its TOML gives; raises as `load_scenario`."""
    raise_faults(subject, schema_faults(raw, Scenario), ScenarioError)
    scenario = Scenario.model_validate(raw)
    faults: list[Fault] = []
    year = _year(scenario.as_of, faults)
    network = None
    try:
        network = load_network(scenario.network)
    except InputError as error:
        faults += [Fault(f"network {scenario.network}", str(fault)) for fault in error.faults]
    priors = []
    for prior in scenario.priors:
        try:
            priors.append(load_prior(prior, network))
        except InputError as error:
            faults += [Fault(f"priors {prior}", str(fault)) for fault in error.faults]
    judgements = []
    if network is not None:
        for judgement in scenario.judgements:
            faults += _judgement_faults(judgement, network)
            judgements.append(_with_backers(judgement, network, year, faults))
        faults += _assumption_faults(scenario, network) + _horizon_faults(scenario, network)
    faults += _headline_faults(scenario) + text_faults(scenario)
    try:
        load_lexicon(scenario.lexicon)
    except InputError as error:
        faults += [Fault(f"lexicon {scenario.lexicon}", str(fault)) for fault in error.faults]
    faults += [
        Fault("theories", f"names an unknown theory '{name}'{nearest(name, THEORIES)}")
        for name in scenario.theories
        if name not in THEORIES
    ]
    raise_faults(subject, faults, ScenarioError)
    if network is None:
        raise ScenarioError(subject, [Fault("network", "could not be read")])
    return Loaded(scenario.model_copy(update={"judgements": judgements}), network, tuple(priors))


def _with_backers(judgement: Judgement, network: Network, year: int | None, faults: list[Fault]) -> Judgement:
    """Add to each format what follows from the backers named for it."""
    rows = []
    for row in judgement.formats:
        kind, backers = ("given", judgement.backers) if row.backers is None else ("do", row.backers)
        if backers is None:
            rows.append(row)
            continue
        try:
            named = {*judgement.given, *row.given, *row.do}
            settled = named_backers(network, backers, row.actor or judgement.actor, year, named=named)
        except QueryError as error:
            where = f"judgement {judgement.id}, format {row.label}"
            faults += [Fault(f"{where}, backers", str(fault)) for fault in error.faults]
            continue
        stated = {kind: {**getattr(row, kind), **settled.states}}
        texts = {
            language: table.model_copy(update={"note": f"{table.note} {settled.note}".strip()})
            for language in LANGUAGES
            if (table := getattr(row, language)) and table.note
        }
        rows.append(row.model_copy(update={**stated, **texts, "note": f"{row.note} {settled.note}".strip()}))
    return judgement.model_copy(update={"formats": rows})


def _year(as_of: str, faults: list[Fault]) -> int | None:
    from ...record.files.dates import as_day

    try:
        return as_day(as_of).year
    except (InputError, ValueError) as error:
        faults.append(Fault("as_of", str(error)))
    return None


def _judgement_faults(judgement: Judgement, network: Network) -> list[Fault]:
    where = f"judgement {judgement.id}"
    if judgement.node not in network:
        what = f"judges an unknown node '{judgement.node}'{nearest(judgement.node, network.names)}"
        return [Fault(where, what)]
    stated = [(where, judgement.node, state) for state in judgement.states]
    rows = [row.do for row in judgement.formats] + [row.given for row in judgement.formats]
    for part in (judgement.given, *rows):
        stated += [(where, node, state) for node, state in part.items()]
    for supposed in judgement.suppose:
        stated += [
            (f"{where}, suppose", node, state)
            for node, state in {**supposed.seen, **supposed.given, **supposed.do}.items()
        ]
    faults = [fault for place, node, state in stated for fault in _state_faults(place, network, node, state)]
    return faults + _format_faults(judgement, where)


def _format_faults(judgement: Judgement, where: str) -> list[Fault]:
    faults = []
    labels = [row.label for row in judgement.formats]
    if len(set(labels)) < len(labels):
        faults.append(Fault(where, "has two formats of the same label"))
    if judgement.base is not None and judgement.base not in labels:
        what = f"has no format '{judgement.base}' to compare with{nearest(judgement.base, labels)}"
        faults.append(Fault(where, what))
    for group in judgement.together:
        unknown = [label for label in group.of if label not in labels]
        faults += [
            Fault(where, f"'{group.label}' names an unknown format '{label}'{nearest(label, labels)}")
            for label in unknown
        ]
    for row in judgement.formats:
        both = sorted(set(row.do) & {*judgement.given, *row.given})
        place = f"{where}, format {row.label}"
        faults += [Fault(place, f"'{node}' is both given and done; choose one") for node in both]
    return faults


def _state_faults(where: str, network: Network, node: str, state: str | int) -> list[Fault]:
    if node not in network:
        return [Fault(where, f"unknown node '{node}'{nearest(node, network.names)}")]
    if state == AS_RECORDED and node == "past_defections":
        return []
    try:
        network[node].index(state)
    except QueryError as error:
        return [Fault(where, f"node {node} {fault.what}") for fault in error.faults]
    return []


def _assumption_faults(scenario: Scenario, network: Network) -> list[Fault]:
    asked = {judgement.node for judgement in scenario.judgements if judgement.id == scenario.headline.judgement}
    done = {node for row in headline_rows(scenario) for node in row.do}
    faults = []
    for number, assumption in enumerate(scenario.assumptions, start=1):
        where = f"assumption {number}, instead"
        for node, state in assumption.instead.items():
            faults += _state_faults(where, network, node, state)
        faults += [
            Fault(where, f"names {node}, which the headline asks for") for node in assumption.instead.keys() & asked
        ]
        what = "which the headline's formats set; describe what is given of the case"
        faults += [Fault(where, f"names {node}, {what}") for node in sorted(assumption.instead.keys() & done)]
    return faults


def _horizon_faults(scenario: Scenario, network: Network) -> list[Fault]:
    stated = {node for row in headline_rows(scenario) for node in (*row.do, *row.given)}
    asked = {judgement.node for judgement in scenario.judgements if judgement.id == scenario.headline.judgement}
    stated |= {n for one in scenario.judgements if one.id == scenario.headline.judgement for n in one.given}
    faults = []
    for node, states in scenario.beyond_horizon.items():
        unknown = [fault for state in states for fault in _state_faults("beyond_horizon", network, node, state)]
        if unknown:
            faults += unknown
        elif node in stated | asked:
            what = f"names {node}, which the headline asks for or describes; drop it"
            faults.append(Fault("beyond_horizon", what))
        elif len({network[node].index(state) for state in states}) == len(network[node].states):
            faults.append(Fault("beyond_horizon", f"leaves no state of {node} within the horizon"))
    return faults


def headline_rows(scenario: Scenario) -> list[Format]:
    """The row of the headline and the one it is compared with, as far as the scenario has them."""
    return [
        row
        for judgement in scenario.judgements
        if judgement.id == scenario.headline.judgement
        for row in judgement.formats
        if row.label in (scenario.headline.format, judgement.base)
    ]


def _headline_faults(scenario: Scenario) -> list[Fault]:
    known = [judgement.id for judgement in scenario.judgements]
    faults = [
        Fault("judgements", f"two have the id '{name}'") for name in sorted({n for n in known if known.count(n) > 1})
    ]
    if scenario.headline.judgement not in known:
        what = (
            f"names an unknown judgement '{scenario.headline.judgement}'{nearest(scenario.headline.judgement, known)}"
        )
        return [*faults, Fault("headline", what)]
    labels = [row.label for row in scenario.headline_judgement.formats]
    if scenario.headline.format not in labels:
        faults.append(
            Fault(
                "headline",
                f"names an unknown format '{scenario.headline.format}'{nearest(scenario.headline.format, labels)}",
            )
        )
    return faults
