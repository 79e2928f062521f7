"""What a network foretells of held-out cases: its outcome node given all else that is known of a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from ....common.errors import Fault
from ....common.progress import silent
from ....models.cases.encode import Cases
from ....models.cases.likelihood import log_likelihood, stacked_draws
from ....models.cases.patterns import find_patterns
from ....models.errors import QueryError
from ....models.network.network import Network
from ....models.parameters.prior_set import PriorSet
from ....models.sampling.blocks import sample_blocks
from ....models.sampling.prior_draws import prior_draws
from ....models.sampling.run import Sampling, fit_inputs
from ....models.sampling.scoring import cases_at
from .folds import Sample

#: Points of the Gauss-Hermite rule for each group effect that the training rows do not know: five err by less
#: than 0.001 in a probability up to a spread of 1.5 on the logit scale, and the record shows about half of that.
POINTS = 5
#: Draws of the prior that speaks alone, effects of members among them: nothing is left to integrate.
PRIOR_DRAWS = 4000


def fitted_forecast(sample: Sample, priors: PriorSet | None, sampling: Sampling) -> np.ndarray:
    """Forecast of a network fitted to the training rows.

    Only the blocks that bear on the node are sampled. Actors and guarantees of the training rows keep their effects,
    and those of others are integrated out.

    Returns
    -------
    ndarray
        Shape (held-out rows, states): probabilities averaged over draws.
    """
    training, held_out = _parts(sample)
    run = fit_inputs(sample.network, training, priors, replace(sampling, seed=sample.seed, cores=1))
    sampled = sample_blocks(run, _needed(sample.network, held_out, sample.node), silent)
    values = stacked_draws(sampled.variables)
    return node_forecast(sample.network, values, held_out, sample.node, _unseen(sample, training))


def prior_forecast(sample: Sample, priors: PriorSet | None) -> np.ndarray:
    """Forecast of a network that has seen no case: its prior predictive.

    Returns
    -------
    ndarray
        Shape (held-out rows, states).
    """
    training, held_out = _parts(sample)
    levels = training.levels
    drawn = prior_draws(sample.network, priors, seed=sample.seed, draws=PRIOR_DRAWS, levels=levels).draws
    return node_forecast(sample.network, stacked_draws(drawn.data_vars), held_out, sample.node, {})


def node_forecast(
    network: Network, values: Mapping[str, np.ndarray], cases: Cases, node: str, unseen: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Probability of each state of a node in each case, given all else that is known of the case.

    Missing cells are summed out and the node's effects of unseen members integrated out, both within each draw.

    Parameters
    ----------
    values
        Parameter -> draws, shape (draws, *dims).
    cases
        Coded cases; what they hold of the node itself is not looked at.
    unseen
        Group effect -> numbers of the members that are integrated out.

    Returns
    -------
    ndarray
        Shape (cases, states), averaged over draws.
    """
    states = len(network[node].states)
    # Rows alike in which of their members are unseen are integrated together, over no more effects than they have.
    is_unseen = np.array([np.isin(cases.members[group], members) for group, members in unseen.items()])
    kinds, kind = np.unique(is_unseen.reshape(len(unseen), len(cases)), axis=1, return_inverse=True)
    p = np.zeros((len(cases), states))
    for number in range(kinds.shape[1]):
        rows = np.flatnonzero(kind.ravel() == number)
        open_groups = [group for group, is_open in zip(unseen, kinds[:, number], strict=True) if is_open]
        those = {group: unseen[group] for group in open_groups}
        p[rows] = _integrated(network, values, cases_at(cases, rows), node, those)
    return p


def priors_text(priors: PriorSet | None) -> str:
    """Content of a prior set as one text, in which the order of entries plays a part for patterns alone."""
    if priors is None:
        return "defaults"
    named = sorted((entry for entry in priors.entries if not entry.is_pattern), key=lambda entry: entry.parameter)
    patterns = [entry for entry in priors.entries if entry.is_pattern]
    return repr([(entry.parameter, str(entry.prior)) for entry in (*patterns, *named)])


