"""Terms: how one parent acts on the scale of a regression-like family (`ordinal`, `sequential`, `softmax`).

A term turns its parameters into a table of effects over the parent's states (and over the states of the
parent it varies by). Effects are centred over the parent's states, so that the family's baseline speaks of
the average case. Every term leaves the sign free, and none depends on the data.

Rival theories of a count k of backers are rival terms in one slot (the documentation, evidence, section 2):

============  =================================  ===========================================================
`none`        f = 0                              cheap talk: numbers are words; the arrow stays, and says so
`log`         b ln k                             each doubling does the same; b < 0 is responsibility diffused
`monotone`    b times a running sum of shares    one direction, any steps
`saturating`  b (1 - exp(-rate (k - 1)))         audience costs: the first witnesses do most
`diffusion`   b / k                              each one's share of the duty decides
`inverted_u`  b ln k - c (ln k)^2                help turns into the cost of coordination
============  =================================  ===========================================================

`by` gives each state of another parent a slope of its own. So "numbers help inside an institution only" is `log` by a
node `institution`, which itself is a parent: logit = a + d institution + b_institution ln k.

`diffusion` and the usual form of it, in which one of k acts with q_k = q k^-g: while q is small its logit is about
ln q - g ln k, which is `log` with a slope of -g and falls for ever. 1/k is exp(-ln k), and 1 - ln k for k close to 1:
both forms fall alike at first, with b = g, but a share cannot fall below zero, and half of b is gone at two.

The same expressions serve NumPy, with leading dims for draws, and PyTensor, without.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..names import node_dim
from ..node import Arrow, Local
from ..parameters.distributions import POSITIVE, REAL, SIMPLEX
from ..parameters.parameter import Parameter
from ..parameters.prior import Prior
from ..parameters.prior_set import OF_PARENT

#: Default spread of an effect, on the logit scale: two thirds of effects shift even odds to at most 73 %.
EFFECT = Prior.of("normal", mu=0.0, sigma=1.0)
EVEN = Prior.of("dirichlet", alpha=1.0)
#: Default rate of saturation: half of the effect is reached with one backer more (the median), with five, or with
#: a fifth of one (95 %).
RATE = Prior.of("lognormal", mu=-0.36, sigma=0.8)
#: Default bend: where ln k is worth 1 and bends by 0.4, the top lies at 3.5; at 0.2, at 12.
BEND = Prior.of("normal", mu=0.0, sigma=0.4)
#: Points of a quadrature over the rate; twice as many change its eighth digit.
_NODES = 40


@dataclass(frozen=True)
class Piece:
    """A summand of one entry of a term's table of effects.

    The entry gains `coefficient` times the parameters in `factors` times exp(`rate` times the parameter `exponent`).

    Parameters
    ----------
    effect
        Place of the entry in the flattened table, dims ([by,] parent).
    coefficient
        A constant.
    factors
        Parameters, each by name and place in its flattened value; a term has at most two, and a family may add one.
    rate, exponent
        Nothing of the kind by default.
    """

    effect: int
    coefficient: float
    factors: tuple[tuple[str, int], ...]
    rate: float = 0.0
    exponent: str | None = None


@dataclass(frozen=True)
class Term:
    """A way for a parent to act.

    `parameters(local, arrow)` declares; `effect(values, local, arrow)` gives the table of
    effects, dims (..., [by,] parent); `fault` says why it cannot serve an arrow, or None. `variance` is that of the
    effect over the parent's states, each weighing the same, averaged over the default priors of its parameters; a node
    that shrinks its effects measures them by it. `pieces`, where there are any, say the same as `effect` as a sum, for
    the loops of `servanda.models.density.density`; a term without them is sampled through PyMC.
    """

    parameters: Callable[[Local, Arrow], tuple[Parameter, ...]]
    effect: Callable[[Mapping[str, Any], Local, Arrow], Any]
    fault: Callable[[Local, Arrow], str | None]
    variance: Callable[[Local, Arrow], float]
    pieces: Callable[[Local, Arrow], list[Piece]] | None = None


def effect_name(local: Local, arrow: Arrow) -> str:
    """Name of the main parameter of the term at `arrow`."""
    return f"{local.name}.{arrow.parent}"


def step_dim(arrow: Arrow) -> str:
    """Dim of the steps between neighbouring states of a monotone parent."""
    return f"{arrow.parent}_step"


def term_of(local: Local, arrow: Arrow) -> str:
    """Name of the term at `arrow`: as stated, else monotone for ordered parents and nominal for the rest."""
    return arrow.term or ("monotone" if local[arrow.parent].ordered else "nominal")


def term_axes(arrow: Arrow) -> tuple[str, ...]:
    """Dims of a term's table of effects."""
    return (arrow.by, arrow.parent) if arrow.by else (arrow.parent,)


