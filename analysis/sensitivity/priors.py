"""Comparison of priors by their answers: one fit, weighted for every other prior, fitted again where weights fail."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.canvas import Look
from ...common.printed import PrintedTable, printed_table
from ...common.progress import Progress, shown
from ...common.show import Shown, View
from ...common.tasks.mapping import mapped
from ...models.parameters.prior_set import PriorSet
from ...models.posterior import Posterior
from ...models.questions.quantity import Quantity, check_quantities
from ...models.sampling.blocks import Block
from ...models.sampling.refit import blocks_of, cases_of, inputs_of
from ...models.sampling.scoring import unit_scores
from ...models.sampling.stacking_weights import stacking_weights
from ...models.store import draws_tree
from ...priors.files.load import Priors, as_priors
from ..figures.priors import priors_figure
from ..summaries.importance import PredictiveScores, good_k, paired_difference, psis_loo, without_idle_k
from ..summaries.likelihood_words import load_lexicon
from .reweighted import Answer, ReweightedFit, checked_sets, reweighted_fit

if TYPE_CHECKING:
    from typing import Unpack

    import pandas as pd

    from ...common.figure_style import ShownFigure

#: Seed of the points at which effects of single guarantees are integrated out; it moves scores by less than draws do.
_POINTS_SEED = 1
#: Draws that score a prior, of all chains; more would take longer than the answers.
_SCORED = 1000


@dataclass(frozen=True, repr=False)
class PriorComparison(Shown):
    """Answers under several priors.

    Parameters
    ----------
    base
        Name of the prior of the fit.
    titles
        Prior -> its title.
    answers
        Question -> prior -> answer.
    predictive_scores
        Prior -> how well it predicts `node`; empty where that was not asked.
    weights
        Prior -> stacking weight.
    refitted
        Prior -> nodes that were fitted again, for those where any were.
    node, unit
        What is predicted, and what was left out at a time.
    seconds, fit_seconds
        How long the comparison took, and how long the fit of each prior would have taken (that of the base).
    questions
        Question -> what was asked.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Network, Node, Prior, PriorSet, chance_of, fit
    >>> flat, sure = (
    ...     PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=a)}, name=n)
    ...     for n, a in (("flat", 1), ("sure", [2, 8]))
    ... )
    >>> posterior = fit(
    ...     Network((Node("kept", ("no", "yes")),)),
    ...     pd.DataFrame({"kept": ["yes"] * 6 + ["no"] * 4}),
    ...     flat,
    ...     seed=1,
    ... )
    >>> found = compare_priors(posterior, [sure], {"kept": chance_of("kept", "yes")}, scores=False)
    >>> found.base, list(found.answers["kept"])
    ('flat', ['flat', 'sure'])
    """

    base: str
    titles: Mapping[str, str]
    answers: Mapping[str, Mapping[str, Answer]]
    predictive_scores: Mapping[str, PredictiveScores]
    weights: Mapping[str, float]
    refitted: Mapping[str, tuple[str, ...]]
    node: str
    unit: str
    seconds: float
    fit_seconds: float
    questions: Mapping[str, Quantity]

    @property
    def table(self) -> pd.DataFrame:
        """One row a question and prior.

        Columns: ``mean``, ``lower``, ``upper`` (90 %), ``sd``, ``mcse``, ``shift`` (of the mean from the base, in
        standard deviations of the base), ``word`` (ICD 203), ``pareto_k``, ``effective`` draws, ``how``: fitted,
        reweighted, refitted or not trusted.
        """
        import pandas as pd

        lexicon, rows = load_lexicon(), []
        for question, by_prior in self.answers.items():
            start = by_prior[self.base].summary
            for prior, answer in by_prior.items():
                s = answer.summary
                shift = (s.mean - start.mean) / start.sd if start.sd else 0.0
                word = lexicon.band(s.mean).word if self.questions[question].is_probability else ""
                rows.append(
                    {
                        "question": question,
                        "prior": prior,
                        "mean": s.mean,
                        "lower": s.lower,
                        "upper": s.upper,
                        "sd": s.sd,
                        "mcse": s.mcse,
                        "shift": shift,
                        "word": word,
                        "pareto_k": answer.pareto_k,
                        "effective": answer.effective,
                        "how": self._how(prior, answer),
                    }
                )
        return pd.DataFrame(rows).set_index(["question", "prior"])

    @property
    def printed(self) -> PrintedTable:
        """The table as journals print it."""
        changes = [self.questions[question].is_difference for question in self.table.index.get_level_values("question")]
        return printed_table(self.table, percent=["mean"], changes=changes)

    def _how(self, prior: str, answer: Answer) -> str:
        if prior == self.base:
            return "fitted"
        if not answer.trusted:
            return "not trusted"
        return "refitted" if answer.refitted else "reweighted"

    @property
    def scores(self) -> pd.DataFrame:
        """One row a prior: ``elpd``, ``difference`` to the base with ``error``, stacking ``weight``, worst k."""
        import pandas as pd

        rows = []
        for prior, found in self.predictive_scores.items():
            apart, error = paired_difference(found.elpd, self.predictive_scores[self.base].elpd)
            rows.append(
                {
                    "prior": prior,
                    "title": self.titles[prior],
                    "elpd": float(found.elpd.sum()),
                    "difference": apart,
                    "error": error,
                    "weight": self.weights[prior],
                    "pareto_k": float(np.nanmax(found.pareto_k)),
                    "untrusted": int((found.pareto_k >= good_k(_SCORED)).sum()),
                }
            )
        columns = ["prior", "title", "elpd", "difference", "error", "weight", "pareto_k", "untrusted"]
        return pd.DataFrame(rows, columns=columns).set_index("prior")

    @property
    def verdict(self) -> str:
        """Answer that moves most, nodes that were fitted again, and the cost, in words."""
        table: pd.DataFrame = self.table.reset_index()
        row = table.to_dict("records")[int(np.argmax(np.abs(table["shift"].to_numpy(float))))]
        most = (
            f"The answer that moves most is “{row['question']}”: {row['mean']:.2f} under {row['prior']} and "
            f"{self.answers[row['question']][self.base].summary.mean:.2f} under {self.base}, a shift of "
            f"{abs(row['shift']):.1f} posterior standard deviations."
        )
        words: dict[str, set[str]] = {}
        for one in table.to_dict("records"):
            words.setdefault(one["question"], set()).add(one["word"])
        changed = [f"“{question}”" for question, found in words.items() if len(found) > 1]
        kept = f"The likelihood word depends on the prior for {', '.join(changed)}." if changed else ""
        again = "; ".join(f"{prior} ({', '.join(nodes)})" for prior, nodes in self.refitted.items())
        refits = f"Fitted again, as weights could not be trusted: {again}." if again else "Nothing was fitted again."
        bad = table.loc[table["how"] == "not trusted", "prior"].unique()
        caution = f"Not to be trusted, k too large: {', '.join(bad)}." if len(bad) else ""
        others = len(self.titles) - 1
        cost = f"It took {self.seconds:.1f} s; {others} fits would have taken about {others * self.fit_seconds:.0f} s."
        return " ".join(part for part in (most, kept, refits, caution, cost) if part)

    def plot(self, **look: Unpack[Look]) -> ShownFigure:
        """Every answer under every prior, with its interval.

        Parameters
        ----------
        **look
            As `servanda.common.canvas.Look` says; names are those of prior sets.
        """
        table = self.table
        differences = [question for question, one in self.questions.items() if one.is_difference]
        trusted = table.assign(trusted=table["how"] != "not trusted")
        titles = {**self.titles, self.base: f"{self.titles[self.base]} (fitted)"}
        return priors_figure(trusted, titles, differences=differences, look=look)

    def _view(self) -> View:
        shown_table = self.table.loc[:, ["mean", "lower", "upper", "shift", "word", "pareto_k", "how"]]
        scored = {"scores": self.scores.drop(columns="title")} if len(self.predictive_scores) else {}
        return View(self.verdict, table=without_idle_k(shown_table), more=scored)

    def __str__(self) -> str:
        shown = self.table[["mean", "lower", "upper", "shift", "pareto_k", "how"]].round(3).to_string()
        scored = f"{self.scores.drop(columns='title').round(2).to_string()}\n" if len(self.predictive_scores) else ""
        return f"{shown}\n{scored}{self.verdict}"


def compare_priors(
    posterior: Posterior,
    priors: Iterable[Priors],
    questions: Mapping[str, Quantity],
    *,
    node: str | None = None,
    scores: bool = True,
    refit: bool = True,
    client: Any = None,
    progress: bool | Progress | None = None,
) -> PriorComparison:
    """Comparison of answers under other priors, from the draws of one fit.

    Draws are weighted by the ratio of prior densities of what each question depends on. Tables that the fit drew
    exactly are drawn exactly again. Where the weights of a question cannot be trusted (Pareto k of 0.7 and more), the
    nodes that are to blame are fitted again under the new prior, and the comparison says so.

    Parameters
    ----------
    posterior
        From `servanda.models.fit`, with its cases and priors.
    priors
        Other sets, as values or by name or file; that of the posterior may be among them.
    questions
        Label -> what is asked, from `chance_of`.
    node
        The outcome whose cases are left out in turn, to score the priors; the first question's target by default.
    scores
        Whether to score the priors (ELPD and stacking weights) by leaving out guarantees, or cases where there are
        none.
    refit
        Whether to fit again where weights cannot be trusted; else such answers are marked.
    client
        A `distributed.Client` of Dask, each of whose workers takes a set at a time.
    progress
        Called with what is being done, and how many parts of it are done and to do.

    Returns
    -------
    PriorComparison
        Print it for a table and a verdict; ``.plot()`` draws it.

    Raises
    ------
    QueryError
        Listing what is wrong with the questions.
    PriorError
        If a set does not fit the network, two have one name, or the posterior has no prior.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.analysis import chance_of
    >>> from servanda.models import Network, Node, Prior, PriorSet, fit
    >>> network = Network((Node("kept", ("no", "yes")),))
    >>> flat = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=1.0)}, name="flat")
    >>> sure = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=[2.0, 8.0])}, name="sure")
    >>> posterior = fit(network, pd.DataFrame({"kept": ["yes"] * 6 + ["no"] * 4}), flat, seed=1)
    >>> found = compare_priors(posterior, [sure], {"kept": chance_of("kept", "yes")}, scores=False)
    >>> found.table["mean"].round(2).to_list()
    [0.58, 0.7]
    """
    started = time.perf_counter()
    sets = checked_sets(posterior, [as_priors(one) for one in priors])
    check_quantities(posterior.network, questions)
    nodes = {label: one.nodes(posterior.network) for label, one in questions.items()}
    tasks = [partial(_reweighted, posterior, chosen, nodes, refit) for chosen in sets]
    with shown(progress) as tell:
        every = mapped(tasks, workers=1, client=client, progress=tell, what="comparing priors")
    # What came back from elsewhere without a new draw rests on the draws that are here.
    fits = {
        chosen.name: one if one.redrawn else replace(one, posterior=posterior)
        for chosen, one in zip(sets, every, strict=True)
    }
    asked = {label: one.draws(posterior).values for label, one in questions.items()}
    answers: dict[str, dict[str, Answer]] = {label: {} for label in questions}
    for name, reweighted in fits.items():
        for label, one in questions.items():
            answers[label][name] = reweighted.answer(one, nodes[label], asked[label])
    outcome = node or next(iter(questions.values())).target
    scored, unit = _predictive_scores(fits, outcome) if scores else ({}, "")
    stacked: list[float] = []
    if scored:
        stacked = stacking_weights(np.column_stack([found.elpd for found in scored.values()])).tolist()
    return PriorComparison(
        sets[0].name,
        {chosen.name: chosen.title or chosen.name for chosen in sets},
        answers,
        scored,
        dict(zip(scored, stacked, strict=True)),
        {name: tuple(sorted(one.refitted)) for name, one in fits.items() if one.refitted},
        outcome,
        unit,
        time.perf_counter() - started,
        float(posterior.provenance.get("seconds", np.nan)),
        dict(questions),
    )


def _reweighted(
    posterior: Posterior,
    priors: PriorSet,
    questions: Mapping[str, frozenset[str]],
    refit: bool,  # noqa: FBT001  a task takes its arguments by place
    _: Progress,
) -> ReweightedFit:
    return reweighted_fit(posterior, priors, questions, refit=refit)


def _predictive_scores(fits: Mapping[str, ReweightedFit], node: str) -> tuple[dict[str, PredictiveScores], str]:
    """Leave out each unit in turn under every prior; posteriors that share draws share the scoring."""
    first = next(iter(fits.values())).posterior
    network = first.network
    needed = {node, *network.children[node]}
    bearing = [block for block in blocks_of(first) if needed & set(block)]
    nodes = tuple(name for block in bearing for name in block)
    group = next((group.name for group in network[node].groups if group.name == "guarantee"), None)
    cases = cases_of(first)
    units = None if group is None else np.array(cases.levels[group])[cases.members[group]]
    step = max(1, first.sizes["chain"] * first.sizes["draw"] // _SCORED)
    scored: dict[int, np.ndarray] = {}
    found = {}
    for name, reweighted in fits.items():
        own = reweighted.redrawn & set(nodes)
        key = id(reweighted.posterior) if own else 0
        if key not in scored:
            posterior = reweighted.posterior if own else first
            drawn = draws_tree({"posterior": posterior.draws.isel(draw=slice(None, None, step))})
            block = Block(inputs_of(posterior, first.priors), nodes, drawn)
            scored[key] = unit_scores(block, node, units, seed=_POINTS_SEED).log_p
        log_p = scored[key]
        ratio = reweighted.ratio(reweighted.blocks(frozenset(nodes)))
        found[name] = psis_loo(log_p, ratio[:, ::step])
    return found, "case" if group is None else group
