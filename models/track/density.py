r"""The log posterior of the track model, with its gradient.

The path of actor $a$ is $\theta_a(t) = \mu_a + x_a(t)$ on the logit scale, $\mu_a = m + \tau z_a$, where $x_a$ is an
Ornstein-Uhlenbeck process of standard deviation $\sigma$ and memory $\ell$. It is a Markov process, so its joint
density over all points is a product over neighbours and costs one pass:

.. math::  x_i = \rho_i x_{i-1} + \sigma \sqrt{1 - \rho_i^2} z_i, \qquad \rho_i = \exp(-(t_i - t_{i-1}) / \ell)

All of $z$ is standard normal (the non-centred form). What an event says is in `event_log_likelihood`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np

from ...common.compiling import compiled
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


@lru_cache(maxsize=1)
def compiled_density() -> Callable[..., float]:
    """Compile `log_posterior` once a machine; the code is kept beside this file or in numba's own cache."""
    from numba import njit

    # numpy's rules of arithmetic: a step of the sampler into the far tails gives an infinity and not an exception.
    return compiled(lambda keep: njit(cache=keep, nogil=True, error_model="numpy")(log_posterior))


def log_posterior(  # noqa: C901  one loop, as compiled code wants it
    q: np.ndarray,
    gradient: np.ndarray,
    prior: np.ndarray,
    actors: int,
    agreements: int,
    point_actor: np.ndarray,
    point_step: np.ndarray,
    event_point: np.ndarray,
    event_agreement: np.ndarray,
    event_reads: np.ndarray,
    event_reliability: np.ndarray,
    event_weight: np.ndarray,
    event_gap: np.ndarray,
    event_repeats: np.ndarray,
) -> float:
    """Log posterior density at `q`, up to a constant, in one pass forwards; the gradient in one pass back.

    Plain Python that numba compiles; see `compiled`.

    Parameters
    ----------
    q
        Position: population_mean, logarithms of the six other hyperparameters, then standard normal variables
        of actors, agreements and points.
    gradient
        Overwritten with the gradient, of the same shape.
    prior
        See `prior_numbers`.
    actors, agreements, point_actor, ..., event_repeats
        See `servanda.models.track.events.as_arrays`.

    Returns
    -------
    float
    """
    points, events = point_actor.shape[0], event_point.shape[0]
    tau, sigma, ell = math.exp(q[1]), math.exp(q[2]), math.exp(q[3])
    omega, width, memory = math.exp(q[4]), math.exp(q[5]), math.exp(q[6])
    at_actor, at_agreement, at_point = 7, 7 + actors, 7 + actors + agreements

    gradient[:] = -q  # the standard normal part; that of the hyperparameters is overwritten below
    total = 0.0
    for i in range(7, q.shape[0]):
        total -= 0.5 * q[i] * q[i]
    for h in range(7):
        if h == 1 or h == 2 or h == 4:  # half-normal, of exp(q)
            ratio = math.exp(q[h]) / prior[h, 1]
            total += q[h] - 0.5 * ratio * ratio
            gradient[h] = 1.0 - ratio * ratio
        else:
            ratio = (q[h] - prior[h, 0]) / prior[h, 1]
            total -= 0.5 * ratio * ratio
            gradient[h] = -ratio / prior[h, 1]

    path = np.empty(points)
    rho = np.empty(points)
    scale = np.empty(points)
    for i in range(points):
        rho[i] = math.exp(-point_step[i] / ell)
        scale[i] = math.sqrt(-math.expm1(-2.0 * point_step[i] / ell))
        path[i] = sigma * scale[i] * q[at_point + i]
        if rho[i] > 0.0:
            path[i] += rho[i] * path[i - 1]

    pull = np.zeros(points)
    for e in range(events):
        i, j = event_point[e], event_agreement[e]
        theta = q[0] + tau * q[at_actor + point_actor[i]] + path[i]
        eta = theta + omega * q[at_agreement + j]
        kept = 1.0 / (1.0 + math.exp(-eta))
        least = 1.0 / (1.0 + math.exp(-(eta + width)))
        d_kept, d_least = kept * (1.0 - kept), least * (1.0 - least)
        if event_reads[e] == 2:
            p, d_eta, d_width = kept, d_kept, 0.0
        elif event_reads[e] == 1:
            p, d_eta, d_width = least - kept, d_least - d_kept, d_least
        else:
            p, d_eta, d_width = 1.0 - least, -d_least, -d_least
        c, repeat = event_reliability[e], math.exp(-event_gap[e] / memory)
        fresh = c * p + (1.0 - c) / 3.0
        likelihood = repeat * event_repeats[e] + (1.0 - repeat) * fresh
        total += event_weight[e] * math.log(likelihood)
        share = event_weight[e] / likelihood
        slope = share * (1.0 - repeat) * c
        pull[i] += slope * d_eta
        gradient[at_agreement + j] += slope * d_eta * omega
        gradient[4] += slope * d_eta * omega * q[at_agreement + j]
        gradient[5] += slope * d_width * width
        if repeat > 0.0:
            gradient[6] += share * (event_repeats[e] - fresh) * repeat * event_gap[e] / memory

    carried = 0.0
    for i in range(points - 1, -1, -1):
        a = at_actor + point_actor[i]
        gradient[0] += pull[i]
        gradient[1] += pull[i] * tau * q[a]
        gradient[a] += pull[i] * tau
        own = pull[i] + carried
        z = q[at_point + i]
        gradient[at_point + i] += own * sigma * scale[i]
        gradient[2] += own * sigma * scale[i] * z
        if rho[i] > 0.0:
            d_rho = rho[i] * point_step[i] / ell
            gradient[3] += own * d_rho * (path[i - 1] - sigma * z * rho[i] / scale[i])
            carried = own * rho[i]
        else:
            carried = 0.0
    return total


def expand(q: np.ndarray, point_actor: np.ndarray, point_step: np.ndarray, actors: int, agreements: int) -> dict:
    """Turn positions into parameters.

    Parameters
    ----------
    q
        Shape (..., dimension).
    point_actor, point_step, actors, agreements
        See `log_posterior`.

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
