"""What every contender of `fit.py` needs: clocks, what it gives back, and how far two of them agree."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

#: Bulk ESS at which a posterior is taken to be usable.
ESS = 400
#: Chance that contenders who agree are called different, in a whole comparison of two.
ALARM = 1e-3
# Clock ticks since the machine started at which this process began: what went before this line counts too.
_BEGAN = int(Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Moment:
    """Seconds on the wall since the start of the process, and of CPU used by it and all its children."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> Moment:
        import psutil

        own = os.times()
        # Children that ended count once they were waited for, those at work are asked.
        cpu = own.user + own.system + own.children_user + own.children_system
        for child in psutil.Process().children(recursive=True):
            try:
                used = child.cpu_times()
            except psutil.Error:
                continue
            cpu += used.user + used.system + used.children_user + used.children_system
        return cls(time.clock_gettime(time.CLOCK_BOOTTIME) - _BEGAN, cpu)

    def __sub__(self, earlier: Moment) -> Moment:
        return Moment(self.wall - earlier.wall, self.cpu - earlier.cpu)


@dataclass(frozen=True)
class Run:
    """What a contender gives.

    Parameters
    ----------
    draws
        Quantity -> draws, shape (chains, draws, ...). Contenders of one problem share the names.
    whole, sampling
        From the start of the process to the end of sampling, and sampling alone, warm-up included.
    kept
        Share of the sampling that was spent on draws that were kept.
    note
        What a reader must know.
    """

    draws: Mapping[str, np.ndarray]
    whole: Moment
    sampling: Moment
    kept: float
    note: str = ""

    def until(self, ess: float) -> Moment:
        """Seconds until the smallest bulk ESS is 400, sampling after warm-up scaled in proportion."""
        more = self.kept * (ESS / ess - 1)
        return Moment(self.whole.wall + more * self.sampling.wall, self.whole.cpu + more * self.sampling.cpu)


@dataclass(frozen=True)
class Moments:
    """Means of each number of a quantity and of its square about a centre, with Monte Carlo errors; shapes (cells)."""

    mean: np.ndarray
    error: np.ndarray
    square: np.ndarray
    square_error: np.ndarray

    @classmethod
    def of(cls, draws: np.ndarray, centre: np.ndarray) -> Moments:
        """From draws, shape (chains, draws, ...), about a centre, shape (cells), the same for all who are compared."""
        x = draws.reshape(*draws.shape[:2], -1).astype(float)
        square = (x - centre) ** 2
        return cls(x.mean(axis=(0, 1)), _errors(x), square.mean(axis=(0, 1)), _errors(square))


def _errors(x: np.ndarray) -> np.ndarray:
    from arviz_stats.base import array_stats

    return np.asarray(array_stats.mcse(x, chain_axis=0, draw_axis=1, method="mean"))


def smallest_ess(draws: Mapping[str, np.ndarray]) -> float:
    """Smallest bulk ESS of any number that varies."""
    from arviz_stats.base import array_stats

    found = []
    for values in draws.values():
        x = values.reshape(*values.shape[:2], -1).astype(float)
        x = x[..., x.std(axis=(0, 1)) > 0]
        if x.shape[-1]:
            found.append(float(array_stats.ess(x, chain_axis=0, draw_axis=1, method="bulk").min()))
    return min(found)


@dataclass(frozen=True)
class Agreement:
    """How far two posteriors lie apart.

    Parameters
    ----------
    worst
        Largest absolute z-score of all means and mean squares, and whose it is.
    count
        How many were compared.
    limit
        What the largest of so many exceeds with the chance `ALARM` if both are right and all are independent; if they
        are not, less often.
    """

    worst: float
    where: str
    count: int
    limit: float

    @property
    def fine(self) -> bool:
        return self.worst <= self.limit


def agreement(ours: Mapping[str, np.ndarray], theirs: Mapping[str, np.ndarray]) -> Agreement:
    """Compare draws of two contenders; quantities that only one of them has are left out."""
    from scipy.stats import norm

    scores: dict[str, float] = {}
    for name in sorted(ours.keys() & theirs.keys()):
        centre = ours[name].reshape(*ours[name].shape[:2], -1).mean(axis=(0, 1))
        a, b = Moments.of(ours[name], centre), Moments.of(theirs[name], centre)
        for what, apart, error in (
            ("mean", a.mean - b.mean, np.hypot(a.error, b.error)),
            ("mean square", a.square - b.square, np.hypot(a.square_error, b.square_error)),
        ):
            # What neither varies in is left to be equal to the last digits.
            z = np.abs(apart) / np.maximum(np.nan_to_num(error), 1e-12)
            scores |= {f"{what} of {name}[{cell}]": float(value) for cell, value in enumerate(z)}
    where = max(scores, key=lambda one: scores[one])
    return Agreement(scores[where], where, len(scores), float(norm.isf(ALARM / (2 * len(scores)))))
