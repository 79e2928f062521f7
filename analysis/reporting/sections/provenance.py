"""How to repeat a report: its command, and the seeds, settings, versions and digests of every fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ....models.posterior import Posterior
from ...summaries.summary import INTERVAL
from ..numbers import plain
from ..section import Answers, Material, Section
from ..words import figure


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
    return plain({key: value for key, value in posterior.provenance.items() if key != "parameter_gates"})


def facts(fits: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    """Line up what is recorded about each fit; a fact equal in all of them is said once.

    Examples
    --------
    >>> facts({"flat": {"seed": 1, "data": {"rows": 3}}, "old": {"seed": 2, "data": {"rows": 3}}})
    [('seed', ['1', '2']), ('data.rows', ['3'])]
    """
    flat = [dict(_flattened(fit)) for fit in fits.values()]
    keys = list(dict.fromkeys(key for fit in flat for key in fit))
    lines = []
    for key in keys:
        values = [_setting(fit.get(key, "")) for fit in flat]
        lines.append((key, values[:1] if len(set(values)) == 1 else values))
    return lines


def _setting(value: object) -> str:
    """A seed or a version as it is, without commas."""
    return figure(value) if isinstance(value, list | tuple) else str(value)


def _flattened(fit: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in fit.items():
        if isinstance(value, Mapping):
            yield from _flattened(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _page(report: Mapping[str, Any]) -> dict[str, Any]:
    return {"facts": facts(report["provenance"]["fits"])}


SECTION = Section(_content, {"provenance": "How to repeat this", "sources": "Sources"}, page=_page)
