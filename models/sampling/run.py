"""Inputs of a fit, checked and coded, and how it is to be sampled."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np
import xarray as xr

from ...common.errors import Fault, raise_faults
from ...common.progress import Progress
from ..cases.count import count_cases
from ..cases.encode import MISSING, Cases, encode
from ..cases.patterns import Patterns, find_patterns
from ..errors import DataError, PriorError, wrong_kinds
from ..inference.contract import processors
from ..network.network import Network
from ..network.parameters import check_priors, check_size, narrowed, parameter_coords
from ..parameters.prior_set import PriorSet
from ..seeds import seed_complaint


@dataclass(frozen=True)
class Sampling:
    """Seed, lengths and tuning of what is sampled; the defaults are those of `servanda.models.fit`.

    Parameters
    ----------
    seed
        Same seed, same machine, same numbers.
    draws, tune, chains
        Kept draws and warm-up draws of each chain, and chains.
    thin
        Every `thin`-th draw is kept.
    target_accept
        Acceptance rate that NUTS adapts to, between 0 and 1.
    exact
        Whether blocks whose posterior is known in closed form are drawn from it.
    cores
        Processes for NUTS; None takes as many as there are chains and processors. No number depends on it.

    Examples
    --------
    >>> Sampling(seed=1, draws=200).settings
    {'seed': 1, 'draws': 200, 'tune': 300, 'chains': 4, 'thin': 1, 'target_accept': 0.8, 'exact': True}
    """

    seed: int
    draws: int = 1000
    tune: int = 300
    chains: int = 4
    thin: int = 1
    target_accept: float = 0.8
    exact: bool = True
    cores: int | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """All that numbers depend on, by name: what a fit takes as keywords."""
        return {name: value for name, value in asdict(self).items() if name != "cores"}

    @property
    def workers(self) -> int:
        """Processes for the chains."""
        return min(self.chains, self.cores or processors())

    @property
    def iterations(self) -> int:
        """Draws of all chains together, warm-up and thinned ones included."""
        return self.chains * (self.draws * self.thin + self.tune)

    def of_stream(self, stream: np.random.SeedSequence) -> Sampling:
        """The same with the seed of one of several streams."""
        return replace(self, seed=int(stream.generate_state(1)[0]))

    def check(self) -> None:
        """Raise where a number cannot be.

        Raises
        ------
        DataError
            Listing every number that is too small or too large.
        """
        least = {"draws": 1, "tune": 0, "chains": 1, "thin": 1} | ({} if self.cores is None else {"cores": 1})
        given = {name: getattr(self, name) for name in least}
        faults = [
            Fault(name, f"must be a whole number of {least[name]} or more, not {value!r}")
            for name, value in given.items()
            if not isinstance(value, Integral) or value < least[name]
        ]
        if complaint := seed_complaint(self.seed):
            faults.insert(0, Fault("seed", complaint))
        if not 0 < self.target_accept < 1:
            faults.append(Fault("target_accept", f"must lie between 0 and 1, not {self.target_accept}"))
        raise_faults("fit", faults, DataError)


@dataclass(frozen=True)
class FitInputs:
    """What every block of one fit is drawn from, and how.

    Parameters
    ----------
    network, cases, priors
        The structure, the coded data, and the priors; None takes each family's defaults.
    patterns
        `find_patterns` of network and cases.
    sampling
        How blocks are sampled.
    """

    network: Network
    cases: Cases
    patterns: Patterns
    priors: PriorSet | None
    sampling: Sampling

    @property
    def coords(self) -> dict[str, tuple[str, ...]]:
        """Coordinates of every dim a parameter can have."""
        return parameter_coords(self.network, self.cases.levels)


def fit_inputs(
    network: Network,
    cases: Any,
    priors: PriorSet | None,
    sampling: Sampling,
    *,
    unobserved: str | Iterable[str] = (),
    strict: bool = False,
    progress: bool | Progress | None = False,
) -> FitInputs:
    """Inputs of a fit, checked, with the cases coded. Nodes that nobody observed are declared latent in the network.

    The priors are those that the network has parameters for; see `servanda.models.network.parameters.narrowed`.

    Raises
    ------
    DataError, PriorError
        As `servanda.models.fit` says.
    """
    sampling.check()
    raise_faults("fit", wrong_kinds({"network": (network, Network)}), DataError)
    _check_kind(priors)
    network = network.with_latent(unobserved)
    coded = as_cases(network, cases, strict=strict, progress=progress)
    coords = parameter_coords(network, coded.levels)
    check_size(network, coords, sampling.chains * sampling.draws)
    check_priors(network, priors, coords)
    raise_faults(f"priors {priors.name if priors else ''}", counted_twice(priors, coded.data_sets), PriorError)
    return FitInputs(network, coded, find_patterns(network, coded), narrowed(network, priors), sampling)


def _check_kind(priors: object) -> None:
    if priors is not None and not isinstance(priors, PriorSet):
        what = f"is no prior set but a {type(priors).__name__}; fit under one set"
        mixture = "; for a panel as a mixture, give that fit and the pool to servanda.analysis.ask_panel"
        raise PriorError("fit", [Fault("priors", what + mixture)])


def counted_twice(priors: PriorSet | None, data_sets: Collection[str]) -> list[Fault]:
    """List data sets from which both priors and cases were made."""
    both = [name for name in (priors.based_on if priors else ()) if name in data_sets]
    what = "the cases come from this data set too, which would be counted twice; take a set that is not based on it"
    return [Fault(f"based on {name}", what) for name in both]


def as_cases(network: Network, cases: Any, *, strict: bool = False, progress: bool | Progress | None = False) -> Cases:
    """Coded cases of what was given: coded already, in a table of any kind, or in a file.

    Raises
    ------
    DataError
        As `encode` and `count_cases`; or cases that were coded by another network.
    """
    if isinstance(cases, Cases):
        raise_faults("cases", _unfit(network, cases), DataError)
        return cases
    if isinstance(cases, str | os.PathLike):
        return count_cases(network, cases, strict=strict, progress=progress)
    return encode(network, cases, strict=strict)


def _unfit(network: Network, cases: Cases) -> Iterator[Fault]:
    """Say where coded cases are not those of a network: what it does not have cannot be told from what is blank."""
    again = "code them again by this network"
    for node in network.nodes:
        codes = cases.codes.get(node.name)
        if codes is None:
            yield Fault(f"node {node.name}", f"was not coded; {again}")
        elif len(codes) and (codes.max() >= len(node.states) or codes.min() < MISSING):
            yield Fault(f"node {node.name}", f"has codes that are none of its {len(node.states)} states; {again}")
        elif node.latent and (codes != MISSING).any():
            yield Fault(f"node {node.name}", f"is said to be latent, and cases show it; {again}, or do not say so")
    for group in network.group_columns:
        if group not in cases.members:
            yield Fault(f"group {group}", f"was not coded; {again}")


def labelled(x: np.ndarray, dims: tuple[str, ...], coords: Mapping[str, tuple[str, ...]]) -> xr.DataArray:
    """Draws of shape (chains, draws, *dims) with their dims named."""
    sizes = {"chain": np.arange(x.shape[0]), "draw": np.arange(x.shape[1])}
    return xr.DataArray(x, dims=("chain", "draw", *dims), coords=sizes | {dim: list(coords[dim]) for dim in dims})
