"""How answers move with the prior: one fit, weighted for every other prior, fitted again only where weights fail."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ...common.errors import Fault, raise_faults
from ...models.network.check import PriorError, wrong_kinds
from ...models.parameters.prior import PriorSet
from ...models.sampling.fit import Block, blocks_of, cases_of, counted_twice, run_of
from ...models.sampling.pymc_model import parameter_coords, prior_faults
from ...models.sampling.stacking_weights import mixture_weights
from ..evaluation.importance import (
    Foretold,
    WeightedSummary,
    Weights,
    good_k,
    left_out,
    weighted_summary,
)
from ..evaluation.models import paired_difference
from ..figures.priors import priors_figure
from ..queries.quantity import Quantity, check_quantities
from ..summaries.likelihood_words import load_lexicon
from .reweighted import Variant, variant_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ...models.posterior import Posterior

#: Seed of the points at which effects of single guarantees are integrated out; it moves scores by less than draws do.
_POINTS_SEED = 1
#: Draws that score a prior, of all chains; more would take longer than the answers.
_SCORED = 1000


@dataclass(frozen=True)
class Answer:
    """An answer under one prior.

    Parameters
    ----------
    draws
        Shape (chains, draws).
    weights
        None where the draws are those of a fit under this very prior.
    pareto_k
        Shape of the weights; minus infinity where there are none.
    refitted
        Nodes that were fitted again for it.
    """

    draws: np.ndarray
    weights: Weights | None
    refitted: tuple[str, ...]

    @property
    def pareto_k(self) -> float:
        """Shape of the weights' tail; minus infinity where all weigh the same."""
        return -np.inf if self.weights is None else self.weights.pareto_k

    @property
    def trusted(self) -> bool:
        """Whether its weights can be trusted."""
        return self.weights is None or self.weights.trusted

    @property
    def effective(self) -> float:
        """Effective number of its draws, as far as weights take from it."""
        return float(self.draws.size) if self.weights is None else self.weights.effective

    @cached_property
    def summary(self) -> WeightedSummary:
        """Mean, interval, standard deviation and Monte Carlo error."""
        return weighted_summary(self.draws, self.weights)


@dataclass(frozen=True)
class PriorComparison:
    """Answers under several priors.

    Parameters
    ----------
    base
        Name of the prior of the fit.
    titles
        Prior -> its title.
    answers
        Question -> prior -> answer.
    foretold
        Prior -> how well it foretells `node`; empty where that was not asked.
    weights
        Prior -> stacking weight.
    refitted
        Prior -> nodes that were fitted again, for those where any were.
    node, unit
        What is foretold, and what was left out at a time.
    seconds, fit_seconds
        How long the comparison took, and how long the fit of each prior would have taken (that of the base).
    questions
        Question -> what was asked.
    """

    base: str
    titles: Mapping[str, str]
    answers: Mapping[str, Mapping[str, Answer]]
    foretold: Mapping[str, Foretold]
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
                word = "" if self.questions[question].is_difference else lexicon.band(s.mean).word
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
        for prior, found in self.foretold.items():
            apart, error = paired_difference(found.elpd, self.foretold[self.base].elpd)
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
        """Which answer moves most, what was fitted again, and what it cost."""
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

    def plot(self) -> Figure:
        """Every answer under every prior, with its interval."""
        table = self.table
        differences = [question for question, one in self.questions.items() if one.is_difference]
        return priors_figure(table.assign(trusted=table["how"] != "not trusted"), self.titles, differences=differences)

    def _repr_html_(self) -> str:
        shown = self.table[["mean", "lower", "upper", "shift", "word", "pareto_k", "how"]]
        scored = self.scores.drop(columns="title").round(2).to_html() if len(self.foretold) else ""
        return f"<p>{self.verdict}</p>{shown.round(3).to_html()}{scored}"

    def __str__(self) -> str:
        shown = self.table[["mean", "lower", "upper", "shift", "pareto_k", "how"]].round(3).to_string()
        scored = f"{self.scores.drop(columns='title').round(2).to_string()}\n" if len(self.foretold) else ""
        return f"{shown}\n{scored}{self.verdict}"


