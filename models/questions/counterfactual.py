"""Counterfactual distributions, labelled: what a case that was observed would have been under an intervention."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from math import ceil, prod

import numpy as np
import xarray as xr

from ...common.errors import Fault, nearest, raise_faults
from ...common.progress import Progress, at_once, shown, silent
from ..errors import QueryError
from ..inference.answers import check_possible, distribution, log_evidence
from ..inference.contract import MEMORY_LIMIT, processors
from ..inference.counterfactual.couplings import COUPLINGS
from ..inference.counterfactual.sampled import BATCHES, Abduction, estimate, sampled_sums, without_each
from ..inference.counterfactual.twin import Twin, make_twin
from ..inference.question import CapacityError, Form, check_question, relevant
from ..inference.tables import DrawnNetwork, Evidence
from ..posterior import Posterior
from .evidence import Given, GivenEvidence, Members, States, as_states, hard_interventions, resolve_evidence
from .labels import labelled_answer
from .unseen import over_unseen, points, unseen_groups

#: Cases drawn in each draw of the posterior, unless the caller says otherwise.
SIZE = 512
#: Seconds above which a question is refused, unless the caller says otherwise.
MOST_SECONDS = 3600.0
#: Seconds up to which the exact answer is worth waiting for. Estimates rest on counts alone, so that the same question
#: is answered in the same way on every machine.
_WORTH_WAITING = 10.0
#: Cases in each draw at each point of unseen members' effects at the least.
_FEWEST = 2 * BATCHES
#: Cases of all draws that are worked on together, so that they stay near the processor.
_TOGETHER = 2**16
#: Numbers for each case that stand beside each other while it is worked on.
_HELD = 100
#: Seconds of exact work between two times that progress is told.
_A_WHILE = 1.0


@dataclass(frozen=True)
class Counterfactual:
    """Joint distribution of nodes in the world that was not observed, and what it rests on.

    Parameters
    ----------
    answer
        Dims chain, draw, case (for several) and the targets.
    couplings
        How nodes and their copies share their noise.
    observed
        Nodes that some case showed.
    bearing
        Nodes on whose tables the answer depends, in either world.
    method
        How it was found: a key of `METHODS`.
    size
        Cases drawn in each draw, at all points of what is unseen together; nothing where it is exact.
    error
        Monte Carlo standard error of a single draw's probability (root mean square over draws, of the state and case
        where it is largest); nothing where it is exact.
    error_of_mean
        The same of the mean over draws.
    """

    answer: xr.DataArray
    couplings: tuple[str, ...]
    observed: tuple[str, ...]
    bearing: frozenset[str]
    method: str
    size: int = 0
    error: float = 0.0
    error_of_mean: float = 0.0


def counterfactual_distribution(
    posterior: Posterior,
    targets: tuple[str, ...],
    observed: Given,
    do: States,
    members: Members,
    *,
    coupling: str | None = None,
    method: str | None = None,
    size: int = SIZE,
    seed: int = 0,
    memory: int = MEMORY_LIMIT,
    most_seconds: float = MOST_SECONDS,
    progress: bool | Progress | None = False,
) -> Counterfactual:
    """Joint distribution of nodes in the world that was not observed, in every draw.

    Parameters
    ----------
    posterior, targets, observed, do, members, coupling, method, size, seed, memory, most_seconds, progress
        As in `servanda.analysis.counterfactual`.

    Returns
    -------
    Counterfactual

    Raises
    ------
    QueryError
        Listing everything that is wrong.
    CapacityError
        If it would take more time or memory than is allowed, before anything is computed.
    """
    network, done = posterior.network, as_states(do, "do")
    mixed = list(hard_interventions(network, do))
    faults = [
        Fault(option, f"there is none named '{name}'{nearest(name, known)}")
        for option, name, known in (("coupling", coupling, COUPLINGS), ("method", method, METHODS))
        if name is not None and name not in list(known)
    ]
    whole = {"size": (size, 2 * BATCHES), "seed": (seed, 0)}
    faults += [
        Fault(option, f"must be a whole number of {least} or more, not {value!r}")
        for option, (value, least) in whole.items()
        if not isinstance(value, int | np.integer) or value < least
    ]
    raise_faults("question", faults, QueryError)
    actions = [(share, check_question(network, targets, {}, hard)) for share, hard in mixed]
    if not done:
        raise QueryError.of("do", "sets nothing; say what would have been otherwise, or ask for a probability")
    asked = resolve_evidence(posterior, (), observed, None, members, targets_needed=False, memory=memory)
    twins = [(share, make_twin(posterior, dict(action.do), coupling)) for share, action in actions]
    twin = twins[0][1]
    untouched = [name for name in targets if name not in twin.reached and name in asked.form.given]
    what = f"is seen, and not reached by do({', '.join(done)}): it stays as it was"
    raise_faults("question", [Fault(f"target {name}", what) for name in untouched], QueryError)
    work = _planned(asked, twins, targets, method, size, memory)
    if work.seconds > most_seconds:
        raise CapacityError("question", [Fault("", _too_long(work, asked, most_seconds))])
    with shown(progress) as tell:
        values = work.done(seed, tell)
    value, error, error_of_mean = METHODS[work.method].settle(work, values)
    answer = labelled_answer(asked, targets, value)
    used = tuple(sorted({*twin.couplings.values()}))
    own = 0 if work.method == "exact" else work.size * work.points
    bearing = _bearing(twin, asked, twin.names(targets))
    return Counterfactual(answer, used, asked.form.given, bearing, work.method, own, error, error_of_mean)


@dataclass(frozen=True)
class _Work:
    """A question that is ready to be answered.

    Parameters
    ----------
    targets
        By the names that they have in the twin network.
    twins
        Interventions to a state that are mixed, each with its share.
    points
        How often all is answered: once for each point of what is unseen.
    method
        A key of `METHODS`.
    size
        Cases in each draw at each point, where they are sampled.
    seconds
        Estimate of the time that it takes.
    """

    asked: GivenEvidence
    twins: tuple[tuple[float, Twin], ...]
    targets: tuple[str, ...]
    points: int
    method: str
    size: int
    seconds: float
    memory: int

    def done(self, seed: int, progress: Progress) -> np.ndarray:
        """What the method's answers add up to, shape (replicates, *targets, samples), or with cases before samples."""
        network, method = self.twins[0][1].system.network, METHODS[self.method]
        sizes = tuple(len(network[name].states) for name in self.targets)
        forms = [(form, evidence.cases or 1) for _, form, evidence in self.asked.groups]
        samples = self.asked.system.samples
        steps = sum(ceil(samples / method.together(self, form, cases)) for form, cases in forms)
        total, what = self.points * len(self.twins) * steps, f"counterfactual, about {_in_words(self.seconds)}"
        finished, numbers = count(), count()

        def tell(_: int) -> None:
            progress(what, min(next(finished), total), total)

        def answer(one: GivenEvidence, form: Form, evidence: Evidence, _: Progress) -> np.ndarray:
            asked, together = replace(form, targets=self.targets), method.together(self, form, evidence.cases or 1)
            parts = [slice(start, start + together) for start in range(0, samples, together)]
            found = 0.0
            for share, twin in self.twins:
                jobs = [
                    partial(_answer_part, self, twin, one.system, asked, evidence, draws, (seed, next(numbers)))
                    for draws in parts
                ]
                workers = method.workers(self)
                found = found + share * np.concatenate(at_once(jobs, workers, silent, ended=tell), axis=-1)
            return np.asarray(found)

        tell(0)
        values = over_unseen(
            self.asked,
            lambda one: one.each(partial(answer, one), (method.replicates, *sizes)),
            lambda one: one.each(lambda form, evidence, _: method.log_evidence(self, one.system, form, evidence), ()),
        )
        progress(what, total, total)
        return values


