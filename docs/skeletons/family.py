"""`my_family`: FILL IN what the table assumes, in a line; the formula and its source below.

P(y = s | x) = b_s, whatever the parents. It stands here so that the skeleton runs; FILL IN your own.
"""

# How to use this file: copy it to models/families/, fill in from top to bottom, add one line to FAMILIES in
# models/families/__init__.py and one each to EXAMPLES and RECOVERED in tests/models/families/test_families.py. The
# tests then hold your family to the same contract as the others. Priors of new kinds go into priors/sets/flat.toml, and
# the word that their parameters end with into ROLES in models/parameters/prior_set.py.
#
# Do not put here: sampling, priors of a user, checks of data, reading of files, anything that runs on import.
# No function changes what it is given. A probability is never clipped or scaled to make it one.

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from ..node import Local
from ..parameters.distributions import SIMPLEX
from ..parameters.parameter import Parameter
from ..parameters.prior import Prior
from .base import Family, plain_faults, take

#: FILL IN, with a reason: the prior of each parameter where nobody states one, on a scale that people think in.
DEFAULT = Prior.of("dirichlet", alpha=1.0)


class MyFamily(Family):
    """FILL IN: what it assumes, and what it cannot do."""

    def faults(self, local: Local) -> list[str]:
        """Say why `node` cannot be of this family: all reasons at once, each with what to do."""
        # `plain_faults` refuses terms and group effects; leave it out if your family takes them.
        faults = plain_faults("my_family", local)
        if len(local.states) < 2:
            faults.append("family 'my_family' needs two states or more")
        return faults

    def parameters(self, local: Local) -> tuple[Parameter, ...]:
        """Declare the parameters: name, dims, support, default prior, and what it means to a reader."""
        # Dims are names of nodes, `<node>_step` (steps between its states) or `<node>_on` (all states but the first).
        # A simplex lies along the last dim.
        doc = f"probability of each state of {local.node.title}"
        return (Parameter(chances_name(local), (local.name,), SIMPLEX, DEFAULT, doc=doc),)

    def log_prob(
        self,
        values: Mapping[str, Any],
        codes: np.ndarray,
        members: Mapping[str, np.ndarray],  # noqa: ARG002
        local: Local,
        xp: ModuleType,
    ) -> Any:
        """Log-probability of coded cases, shape (..., cases)."""
        # `codes` has a column for each parent, then one for the node. In NumPy values have a leading dim of draws,
        # in PyTensor they have not: index from the right, and let constants (codes) pick, not symbols.
        # Work with logs, and see that a small probability keeps its digits: NUTS needs the gradient there.
        return take(xp, xp.log(values[chances_name(local)]), codes[:, -1])

    def table(
        self,
        values: Mapping[str, np.ndarray],
        fixed: Mapping[str, int],
        members: Mapping[str, int],  # noqa: ARG002
        local: Local,
    ) -> np.ndarray:
        """Probabilities for the free axes, shape (*free axes, samples)."""
        # Here the draws are innermost. Slice by `fixed` first, then make the table: evidence keeps tables small.
        chances = values[chances_name(local)]
        if local.name in fixed:
            chances = chances[fixed[local.name]]
        free = tuple(len(local[axis].states) for axis in local.parent_names if axis not in fixed)
        return np.broadcast_to(chances, (*free, *chances.shape))


def chances_name(local: Local) -> str:
    """Name of the parameter: ``<node>.<what it is>``."""
    return f"{local.name}.chances"
