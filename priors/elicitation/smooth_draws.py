"""Prior draws as smooth functions of a prior's numbers: fixed normal numbers through inverse distribution functions.

Where the numbers of a prior change a little, such draws and all that is computed from them move a little, so that the
numbers can be solved for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ...models.network.parameters import network_parameters, node_of, parameter_coords, rows_learned, stored_table
from ...models.parameters.distributions import simplex_from_normal
from ...models.parameters.prior import Prior
from ...models.posterior import Posterior
from ...models.store import draws_tree

if TYPE_CHECKING:
    from ...models.network.network import Network
    from ...models.parameters.parameter import Parameter

#: Uniform numbers are kept this far from 0 and 1, where inverse distribution functions end.
_EDGE = 1e-10
#: Beyond so many dimensions a Sobol sequence is no better than ordinary uniform numbers.
_MOST_DIMENSIONS = 1000
#: Cells that draws may hold at once.
_MOST_CELLS = 2**26
#: Draws at the least.
_FEWEST = 2**8
#: So many arrays of draws are kept while slopes are taken.
_KEPT = 400


def from_normal(parameter: Parameter, prior: Prior, coords: Mapping[str, tuple[str, ...]], z: np.ndarray) -> np.ndarray:
    """Turn standard normal numbers into draws of a parameter, before a learned scale stretches them.

    Parameters
    ----------
    z
        Shape (draws, *dims).

    Returns
    -------
    ndarray
        Shape (draws, *dims).
    """
    return parameter.centred(prior.from_normal(z, parameter.states(coords), parameter.name))


@dataclass(frozen=True)
class SmoothDraws:
    """Prior draws of a network, in which the parameters of some nodes follow their priors smoothly.

    Parameters
    ----------
    network
        The network.
    parameters
        Those of the nodes in question.
    coords
        Coordinates of their dims.
    normal
        Parameter, group effect or table of pooled rows -> standard normal numbers, shape (draws, *dims).
    """

    network: Network
    parameters: Mapping[str, Parameter]
    coords: Mapping[str, tuple[str, ...]]
    normal: Mapping[str, np.ndarray]
    _made: dict[tuple[str, Prior], np.ndarray] = field(default_factory=dict)

    @classmethod
    def of(cls, network: Network, nodes: frozenset[str], *, seed: int, draws: int) -> SmoothDraws:
        """Take the ranks of the normal numbers from a scrambled Sobol sequence (Owen 1998†).

        Parameters
        ----------
        nodes
            Whose tables will be asked for.
        draws
            A power of two; fewer are made where the tables are very large.
        """
        from scipy.special import ndtri
        from scipy.stats import qmc

        coords = parameter_coords(network, dict.fromkeys(network.group_columns, ()))
        chosen = [name for name in network.names if name in nodes]
        parameters = {parameter.name: parameter for parameter in network_parameters(network, chosen)}
        shapes = {name: tuple(len(coords[dim]) for dim in one.dims) for name, one in parameters.items()}
        for name in chosen:
            shapes |= {f"{name}.{group.name}": (1,) for group in network[name].groups}
        shapes |= {stored_table(network, name): network.shape(name) for name in rows_learned(network, chosen)}
        sizes = [int(np.prod(shape, dtype=int)) for shape in shapes.values()]
        while draws * sum(sizes) > _MOST_CELLS and draws > _FEWEST:
            draws //= 2
        rng = np.random.default_rng(seed)
        few = sum(sizes) <= _MOST_DIMENSIONS
        points = qmc.Sobol(sum(sizes), rng=rng).random(draws) if few else rng.random((draws, sum(sizes)))
        points = ndtri(points.clip(_EDGE, 1 - _EDGE))
        parts = np.split(points, np.cumsum(sizes)[:-1], axis=1)
        normal = {
            name: part.reshape((draws, *shape)) for (name, shape), part in zip(shapes.items(), parts, strict=True)
        }
        return cls(network, parameters, coords, normal)

    def first(self, draws: int) -> SmoothDraws:
        """The first of the draws, which are spread as evenly where they are a power of two."""
        return replace(self, normal={name: z[:draws] for name, z in self.normal.items()}, _made={})

    def at(self, sets: Sequence[Mapping[str, Prior]]) -> Posterior:
        """Draws under several sets of priors of the parameters that follow, as a posterior of a chain for each set."""
        found = [self._values(priors) for priors in sets]
        values = {name: np.stack([values[name] for values in found]) for name in found[0]}
        # Of an effect on other nodes only, a query asks no more than whether it knows the member.
        idle = {f"{node.name}.{group.name}": group.name for node in self.network.nodes for group in node.groups}
        size = values[next(iter(values))].shape[:2]
        values |= {name: np.zeros((*size, 1)) for name in idle if name not in values}
        dims = self._dims
        variables = {name: xr.Variable(("chain", "draw", *dims[name]), x) for name, x in values.items()}
        tree = draws_tree({"posterior": xr.Dataset(variables, self._labels)})
        return Posterior(self.network, tree)

    def values(self, sets: Sequence[Mapping[str, Prior]]) -> dict[str, np.ndarray]:
        """The same as plain arrays, shape (*dims, sets * draws), one set after another."""
        found = [self._values(priors) for priors in sets]
        return {
            name: np.ascontiguousarray(np.moveaxis(np.concatenate([values[name] for values in found]), 0, -1))
            for name in found[0]
        }

    @cached_property
    def _dims(self) -> dict[str, tuple[str, ...]]:
        """Dims of everything that stands in the draws, idle effects among them."""
        dims = {name: parameter.dims for name, parameter in self.parameters.items()}
        dims |= {f"{node.name}.{group.name}": (group.name,) for node in self.network.nodes for group in node.groups}
        learned = rows_learned(self.network, self.nodes)
        return dims | {stored_table(self.network, node): self.network.dims(node) for node in learned}

    @cached_property
    def _labels(self) -> xr.Coordinates:
        """Labels of all dims, which are made once for all draws: indexes take longer than most questions."""
        return xr.Coordinates({dim: list(self.coords[dim]) for own in self._dims.values() for dim in own})

    @property
    def size(self) -> int:
        """Number of draws."""
        return len(next(iter(self.normal.values())))

    @property
    def cells(self) -> int:
        """Number of cells of one set of draws."""
        return sum(z.size for z in self.normal.values())

    @cached_property
    def nodes(self) -> tuple[str, ...]:
        """Nodes whose parameters follow."""
        owners = (node_of(self.network, parameter) for parameter in self.parameters)
        return tuple(dict.fromkeys(node for node in owners if node is not None))

    def _values(self, priors: Mapping[str, Prior]) -> dict[str, np.ndarray]:
        """Draws of everything that follows, shape (draws, *dims)."""
        values: dict[str, np.ndarray] = {}
        for name, parameter in self.parameters.items():  # after those that it is scaled by
            stated = self._draws(name, priors[name])
            values[name] = parameter.stretched(stated, priors[name], self.coords, values)
        for node in self.nodes:
            for group in self.network[node].groups:
                name = f"{node}.{group.name}"
                values[name] = values[f"{name}_sd"][:, None] * self.normal[name]
        for node in rows_learned(self.network, self.nodes):
            name = stored_table(self.network, node)
            alpha, z = self.network.family(node).row_alpha(values, self.network.local(node)), self.normal[name]
            values[name] = simplex_from_normal(z, alpha.reshape((len(z), *(1 for _ in z.shape[2:]), -1)))
        return values

    def _draws(self, name: str, prior: Prior) -> np.ndarray:
        """Draws of one parameter; one number changes at a time while slopes are taken, so most are made already."""
        if (name, prior) not in self._made:
            if len(self._made) > _KEPT:
                self._made.clear()
            self._made[name, prior] = from_normal(self.parameters[name], prior, self.coords, self.normal[name])
        return self._made[name, prior]
