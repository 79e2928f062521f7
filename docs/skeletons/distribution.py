"""`my_distribution`: FILL IN what it says of a number, in a line."""

# How to use this file: copy the class into models/parameters/distributions.py, fill it in from top to bottom, and add
# one entry to DISTRIBUTIONS there and one to EXAMPLES in tests/models/parameters/test_distributions.py. The tests then
# hold it to the same contract as the others, and prior sets can state it at once. Nothing else asks for a distribution
# by name.
#
# Do not put here: which parameters take it, checks of numbers other than their sign, anything that runs on import.
# SciPy is imported inside the methods that need it.

from __future__ import annotations

from typing import Any, override

import numpy as np

from .distributions import REAL, Distribution


class MyDistribution(Distribution):
    """FILL IN: its name in full. It stands here as Laplace's, so that the skeleton runs."""

    # How a prior states it, the numbers it takes, and which of them must be above 0.
    name, numbers, positive = "my_distribution", ("mu", "width"), frozenset({"width"})
    # What values it covers: REAL, POSITIVE, UNIT or, through `Simplex`, probabilities that add up to one.
    support = REAL
    # For elicitation: which number is a spread, and which may differ by state.
    spread, by_state = "width", frozenset({"mu"})
    # PyMC's name of it, and PyMC's names of the numbers in the same order; leave both out if PyMC has none.
    pymc, pymc_numbers = "Laplace", ("mu", "b")

    @override
    def log_prob(self, x: Any, mu: Any, width: Any) -> np.ndarray:
        return -np.abs(x - mu) / width - np.log(2 * width)

    @override
    def from_uniform(self, u: Any, mu: Any, width: Any) -> np.ndarray:
        # The inverse distribution function. Draws come from it too; give `sample` if there is a faster way.
        return mu - width * np.sign(u - 0.5) * np.log1p(-2 * np.abs(u - 0.5))

    # All else has a default: without `pooled` it has no logarithmic pool; without `loop_code` and `loop_numbers` nodes
    # with such a prior are sampled through PyMC. See `Distribution` for each.
