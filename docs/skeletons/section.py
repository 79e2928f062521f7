"""How the cases ended: FILL IN what the section tells its reader, in a line.

It counts the cases of every outcome. It stands here so that the skeleton runs; FILL IN your own.
"""

# How to use this file: copy it to analysis/reporting/sections/, fill in from top to bottom, and add one line to
# SECTIONS in analysis/reporting/sections/__init__.py, at the place where a reader should meet it. The report then shows
# it in every format, and names it in its contents.
#
# Do not put here: fits and other long work outside of `prepare`, HTML or Markdown, rounding of what the dictionary
# holds, anything that runs on import. Numbers go into the dictionary as they are: `report.json` holds them unrounded,
# and the words round them.

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..document.blocks import Block, Paragraph, Table, runs
from ..document.language import N_, Language
from ..section import Answers, Material, Part, Section


def _content(material: Material, answers: Answers) -> dict[str, Any] | None:  # noqa: ARG001
    """FILL IN: give what the dictionary holds of it, ready for JSON; None where there is nothing to say."""
    # `material` has the scenario, the network, the record and the fits; `answers` the draws of every judged row.
    outcomes = material.cases["outcome"].astype(str).value_counts()
    return {
        "cases": len(material.cases),
        "outcomes": {str(outcome): int(count) for outcome, count in outcomes.items()},
        # What is listed here stops the report, as a failed gate of the answer does.
        "failed_gates": [],
    }


def _words(report: Mapping[str, Any], say: Language) -> list[Block]:
    """FILL IN: say it in blocks, from the dictionary alone."""
    found = report["my_section"]
    # A message is English and is its own key in document/messages/*.po; every number goes through `say`.
    cases = say.plural("The record holds {n} case.", "The record holds {n} cases.", found["cases"])
    rows = tuple((runs(say.state(state)), runs(say.count(n))) for state, n in found["outcomes"].items())
    columns = (say(N_("Outcome")), say(N_("Cases")))
    return [Paragraph(cases), Table(say(N_("Cases by outcome")), columns, rows, numeric=frozenset({1}), compact=True)]


# FILL IN its chapter (see CHAPTERS in ../section.py), its line in the contents, and its words; a second Part may hold
# what only the annex has room for. Give `prepare=` where it needs fits of its own. Figures come from
# `analysis/figures/`, which draws them from plain tables.
SECTION = Section(_content, parts=(Part("why", N_("How the cases ended"), _words),))
