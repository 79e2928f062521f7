"""Quantities put into numbers once, and asked at once of any draws of one network.

In a search, names and labels would take longer than the answers. Questions in which the same nodes are known are cases
of one table, so that what they have in common is worked out once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..inference.answers import distribution
from ..inference.tables import Evidence
from ..posterior import Posterior
from .evidence import GivenEvidence
from .quantity import Quantity


@dataclass(frozen=True)
class Prepared:
    """Some quantities in numbers.

    Parameters
    ----------
    quantities
        What is asked.
    states
        Quantity -> numbers of the states whose probabilities it adds up.
    places
        Quantity -> for each of its sides, the table and the case in it.
    tables
        Cases in which the same nodes are known; a table of one case has no dim for it.
    """

    quantities: tuple[Quantity, ...]
    states: tuple[tuple[int, ...], ...]
    places: tuple[tuple[tuple[int, int], ...], ...]
    tables: tuple[GivenEvidence, ...]

    @classmethod
    def of(cls, quantities: Sequence[Quantity], posterior: Posterior) -> Prepared:
        """Put quantities into numbers.

        Parameters
        ----------
        posterior
            Of the same network, with the same members, as the draws that they will be asked of.

        Raises
        ------
        QueryError
            As `Quantity.draws`.

        Examples
        --------
        >>> import xarray as xr
        >>> from servanda.models import Arrow, Network, Node, Posterior
        >>> from servanda.models.questions.quantity import chance_of
        >>> network = Network((Node("rain", ("no", "yes")), Node("wet", ("no", "yes"), (Arrow("rain"),))))
        >>> posterior = Posterior.from_tables(network, {
        ...     "rain": xr.DataArray([0.8, 0.2], dims="rain"),
        ...     "wet": xr.DataArray([[0.9, 0.1], [0.2, 0.8]], dims=("rain", "wet")),
        ... })
        >>> asked = Prepared.of([chance_of("wet", "yes", {"rain": "yes"}), chance_of("wet", "yes")], posterior)
        >>> [x.round(2).tolist() for x in asked.ask(posterior.values)]
        [[0.8], [0.24]]
        """
        kinds: list[list[GivenEvidence]] = []
        places = []
        for quantity in quantities:
            own = []
            for side in quantity.in_numbers(posterior):
                kind = next((place for place, known in enumerate(kinds) if _alike(known[0], side)), len(kinds))
                if kind == len(kinds):
                    kinds.append([])
                own.append((kind, len(kinds[kind])))
                kinds[kind].append(side)
            places.append(tuple(own))
        network = posterior.network
        states = (tuple(map(network[one.target].index, one.states)) for one in quantities)
        return cls(tuple(quantities), tuple(states), tuple(places), tuple(map(_as_cases, kinds)))

    def ask(self, values: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """Value of each quantity in every draw, shape (draws,) each.

        Parameters
        ----------
        values
            Parameter -> draws, shape (*dims, draws): of all that the answers depend on.
        """
        answers = []
        for table in self.tables:
            found = distribution(table.system.holding(values), table.form, table.evidence)
            answers.append(found if table.evidence.cases else found[:, None])
        found = []
        for quantity, states, places in zip(self.quantities, self.states, self.places, strict=True):
            sides = [answers[table][list(states), case].sum(axis=0) for table, case in places]
            found.append(quantity.put_together(sides, values))
        return found


def _alike(one: GivenEvidence, other: GivenEvidence) -> bool:
    """Whether two questions may be cases of one table."""
    return not one.drawn and not other.drawn and one.form == other.form


def _as_cases(sides: Sequence[GivenEvidence]) -> GivenEvidence:
    first = sides[0]
    if len(sides) == 1:
        return first
    fixed, members = (
        {name: np.array([own[name] for own in owns]) for name in owns[0]}
        for owns in ([side.evidence.fixed for side in sides], [side.evidence.members for side in sides])
    )
    return replace(first, evidence=Evidence(fixed, members, {}, len(sides)))
