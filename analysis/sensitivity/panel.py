"""Answers of a panel, under the mixture of its experts' priors, with what they disagree about in the interval.

Under a mixture of priors the posterior is the mixture of the experts' posteriors, each weighing its prior weight times
the marginal likelihood of the data under its prior: experts whom the record bears out gain.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ...common.canvas import Look
from ...common.errors import Fault, raise_faults
from ...common.printed import PrintedTable, printed_table
from ...common.progress import Progress, followed
from ...common.show import Shown, View
from ...models.errors import PriorError
from ...models.parameters.prior_set import PriorSet
from ...models.posterior import Posterior
from ...models.questions.quantity import Quantity, check_quantities
from ...priors.panel.linear_pool import LinearPool
from ..figures.priors import priors_figure
from ..summaries.importance import WeightedSummary, draw_shares, weighted_quantiles
from ..summaries.likelihood_words import load_lexicon
from ..summaries.summary import INTERVAL
from .bayes_factor import BayesFactor, bayes_factor, block_questions
from .reweighted import Answer, base_faults, prior_set_faults, reweighted_fit

if TYPE_CHECKING:
    from typing import Unpack

    import pandas as pd

    from ...common.figure_style import ShownFigure

#: What the panel as a whole is called in tables.
PANEL = "panel"


@dataclass(frozen=True)
class MixedAnswer:
    """An answer under a mixture of priors.

    Parameters
    ----------
    parts
        Expert -> answer under that expert's prior.
    shares
        Expert -> posterior weight.
    """

    parts: Mapping[str, Answer]
    shares: Mapping[str, float]

    @cached_property
    def summary(self) -> WeightedSummary:
        """Mean, standard deviation, interval and Monte Carlo error of the mixture, experts' weights taken as known."""
        x = np.concatenate([answer.draws.ravel() for answer in self.parts.values()])
        weights = np.concatenate(
            [
                self.shares[expert] * draw_shares(answer.draws, answer.weights).ravel()
                for expert, answer in self.parts.items()
            ]
        )
        lower, upper = weighted_quantiles(x, weights, [(1 - INTERVAL) / 2, (1 + INTERVAL) / 2])
        mcse = math.hypot(*(self.shares[expert] * answer.summary.mcse for expert, answer in self.parts.items()))
        return WeightedSummary(self.mean, math.sqrt(self.within + self.between), float(lower), float(upper), mcse)

    @cached_property
    def mean(self) -> float:
        """Mean of the mixture."""
        return math.fsum(self.shares[expert] * answer.summary.mean for expert, answer in self.parts.items())

    @cached_property
    def within(self) -> float:
        """Variance that experts are unsure of themselves."""
        return math.fsum(self.shares[expert] * answer.summary.sd**2 for expert, answer in self.parts.items())

    @cached_property
    def between(self) -> float:
        """Variance that experts disagree about."""
        return math.fsum(
            self.shares[expert] * (answer.summary.mean - self.mean) ** 2 for expert, answer in self.parts.items()
        )

    @property
    def disagreement(self) -> float:
        """Share of the variance that experts disagree about, from 0 to 1."""
        whole = self.within + self.between
        return self.between / whole if whole else 0.0

    @property
    def trusted(self) -> bool:
        """Whether no part rests on weights that cannot be trusted."""
        return all(answer.trusted for expert, answer in self.parts.items() if self.shares[expert] > 0)


