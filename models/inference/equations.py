"""Steps of a plan as equations for einsum, forwards and, for derivatives, backwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_letters

from ...common.errors import Fault
from .plan import Plan
from .question import CapacityError

#: Axes of a table, and whether it differs between cases.
Operand = tuple[tuple[str, ...], bool]
#: Labels of cases and draws in einsum's equations.
_CASE, _DRAW = "Y", "Z"
_LETTERS = [letter for letter in ascii_letters if letter not in (_CASE, _DRAW)]


@dataclass(frozen=True, eq=False)
class Equations:
    """What einsum is told: one equation for each step, and for each table that a derivative is handed down to.

    Parameters
    ----------
    cased
        For every table of the plan, whether it differs between cases.
    forward
        One equation for each step.
    slopes
        Table -> axes of its derivative, and whether that differs between cases.
    backward
        For each step, operand number -> equation of its derivative, made of the step's and the other operand.
    readouts
        Node -> equation of its marginal, made of a table and its derivative.
    """

    cased: tuple[bool, ...]
    forward: tuple[str, ...]
    slopes: Mapping[int, Operand]
    backward: tuple[Mapping[int, str], ...]
    readouts: Mapping[str, str]


@lru_cache(maxsize=1024)
def write_equations(plan: Plan, cased: tuple[bool, ...]) -> Equations:
    """Write a plan's steps as equations for einsum.

    Parameters
    ----------
    cased
        For every table that no step makes, whether it differs between cases.
    """
    own = list(cased)
    forward = []
    for step in plan.steps:
        own.append(any(own[number] for number in step.operands))
        inputs = [(plan.axes[number], own[number]) for number in step.operands]
        forward.append(_equation(inputs, (step.axes, own[-1])))
    # A derivative has no axis along which its table was summed by itself: it is constant there.
    slopes: dict[int, Operand] = {len(plan.axes) - 1: ((), False)}
    backward: list[Mapping[int, str]] = []
    for place in reversed(range(len(plan.steps))):
        handed = {}
        operands = plan.steps[place].operands
        for number in operands:
            if number in plan.wanted:
                inputs = [slopes[plan.inputs + place]]
                inputs += [(plan.axes[other], own[other]) for other in operands if other != number]
                reached = {axis for axes, _ in inputs for axis in axes}
                axes = tuple(axis for axis in plan.axes[number] if axis in reached)
                slopes[number] = (axes, any(flag for _, flag in inputs))
                handed[number] = _equation(inputs, slopes[number])
        backward.insert(0, handed)
    readouts = {}
    for name, number in plan.readouts:
        inputs = [(plan.axes[number], own[number]), slopes[number]]
        readouts[name] = _equation(inputs, ((name,), any(flag for _, flag in inputs)))
    return Equations(tuple(own), tuple(forward), slopes, tuple(backward), readouts)


def _equation(inputs: Sequence[Operand], output: Operand) -> str:
    found = dict.fromkeys(axis for axes, _ in inputs for axis in axes)
    if len(found) > len(_LETTERS):
        what = f"needs a table of {len(found)} nodes at once; give more evidence or ask for fewer nodes"
        raise CapacityError("question", [Fault("", what)])
    letter = dict(zip(found, _LETTERS, strict=False))

    def term(axes: tuple[str, ...], cased: bool) -> str:  # noqa: FBT001
        return f"{''.join(letter[axis] for axis in axes)}{_CASE if cased else ''}{_DRAW}"

    return f"{','.join(term(*operand) for operand in inputs)}->{term(*output)}"
