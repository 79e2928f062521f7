"""Schemas of what would change an answer: news, single cases, and assumptions that are wrong."""

from __future__ import annotations

from pydantic import Field

from .pieces import Moved, NodeState, Number, Real, Strict


class SeenState(Strict):
    """A state that may be seen.

    Parameters
    ----------
    state, probability
        The state, and how probable it is to be seen.
    answer
        What the answer would be.
    """

    state: str
    probability: Real
    answer: Real


class NodeNews(Strict):
    """What seeing a node would change.

    Parameters
    ----------
    node, title
        Which it is.
    expected_move
        How far the answer moves, in expectation.
    states
        By state.
    """

    node: str
    title: str
    expected_move: Real
    states: list[SeenState]


class CasesNews(Strict):
    """What further coded cases would change.

    Parameters
    ----------
    cases, like
        How many, and of which format's kind.
    expected_move, width
        How far the answer moves, and how wide its interval would be, in expectation.
    effective, exact
        Draws that this rests on, and whether it is exact.
    """

    cases: int
    like: str
    expected_move: Real
    width: Real
    effective: Real
    exact: bool


class News(Strict):
    """Value of information for one number.

    Parameters
    ----------
    mean, width, interval
        The number as it stands.
    nodes
        What seeing each node would change, what moves it most first.
    moved
        Titles of nodes that are set.
    cases
        Further cases.
    """

    mean: Real
    width: Real
    interval: float
    nodes: list[NodeNews]
    moved: list[str]
    cases: list[CasesNews]


class ValueOfInformationPart(Strict):
    """Value of information.

    Parameters
    ----------
    answer, change
        Of the answer and of its change; null where nothing is compared.
    """

    answer: News | None
    change: News | None


class Moves(Strict):
    """A number without some cases.

    Parameters
    ----------
    mean, move, mcse
        What it is, how far that is from what it was, and the Monte Carlo error.
    """

    mean: Real
    move: Real
    mcse: Real


class UnitRow(Strict):
    """A crisis or a guarantee left out.

    Parameters
    ----------
    kind, unit, title, cases
        Which it is, and how many cases it holds.
    pareto_k, trusted
        Shape of its weights; null where it was fitted again. Whether they can be trusted.
    answers
        Question -> the number without it.
    """

    kind: str
    unit: str
    title: str
    cases: int
    pareto_k: Real
    trusted: bool
    answers: dict[str, Moves]


class InfluencePart(Strict):
    """Influence of single cases.

    Parameters
    ----------
    before
        Question -> the number with all cases.
    units
        Kind -> how many were left out in turn.
    ends
        Question -> the lowest and the highest that it becomes.
    changing_word
        Those that change the likelihood word.
    untrusted, good_k
        How many cannot be trusted, and the largest shape that can.
    rows
        Those that move it most.
    """

    before: dict[str, Real]
    units: dict[str, int]
    ends: dict[str, list[Real]]
    changing_word: list[UnitRow]
    untrusted: int
    good_k: Real
    rows: list[UnitRow]


class PlainNumber(Number):
    """A probability with its word, and the change beside it.

    Parameters
    ----------
    word, words, range, interval_straddles_words, natural_frequency
        The probability in words.
    change
        What the format changes; null where nothing is compared.
    """

    word: str
    words: dict[str, str] = Field(default_factory=dict)
    range: str
    interval_straddles_words: bool
    natural_frequency: str
    change: Moved | None


class WrongNumber(PlainNumber):
    """What it would be if an assumption were wrong.

    Parameters
    ----------
    passed
        Whether its checks passed.
    """

    passed: bool


class AssumptionRow(Strict):
    """An assumption.

    Parameters
    ----------
    claim
        What is taken for granted.
    instead, actor
        What would be described were it wrong.
    wrong
        The answer then; null where it rests on no node.
    """

    claim: str
    instead: list[NodeState]
    actor: str | None
    wrong: WrongNumber | None


class BeyondHorizon(Strict):
    """States that lie beyond the horizon and are averaged in.

    Parameters
    ----------
    states
        Which.
    chance
        Probability of them.
    without
        The answer without them.
    """

    states: list[NodeState]
    chance: Real
    without: WrongNumber


class AssumptionsPart(Strict):
    """Key assumptions, each with the answer if it is wrong.

    Parameters
    ----------
    before
        The answer as it stands.
    rows
        The assumptions.
    beyond
        What of the horizon's far side is averaged in; null where nothing is said of it.
    """

    before: PlainNumber
    rows: list[AssumptionRow]
    beyond: BeyondHorizon | None = None
