"""A number that can be asked of any posterior of a network: a probability, or a difference of two."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import xarray as xr

from ...common.errors import Fault, nearest, raise_faults
from ...common.show import Shown, View
from ..errors import QueryError
from ..families.regression import explained_name
from ..inference.question import check_question, relevant
from ..names import name_in
from ..network.network import Network
from ..network.parameters import network_parameters
from ..posterior import Posterior
from .answers import joint_distribution
from .evidence import GivenEvidence, resolve_evidence, split_interventions
from .labels import in_words


@dataclass(frozen=True, repr=False)
class Quantity(Shown):
    """The probability that a node is in some states in a described case, or how much an intervention changes it.

    Parameters
    ----------
    target
        The node.
    states
        Its states whose probabilities are added up.
    given
        Observed node -> state.
    do
        Node set from outside -> state, or a probability of each state.
    against
        Where it is stated, the quantity is the difference to the same case with this done instead.
    members
        Group effect -> member, e.g. ``{"actor": "USA"}``.

    Examples
    --------
    >>> import xarray as xr
    >>> from servanda.models import Arrow, Network, Node, Posterior, chance_of
    >>> network = Network((Node("rain", ("no", "yes")), Node("wet", ("no", "yes"), (Arrow("rain"),))))
    >>> tables = {
    ...     "rain": xr.DataArray([0.8, 0.2], dims="rain"),
    ...     "wet": xr.DataArray([[0.9, 0.1], [0.2, 0.8]], dims=("rain", "wet")),
    ... }
    >>> asked = chance_of("wet", "yes", do={"rain": "yes"}, against={"rain": "no"})
    >>> asked.is_difference, asked.draws(Posterior.from_tables(network, tables)).round(2).item()
    (True, 0.7)
    """

    target: str
    states: tuple[str, ...]
    given: Mapping[str, Any]
    do: Mapping[str, Any]
    against: Mapping[str, Any] | None
    members: Mapping[str, Any]

    @property
    def is_difference(self) -> bool:
        """Whether it is a difference of two probabilities rather than one."""
        return self.against is not None

    @property
    def is_probability(self) -> bool:
        """Whether it is a probability, of which a likelihood word can be said."""
        return not self.is_difference

    @property
    def unit(self) -> str:
        """What it counts, for the axis of a figure."""
        return "probability"

    @property
    def sides(self) -> tuple[tuple[float, Quantity], ...]:
        """The probabilities that it adds up, each with its sign."""
        first = (1.0, replace(self, against=None))
        return (first,) if self.against is None else (first, (-1.0, replace(self, do=self.against, against=None)))

    def draws(self, posterior: Posterior) -> xr.DataArray:
        """Its value in every draw, dims (chain, draw).

        Raises
        ------
        QueryError
            As `servanda.analysis.probability`.
        """
        found = self._probability(posterior, self.do)
        return found if self.against is None else found - self._probability(posterior, self.against)

    def in_numbers(self, posterior: Posterior) -> tuple[GivenEvidence, ...]:
        """The question of each of its sides in numbers; see `servanda.models.questions.prepared`.

        Raises
        ------
        QueryError
            As `draws`.
        """
        raise_faults("question", self.faults(posterior.network), QueryError)
        sides = (side for _, side in self.sides)
        return tuple(resolve_evidence(posterior, (self.target,), one.given, one.do, one.members) for one in sides)

    def put_together(self, answers: Sequence[np.ndarray], values: Mapping[str, np.ndarray]) -> np.ndarray:  # noqa: ARG002
        """Its value in every draw, from the probabilities that answer its sides.

        Parameters
        ----------
        answers
            Of each side, shape (draws,).
        values
            Parameter -> draws, shape ``(*dims, draws)``.
        """
        return np.sum([sign * found for (sign, _), found in zip(self.sides, answers, strict=True)], axis=0)

    def _probability(self, posterior: Posterior, do: Mapping[str, Any]) -> xr.DataArray:
        answer = joint_distribution(resolve_evidence(posterior, (self.target,), self.given, do, self.members))
        own = name_in(answer.dims, self.target)
        return answer.sel({own: list(self.states)}).sum(own)

    def nodes(self, network: Network) -> frozenset[str]:
        """Nodes whose tables it depends on."""
        sides = (self.do,) if self.against is None else (self.do, self.against)
        return frozenset(name for do in sides for name in self._nodes(network, do))

    def _nodes(self, network: Network, do: Mapping[str, Any]) -> list[str]:
        faults: list[Fault] = []
        done, drawn = split_interventions(network, do, faults)
        form = check_question(network, (self.target,), self.given, done).form
        raise_faults("question", faults, QueryError)
        return [name for name in relevant(network.without_parents(drawn), form) if name not in drawn]

    def faults(self, network: Network) -> list[Fault]:
        """Parts of it that a network does not have."""
        try:
            self.nodes(network)
        except QueryError as error:
            return list(error.faults)
        known = network[self.target].states
        return [
            Fault("", f"{self.target} has no state '{state}'{nearest(state, known)}")
            for state in self.states
            if state not in known
        ]

    def words(self, network: Network) -> str:
        """Notation of it, as it is written on paper."""

        def one(do: Mapping[str, Any]) -> str:
            target = (f"{self.target} = {' or '.join(self.states)}",)
            return in_words(network, target, self.given, do, self.members)

        return one(self.do) if self.against is None else f"{one(self.do)} - {one(self.against)}"

    def _view(self) -> View:
        sides = [_side(self.do), *([] if self.against is None else [_side(self.against)])]
        facts = {
            "kind": "difference of two probabilities" if self.is_difference else self.unit,
            **({"given": _side(self.given)} if self.given else {}),
            **({"done": " against ".join(side or "nothing" for side in sides)} if any(sides) else {}),
            **{name: member for name, member in self.members.items() if member is not None},
        }
        return View(self._head(), facts)

    def _head(self) -> str:
        return f"P({self.target} = {' or '.join(self.states)})"


def _side(stated: Mapping[str, Any]) -> str:
    """What is given or done, in words."""
    return ", ".join(f"{name} = {value}" for name, value in stated.items())


def chance_of(
    target: str,
    states: str | Iterable[str],
    given: Mapping[str, Any] | None = None,
    do: Mapping[str, Any] | None = None,
    *,
    against: Mapping[str, Any] | None = None,
    **members: Any,
) -> Quantity:
    """Quantity to be asked of posteriors: a probability, or a difference of two.

    Parameters
    ----------
    target, states, given, do, against
        As in `Quantity`; one state or several.
    **members
        As in `servanda.analysis.probability`.

    Returns
    -------
    Quantity

    Examples
    --------
    >>> import xarray as xr
    >>> from servanda.models import Arrow, Network, Node, Posterior
    >>> network = Network((Node("rain", ("no", "yes")), Node("wet", ("no", "yes"), (Arrow("rain"),))))
    >>> tables = {"rain": xr.DataArray([0.8, 0.2], dims="rain"),
    ...           "wet": xr.DataArray([[0.9, 0.1], [0.2, 0.8]], dims=("rain", "wet"))}
    >>> posterior = Posterior.from_tables(network, tables)
    >>> effect = chance_of("wet", "yes", do={"rain": "yes"}, against={"rain": "no"})
    >>> effect.words(network), round(effect.draws(posterior).item(), 3)
    ('P(wet = yes | do(rain = yes)) - P(wet = yes | do(rain = no))', 0.7)
    """
    chosen = (states,) if isinstance(states, str) else tuple(str(state) for state in states)
    return Quantity(
        target, chosen, dict(given or {}), dict(do or {}), None if against is None else dict(against), members
    )


@dataclass(frozen=True, repr=False)
class ExplainedShare(Quantity):
    """The share of a node's variation, on the latent logit scale, that its parents explain together.

    It is a parameter of nodes that shrink their effects (option `shrinkage`) and no probability of a case.

    Parameters
    ----------
    target
        The node.
    """

    states: tuple[str, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)
    do: Mapping[str, Any] = field(default_factory=dict)
    against: Mapping[str, Any] | None = None
    members: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_probability(self) -> bool:
        """Whether it is a probability: it is not."""
        return False

    @property
    def unit(self) -> str:
        """What it counts."""
        return "share of the variation"

    def _head(self) -> str:
        return f"share of the variation of {self.target} that its parents explain"

    def draws(self, posterior: Posterior) -> xr.DataArray:
        """Its value in every draw, dims (chain, draw)."""
        raise_faults("question", self.faults(posterior.network), QueryError)
        return posterior.draws[explained_name(self.target)].transpose("chain", "draw")

    def in_numbers(self, posterior: Posterior) -> tuple[GivenEvidence, ...]:
        """Say so where a network has no such parameter; there is nothing else to ask."""
        raise_faults("question", self.faults(posterior.network), QueryError)
        return ()

    def put_together(self, answers: Sequence[np.ndarray], values: Mapping[str, np.ndarray]) -> np.ndarray:  # noqa: ARG002
        """Its value in every draw, shape (draws,)."""
        return values[explained_name(self.target)]

    def nodes(self, network: Network) -> frozenset[str]:
        """Nodes whose parameters it depends on."""
        return frozenset({network[self.target].name})

    def faults(self, network: Network) -> list[Fault]:
        """Say so where a network has no such parameter."""
        if self.target not in network:
            return [Fault(self.target, f"is no node{nearest(self.target, network.names)}")]
        known = {parameter.name for parameter in network_parameters(network, [self.target])}
        what = "learns no share that its parents explain; state options = { shrinkage = true }"
        return [] if explained_name(self.target) in known else [Fault(self.target, what)]

    def words(self, network: Network) -> str:
        """Notation of it, as it is written on paper."""
        return f"R2({network[self.target].name})"


def explained_share(node: str) -> Quantity:
    """How much of the variation of a node its parents explain, as a quantity to be asked of posteriors.

    Parameters
    ----------
    node
        One with the option `shrinkage`.

    Returns
    -------
    Quantity
        Between 0 and 1, on the latent logit scale.

    Examples
    --------
    >>> from servanda.models import Arrow, Network, Node
    >>> from servanda.models.sampling.prior_draws import prior_draws
    >>> kept = Node("kept", ("no", "yes"), (Arrow("era"),), "ordinal", ordered=True, options=(("shrinkage", True),))
    >>> network = Network((Node("era", ("cold war", "after")), kept))
    >>> believed = explained_share("kept").draws(prior_draws(network, seed=1))
    >>> round(float(believed.mean()), 2)
    0.25
    """
    return ExplainedShare(node)


def check_quantities(network: Network, asked: Mapping[str, Quantity]) -> None:
    """Raise a QueryError that lists what is wrong with every quantity."""
    faults = [] if asked else [Fault("questions", "there are none")]
    for label, one in asked.items():
        if not isinstance(one, Quantity):
            what = f"must be what servanda.analysis.chance_of gives, not a {type(one).__name__}"
            faults.append(Fault(f"question {label}", what))
            continue
        faults += [fault.within(f"question {label}") for fault in one.faults(network)]
    raise_faults("questions", faults, QueryError)
