"""Scales of priors that are learned: by what the spread of an effect is multiplied where a node shrinks its effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class LearnedScale:
    """A factor on the spread of a prior that follows from other parameters: ``unit * sqrt(r2 / (1 - r2) * share)``.

    Parameters
    ----------
    unit
        A constant.
    r2
        Name of the parameter, from 0 to 1, that says what share of the variation is explained.
    shares
        Name of the simplex that divides it; None where there is nothing to divide.
    place
        Which of the shares.

    Examples
    --------
    >>> import numpy as np
    >>> half = LearnedScale(2.0, "y.r2", "y.shares", place=1)
    >>> float(half.of({"y.r2": np.array(0.5), "y.shares": np.array([0.75, 0.25])}))
    1.0
    """

    unit: float
    r2: str
    shares: str | None = None
    place: int = 0

    def of(self, values: Mapping[str, Any]) -> Any:
        """The factor, in NumPy or PyTensor.

        Parameters
        ----------
        values
            Parameter -> shape (..., *dims).

        Returns
        -------
        array
            Shape (...).
        """
        odds = values[self.r2] / (1 - values[self.r2])
        share = 1.0 if self.shares is None else values[self.shares][..., self.place]
        return self.unit * (odds * share) ** 0.5
