"""The whole of `report.json`: its version, its sections, and whether its gates passed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from .answering import Answer, ChangePart, Drivers, JudgementPart, Question
from .changing import AssumptionsPart, InfluencePart, ValueOfInformationPart
from .evidence import NetworkPart, Priors, Record, Source, Theories, Tracks
from .trusting import (
    ChecklistPart,
    ConvergencePart,
    DiagnosticsPart,
    HeldOut,
    PredictivePart,
    ProvenancePart,
    ScorePart,
    UnmeasuredPart,
)

#: Raised when a field of the JSON changes its meaning or goes.
VERSION = 3
#: Section -> schema of its part. A section that is not here may hold any JSON.
PARTS: Mapping[str, Any] = {
    "question": Question,
    "answer": Answer,
    "change": ChangePart | None,
    "value_of_information": ValueOfInformationPart | None,
    "influence": InfluencePart | None,
    "assumptions": AssumptionsPart | None,
    "score": ScorePart,
    "held_out": HeldOut,
    "predictive": PredictivePart | None,
    "unmeasured": UnmeasuredPart | None,
    "drivers": Drivers | None,
    "judgements": list[JudgementPart],
    "record": Record,
    "theories": Theories | None,
    "tracks": Tracks | None,
    "priors": Priors,
    "diagnostics": DiagnosticsPart,
    "convergence": ConvergencePart | None,
    "network": NetworkPart,
    # What changed since an earlier report, and the inputs by which a later one asks, are read back by their own rules.
    "since": dict[str, Any] | None,
    "provenance": ProvenancePart,
    "sources": dict[str, Source] | None,
    "inputs": dict[str, Any],
    "checklist": ChecklistPart,
}


@lru_cache(maxsize=4)
def report_model(sections: tuple[tuple[str, str], ...]) -> type[BaseModel]:
    """Schema of a whole report.

    Parameters
    ----------
    sections
        Name of each section, all of which a report holds, and what it is; what has nothing to say is null.
    """
    fields: dict[str, Any] = {
        "schema_": (Literal[VERSION], Field(alias="schema")),
        **{name: (PARTS.get(name, Any), ...) for name, _ in sections},
        "failed_gates": (list[str], ...),
        "passed": (bool, ...),
        "issued": (str, ""),
        "signed": (str, ""),
        "sha256": (str, ""),
    }
    said = {
        "schema_": "Version of the file.",
        **dict(sections),
        "failed_gates": "Checks of what the answer rests on that failed.",
        "passed": "Whether none did.",
        "issued": "Day of issue; empty if none was given.",
        "signed": "Who signed it; empty if nobody did.",
        "sha256": "SHA-256 over everything else as JSON with sorted keys, by which a changed file is refused.",
    }
    lines = "\n".join(f"{name}\n    {what}" for name, what in said.items())
    about = f"A report.\n\nParameters\n----------\n{lines}\n"
    config = ConfigDict(extra="forbid", frozen=True)
    return create_model("Report", __config__=config, __doc__=about, **fields)
