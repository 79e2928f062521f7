"""One of several rival models as it is compared: a task of its own, whose result can be kept and found again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from ...common.progress import Progress
from ...models.density.density import has_gradient, make_density
from ...models.density.marginal_likelihood import MarginalLikelihood, log_marginal_likelihood
from ...models.posterior import Posterior
from ...models.questions.quantity import Quantity
from ...models.sampling.blocks import Block, sampled_block
from ...models.sampling.fit import fit_identity
from ...models.sampling.refit import REDRAWN, block_of_fit, completed
from ...models.sampling.run import FitInputs
from ..scenarios.stored_fits import found_beside_fits, keep_beside_fits
from ..summaries.summary import summarise
from .leave_one_out import LeftOut, leave_one_out

#: A marginal likelihood is not told from fewer draws for each unknown, or with a larger error of its logarithm.
_DRAWS_FOR_EACH, _WORST_ERROR = 4, 0.5
#: What the names of kept results begin with.
_NAME = "compared"
#: Changes with anything in the code that moves a result, so that what was kept before is made again.
_KEPT = 1


@dataclass(frozen=True)
class Compared:
    """What is found of one model.

    Parameters
    ----------
    nodes
        Those of its block.
    left_out
        Scores of the units that were left out.
    answers
        Question -> draws of its answer.
    marginal
        Its marginal likelihood; None where it cannot be had.
    """

    nodes: frozenset[str]
    left_out: LeftOut
    answers: Mapping[str, xr.DataArray]
    marginal: MarginalLikelihood | None

    def to_dict(self) -> dict[str, Any]:
        """All of it, ready for JSON and without loss.

        Examples
        --------
        >>> scores = LeftOut(("a",), np.array([-0.1]), np.array([np.nan]), ("a",), (), np.array([1]), 0.7)
        >>> kept = Compared(frozenset({"wet"}), scores, {}, None).to_dict()
        >>> Compared.from_dict(kept).left_out.pareto_k
        array([nan])
        """
        scores = self.left_out
        # As text, since JSON knows neither NaN (fitted again) nor infinity.
        shapes = scores.pareto_k.astype(str).tolist()
        left = {**vars(scores), "elpd": scores.elpd.tolist(), "counts": scores.counts.tolist(), "pareto_k": shapes}
        return {
            "nodes": sorted(self.nodes),
            "left_out": left,
            "answers": {label: draws.to_dict() for label, draws in self.answers.items()},
            "marginal": None if self.marginal is None else asdict(self.marginal),
        }

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Compared:
        """What `to_dict` gave, read back from JSON."""
        said: dict[str, Any] = dict(kept["left_out"])
        said |= {name: tuple(said[name]) for name in ("units", "refitted", "untrusted")}
        said |= {name: np.array(said[name], float) for name in ("elpd", "pareto_k")}
        left = LeftOut(**{**said, "counts": np.array(said["counts"])})
        answers = {label: xr.DataArray.from_dict(draws) for label, draws in kept["answers"].items()}
        marginal = kept["marginal"] and MarginalLikelihood(**kept["marginal"])
        return cls(frozenset(kept["nodes"]), left, answers, marginal)


@dataclass(frozen=True)
class Asked:
    """What is asked of every model that is compared.

    Parameters
    ----------
    node
        The node that is predicted.
    units
        Unit of each case, shape (cases,); None leaves out case by case.
    seed, refits
        As in `servanda.analysis.compare_models`.
    bayes_factors
        Whether marginal likelihoods are wanted.
    questions
        Label -> what is asked.
    """

    node: str
    units: np.ndarray | None
    seed: int
    refits: int
    bayes_factors: bool
    questions: Mapping[str, Quantity]

    @property
    def identity(self) -> list[Any]:
        """All of it, ready for JSON."""
        units = None if self.units is None else hashlib.sha256("\0".join(map(str, self.units)).encode()).hexdigest()
        told = {label: [type(one).__name__, repr(vars(one))] for label, one in self.questions.items()}
        return [self.node, units, self.seed, self.refits, self.bayes_factors, told]


def compared(run: FitInputs, asked: Asked, posterior: Posterior | None, progress: Progress) -> Compared:
    """Compare one model: what bears on the node is drawn, or taken from a fit, and each unit is left out of it.

    Parameters
    ----------
    run
        Inputs of its fit.
    asked
        What is asked of it.
    posterior
        A fit that it may share draws with.
    progress
        Of its sampling and refits.
    """
    node, seed = asked.node, asked.seed
    block = (block_of_fit(posterior, run, node) if posterior else None) or sampled_block(run, node, progress)
    left = leave_one_out(block, node, asked.units, seed=seed, refits=asked.refits, progress=progress)
    answers = {
        label: one.draws(completed(block, one.nodes(run.network), posterior)) for label, one in asked.questions.items()
    }
    marginal = block_marginal_likelihood(block, seed=seed) if asked.bayes_factors else None
    return Compared(frozenset(block.nodes), left, answers, marginal)


@dataclass(frozen=True)
class KeptModels:
    """Results of models as they are kept beside the stored fits.

    Parameters
    ----------
    folder
        Where; None keeps nothing.
    identities
        Of each model in turn, all that its result depends on.
    """

    folder: Path | None
    identities: tuple[Any, ...]

    @classmethod
    def of(cls, runs: list[FitInputs], asked: Asked, posterior: Posterior | None, folder: Path | None) -> KeptModels:
        """Those of a comparison; nothing is kept beside a posterior of which it is not known how it was made."""
        shared = {} if posterior is None else posterior.provenance
        if posterior is not None and ("key" not in shared or {"supposed", REDRAWN} & {*shared}):
            return cls(None, ())
        facts = [_KEPT, shared.get("key"), shared.get("doublings"), asked.identity]
        keys = (fit_identity(run.network, run.cases, run.priors, run.sampling)["key"] for run in runs)
        return cls(folder, tuple([*facts, key] for key in keys))

    def find(self, number: int) -> Compared | None:
        """Result of a model, where it was kept."""
        kept = None if self.folder is None else found_beside_fits(_NAME, self.identities[number], self.folder)
        return None if kept is None else Compared.from_dict(kept)

    def keep(self, number: int, result: Compared) -> None:
        """Keep the result of a model."""
        if self.folder is not None:
            keep_beside_fits(_NAME, self.identities[number], result.to_dict(), self.folder)


def block_marginal_likelihood(block: Block, *, seed: int) -> MarginalLikelihood | None:
    """Marginal likelihood of a block, missing cells included; None where it cannot be had.

    It cannot where a family has no compiled gradient, where draws are too few, or where the estimate is too rough.
    Blocks compare only if they hold the same nodes' data.
    """
    run = block.run
    if not has_gradient(run.network, block.nodes, run.priors):
        return None
    density = make_density(run.network, run.cases, run.patterns, run.priors, block.nodes)
    values = dict(block.values)
    for name in block.nodes:
        for group in run.network[name].groups:
            effect = f"{name}.{group.name}"
            values[f"{effect}.unit"] = values[effect][:, :-1] / values[f"{effect}_sd"][:, None]
    x = density.layout.unconstrain({name: values[name] for name in density.layout.shapes})
    # Draws of all chains take turns, so that both halves of the bridge see every chain.
    chains = block.tree["posterior"].sizes["chain"]
    mixed = x.reshape((chains, -1, x.shape[1])).swapaxes(0, 1).reshape(x.shape)
    if len(mixed) < _DRAWS_FOR_EACH * density.size:
        return None
    if "sample_stats" in block.tree:
        log_p = block.tree["sample_stats"].to_dataset()["lp"]
    else:
        each = np.array([density(point)[0] for point in x])
        log_p = xr.DataArray(each.reshape((chains, -1)), dims=("chain", "draw"))
    effective = summarise(log_p).ess_bulk
    found = log_marginal_likelihood(density, mixed, seed=seed, effective=effective)
    return found if found.error <= _WORST_ERROR else None
