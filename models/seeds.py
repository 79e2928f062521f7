"""Seeds, checked where they come in."""

from __future__ import annotations

from numbers import Integral

import numpy as np

from ..common.errors import Fault, InputError


def seed_complaint(seed: object) -> str:
    """What is wrong with a seed; empty text when nothing is.

    Examples
    --------
    >>> seed_complaint(1), seed_complaint(-1)
    ('', 'is -1; give a whole number of 0 or more')
    """
    sound = isinstance(seed, Integral) and not isinstance(seed, bool) and int(seed) >= 0
    return "" if sound else f"is {seed!r}; give a whole number of 0 or more"


def generator(seed: int) -> np.random.Generator:
    """Random numbers of a seed.

    Raises
    ------
    InputError
        If it is no whole number of 0 or more.

    Examples
    --------
    >>> generator(-1)
    Traceback (most recent call last):
    servanda.common.errors.InputError: seed: is -1; give a whole number of 0 or more
    """
    return np.random.default_rng(seed_sequence(seed))


def seed_sequence(seed: int) -> np.random.SeedSequence:
    """Seed of several streams.

    Raises
    ------
    InputError
        As `generator`.
    """
    if complaint := seed_complaint(seed):
        raise InputError("seed", [Fault("", complaint)])
    return np.random.SeedSequence(int(seed))
