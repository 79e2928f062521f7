"""Rival theories of what backers do, compared on the record: how many, who, and through what institution."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ...common.errors import Fault, nearest, raise_faults
from ...common.frames import as_frame
from ...common.progress import Progress
from ...models.errors import DataError, QueryError
from ...models.network.toml import as_network
from ...models.questions.quantity import Quantity
from ...models.theories.theories import THEORIES, Theory, priors_for
from ...priors.files.load import as_priors
from ...record.cases import as_case_table
from .models import Comparison, compare_models

if TYPE_CHECKING:
    import pandas as pd

    from ...models.network.network import Network
    from ...models.posterior import Posterior
    from ...priors.files.load import Priors

#: Shapes of the effect of the count.
SHAPES = ("none", "log", "monotone", "saturating", "diffusion", "inverted_u", "institution")
#: Who stands behind a commitment rather than how many.
BACKER_THEORIES = ("capability", "strongest_backer", "rival_backer", "permanent_backer")


def compare_theories(
    network: Network | str | os.PathLike[str],
    cases: Any,
    priors: Priors | None = None,
    *,
    theories: Iterable[str | Theory] = (*SHAPES, *BACKER_THEORIES),
    node: str = "compliance",
    count: str = "guarantors",
    unit: str = "guarantee",
    seed: int,
    refits: int = 20,
    questions: Mapping[str, Quantity] | None = None,
    posterior: Posterior | None = None,
    client: Any = None,
    folder: str | os.PathLike[str] | None = None,
    progress: bool | Progress | None = None,
    **settings: Any,
) -> Comparison:
    """Comparison of rival theories of what the number of guarantors, or who they are, does to an outcome.

    Each theory takes the slot of the count in the network; all else stays. What is compared is how well each
    predicts the outcome of cases that were left out, given all else that is known of them.

    Parameters
    ----------
    network
        With an arrow from `count` to `node`.
    cases
        One row a case, in a table as `servanda.models.fit` takes it, or its file. Theories of who backs need the
        columns of `servanda.record.with_backers`.
    priors
        A set that covers the theories' parameters by name or pattern; None takes each family's defaults.
    theories
        Names of `servanda.models.THEORIES`, or theories of your own.
    node, count
        The outcome, and the node that counts the backers.
    unit, seed, refits, questions, posterior, client, folder, progress, settings
        As in `servanda.analysis.compare_models`.

    Returns
    -------
    Comparison
        Print it for a table and a verdict; ``.plot()`` draws it; ``.averaged(question)`` averages an answer over the
        theories.

    Raises
    ------
    QueryError
        An unknown theory, or a column that a theory needs is missing.
    NetworkError
        A theory does not fit the network.
    DataError, PriorError
        As `servanda.models.fit`.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from servanda.models import Arrow, Network, Node
    >>> count = Node("guarantors", ("1", "2", "5"), values=(1, 2, 5), ordered=True)
    >>> kept = Node("kept", ("no", "yes"), (Arrow("guarantors"),), family="ordinal", ordered=True)
    >>> cases = pd.DataFrame({"guarantors": ["1", "2", "5"] * 40, "kept": ["no", "yes", "yes", "no", "no", "yes"] * 20})
    >>> found = compare_theories(Network((count, kept)), cases, theories=["none", "log"], node="kept", unit="case",
    ...                          seed=1, draws=250, chains=2)
    >>> found.best, found.told_apart("log", "none")
    ('log', True)
    """
    cases = as_frame(as_case_table(cases), error=DataError)
    network, priors = as_network(network), as_priors(priors)
    chosen = [as_theory(theory) for theory in theories]
    _check(chosen, cases)
    networks = {theory.name: theory.apply(network, node, count) for theory in chosen}
    return compare_models(
        networks,
        cases,
        {name: priors_for(changed, priors) for name, changed in networks.items()},
        node=node,
        unit=unit,
        titles={theory.name: theory.title for theory in chosen},
        seed=seed,
        refits=refits,
        questions=questions,
        posterior=posterior,
        client=client,
        folder=folder,
        progress=progress,
        **settings,
    )


def as_theory(theory: str | Theory) -> Theory:
    """Theory of that name, or the one that is given.

    Raises
    ------
    QueryError
        If there is none of that name.

    Examples
    --------
    >>> as_theory("log").title
    'log of the count'
    """
    if isinstance(theory, Theory):
        return theory
    if theory not in THEORIES:
        raise QueryError.of("theories", f"there is none called '{theory}'{nearest(theory, THEORIES)}")
    return THEORIES[theory]


def _check(theories: Iterable[Theory], cases: pd.DataFrame) -> None:
    columns = {str(column) for column in cases.columns}
    raise_faults(
        "theories",
        [
            Fault(f"theory {theory.name}", f"needs the column '{column}'; servanda.record.with_backers adds it")
            for theory in theories
            for column in theory.columns
            if column not in columns
        ],
        QueryError,
    )
