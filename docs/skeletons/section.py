"""How the cases ended: FILL IN what the section tells its reader, in a line.

It counts the cases of every outcome. It stands here so that the skeleton runs; FILL IN your own.
"""

# How to use this file: copy it to analysis/reporting/sections/, fill in from top to bottom, and add one line to
# SECTIONS in analysis/reporting/sections/__init__.py, at the place where a reader should meet it. The page then shows
# it, and names it in its contents.
#
# Do not put here: fits and other long work outside of `prepare`, HTML, rounding, anything that runs on import. Numbers
# go into the dictionary as they are: `report.json` holds them unrounded, and the page rounds them.

from __future__ import annotations

from typing import Any

from ..section import Answers, Material, Section


def _content(material: Material, answers: Answers) -> dict[str, Any] | None:  # noqa: ARG001
    """FILL IN: give what the dictionary holds of it, ready for JSON; None where there is nothing to say."""
    # `material` has the scenario, the network, the record and the fits; `answers` the draws of every judged row.
    outcomes = material.cases["outcome"].astype(str).value_counts()
    return {
        # With `text` and `table` it needs no template. For another look, write templates/<name>.html.j2.
        "text": [f"The record holds {len(material.cases)} cases."],
        "table": {
            "caption": "Cases by outcome",
            "columns": ["Outcome", "Cases"],
            "rows": [[str(outcome), int(count)] for outcome, count in outcomes.items()],
        },
        # What is listed here stops the report, as a failed gate of the answer does.
        "failed_gates": [],
    }


# FILL IN its name and its line in the contents. Give `prepare=` where it needs fits of its own, and `page=` where its
# template needs figures, which `analysis/figures/` draws from plain tables.
SECTION = Section(_content, {"my_section": "How the cases ended"})
