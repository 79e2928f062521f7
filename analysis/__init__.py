"""What follows: questions, contrasts, gates, scenarios, reports, and the command line."""

from typing import TYPE_CHECKING

from ..common.lazy import lazy_exports

if TYPE_CHECKING:
    from ..models.questions.quantity import Quantity as Quantity
    from ..models.questions.quantity import chance_of as chance_of
    from .evaluation.models import Comparison as Comparison
    from .evaluation.models import compare_models as compare_models
    from .evaluation.predictive_check import RecordSummaries as RecordSummaries
    from .evaluation.predictive_check import record_summaries as record_summaries
    from .evaluation.theories import compare_theories as compare_theories
    from .queries.collective import at_least as at_least
    from .queries.contrast import contrast as contrast
    from .queries.counterfactual import counterfactual as counterfactual
    from .queries.explanation import most_probable as most_probable
    from .queries.explanation import simulate as simulate
    from .queries.identification import Identification as Identification
    from .queries.identification import identify as identify
    from .queries.probability import evidence_probability as evidence_probability
    from .queries.probability import explain as explain
    from .queries.probability import marginals as marginals
    from .queries.probability import probability as probability
    from .queries.suppose import suppose as suppose
    from .reporting.make import GateError as GateError
    from .reporting.make import report as report
    from .scenarios.scenario import load_scenario as load_scenario
    from .scenarios.scenario import shipped_scenarios as shipped_scenarios
    from .scenarios.stored_fits import stored_fit as stored_fit
    from .sensitivity.flip_point import FlipPath as FlipPath
    from .sensitivity.flip_point import direction as direction
    from .sensitivity.flip_point import flip_point as flip_point
    from .sensitivity.flip_point import likelihood_word as likelihood_word
    from .sensitivity.panel import PanelAnswers as PanelAnswers
    from .sensitivity.panel import ask_panel as ask_panel
    from .sensitivity.power_scaling import PowerScaling as PowerScaling
    from .sensitivity.power_scaling import power_scaling as power_scaling
    from .sensitivity.priors import PriorComparison as PriorComparison
    from .sensitivity.priors import compare_priors as compare_priors
    from .summaries.gates import Gate as Gate
    from .summaries.gates import parameter_gates as parameter_gates
    from .summaries.gates import sampler_gates as sampler_gates
    from .summaries.likelihood_words import load_lexicon as load_lexicon
    from .summaries.summary import Summary as Summary
    from .summaries.summary import summarise as summarise
    from .summaries.summary import summary_table as summary_table
    from .track.credibility import change as change
    from .track.credibility import compare_actors as compare_actors
    from .track.credibility import cost as cost
    from .track.credibility import credibility as credibility
    from .track.credibility import credibility_path as credibility_path
    from .track.credibility import forecast as forecast
    from .track.credibility import replay as replay
    from .track.credibility import track_gates as track_gates

__all__ = [
    "Comparison",
    "FlipPath",
    "Gate",
    "GateError",
    "Identification",
    "PanelAnswers",
    "PowerScaling",
    "PriorComparison",
    "Quantity",
    "RecordSummaries",
    "Summary",
    "ask_panel",
    "at_least",
    "chance_of",
    "change",
    "compare_actors",
    "compare_models",
    "compare_priors",
    "compare_theories",
    "contrast",
    "cost",
    "counterfactual",
    "credibility",
    "credibility_path",
    "direction",
    "evidence_probability",
    "explain",
    "flip_point",
    "forecast",
    "identify",
    "likelihood_word",
    "load_lexicon",
    "load_scenario",
    "marginals",
    "most_probable",
    "parameter_gates",
    "power_scaling",
    "probability",
    "record_summaries",
    "replay",
    "report",
    "sampler_gates",
    "shipped_scenarios",
    "simulate",
    "stored_fit",
    "summarise",
    "summary_table",
    "suppose",
    "track_gates",
]

_HOMES = {
    "Quantity": "..models.questions.quantity",
    "chance_of": "..models.questions.quantity",
    "PriorComparison": ".sensitivity.priors",
    "compare_priors": ".sensitivity.priors",
    "RecordSummaries": ".evaluation.predictive_check",
    "record_summaries": ".evaluation.predictive_check",
    "PanelAnswers": ".sensitivity.panel",
    "ask_panel": ".sensitivity.panel",
    "FlipPath": ".sensitivity.flip_point",
    "flip_point": ".sensitivity.flip_point",
    "direction": ".sensitivity.flip_point",
    "likelihood_word": ".sensitivity.flip_point",
    "PowerScaling": ".sensitivity.power_scaling",
    "power_scaling": ".sensitivity.power_scaling",
    "Comparison": ".evaluation.models",
    "compare_models": ".evaluation.models",
    "compare_theories": ".evaluation.theories",
    "Gate": ".summaries.gates",
    "GateError": ".reporting.make",
    "Summary": ".summaries.summary",
    "at_least": ".queries.collective",
    "contrast": ".queries.contrast",
    "counterfactual": ".queries.counterfactual",
    "most_probable": ".queries.explanation",
    "simulate": ".queries.explanation",
    "Identification": ".queries.identification",
    "identify": ".queries.identification",
    "evidence_probability": ".queries.probability",
    "explain": ".queries.probability",
    "load_lexicon": ".summaries.likelihood_words",
    "load_scenario": ".scenarios.scenario",
    "marginals": ".queries.probability",
    "parameter_gates": ".summaries.gates",
    "probability": ".queries.probability",
    "report": ".reporting.make",
    "sampler_gates": ".summaries.gates",
    "shipped_scenarios": ".scenarios.scenario",
    "stored_fit": ".scenarios.stored_fits",
    "summarise": ".summaries.summary",
    "summary_table": ".summaries.summary",
    "change": ".track.credibility",
    "compare_actors": ".track.credibility",
    "cost": ".track.credibility",
    "credibility": ".track.credibility",
    "credibility_path": ".track.credibility",
    "forecast": ".track.credibility",
    "replay": ".track.credibility",
    "track_gates": ".track.credibility",
    "suppose": ".queries.suppose",
}
__getattr__, __dir__ = lazy_exports(__name__, _HOMES)
