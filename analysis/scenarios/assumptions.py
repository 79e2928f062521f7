"""What a scenario takes for granted, and the question that it would ask were that wrong."""

from __future__ import annotations

from .scenario import ANOTHER, Assumption, Format, Judgement, Scenario, headline_rows


def if_wrong(scenario: Scenario, assumption: Assumption) -> Judgement | None:
    """The headline's judgement as it would be described were an assumption wrong.

    Parameters
    ----------
    scenario
        From `load_scenario`.
    assumption
        One of its own.

    Returns
    -------
    Judgement or None
        With the headline's row and the one it is compared with, to be put to a posterior as any other; None where the
        assumption rests on no node and no actor, so that nothing can be computed.

    Examples
    --------
    >>> from servanda.analysis import load_scenario
    >>> scenario = load_scenario("dprk-six-party").scenario
    >>> asked = [if_wrong(scenario, one) for one in scenario.assumptions]
    >>> [None if one is None else one.given["role"] for one in asked]
    [None, 'guarantor', 'guarantor', None, 'principal', None]
    """
    if not assumption.instead and assumption.actor is None:
        return None
    judgement = scenario.headline_judgement
    actor = {ANOTHER: None}.get(assumption.actor or "", assumption.actor)
    whose = {} if assumption.actor is None else {"actor": actor}
    formats = [_otherwise(row, assumption, bool(whose)) for row in headline_rows(scenario)]
    given = {**judgement.given, **assumption.instead}
    return judgement.model_copy(update={"given": given, "formats": formats, "together": [], **whose})


def _otherwise(row: Format, assumption: Assumption, other: bool) -> Format:  # noqa: FBT001
    """A row without what the assumption says otherwise for the whole judgement."""
    given = {node: state for node, state in row.given.items() if node not in assumption.instead}
    return row.model_copy(update={"given": given, **({"actor": None} if other else {})})
