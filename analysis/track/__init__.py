"""Track records: the credibility of an actor over time, described, drawn, tested, and as a node of a network.

Questions to a fit (`credibility`, `forecast`, `compare_actors` ...) are names of `servanda.analysis`.
"""

from typing import TYPE_CHECKING

from ...common.lazy import lazy_exports

if TYPE_CHECKING:
    from ..figures.track import save_track_figure as save_track_figure
    from ..figures.track import track_figure as track_figure
    from .description import describe_tracks as describe_tracks
    from .description import track_table as track_table
    from .imputation import compare_pasts as compare_pasts
    from .imputation import fit_imputed as fit_imputed
    from .imputation import impute_credibility as impute_credibility
    from .imputation import pooled as pooled
    from .imputation import with_credibility as with_credibility
    from .imputation import with_credibility_priors as with_credibility_priors
    from .weighting import weighted as weighted
    from .weighting import weighting_checks as weighting_checks

__all__ = [
    "compare_pasts",
    "describe_tracks",
    "fit_imputed",
    "impute_credibility",
    "pooled",
    "save_track_figure",
    "track_figure",
    "track_table",
    "weighted",
    "weighting_checks",
    "with_credibility",
    "with_credibility_priors",
]

_HOMES = {
    "compare_pasts": ".imputation",
    "describe_tracks": ".description",
    "fit_imputed": ".imputation",
    "impute_credibility": ".imputation",
    "pooled": ".imputation",
    "save_track_figure": "..figures.track",
    "track_figure": "..figures.track",
    "track_table": ".description",
    "weighted": ".weighting",
    "weighting_checks": ".weighting",
    "with_credibility": ".imputation",
    "with_credibility_priors": ".imputation",
}
__getattr__, __dir__ = lazy_exports(__name__, _HOMES)