def _answer_part(
    work: _Work,
    twin: Twin,
    system: DrawnNetwork,
    form: Form,
    evidence: Evidence,
    draws: slice,
    seed: tuple[int, int],
    progress: Progress,
) -> np.ndarray:
    """Answer of some draws."""
    progress("", 0, 1)  # where another part has failed, this one ends here
    return METHODS[work.method].answer(work, twin, system.part(draws), form, evidence.part(None, draws), seed)


@dataclass(frozen=True)
class Method:
    """A way to find a counterfactual.

    Parameters
    ----------
    replicates
        How many answers it gives at once.
    seconds
        Estimate of what a draw of a case takes, from the twin, the form, and the cases in each draw.
    together
        Draws that are worked on together.
    workers
        How many such parts at once.
    answer
        Of some draws, shape (replicates, *targets, samples), or with cases before samples; a multiple of the
        probability of the targets together with what was seen.
    log_evidence
        Logarithm of what that multiple is of, so that answers at several points can be added.
    settle
        The distribution, the error of a draw, and that of the mean over draws.
    """

    replicates: int
    seconds: Callable[[Twin, Form, int], float]
    together: Callable[[_Work, Form, int], int]
    workers: Callable[[_Work], int]
    answer: Callable[[_Work, Twin, DrawnNetwork, Form, Evidence, tuple[int, int]], np.ndarray]
    log_evidence: Callable[[_Work, DrawnNetwork, Form, Evidence], np.ndarray]
    settle: Callable[[_Work, np.ndarray], tuple[np.ndarray, float, float]]