def compare_priors(
    posterior: Posterior,
    priors: Iterable[PriorSet],
    questions: Mapping[str, Quantity],
    *,
    node: str | None = None,
    scores: bool = True,
    refit: bool = True,
    told: Callable[[str, int, int], None] | None = None,
) -> PriorComparison:
    """Answer questions under other priors, from the draws of one fit.

    Draws are weighted by the ratio of prior densities of what each question depends on. Tables that the fit drew
    exactly are drawn exactly again. Where the weights of a question cannot be trusted (Pareto k of 0.7 and more), the
    nodes that are to blame are fitted again under the new prior, and the comparison says so.

    Parameters
    ----------
    posterior
        From `servanda.models.fit`, with its cases and priors.
    priors
        Other sets; that of the posterior may be among them.
    questions
        Label -> what is asked, from `chance_of`.
    node
        The outcome whose cases are left out in turn, to score the priors; the first question's target by default.
    scores
        Whether to score the priors (ELPD and stacking weights) by leaving out guarantees, or cases where there are
        none.
    refit
        Whether to fit again where weights cannot be trusted; else such answers are marked.
    told
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
    sets = checked_sets(posterior, priors)
    check_quantities(posterior.network, questions)
    nodes = {label: one.nodes(posterior.network) for label, one in questions.items()}
    variants = {}
    for number, chosen in enumerate(sets):
        if told:
            told("comparing priors", number, len(sets))
        variants[chosen.name] = variant_of(posterior, chosen, nodes, refit=refit)
    asked = {label: one.draws(posterior).values for label, one in questions.items()}
    answers: dict[str, dict[str, Answer]] = {label: {} for label in questions}
    for name, variant in variants.items():
        for label, one in questions.items():
            answers[label][name] = answer_under(variant, one, nodes[label], asked[label])
    outcome = node or next(iter(questions.values())).target
    foretold, unit = _foretold(variants, outcome) if scores else ({}, "")
    stacked: list[float] = []
    if foretold:
        stacked = mixture_weights(np.column_stack([found.elpd for found in foretold.values()])).tolist()
    if told:
        told("comparing priors", len(sets), len(sets))
    return PriorComparison(
        sets[0].name,
        {chosen.name: chosen.title or chosen.name for chosen in sets},
        answers,
        foretold,
        dict(zip(foretold, stacked, strict=True)),
        {name: tuple(sorted(variant.refitted)) for name, variant in variants.items() if variant.refitted},
        outcome,
        unit,
        time.perf_counter() - started,
        float(posterior.provenance.get("seconds", np.nan)),
        dict(questions),
    )


def checked_sets(posterior: Posterior, priors: Iterable[PriorSet]) -> list[PriorSet]:
    """Give the posterior's own set first, then the others; raises if one does not fit the network."""
    own, priors = posterior.priors, list(priors)
    if own is None or base_faults(posterior):
        raise PriorError("comparison of priors", base_faults(posterior))
    faults = wrong_kinds({f"prior {number}": (chosen, PriorSet) for number, chosen in enumerate(priors, start=1)})
    raise_faults("comparison of priors", faults, PriorError)
    others = [chosen for chosen in priors if chosen != own]
    names = [own.name, *(chosen.name for chosen in others)]
    faults = [
        Fault(name, "is the name of two sets; rename one") for name in sorted({n for n in names if names.count(n) > 1})
    ]
    for chosen in others:
        faults += [fault.within(chosen.name) for fault in set_faults(posterior, chosen)]
    raise_faults("comparison of priors", faults, PriorError)
    return [own, *others]


def answer_under(variant: Variant, question: Quantity, nodes: frozenset[str], asked: np.ndarray) -> Answer:
    """Answer a question under the priors of a variant.

    Parameters
    ----------
    variant
        A fit brought to those priors.
    question, nodes
        What is asked, and the nodes whose tables it depends on.
    asked
        Its draws under the fit, shape (chains, draws), which serve where nothing of it was drawn again.
    """
    x = question.draws(variant.posterior).values if variant.redrawn & nodes else asked
    return Answer(x, variant.weights(nodes), tuple(sorted(variant.refitted & nodes)))


def base_faults(posterior: Posterior) -> list[Fault]:
    """Say so where a posterior was not fitted under a prior set that others could be weighed against."""
    fitted = posterior.priors is not None and "drawn_exactly" in posterior.provenance
    return [] if fitted else [Fault("posterior", "has no prior set to weigh against; fit the network with one")]


def set_faults(posterior: Posterior, priors: PriorSet) -> list[Fault]:
    """List where a set does not fit the network of a posterior, or was made from the data behind it."""
    coords = parameter_coords(posterior.network, posterior.levels)
    twice = counted_twice(priors, posterior.provenance.get("data_sets", ()))
    return [*prior_faults(posterior.network, priors, coords), *twice]


def _foretold(variants: Mapping[str, Variant], node: str) -> tuple[dict[str, Foretold], str]:
    """Leave out each unit in turn under every prior; posteriors that share draws share the scoring."""
    from ...models.sampling.scoring import unit_scores

    first = next(iter(variants.values())).posterior
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
    for name, variant in variants.items():
        own = variant.redrawn & set(nodes)
        key = id(variant.posterior) if own else 0
        if key not in scored:
            posterior = variant.posterior if own else first
            drawn = xr.DataTree.from_dict({"posterior": posterior.draws.isel(draw=slice(None, None, step))})
            block = Block(run_of(posterior, first.priors), nodes, drawn)
            scored[key] = unit_scores(block, node, units, seed=_POINTS_SEED).log_p
        log_p = scored[key]
        ratio = variant.ratio(variant.blocks(frozenset(nodes)))
        found[name] = left_out(log_p, ratio[:, ::step])
    return found, "case" if group is None else group
