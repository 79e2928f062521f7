"""Evaluation: what a network foretells of cases it has not seen, against plain rivals."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.errors import Fault, nearest, raise_faults
from ...common.frames import as_frame
from ...common.progress import Progress, shown
from ...models.cases.encode import Cases, encode
from ...models.errors import DataError, QueryError
from ...models.network.network import Network
from ...models.network.toml import as_network
from ...models.parameters.prior_set import PriorSet
from ...models.sampling.run import Sampling, fit_inputs
from ...priors.files.load import Priors, named_priors
from ...record.cases import as_case_table, recount_past
from ..summaries.units import units_of
from .held_out.folds import Sample, Split, fold_splits, future_splits, known_rows
from .held_out.networks import Fitted, PriorAlone
from .held_out.rivals import BASE, ERA, ERA_RATE, RIVALS
from .held_out.tasks import Model, Task, forecasts
from .scoreboard import Evaluation, Forecasts
from .shipped_scores import identity_of

if TYPE_CHECKING:
    import pandas as pd

#: The prior set alone, as `against` names it.
PRIOR = "prior"
AGAINST = (BASE, ERA_RATE, PRIOR, "ridge_logit", "boosting", "random_forest")
FUTURE = (1945, 1991, 2005)
#: A score averages over draws and over cases: it needs fewer draws than the tail of a parameter does.
SHORT: Mapping[str, Any] = {"draws": 500, "tune": 500, "chains": 2, "thin": 1}


def evaluate(
    network: Network | str | os.PathLike[str],
    cases: Any,
    priors: Priors | Mapping[str, Priors | None] | None = None,
    *,
    node: str = "compliance",
    by: str = "crisis",
    folds: int = 10,
    repeats: int = 5,
    future: Sequence[int] = FUTURE,
    against: Sequence[str] = AGAINST,
    year: str = "tested_year",
    recount: Callable[[pd.DataFrame, np.ndarray], pd.DataFrame] | None = recount_past,
    seed: int,
    permutations: int = 9999,
    workers: int | None = None,
    client: Any = None,
    folder: str | os.PathLike[str] | None = None,
    progress: bool | Progress | None = None,
    **settings: Any,
) -> Evaluation:
    """Scores of a network on cases that it has not seen, beside those of plain rivals.

    The cases are held out in folds of whole units, several times over, and by time. What is scored is the probability
    of the node's states given all else that is known of a held-out case, averaged over the draws of a fit to the rest.
    Actors and guarantees that the rest holds keep their effects; those of others are integrated out.

    Parameters
    ----------
    network
        A network, the name of a shipped one, or the path of its TOML file.
    cases
        One row a case, as `servanda.record.load_guarantees` gives them, or another table that `servanda.models.fit`
        takes; or the file of either.
    priors
        One set, its name or its file, or name -> set, each of them fitted and scored; None takes each family's
        defaults.
    node
        The node that is foretold. Its first state is called broken and its last kept in full.
    by
        What is held out whole: ``crisis``, ``guarantee``, ``case``, or a column of `cases`. Standard errors are by the
        same units.
    folds, repeats
        Folds of a shuffle, and shuffles.
    future
        Years: trained on tests up to each, models are scored on what came later. A year is left out where fewer than 10
        cases lie on either side, and all are where the cases have no years.
    against
        Rivals: ``base_rate`` (always among them), ``era_rate``, ``prior`` (each prior set alone), ``ridge_logit``,
        ``boosting`` and ``random_forest``. They see the columns of the network's other nodes, a missing cell as a state
        of its own, and know neither actors nor guarantees. The rate of the era is left out where neither a node ``era``
        nor a year tells it.
    year
        Column with the year of the test.
    recount
        From the cases and which of them are trained on, to the cases with what is counted from earlier cases counted
        from those alone. By default past defections, where the columns they are counted from are there. None leaves the
        cases as they are.
    seed
        Of the shuffles and of every fit. Same seed, same machine, same numbers, for any number of workers.
    permutations
        Sign flips of the permutation test.
    workers
        Threads; None takes as many as there are processors.
    client
        A `distributed.Client` of Dask, whose workers fit instead.
    folder
        Where every forecast is stored when it is made, and found again by all that bears on it, so that an interrupted
        evaluation goes on where it stopped.
    progress
        As in `servanda.models.fit`, of models fitted to splits.
    settings
        Of the fits, as `servanda.models.fit` takes them: draws (500), tune (500), chains (2), thin (1), target_accept.

    Returns
    -------
    Evaluation

    Raises
    ------
    QueryError
        If there is no such node or rival, a name is taken twice, or there are more folds than units.
    DataError, PriorError
        As `servanda.models.fit`; or a column to hold out by is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import Arrow, Node
    >>> network = Network((Node("sky", ("clear", "grey")), Node("rain", ("no", "yes"), (Arrow("sky"),))))
    >>> days = pd.DataFrame({"sky": ["clear", "grey"] * 40, "rain": (["no", "yes"] * 9 + ["yes", "no"]) * 4})
    >>> found = evaluate(network, days, node="rain", by="case", repeats=1, against=["base_rate"], seed=1)
    >>> round(found.difference("defaults", "base_rate").value, 1)
    0.4
    """
    chosen = as_network(network)
    sets = named_priors(priors, chosen)
    _check(chosen, node, sets, against)
    sampling = Sampling(seed, **{**SHORT, **settings})
    cases = as_frame(as_case_table(cases), error=DataError)
    whole = encode(chosen, cases)
    for each in sets.values():
        fit_inputs(chosen, whole, each, sampling)  # All faults of cases and priors, before anything long begins.
    units = units_of(cases, by)
    units = np.array(whole.labels) if units is None else units
    years = None if year not in cases.columns else np.asarray(cases[year], int)
    rows = known_rows(whole, node)
    splits = fold_splits(rows, units[rows], folds, repeats, seed)
    splits += [] if years is None else future_splits(rows, years[rows], future)
    samples = [_sample(chosen, node, cases, units, years, recount, split, seed) for split in splits]
    told = [name for name in against if name != ERA_RATE or ERA in chosen or years is not None]
    models, titles = _models(chosen, sets, told, sampling)
    tasks = [Task(name, model, sample) for sample in samples for name, model in models.items()]
    with shown(progress) as tell:
        found = forecasts(tasks, tell, workers=workers, client=client, folder=folder)
    by_split = [
        (split, dict(zip(models, found[place : place + len(models)], strict=True)))
        for split, place in zip(splits, range(0, len(found), len(models)), strict=True)
    ]
    shuffled, later = folds * repeats, by_split[folds * repeats :]
    return Evaluation(
        chosen.name,
        node,
        chosen[node].states,
        by,
        titles,
        tuple(sets),
        _gathered(whole, units, rows, node, repeats, by_split[:shuffled]),
        {
            split.group: Forecasts(
                *_facts(whole, units, split.held_out, node), {name: p[None] for name, p in own.items()}
            )
            for split, own in later
        },
        {
            "folds": folds,
            "repeats": repeats,
            "permutations": permutations,
            **sampling.settings,
        },
        identity_of(chosen, whole, sets),
    )


def _check(network: Network, node: str, sets: Mapping[str, Any], against: Sequence[str]) -> None:
    known = dict.fromkeys((*RIVALS, PRIOR))
    faults = [
        Fault("against", f"there is no rival called '{name}'{nearest(name, known)}")
        for name in against
        if name not in known
    ]
    if node not in network:
        faults.append(Fault("node", f"the network has none called '{node}'{nearest(node, network.names)}"))
    if not sets:
        faults.append(Fault("priors", "there must be one set at least; None takes each family's defaults"))
    faults += [
        Fault(f"priors {name}", "is the name of a rival; give the set another") for name in sets if name in RIVALS
    ]
    raise_faults("evaluation", faults, QueryError)


def _sample(
    network: Network,
    node: str,
    cases: pd.DataFrame,
    units: np.ndarray,
    years: np.ndarray | None,
    recount: Callable[[pd.DataFrame, np.ndarray], pd.DataFrame] | None,
    split: Split,
    seed: int,
) -> Sample:
    trained_on = np.zeros(len(cases), bool)
    trained_on[split.training] = True
    counted = cases if recount is None else recount(cases, trained_on)
    own = int(np.random.SeedSequence([seed, *split.entropy]).generate_state(1)[0])
    return Sample(network, node, encode(network, counted), units, years, split, own)


def _models(
    network: Network, sets: Mapping[str, PriorSet | None], against: Sequence[str], sampling: Sampling
) -> tuple[dict[str, Model], dict[str, str]]:
    """Models by name, and their titles: the prior sets, the sets alone, and the rivals."""
    models: dict[str, Model] = {name: Fitted(each, sampling) for name, each in sets.items()}
    titles = {name: f"“{network.name}” under “{name}”" for name in sets}
    if PRIOR in against:
        models |= {f"{name}_{PRIOR}": PriorAlone(each) for name, each in sets.items()}
        titles |= {f"{name}_{PRIOR}": f"“{name}” alone, no case seen" for name in sets}
    rivals = {name: RIVALS[name] for name in dict.fromkeys((BASE, *against)) if name != PRIOR}
    return models | rivals, titles | {name: rival.title for name, rival in rivals.items()}


def _facts(
    cases: Cases, units: np.ndarray, rows: np.ndarray, node: str
) -> tuple[tuple[str, ...], tuple[str, ...], np.ndarray]:
    return tuple(cases.labels[row] for row in rows), tuple(map(str, units[rows])), cases.codes[node][rows]


def _gathered(
    cases: Cases,
    units: np.ndarray,
    rows: np.ndarray,
    node: str,
    repeats: int,
    by_split: Sequence[tuple[Split, Mapping[str, np.ndarray]]],
) -> Forecasts:
    """Forecasts of all folds of each shuffle, in the order of the cases."""
    place = np.full(len(cases), -1)
    place[rows] = np.arange(len(rows))
    p: dict[str, np.ndarray] = {}
    for split, own in by_split:
        for name, each in own.items():
            p.setdefault(name, np.full((repeats, len(rows), each.shape[1]), np.nan))
            p[name][split.group, place[split.held_out]] = each
    return Forecasts(*_facts(cases, units, rows, node), p)
