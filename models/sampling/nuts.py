"""NUTS over a block's density in compiled loops: no model is compiled, so that a fit starts at once.

The sampler is nutpie's (Seyboldt and others), whose mass matrix is adapted from draws and gradients: of a small block a
matrix of low rank beside the diagonal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
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
#: The one variable that nutpie is told of.
_UNKNOWNS = "x"
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
    adaptation = "low_rank" if density.size <= _TOGETHER and not density.learns_scales else "diag"
    x, stats = sampled(_target(density), sampling, progress, adaptation)
    return density.constrain(x, rng), stats


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


@dataclass(frozen=True)
class Target:
    """A density in compiled loops as nutpie is given it.

    Parameters
    ----------
    size
        Number of unknowns.
    loop
        It, with the interface of C (`servanda.models.density.addresses.DENSITY`).
    facts
        The addresses that `loop` is given.
    plain
        The same from Python, from a position to the density and its gradient; it keeps what lies at the addresses.
    start
        From a seed to where a chain begins, shape (size,).
    """

    size: int
    loop: Any
    facts: np.ndarray
    plain: Callable[[np.ndarray], tuple[float, np.ndarray]]
    start: Callable[[int], np.ndarray]


def sampled(target: Target, sampling: Sampling, progress: Progress, adaptation: str) -> tuple[np.ndarray, xr.Dataset]:
    """Draws of a density in compiled loops by nutpie, and what it says of them.

    Parameters
    ----------
    target
        The density.
    sampling
        How long and from which seed.
    progress
        Told of the draws done, warm-up included.
    adaptation
        How nutpie fits its steps: ``diag``, ``draw_diag`` or ``low_rank``.

    Returns
    -------
    ndarray, Dataset
        Positions, shape (chains, draws, size), and sampler statistics, dims (chain, draw).

    Raises
    ------
    DataError
        If the chains could not start, or ended in an error.
    """
    chains, draws, thin = sampling.chains, sampling.draws, sampling.thin
    total, done = sampling.iterations, [0]

    def count(each: list[Any]) -> None:
        done[0] = sum(chain.finished_draws for chain in each)

    sampler = load_nutpie().sample(
        _model(target),
        draws=draws * thin,
        tune=sampling.tune,
        chains=chains,
        cores=sampling.workers,
        seed=sampling.seed,
        target_accept=sampling.target_accept,
        adaptation=adaptation,
        progress_bar=False,
        progress_callback=count,
        progress_rate=int(1000 * _OFTEN),
        save_warmup=False,
        blocking=False,
        return_raw_trace=True,
    )
    x, stats = _finished(sampler, lambda: progress(FITTING, min(done[0], total), total))
    progress(FITTING, total, total)
    # A divergence counts wherever it happens, in draws that are kept or not.
    diverging = stats.pop("diverging").reshape((chains, draws, thin)).any(axis=2)
    numbers = {"chain": np.arange(chains), "draw": np.arange(draws)}
    found = {name: (("chain", "draw"), values[:, ::thin]) for name, values in stats.items()}
    return x[:, ::thin], xr.Dataset({"diverging": (("chain", "draw"), diverging), **found}, coords=numbers)


def _finished(sampler: Any, meanwhile: Callable[[], None]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Draws after the warm-up, shape (chains, draws, unknowns), and statistics of shape (chains, draws).

    nutpie's own waiting takes an interrupt for the wish to stop early and gives what there is; here it is an interrupt.
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
    x = [_numbers(chain, _UNKNOWNS)[kept] for chain, kept in zip(drawn, after, strict=True)]
    stats = {
        own: np.stack([_numbers(chain, name)[kept] for chain, kept in zip(said, after, strict=True)])
        for name, own in _STATS.items()
    }
    return np.stack(x), stats


def _numbers(chain: Any, name: str) -> np.ndarray:
    """A column of one chain, shape (draws,) or (draws, unknowns)."""
    import pyarrow as pa

    column: Any = pa.array(chain.column(name))
    if not pa.types.is_nested(column.type):
        return column.to_numpy(zero_copy_only=False)
    # Of draws there is a list each, all of one length.
    return column.flatten().to_numpy(zero_copy_only=False).reshape((len(column), -1))


class _RejectedError(ValueError):
    """A step to where the density is no number; nutpie rejects it and goes on."""

    is_recoverable = True


def _target(density: Density) -> Target:
    from ..density.addresses import addresses
    from ..density.loops import density_for_nutpie, log_density

    size = density.size

    def value_and_gradient(x: np.ndarray) -> tuple[float, np.ndarray]:
        gradient = np.empty(size)
        return log_density(np.ascontiguousarray(x), density.program, gradient), gradient

    def near_zero(seed: int) -> np.ndarray:
        return np.random.default_rng(seed).uniform(-_JITTER, _JITTER, size)

    return Target(size, density_for_nutpie, addresses(*density.program), value_and_gradient, near_zero)


def _model(target: Target) -> Any:
    """Hand the compiled loops to nutpie, by its own form of a PyMC model where it still has the one we know."""
    try:
        return _model_by_addresses(target)
    except (ImportError, TypeError, AttributeError):  # another release of nutpie: its public way is slower, and stays
        return _model_by_functions(target)


def _model_by_functions(target: Target) -> Any:
    """Hand the loops to nutpie by its public interface: each step takes the interpreter for a moment."""
    from nutpie.compiled_pyfunc import from_pyfunc

    def value_and_gradient(x: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = target.plain(x)
        if not (np.isfinite(value) and np.isfinite(gradient.sum())):
            raise _RejectedError("the density is no number here")
        return value, gradient

    return from_pyfunc(
        ndim=target.size,
        make_logp_fn=lambda: value_and_gradient,
        make_expand_fn=lambda *_: lambda x: {_UNKNOWNS: np.asarray(x, np.float64)},
        expanded_dtypes=[np.dtype(np.float64)],
        expanded_shapes=[(target.size,)],
        expanded_names=[_UNKNOWNS],
        make_initial_point_fn=target.start,
    )


def _model_by_addresses(target: Target) -> Any:
    """Hand the loops to nutpie as its own form of a PyMC model, so that no step takes the interpreter."""
    from nutpie.compile_pymc import CompiledPyMCModel

    from ..density.addresses import unknowns_for_nutpie

    size = target.size
    return CompiledPyMCModel(
        dims={},
        reparameterized_names=None,
        compiled_logp_func=target.loop,
        compiled_expand_func=unknowns_for_nutpie,
        initial_point_func=target.start,
        shared_data={},
        shared_var_keys={},
        user_data=target.facts,
        n_expanded=size,
        shape_info=([_UNKNOWNS], [slice(0, size)], [(size,)]),
        logp_func=None,
        expand_func=None,
        _n_dim=size,
        _shapes={_UNKNOWNS: (size,)},
        _coords={},
    )
