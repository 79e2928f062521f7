"""Flip points of a conclusion: at which strength of belief it changes, on a path from one prior to another.

The path is geometric: at t the prior is proportional to p^(1 - t) q^t, the logarithmic pool of the two with weights
1 - t and t. Draws of a fit at s weigh (q / p)^(t - s), so that every fit on the path serves its neighbourhood. Where no
weights can be trusted, the far end and then places between are fitted too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ...common.canvas import Look
from ...common.errors import Fault
from ...common.printed import PrintedTable, printed_table
from ...common.progress import Progress, part_of, shown
from ...common.show import Shown, View
from ...models.errors import PriorError
from ...models.parameters.prior_set import PriorSet
from ...models.posterior import Posterior
from ...models.questions.quantity import Quantity, check_quantities
from ...models.sampling.refit import resample_blocks
from ...priors.files.load import Priors, as_priors
from ...priors.panel.logarithmic_pool import logarithmic_pool
from ..figures.priors import DIFFERENCE, flip_figure
from ..summaries.importance import ImportanceWeights, smoothed, weighted_summary, without_idle_k
from ..summaries.likelihood_words import load_lexicon
from .reweighted import changed_blocks, checked_sets, log_prior_ratio

if TYPE_CHECKING:
    from typing import Unpack

    import pandas as pd

    from ...common.figure_style import ShownFigure
    from ...models.parameters.prior_set import PriorSet
    from ...models.posterior import Posterior
#: Names what draws (chains, draws) with their weights conclude.
Verdict = Callable[[np.ndarray, ImportanceWeights], str]
#: How closely the place of a flip is found.
_CLOSE = 1e-3


def likelihood_word(x: np.ndarray, weights: ImportanceWeights) -> str:
    """Verdict: the likelihood word (ICD 203) of the mean.

    Examples
    --------
    >>> likelihood_word(np.full((1, 20), 0.7), smoothed(np.zeros((1, 20))))
    'likely'
    """
    return load_lexicon().band(weights.mean(x)).word


def direction(threshold: float = 0.0, sure: float = 0.9) -> Verdict:
    """Verdict whether a number is above or below a threshold with some probability, or neither.

    Examples
    --------
    >>> direction()(np.full((1, 20), 0.1), smoothed(np.zeros((1, 20))))
    'above 0'
    """

    def verdict(x: np.ndarray, weights: ImportanceWeights) -> str:
        above = float((weights.values * (x > threshold)).sum())
        return f"above {threshold:g}" if above >= sure else f"below {threshold:g}" if above <= 1 - sure else "unsettled"

    return verdict


@dataclass(frozen=True)
class Flip:
    """A change of the verdict on the path.

    Parameters
    ----------
    at
        Where, from 0 (the first prior) to 1 (the second).
    before, after
        The verdicts.
    mean
        The answer there.
    trusted
        Whether the weights there can be trusted.
    """

    at: float
    before: str
    after: str
    mean: float
    trusted: bool


@dataclass(frozen=True, repr=False)
class FlipPath(Shown):
    """An answer along the path from one prior to another.

    Parameters
    ----------
    start, end
        Names of the priors.
    question
        In words.
    table
        One row a step: ``t``, ``mean``, ``lower``, ``upper``, ``verdict``, ``pareto_k``, ``trusted``.
    flips
        Where the verdict changes.
    fitted
        Places on the path where a fit was made; 0 is that of the posterior.
    is_difference
        Whether the answer is a change of a probability.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Network, Node, Prior, fit, chance_of
    >>> flat, sure = (
    ...     PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=a)}, name=n)
    ...     for n, a in (("flat", 1), ("sure", [1, 5]))
    ... )
    >>> posterior = fit(
    ...     Network((Node("kept", ("no", "yes")),)),
    ...     pd.DataFrame({"kept": ["yes"] * 6 + ["no"] * 4}),
    ...     flat,
    ...     seed=1,
    ... )
    >>> print(flip_point(posterior, sure, chance_of("kept", "yes"), verdict=direction(0.5)).verdict)
    On the way from flat (0) to sure (1) the verdict flips at 0.67 from “unsettled” to “above 0.5” (mean 0.66).
    """

    start: str
    end: str
    question: str
    table: pd.DataFrame
    flips: tuple[Flip, ...]
    fitted: tuple[float, ...]
    is_difference: bool = False

    @property
    def verdict(self) -> str:
        """Flips of the conclusion, in words."""
        first, last = self.table["verdict"].iloc[0], self.table["verdict"].iloc[-1]
        if self.flips:
            where = "; ".join(f"at {f.at:.2f} from “{f.before}” to “{f.after}” (mean {f.mean:.2f})" for f in self.flips)
            what = f"On the way from {self.start} (0) to {self.end} (1) the verdict flips {where}."
        else:
            what = f"From {self.start} to {self.end} the verdict stays “{first}”."
        bad = self.table.loc[~self.table["trusted"], "t"]
        if len(bad):
            what += f" Between {bad.min():.2f} and {bad.max():.2f} the weights cannot be trusted."
        return what if self.flips or first == last else f"{what} It ends as “{last}”."

    def plot(self, **look: Unpack[Look]) -> ShownFigure:
        """The answer along the path, with its interval and the flips.

        Parameters
        ----------
        **look
            As `servanda.common.canvas.Look` says; names are ``answer`` and ``untrusted``.
        """
        flips = [(flip.at, flip.before, flip.after) for flip in self.flips]
        unit = {"unit": DIFFERENCE} if self.is_difference else {}
        return flip_figure(self.table, flips, start=self.start, end=self.end, look=look, **unit)

    @property
    def printed(self) -> PrintedTable:
        """The table as journals print it."""
        return printed_table(self.table, percent=["mean"], changes=[self.is_difference] * len(self.table))

    def _view(self) -> View:
        steps = self.table.iloc[:: max(1, len(self.table) // 10)].set_index("t")
        return View(self.question, table=without_idle_k(steps), notes=[self.verdict])

    def __str__(self) -> str:
        return f"{self.question}\n{self.verdict}"


def flip_point(
    posterior: Posterior,
    towards: Priors,
    question: Quantity,
    *,
    verdict: Verdict = likelihood_word,
    steps: int = 40,
    refits: int = 3,
    progress: bool | Progress | None = None,
) -> FlipPath:
    """Path of an answer from the prior of a fit towards another, and where on it the verdict changes.

    Parameters
    ----------
    posterior
        From `servanda.models.fit`.
    towards
        The other prior set, its name or its file.
    question
        From `chance_of`.
    verdict
        `likelihood_word`, ``direction(threshold, sure)``, or a function of draws and weights.
    steps
        Into so many the path is cut; a flip is then found to within 0.001.
    refits
        At most so many fits are made on the path where weights alone cannot be trusted: first at the far end, then
        in the middle of what is not trusted.
    progress
        Whether a bar shows how far it is, or what is told of it: how many of those fits are done; see
        `servanda.common.progress.shown`.

    Returns
    -------
    FlipPath

    Raises
    ------
    QueryError, PriorError
        As `compare_priors`; if the two sets have the same priors on what the question depends on.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.analysis import chance_of
    >>> from servanda.models import Network, Node, Prior, PriorSet, fit
    >>> network = Network((Node("kept", ("no", "yes")),))
    >>> flat = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=1.0)}, name="flat")
    >>> sure = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=[1.0, 5.0])}, name="sure")
    >>> posterior = fit(network, pd.DataFrame({"kept": ["yes"] * 6 + ["no"] * 4}), flat, seed=1)
    >>> found = flip_point(posterior, sure, chance_of("kept", "yes"), verdict=direction(0.5, sure=0.9))
    >>> [(flip.before, flip.after, round(flip.at, 1)) for flip in found.flips]
    [('unsettled', 'above 0.5', 0.7)]
    """
    import pandas as pd

    own, towards = checked_sets(posterior, [as_priors(towards)])
    check_quantities(posterior.network, {"question": question})
    nodes = question.nodes(posterior.network)
    touched = [block for block in changed_blocks(posterior, towards) if nodes & set(block)]
    if not touched:
        what = f"has the same priors as {towards.name} on all that the question depends on, so nothing can flip"
        raise PriorError("path", [Fault(own.name, what)])
    inside = frozenset(name for block in touched for name in block)
    grid = np.linspace(0.0, 1.0, steps + 1)
    intermediate_fits = {0.0: _answer_and_ratio(posterior, towards, question, inside)}

    def at(t: float) -> tuple[np.ndarray, ImportanceWeights]:
        """Draws of the fit whose weights are the best there."""
        found = [(x, smoothed((t - place) * ratio)) for place, (x, ratio) in intermediate_fits.items()]
        return min(found, key=lambda one: one[1].pareto_k)

    found = [at(t) for t in grid]
    with shown(progress) as tell:
        while len(intermediate_fits) <= refits:
            bad = [t for t, (_, weights) in zip(grid, found, strict=True) if not weights.trusted]
            if not bad:
                break
            place = 1.0 if 1.0 not in intermediate_fits else float(bad[len(bad) // 2])
            ends, shares = {"own": own, "other": towards}, {"own": 1 - place, "other": place}
            between = logarithmic_pool(posterior.network, ends, shares)
            fitted = resample_blocks(posterior, between, inside, part_of(tell, len(intermediate_fits) - 1, refits))
            intermediate_fits[place] = _answer_and_ratio(fitted, towards, question, inside)
            found = [at(t) for t in grid]
    rows = []
    for t, (x, weights) in zip(grid, found, strict=True):
        s = weighted_summary(x, weights)
        rows.append((t, s.mean, s.lower, s.upper, verdict(x, weights), weights.pareto_k, weights.trusted))
    table = pd.DataFrame(rows, columns=["t", "mean", "lower", "upper", "verdict", "pareto_k", "trusted"])
    flips = []
    for here, after in pairwise(rows):
        if here[4] == after[4]:
            continue
        low, high = here[0], after[0]
        while high - low > _CLOSE:
            middle = (low + high) / 2
            low, high = (middle, high) if verdict(*at(middle)) == here[4] else (low, middle)
        x, weights = at(high)
        flips.append(Flip(float(high), here[4], verdict(x, weights), weights.mean(x), weights.trusted))
    asked, places = question.words(posterior.network), tuple(sorted(intermediate_fits))
    return FlipPath(own.name, towards.name, asked, table, tuple(flips), places, question.is_difference)


def _answer_and_ratio(
    fitted: Posterior, towards: PriorSet, question: Quantity, nodes: frozenset[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Draws of the question in a fit, and the log ratio of the two ends' priors, each of shape (chains, draws)."""
    return question.draws(fitted).values, log_prior_ratio(fitted, towards, nodes)
