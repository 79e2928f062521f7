"""Log-posterior density of a block of nodes and its gradient, in compiled loops that serve every network.

What differs between networks is data (`Program`), not code: which parameters there are, how terms make effects of
them, which effects bear on which row. So the loops are compiled by Numba once on a machine, and a new network, prior
or theory costs no compilation at all. `servanda.models.sampling.pymc_model` gives the same density to PyMC and judges
this one.

A block serves when the family of each of its nodes can write its rows (`servanda.models.families.rows`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ..cases.encode import Cases
from ..cases.patterns import Patterns
from ..network.network import Network
from ..network.parameters import network_parameters
from ..parameters.prior_set import PriorSet
from .program import Program, write_program
from .unconstrained import Layout, make_layout


@dataclass(frozen=True)
class Density:
    """The log-posterior density of a block, on the real line for each unknown.

    Parameters
    ----------
    layout
        Where each parameter stands, and how draws get back to their own scale.
    program
        What the loops are told.
    """

    layout: Layout
    program: Program

    @property
    def size(self) -> int:
        """Number of unknowns."""
        return self.layout.size

    def __call__(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        """Log density, normalised but for the evidence, and its gradient.

        Parameters
        ----------
        x
            Shape (size,).

        Returns
        -------
        float, ndarray
            The density includes the Jacobian of the transforms, so that it integrates over `x` to the marginal
            likelihood.
        """
        gradient = np.empty(self.size)
        value = _loops()(np.ascontiguousarray(x, np.float64), self.program, gradient)
        return value + self.layout.constant, gradient


def has_gradient(network: Network, nodes: tuple[str, ...], priors: PriorSet | None = None) -> bool:
    """Whether a block consists of nodes, and has priors, whose density the loops know.

    Examples
    --------
    >>> from servanda.models import load_network
    >>> network = load_network("guarantee")
    >>> has_gradient(network, ("guarantors", "compliance"))
    True
    """
    if not all(network.family(name).in_loops(network.local(name)) for name in nodes):
        return False
    stated = (parameter.prior(priors) for parameter in network_parameters(network, nodes))
    return all(prior.kind.loop_code is not None for prior in stated)


def make_density(
    network: Network, cases: Cases, patterns: Patterns, priors: PriorSet | None, nodes: tuple[str, ...]
) -> Density:
    """Write down a block for the compiled loops.

    Parameters
    ----------
    network, cases, patterns, priors
        As in `servanda.models.pymc_model`.
    nodes
        The block; nodes tied by missing cells belong together.
    """
    layout = make_layout(network, cases, priors, nodes)
    return Density(layout, write_program(network, patterns, nodes, layout))


@cache
def _loops() -> Any:
    from .loops import log_density  # imports Numba

    return log_density
