r"""The log posterior of the track model, with its gradient.

The path of actor $a$ is $\theta_a(t) = \mu_a + x_a(t)$ on the logit scale, $\mu_a = m + \tau z_a$, where $x_a$ is an
Ornstein-Uhlenbeck process of standard deviation $\sigma$ and memory $\ell$. It is a Markov process, so its joint
density over all points is a product over neighbours and costs one pass:

.. math::  x_i = \rho_i x_{i-1} + \sigma \sqrt{1 - \rho_i^2} z_i, \qquad \rho_i = \exp(-(t_i - t_{i-1}) / \ell)

All of $z$ is standard normal (the non-centred form). What an event says is in `event_log_likelihood`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .settings import PRIORS, TrackSettings

#: The first entries of a position: population_mean and the logarithms of the others.
HYPER = tuple(PRIORS)


def dimension(points: int, actors: int, agreements: int) -> int:
    """Number of numbers in a position."""
    return len(HYPER) + actors + agreements + points


def prior_numbers(settings: TrackSettings) -> np.ndarray:
    """Mu (0 for a half-normal) and sigma of each prior, shape (7, 2), in the order of `HYPER`."""
    priors = [settings.priors[name] for name in HYPER]
    return np.concatenate([prior.kind.loop_numbers((), 1, **prior.resolved())[0][:, :2] for prior in priors])


def expand(q: np.ndarray, point_actor: np.ndarray, point_step: np.ndarray, actors: int, agreements: int) -> dict:
    """Turn positions into parameters.

    Parameters
    ----------
    q
        Shape (..., dimension).
    point_actor, point_step, actors, agreements
        See `servanda.models.track.loops.log_posterior`.

    Returns
    -------
    dict
        The seven hyperparameters, shape (...); ``actor_mean`` (..., actors), ``agreement_effect`` (...,
        agreements), and ``theta`` (..., points), logits.
    """
    found: dict[str, np.ndarray] = {"population_mean": q[..., 0]}
    found |= {name: np.exp(q[..., place]) for place, name in enumerate(HYPER) if place}
    at = np.cumsum([len(HYPER), actors, agreements])
    found["actor_mean"] = q[..., :1] + found["actor_sd"][..., None] * q[..., at[0] : at[1]]
    found["agreement_effect"] = found["agreement_sd"][..., None] * q[..., at[1] : at[2]]
    z = q[..., at[2] :]
    path = np.empty_like(z)
    for i in range(len(point_step)):
        rho = np.exp(-point_step[i] / found["path_years"])
        scale = np.sqrt(-np.expm1(-2 * point_step[i] / found["path_years"]))
        path[..., i] = found["path_sd"] * scale * z[..., i]
        if np.isfinite(point_step[i]):
            path[..., i] += rho * path[..., i - 1]
    found["theta"] = found["actor_mean"][..., point_actor] + path
    return found


def event_log_likelihood(found: Mapping[str, np.ndarray], arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    r"""Log-likelihood of each event given those before it in its series.

    A fresh reading is ordered logit in $\eta = \theta + g$, found so with reliability $c$ and at random else:
    $q(y) = c\, p(y \mid \eta) + (1 - c) / 3$. A reading $\Delta$ years after the last one of its series repeats it
    with probability $r = \exp(-\Delta / \lambda)$ whatever the actor does:
    $p(y \mid y') = r\, [y = y'] + (1 - r)\, q(y)$.

    Parameters
    ----------
    found
        What `expand` gives.
    arrays
        What `as_arrays` gives.

    Returns
    -------
    ndarray
        Shape (..., events); weights are not applied.
    """
    from scipy.special import expit

    eta = found["theta"][..., arrays["event_point"]] + found["agreement_effect"][..., arrays["event_agreement"]]
    kept, least = expit(eta), expit(eta + found["partly_width"][..., None])
    p = np.stack([1 - least, least - kept, kept])
    reads, c = arrays["event_reads"], arrays["event_reliability"]
    chosen = np.where(reads == 2, p[2], np.where(reads == 1, p[1], p[0]))
    repeat = np.exp(-arrays["event_gap"] / found["repeat_years"][..., None])
    return np.log(repeat * arrays["event_repeats"] + (1 - repeat) * (c * chosen + (1 - c) / 3))
