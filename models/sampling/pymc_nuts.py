"""NUTS through PyMC: for any network and family, at the price of compiling each model."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np
import xarray as xr

from ...common.progress import Progress, silent
from ..store import group_of
from .nuts import FITTING
from .run import Sampling


def pymc_draws(model: Any, sampling: Sampling, progress: Progress = silent) -> tuple[xr.Dataset, xr.Dataset]:
    """Draws of a model by PyMC's own NUTS: for models of this size it starts soonest (docs, benchmarks).

    Parameters
    ----------
    model
        From `servanda.models.pymc_model`.
    sampling
        How long and from which seed.
    progress
        Told of the draws done, warm-up included.

    Returns
    -------
    Dataset, Dataset
        Kept draws and sampler statistics.
    """
    import pymc as pm

    chains, draws, thin = sampling.chains, sampling.draws, sampling.thin
    total, done = sampling.iterations, 0

    def count(trace: Any, draw: Any) -> None:  # noqa: ARG001  the signature is PyMC's
        nonlocal done
        done += 1
        if done % 50 == 0 or done == total:
            progress(FITTING, done, total)

    progress(FITTING, 0, total)
    with model, warnings.catch_warnings():
        # Chains run in forked processes; the parent holds no lock of its own while they start.
        warnings.filterwarnings("ignore", message=".*fork.*", category=DeprecationWarning)
        try:
            tree = pm.sample(
                draws=draws * thin,
                tune=sampling.tune,
                chains=chains,
                cores=sampling.workers,
                mp_ctx="forkserver" if _jax_has_threads() else None,
                random_seed=sampling.seed,
                nuts_sampler="pymc",
                nuts={"target_accept": sampling.target_accept},
                progressbar=False,
                quiet=True,
                compute_convergence_checks=False,
                callback=count,
            )
        except ValueError as error:
            # So PyMC ends when it was interrupted before a chain had a draw to keep.
            if "Not enough samples" in str(error):
                raise KeyboardInterrupt from error
            raise
    if done < total:
        # PyMC takes an interrupt for the wish to stop early and returns what there is; here it is an interrupt.
        raise KeyboardInterrupt
    numbers = np.arange(draws)
    kept, stats = (
        group_of(tree, group).isel(draw=slice(None, None, thin)).assign_coords(draw=numbers)
        for group in ("posterior", "sample_stats")
    )
    # A divergence counts wherever it happens, in draws that are kept or not.
    diverging = np.asarray(tree["sample_stats"].to_dataset()["diverging"]).reshape((chains, draws, thin)).any(axis=2)
    return kept, stats.assign(diverging=(("chain", "draw"), diverging))


def _jax_has_threads() -> bool:
    """Whether JAX has begun to work: with its threads about, a forked process may wait for ever.

    Imported it often is (ArviZ does it, where it is installed), and an import starts none.
    """
    bridge = sys.modules.get("jax._src.xla_bridge")
    begun = getattr(bridge, "backends_are_initialized", lambda: bridge is not None)
    return bool(begun())
