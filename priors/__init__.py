"""What was believed: named prior sets with reasons and sources, and what they imply before data."""

from typing import TYPE_CHECKING

from ..common.lazy import lazy_exports

if TYPE_CHECKING:
    from .diff import PriorDiff as PriorDiff
    from .diff import prior_diff as prior_diff
    from .load import load_prior as load_prior
    from .load import shipped_priors as shipped_priors
    from .pool import logarithmic_pool as logarithmic_pool
    from .predictive import prior_predictive as prior_predictive
    from .write import prior_to_toml as prior_to_toml

_HOMES = {
    "PriorDiff": ".diff",
    "prior_diff": ".diff",
    "load_prior": ".load",
    "logarithmic_pool": ".pool",
    "prior_predictive": ".predictive",
    "prior_to_toml": ".write",
    "shipped_priors": ".load",
}
__all__ = [
    "PriorDiff",
    "load_prior",
    "logarithmic_pool",
    "prior_diff",
    "prior_predictive",
    "prior_to_toml",
    "shipped_priors",
]
__getattr__, __dir__ = lazy_exports(__name__, _HOMES)
