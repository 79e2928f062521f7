"""The loop of the track model's density, compiled by Numba at its first use and kept between processes.

Importing this module imports Numba. The density is that of `servanda.models.track.density`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..density.addresses import DENSITY, integers_at, reals_at, told, view
from ..density.jit import called_by_nutpie, entry


@entry
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

    Parameters
    ----------
    q
        Position: population_mean, logarithms of the six other hyperparameters, then standard normal variables
        of actors, agreements and points.
    gradient
        Overwritten with the gradient, of the same shape.
    prior
        See `servanda.models.track.density.prior_numbers`.
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


@called_by_nutpie(DENSITY, error_model="numpy")
def density_for_nutpie(size: Any, q: Any, gradient: Any, value: Any, facts: Any) -> Any:
    """`log_posterior` as nutpie calls it, without the interpreter; `facts` are the addresses of its other arguments."""
    table = view(facts, (12, 3), np.int64)
    slopes = view(gradient, (size,))
    found = log_posterior(
        view(q, (size,)),
        slopes,
        reals_at(table[0]),
        table[1, 0],
        table[2, 0],
        integers_at(table[3])[0],
        reals_at(table[4])[0],
        integers_at(table[5])[0],
        integers_at(table[6])[0],
        integers_at(table[7])[0],
        reals_at(table[8])[0],
        reals_at(table[9])[0],
        reals_at(table[10])[0],
        reals_at(table[11])[0],
    )
    # Far out in the tails there is a wall, and the sampler turns back.
    return told(value, found, slopes)
