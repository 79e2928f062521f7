"""Pieces that several sections of a report hold: numbers, changes, outcomes, checks, rows of the record."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

#: A number; null where it could not be computed, since JSON has no word for that.
Real = float | None


class Strict(BaseModel):
    """A part of a report: a key that is not known is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Number(Strict):
    """A number with its interval and its own diagnostics.

    Parameters
    ----------
    mean
        Its expectation; of a single future event this is the probability.
    lower, upper
        Ends of the equal-tailed credible interval.
    sd
        Standard deviation of its distribution.
    mcse
        Monte Carlo error of the mean.
    ess_bulk, ess_tail
        Effective draws.
    rhat
        R-hat; null for a single chain.
    interval
        Share of the distribution between the ends.
    """

    mean: Real
    lower: Real
    upper: Real
    sd: Real
    mcse: Real
    ess_bulk: Real
    ess_tail: Real
    rhat: Real
    interval: float


class Moved(Strict):
    """A change of a probability in short.

    Parameters
    ----------
    mean
        Expected change.
    lower, upper
        Ends of its interval.
    quarter, three_quarters
        Ends of the interval that holds half of it.
    gain, within, loss
        Probability of a rise by the margin or more, of less either way, and of a fall by the margin or more.
    margin
        The smallest change that matters.
    interval
        Share of the distribution between the ends.
    """

    mean: Real
    lower: Real
    upper: Real
    quarter: Real
    three_quarters: Real
    gain: Real
    within: Real
    loss: Real
    margin: float
    interval: float


class Difference(Number, Moved):
    """A change of a probability with its own diagnostics."""


class Changed(Strict):
    """What a format changes against another.

    Parameters
    ----------
    from_
        Label of the format it is compared with.
    difference
        How far the probability moves.
    ratio
        The one probability over the other.
    """

    from_: str = Field(alias="from")
    difference: Difference
    ratio: Number


class Outcome(Strict):
    """One outcome of a case.

    Parameters
    ----------
    state
        The state.
    mean
        Its probability.
    left_open_lower, left_open_upper
        Ends of the interval of guarantees of the kind on average.
    single_lower, single_upper
        Ends of the interval of single guarantees of the kind.
    """

    state: str
    mean: Real
    left_open_lower: Real
    left_open_upper: Real
    single_lower: Real
    single_upper: Real


class Single(Strict):
    """How far single cases of the kind differ.

    Parameters
    ----------
    lower, upper
        Ends of the interval.
    integrated
        Whose unseen effects that holds.
    """

    lower: Real
    upper: Real
    integrated: list[str]


class Worded(Number):
    """A probability in words.

    Parameters
    ----------
    word
        Likelihood word of the lexicon.
    words
        The word by language.
    range
        Its range.
    interval_straddles_words
        Whether the interval reaches into another word.
    natural_frequency
        The same as a count of ten.
    outcomes
        Every outcome; none of a collective.
    single
        How far single cases differ.
    """

    word: str
    words: dict[str, str] = Field(default_factory=dict)
    range: str
    interval_straddles_words: bool
    natural_frequency: str
    outcomes: list[Outcome]
    single: Single | None


class Check(Strict):
    """A gate: a check of the computation.

    Parameters
    ----------
    name
        What is checked, and of what.
    passed
        The verdict.
    value
        What was found.
    limit
        What is asked.
    """

    name: str
    passed: bool
    value: Real
    limit: str


class NodeState(Strict):
    """A state of a node, as a reader sees them.

    Parameters
    ----------
    node
        Title of the node.
    state
        Its state.
    """

    node: str
    state: str


class Kept(Strict):
    """A count of the record.

    Parameters
    ----------
    kept
        Cases with the asked outcome.
    cases
        All of them.
    """

    kept: int
    cases: int


class Counted(Strict):
    """A row of a table of counts.

    Parameters
    ----------
    state
        What the row is of.
    cells
        Counts, column by column.
    """

    state: str
    cells: list[Kept]


class LeftOut(Strict):
    """A choice that has no number, since its draws did not converge.

    Parameters
    ----------
    kind
        What kind of choice it is.
    name
        The choice.
    """

    kind: str
    name: str
