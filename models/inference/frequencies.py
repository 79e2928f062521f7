"""Sums over very many configurations of effects that add up, by the characteristic function of their sum.

With Z = eta + X, X standard logistic, a cumulative logit says P(y <= s) = P(Z <= c_s). The configurations enter through
E[exp(i t eta)] alone, which is a product over arrows: so their weighted sum is a contraction of small tables, one for
each arrow and frequency, however many configurations there are. Inversion is Gil-Pelaez's (1951†),

    P(Z <= c) = 1/2 - 1/pi * integral over t > 0 of Im[exp(-i t c) psi(t)] / t
       psi(t) = E[exp(i t eta)] pi t / sinh(pi t)

by the midpoint rule, whose error is the chance that Z lies further from c than 2 pi over the step (Davies 1973†,
Biometrika 60(2):415-417). As psi falls like exp(-pi t), some thirty frequencies are enough.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..families.base import Latent

#: Absolute error of a probability that is allowed for.
_ERROR = 1e-9


@dataclass(frozen=True)
class Waves:
    """Effects at some frequencies, and how sums over them become probabilities of states.

    Parameters
    ----------
    phases
        exp(i t effect) of each arrow, shape (*axes, 1 + frequencies, samples); the first frequency is zero.
    kernel
        What the sums are multiplied by before they are added up, shape (frequencies, samples).
    turns
        exp(-i t cutpoint), shape (cutpoints, frequencies, samples).
    step
        Distance between frequencies; the first above zero is half of it.
    """

    phases: tuple[np.ndarray, ...]
    kernel: np.ndarray
    turns: np.ndarray
    step: float

    @property
    def frequencies(self) -> int:
        """How many frequencies there are, zero among them."""
        return 1 + len(self.kernel)

    def states(self, sums: np.ndarray) -> np.ndarray:
        """Probabilities of the states, from the weighted sums of the product of phases.

        Parameters
        ----------
        sums
            Shape (..., 1 + frequencies, samples).

        Returns
        -------
        ndarray
            Shape (states, ..., samples).
        """
        whole = np.real(sums[..., 0, :])
        waves = sums[..., 1:, :] * self.kernel
        below = [whole / 2 - np.einsum("...ks,ks->...s", waves, turn).imag for turn in self.turns]
        ends = np.stack([np.zeros_like(whole), *below, whole])
        return np.maximum(np.diff(ends, axis=0), 0.0)


def make_waves(scale: Latent) -> Waves:
    """Frequencies that are enough for some draws, and the effects at each.

    Examples
    --------
    One arrow of two states, equally likely, and one cutpoint:

    >>> waves = make_waves(Latent((np.array([[-1.0], [2.0]]),), np.zeros(1), np.array([[0.5]]), None))
    >>> sums = np.einsum("aks->ks", waves.phases[0]) / 2
    >>> waves.states(sums)[:, 0].round(6).tolist()
    [0.5, 0.5]
    """
    effects, constant, mixed = scale.effects, scale.constant, scale.mixed
    span = sum((np.abs(effect).reshape(-1, effect.shape[-1]).max(axis=0) for effect in effects), np.abs(constant))
    span = float(np.max(span + (0.0 if mixed is None else mixed.shifts.max(axis=0))))
    # Beyond this a cutpoint is as good as infinite.
    cuts = np.clip(scale.cuts, -span + math.log(_ERROR), span - math.log(_ERROR))
    reach = span + float(np.abs(cuts).max(initial=0.0)) - math.log(_ERROR)
    step = 2 * math.pi / reach
    half = np.arange(math.ceil(-math.log(_ERROR) / math.pi / step)) + 0.5
    times = np.concatenate([[0.0], half * step])[:, None]
    phases = tuple(_turns(effect, step, len(half)) for effect in effects)
    times = times[1:]
    kernel = np.exp(1j * times * constant) * (times / np.sinh(math.pi * times) / half[:, None])
    if mixed is not None:
        turned = np.exp(1j * times[:, None] * mixed.shifts)
        kernel = kernel * (turned * mixed.above + turned.conj() * mixed.below).sum(axis=1)
    return Waves(phases, kernel, np.exp(-1j * times * cuts[:, None, :]), step)


def _turns(effect: np.ndarray, step: float, count: int) -> np.ndarray:
    """exp(i t effect) at frequency zero and at each above it, by multiplication, shape (*axes, 1 + count, samples)."""
    found = np.empty((*effect.shape[:-1], 1 + count, effect.shape[-1]), complex)
    found[..., 0, :] = 1.0
    found[..., 1, :] = np.exp(0.5j * step * effect)
    turn = found[..., 1, :] ** 2
    for number in range(2, 1 + count):
        np.multiply(found[..., number - 1, :], turn, out=found[..., number, :])
    return found
