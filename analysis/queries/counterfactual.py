"""Counterfactuals: a case that was seen, as it would have been had something been set otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...common.progress import Progress
from ...models.inference.contract import MEMORY_LIMIT
from ...models.posterior import Posterior
from ...models.questions.counterfactual import MOST_SECONDS, SIZE, Counterfactual, counterfactual_distribution
from ...models.questions.evidence import Given, States, as_names, as_states, check_keywords
from ...models.questions.labels import in_words
from .answer import Answer
from .identification.identify import latent_nodes
from .probability import effect, in_short


def counterfactual(
    posterior: Posterior,
    targets: str | Sequence[str],
    observed: Given,
    do: States,
    *,
    coupling: str | None = None,
    method: str | None = None,
    size: int = SIZE,
    seed: int = 0,
    memory: int = MEMORY_LIMIT,
    most_seconds: float = MOST_SECONDS,
    progress: bool | Progress | None = None,
    **members: Any,
) -> Answer:
    """Posterior of what a case that was seen would have been under an intervention.

    The case is taken as it was, its noise is inferred from what was seen, and the same noise meets the changed
    circumstances (Pearl 2009†, section 7.1: abduction, action, prediction) in every draw, by a twin network: exactly
    where that takes seconds, else with the hidden nodes sampled within each draw, and the error of that told. Where the
    change does not reach, the case stays as it was. Tables alone do not say how a node and its counterfactual self
    share their noise: that is the `coupling`, an assumption which no data can test; the answer names it.

    Parameters
    ----------
    posterior
        From `servanda.models.fit`, a file, or tables.
    targets
        One node or several, in the world that was not seen; they may be among what was seen in this one.
    observed
        What the case showed: node -> state; or a data frame with a row for each case.
    do
        Node set otherwise -> state, or a probability of each state, which mixes their answers. It may be among what was
        seen.
    coupling
        ``rank``: the same quantile of both distributions. ``gumbel``: the Gumbel-max model. None takes ``rank`` for
        ordered states and ``gumbel`` for others. See `servanda.models.inference.counterfactual.couplings`.
    method
        ``exact``, or ``sampled``; None takes ``exact`` where it takes some ten seconds at the most.
    size
        Where it is sampled: in how many ways the hidden nodes are drawn in each draw, shared among the points of what
        is unseen of the case's members, each of which has 32 at the least. Four times as many halve the error.
    seed
        Where it is sampled: same seed, same answer.
    memory
        Bytes that may be held at once.
    most_seconds
        Seconds that it may take by its estimate, which is told as `progress` before it starts.
    progress
        Whether bars show how far it is, or what is told of it; see `servanda.common.progress.shown`.
    **members
        Whose case it is, as in `servanda.analysis.probability`.

    Returns
    -------
    Answer
        A `DataArray` with dims chain, draw, case (for a table of cases) and the targets, which shows each state and
        draws it (``.plot()``). Its attributes hold question, answer, coupling and method, and say as
        ``identification`` whether the observed nodes determine it under that coupling. Where it was sampled,
        ``standard_error`` is the Monte Carlo error of a probability in a single draw (root mean square over draws, of
        the state where it is largest), by which intervals are a little too wide, and ``standard_error_of_mean`` that
        of its mean over draws.

    Raises
    ------
    QueryError
        Listing every wrong name and state; a target that the change does not reach although the case shows it.
    ImpossibleEvidenceError
        If what was seen has probability zero.
    CapacityError
        Before it starts, if it would not fit `memory`, or would take more than `most_seconds`.

    Examples
    --------
    A lawn was wet though it had not rained. Had it rained, it would have been wet all the more:

    >>> import xarray as xr
    >>> from servanda.models import Arrow, Network, Node, Posterior
    >>> wet = Node("wet", ("no", "yes"), (Arrow("rain"),), ordered=True)
    >>> network = Network((Node("rain", ("no", "yes")), wet))
    >>> tables = {"rain": xr.DataArray([0.8, 0.2], dims="rain"),
    ...           "wet": xr.DataArray([[0.9, 0.1], [0.2, 0.8]], dims=("rain", "wet"))}
    >>> posterior = Posterior.from_tables(network, tables)
    >>> answer = counterfactual(posterior, "wet", observed={"rain": "no", "wet": "yes"}, do={"rain": "yes"})
    >>> answer.sel(wet="yes").item()
    1.0

    Had a dry lawn been rained on, it would have been wet with probability (0.8 - 0.1) / 0.9:

    >>> answer = counterfactual(posterior, "wet", observed={"rain": "no", "wet": "no"}, do={"rain": "yes"})
    >>> round(answer.sel(wet="yes").item(), 4)
    0.7778
    """
    check_keywords(counterfactual, posterior, members)
    network, names = posterior.network, as_names(targets)
    found = counterfactual_distribution(
        posterior,
        names,
        observed,
        do,
        members,
        coupling=coupling,
        method=method,
        size=size,
        seed=seed,
        memory=memory,
        most_seconds=most_seconds,
        progress=progress,
    )
    result, couplings = found.answer, found.couplings
    world = in_words(network, names, None, do)
    case = in_words(network, (), observed, None, members).removeprefix("P(").removeprefix(" | ").removesuffix(")")
    result.attrs = {
        "question": f"{world} for the case seen: {case or 'nothing'}",
        "answer": in_short(result),
        "coupling": ", ".join(couplings) or "none needed",
        **_method(found, seed),
        "assumption": "how a case's noise carries over to the world not seen is assumed, and no data can test it",
        **_condition(posterior, names, found, tuple(as_states(do, "do"))),
    }
    return Answer(result)


def _method(found: Counterfactual, seed: int) -> dict[str, Any]:
    """How the answer was found, and the error of that where it has one."""
    if not found.size:
        return {"method": "exact in every draw"}
    what = (
        f"sampled: {found.size} cases in each draw (seed {seed}); Monte Carlo standard error "
        f"{found.error:.2g} in a draw, {found.error_of_mean:.2g} of the mean"
    )
    return {"method": what, "standard_error": found.error, "standard_error_of_mean": found.error_of_mean}


def _condition(
    posterior: Posterior, targets: tuple[str, ...], found: Counterfactual, do: tuple[str, ...]
) -> dict[str, str]:
    """Whether the observed nodes determine the answer under its coupling, as far as that is decided.

    Averaged over what else such cases show, a counterfactual is the effect of `do` given what `do` does not affect:
    where that effect is not identified, neither is the counterfactual. Where it is, and the case shows more, tables of
    observed nodes alone determine the counterfactual; whether they do beside latent nodes is not decided here.
    """
    below = posterior.network.descendants(do)
    unaffected = tuple(name for name in found.observed if name not in below and name not in targets)
    attrs = effect(posterior, targets, do, unaffected)
    hidden = [name for name in latent_nodes(posterior) if name in found.bearing]
    if attrs["identified"] == "no" or not hidden or below.isdisjoint(found.observed):
        return attrs
    what = (
        f"{attrs['identification']} What the case seen says of {', '.join(hidden)}, never observed, bears on the "
        "answer too: whether the data determines it is not decided here."
    )
    return {**attrs, "identified": "not decided", "identification": what}