def _exact(
    work: _Work, twin: Twin, system: DrawnNetwork, form: Form, evidence: Evidence, seed: tuple[int, int]
) -> np.ndarray:
    del seed
    both = replace(twin.system, values=system.values, samples=system.samples)
    return distribution(both, form, evidence, memory=work.memory)[None]


def _exact_together(work: _Work, form: Form, cases: int) -> int:
    """As many draws as take a while: contractions cut them further."""
    asked = replace(form, targets=work.targets)
    each = cases * max(twin.seconds(asked) for _, twin in work.twins)
    return max(1, min(work.asked.system.samples, int(_A_WHILE / each) if each else work.asked.system.samples))


def _exact_evidence(work: _Work, system: DrawnNetwork, form: Form, evidence: Evidence) -> np.ndarray:
    return log_evidence(system, form, evidence, memory=work.memory)


def _exact_settled(work: _Work, values: np.ndarray) -> tuple[np.ndarray, float, float]:
    del work
    return values[0], 0.0, 0.0


def _sampled(
    work: _Work, twin: Twin, system: DrawnNetwork, form: Form, evidence: Evidence, seed: tuple[int, int]
) -> np.ndarray:
    rng, how = np.random.default_rng(seed), {"size": work.size, "memory": work.memory}
    if evidence.cases is None:
        return sampled_sums(twin, system, form, evidence, rng=rng, **how)
    each = (evidence.case(number) for number in range(evidence.cases))
    return np.stack([sampled_sums(twin, system, form, one, rng=rng, **how) for one in each], axis=-2)