def acting(local: Local) -> tuple[Arrow, ...]:
    """Arrows that do something: all but those whose term has no parameter."""
    return tuple(a for a in local.arrows if TERMS[term_of(local, a)].parameters(local, a))


def _by(arrow: Arrow) -> tuple[str, ...]:
    return (node_dim(arrow.by),) if arrow.by else ()


def _slopes(local: Local, arrow: Arrow) -> int:
    """How many slopes a term has: one, or one for each state of the parent it varies by."""
    return len(local[arrow.by].states) if arrow.by else 1


def _spread(slope: Any, shape: Any) -> Any:
    """Slope, dims (..., [by]), times a shape over the parent's states: dims (..., [by,] parent)."""
    return slope[..., None] * shape


def _nominal_parameters(local: Local, arrow: Arrow) -> tuple[Parameter, ...]:
    doc = f"effect of each state of {local[arrow.parent].title}, on the logit scale; sums to zero"
    return (
        Parameter(
            effect_name(local, arrow),
            (*_by(arrow), node_dim(arrow.parent)),
            REAL,
            EFFECT,
            zero_sum=1,
            doc=doc,
            role=OF_PARENT,
        ),
    )


def _nominal_effect(values: Mapping[str, Any], local: Local, arrow: Arrow) -> Any:
    return values[effect_name(local, arrow)]


def _nominal_pieces(local: Local, arrow: Arrow) -> list[Piece]:
    name, size = effect_name(local, arrow), len(local[arrow.parent].states)
    return [Piece(cell, 1.0, ((name, cell),)) for cell in range(_slopes(local, arrow) * size)]


def _nominal_variance(local: Local, arrow: Arrow) -> float:
    # Centring takes one part in so many of the variance away.
    return 1 - 1 / len(local[arrow.parent].states)


def _monotone_parameters(local: Local, arrow: Arrow) -> tuple[Parameter, ...]:
    doc = f"effect of the highest rather than the lowest state of {local[arrow.parent].title}, on the logit scale"
    slope = Parameter(effect_name(local, arrow), _by(arrow), REAL, EFFECT, doc=doc, role=OF_PARENT)
    if len(local[arrow.parent].states) <= 2:
        return (slope,)
    doc = f"share of the effect of {local[arrow.parent].title} that each step up brings"
    return (
        slope,
        Parameter(f"{effect_name(local, arrow)}.steps", (step_dim(arrow),), SIMPLEX, EVEN, doc=doc),
    )


def _monotone_effect(values: Mapping[str, Any], local: Local, arrow: Arrow) -> Any:
    # Buerkner and Charpentier (2020), doi 10.1111/bmsp.12195: slope times the running sum of a simplex; here
    # centred over the states. The running sum is a product with a constant matrix, and so is the centring.
    size = len(local[arrow.parent].states)
    slope = values[effect_name(local, arrow)]
    if size == 1:
        return _spread(slope, np.zeros(1))
    rising = _rising(size)
    if size == 2:
        return _spread(slope, rising[0])
    shape = values[f"{effect_name(local, arrow)}.steps"] @ rising
    return _spread(slope, shape[..., None, :] if arrow.by else shape)


def _rising(size: int) -> np.ndarray:
    """Height of each state after each step, centred, shape (steps, states)."""
    rising = np.triu(np.ones((size - 1, size)), k=1)
    return rising - rising.mean(axis=1, keepdims=True)


def _monotone_pieces(local: Local, arrow: Arrow) -> list[Piece]:
    name, size = effect_name(local, arrow), len(local[arrow.parent].states)
    rising, steps = _rising(size), f"{name}.steps"
    return [
        Piece(k * size + s, rising[step, s], ((name, k), (steps, step)) if size > 2 else ((name, k),))
        for k in range(_slopes(local, arrow))
        for s in range(size)
        for step in range(size - 1)
    ]


def _monotone_variance(local: Local, arrow: Arrow) -> float:
    # Products of two shares of n that are all alike have the mean 1 / n (n + 1), and squares twice that.
    rising = _rising(len(local[arrow.parent].states))
    steps = len(rising)
    return float((rising @ rising.T * (1 + np.eye(steps))).sum()) / max(rising.size * (steps + 1), 1)


