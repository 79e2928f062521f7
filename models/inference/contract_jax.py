"""The sums in JAX: compiled for whatever processor it finds, a GPU among them, in double precision.

A step is a product that is summed as it is made: broadcasting leaves the draws innermost, where batched matrix
products of a few cells each would leave an accelerator idle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...common.progress import Progress, silent
from .contract import MEMORY_LIMIT, Sums, contract, solve
from .equations import Equations
from .plan import Plan
from .question import Form
from .tables import DrawnNetwork, Evidence

#: Cells of a chunk: an accelerator wants many, and a compiled step needs no cache to be fast.
_CELLS_AT_ONCE = 2**26


def solve_in_jax(
    system: DrawnNetwork,
    form: Form,
    evidence: Evidence,
    kind: str = "conditional",
    *,
    memory: int = MEMORY_LIMIT,
    progress: Progress = silent,
) -> Sums:
    """Do what `servanda.models.inference.contract.solve` does, with the same numbers to the last digits but few."""
    with jax.enable_x64(True):  # noqa: FBT003
        on_device = replace(system, values={name: jnp.asarray(array) for name, array in system.values.items()})
        how: dict[str, Any] = {"contracted": _contracted, "at_once": _CELLS_AT_ONCE}
        return solve(on_device, form, evidence, kind, memory=memory, progress=progress, **how)


def _contracted(
    plan: Plan, equations: Equations, tables: Sequence[Any], batch: tuple[int, ...], *, rescale: bool = False
) -> Sums:
    joint, logs, marginals = _compiled(plan, equations, batch, rescale)(tuple(tables))
    logs = None if logs is None else np.asarray(logs)
    return Sums(np.asarray(joint), logs, {name: np.asarray(values) for name, values in marginals.items()})


@lru_cache(maxsize=256)
def _compiled(plan: Plan, equations: Equations, batch: tuple[int, ...], rescale: bool) -> Any:  # noqa: FBT001
    @jax.jit
    def run(tables: tuple[Any, ...]) -> tuple[Any, Any, Any]:
        found = contract(plan, equations, tables, batch, rescale=rescale, step=_step)
        return found.joint, found.logs, dict(found.marginals)

    return run


def _step(equation: str, *operands: Any) -> Any:
    """Do what `numpy.einsum` does by one product over all axes and one sum."""
    inputs, output = equation.split("->")
    letters = "".join(dict.fromkeys(inputs.replace(",", "")))
    gone = [letter for letter in letters if letter not in output]
    order = (*gone, *output)
    product: Any = 1.0
    for own, operand in zip(inputs.split(","), operands, strict=True):
        axes = sorted(range(len(own)), key=lambda place, own=own: order.index(own[place]))
        shape = iter(operand.shape[place] for place in axes)
        product = product * jnp.transpose(operand, axes).reshape([next(shape) if a in own else 1 for a in order])
    return product.sum(axis=tuple(range(len(gone))))
