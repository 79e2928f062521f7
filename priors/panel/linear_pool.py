"""A panel of experts, and what it believes as a true mixture: one of them is right, with some probability.

A mixture of whole prior sets has no prior for each parameter: which expert is right is one and the same for all of
them, so the parameters are dependent. Where experts are opposed it has two modes, and its spread holds both what each
is unsure of and what they disagree about.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.canvas import Look
from ...common.errors import Fault, nearest, raise_faults
from ...common.show import Shown, View
from ...models.errors import PriorError, wrong_kinds
from ...models.network.network import Network
from ...models.network.parameters import network_parameters, parameter_coords, prior_faults
from ...models.network.toml import as_network
from ...models.parameters.prior_set import PriorSet
from ...models.posterior import Posterior
from ...models.questions.quantity import Quantity, check_quantities
from ...models.sampling.prior_draws import prior_draws
from ...models.seeds import generator
from ...models.store import draws_tree
from ..files.load import Priors, as_priors
from .figure import pool_figure

if TYPE_CHECKING:
    from typing import Unpack

    import xarray as xr

    from ...common.figure_style import ShownFigure

#: How far from one weights may add up.
_TOLERANCE = 1e-8


@dataclass(frozen=True, repr=False)
class LinearPool(Shown):
    """The weighted mean of experts' densities.

    Parameters
    ----------
    network
        Whose parameters.
    experts
        Name -> prior set.
    weights
        Name -> weight; they add up to one.
    name
        Of the pool.

    Examples
    --------
    >>> from servanda.models import Network, Node, Prior
    >>> low, high = (PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=a)}) for a in ([8, 2], [2, 8]))
    >>> pool = linear_pool(
    ...     Network((Node("kept", ("no", "yes")),)), {"low": low, "high": high}, {"low": 0.25, "high": 0.75}
    ... )
    >>> dict(pool.weights)
    {'low': 0.25, 'high': 0.75}
    """

    network: Network
    experts: Mapping[str, PriorSet]
    weights: Mapping[str, float]
    name: str = "panel"

    def without(self, expert: str) -> LinearPool:
        """The panel without one of its experts, the others' weights scaled up.

        Raises
        ------
        PriorError
            If there is no such expert, or only one other.
        """
        experts, weights = _without(self.experts, self.weights, expert)
        return linear_pool(self.network, experts, weights, name=f"{self.name} without {expert}")

    def drawn(self, draw: Callable[[PriorSet, int, int], Posterior], *, seed: int, draws: int) -> Posterior:
        """Draws under each expert's set, as many as its weight says (rounded at random), in random order.

        Parameters
        ----------
        draw
            Given a set, a seed and how many draws to make.
        seed, draws
            Of the mixture.
        """
        import xarray as xr

        rng = generator(seed)
        # Systematic: an expert of weight w makes w times the draws, to within one.
        ends = np.cumsum([*self.weights.values()])
        ends[-1] = 1.0
        whose = np.searchsorted(ends, (np.arange(draws) + rng.random()) / draws, side="right")
        parts = []
        for place, priors in enumerate(self.experts.values()):
            own = int((whose == place).sum())
            if own:
                parts.append(draw(priors, int(rng.integers(2**31)), own))
        mixed = xr.concat([part.draws for part in parts], dim="draw").isel(draw=rng.permutation(draws))
        tree = draws_tree({"posterior": mixed.assign_coords(draw=np.arange(draws))})
        identity = {"seed": seed, "draws": draws, "priors": self.name, "weights": dict(self.weights), "cases": 0}
        return Posterior(parts[0].network, tree, None, identity)

    def log_density(self, draws: xr.Dataset) -> np.ndarray:
        """Logarithm of the density of the mixture.

        Parameters
        ----------
        draws
            Every parameter of the network, dims (chain, draw, ...).

        Returns
        -------
        ndarray
            Shape (chains, draws).
        """
        from scipy.special import logsumexp

        heard = [expert for expert, weight in self.weights.items() if weight > 0]
        coords = parameter_coords(self.network)
        total = np.zeros((len(heard), draws.sizes["chain"], draws.sizes["draw"]))
        parameters = network_parameters(self.network)
        values = {p.name: draws[p.name].transpose("chain", "draw", *p.dims).values for p in parameters}
        for parameter in parameters:
            for place, expert in enumerate(heard):
                total[place] += parameter.log_prior(values, self.experts[expert][parameter.name], coords)
        shares = np.array([self.weights[expert] for expert in heard])[:, None, None]
        return np.asarray(logsumexp(total, b=shares, axis=0))

    def plot(self, of: Quantity, *, seed: int, draws: int = 2000, **look: Unpack[Look]) -> ShownFigure:
        """Density of a quantity as each expert believes it, beside that of the pool.

        Parameters
        ----------
        of
            What is asked, from `servanda.analysis.chance_of`.
        seed, draws
            Of the prior draws of each expert.
        **look
            As `servanda.common.canvas.Look` says; names are those of experts and ``pool``.

        Raises
        ------
        QueryError
            Listing what the network does not have.
        """
        check_quantities(self.network, {"asked": of})
        drawn = {
            expert: of.draws(prior_draws(self.network, priors, seed=seed, draws=draws)).values.ravel()
            for expert, priors in self.experts.items()
        }
        span = (-1.0, 1.0) if of.is_difference else (0.0, 1.0)
        return pool_figure(drawn, self.weights, of.words(self.network), of.unit, span, look)

    def __str__(self) -> str:
        return f"{self.name}: " + " + ".join(f"{weight:g} {expert}" for expert, weight in self.weights.items())

    def _view(self) -> View:
        import pandas as pd

        rows = {name: {"weight": self.weights[name], "priors": priors.name} for name, priors in self.experts.items()}
        table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("expert")
        return View(f"Linear pool {self.name}: {len(rows)} experts on {self.network.name}", table=table)


def linear_pool(
    network: Network | str | os.PathLike[str],
    experts: Mapping[str, Priors],
    weights: Mapping[str, float] | None = None,
    name: str = "panel",
) -> LinearPool:
    """Pool prior sets linearly, as a true mixture.

    `servanda.priors.prior_predictive` draws from it, and `servanda.analysis.ask_panel` answers under it; a fit takes
    one set.

    Parameters
    ----------
    network
        Whose parameters: a network, its name or its file.
    experts
        Name -> prior set, its name or its file.
    weights
        Name -> weight; they add up to one. Equal by default; see `servanda.priors.score_weights`.
    name
        Of the pool.

    Returns
    -------
    LinearPool

    Raises
    ------
    PriorError
        Listing weights that are missing, negative or do not add up to one, and where an expert's set does not fit the
        network.

    Examples
    --------
    >>> from servanda.models import Network, Node, Prior, PriorSet
    >>> from servanda.priors import prior_predictive
    >>> network = Network((Node("kept", ("no", "yes")),))
    >>> low = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=[18, 2])})
    >>> high = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=[2, 18])})
    >>> panel = linear_pool(network, {"low": low, "high": high})
    >>> print(panel)
    panel: 0.5 low + 0.5 high
    >>> p = prior_predictive(network, panel, seed=1).table("kept").sel(kept="yes").values
    >>> round(float(((p > 0.3) & (p < 0.7)).mean()), 2)
    0.01
    """
    panel = Panel.of(network, experts, weights)
    return LinearPool(panel.network, panel.experts, panel.shares, name)


def leave_one_expert_out(
    network: Network | str | os.PathLike[str],
    experts: Mapping[str, Priors],
    weights: Mapping[str, float] | None = None,
    *,
    pool: Callable[..., Any] = linear_pool,
) -> dict[str, Any]:
    """Pool a panel without each of its experts in turn.

    Parameters
    ----------
    network, experts, weights
        As in `linear_pool`; three experts or more.
    pool
        `linear_pool` or `servanda.priors.logarithmic_pool`.

    Returns
    -------
    dict
        Expert -> what the others make together.

    Examples
    --------
    >>> panel = {name: name for name in ("literature", "institutionalist", "realist")}
    >>> for others in leave_one_expert_out("guarantee", panel).values():
    ...     print(others)
    without literature: 0.5 institutionalist + 0.5 realist
    without institutionalist: 0.5 literature + 0.5 realist
    without realist: 0.5 literature + 0.5 institutionalist
    """
    panel = Panel.of(network, experts, weights)
    if len(experts) < 3:
        raise PriorError("panel", [Fault("experts", "must be three or more, so that a panel is left without each")])
    if not callable(pool):
        raise PriorError("panel", [Fault("pool", f"must be linear_pool or logarithmic_pool, not {pool!r}")])
    found = {}
    for expert in experts:
        others, left = _without(panel.experts, panel.shares, expert)
        found[expert] = pool(panel.network, others, left, name=f"without {expert}")
    return found


def _without(
    experts: Mapping[str, PriorSet], weights: Mapping[str, float], expert: str
) -> tuple[dict[str, PriorSet], dict[str, float]]:
    if expert not in experts:
        raise PriorError("panel", [Fault("experts", f"there is no expert '{expert}'{nearest(expert, experts)}")])
    total = math.fsum(weight for name, weight in weights.items() if name != expert)
    if total <= 0:
        raise PriorError("panel", [Fault("weights", f"all are on {expert}, so that nothing is left without")])
    left = {name: weight / total for name, weight in weights.items() if name != expert}
    return {name: priors for name, priors in experts.items() if name != expert}, left


@dataclass(frozen=True)
class Panel:
    """A network, the prior sets of experts, and their weights, whatever of it was given by name.

    Parameters
    ----------
    network
        Whose parameters.
    experts
        Name -> prior set.
    shares
        Name -> weight; they add up to one.
    """

    network: Network
    experts: dict[str, PriorSet]
    shares: dict[str, float]

    @classmethod
    def of(
        cls,
        network: Network | str | os.PathLike[str],
        experts: Mapping[str, Priors],
        weights: Mapping[str, float] | None,
    ) -> Panel:
        """Values of what was given, with equal weights by default.

        Raises
        ------
        PriorError
            Listing what is wrong with the weights, and where an expert's set does not fit the network.
        """
        if not isinstance(experts, Mapping) or not isinstance(weights, Mapping | None):
            name, value = ("weights", weights) if isinstance(experts, Mapping) else ("experts", experts)
            what = f"must be a mapping by name of expert, not a {type(value).__name__}"
            raise PriorError("panel", [Fault(name, what)])
        network, sets = as_network(network), {expert: as_priors(priors) for expert, priors in experts.items()}
        faults = wrong_kinds({f"expert {expert}": (priors, PriorSet) for expert, priors in sets.items()})
        raise_faults("panel", faults, PriorError)
        faults = [Fault("experts", "must be two or more to be pooled")] if len(sets) < 2 else []
        stated = dict.fromkeys(sets, 1 / max(len(sets), 1)) if weights is None else dict(weights)
        faults += [Fault("weights", f"there is no expert '{n}'{nearest(n, sets)}") for n in stated if n not in sets]
        faults += [Fault("weights", f"lack one for {expert}") for expert in sets if expert not in stated]
        wrong = {n: w for n, w in stated.items() if not (isinstance(w, Real) and w >= 0)}
        faults += [Fault("weights", f"{n} has {w}; must be a number of 0 or more") for n, w in wrong.items()]
        if not faults and abs((total := math.fsum(stated.values())) - 1) > _TOLERANCE:
            faults.append(Fault("weights", f"add up to {total:g}; they must add up to 1"))
        coords = parameter_coords(network)
        for expert, priors in sets.items():
            faults += [fault.within(f"expert {expert}") for fault in prior_faults(network, priors, coords)]
        raise_faults("panel", faults, PriorError)
        return cls(network, sets, {expert: float(stated[expert]) for expert in sets})


__all__ = ["LinearPool", "leave_one_expert_out", "linear_pool"]
