"""Priors: named sets with reasons and sources, elicitation, panels of experts, and predictions before data."""

from typing import TYPE_CHECKING

from ..common.lazy import lazy_exports

if TYPE_CHECKING:
    from .diff import PriorDiff as PriorDiff
    from .diff import prior_diff as prior_diff
    from .elicitation.elicit import Elicited as Elicited
    from .elicitation.elicit import MisfitWarning as MisfitWarning
    from .elicitation.elicit import elicit as elicit
    from .elicitation.statements import Statement as Statement
    from .elicitation.statements import between as between
    from .elicitation.statements import kept as kept
    from .elicitation.statements import quantiles as quantiles
    from .elicitation.statements import roulette as roulette
    from .elicitation.statements import times_as_likely as times_as_likely
    from .files.load import load_prior as load_prior
    from .files.load import shipped_priors as shipped_priors
    from .files.write import prior_to_toml as prior_to_toml
    from .panel.expert_weights import ExpertScores as ExpertScores
    from .panel.expert_weights import classical_weights as classical_weights
    from .panel.expert_weights import score_weights as score_weights
    from .panel.linear_pool import LinearPool as LinearPool
    from .panel.linear_pool import leave_one_expert_out as leave_one_expert_out
    from .panel.linear_pool import linear_pool as linear_pool
    from .panel.logarithmic_pool import logarithmic_pool as logarithmic_pool
    from .predictive import prior_predictive as prior_predictive

_HOMES = {
    "PriorDiff": ".diff",
    "prior_diff": ".diff",
    "Elicited": ".elicitation.elicit",
    "MisfitWarning": ".elicitation.elicit",
    "elicit": ".elicitation.elicit",
    "ExpertScores": ".panel.expert_weights",
    "classical_weights": ".panel.expert_weights",
    "score_weights": ".panel.expert_weights",
    "load_prior": ".files.load",
    "LinearPool": ".panel.linear_pool",
    "leave_one_expert_out": ".panel.linear_pool",
    "linear_pool": ".panel.linear_pool",
    "logarithmic_pool": ".panel.logarithmic_pool",
    "prior_predictive": ".predictive",
    "Statement": ".elicitation.statements",
    "between": ".elicitation.statements",
    "kept": ".elicitation.statements",
    "quantiles": ".elicitation.statements",
    "roulette": ".elicitation.statements",
    "times_as_likely": ".elicitation.statements",
    "prior_to_toml": ".files.write",
    "shipped_priors": ".files.load",
}
__all__ = [
    "Elicited",
    "ExpertScores",
    "LinearPool",
    "MisfitWarning",
    "PriorDiff",
    "Statement",
    "between",
    "classical_weights",
    "elicit",
    "kept",
    "leave_one_expert_out",
    "linear_pool",
    "load_prior",
    "logarithmic_pool",
    "prior_diff",
    "prior_predictive",
    "prior_to_toml",
    "quantiles",
    "roulette",
    "score_weights",
    "shipped_priors",
    "times_as_likely",
]
__getattr__, __dir__ = lazy_exports(__name__, _HOMES)
