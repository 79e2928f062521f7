"""What was believed: named prior sets with reasons and sources, and what they imply before data."""

from typing import TYPE_CHECKING

from ..common.lazy import lazy_exports

if TYPE_CHECKING:
    from .diff import PriorDiff as PriorDiff
    from .diff import prior_diff as prior_diff
    from .elicitation import Elicited as Elicited
    from .elicitation import MisfitWarning as MisfitWarning
    from .elicitation import elicit as elicit
    from .expert_weights import ExpertScores as ExpertScores
    from .expert_weights import classical_weights as classical_weights
    from .expert_weights import score_weights as score_weights
    from .load import load_prior as load_prior
    from .load import shipped_priors as shipped_priors
    from .panel import LinearPool as LinearPool
    from .panel import leave_one_expert_out as leave_one_expert_out
    from .panel import linear_pool as linear_pool
    from .pool import logarithmic_pool as logarithmic_pool
    from .predictive import prior_predictive as prior_predictive
    from .statements import Statement as Statement
    from .statements import between as between
    from .statements import kept as kept
    from .statements import quantiles as quantiles
    from .statements import roulette as roulette
    from .statements import times_as_likely as times_as_likely
    from .write import prior_to_toml as prior_to_toml

_HOMES = {
    "PriorDiff": ".diff",
    "prior_diff": ".diff",
    "Elicited": ".elicitation",
    "MisfitWarning": ".elicitation",
    "elicit": ".elicitation",
    "ExpertScores": ".expert_weights",
    "classical_weights": ".expert_weights",
    "score_weights": ".expert_weights",
    "load_prior": ".load",
    "LinearPool": ".panel",
    "leave_one_expert_out": ".panel",
    "linear_pool": ".panel",
    "logarithmic_pool": ".pool",
    "prior_predictive": ".predictive",
    "Statement": ".statements",
    "between": ".statements",
    "kept": ".statements",
    "quantiles": ".statements",
    "roulette": ".statements",
    "times_as_likely": ".statements",
    "prior_to_toml": ".write",
    "shipped_priors": ".load",
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
