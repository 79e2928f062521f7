"""NUTS over a block's density in compiled loops: no model is compiled, so that a fit starts at once.

The sampler is nutpie's (Seyboldt and others), whose mass matrix is adapted from draws and gradients: of a small block a
matrix of low rank beside the diagonal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
import xarray as xr

from ...common.errors import Fault
from ...common.progress import Progress, silent
from ..density.density import Density
from ..errors import DataError
from ..stand_in import standing_in
from .run import Sampling

#: What is being done, as progress says.
FITTING = "fitting"
#: Chains start at zero, the middle of the unknowns' scales, moved by at most this much.
_JITTER = 0.5
#: Seconds between two looks at how far the chains are.
_OFTEN = 0.05
#: Up to so many unknowns, and where no scale is learned, steps are fitted to how they hang together and not to each
#: one's spread alone: that takes half the steps and less, and a time that grows with the cube of their number. Where a
#: scale is learned they hang together otherwise at each scale, and a short warm-up is led astray.
_TOGETHER = 80
#: nutpie's names of sampler statistics -> ArviZ's.
_STATS: Mapping[str, str] = {
    "diverging": "diverging",
    "depth": "tree_depth",
    "n_steps": "n_steps",
    "energy": "energy",
    "logp": "lp",
    "step_size": "step_size",
}


def nuts_draws(
    density: Density, sampling: Sampling, rng: np.random.Generator, progress: Progress = silent
) -> tuple[dict[str, np.ndarray], xr.Dataset]:
    """Draws of a density by the No-U-Turn sampler (Hoffman and Gelman 2014, JMLR 15:1593-1623).

    Parameters
    ----------
    density
        From `servanda.models.density.density.make_density`.
    sampling
        How long and from which seed.
    rng
        What members that are integrated out are drawn by.
    progress
        Told of the draws done, warm-up included.

    Returns
    -------
    dict, Dataset
        Parameter -> draws, shape (chains, draws, *dims), and sampler statistics, dims (chain, draw).
    """
    density(np.zeros(density.size))  # compiles, or loads, the loops before the threads start
    chains, draws, thin = sampling.chains, sampling.draws, sampling.thin
    total, done = sampling.iterations, [0]
    sampler = _start(density, sampling, done)
    x, stats = finished(sampler, "x", _STATS, lambda: progress(FITTING, min(done[0], total), total))
    progress(FITTING, total, total)
    kept = {_STATS[name]: values for name, values in stats.items()}
    # A divergence counts wherever it happens, in draws that are kept or not.
    diverging = kept.pop("diverging").reshape((chains, draws, thin)).any(axis=2)
    numbers = {"chain": np.arange(chains), "draw": np.arange(draws)}
    found = {name: (("chain", "draw"), values[:, ::thin]) for name, values in kept.items()}
    return density.constrain(x[:, ::thin], rng), xr.Dataset(
        {"diverging": (("chain", "draw"), diverging), **found}, coords=numbers
    )


@cache
def load_nutpie() -> Any:
    """Import nutpie without ArviZ, which it imports for a conversion that nothing here asks for.

    ArviZ takes longer to load than all else that a fit needs together. Whatever asks it for something finds it.

    Examples
    --------
    >>> load_nutpie().__name__
    'nutpie'
    """
    with standing_in("arviz"):
        return import_module("nutpie")


def finished(
    sampler: Any, unknowns: str, wanted: Iterable[str], meanwhile: Callable[[], None] = lambda: None
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Draws of a nutpie sampler that was started in the background, once its chains have ended.

    nutpie's own waiting takes an interrupt for the wish to stop early and gives what there is; here it is an interrupt.

    Parameters
    ----------
    sampler
        From ``nutpie.sample(..., blocking=False, return_raw_trace=True)``.
    unknowns
        Its variable.
    wanted
        nutpie's names of sampler statistics.
    meanwhile
        Called now and then.

    Returns
    -------
    ndarray, dict
        Draws after the warm-up, shape (chains, draws, unknowns), and statistics of shape (chains, draws).

    Raises
    ------
    DataError
        If the chains could not start, or ended in an error.
    """
    try:
        trace = None
        while trace is None:
            # Waiting in short spells, so that an interrupt finds this thread awake.
            with suppress(TimeoutError):
                trace = sampler.wait(timeout=_OFTEN)
            meanwhile()
    except RuntimeError as error:
        # What nutpie says goes on with the stack of its own language.
        said = str(error).partition("\n")[0]
        what = f"no chain could be sampled ({said}); look at the priors, whose numbers may be extreme"
        raise DataError("fit", [Fault("", what)]) from None
    except BaseException:
        sampler.cancel()
        raise
    drawn, said = trace.get_arrow_trace()
    after = [~_numbers(chain, "tuning") for chain in said]
    x = [_numbers(chain, unknowns)[kept] for chain, kept in zip(drawn, after, strict=True)]
    stats = {name: [_numbers(chain, name)[kept] for chain, kept in zip(said, after, strict=True)] for name in wanted}
    return np.stack(x), {name: np.stack(chains) for name, chains in stats.items()}


