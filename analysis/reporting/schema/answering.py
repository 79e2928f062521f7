"""Schemas of what is asked and answered: the question, page one, judgements, changes and drivers."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .pieces import Changed, Check, LeftOut, Moved, Real, Strict, Worded


class Question(Strict):
    """The scenario's own words.

    Parameters
    ----------
    name, title, question
        Short name, name for readers, and what is asked.
    as_of
        Date; nothing later is known.
    horizon
        Until when the event counts.
    resolution
        What will decide whether it happened.
    assumptions
        What is taken for granted: texts, or tables of a claim and what holds instead.
    cannot_see
        What bears on the answer and has no node.
    ask
        What a reader asks, in one sentence.
    translations
        Language -> text of the scenario -> the author's own translation.
    """

    name: str
    title: str
    question: str
    as_of: str
    horizon: str
    resolution: str
    assumptions: list[Any]
    cannot_see: list[str]
    ask: str
    translations: dict[str, dict[str, str]] = Field(default_factory=dict)


class Verdict(Strict):
    """What the record settles.

    Parameters
    ----------
    settled
        Whether one direction has enough probability in every reading.
    direction
        ``gain``, ``within`` or ``loss``; empty where none has.
    limit
        How much is enough.
    """

    settled: bool
    direction: str
    limit: float


class ConfidencePart(Strict):
    """A part of confidence.

    Parameters
    ----------
    name, unit, grade, rule
        What is graded, in which unit, its grade, and the limits of the grades.
    value
        What was computed.
    facts
        The counts behind it.
    """

    name: str
    value: Real
    unit: str
    grade: str
    rule: str
    facts: dict[str, Any]


class QuestionConfidence(Strict):
    """Confidence in one of the questions with two answers.

    Parameters
    ----------
    question, level
        Which, and the level.
    gain, error
        Held-out gain over the base rate, and its standard error.
    """

    question: str
    level: str
    gain: Real
    error: Real


class Confidence(Strict):
    """Confidence, apart from likelihood.

    Parameters
    ----------
    level
        Low or moderate.
    parts
        The worst first.
    rule
        How the level follows from the parts.
    questions
        By question; none where nothing was measured.
    """

    level: str
    parts: list[ConfidencePart]
    rule: str
    questions: list[QuestionConfidence]


class Definition(Strict):
    """What the number counts.

    Parameters
    ----------
    node, description
        The node and what the network says of it.
    rules
        State -> the codebook's rule.
    """

    node: str
    description: str
    rules: dict[str, str]


class WordBand(Strict):
    """A likelihood word.

    Parameters
    ----------
    word
        The word.
    words
        The word by language.
    low, high
        Ends of its band.
    """

    word: str
    words: dict[str, str] = Field(default_factory=dict)
    low: float
    high: float


class UsedLexicon(Strict):
    """The scale of likelihood words.

    Parameters
    ----------
    name, title, source
        Which it is, and where it comes from.
    titles
        Title by language.
    bands
        Its words.
    """

    name: str
    title: str
    titles: dict[str, str] = Field(default_factory=dict)
    source: str
    bands: list[WordBand]


class Answer(Worded):
    """Page one: the answer.

    Parameters
    ----------
    judgement, format, base
        Which row is the answer, and the one it is compared with; null where none is.
    claim
        What its probability is of.
    change
        What the format changes.
    verdict
        What the record settles of that.
    confidence
        How far to trust it.
    definition
        What the number counts.
    lexicon
        The scale of its words.
    """

    judgement: str
    format: str
    base: str | None
    claim: str
    change: Changed | None
    verdict: Verdict | None
    confidence: Confidence
    definition: Definition
    lexicon: UsedLexicon


class ChoiceRow(Moved):
    """The change under one choice.

    Parameters
    ----------
    kind, name
        The choice.
    note
        What a reader should know of it.
    """

    kind: str
    name: str
    note: str


class Tipping(Strict):
    """How strong an unmeasured cause must be; null where no strength is enough.

    Parameters
    ----------
    zero, interval, double
        Odds ratios per standard deviation at which the change is zero, its interval holds zero, and it is doubled.
    e_value, e_value_interval
        E-values of the change and of the nearer end of its interval.
    """

    zero: Real
    interval: Real
    double: Real
    e_value: Real
    e_value_interval: Real


class MeasuredCause(Strict):
    """A measured cause as a benchmark.

    Parameters
    ----------
    measured
        The node.
    on_cause, on_outcome
        Odds ratios that tie it to the changed node and to the outcome.
    mean, lower, upper
        The change if an unmeasured cause as strong were held.
    along
        The change had it hidden some.
    """

    measured: str
    on_cause: Real
    on_outcome: Real
    mean: Real
    lower: Real
    upper: Real
    along: Real


class UnmeasuredCause(Strict):
    """Sensitivity of the change to an unmeasured common cause.

    Parameters
    ----------
    question, in_words, identification
        What was asked, the finding in a sentence, and on what condition the change is an effect.
    cause, target, states
        The changed node, the node asked for and its states.
    change
        The change as told.
    tipping_point
        Strengths that undo it.
    most
        The largest strength that was tried.
    benchmarks
        Measured causes, the strongest first.
    """

    question: str
    cause: str
    target: str
    states: list[str]
    in_words: str
    identification: str
    change: Moved
    tipping_point: Tipping
    most: float
    benchmarks: list[MeasuredCause]


class ChangePart(Strict):
    """The change of the headline under every choice.

    Parameters
    ----------
    rows
        One a choice, the reported reading first.
    lowest, highest
        Choices with the lowest and the highest expected change.
    width
        How far these are apart.
    unmeasured
        Kinds of choices over which nothing was measured.
    left_out
        Choices whose draws did not converge.
    confounding
        Sensitivity to an unmeasured cause; null where the formats differ in several nodes.
    identification
        On what condition the change is an effect of what the formats set.
    """

    rows: list[ChoiceRow]
    lowest: str
    highest: str
    width: Real
    unmeasured: list[str]
    left_out: list[LeftOut]
    confounding: UnmeasuredCause | None
    identification: str = ""


class Curve(Strict):
    """Density of an answer.

    Parameters
    ----------
    x, density
        Places and the density there.
    quantiles
        Level -> quantile.
    """

    x: list[float]
    density: list[Real]
    quantiles: dict[str, Real]


class JudgedRow(Worded):
    """One format of a judgement.

    Parameters
    ----------
    label, actor, note
        Its name, whose conduct it is, and a remark.
    given, do
        What is known and what is set.
    curve
        Its density.
    gates
        Checks of the number.
    passed
        Whether all passed.
    change
        Against the base.
    """

    label: str
    actor: str | None
    given: dict[str, str | int]
    do: dict[str, str | int]
    note: str
    curve: Curve
    gates: list[Check]
    passed: bool
    change: Changed | None


class JudgementPart(Strict):
    """One judgement, format by format.

    Parameters
    ----------
    id, title, claim, node, states, base, note
        As in the scenario.
    supposed
        What is supposed to have happened before.
    rows
        The formats.
    """

    id: str
    title: str
    claim: str
    node: str
    states: list[str]
    base: str | None
    note: str
    supposed: list[str]
    rows: list[JudgedRow]


class DriverLine(Moved):
    """A step from the base rate to the answer.

    Parameters
    ----------
    kind, name, state
        What it is: the record, a described state, an actor.
    side
        Whether it supports the answer or speaks against it.
    """

    kind: str
    name: str
    state: str
    side: str


class SourceOfVariance(Strict):
    """A source of an answer's variance.

    Parameters
    ----------
    kind, title
        Which it is.
    variance
        Its part; null where it was not measured.
    weights
        Choice -> weight.
    """

    kind: str
    title: str
    variance: Real
    weights: dict[str, Real]


class Variance(Strict):
    """Variance of an answer by source.

    Parameters
    ----------
    mean
        The answer.
    sources
        Its sources.
    chance
        What is chance whatever is known; null of a change.
    total
        Sum of what was measured.
    """

    mean: Real
    sources: list[SourceOfVariance]
    chance: Real
    total: Real


class Variances(Strict):
    """Variance of the answer and of its change.

    Parameters
    ----------
    answer, change
        Of each; null where it cannot be asked.
    """

    answer: Variance | None
    change: Variance | None


class Drivers(Strict):
    """What leads from the base rate to the answer.

    Parameters
    ----------
    base_rate, cases
        Share of so many cases.
    answer
        The answer that the lines lead to.
    every
        One draw in so many was used.
    lines
        The steps.
    left_out
        Why there are none.
    variance
        By source.
    """

    base_rate: Real = None
    cases: int = 0
    answer: Real = None
    every: int = 1
    lines: list[DriverLine]
    left_out: str
    variance: Variances
