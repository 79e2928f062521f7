"""Log-posterior density of a block of nodes and its gradient, in compiled loops that serve every network.

What differs between networks is data (`Program`), not code: which parameters there are, how terms make effects of
them, which effects bear on which row. So the loops are compiled by Numba once on a machine, and a new network, prior
or theory costs no compilation at all. `servanda.models.sampling.pymc_model` gives the same density to PyMC and judges
this one.

A block serves when the family of each of its nodes can write its rows (`servanda.models.families.rows`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ..cases.encode import Cases
from ..cases.patterns import Patterns
from ..network.network import Network
from ..network.parameters import network_parameters
from ..parameters.prior_set import PriorSet
from .program import SPREAD, Program, write_program
from .transforms import LOG, POOLED, POOLED_OUT, RAMP
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

    @property
    def learns_scales(self) -> bool:
        """Whether the spread of some unknowns is an unknown itself."""
        return bool(np.isin(self.layout.segments[:, 0], (LOG, RAMP, POOLED, POOLED_OUT)).any() or self.layout.scaled)

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
        value = _loops().log_density(np.ascontiguousarray(x, np.float64), self.program, gradient)
        return value + self.layout.constant, gradient

    def constrain(self, x: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Bring draws back to the parameters' own scales, and draw the members that are integrated out.

        Parameters
        ----------
        x
            Shape (..., size).
        rng
            What these members are drawn by, given the rest.

        Returns
        -------
        dict
            Parameter -> shape (..., *dims); group effects, in units of their spread, of all members.
        """
        found = self.layout.constrain(x)
        flat = np.ascontiguousarray(x, np.float64).reshape(-1, self.size)
        nodes = np.flatnonzero(self.program.nodes[:, SPREAD] >= 0)
        for node, (name, which) in zip(nodes, self.layout.integrated.items(), strict=True):
            # Those that no case saw are as likely as before.
            units = rng.standard_normal((len(flat), len(which)))
            units[:, ~which] = found[name].reshape(len(flat), -1)
            _loops().draw_members(flat, self.program, node, rng, units)
            found[name] = units.reshape((*x.shape[:-1], len(which)))
        return found


def has_gradient(network: Network, nodes: tuple[str, ...], priors: PriorSet | None = None) -> bool:
    """Whether a block consists of nodes, and has priors, whose density the loops know.

    Examples
    --------
    >>> from servanda.models import load_network
    >>> network = load_network("guarantee")
    >>> has_gradient(network, ("guarantors", "compliance"))
    True
    """
    return next(reasons_against(network, nodes, priors), None) is None


def reasons_against(network: Network, nodes: tuple[str, ...], priors: PriorSet | None = None) -> Iterator[str]:
    """Say why the loops do not serve a block: each node whose rows, and each prior whose density, they do not know.

    Examples
    --------
    >>> from servanda.models import load_network
    >>> list(reasons_against(load_network("guarantee"), ("guarantors", "compliance")))
    []
    """
    for name in nodes:
        family, local = network.family(name), network.local(name)
        learned = family.learns_rows(local) and family.pooled_by(local) is None
        if learned or not family.in_loops(local):
            yield f"the compiled loops do not know the family '{network[name].family}' of '{name}'"
    for parameter in network_parameters(network, nodes):
        prior = parameter.prior(priors)
        if prior.kind.loop_code is None:
            yield f"the compiled loops do not know the prior {prior} of '{parameter.name}'"


def make_density(
    network: Network,
    cases: Cases,
    patterns: Patterns,
    priors: PriorSet | None,
    nodes: tuple[str, ...],
    *,
    integrate: bool = True,
) -> Density:
    """Write down a block for the compiled loops.

    Parameters
    ----------
    network, cases, patterns, priors
        As in `servanda.models.pymc_model`.
    nodes
        The block; nodes tied by missing cells belong together.
    integrate
        Whether members that few cases saw are integrated out (`servanda.models.density.members`); else the effects of
        all are unknowns.
    """
    layout = make_layout(network, cases, patterns, priors, nodes, integrate=integrate)
    return Density(layout, write_program(network, patterns, nodes, layout))


@cache
def _loops() -> Any:
    from . import loops  # imports Numba

    return loops