@dataclass(frozen=True, repr=False)
class PanelAnswers(Shown):
    """Answers of a panel, of each expert, and of the others without one.

    Parameters
    ----------
    pool
        The panel.
    answers
        Question -> whose (``panel``, an expert, ``without`` an expert) -> answer.
    shares
        Expert -> weight after the data.
    bayes_factors
        Expert -> how much more likely its prior makes the data than that of the fit.
    refitted
        Expert -> nodes that were fitted again, for those where any were.
    questions
        Question -> what was asked.
    seconds, fit_seconds
        How long it took, and how long the fit of one expert would have.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Network, Node, Prior, PriorSet, chance_of, fit
    >>> from servanda.priors import linear_pool
    >>> network = Network((Node("kept", ("no", "yes")),))
    >>> low, high = (PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=a)}) for a in ([8, 2], [2, 8]))
    >>> posterior = fit(network, pd.DataFrame({"kept": ["yes"] * 6 + ["no"] * 2}), low, seed=1)
    >>> found = ask_panel(
    ...     posterior, linear_pool(network, {"low": low, "high": high}), {"kept": chance_of("kept", "yes")}
    ... )
    >>> list(found.answers["kept"])
    ['panel', 'low', 'high']
    """

    pool: LinearPool
    answers: Mapping[str, Mapping[str, MixedAnswer]]
    shares: Mapping[str, float]
    bayes_factors: Mapping[str, BayesFactor]
    refitted: Mapping[str, tuple[str, ...]]
    questions: Mapping[str, Quantity]
    seconds: float
    fit_seconds: float

    @property
    def titles(self) -> dict[str, str]:
        """The panel and its experts, as a figure names them."""
        return {whose: whose for whose in (PANEL, *self.shares)}

    @property
    def absences(self) -> dict[str, dict[str, float]]:
        """Question -> expert -> mean of the panel without that expert; of panels of three or more."""
        return {
            question: {e: by_whom[f"without {e}"].summary.mean for e in self.shares if f"without {e}" in by_whom}
            for question, by_whom in self.answers.items()
        }

    @property
    def table(self) -> pd.DataFrame:
        """One row a question and panel, expert, or panel without an expert.

        Columns: ``mean``, ``lower``, ``upper`` (90 %), ``sd``, ``mcse``, ``disagreement`` (share of the variance that
        experts disagree about), ``word`` (ICD 203) and ``trusted``.
        """
        import pandas as pd

        lexicon, rows = load_lexicon(), []
        for question, by_whom in self.answers.items():
            for whose, answer in by_whom.items():
                s = answer.summary
                word = lexicon.band(s.mean).word if self.questions[question].is_probability else ""
                rows.append(
                    {
                        "question": question,
                        "whose": whose,
                        "mean": s.mean,
                        "lower": s.lower,
                        "upper": s.upper,
                        "sd": s.sd,
                        "mcse": s.mcse,
                        "disagreement": answer.disagreement,
                        "word": word,
                        "trusted": answer.trusted,
                    }
                )
        return pd.DataFrame(rows).set_index(["question", "whose"])

    @property
    def printed(self) -> PrintedTable:
        """The table as journals print it."""
        changes = [self.questions[question].is_difference for question in self.table.index.get_level_values("question")]
        return printed_table(self.table, percent=["mean"], changes=changes)

    @property
    def weights(self) -> pd.DataFrame:
        """One row an expert: weight ``before`` and ``after`` data, ``log_bayes_factor`` (to the fit) with ``error``."""
        import pandas as pd

        rows = [
            (expert, self.pool.weights[expert], self.shares[expert], found.log, found.error, found.trusted)
            for expert, found in self.bayes_factors.items()
        ]
        columns = ["expert", "before", "after", "log_bayes_factor", "error", "trusted"]
        return pd.DataFrame(rows, columns=columns).set_index("expert")

    @property
    def verdict(self) -> str:
        """Whom the data bear out, how much experts disagree, and whose absence would move an answer most."""
        weights = ", ".join(
            f"{expert} {self.pool.weights[expert]:.2f} to {self.shares[expert]:.2f}" for expert in self.shares
        )
        moves = any(self.pool.weights[expert] != share for expert, share in self.shares.items())
        said = [f"The data move the experts' weights: {weights}." if moves else "The experts weigh what was stated."]
        most = max(self.answers, key=lambda question: self.answers[question][PANEL].disagreement)
        whole = self.answers[most][PANEL]
        said.append(
            f"Experts disagree most about “{most}”: {whole.summary.mean:.2f} ({whole.summary.lower:.2f} to "
            f"{whole.summary.upper:.2f}), {100 * whole.disagreement:.0f} % of its variance."
        )
        moved = [
            (abs(mean - self.answers[question][PANEL].summary.mean), question, expert, mean)
            for question, means in self.absences.items()
            for expert, mean in means.items()
        ]
        if moved:
            _, question, expert, mean = max(moved)
            said.append(f"One expert's absence moves most: without {expert}, “{question}” is {mean:.2f}.")
        again = "; ".join(f"{expert} ({', '.join(nodes)})" for expert, nodes in self.refitted.items())
        said.append(
            f"Fitted again, as weights could not be trusted: {again}." if again else "Nothing was fitted again."
        )
        bad = [f"{expert} ({found.doubt})" for expert, found in self.bayes_factors.items() if found.doubt]
        if bad:
            said.append(f"How much the data speak for an expert is not settled: {', '.join(bad)}.")
        return " ".join(said)

    def plot(self, **look: Unpack[Look]) -> ShownFigure:
        """Every answer of the panel and of each expert, and where the panel's mean would be without them.

        Parameters
        ----------
        **look
            As `servanda.common.canvas.Look` says; names are ``panel`` and those of experts.
        """
        differences = [question for question, one in self.questions.items() if one.is_difference]
        return priors_figure(
            self.table, self.titles, differences=differences, rings=self.absences, strong=PANEL, look=look
        )

    def _view(self) -> View:
        return View(self.verdict, table=self.table.drop(columns=["mcse"]), more={"weights": self.weights})

    def __str__(self) -> str:
        shown = self.table[["mean", "lower", "upper", "disagreement"]].round(3).to_string()
        return f"{self.weights.round(3).to_string()}\n{shown}\n{self.verdict}"


