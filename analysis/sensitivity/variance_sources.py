r"""Variance of an answer by its sources, by the law of total variance.

Whether one case of the kind comes out as asked, $Y$, is open for three reasons at once. With $p_g$ its probability
under one draw $\theta$ of the parameters and one guarantee $g$ of the kind, and $\bar p$ its average over $g$ in each
draw,

$$
\operatorname{Var}(Y) = E[p_g(1 - p_g)] + E_\theta \operatorname{Var}_g(p_g \mid \theta)
                      + \operatorname{Var}_\theta(\bar p),
$$

the chance of a single outcome, how single guarantees differ, and what the record leaves open. Together they are
$m(1 - m)$, with $m$ the mean. Choices made beside the fit (prior set, theory, reading, coder) add the variance between
the means that they give, each kind by itself with its weights:

$$
\sum_c w_c (m_c - \bar m)^2, \qquad \bar m = \sum_c w_c m_c .
$$

Those of several kinds add up where their choices are made independently and move the mean by amounts that add up. A
kind of which fewer than two choices were tried is not measured; it is never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.errors import Fault, nearest, raise_faults
from ...common.printed import PrintedTable, printed_table
from ...common.progress import Progress, counted, shown
from ...common.show import Shown, View
from ...models.errors import QueryError
from ...models.inference.answers import distribution, log_evidence
from ...models.posterior import Posterior
from ...models.questions.evidence import GivenEvidence, resolve_evidence
from ...models.questions.quantity import Quantity
from ...models.questions.unseen import at_point, over_unseen, points, unseen_groups
from .spread import KINDS

if TYPE_CHECKING:
    import pandas as pd

#: What the record leaves open, and how single cases of the kind differ; then the kinds of choices.
RECORD, SINGLE = "record", "single"
NOT_MEASURED = "not measured"
#: What is being done, as progress says.
_DIFFERING = "asking how single cases differ"


@dataclass(frozen=True)
class VarianceSource:
    """One source of an answer's variance.

    Parameters
    ----------
    kind
        ``record``, ``single``, or a key of `servanda.analysis.sensitivity.spread.KINDS`.
    title
        What it is, for a reader.
    variance
        In squared probability; None where it was not measured.
    weights
        Choice -> weight, of what was chosen between; empty for the others.

    Examples
    --------
    >>> VarianceSource("record", "what the record leaves open", 0.01).variance
    0.01
    """

    kind: str
    title: str
    variance: float | None
    weights: Mapping[str, float] = field(default_factory=dict)

    @property
    def sd(self) -> float | None:
        """Its standard deviation, in probability; None where it was not measured."""
        return None if self.variance is None else float(np.sqrt(max(self.variance, 0.0)))


@dataclass(frozen=True, repr=False)
class VarianceSources(Shown):
    """The variance of an answer, by source.

    Parameters
    ----------
    mean
        The answer: a probability, or a change of one.
    sources
        What the record leaves open, how single cases differ, and each kind of choice.
    chance
        Of a probability, the part of a single outcome that is chance whatever is known, E[p(1 - p)]; None of a change.

    Examples
    --------
    >>> import xarray as xr
    >>> from servanda.models import Network, Node, Posterior, chance_of
    >>> draws = xr.DataArray([[[0.4, 0.6], [0.2, 0.8]]], dims=("chain", "draw", "kept"))
    >>> posterior = Posterior.from_tables(Network((Node("kept", ("no", "yes")),)), {"kept": draws})
    >>> found = variance_sources(posterior, chance_of("kept", "yes"), {"prior": {"mine": 0.7, "yours": 0.5}})
    >>> [(one.kind, one.variance and round(one.variance, 3)) for one in found.sources]
    [('record', 0.01), ('single', None), ('reading', None), ('theory', None), ('prior', 0.01), ('coder', None)]
    """

    mean: float
    sources: tuple[VarianceSource, ...]
    chance: float | None

    @property
    def total(self) -> float:
        """Sum of what was measured, without the chance of a single outcome."""
        return sum(source.variance for source in self.sources if source.variance is not None)

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """Titles of what was not measured."""
        return tuple(source.title for source in self.sources if source.variance is None)

    @property
    def table(self) -> pd.DataFrame:
        """One row a source: kind, title, variance, sd, share of what was measured, weights; NaN where not measured."""
        import pandas as pd

        total = self.total
        return pd.DataFrame(
            [
                {
                    "kind": source.kind,
                    "title": source.title,
                    "variance": np.nan if source.variance is None else source.variance,
                    "sd": np.nan if source.sd is None else source.sd,
                    "share": source.variance / total if source.variance is not None and total else np.nan,
                    "weights": ", ".join(f"{name} {weight:.2f}" for name, weight in source.weights.items()),
                }
                for source in self.sources
            ]
        )

    @property
    def printed(self) -> PrintedTable:
        """The table as journals print it."""
        return printed_table(self.table, columns=["kind", "title", "share", "weights"], percent=["share"])

    def __str__(self) -> str:
        rows = [
            f"{source.title}: {NOT_MEASURED if source.sd is None else f'{100 * source.sd:.1f} points'}"
            for source in self.sources
        ]
        if self.chance is not None:
            rows.append(f"apart from these, the chance of a single outcome: {100 * np.sqrt(self.chance):.1f} points")
        return "\n".join(rows)

    def _view(self) -> View:
        said = f"{100 * np.sqrt(self.chance or 0):.1f} points"
        chance = [] if self.chance is None else [f"Chance of a single outcome: {said}."]
        table = self.table.set_index("title").loc[:, ["sd", "share", "weights"]]
        return View(f"Sources of the variance of {self.mean:.3f}", table=table, notes=chance)


def variance_sources(
    posterior: Posterior,
    asked: Quantity,
    choices: Mapping[str, Mapping[str, float]] | None = None,
    *,
    weights: Mapping[str, Mapping[str, float]] | None = None,
    progress: bool | Progress | None = None,
) -> VarianceSources:
    """Variance of an answer by what the record leaves open, how single cases differ, and the choices beside the fit.

    Parameters
    ----------
    posterior
        From `servanda.models.fit`, a file, or tables: the fit that is reported.
    asked
        A probability or a change of one, from `servanda.analysis.chance_of`.
    choices
        Kind (``prior``, ``theory``, ``reading``, ``coder``) -> choice -> mean of the answer under it. Kinds of which
        fewer than two are given are not measured.
    weights
        Kind -> choice -> weight, such as those of stacking; scaled to add up to one. Equal ones by default.
    progress
        Whether a bar shows how far it is, or what is told of it: how many points of what single
        cases may differ by are done; see `servanda.common.progress.shown`.

    Returns
    -------
    VarianceSources

    Raises
    ------
    QueryError
        Listing what is wrong with the question, unknown kinds and choices, choices without a weight, and numbers that
        are none.

    Examples
    --------
    >>> import xarray as xr
    >>> from servanda.analysis import chance_of
    >>> from servanda.models import Network, Node, Posterior
    >>> draws = xr.DataArray([[[0.4, 0.6], [0.2, 0.8]]], dims=("chain", "draw", "kept"))
    >>> posterior = Posterior.from_tables(Network((Node("kept", ("no", "yes")),)), {"kept": draws})
    >>> found = variance_sources(posterior, chance_of("kept", "yes"), {"prior": {"mine": 0.7, "yours": 0.5}})
    >>> print(found)
    what the record leaves open: 10.0 points
    how single cases differ: not measured
    readings of the case: not measured
    theories of the count: not measured
    prior sets: 10.0 points
    coders of the outcome: not measured
    apart from these, the chance of a single outcome: 44.7 points
    """
    faults = asked.faults(posterior.network)
    if not (asked.is_probability or asked.is_difference):
        faults = [Fault("question", "asks for no probability and for no change of one")]
    faults += _choice_faults(choices or {}, weights or {})
    raise_faults("variance sources", faults, QueryError)
    draws = asked.draws(posterior).values
    mean, left_open = float(draws.mean()), float(draws.var())
    with shown(progress) as tell:
        groups, single = _single(posterior, asked, tell)
    title = f"how single {' and '.join(f'{group}s' for group in groups) or 'cases'} differ"
    sources = [
        VarianceSource(RECORD, "what the record leaves open", left_open if draws.size > 1 else None),
        VarianceSource(SINGLE, title, single),
        *(_between(kind, (choices or {}).get(kind, {}), (weights or {}).get(kind)) for kind in KINDS),
    ]
    chance = mean * (1 - mean) - left_open - (single or 0.0) if asked.is_probability else None
    return VarianceSources(mean, tuple(sources), chance)


def _between(kind: str, means: Mapping[str, float], weights: Mapping[str, float] | None) -> VarianceSource:
    """Variance between the means of the choices of a kind."""
    if len(means) < 2:
        return VarianceSource(kind, KINDS[kind], None)
    m = np.array([*means.values()], float)
    w = np.array([1.0 if weights is None else weights[name] for name in means], float)
    w /= w.sum()
    variance = float(w @ (m - w @ m) ** 2)
    return VarianceSource(kind, KINDS[kind], variance, dict(zip(means, map(float, w), strict=True)))


def _choice_faults(
    choices: Mapping[str, Mapping[str, float]], weights: Mapping[str, Mapping[str, float]]
) -> list[Fault]:
    faults = [
        Fault(f"kind {kind}", f"is unknown{nearest(kind, KINDS)}")
        for kind in {**choices, **weights}
        if kind not in KINDS
    ]
    for kind, means in choices.items():
        faults += [
            Fault(f"{kind} {name}", f"has the mean {mean}; give a number")
            for name, mean in means.items()
            if not np.isfinite(mean)
        ]
    for kind, own in weights.items():
        means = choices.get(kind, {})
        faults += [Fault(f"{kind} {name}", "has no weight") for name in means if name not in own]
        faults += [Fault(f"{kind} {name}", "has a weight and no mean") for name in own if name not in means]
        faults += [
            Fault(f"{kind} {name}", f"has the weight {weight}; weights are finite and not below 0")
            for name, weight in own.items()
            if not (np.isfinite(weight) and weight >= 0)
        ]
        if own and not sum(own.values()) > 0:
            faults.append(Fault(f"kind {kind}", "has weights that are all 0; one at least must be above"))
    return faults


def _single(posterior: Posterior, asked: Quantity, progress: Progress) -> tuple[tuple[str, ...], float | None]:
    """Groups of which a single case has a member that is not known, and the variance that it brings within a draw.

    None where no member bears on the answer; and of a change where the given case itself tells of the member, as it may
    tell each side something else.
    """
    sides = [asked.do] if asked.against is None else [asked.do, asked.against]
    put = [resolve_evidence(posterior, (asked.target,), asked.given, do, asked.members) for do in sides]
    groups = unseen_groups(put[0])
    network = posterior.network
    having = [node.name for node in network.nodes if {group.name for group in node.groups} & {*groups}]
    bearing = [name for name in having if name in asked.nodes(network)]
    if not bearing:
        return (), None
    if len(put) == 1:
        more = counted(progress, _DIFFERING, sum(1 for _ in points(put[0].system, groups)))

        def with_square(here: GivenEvidence) -> np.ndarray:
            p = _answered(here, asked)
            more(1)
            return np.stack([p, p**2])

        mean, squared = over_unseen(put[0], with_square, _log_evidence)
        return groups, float(np.mean(squared - mean**2))
    if network.descendants(having) & {*put[0].form.given}:
        return groups, None
    square: Any = 0.0
    mean: Any = 0.0
    more = counted(progress, _DIFFERING, sum(1 for _ in points(put[0].system, groups, bearing)))
    for point in points(put[0].system, groups, bearing):
        one, other = (_answered(at_point(side, point, groups), asked) for side in put)
        square, mean = square + point.weight * (one - other) ** 2, mean + point.weight * (one - other)
        more(1)
    return groups, float(np.mean(square - mean**2))


def _answered(here: GivenEvidence, asked: Quantity) -> np.ndarray:
    """Probability of the asked states where every member has one effect a draw, shape (samples,)."""
    states = [here.system.network[asked.target].index(state) for state in asked.states]
    return distribution(here.system, here.form, here.evidence)[states].sum(axis=0)


def _log_evidence(here: GivenEvidence) -> np.ndarray:
    return log_evidence(here.system, here.form, here.evidence)