def _sampled_together(work: _Work, form: Form, cases: int) -> int:
    del form, cases
    return max(1, min(_TOGETHER, work.memory // (8 * _HELD)) // work.size)


def _sampled_evidence(work: _Work, system: DrawnNetwork, form: Form, evidence: Evidence) -> np.ndarray:
    """Of what the cases are drawn from; the rest is in their weights."""
    drawing = Abduction.of(work.twins[0][1], replace(form, targets=work.targets)).form
    return log_evidence(system, drawing, evidence, memory=work.memory)


def _sampled_settled(work: _Work, values: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Take away the bias that ratios have.

    Raises
    ------
    ImpossibleEvidenceError
        If what was seen has probability zero in some draw.
    CapacityError
        If too few of the cases of some draw agree with what was seen.
    """
    targets = len(work.targets)
    replicates, enough = without_each(values, targets)
    if not enough.all():
        _refuse(work)
    value, error = estimate(replicates)
    _, of_mean = estimate(replicates.mean(axis=-1))
    # Without its bias a small probability may be below zero.
    value = np.maximum(value, 0.0)
    value /= value.sum(axis=tuple(range(targets)))
    return value, float(np.sqrt((error**2).mean(axis=-1)).max()), float(of_mean.max())


def _refuse(work: _Work) -> None:
    """Say that what was seen is impossible, or that too few of the cases that were drawn agree with it."""
    system, memory = work.asked.system, work.memory
    for _, form, evidence in work.asked.groups:
        seen = Form((), form.given)
        possible = log_evidence(system, seen, evidence, memory=memory) > -np.inf
        check_possible(system, seen, evidence, possible, memory)
    what = "too few of the cases drawn agree with what was seen; raise size, or ask with method='exact'"
    raise CapacityError("question", [Fault("", what)])


#: How a counterfactual may be found; one line adds one.
METHODS: Mapping[str, Method] = {
    "exact": Method(
        1,
        lambda twin, form, _: twin.seconds(form),
        _exact_together,
        lambda _: 1,
        _exact,
        _exact_evidence,
        _exact_settled,
    ),
    "sampled": Method(
        BATCHES,
        lambda twin, form, size: size * Abduction.of(twin, form).seconds(twin),
        _sampled_together,
        lambda work: max(1, min(processors(), work.memory // (8 * _HELD * max(_TOGETHER, work.size)))),
        _sampled,
        _sampled_evidence,
        _sampled_settled,
    ),
}


def _planned(
    asked: GivenEvidence,
    twins: list[tuple[float, Twin]],
    targets: tuple[str, ...],
    method: str | None,
    size: int,
    memory: int,
) -> _Work:
    """Choose how to answer, from the number of operations alone, and say how long it takes.

    Raises
    ------
    CapacityError
        If the answer does not fit the memory.
    """
    names = twins[0][1].names(targets)
    groups = unseen_groups(asked)
    often = sum(1 for _ in points(asked.system, groups)) if groups else 1
    each = BATCHES * ceil(max(size / often, min(size, _FEWEST)) / BATCHES)
    forms = [(replace(form, targets=names), evidence.cases or 1) for _, form, evidence in asked.groups]

    def seconds(name: str) -> float:
        one = sum(cases * METHODS[name].seconds(twin, form, each) for form, cases in forms for _, twin in twins)
        return often * asked.system.samples * one

    copied = any(twin.copied(form) for form, _ in forms for _, twin in twins)
    chosen = method or ("exact" if seconds("exact") <= _WORTH_WAITING else "sampled")
    # Where no copy bears on the answer, the worlds are one and there is nothing to couple.
    chosen = chosen if copied else "exact"
    work = _Work(asked, tuple(twins), names, often, chosen, each, seconds(chosen), memory)
    cells = prod(len(twins[0][1].system.network[name].states) for name in names)
    held = 16 * METHODS[chosen].replicates * cells * asked.system.samples * len(asked.labels or (0,))
    least = held + (8 * _HELD * each if chosen == "sampled" else 0)
    if chosen == "sampled" and least > memory:
        what = f"needs {least:,} bytes at the least, and {memory:,} are allowed; ask for fewer nodes or cases, draw "
        raise CapacityError("question", [Fault("", f"{what}fewer cases (size), or raise the limit")])
    return work


def _too_long(work: _Work, asked: GivenEvidence, most_seconds: float) -> str:
    """Say how long a question would take, and what to do."""
    network = asked.system.network
    tables = _bearing(work.twins[0][1], asked, work.targets)
    largest = sorted((n for n in asked.open_nodes if n in tables), key=lambda n: -len(network[n].states))[:3]
    open_ = f"say what the case showed of {', '.join(largest)}; " if largest else ""
    other = "let it be sampled (method='sampled'); " if work.method == "exact" else "draw fewer cases (size); "
    return (
        f"would take about {_in_words(work.seconds)}, and {_in_words(most_seconds)} are allowed; {other}{open_}"
        "ask about fewer cases at once, or of fewer draws; or allow it by most_seconds"
    )


def _in_words(seconds: float) -> str:
    """A time, roughly."""
    for size, unit in ((3600.0, "hours"), (60.0, "minutes")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{max(1, ceil(seconds))} s"


def _bearing(twin: Twin, asked: GivenEvidence, names: tuple[str, ...]) -> frozenset[str]:
    """Nodes of the world that was seen on whose tables, or copies of them, the answer depends."""
    forms = [replace(form, targets=names) for _, form, _ in asked.groups]
    tables = {name for form in forms for name in relevant(twin.system.network, form)}
    copies = dict(zip(twin.names(twin.reached), twin.reached, strict=True))
    return frozenset(copies.get(name, name) for name in tables)