def ask_panel(
    posterior: Posterior,
    pool: LinearPool,
    questions: Mapping[str, Quantity],
    *,
    update: bool = True,
    refit: bool = True,
    progress: bool | Progress | None = None,
) -> PanelAnswers:
    """Answers to questions under a panel's mixture of priors, from the draws of one fit.

    The fit may be under any set: draws are weighted for each expert, and blocks are fitted again where weights cannot
    be trusted, as in `servanda.analysis.compare_priors`. The experts' weights are updated by how likely each prior
    made all the data of the fit.

    Parameters
    ----------
    posterior
        From `servanda.models.fit`, with its cases and priors.
    pool
        From `servanda.priors.linear_pool`, for the network of the fit.
    questions
        Label -> what is asked, from `chance_of`.
    update
        Whether the data move the experts' weights, as probability has it. A marginal likelihood judges a whole set, and
        vague priors lose by it even where they lead to the same answers; False keeps the weights that were stated.
    refit
        Whether to fit again where weights cannot be trusted; else such answers are marked.
    progress
        Called with what is being done, and how many parts of it are done and to do.

    Returns
    -------
    PanelAnswers
        Answers of the panel, of each expert and, with three or more, without each; ``.plot()`` draws them.

    Raises
    ------
    QueryError
        Listing what is wrong with the questions.
    PriorError
        If the posterior has no prior, the pool is none, or an expert's set does not fit or was made from the same data.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.analysis import chance_of
    >>> from servanda.models import Network, Node, Prior, PriorSet, fit
    >>> from servanda.priors import linear_pool
    >>> network = Network((Node("kept", ("no", "yes")),))
    >>> low, high = (PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=a)}) for a in ([8, 2], [2, 8]))
    >>> posterior = fit(network, pd.DataFrame({"kept": ["yes"] * 6 + ["no"] * 2}), low, seed=1)
    >>> panel = linear_pool(network, {"low": low, "high": high})
    >>> found = ask_panel(posterior, panel, {"kept": chance_of("kept", "yes")})
    >>> {expert: round(weight, 2) for expert, weight in found.shares.items()}
    {'low': 0.05, 'high': 0.95}
    """
    started = time.perf_counter()
    experts = _experts(posterior, pool)
    check_quantities(posterior.network, questions)
    nodes = {label: one.nodes(posterior.network) for label, one in questions.items()}
    asked = {label: one.draws(posterior).values for label, one in questions.items()}
    parts: dict[str, dict[str, Answer]] = {label: {} for label in questions}
    factors, refitted = {}, {}
    for expert, priors in followed(experts.items(), "asking the panel", progress):
        needed = nodes | block_questions(posterior, priors)
        reweighted = reweighted_fit(posterior, priors, needed, refit=refit)
        factors[expert] = bayes_factor(posterior, priors, reweighted)
        if reweighted.refitted:
            refitted[expert] = tuple(sorted(reweighted.refitted))
        for label, one in questions.items():
            parts[label][expert] = reweighted.answer(one, nodes[label], asked[label])
    logs = {expert: found.log for expert, found in factors.items()}
    shares = _updated(pool.weights, logs) if update else dict(pool.weights)
    return PanelAnswers(
        pool,
        {label: _mixtures(found, shares) for label, found in parts.items()},
        shares,
        factors,
        refitted,
        dict(questions),
        time.perf_counter() - started,
        float(posterior.provenance.get("seconds", np.nan)),
    )


def _experts(posterior: Posterior, pool: LinearPool) -> Mapping[str, PriorSet]:
    if not isinstance(pool, LinearPool):
        what = f"must be a pool from servanda.priors.linear_pool, not a {type(pool).__name__}"
        raise PriorError("panel", [Fault("pool", what)])
    faults = base_faults(posterior)
    taken = [expert for expert in pool.experts if expert == PANEL or expert.startswith("without ")]
    faults += [Fault(f"expert {expert}", "has a name that the table needs; rename it") for expert in taken]
    for expert, priors in pool.experts.items():
        faults += [fault.within(f"expert {expert}") for fault in prior_set_faults(posterior, priors)]
    raise_faults("panel", faults, PriorError)
    return pool.experts


def _updated(weights: Mapping[str, float], log_factors: Mapping[str, float]) -> dict[str, float]:
    top = max(log_factors[expert] for expert, weight in weights.items() if weight > 0)
    raw = {
        expert: weight * math.exp(log_factors[expert] - top) if weight > 0 else 0.0
        for expert, weight in weights.items()
    }
    total = math.fsum(raw.values())
    return {expert: value / total for expert, value in raw.items()}


def _mixtures(parts: Mapping[str, Answer], shares: Mapping[str, float]) -> dict[str, MixedAnswer]:
    """The panel, each expert alone, and the panel without each, where that is not an expert alone."""
    found = {PANEL: MixedAnswer(parts, shares)}
    found |= {expert: MixedAnswer({expert: answer}, {expert: 1.0}) for expert, answer in parts.items()}
    for expert in parts if len(parts) > 2 else ():
        left = {other: share for other, share in shares.items() if other != expert}
        total = math.fsum(left.values())
        if total > 0:
            own = {other: share / total for other, share in left.items()}
            found[f"without {expert}"] = MixedAnswer({other: parts[other] for other in own}, own)
    return found
