"""How to repeat a report: its command, and the seeds, settings, versions and digests of every fit."""

from __future__ import annotations

from typing import Any

from ....models.posterior import Posterior
from ...summaries.summary import INTERVAL
from ..numbers import plain
from ..section import Answers, Material, Section


def _content(material: Material, answers: Answers) -> dict[str, Any]:  # noqa: ARG001
    return {
        "scenario": material.loaded.scenario.name,
        "command": material.command or f"servanda report {material.loaded.scenario.name}",
        "record": "the shipped record" if material.shipped else "the user's own record",
        "fits": {name: _identity(posterior) for name, posterior in material.posteriors.items()},
        "interval": INTERVAL,
        "interval_type": "equal-tailed credible interval",
    }


def _identity(posterior: Posterior) -> dict[str, Any]:
    """What a fit is known by; how long it took is another on every run."""
    left = ("parameter_gates", "seconds")
    return plain({key: value for key, value in posterior.provenance.items() if key not in left})


SECTION = Section(_content)
