"""Schemas of what an answer rests on: the record, priors, theories, the network."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .pieces import Counted, Moved, NodeState, Number, Real, Strict


class Coders(Strict):
    """Agreement of two coders on the outcome.

    Parameters
    ----------
    cases, agreement
        Cases coded twice, and the share coded alike.
    """

    cases: int
    agreement: Real


class HeldState(NodeState):
    """A described state and what the record holds of it.

    Parameters
    ----------
    set
        Whether it is set, not known.
    cases
        Cases that share it.
    """

    set: bool
    cases: int


class OwnRecord(Strict):
    """The actor's own cases.

    Parameters
    ----------
    actor, cases, outcomes
        Who, how many, and how they ended.
    """

    actor: str | None
    cases: int
    outcomes: dict[str, int]


class NearCase(Strict):
    """A case of the record near the one described.

    Parameters
    ----------
    case_id, guarantee, obligor, role, tested, outcome, note
        As the record has them.
    doubted
        Whether the coders marked it doubtful.
    shared, described
        How many of so many described states it shares.
    differs
        States in which it differs.
    sources
        Keys of its sources.
    """

    case_id: str
    guarantee: str
    obligor: str
    role: str
    tested: str
    outcome: str | None
    doubted: bool
    shared: int
    described: int
    differs: list[NodeState]
    note: str
    sources: list[str]


class HeldRow(Strict):
    """What the record holds of one judged row.

    Parameters
    ----------
    judgement, label
        Which row.
    states
        Its described states.
    exact
        Cases that share all of them.
    pairs_unseen
        Pairs of states that no case joins.
    own
        The actor's own cases.
    nearest
        The nearest cases.
    of_each
        The nearest case of each outcome.
    """

    judgement: str
    label: str
    states: list[HeldState]
    exact: int
    pairs_unseen: list[list[NodeState]]
    own: OwnRecord | None
    nearest: list[NearCase]
    of_each: list[NearCase]


class OwnCount(Strict):
    """Raw counts of the actor's own cases.

    Parameters
    ----------
    actor, by
        Who, and by which node.
    rows
        One a state.
    kept, cases
        All of them.
    """

    actor: str | None
    by: str
    rows: list[Counted]
    kept: int
    cases: int


class CountTable(Strict):
    """Raw counts by the states of a node.

    Parameters
    ----------
    by, split
        Nodes of the rows and of the columns.
    columns
        States of the columns.
    rows
        One a state.
    """

    by: str
    split: str | None
    columns: list[str]
    rows: list[Counted]


class RawCount(CountTable):
    """The record's own table, with no model in it.

    Parameters
    ----------
    also
        The same by the other node in which the formats differ, where there is one.
    own
        The actor's own.
    """

    also: list[CountTable]
    own: OwnCount


class Source(Strict):
    """A source of the record.

    Parameters
    ----------
    text
        Its entry in the bibliography, or its key where that lacks it.
    href
        Where it is on the web; empty if nowhere.
    """

    text: str
    href: str


class Record(Strict):
    """The record as of the date.

    Parameters
    ----------
    cases, guarantees, obligors, crises
        How many.
    from_, to
        First and last year.
    outcomes
        Outcome -> cases.
    doubted, unsourced
        Cases marked doubtful, and without a source.
    missing_cells
        Node -> cases in which it is missing.
    as_of
        The date.
    selection
        How cases came into the record.
    coders
        Agreement; null where it was coded once.
    held
        What it holds of every row.
    count
        Raw counts for the headline.
    """

    cases: int
    guarantees: int
    obligors: int
    crises: int | None
    from_: int = Field(alias="from")
    to: int
    outcomes: dict[str, int]
    doubted: int
    unsourced: int
    missing_cells: dict[str, int]
    as_of: str
    selection: str
    coders: Coders | None
    held: list[HeldRow]
    count: RawCount | None


class TheoryRow(Strict):
    """A theory compared.

    Parameters
    ----------
    model, title, claim, source
        Which it is, what it says, and who says so.
    elpd, behind, error
        Its predictive density, how far behind the best it is, and the standard error.
    weight, stacking
        Its weights.
    pareto_k, refits, untrusted
        Of leaving out one unit at a time.
    log_marginal_likelihood, bayes_factor
        Where they can be had.
    apart
        Whether the record tells it from the best.
    change
        The change under it; null where none was asked.
    """

    model: str
    title: str
    elpd: Real
    behind: Real
    error: Real
    weight: Real
    stacking: Real
    pareto_k: Real
    refits: int
    untrusted: int
    log_marginal_likelihood: Real
    bayes_factor: Real
    apart: bool
    claim: str
    source: str
    change: Moved | None


class Theories(Strict):
    """Rival theories of what backers do.

    Parameters
    ----------
    node, unit, units
        What is predicted, what is left out at a time, and how many of them.
    verdict, figure
        The finding in a sentence, and a drawing of it.
    table
        One row a theory, best first.
    averaged
        The change averaged over them.
    left_out
        Theory whose draws did not converge -> the checks that failed.
    doublings
        How often the steps were doubled.
    untrusted
        Theory -> units whose weights cannot be trusted.
    left_aside
        Theories that the cases say nothing of.
    priors
        Prior set.
    """

    node: str
    unit: str
    units: int
    verdict: str = ""
    table: list[TheoryRow]
    averaged: Moved | None
    left_out: dict[str, list[str]]
    doublings: int = 0
    untrusted: dict[str, list[str]]
    figure: str = ""
    left_aside: list[str]
    priors: str


class PriorEntry(Strict):
    """What a prior set says of a parameter.

    Parameters
    ----------
    parameter, prior, reason, source, certainty
        The parameter, its prior, why, by whom, and how sure that is.
    """

    parameter: str
    prior: str
    reason: str
    source: str
    certainty: str | None


class PriorTitle(Strict):
    """A prior set.

    Parameters
    ----------
    name, title, description
        Which it is.
    left_out
        Whether its draws did not converge.
    """

    name: str
    title: str
    description: str
    left_out: bool


class PriorAnswer(Strict):
    """An answer under a prior set.

    Parameters
    ----------
    priors
        The set.
    after
        After the record; null where its draws did not converge.
    before
        Before any data.
    """

    priors: str
    after: Number | None
    before: Number


class PriorLine(Strict):
    """A row under every prior set.

    Parameters
    ----------
    judgement, label
        Which row.
    answers
        One a set.
    """

    judgement: str
    label: str
    answers: list[PriorAnswer]


class Priors(Strict):
    """What was believed before.

    Parameters
    ----------
    sets
        The sets that are compared.
    reported
        The one whose answers are reported.
    table
        Every answer under every set.
    entries
        Of the reported one.
    """

    sets: list[PriorTitle]
    reported: str
    table: list[PriorLine]
    entries: list[PriorEntry]


class ArrowFacts(Strict):
    """An arrow.

    Parameters
    ----------
    parent, name
        Title and name of where it comes from.
    reason, source
        Why it is there, and who says so.
    """

    parent: str
    name: str
    reason: str
    source: str


class NodeFacts(Strict):
    """A node.

    Parameters
    ----------
    name, title, states, family, description
        As in the network.
    parents
        Its arrows.
    """

    name: str
    title: str
    states: list[str]
    family: str
    description: str
    parents: list[ArrowFacts]


class NetworkPart(Strict):
    """The network.

    Parameters
    ----------
    name, title
        Which it is.
    nodes
        Its nodes.
    """

    name: str
    title: str
    nodes: list[NodeFacts]


class Gained(Strict):
    """A gain of the track model.

    Parameters
    ----------
    value, error
        Log score an event, and its standard error.
    """

    value: Real
    error: Real


class TrackScore(Strict):
    """How well the track model foretells.

    Parameters
    ----------
    measured, foretells
        Whether that was measured, and what was found.
    verdict, rule
        In words, and the rule behind it.
    gains
        Events -> rival -> gain.
    events
        How many events of each kind.
    digest
        Of what was scored.
    """

    measured: bool
    foretells: bool
    verdict: str
    rule: str
    gains: dict[str, dict[str, Gained]] = Field(default_factory=dict)
    events: dict[str, int] = Field(default_factory=dict)
    digest: str | None = None


class TrackPath(Strict):
    """Credibility over the years.

    Parameters
    ----------
    dates
        Days.
    mean, lower, quarter, three_quarters, upper
        The band on each.
    last_event
        Day of the last event.
    """

    dates: list[str]
    mean: list[Real]
    lower: list[Real]
    quarter: list[Real]
    three_quarters: list[Real]
    upper: list[Real]
    last_event: str


class TrackEvent(Strict):
    """A dated event.

    Parameters
    ----------
    date, year
        When.
    event, reads, agreement, gravity, finding_by, detail, ground
        As the record has it, and what it is read as.
    """

    date: str
    year: float
    event: str
    reads: str
    agreement: str
    gravity: str
    finding_by: str
    detail: str
    ground: str = ""


class TrackActor(Number):
    """The past of an actor.

    Parameters
    ----------
    actor, kind
        Who, and whether the number is an estimate or a forecast.
    path
        Over the years.
    counts
        Reading -> events.
    events
        The events.
    """

    actor: str
    kind: str
    path: TrackPath
    counts: dict[str, int]
    events: list[TrackEvent]


class Tracks(Strict):
    """The actors' past.

    Parameters
    ----------
    at
        Date of it.
    ranked, score
        Whether actors may be ranked, and what that rests on.
    actors, absent
        Who has events, and who has none.
    comparisons
        Of every two; none unless ranked.
    says
        What events, grounds and gravity are taken to say.
    interval
        Level of the intervals.
    failed_gates
        Checks that failed.
    doublings
        How often the steps were doubled.
    provenance
        How it was fitted.
    """

    at: str
    ranked: bool
    score: TrackScore
    actors: list[TrackActor]
    absent: list[str]
    comparisons: list[dict[str, Any]]
    says: dict[str, dict[str, dict[str, Any]]]
    interval: float
    failed_gates: list[str]
    doublings: int = 0
    provenance: dict[str, Any]
