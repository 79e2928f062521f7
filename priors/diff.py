"""Differences between two prior sets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..common.errors import Fault, raise_faults
from ..common.printed import PrintedTable, printed_table
from ..common.show import Shown, View
from ..models.errors import PriorError, wrong_kinds
from ..models.network.parameters import network_parameters
from ..models.network.toml import as_network
from ..models.parameters.prior_set import PriorEntry, PriorSet
from .files.load import Priors, as_priors

if TYPE_CHECKING:
    import pandas as pd

    from ..models.network.network import Network
    from ..models.parameters.parameter import Parameter

_NOTHING = "-"


@dataclass(frozen=True, repr=False)
class PriorDiff(Shown):
    """Differences between two prior sets.

    Parameters
    ----------
    one, other
        Names of the sets.
    changed
        Parameter (or pattern) -> the entries of the two; None where a set has none.
    parameters
        Those of the network, where one was given: they say whose spreads are relative to a learned scale.

    Examples
    --------
    >>> from servanda.models import Prior
    >>> flat, sure = (
    ...     PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=a)}, name=n)
    ...     for n, a in (("flat", 1), ("sure", 5))
    ... )
    >>> found = prior_diff(flat, sure)
    >>> found.one, found.other, list(found.changed)
    ('flat', 'sure', ['*'])
    """

    one: str
    other: str
    changed: dict[str, tuple[PriorEntry | None, PriorEntry | None]]
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.changed)

    @property
    def table(self) -> pd.DataFrame:
        """One row a parameter: the distribution in either set, and why in either."""
        import pandas as pd

        names = list(self.changed)
        sides = {self.one: [a for a, _ in self.changed.values()], self.other: [b for _, b in self.changed.values()]}
        shown = {name: list(map(self._shown, names, entries)) for name, entries in sides.items()}
        why = {f"why {name}": list(map(_reason, entries)) for name, entries in sides.items()}
        return pd.DataFrame(shown | why, index=pd.Index(names, name="parameter"))

    @property
    def printed(self) -> PrintedTable:
        """The table as journals print it."""
        return printed_table(self.table)

    def _view(self) -> View:
        if not self.changed:
            return View(str(self))
        return View(f"{self.one} and {self.other} differ in {len(self)} priors", table=self.table)

    def __str__(self) -> str:
        if not self.changed:
            return f"{self.one} and {self.other} state the same."
        pairs = {name: [self._shown(name, entry) for entry in entries] for name, entries in self.changed.items()}
        return "\n".join(f"{name}: {a} -> {b}" for name, (a, b) in pairs.items())

    def _shown(self, name: str, entry: PriorEntry | None) -> str:
        if entry is None:
            return _NOTHING
        return self.parameters[name].words(entry.prior) if name in self.parameters else str(entry.prior)


def prior_diff(one: Priors, other: Priors, network: Network | str | os.PathLike[str] | None = None) -> PriorDiff:
    """Tell where two prior sets differ.

    Parameters
    ----------
    one, other
        The sets, under different names: a set, its name or its file.
    network
        A network, its name or its file. Where it is given, what counts is the prior that each of its parameters gets,
        by name or by pattern; else the entries as they are written.

    Returns
    -------
    PriorDiff
        Print it, or take its ``table``. Reasons alone make no difference.

    Raises
    ------
    PriorError
        If both sets have one name, by which nobody could tell them apart, or one is no prior set.

    Examples
    --------
    >>> print(prior_diff("literature", "cheap_talk"))
    compliance.guarantors: normal(mu=0, sigma=0.7) -> normal(mu=0, sigma=0.05)
    compliance.enforcement: normal(mu=[none: -0.3, consultation: -0.3, inspection: 0.1, sanctions: 0, snapback: 0, \
military_pledge: 0.1, deployed_forces: 0.4], sigma=0.4) -> normal(mu=0, sigma=0.1)
    compliance.monitoring: normal(mu=0.5, sigma=0.4) -> normal(mu=0, sigma=0.1)
    """
    one, other = as_priors(one), as_priors(other)
    raise_faults("difference", wrong_kinds({"one": (one, PriorSet), "other": (other, PriorSet)}), PriorError)
    if one.name == other.name:
        raise PriorError("difference", [Fault(one.name, "is the name of both sets; rename one")])
    if network is None:
        names = list(dict.fromkeys(entry.parameter for priors in (one, other) for entry in priors.entries))
        found, parameters = {name: (_stated(one, name), _stated(other, name)) for name in names}, {}
    else:
        parameters = {parameter.name: parameter for parameter in network_parameters(as_network(network))}
        found = {name: (p.entry(one), p.entry(other)) for name, p in parameters.items()}
    changed = {name: (a, b) for name, (a, b) in found.items() if _prior(a) != _prior(b)}
    return PriorDiff(one.name, other.name, changed, parameters)


def _stated(priors: PriorSet, name: str) -> PriorEntry | None:
    return next((entry for entry in reversed(priors.entries) if entry.parameter == name), None)


def _prior(entry: PriorEntry | None) -> object:
    return None if entry is None else entry.prior


def _reason(entry: PriorEntry | None) -> str:
    return "" if entry is None else entry.reason


__all__ = ["PriorDiff", "prior_diff"]
