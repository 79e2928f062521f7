"""What follows: questions, contrasts, gates, scenarios, reports, and the command line."""

from typing import TYPE_CHECKING

from ..common.lazy import lazy_exports

if TYPE_CHECKING:
    from .collective import at_least as at_least
    from .comparison import Comparison as Comparison
    from .comparison import compare_models as compare_models
    from .contrasts import contrast as contrast
    from .counterfactuals import counterfactual as counterfactual
    from .explanation import most_probable as most_probable
    from .explanation import simulate as simulate
    from .fits import Settings as Settings
    from .fits import stored_fit as stored_fit
    from .flipping import FlipPath as FlipPath
    from .flipping import direction as direction
    from .flipping import flip_point as flip_point
    from .flipping import likelihood_word as likelihood_word
    from .gates import Gate as Gate
    from .gates import parameter_gates as parameter_gates
    from .gates import sampler_gates as sampler_gates
    from .identification import Identification as Identification
    from .identification import identify as identify
    from .implied_record import RecordSummaries as RecordSummaries
    from .implied_record import record_summaries as record_summaries
    from .panel_answers import PanelAnswers as PanelAnswers
    from .panel_answers import ask_panel as ask_panel
    from .prior_comparison import PriorComparison as PriorComparison
    from .prior_comparison import compare_priors as compare_priors
    from .quantity import Quantity as Quantity
    from .quantity import chance_of as chance_of
    from .query import evidence_probability as evidence_probability
    from .query import explain as explain
    from .query import marginals as marginals
    from .query import probability as probability
    from .reporting.make import GateError as GateError
    from .reporting.make import report as report
    from .scenario import load_scenario as load_scenario
    from .scenario import shipped_scenarios as shipped_scenarios
    from .sensitivity import PowerScaling as PowerScaling
    from .sensitivity import power_scaling as power_scaling
    from .summary import Summary as Summary
    from .summary import summarise as summarise
    from .summary import summary_table as summary_table
    from .theories import compare_theories as compare_theories
    from .track import change as change
    from .track import compare_actors as compare_actors
    from .track import cost as cost
    from .track import credibility as credibility
    from .track import credibility_path as credibility_path
    from .track import forecast as forecast
    from .track import replay as replay
    from .track import track_gates as track_gates
    from .updating import suppose as suppose
    from .wording import load_lexicon as load_lexicon

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
    "Settings",
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
    "Quantity": ".quantity",
    "chance_of": ".quantity",
    "PriorComparison": ".prior_comparison",
    "compare_priors": ".prior_comparison",
    "RecordSummaries": ".implied_record",
    "record_summaries": ".implied_record",
    "PanelAnswers": ".panel_answers",
    "ask_panel": ".panel_answers",
    "FlipPath": ".flipping",
    "flip_point": ".flipping",
    "direction": ".flipping",
    "likelihood_word": ".flipping",
    "PowerScaling": ".sensitivity",
    "power_scaling": ".sensitivity",
    "Comparison": ".comparison",
    "compare_models": ".comparison",
    "compare_theories": ".theories",
    "Gate": ".gates",
    "GateError": ".reporting.make",
    "Settings": ".fits",
    "Summary": ".summary",
    "at_least": ".collective",
    "contrast": ".contrasts",
    "counterfactual": ".counterfactuals",
    "most_probable": ".explanation",
    "simulate": ".explanation",
    "Identification": ".identification",
    "identify": ".identification",
    "evidence_probability": ".query",
    "explain": ".query",
    "load_lexicon": ".wording",
    "load_scenario": ".scenario",
    "marginals": ".query",
    "parameter_gates": ".gates",
    "probability": ".query",
    "report": ".reporting.make",
    "sampler_gates": ".gates",
    "shipped_scenarios": ".scenario",
    "stored_fit": ".fits",
    "summarise": ".summary",
    "summary_table": ".summary",
    "change": ".track",
    "compare_actors": ".track",
    "cost": ".track",
    "credibility": ".track",
    "credibility_path": ".track",
    "forecast": ".track",
    "replay": ".track",
    "track_gates": ".track",
    "suppose": ".updating",
}
__getattr__, __dir__ = lazy_exports(__name__, _HOMES)
