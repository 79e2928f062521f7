"""Power-scaling: how much an answer leans on each prior and on the data, with the shape of the weights kept.

Kallioinen and others 2024 (doi 10.1007/s11222-023-10366-5): the prior, or the likelihood, is raised to a power a little
below and above one, by weights on the draws, and the distance by which the answer moves is divided by the logarithm of
the power. The distance is the cumulative Jensen-Shannon distance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...common.errors import Fault, raise_faults
from ...common.printed import PrintedTable, printed_table
from ...common.progress import Progress, followed
from ...common.show import Shown, View
from ...models.cases.likelihood import log_likelihood
from ...models.errors import QueryError
from ...models.network.parameters import network_parameters, parameter_coords
from ...models.posterior import Posterior
from ...models.questions.quantity import Quantity, check_quantities
from ...models.sampling.blocks import Block
from ...models.sampling.refit import blocks_of, inputs_of
from ...models.store import group_of
from ..summaries.importance import ImportanceWeights, good_k, smoothed
from ..summaries.summary import array_stats
from .reweighted import checked_sets

if TYPE_CHECKING:
    import pandas as pd

#: A sensitivity above this is worth a look (Kallioinen and others 2024).
NOTABLE = 0.05
#: So close to one the distance is a slope, and the weights of even a hundred cells can be trusted.
POWERS = (0.99, 1.01)


@dataclass(frozen=True, repr=False)
class PowerScaling(Shown):
    """Sensitivity of answers.

    Parameters
    ----------
    table
        One row a question and component (``prior``, ``likelihood``, and each parameter's prior): ``sensitivity``,
        worst ``pareto_k`` of the two powers, ``trusted``.
    diagnoses
        Question -> what the two together say.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Network, Node, Prior, PriorSet, chance_of, fit
    >>> sure = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=[2.0, 8.0])}, name="sure")
    >>> posterior = fit(Network((Node("kept", ("no", "yes")),)), pd.DataFrame({"kept": ["no"] * 8}), sure, seed=1)
    >>> power_scaling(posterior, {"kept": chance_of("kept", "yes")}).diagnoses["kept"]
    'prior and data disagree: the answer moves with either'
    """

    table: pd.DataFrame
    diagnoses: Mapping[str, str]

    def leaning(self, question: str, most: int = 5) -> pd.DataFrame:
        """The parameters whose priors an answer leans on most."""
        rows = self.table.loc[question].drop(["prior", "likelihood"])
        return rows.sort_values("sensitivity", ascending=False).head(most)

    @property
    def printed(self) -> PrintedTable:
        """The table as journals print it."""
        return printed_table(self.table)

    def _view(self) -> View:
        chosen = self.table.index.get_level_values("component").isin(["prior", "likelihood"])
        return View("Power scaling of prior and likelihood", self.diagnoses, self.table.loc[chosen, :])

    def __str__(self) -> str:
        said = "\n".join(f"{question}: {diagnosis}" for question, diagnosis in self.diagnoses.items())
        return f"{self.table.round(3).to_string()}\n{said}"


def power_scaling(
    posterior: Posterior,
    questions: Mapping[str, Quantity],
    *,
    powers: tuple[float, float] = POWERS,
    progress: bool | Progress | None = None,
) -> PowerScaling:
    """Sensitivity of each answer to the prior as a whole, to that of each parameter, and to the data.

    Only what a question depends on is scaled. Effects of single actors and guarantees are not: the prior of their
    spread is.

    Parameters
    ----------
    posterior
        From `servanda.models.fit`.
    questions
        Label -> what is asked.
    powers
        One below and one above 1.
    progress
        As in `servanda.models.fit`, of questions.

    Returns
    -------
    PowerScaling

    Raises
    ------
    QueryError
        What is wrong with the questions or the powers.
    PriorError
        If the posterior has no prior or no cases.

    Examples
    --------
    A flat prior has nothing to scale:

    >>> import pandas as pd
    >>> from servanda.analysis import chance_of
    >>> from servanda.models import Network, Node, Prior, PriorSet, fit
    >>> flat = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=1.0)}, name="flat")
    >>> posterior = fit(Network((Node("kept", ("no", "yes")),)), pd.DataFrame({"kept": ["yes", "no"]}), flat, seed=1)
    >>> found = power_scaling(posterior, {"kept": chance_of("kept", "yes")})
    >>> found.table.loc[("kept", "prior"), "sensitivity"]
    np.float64(0.0)
    """
    import pandas as pd

    checked_sets(posterior, [])
    check_quantities(posterior.network, questions)
    if not 0 < powers[0] < 1 < powers[1]:
        raise_faults("power scaling", [Fault("powers", f"must be one below and one above 1, not {powers}")], QueryError)
    rows, diagnoses = [], {}
    # Weights depend on what is scaled and not on what is asked of it.
    scaled: dict[tuple[str, ...], dict[str, tuple[ImportanceWeights, ImportanceWeights]]] = {}
    for label, question in followed(questions.items(), "scaling prior and data", progress):
        x = question.draws(posterior).values
        needed = question.nodes(posterior.network)
        nodes = tuple(name for block in blocks_of(posterior) if needed & set(block) for name in block)
        if nodes not in scaled:
            scaled[nodes] = _scaled(posterior, nodes, powers)
        found = {name: _sensitivity(x, *weights, powers) for name, weights in scaled[nodes].items()}
        rows += [(label, name, value, k, k < good_k(x.size)) for name, (value, k) in found.items()]
        diagnoses[label] = _diagnosis(found["prior"][0], found["likelihood"][0])
    columns = ["question", "component", "sensitivity", "pareto_k", "trusted"]
    return PowerScaling(pd.DataFrame(rows, columns=columns).set_index(["question", "component"]), diagnoses)


def _scaled(
    posterior: Posterior, nodes: tuple[str, ...], powers: tuple[float, float]
) -> dict[str, tuple[ImportanceWeights, ImportanceWeights]]:
    """Component -> weights of the draws once it is raised to either power."""
    stored = group_of(posterior.tree, "log_prior")
    parameters = network_parameters(posterior.network, nodes)
    drawn = {p.name: posterior.draws[p.name].transpose("chain", "draw", *p.dims).values for p in parameters}
    coords = parameter_coords(posterior.network, posterior.levels)
    # Where a spread is learned, the prior as stated is scaled: a power of the density given the scale would hold a
    # power of the scale as well, and so move what it follows from.
    priors = {p.name: stored[p.name].values + p.log_stretch(drawn, coords) for p in parameters}
    run = inputs_of(posterior, posterior.priors)
    values = Block(run, nodes, posterior.tree).values
    by_case = log_likelihood(posterior.network, run.patterns, values, complete=nodes, incomplete=nodes)
    likelihood = (by_case * run.cases.weights).sum(axis=1).reshape(tuple(posterior.sizes.values()))
    parts = {"prior": np.sum(list(priors.values()), axis=0), "likelihood": likelihood, **priors}
    below, above = powers
    return {name: (smoothed((below - 1) * part), smoothed((above - 1) * part)) for name, part in parts.items()}


def _sensitivity(
    x: np.ndarray, lower: ImportanceWeights, upper: ImportanceWeights, powers: tuple[float, float]
) -> tuple[float, float]:
    """Sensitivity to one component, and the worse of the two shapes."""
    worst = max(lower.pareto_k, upper.pareto_k)
    if np.isneginf(worst) or np.ptp(x) == 0:
        return 0.0, worst
    value = array_stats().power_scale_sense(
        x, lower.values, upper.values, lower_alpha=powers[0], upper_alpha=powers[1], chain_axis=0, draw_axis=1
    )
    return float(value), worst


def _diagnosis(prior: float, likelihood: float) -> str:
    """Say what the two sensitivities mean together (Kallioinen and others 2024)."""
    if prior >= NOTABLE and likelihood >= NOTABLE:
        return "prior and data disagree: the answer moves with either"
    if prior >= NOTABLE:
        return "the prior is strong or the data say little"
    return "the answer hardly depends on the prior"
