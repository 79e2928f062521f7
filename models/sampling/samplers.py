"""The ways to draw a block of nodes that a fit does not draw exactly."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from ...common.progress import Progress
from ..cases.encode import Cases
from ..density.density import has_gradient, make_density, reasons_against
from ..families import NEW
from ..families.base import counts
from ..families.pooled import draw_rows
from ..network.network import Network
from ..network.parameters import network_parameters, rows_learned, stored_table
from ..parameters.prior_set import PriorSet
from .augmentation import augmented_draws, can_augment
from .nuts import nuts_draws
from .pymc_model import pymc_model
from .pymc_nuts import pymc_draws
from .run import FitInputs, labelled

_log = logging.getLogger(__name__)


def dirichlet_of(run: FitInputs, name: str) -> np.ndarray:
    """A Dirichlet prior and counted cases give a Dirichlet for each configuration of the parents."""
    (parameter,) = network_parameters(run.network, [name])
    cells, shape = run.patterns.complete[name], run.network.shape(name)
    alpha = parameter.prior(run.priors).alpha(shape, run.network[name].states, parameter.name)
    return alpha + counts(cells.codes, cells.counts, shape)


#: What a sampler gives of a block: its variables, and sampler statistics where it has any.
Drawn = tuple[dict[str, xr.DataArray], xr.Dataset | None]


def _draw_by_augmentation(
    run: FitInputs,
    nodes: tuple[str, ...],
    stream: np.random.SeedSequence,
    unseen: np.random.SeedSequence,  # noqa: ARG001
    progress: Progress,
) -> Drawn:
    drawn = augmented_draws(
        run.network,
        run.patterns,
        {name: dirichlet_of(run, name) for name in nodes},
        run.sampling,
        np.random.default_rng(stream),
        progress,
    )
    tables = {
        stored_table(run.network, name): labelled(x, run.network.dims(name), run.coords) for name, x in drawn.items()
    }
    return tables, None


def _draw_by_nuts(
    run: FitInputs,
    nodes: tuple[str, ...],
    stream: np.random.SeedSequence,
    unseen: np.random.SeedSequence,
    progress: Progress,
) -> Drawn:
    density = make_density(run.network, run.cases, run.patterns, run.priors, nodes)
    rng = np.random.default_rng(unseen)
    found, stats = nuts_draws(density, run.sampling.of_stream(stream), rng, progress)
    kept = {p.name: labelled(found[p.name], p.dims, run.coords) for p in network_parameters(run.network, nodes)}
    for name in nodes:
        for group in run.network[name].groups:
            effect = f"{name}.{group.name}"
            x = found[f"{effect}.unit"] * found[f"{effect}_sd"][..., None]
            kept[effect] = labelled(x, (group.name,), run.cases.levels)
    return _named(run, xr.Dataset(kept), nodes, rng), stats


def _draw_by_pymc(
    run: FitInputs,
    nodes: tuple[str, ...],
    stream: np.random.SeedSequence,
    unseen: np.random.SeedSequence,
    progress: Progress,
) -> Drawn:
    if run.sampling.exact:
        _say_why(run, nodes, progress)
    model = pymc_model(run.network, run.cases, run.patterns, run.priors, nodes, exact=run.sampling.exact)
    kept, stats = pymc_draws(model, run.sampling.of_stream(stream), progress)
    return _named(run, kept, nodes, np.random.default_rng(unseen)), stats


def _say_why(run: FitInputs, nodes: tuple[str, ...], progress: Progress) -> None:
    """Say, before minutes pass in silence, that a model must be compiled, and what for."""
    reasons = "; ".join(reasons_against(run.network, nodes, run.priors))
    what = f"compiling {', '.join(nodes)} through PyMC, which may take minutes: {reasons}"
    _log.warning("%s", what)
    progress(what, 0, 1)


@dataclass(frozen=True)
class Sampler:
    """A way to draw a block of nodes: which blocks it can draw, and how."""

    accepts: Callable[[Network, Cases, tuple[str, ...], PriorSet | None], bool]
    draw: Callable[..., Drawn]


#: Ways to draw a block, cheapest first; a fit's provenance names them as ``drawn_by_...``.
SAMPLERS: Mapping[str, Sampler] = {
    "augmentation": Sampler(lambda network, cases, nodes, _: can_augment(network, cases, nodes), _draw_by_augmentation),
    "nuts": Sampler(lambda network, _, nodes, priors: has_gradient(network, nodes, priors), _draw_by_nuts),
    "pymc": Sampler(lambda *_: True, _draw_by_pymc),
}


def _named(
    run: FitInputs, kept: xr.Dataset, nodes: tuple[str, ...], rng: np.random.Generator
) -> dict[str, xr.DataArray]:
    """The declared parameters and what follows from them.

    Each group gains the member the data does not hold; rows of tables that NUTS integrated out are drawn.
    """
    network, cases, patterns = run.network, run.cases, run.patterns
    variables = {p.name: kept[p.name] for p in network_parameters(network, nodes)}
    for name in nodes:
        for group in network[name].groups:
            effect = kept[f"{name}.{group.name}"]
            spread = kept[f"{name}.{group.name}_sd"]
            unseen = spread * rng.standard_normal(spread.shape)
            unseen = unseen.expand_dims({group.name: [NEW]}, axis=-1)
            known = effect.assign_coords({group.name: list(cases.levels[group.name])})
            variables[f"{name}.{group.name}"] = xr.concat([known, unseen], dim=group.name)
    for name in rows_learned(network, nodes):
        table, cells = stored_table(network, name), patterns.complete[name]
        if table in kept:
            variables[table] = kept[table]
            continue
        drawn = {key: array.values for key, array in variables.items()}
        alpha = network.family(name).row_alpha(drawn, network.local(name))
        rows = draw_rows(rng, alpha, counts(cells.codes, cells.counts, network.shape(name)))
        variables[table] = labelled(rows, network.dims(name), run.coords)
    return variables