@dataclass(frozen=True)
class Fitted:
    """Network under a prior set, fitted to the training rows."""

    priors: PriorSet | None
    sampling: Sampling

    @property
    def identity(self) -> str:
        """Priors and lengths of the sampling."""
        lengths = {name: value for name, value in self.sampling.settings.items() if name != "seed"}
        return f"fitted {priors_text(self.priors)} {lengths}"

    def __call__(self, sample: Sample) -> np.ndarray:
        """Forecast, shape (held-out cases, states)."""
        return fitted_forecast(sample, self.priors, self.sampling)


@dataclass(frozen=True)
class PriorAlone:
    """Network under a prior set that has seen no case."""

    priors: PriorSet | None

    @property
    def identity(self) -> str:
        """Priors and how many draws of them."""
        return f"prior alone {priors_text(self.priors)} {PRIOR_DRAWS}"

    def __call__(self, sample: Sample) -> np.ndarray:
        """Forecast, shape (held-out cases, states)."""
        return prior_forecast(sample, self.priors)


def _parts(sample: Sample) -> tuple[Cases, Cases]:
    return cases_at(sample.cases, sample.split.training), cases_at(sample.cases, sample.split.held_out)


def _in_every_state(cases: Cases, node: str, states: int) -> Cases:
    """Each case as often as the node has states, once in each."""
    repeated = cases_at(cases, np.repeat(np.arange(len(cases)), states))
    return replace(repeated, codes={**repeated.codes, node: np.tile(np.arange(states), len(cases))})


def _needed(network: Network, cases: Cases, node: str) -> set[str]:
    """Nodes whose parameters a forecast of these cases takes: those that missing cells tie to the node among them."""
    seeing = {node, *network.children[node]}
    patterns = find_patterns(network, _in_every_state(cases, node, 1))
    tied = [set(part.codes) for part in patterns.incomplete if set(part.codes) & seeing]
    return seeing.union(*tied)


def _unseen(sample: Sample, training: Cases) -> dict[str, np.ndarray]:
    """Group effect -> members of whom no training row speaks."""
    return {
        group.name: np.setdiff1d(np.arange(len(training.levels[group.name])), training.members[group.name])
        for group in sample.network[sample.node].groups
    }


def _integrated(
    network: Network, values: Mapping[str, np.ndarray], cases: Cases, node: str, unseen: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Forecast of cases all of whose members in these groups are unseen, shape (cases, states)."""
    states = len(network[node].states)
    patterns = find_patterns(network, _in_every_state(cases, node, states))
    # All that does not see the node is the same whatever its state, and falls out of the quotient.
    seeing = (node, *network.children[node])
    joint = np.zeros(())
    for weight, effects in _points(values, node, unseen):
        log_p = log_likelihood(network, patterns, {**values, **effects}, complete=seeing, incomplete=seeing)
        joint = joint + weight * np.exp(log_p)
    joint = joint.reshape((-1, len(cases), states))
    total = joint.sum(axis=-1, keepdims=True)
    if not (total > 0).all():
        rows = np.flatnonzero(~(total > 0).all(axis=(0, 2)))
        named = ", ".join(cases.labels[row] for row in rows[:5])
        raise QueryError("evaluation", [Fault(f"case {named}", "is impossible in the network, whatever its outcome")])
    return (joint / total).mean(axis=0)


def _points(
    values: Mapping[str, np.ndarray], node: str, unseen: Mapping[str, np.ndarray]
) -> Iterator[tuple[float, dict[str, np.ndarray]]]:
    """Points of integration: the weight of each, and the node's effects with those of unseen members replaced.

    Members share the points, since each row is an integral of its own.
    """
    z, weights = np.polynomial.hermite_e.hermegauss(POINTS)
    weights = weights / weights.sum()
    for places in product(range(POINTS), repeat=len(unseen)):
        effects = {}
        for group, place in zip(unseen, places, strict=True):
            name = f"{node}.{group}"
            moved = values[name].copy()
            moved[:, unseen[group]] = values[f"{name}_sd"][:, None] * z[place]
            effects[name] = moved
        yield float(np.prod(weights[list(places)])), effects
