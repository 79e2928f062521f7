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
    from .gates import Gate as Gate
    from .gates import parameter_gates as parameter_gates
    from .gates import sampler_gates as sampler_gates
    from .identification import Identification as Identification
    from .identification import identify as identify
    from .query import evidence_probability as evidence_probability
    from .query import explain as explain
    from .query import marginals as marginals
    from .query import probability as probability
    from .reporting.make import GateError as GateError
    from .reporting.make import report as report
    from .scenario import load_scenario as load_scenario
    from .scenario import shipped_scenarios as shipped_scenarios
    from .summary import Summary as Summary
    from .summary import summarise as summarise
    from .summary import summary_table as summary_table
    from .theories import compare_theories as compare_theories
    from .updating import suppose as suppose
    from .wording import load_lexicon as load_lexicon

__all__ = [
    "Comparison",
    "Gate",
    "GateError",
    "Identification",
    "Settings",
    "Summary",
    "at_least",
    "compare_models",
    "compare_theories",
    "contrast",
    "counterfactual",
    "evidence_probability",
    "explain",
    "identify",
    "load_lexicon",
    "load_scenario",
    "marginals",
    "most_probable",
    "parameter_gates",
    "probability",
    "report",
    "sampler_gates",
    "shipped_scenarios",
    "simulate",
    "stored_fit",
    "summarise",
    "summary_table",
    "suppose",
]

_HOMES = {
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
    "suppose": ".updating",
}
__getattr__, __dir__ = lazy_exports(__name__, _HOMES)