def _numbers(chain: Any, name: str) -> np.ndarray:
    """A column of one chain, shape (draws,) or (draws, unknowns)."""
    import pyarrow as pa

    column: Any = pa.array(chain.column(name))
    if not pa.types.is_nested(column.type):
        return column.to_numpy(zero_copy_only=False)
    # Of draws there is a list each, all of one length.
    return column.flatten().to_numpy(zero_copy_only=False).reshape((len(column), -1))


def counting(done: list[int]) -> dict[str, Any]:
    """Arguments of ``nutpie.sample`` by which `done` is kept at the number of draws that the chains have made."""

    def count(chains: list[Any]) -> None:
        done[0] = sum(chain.finished_draws for chain in chains)

    return {"progress_callback": count, "progress_rate": int(1000 * _OFTEN)}


def _start(density: Density, sampling: Sampling, done: list[int]) -> Any:
    """Start the chains; `done` is kept at the number of draws they have made."""
    return load_nutpie().sample(
        _model(density),
        draws=sampling.draws * sampling.thin,
        tune=sampling.tune,
        chains=sampling.chains,
        cores=sampling.workers,
        seed=sampling.seed,
        target_accept=sampling.target_accept,
        adaptation="low_rank" if density.size <= _TOGETHER and not density.learns_scales else "diag",
        progress_bar=False,
        **counting(done),
        save_warmup=False,
        blocking=False,
        return_raw_trace=True,
    )


class _RejectedError(ValueError):
    """A step to where the density is no number; nutpie rejects it and goes on."""

    is_recoverable = True


def _model(density: Density) -> Any:
    """Hand the compiled loops to nutpie, by its own form of a PyMC model where it still has the one we know."""
    try:
        return _model_by_addresses(density)
    except (ImportError, TypeError, AttributeError):  # another release of nutpie: its public way is slower, and stays
        return _model_by_functions(density)


def _start_near_zero(size: int) -> Callable[[int], np.ndarray]:
    return lambda seed: np.random.default_rng(seed).uniform(-_JITTER, _JITTER, size)


def _model_by_functions(density: Density) -> Any:
    """Hand the loops to nutpie by its public interface: each step takes the interpreter for a moment."""
    from nutpie.compiled_pyfunc import from_pyfunc

    from ..density.loops import log_density

    size = density.size

    def value_and_gradient(x: np.ndarray) -> tuple[float, np.ndarray]:
        gradient = np.empty(size)
        value = log_density(np.ascontiguousarray(x), density.program, gradient)
        if not (np.isfinite(value) and np.isfinite(gradient.sum())):
            raise _RejectedError("the density is no number here")
        return value, gradient

    return from_pyfunc(
        ndim=size,
        make_logp_fn=lambda: value_and_gradient,
        make_expand_fn=lambda *_: lambda x: {"x": np.asarray(x, np.float64)},
        expanded_dtypes=[np.dtype(np.float64)],
        expanded_shapes=[(size,)],
        expanded_names=["x"],
        make_initial_point_fn=_start_near_zero(size),
    )


def _model_by_addresses(density: Density) -> Any:
    """Hand the loops to nutpie as its own form of a PyMC model, so that no step takes the interpreter."""
    from nutpie.compile_pymc import CompiledPyMCModel

    from ..density.loops import density_for_nutpie, unknowns_for_nutpie

    size = density.size
    return CompiledPyMCModel(
        dims={},
        reparameterized_names=None,
        compiled_logp_func=density_for_nutpie,
        compiled_expand_func=unknowns_for_nutpie,
        initial_point_func=_start_near_zero(size),
        shared_data={},
        shared_var_keys={},
        user_data=density.program.addresses,
        n_expanded=size,
        shape_info=(["x"], [slice(0, size)], [(size,)]),
        logp_func=None,
        expand_func=None,
        _n_dim=size,
        _shapes={"x": (size,)},
        _coords={},
    )
