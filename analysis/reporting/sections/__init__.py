"""The sections of a report, one file each: what the dictionary holds of it, and what its template needs."""

from __future__ import annotations

from collections.abc import Mapping

from ..section import Section
from . import (
    answer,
    change,
    diagnostics,
    drivers,
    judgements,
    priors,
    provenance,
    question,
    record,
    score,
    theories,
    tracks,
)
from .annex import network, sources
from .trust import checklist, convergence, held_out, predictive, unmeasured
from .would_change import assumptions, influence, since, value_of_information

#: Every section of a report, in the order a reader meets them; a new one is a file and a line here.
SECTIONS: Mapping[str, Section] = {
    "question": question.SECTION,
    "answer": answer.SECTION,
    "drivers": drivers.SECTION,
    "change": change.SECTION,
    "value_of_information": value_of_information.SECTION,
    "influence": influence.SECTION,
    "assumptions": assumptions.SECTION,
    "score": score.SECTION,
    "held_out": held_out.SECTION,
    "predictive": predictive.SECTION,
    "unmeasured": unmeasured.SECTION,
    "judgements": judgements.SECTION,
    "record": record.SECTION,
    "theories": theories.SECTION,
    "tracks": tracks.SECTION,
    "priors": priors.SECTION,
    "diagnostics": diagnostics.SECTION,
    "convergence": convergence.SECTION,
    "network": network.SECTION,
    "since": since.SECTION,
    "provenance": provenance.SECTION,
    "checklist": checklist.SECTION,
    "sources": sources.SECTION,
    "inputs": since.INPUTS,
}
