"""CPD families: what each must do, and what it may do beyond that, with a default for all of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from ..node import Local
from ..parameters.parameter import Parameter
from .rows import Book, RowWriter
from .unseen import Mixture, group_name

#: Label of the member of a group that the data does not hold.
NEW = "(new)"


@dataclass(frozen=True)
class Latent:
    """A logistic scale on which effects add up and cutpoints tell the states apart: P(y <= s) = logistic(c_s - eta).

    Parameters
    ----------
    effects
        Of the free parents, each of shape (*axes, samples), in the order of `Family.effect_axes`.
    constant
        Sum of what is fixed, shape (samples,).
    cuts
        Cutpoints, shape (cutpoints, samples), ascending.
    mixed
        Effects of unseen members, averaged over; None where there is none.
    """

    effects: tuple[np.ndarray, ...]
    constant: np.ndarray
    cuts: np.ndarray
    mixed: Mixture | None


@dataclass(frozen=True)
class Hanging:
    """An open parent of a node that is left to its family: the same in all cases, given one other parent at the most.

    Parameters
    ----------
    name
        The parent.
    given
        The parent of the node that it depends on itself; None where that is fixed, or where there is none.
    table
        Shape (states of `given`, states, samples), the first of size one where there is none.
    """

    name: str
    given: str | None
    table: np.ndarray


class Family(ABC):
    """The mathematics of one kind of conditional probability table.

    `values` maps a parameter's name to its array. For `log_prob`, dims (samples, ...) in NumPy and without
    samples in PyTensor. For `table`, dims (..., samples): with the draws innermost every loop of NumPy runs
    over many of them, where the axes of a table have a few states each. They may be arrays of another library
    that has NumPy's functions (see `namespace`); then the table is one too.
    """

    #: Whether its rows are Dirichlet with priors that are stated, so that counted cases give their posterior.
    conjugate: ClassVar[bool] = False
    #: Whether it makes some states impossible by what it says, whatever its parameters.
    forbids: bool = False
    #: Whether `weighted_sum` takes less than making the table and summing it.
    sums_itself: ClassVar[bool] = False
    #: Whether `weighted_sums` takes less than making a table for every case and summing it.
    sums_cases: ClassVar[bool] = False
    #: What its table is made of: ``cells``, which are parameters; effects on one ``scale`` with cutpoints; or effects
    #: on a score of each state, of whose exponentials a row has the shares (``scores``). Nothing where it is none.
    made_of: ClassVar[str] = ""
    #: Whether its parents act by the terms of their arrows.
    has_terms: ClassVar[bool] = False
    #: Whether the compiled loops can integrate effects of members out: the log-probability is concave in them.
    integrates_members: ClassVar[bool] = False

    @property
    def options(self) -> tuple[str, ...]:
        """Names of the options that a node may state."""
        return ()

    def coords(self, local: Local) -> Mapping[str, tuple[str, ...]]:  # noqa: ARG002
        """Coordinates of dims that parameters of the node have, beyond states of nodes, steps and members."""
        return {}

    @abstractmethod
    def faults(self, local: Local) -> list[str]:
        """Say why the node cannot be of this family."""

    @abstractmethod
    def parameters(self, local: Local) -> tuple[Parameter, ...]:
        """Declare the parameters whose priors can be stated (group members excepted)."""

    @abstractmethod
    def log_prob(
        self,
        values: Mapping[str, Any],
        codes: np.ndarray,
        members: Mapping[str, np.ndarray],
        local: Local,
        xp: ModuleType,
    ) -> Any:
        """Log-probability of coded cases.

        Parameters
        ----------
        codes
            State numbers, shape (cases, parents + 1), columns in the order of ``local.axes``.
        members
            Group effect -> member number, shape (cases,).
        xp
            ``numpy`` or ``pytensor.tensor``.

        Returns
        -------
        array
            Shape (..., cases).
        """

    def log_prob_of_moves(
        self,
        values: Mapping[str, np.ndarray],
        codes: np.ndarray,
        members: Mapping[str, np.ndarray],
        local: Local,
    ) -> Callable[[Mapping[str, np.ndarray]], np.ndarray]:
        """Log-probability of coded cases as a function of the effects of members.

        Parameters
        ----------
        values, codes, members
            As in `log_prob`; draws come first.

        Returns
        -------
        callable
            From effect -> draws, shape (samples, members), to an array of shape (samples, cases); effects that are not
            given stay as they are in `values`.
        """
        return lambda effects: self.log_prob({**values, **effects}, codes, members, local, np)

    @abstractmethod
    def table(
        self,
        values: Mapping[str, np.ndarray],
        fixed: Mapping[str, int],
        members: Mapping[str, int],
        local: Local,
    ) -> np.ndarray:
        """Conditional probabilities, sliced before they are made.

        Parameters
        ----------
        fixed
            Node -> state number, for axes that evidence or intervention fixes.
        members
            Group effect -> member number.

        Returns
        -------
        ndarray
            Shape (*free axes, samples), axes in the order of ``local.axes``.
        """

    def rows(
        self,
        values: Mapping[str, np.ndarray],
        codes: Mapping[str, Any],
        members: Mapping[str, int],
        local: Local,
    ) -> np.ndarray:
        """Rows of the table for single cases of every draw, where the whole table is too large to be made.

        Parameters
        ----------
        codes
            Parent -> state numbers, shape (cases, samples), or one number.
        members
            Group effect -> member number; none that is integrated out.

        Returns
        -------
        ndarray
            Shape (states, cases, samples).
        """
        shape, states = np.broadcast_shapes(*map(np.shape, codes.values())), len(local.states)
        own = {name: np.moveaxis(array, -1, 0) for name, array in values.items() if name.startswith(f"{local.name}.")}
        groups = {group.name: group_name(local, group.name) for group in local.node.groups}
        # One place more, for a member without an effect.
        own |= {name: np.pad(own[name], ((0, 0), (0, 1))) for name in groups.values()}
        last = {name: own[effects].shape[-1] - 1 for name, effects in groups.items()}
        whose = {
            name: np.full(shape[0] * states, last[name] if members[name] < 0 else members[name]) for name in groups
        }
        found = np.empty((states, *shape))
        for draw in range(shape[-1]):
            picks = [np.broadcast_to(codes[name], shape)[:, draw] for name in local.parent_names]
            each = np.column_stack([np.tile(pick, states) for pick in picks] + [np.repeat(np.arange(states), shape[0])])
            one = {name: array[draw : draw + 1] for name, array in own.items()}
            found[..., draw] = np.exp(self.log_prob(one, each, whose, local, np)).reshape(states, shape[0])
        return found

    def stored_table(self, local: Local) -> str | None:  # noqa: ARG002
        """Name of the variable that holds the table itself; None where the table is made from other parameters."""
        return None

    def row_alpha(self, values: Mapping[str, Any], local: Local) -> Any:  # noqa: ARG002
        """Dirichlet numbers of every row before its cases, dims (..., states), where they are learned; else None.

        The rows are then no parameters with a prior that could be stated, and are drawn after those.
        """
        return None

    def mirrored(self, local: Local) -> bool:  # noqa: ARG002
        """Whether all effects turn around when the order of the node's own states does."""
        return False

    def learns_rows(self, local: Local) -> bool:  # noqa: ARG002
        """Whether the rows of the table have a prior that is learned, as `row_alpha` gives it."""
        return False

    def pooled_by(self, local: Local) -> tuple[str, str] | None:  # noqa: ARG002
        """Names of the concentration and the average row of which `row_alpha` is the product; None where it is not."""
        return None

    def reported(self, local: Local) -> str | None:  # noqa: ARG002
        """Name the parent of which the node says, with errors, what state it is in."""
        return None

    def done_together(self, local: Local) -> str:  # noqa: ARG002
        """Say what members do together where the node is that, as in "any of them acts"; else nothing."""
        return ""

    def summing_order(self, local: Local, fixed: Mapping[str, int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Free parents as `weighted_sum` takes them: those gone through one by one, then those taken together."""
        return tuple(name for name in local.parent_names if name not in fixed), ()

    def weighted_sum(
        self,
        values: Mapping[str, np.ndarray],
        fixed: Mapping[str, int],
        members: Mapping[str, int],
        local: Local,
        weights: np.ndarray,
    ) -> np.ndarray:
        """Sum the table over its free parents, weighted.

        Parameters
        ----------
        weights
            Shape (*free parents, samples), free parents in the order of `summing_order`.

        Returns
        -------
        ndarray
            Shape (states, samples), or (samples,) where the node itself is fixed.
        """
        axes = [axis for axis in local.axes if axis not in fixed]
        order = [axis for side in self.summing_order(local, fixed) for axis in side]
        sums = [*(axes.index(axis) for axis in order), len(axes)]
        kept = [place for place, axis in enumerate(axes) if axis not in order]
        table = self.table(values, fixed, members, local)
        return np.einsum(table, [*range(len(axes)), len(axes)], weights, sums, [*kept, len(axes)])

    def weighted_sums(
        self,
        values: Mapping[str, np.ndarray],
        fixed: Mapping[str, Any],
        members: Mapping[str, Any],
        local: Local,
        weights: np.ndarray,
        cases: int,
        hanging: Hanging | None = None,
    ) -> np.ndarray:
        """Sum the table over its free parents, weighted, for several cases at once.

        Parameters
        ----------
        fixed, members
            State and member numbers: one for all cases, or an array of one for each.
        weights
            As in `weighted_sum` with a dim of cases, or of size one, before the draws.
        hanging
            A free parent that the weights have no axis for, to be summed over too; only where `sums_cases`.

        Returns
        -------
        ndarray
            Shape (states, cases, samples), or (cases, samples) where the node itself is fixed.
        """
        assert hanging is None  # noqa: S101  a plan leaves none to this
        sums = []
        for case in range(cases):
            own, whose = (
                {name: int(number[case]) if np.ndim(number) else number for name, number in numbers.items()}
                for numbers in (fixed, members)
            )
            weight = weights[..., case if weights.shape[-2] > 1 else 0, :]
            sums.append(self.weighted_sum(values, own, whose, local, weight))
        return np.stack(sums, axis=-2)

    def effect_axes(self, local: Local, fixed: Mapping[str, int]) -> tuple[tuple[str, ...], ...]:  # noqa: ARG002
        """Free axes of each of the effects that `latent` gives; none where it gives nothing."""
        return ()

    def latent(
        self,
        values: Mapping[str, np.ndarray],
        fixed: Mapping[str, int],
        members: Mapping[str, int],
        local: Local,
    ) -> Latent:
        """The scale below the states, for sums over more configurations than can be gone through.

        Only where `effect_axes` has any; parameters are those of `table`.
        """
        raise NotImplementedError(f"{type(self).__name__} has no logistic scale below its states")

    def in_loops(self, local: Local) -> bool:  # noqa: ARG002
        """Whether `write_rows` can write the node's rows for the compiled loops."""
        return False

    def write_rows(self, local: Local, book: Book) -> RowWriter:
        """Write down the pieces of a node's effects, and how its rows pick among them; only where `in_loops`."""
        raise NotImplementedError(f"{type(self).__name__} has no rows for the compiled loops")


def plain_faults(family: str, local: Local) -> list[str]:
    """Say what a node states that a family without terms and group effects cannot take."""
    faults = [f"family '{family}' has no term '{a.term}'; drop the term" for a in local.arrows if a.term]
    faults += [f"family '{family}' has no 'by'; drop it from '{a.parent}'" for a in local.arrows if a.by]
    return faults + group_faults(family, local)


def group_faults(family: str, local: Local) -> list[str]:
    """Say which group effects a node states that its family cannot take."""
    return [f"family '{family}' has no group effects; drop '{group.name}'" for group in local.node.groups]


def take(xp: ModuleType, table: Any, index: np.ndarray) -> Any:
    """Pick entries along the last axis, in NumPy and PyTensor alike."""
    return xp.take(table, index, axis=-1)


def namespace(array: Any) -> Any:
    """Library that an array is of: NumPy, or one with the same functions for other processors."""
    return array.__array_namespace__()


def flat_index(codes: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Position of each row of `codes` in a flattened table of the given shape."""
    return np.asarray(np.ravel_multi_index(tuple(codes.T), shape))


def flatten_tail(array: Any, dims: int) -> Any:
    """Merge the last `dims` dims into one, in NumPy and PyTensor alike."""
    leading = tuple(array.shape[place] for place in range(array.ndim - dims))
    return array.reshape((*leading, -1))


def one_hot(index: np.ndarray, size: int) -> np.ndarray:
    """Rows of zeros with a one at `index`, shape (len(index), size)."""
    rows = np.zeros((len(index), size))
    rows[np.arange(len(index)), index] = 1.0
    return rows


def counts(codes: np.ndarray, weights: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Counted cases of each cell of a table of the given shape."""
    size = int(np.prod(shape))
    return np.bincount(flat_index(codes, shape), weights=weights, minlength=size).reshape(shape)
