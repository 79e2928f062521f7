"""Formulas of effects: sums, products and ratios of probabilities of observed nodes, to be read and to be computed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import mul
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr

type Names = tuple[str, ...]


@dataclass(frozen=True)
class Formula(ABC):
    """A function of a joint distribution of observed nodes."""

    @property
    @abstractmethod
    def free(self) -> frozenset[str]:
        """Nodes whose states it is a function of."""

    @property
    def factors(self) -> tuple[Formula, ...]:
        """Formulas whose product it is."""
        return (self,)

    @property
    def chances(self) -> tuple[Chance, ...]:
        """Itself, where it is a single probability."""
        return ()

    @property
    def unfolded(self) -> tuple[Names, Formula]:
        """Nodes that it sums over, and what it sums."""
        return (), self

    def summed(self, name: str) -> Formula | None:
        """Sum over the states of a node, where that is plain; None elsewhere."""
        del name
        return None

    @abstractmethod
    def value(self, joint: xr.DataArray, nodes: Collection[str]) -> xr.DataArray:
        """What it comes to in a joint distribution.

        Parameters
        ----------
        joint
            Has a dim for each of the nodes, and may have others, such as draws.
        nodes
            The observed nodes.
        """

    @abstractmethod
    def written(self, names: Mapping[str, str]) -> str:
        """Notation of it, with what each node is called there."""

    def bracketed(self, names: Mapping[str, str]) -> str:
        """The same as part of a product."""
        return f"[{self.written(names)}]"

    def __str__(self) -> str:
        return self.written({name: name for name in self.free})


@dataclass(frozen=True)
class Chance(Formula):
    """The probability of some nodes given others, P(names | given)."""

    names: Names
    given: Names = ()

    @property
    def free(self) -> frozenset[str]:
        """All its nodes."""
        return frozenset((*self.names, *self.given))

    @property
    def chances(self) -> tuple[Chance, ...]:
        """Itself."""
        return (self,)

    def summed(self, name: str) -> Formula | None:
        """The probability of the others."""
        if name not in self.names:
            return None
        left = tuple(own for own in self.names if own != name)
        return Chance(left, self.given) if left else ONE

    def value(self, joint: xr.DataArray, nodes: Collection[str]) -> xr.DataArray:
        """Sums of the joint distribution, one divided by the other."""
        both = joint.sum([name for name in nodes if name not in self.free])
        return both / both.sum(list(self.names))

    def written(self, names: Mapping[str, str]) -> str:
        """As on paper."""
        bar = " | " if self.given else ""
        return f"P({', '.join(names[n] for n in self.names)}{bar}{', '.join(names[n] for n in self.given)})"

    def bracketed(self, names: Mapping[str, str]) -> str:
        """It needs no brackets."""
        return self.written(names)


@dataclass(frozen=True)
class Product(Formula):
    """The product of some formulas; of none it is one."""

    parts: tuple[Formula, ...]

    @property
    def free(self) -> frozenset[str]:
        """The nodes of all."""
        return frozenset().union(*(part.free for part in self.parts))

    @property
    def factors(self) -> tuple[Formula, ...]:
        """Its parts."""
        return self.parts

    def value(self, joint: xr.DataArray, nodes: Collection[str]) -> xr.DataArray:
        """The product."""
        one = joint.sum(list(nodes)) * 0.0 + 1.0
        return reduce(mul, (part.value(joint, nodes) for part in self.parts), one)

    def written(self, names: Mapping[str, str]) -> str:
        """One behind the other."""
        return " ".join(part.bracketed(names) for part in self.parts) or "1"


#: The formula of what is certain.
ONE = Product(())


@dataclass(frozen=True)
class Total(Formula):
    """The sum of a formula over all states of some nodes."""

    over: Names
    of: Formula

    @property
    def free(self) -> frozenset[str]:
        """What is not summed over."""
        return self.of.free - set(self.over)

    @property
    def unfolded(self) -> tuple[Names, Formula]:
        """Its parts."""
        return self.over, self.of

    def value(self, joint: xr.DataArray, nodes: Collection[str]) -> xr.DataArray:
        """The sum."""
        return self.of.value(joint, nodes).sum(list(self.over))

    def written(self, names: Mapping[str, str]) -> str:
        """A node that has the name of one outside is primed, as in the sum over x' of P(y | x') P(x')."""
        called = dict(names)
        for name in self.over:
            own = name
            while own in called.values():
                own += "'"
            called[name] = own
        return f"sum over {', '.join(called[name] for name in self.over)} of {self.of.written(called)}"


@dataclass(frozen=True)
class Ratio(Formula):
    """One formula divided by another."""

    upper: Formula
    lower: Formula

    @property
    def free(self) -> frozenset[str]:
        """The nodes of both."""
        return self.upper.free | self.lower.free

    def value(self, joint: xr.DataArray, nodes: Collection[str]) -> xr.DataArray:
        """The quotient."""
        return self.upper.value(joint, nodes) / self.lower.value(joint, nodes)

    def written(self, names: Mapping[str, str]) -> str:
        """With a stroke between."""
        return f"{self.upper.bracketed(names)} / {self.lower.bracketed(names)}"


def product(parts: Iterable[Formula]) -> Formula:
    """Product of some formulas, probabilities joined by the chain rule: P(a | c) P(b | a, c) is P(a, b | c).

    Examples
    --------
    >>> print(product([Chance(("a",), ("c",)), Chance(("b",), ("c", "a"))]))
    P(a, b | c)
    """
    left = [factor for part in parts for factor in part.factors]
    while (pair := _chained(left)) is not None:
        first, second = pair
        place = left.index(first)
        left[place] = Chance((*first.names, *second.names), first.given)
        left.remove(second)
    return left[0] if len(left) == 1 else Product(tuple(left))


def _chained(parts: list[Formula]) -> tuple[Chance, Chance] | None:
    """Two probabilities of which the second is given all of the first."""
    chances = [chance for part in parts for chance in part.chances]
    by_given = {frozenset(chance.given): chance for chance in chances if chance.given}
    found = ((chance, by_given[chance.free]) for chance in chances if chance.free in by_given)
    return next(found, None)


def total(over: Iterable[str], of: Formula) -> Formula:
    """Sum of a formula, without the nodes whose sum is plain: the sum over a of P(a, b | c) is P(b | c).

    Examples
    --------
    >>> print(total(["a", "b"], product([Chance(("b",), ("c",)), Chance(("a",)), Chance(("c",), ("a", "d"))])))
    sum over a of P(a) P(c | a, d)
    """
    inner, summand = of.unfolded
    left, factors = [*(name for name in over if name in of.free), *inner], list(summand.factors)
    plain = True
    while plain:
        plain = False
        for name in list(left):
            having = [factor for factor in factors if name in factor.free]
            rest = having[0].summed(name) if len(having) == 1 else None
            if rest is not None:
                factors[factors.index(having[0])] = rest
                left.remove(name)
                plain = True
    whole = product(factors)
    return Total(tuple(left), whole) if left else whole


def ratio(upper: Formula, lower: Formula) -> Formula:
    """Quotient of two formulas, without the factors that both have: P(a, b | c) / P(a | c) is P(b | a, c).

    Examples
    --------
    >>> print(ratio(Chance(("a", "b"), ("c",)), Chance(("a",), ("c",))))
    P(b | c, a)
    """
    above, below = list(upper.factors), []
    for factor in lower.factors:
        if factor in above:
            above.remove(factor)
        elif (whole := _beginning_with(factor, above)) is not None:
            rest = tuple(name for name in whole.names if name not in factor.free)
            above[above.index(whole)] = Chance(rest, (*whole.given, *(n for n in whole.names if n in factor.free)))
        else:
            below.append(factor)
    return Ratio(product(above), product(below)) if below else product(above)


def _beginning_with(factor: Formula, parts: list[Formula]) -> Chance | None:
    """A probability of the nodes of `factor`, which is one too, and of others, given the same."""
    whole = [chance for part in parts for chance in part.chances]
    return next(
        (
            chance
            for own in factor.chances
            for chance in whole
            if set(chance.given) == set(own.given) and set(own.names) < set(chance.names)
        ),
        None,
    )
