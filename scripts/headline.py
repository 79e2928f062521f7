"""Headline of the README and its figure, from the report that `make report` wrote: `make headline`."""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import Any

from servanda.analysis.figures.densities import densities_svg
from servanda.analysis.figures.percent import percent, span
from servanda.analysis.reporting.document.language import Language

ROOT = Path(__file__).parent.parent
#: What stands around the text that is written.
BEGIN, END = "<!-- headline: written by make headline -->\n", "<!-- end of headline -->\n"
points = Language("en").points
#: The figure is read alone: beside a dark page it needs a ground of its own.
GROUND = '<rect width="100%" height="100%" fill="#ffffff"/>'


def headline(report: dict[str, Any]) -> str:
    """Markdown of the headline: outcomes, both intervals, the change, its rival readings and the score."""
    answer, score = report["answer"], report["score"]
    told = {one["state"]: percent(one["mean"]) for one in answer["outcomes"]}
    moved = answer["change"]["difference"]
    rival = next(row for row in report["change"]["rows"] if row["kind"] == "reading" and row["mean"] != moved["mean"])
    mixed = next(row for row in report["change"]["rows"] if row["name"] == "averaged over the theories")
    settled = answer["verdict"]["settled"]
    verdict = "settles it" if settled else "does not settle it"
    beats = score["gain"] > 2 * score["error"]
    better = "does better than" if beats else "does not predict better than"
    joined = "though" if beats != settled else "and"
    single, left_open = answer["single"], span(answer["lower"], answer["upper"])
    text = f"""As of 25 April 2019, and should such a guarantee come to a test, the United States keeps it with
probability **{percent(answer["mean"])}** if all six-party states stand behind it, keeps it in part with
{told["partial"]} and breaks it with {told["defected"]}. Two intervals belong to the first number: what the record
leaves open about such guarantees on average (**{left_open}**), and how far single ones differ
(**{span(single["lower"], single["upper"])}**, 90 % both). The backing changes it by {points(moved["mean"])} points
({points(moved["lower"])} to {points(moved["upper"])}): a gain of 5 points or more has a probability of
{percent(moved["gain"])}, a loss of 5 or more {percent(moved["loss"])}, less either way {percent(moved["within"])}. Read
as past American promises were coded, the same backing changes it by {points(rival["mean"])} points; averaged over rival
theories of backing, by {points(mixed["mean"])}. **The record {verdict}**, {joined} the model {better} the base rate
on crises held out of its {score["cases"]} cases: {score["gain"]:+.3f} in log score a case, with a standard error of
{score["error"]:.3f} by crisis. Confidence is {answer["confidence"]["level"]}."""
    together = " ".join(text.split()).replace(" %", "\N{NO-BREAK SPACE}%")
    return textwrap.fill(together, 116, break_on_hyphens=False) + "\n"


def identity(report: dict[str, Any]) -> str:
    """What the numbers rest on, as a comment: the fit that is reported, but for the versions it was made with."""
    fit = report["provenance"]["fits"][report["priors"]["reported"]]
    parts = [f"{part} {fit[f'{part}_sha256'][:16]}" for part in ("network", "priors", "data")]
    return f"<!-- {', '.join(parts)}, seed {fit['settings']['seed']} -->\n"


def written(readme: str, text: str) -> str:
    """The README with its headline replaced."""
    before, rest = readme.split(BEGIN)
    return before + BEGIN + text + END + rest.split(END)[1]


def main(report: str) -> None:
    """Rewrite README.md and docs/_static/answer.svg."""
    content = json.loads(Path(report).read_text(encoding="utf-8"))
    readme = ROOT / "README.md"
    readme.write_text(
        written(readme.read_text(encoding="utf-8"), identity(content) + headline(content)), encoding="utf-8"
    )
    judgement = next(one for one in content["judgements"] if one["id"] == content["answer"]["judgement"])
    bands = content["answer"]["lexicon"]["bands"]
    figure = densities_svg(judgement["rows"], bands, name=judgement["id"], base=judgement["base"])
    head, tail = figure.split(">", 1)
    (ROOT / "docs" / "_static" / "answer.svg").write_text(f"{head}>\n {GROUND}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
