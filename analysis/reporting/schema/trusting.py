"""Schemas of whether an answer can be trusted: scores, checks, the checklist, provenance."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .pieces import Check, LeftOut, Real, Strict


class ScorePart(Strict):
    """The score that confidence rests on; only the first two keys where it was not measured.

    Parameters
    ----------
    measured, how
        Whether it was measured, and the command that measures it.
    gain, error, broken_gain, broken_error, full_gain, full_error
        Log score a case over the base rate, on all states and on the two questions with two answers.
    slope, slope_error
        Calibration slope of broken or not.
    futures
        Year -> gain and error on later tests.
    cases, crises, tried
        How many cases, crises and models.
    """

    measured: bool
    how: str
    gain: Real = None
    error: Real = None
    broken_gain: Real = None
    broken_error: Real = None
    full_gain: Real = None
    full_error: Real = None
    slope: Real = None
    slope_error: Real = None
    futures: dict[int, tuple[Real, Real]] = Field(default_factory=dict)
    cases: int = 0
    crises: int = 0
    tried: int = 0


class GainRow(Strict):
    """Gain of a model over the base rate.

    Parameters
    ----------
    model, title
        Which it is.
    gain, error
        Log score a case, and its standard error by crisis.
    """

    model: str
    title: str
    gain: Real
    error: Real


class RivalGain(Strict):
    """Gain over the best rival.

    Parameters
    ----------
    title
        The rival.
    gain, error
        Log score a case, and its standard error.
    """

    title: str
    gain: Real
    error: Real


class Future(Strict):
    """Gain on the tests after a year.

    Parameters
    ----------
    year, cases
        The year, and how many tests came after it.
    gain, error
        Log score a case, and its standard error.
    """

    year: int
    cases: int
    gain: Real
    error: Real


class ReliabilityCurve(Strict):
    """How often what was foretold happened.

    Parameters
    ----------
    p, recalibrated
        Forecasts in order, and how often it happened.
    low, high, level
        Where so many lines of right forecasts would lie.
    width
        How wide that is, in the middle case.
    outside
        Share of the line outside of it.
    """

    p: list[float]
    recalibrated: list[float]
    low: list[float]
    high: list[float]
    level: float
    width: Real
    outside: Real


class HeldOut(Strict):
    """Held-out skill and calibration; only the first two keys where nothing was measured.

    Parameters
    ----------
    measured, how
        Whether it was measured, and the command that measures it.
    by, cases, crises
        What was held out whole, and how many.
    rows
        The network, its priors alone, and its rivals.
    best_rival
        Gain over the best of them.
    futures
        Later tests.
    slope, slope_error
        Calibration slope of broken or not.
    curves
        What was asked -> reliability.
    """

    measured: bool
    how: str
    by: str = ""
    cases: int = 0
    crises: int = 0
    rows: list[GainRow] = Field(default_factory=list)
    best_rival: RivalGain | None = None
    futures: list[Future] = Field(default_factory=list)
    slope: Real = None
    slope_error: Real = None
    curves: dict[str, ReliabilityCurve] = Field(default_factory=dict)


class ShareRow(Strict):
    """Share of some cases with an outcome, seen and implied.

    Parameters
    ----------
    outcome
        The outcome.
    by, node, state
        Node the cases are split by, its title, and the state; ``all`` for all cases.
    cases, seen
        How many cases, and the share in the record.
    implied, lower, upper
        Share that the fit implies, with its interval.
    below
        Share of draws that imply less than was seen.
    inside
        Whether what was seen lies in the interval.
    """

    outcome: str
    by: str
    node: str
    state: str
    cases: int
    seen: Real
    implied: Real
    lower: Real
    upper: Real
    below: Real
    inside: bool


class PredictivePart(Strict):
    """Posterior predictive check.

    Parameters
    ----------
    node, draws
        What is checked, by how many draws.
    rows
        Shares of every outcome.
    interval
        Of what is implied.
    outside, expected, limit
        How many lie outside, how many are to be expected, and up to how many pass.
    passed
        The verdict.
    """

    node: str
    draws: int
    rows: list[ShareRow]
    interval: float
    outside: int
    expected: float
    limit: int
    passed: bool


class UnmeasuredPart(Strict):
    """What nodes are called where an unmeasured cause is told of.

    Parameters
    ----------
    cause
        The changed node.
    titles
        Node -> title.
    """

    cause: str
    titles: dict[str, str]


class ErrorRow(Strict):
    """A reported number with its Monte Carlo error.

    Parameters
    ----------
    judgement, label, against
        Which number; of a change, against which format.
    mean, half
        From all draws, and from half of them.
    mcse, ess_bulk, ess_tail, rhat
        Its diagnostics.
    """

    judgement: str
    label: str
    against: str | None
    mean: Real
    mcse: Real
    ess_bulk: Real
    ess_tail: Real
    rhat: Real
    half: Real


class PointState(Strict):
    """A point of the checklist.

    Parameters
    ----------
    title, state
        What a report owes, and whether it is present, waived or missing.
    anchor, reason
        Where it stands, or why it is waived.
    """

    title: str
    state: str
    anchor: str
    reason: str


class ChecklistPart(Strict):
    """The checklist of a Bayesian report.

    Parameters
    ----------
    numbers
        Every reported number with its Monte Carlo error.
    moved
        How far doubling the draws moved the one it moved most.
    points
        The points.
    present, waived, missing
        How many of them are.
    """

    numbers: list[ErrorRow]
    moved: Real
    points: list[PointState]
    present: int
    waived: int
    missing: int


class LeftOutChecks(LeftOut):
    """A comparison that was left out.

    Parameters
    ----------
    gates
        Checks that failed.
    """

    gates: list[str]


class Lengthened(LeftOut):
    """A fit that was drawn on.

    Parameters
    ----------
    times
        How many times as many steps it took.
    """

    times: int


class ConvergencePart(Strict):
    """What did not converge at once.

    Parameters
    ----------
    left_out
        Comparisons whose draws did not converge.
    doubled
        Fits that took longer chains.
    """

    left_out: list[LeftOutChecks]
    doubled: list[Lengthened]


class FitFacts(Strict):
    """How a fit was sampled.

    Parameters
    ----------
    priors, left_out
        Prior set, and whether it was left out.
    chain, draw
        Chains, and draws of each.
    doublings
        How often its steps were doubled.
    drawn_exactly, drawn_by_augmentation, drawn_by_nuts
        Nodes by how they were drawn.
    sampler
        Checks of the sampler.
    """

    priors: str
    left_out: bool
    chain: int
    draw: int
    doublings: int
    drawn_exactly: list[str]
    drawn_by_augmentation: list[list[str]]
    drawn_by_nuts: list[list[str]]
    sampler: list[Check]


class KindOfCheck(Strict):
    """Checks of a kind.

    Parameters
    ----------
    kind, checked
        Which, and how many.
    worst
        The worst of them.
    failed
        Those that failed.
    """

    kind: str
    checked: int
    worst: Check
    failed: list[Check]


class DiagnosticsPart(Strict):
    """Checks of the computation.

    Parameters
    ----------
    fits
        How each fit was sampled.
    parameters, numbers
        Checks of the parameters and of the reported numbers.
    checked
        How many there are.
    """

    fits: list[FitFacts]
    parameters: list[KindOfCheck]
    numbers: list[KindOfCheck]
    checked: int


class ProvenancePart(Strict):
    """How to repeat a report.

    Parameters
    ----------
    scenario, command, record
        Its scenario, its command, and whose record it is.
    fits
        Prior set -> seeds, settings, versions and digests of its fit.
    interval, interval_type
        Level and type of every interval.
    """

    scenario: str
    command: str
    record: str
    fits: dict[str, dict[str, Any]]
    interval: float
    interval_type: str
