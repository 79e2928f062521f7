"""How the network predicts crises it has not seen, against the base rate: the score that confidence rests on first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ....models.network.network import Network
from ....models.parameters.prior_set import PriorSet
from ...evaluation.shipped_scores import measured_score
from ..confidence import Score
from ..section import Answers, Material, Section

if TYPE_CHECKING:
    import pandas as pd

#: What a report holds of a score.
_KEPT = ("gain", "error", "broken_gain", "broken_error", "full_gain", "full_error", "slope", "slope_error")
_COUNTED = ("futures", "cases", "crises", "tried")


def held_out_score(network: Network, cases: pd.DataFrame, priors: PriorSet) -> Score | None:
    """Score of a network under a prior set on held-out crises of these very cases; None where it was not measured."""
    return measured_score(network, cases, priors)


def how_to_measure(material: Material) -> str:
    """The command that measures it."""
    scenario = material.loaded.scenario
    return f"servanda evaluate {scenario.network} --priors {scenario.priors[0]} --as-of {scenario.as_of}"


def scenario_score(material: Material) -> Score | None:
    """Score of what a report's answer rests on."""
    return held_out_score(material.loaded.network, material.cases, material.loaded.priors[0])


def _content(material: Material, answers: Answers) -> Mapping[str, Any]:  # noqa: ARG001
    score = scenario_score(material)
    found = {} if score is None else {name: getattr(score, name) for name in (*_KEPT, *_COUNTED)}
    return {"measured": score is not None, "how": how_to_measure(material), **found}


SECTION = Section(_content)