def _scaled(name: str, transform: Callable[[np.ndarray], np.ndarray], unit: str) -> Term:
    """Make a term that is linear in a transform of the parent's values."""

    def parameters(local: Local, arrow: Arrow) -> tuple[Parameter, ...]:
        doc = f"effect of {local[arrow.parent].title} on the logit scale, per {unit}"
        return (Parameter(effect_name(local, arrow), _by(arrow), REAL, EFFECT, doc=doc, role=OF_PARENT),)

    def effect(values: Mapping[str, Any], local: Local, arrow: Arrow) -> Any:
        x = transform(np.asarray(local[arrow.parent].values, float))
        return _spread(values[effect_name(local, arrow)], x - x.mean())

    def fault(local: Local, arrow: Arrow) -> str | None:
        values = local[arrow.parent].values
        if not values:
            return f"term '{name}' needs a value for each state of '{arrow.parent}'"
        if not np.all(np.isfinite(transform(np.asarray(values, float)))):
            return f"term '{name}' cannot take the values {list(values)} of '{arrow.parent}'"
        return None

    def pieces(local: Local, arrow: Arrow) -> list[Piece]:
        x = transform(np.asarray(local[arrow.parent].values, float))
        return _scaled_pieces(effect_name(local, arrow), x, local, arrow)

    def variance(local: Local, arrow: Arrow) -> float:
        return float(np.var(transform(np.asarray(local[arrow.parent].values, float))))

    return Term(parameters, effect, fault, variance, pieces)


def _scaled_pieces(name: str, x: np.ndarray, local: Local, arrow: Arrow) -> list[Piece]:
    """Slopes of one parameter times centred numbers."""
    return [
        Piece(k * len(x) + s, centred, ((name, k),))
        for k in range(_slopes(local, arrow))
        for s, centred in enumerate(x - x.mean())
    ]


def _counts(values: tuple[float, ...]) -> np.ndarray:
    return np.asarray(values, float)


def _no_counts(name: str) -> Callable[[Local, Arrow], str | None]:
    """Make the check that a parent's states stand for counts."""

    def fault(local: Local, arrow: Arrow) -> str | None:
        values = local[arrow.parent].values
        if not values:
            return f"term '{name}' needs a value for each state of '{arrow.parent}'"
        if not all(1 <= value < np.inf for value in values):
            return f"term '{name}' takes counts of 1 or more, not the values {list(values)} of '{arrow.parent}'"
        return None

    return fault


def _saturating_parameters(local: Local, arrow: Arrow) -> tuple[Parameter, ...]:
    title = local[arrow.parent].title
    doc = f"effect of very many rather than one of {title}, on the logit scale"
    rate = f"rate at which the effect of {title} fills up, per one more"
    return (
        Parameter(effect_name(local, arrow), _by(arrow), REAL, EFFECT, doc=doc, role=OF_PARENT),
        Parameter(f"{effect_name(local, arrow)}.rate", (), POSITIVE, RATE, doc=rate),
    )


def _saturating_effect(values: Mapping[str, Any], local: Local, arrow: Arrow) -> Any:
    k, name = _counts(local[arrow.parent].values), effect_name(local, arrow)
    # A power of e is the one exponential that arrays of every library share.
    lacking = math.e ** (-values[f"{name}.rate"][..., None] * (k - 1))
    shape = -(lacking @ _centring(len(k)))
    return _spread(values[name], shape[..., None, :] if arrow.by else shape)


def _saturating_pieces(local: Local, arrow: Arrow) -> list[Piece]:
    k, name = _counts(local[arrow.parent].values), effect_name(local, arrow)
    centring = _centring(len(k))
    return [
        Piece(slope * len(k) + s, -centring[s, other], ((name, slope),), -(k[other] - 1), f"{name}.rate")
        for slope in range(_slopes(local, arrow))
        for s in range(len(k))
        for other in range(len(k))
    ]


def _saturating_variance(local: Local, arrow: Arrow) -> float:
    # Gauss and Hermite's quadrature over the default prior of the rate, whose logarithm is normal.
    z, weight = np.polynomial.hermite_e.hermegauss(_NODES)
    rate = RATE.from_uniform(np.array(0.5)) * np.exp(float(RATE.resolved()["sigma"]) * z)
    lacking = np.exp(-rate[:, None] * (_counts(local[arrow.parent].values) - 1))
    return float(weight @ lacking.var(axis=1) / weight.sum())


def _diffusion_parameters(local: Local, arrow: Arrow) -> tuple[Parameter, ...]:
    doc = f"effect of bearing the whole rather than none of the duty that {local[arrow.parent].title} share"
    return (
        Parameter(
            effect_name(local, arrow), _by(arrow), REAL, EFFECT, doc=f"{doc}, on the logit scale", role=OF_PARENT
        ),
    )


def _diffusion_effect(values: Mapping[str, Any], local: Local, arrow: Arrow) -> Any:
    share = 1 / _counts(local[arrow.parent].values)
    return _spread(values[effect_name(local, arrow)], share - share.mean())


