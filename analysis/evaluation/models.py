"""Rival models of one node, compared by how well they predict cases they have not seen."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ...common.canvas import Look
from ...common.errors import Fault, nearest, raise_faults
from ...common.files import writable_folder
from ...common.frames import repeated
from ...common.printed import PrintedTable, printed_table
from ...common.progress import Progress, shown
from ...common.show import Shown, View
from ...common.tasks.mapping import mapped
from ...models.cases.encode import table_or_coded
from ...models.errors import QueryError
from ...models.network.toml import as_network
from ...models.questions.quantity import Quantity, check_quantities
from ...models.sampling.blocks import workers_for
from ...models.sampling.run import Sampling, fit_inputs
from ...models.sampling.stacking_weights import stacking_weights
from ...priors.files.load import as_priors
from ..figures.comparison import comparison_figure
from ..summaries.change import MARGIN
from ..summaries.importance import paired_difference
from ..summaries.pseudo_bma import pseudo_bma_weights
from ..summaries.units import units_of
from .averaged import AveragedAnswer, average_answers
from .compared import Asked, KeptModels, compared
from .leave_one_out import LeftOut

if TYPE_CHECKING:
    from typing import Unpack

    import pandas as pd

    from ...common.figure_style import ShownFigure
    from ...models.network.network import Network
    from ...models.posterior import Posterior
    from ...priors.files.load import Priors

#: Differences of less than this say little, whatever their standard error (Sivula and others 2020, arXiv 2008.10296†).
SMALL = 4.0
#: What is being done, as progress says.
_COMPARING = "comparing"
#: Beyond so many standard errors a difference is taken for one.
SURE = 2.0


@dataclass(frozen=True, repr=False)
class Comparison(Shown):
    """Rival models of one node.

    Parameters
    ----------
    node
        The node that is predicted.
    unit
        What was left out at a time: ``case``, ``guarantee``, ``crisis`` or another column.
    titles
        Model -> its title.
    left_out
        Model -> what leaving out each unit gave.
    weights
        Model -> pseudo-BMA+ weight, by which answers are averaged: near-equal models share it.
    log_marginal_likelihood, marginal_likelihood_error
        Model -> logarithm of its marginal likelihood, and its standard error; none where it cannot be had.
    stacking
        Model -> stacking weight: its share in the mixture that would have predicted best.
    answers
        Question -> model -> draws of its answer.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Arrow, Network, Node
    >>> rain = Node("rain", ("no", "yes"))
    >>> tied = Network((rain, Node("wet", ("no", "yes"), (Arrow("rain"),))), name="tied")
    >>> cases = pd.DataFrame({"rain": ["no", "yes"] * 20, "wet": ["no", "yes"] * 20})
    >>> rivals = [tied, tied.without_arrow("rain", "wet")]
    >>> found = compare_models(rivals, cases, node="wet", unit="case", seed=1, draws=100, bayes_factors=False)
    >>> found.table["apart"].tolist(), sum(found.weights.values()).__round__(6)
    ([False, True], 1.0)
    """

    node: str
    unit: str
    titles: Mapping[str, str]
    left_out: Mapping[str, LeftOut]
    weights: Mapping[str, float]
    log_marginal_likelihood: Mapping[str, float]
    marginal_likelihood_error: Mapping[str, float]
    stacking: Mapping[str, float] = field(default_factory=dict)
    answers: Mapping[str, Mapping[str, xr.DataArray]] = field(default_factory=dict)

    @property
    def best(self) -> str:
        """The model that predicts best."""
        return max(self.left_out, key=lambda name: self.left_out[name].total)

    def difference(self, one: str, other: str) -> tuple[float, float]:
        """Difference in ELPD: how much better `one` predicts than `other`, and its standard error.

        The standard error is that of a sum of paired differences over units (Vehtari, Gelman and Gabry 2017,
        doi 10.1007/s11222-016-9696-4, equation 24).
        """
        first, second = self.left_out[one], self.left_out[other]
        return paired_difference(first.elpd, second.elpd, first.counts)

    def told_apart(self, one: str, other: str) -> bool:
        """Whether the data can tell two models apart: by more than 4 in ELPD and by more than two standard errors."""
        apart, error = self.difference(one, other)
        return bool(abs(apart) > SMALL and abs(apart) > SURE * error)

    @property
    def table(self) -> pd.DataFrame:
        """One row a model, best first.

        Columns: ``elpd`` (sum over cases), ``behind`` (the best) with ``error``, pseudo-BMA+ ``weight`` and
        ``stacking`` weight, largest ``pareto_k``, ``refits``, ``untrusted`` units, ``log_marginal_likelihood`` and
        ``bayes_factor`` (against the best by marginal likelihood), and whether the data tell it ``apart`` from the
        best.
        """
        import pandas as pd

        top = max(self.log_marginal_likelihood.values(), default=np.nan)
        rows = []
        for name in sorted(self.left_out, key=lambda name: -self.left_out[name].total):
            found = self.left_out[name]
            behind, error = self.difference(self.best, name)
            log = self.log_marginal_likelihood.get(name, np.nan)
            rows.append(
                {
                    "model": name,
                    "title": self.titles[name],
                    "elpd": found.total,
                    "behind": behind,
                    "error": error,
                    "weight": self.weights[name],
                    "stacking": self.stacking.get(name, np.nan),
                    "pareto_k": float(np.nanmax(found.pareto_k, initial=-np.inf)),
                    "refits": len(found.refitted),
                    "untrusted": len(found.untrusted),
                    "log_marginal_likelihood": log,
                    "bayes_factor": float(np.exp(log - top)),
                    "apart": self.told_apart(self.best, name),
                }
            )
        return pd.DataFrame(rows).set_index("model")

    @property
    def printed(self) -> PrintedTable:
        """The table as journals print it."""
        return printed_table(self.table, percent=["weight", "stacking"])

    @property
    def verdict(self) -> str:
        """Models that the data can and cannot tell apart, in two sentences."""
        best = self.titles[self.best]
        others = [name for name in self.left_out if name != self.best]
        apart = [self.titles[name] for name in others if self.told_apart(self.best, name)]
        alike = [self.titles[name] for name in others if not self.told_apart(self.best, name)]
        what = f"Leaving out {_plural(self.unit)} one at a time, “{best}” foretells {self.node} best."
        if not alike:
            return f"{what} The record tells it apart from all the others: {_listed(apart)}."
        cannot = f"The record cannot tell it apart from {_listed(alike)}"
        return f"{what} {cannot}{f'; it can from {_listed(apart)}' if apart else ', that is, from none of the others'}."

    def averaged(self, question: str, *, margin: float = MARGIN) -> AveragedAnswer:
        """Change that a question asks for, under each model and under their mixture by `weights`.

        Raises
        ------
        QueryError
            If no such question was asked, naming the nearest; or `margin` is no number from 0 up to 1.
        """
        if question not in self.answers:
            asked = f"was not asked{nearest(question, self.answers)}; give compare_models its questions"
            raise QueryError.of(f"question {question}", asked)
        return average_answers(self.answers[question], self.weights, titles=self.titles, margin=margin)

    def plot(self, **look: Unpack[Look]) -> ShownFigure:
        """Figure of how far each model is behind the best, with two standard errors, and its weight.

        Parameters
        ----------
        **look
            As `servanda.common.canvas.Look` says; names are those of models.
        """
        return comparison_figure(self.table, unit=self.unit, errors=SURE, look=look)

    def _view(self) -> View:
        columns = ["title", "behind", "error", "weight", "stacking", "pareto_k", "refits", "log_marginal_likelihood"]
        shown_table = self.table.loc[:, [*columns, "bayes_factor", "apart"]]
        return View(self.verdict, table=shown_table.rename(columns={"behind": "behind the best"}))

    def __str__(self) -> str:
        columns = ["elpd", "behind", "error", "weight", "stacking", "pareto_k", "refits", "bayes_factor"]
        return f"{self.table[columns].round(2).to_string()}\n{self.verdict}"


def compare_models(
    networks: Mapping[str, Network | str | os.PathLike[str]] | Iterable[Network | str],
    cases: Any,
    priors: Priors | Mapping[str, Priors | None] | None = None,
    *,
    node: str,
    unit: str = "guarantee",
    titles: Mapping[str, str] | None = None,
    seed: int,
    refits: int = 20,
    bayes_factors: bool = True,
    questions: Mapping[str, Quantity] | None = None,
    posterior: Posterior | None = None,
    client: Any = None,
    folder: str | os.PathLike[str] | None = None,
    progress: bool | Progress | None = None,
    **settings: Any,
) -> Comparison:
    """Comparison of rival networks by how well their fits predict one node.

    Only the parameters that bear on the node are sampled. Each unit of rows is left out in turn by Pareto-smoothed
    importance sampling, and by a fit of its own where the weights cannot be trusted.

    Parameters
    ----------
    networks
        Model -> network, or networks that go by their own names, each a value, a name or a file; all have `node` with
        the same states, and may differ in anything else.
    cases
        One row a case, as `servanda.models.fit` takes them; every model's nodes need their columns. To leave out by
        guarantee or crisis it needs the column ``guarantee_id`` or ``crisis``. Coded (and counted) cases, and those of
        a file, can be left out case by case.
    priors
        One set for all, or model -> set; each a value, a name or a file.
    node
        The node that is predicted, given all else that is known of a row.
    unit
        ``case``, ``guarantee``, ``crisis`` or a column of `cases`. Rows of one guarantee are not independent, so
        leaving out rows alone flatters models that remember guarantees.
    titles
        Model -> its title; its name by default.
    seed
        Same seed, same machine, same numbers.
    refits
        At most so many units are fitted again for each model.
    bayes_factors
        Whether to estimate marginal likelihoods too, for Bayes factors: where the loops know the families, and missing
        cells tie no other nodes to the outcome than in the first model.
    questions
        Label -> what is asked of each model (`servanda.analysis.chance_of`), for `Comparison.averaged`.
    posterior
        A fit of the same cases under the same priors, with as many chains and draws: what the models share beside the
        outcome is taken from it, and all of a model whose network is its own. Without one it is drawn again for each
        model, as far as the questions depend on it.
    client
        A `distributed.Client` of Dask, each of whose workers takes a model at a time.
    folder
        Where what was found of each model is kept, and found again by all that bears on it.
    progress
        Called with what is being done, and how many parts of it are done and to do.
    settings
        Of the fits, as `servanda.models.fit` takes them: draws, tune, chains, thin, cores, target_accept.

    Returns
    -------
    Comparison

    Raises
    ------
    QueryError
        If there are fewer than two models, or one has no such node, or other states of it; or a question asks for what
        a model does not have.
    DataError, PriorError
        As `servanda.models.fit`; or a column to leave out by is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Arrow, Network, Node
    >>> rain = Node("rain", ("no", "yes"))
    >>> apart = Network((rain, Node("wet", ("no", "yes"))), name="apart")
    >>> tied = Network((rain, Node("wet", ("no", "yes"), (Arrow("rain"),))), name="tied")
    >>> cases = pd.DataFrame({"rain": ["no", "yes"] * 20, "wet": ["no", "yes"] * 20})
    >>> found = compare_models([apart, tied], cases, node="wet", unit="case", seed=1, draws=100)
    >>> found.table.index[0]
    'tied'
    """
    models = _models(networks)
    _check(models, node)
    cases = table_or_coded(cases)
    questioned = dict(questions or {})
    for network in models.values() if questioned else ():
        check_quantities(network, questioned)
    units = units_of(cases, unit)
    sampling = Sampling(seed, **settings)
    sets = {name: as_priors(priors[name] if isinstance(priors, Mapping) else priors) for name in models}
    runs = {name: fit_inputs(network, cases, sets[name], sampling) for name, network in models.items()}

    asked = Asked(node, units, seed, refits, bayes_factors, questioned)
    inputs = [*runs.values()]
    kept = KeptModels.of(inputs, asked, posterior, None if folder is None else writable_folder(folder))
    with shown(progress) as tell:
        every = mapped(
            [partial(compared, run, asked, posterior) for run in inputs],
            workers=workers_for(inputs),
            client=client,
            progress=tell,
            what=_COMPARING,
            find=kept.find,
            keep=kept.keep,
        )
    found = dict(zip(models, every, strict=True))
    left_out = {name: one.left_out for name, one in found.items()}
    answers = {label: {name: one.answers[label] for name, one in found.items()} for label in questioned}
    # Of other nodes' data too, a marginal likelihood would compare with nothing.
    first = every[0].nodes
    marginals = {name: one.marginal for name, one in found.items() if one.marginal is not None and one.nodes == first}
    logs = {name: one.log for name, one in marginals.items()}
    errors = {name: one.error for name, one in marginals.items()}
    counts = next(iter(left_out.values())).counts
    elpd = np.column_stack([found.elpd for found in left_out.values()])
    weights = dict(zip(models, pseudo_bma_weights(elpd, counts, seed=seed).tolist(), strict=True))
    stacking = dict(zip(models, stacking_weights(elpd, counts).tolist(), strict=True))
    named = {name: (titles or {}).get(name, name) for name in models}
    return Comparison(node, unit, named, left_out, weights, logs, errors, stacking, answers)


def _models(
    networks: Mapping[str, Network | str | os.PathLike[str]] | Iterable[Network | str],
) -> dict[str, Network]:
    """Model -> network; of networks alone, by their own names."""
    if isinstance(networks, Mapping):
        return {str(name): as_network(network) for name, network in networks.items()}
    found = [as_network(network) for network in networks]
    twice = repeated(network.name for network in found)
    faults = [Fault(f"network {name}", "is there twice; give a mapping of names") for name in twice]
    raise_faults("models", faults, QueryError)
    return {network.name: network for network in found}


def _check(networks: Mapping[str, Network], node: str) -> None:
    faults = [Fault("models", "there must be two or more to compare")] if len(networks) < 2 else []
    first = next((network for network in networks.values() if node in network), None)
    for name, network in networks.items():
        if node not in network:
            faults.append(Fault(f"model {name}", f"has no node '{node}'"))
        elif first is not None and network[node].states != first[node].states:
            faults.append(Fault(f"model {name}", f"has other states of '{node}' than the rest"))
    raise_faults("comparison", faults, QueryError)


def _plural(unit: str) -> str:
    return {"case": "cases", "guarantee": "guarantees", "crisis": "crises"}.get(unit, f"the cases of each {unit}")


def _listed(names: list[str]) -> str:
    quoted = [f"“{name}”" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
