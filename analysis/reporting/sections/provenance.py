"""How to repeat a report: its command, and the seeds, settings, versions and digests of every fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ....models.posterior import Posterior
from ...summaries.summary import INTERVAL
from ..document.blocks import Block, Paragraph, Run, Table, runs
from ..document.language import N_, Language
from ..numbers import plain
from ..section import Answers, Material, Part, Section


def _content(material: Material, answers: Answers) -> dict[str, Any]:  # noqa: ARG001
    return {
        "scenario": material.loaded.scenario.name,
        "command": f"servanda report {material.loaded.scenario.name}",
        "record": "the shipped record" if material.shipped else "the user's own record",
        "fits": {name: _identity(posterior) for name, posterior in material.posteriors.items()},
        "interval": INTERVAL,
        "interval_type": "equal-tailed credible interval",
    }


def _identity(posterior: Posterior) -> dict[str, Any]:
    """What a fit is known by; how long it took is another on every run."""
    left = ("parameter_gates", "seconds")
    return plain({key: value for key, value in posterior.provenance.items() if key not in left})


def facts(fits: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    """What is recorded about each fit, line by line; a fact equal in all of them stands once.

    Examples
    --------
    >>> facts({"flat": {"seed": 1, "data": {"rows": 3}}, "old": {"seed": 2, "data": {"rows": 3}}})
    [('seed', ['1', '2']), ('data.rows', ['3'])]
    """
    flat = [dict(_flattened(fit)) for fit in fits.values()]
    lines = []
    for key in dict.fromkeys(key for fit in flat for key in fit):
        values = [_setting(fit.get(key, "")) for fit in flat]
        lines.append((key, values[:1] if len(set(values)) == 1 else values))
    return lines


def _flattened(fit: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in fit.items():
        if isinstance(value, Mapping):
            yield from _flattened(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _setting(value: object) -> str:
    """A seed or a version as it is, without signs between digits; lists one after the other."""
    return ", ".join(_setting(item) for item in value) if isinstance(value, list | tuple) else str(value)


def _command(report: Mapping[str, Any], say: Language) -> list[Block]:
    """The command that writes the report again."""
    message = N_("`{command}` writes this report again. Intervals are {interval} equal-tailed credible intervals.")
    found = report["provenance"]
    return [Paragraph(say(message, command=found["command"], interval=say.percent(found["interval"])))]


def _fits(report: Mapping[str, Any], say: Language) -> list[Block]:
    """Seeds, settings, versions and digests of every fit, those in common once."""
    titles = {one["name"]: say.term(one["title"]) for one in report["priors"]["sets"]}
    fits = report["provenance"]["fits"]
    lines = facts(fits)
    same = [(key, values) for key, values in lines if len(values) == 1]
    apart = [(key, values) for key, values in lines if len(values) > 1]
    columns = (say(N_("Fact")), *(runs(titles.get(name, str(name))) for name in fits))
    blocks: list[Block] = []
    if apart:
        blocks.append(Table(say(N_("What differs from fit to fit")), columns, _rows(apart)))
    columns = (say(N_("Fact")), say(N_("All fits")))
    return [*blocks, Table(say(N_("What all fits have in common")), columns, _rows(same))] if same else blocks


def _rows(lines: list[tuple[str, list[str]]]) -> tuple[Any, ...]:
    return tuple((runs(Run(key, "code")), *(runs(value) for value in values)) for key, values in lines)


SECTION = Section(
    _content,
    parts=(
        Part("trust", N_("How to repeat this"), _command),
        Part("annex", N_("Seeds, settings, versions and digests"), _fits),
    ),
)