def _diffusion_pieces(local: Local, arrow: Arrow) -> list[Piece]:
    return _scaled_pieces(effect_name(local, arrow), 1 / _counts(local[arrow.parent].values), local, arrow)


def _diffusion_variance(local: Local, arrow: Arrow) -> float:
    return float(np.var(1 / _counts(local[arrow.parent].values)))


def _inverted_u_parameters(local: Local, arrow: Arrow) -> tuple[Parameter, ...]:
    title, name = local[arrow.parent].title, effect_name(local, arrow)
    slope = f"effect of {title} on the logit scale, per unit of the natural log of its value, close to one"
    bend = f"how far the effect of {title} falls short of that slope, per unit of the squared log; above 0 it has a top"
    return (
        Parameter(name, _by(arrow), REAL, EFFECT, doc=slope, role=OF_PARENT),
        Parameter(f"{name}.bend", _by(arrow), REAL, BEND, doc=bend),
    )


def _inverted_u_effect(values: Mapping[str, Any], local: Local, arrow: Arrow) -> Any:
    log, name = np.log(_counts(local[arrow.parent].values)), effect_name(local, arrow)
    square = log**2
    return _spread(values[name], log - log.mean()) - _spread(values[f"{name}.bend"], square - square.mean())


def _inverted_u_pieces(local: Local, arrow: Arrow) -> list[Piece]:
    log, name = np.log(_counts(local[arrow.parent].values)), effect_name(local, arrow)
    return [
        *_scaled_pieces(name, log, local, arrow),
        *_scaled_pieces(f"{name}.bend", -(log**2), local, arrow),
    ]


def _inverted_u_variance(local: Local, arrow: Arrow) -> float:
    log = np.log(_counts(local[arrow.parent].values))
    return float(np.var(log) + BEND.resolved()["sigma"] ** 2 * np.var(log**2))


def turning_point(slope: Any, bend: Any) -> Any:
    """The count at which the effect of the term `inverted_u` is highest.

    Parameters
    ----------
    slope, bend
        Draws of ``<node>.<parent>`` and ``<node>.<parent>.bend``; arrays of one shape, labelled or not.

    Returns
    -------
    array
        exp(slope / (2 bend)), which lies below 1 where the effect only falls; missing where the bend is not above
        0, so that there is a bottom and no top.

    Examples
    --------
    >>> turning_point(np.array([1.0, 1.0]), np.array([0.5, -0.5])).round(2)
    array([2.72,  nan])
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        top = np.exp(slope / (2 * bend))
    return top * np.where(bend > 0, 1.0, np.nan)


def _centring(size: int) -> np.ndarray:
    """Matrix that takes from each of `size` numbers their mean."""
    return np.eye(size) - 1 / size


def _no_parameters(local: Local, arrow: Arrow) -> tuple[Parameter, ...]:  # noqa: ARG001
    return ()


def _no_effect(values: Mapping[str, Any], local: Local, arrow: Arrow) -> Any:  # noqa: ARG001
    return np.zeros(tuple(len(local[axis].states) for axis in term_axes(arrow)))


def _no_variance(local: Local, arrow: Arrow) -> float:  # noqa: ARG001
    return 0.0


def _no_pieces(local: Local, arrow: Arrow) -> list[Piece]:  # noqa: ARG001
    return []


def _log(x: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(x)


def _no_fault(local: Local, arrow: Arrow) -> str | None:  # noqa: ARG001
    return None


def _not_ordered(local: Local, arrow: Arrow) -> str | None:
    return None if local[arrow.parent].ordered else f"term 'monotone' needs '{arrow.parent}' to be ordered"


#: Every term; one line adds one.
TERMS: Mapping[str, Term] = {
    "nominal": Term(_nominal_parameters, _nominal_effect, _no_fault, _nominal_variance, _nominal_pieces),
    "monotone": Term(_monotone_parameters, _monotone_effect, _not_ordered, _monotone_variance, _monotone_pieces),
    "linear": _scaled("linear", lambda x: x, "unit of its value"),
    "log": _scaled("log", _log, "unit of the natural log of its value"),
    "none": Term(_no_parameters, _no_effect, _no_fault, _no_variance, _no_pieces),
    "saturating": Term(
        _saturating_parameters, _saturating_effect, _no_counts("saturating"), _saturating_variance, _saturating_pieces
    ),
    "diffusion": Term(
        _diffusion_parameters, _diffusion_effect, _no_counts("diffusion"), _diffusion_variance, _diffusion_pieces
    ),
    "inverted_u": Term(
        _inverted_u_parameters, _inverted_u_effect, _no_counts("inverted_u"), _inverted_u_variance, _inverted_u_pieces
    ),
}
