"""Posterior predictive check: does the fit that is reported give back the shares of outcomes that it has read."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from .....models.errors import QueryError
from .....models.posterior import Posterior
from .....models.store import draws_tree
from ....evaluation.predictive_check import ALL, RecordSummaries, outcome_summaries
from ....figures.evaluation import shares_svg
from ....summaries.summary import INTERVAL
from ...document.blocks import Block, Figure, Fold, Paragraph, Table, Text, runs
from ...document.language import N_, Language
from ...section import Answers, Material, Part, Section
from ..headline import headline

#: Draws that are enough for shares whose interval is told in whole per cent.
_DRAWS = 1000
#: Of a fit that is right more shares than the limit lie outside with this probability at most.
_CHANCE = 0.05
#: Shares outside of their interval that are named in the sentence.
_NAMED = 2
#: The node that tells guarantors from principals, by whose states shares are told too.
_ROLE = "role"


def _content(material: Material, answers: Answers) -> dict[str, Any] | None:
    scenario = material.loaded.scenario
    judgement = scenario.headline_judgement
    row = headline(material, answers).row
    posterior = _thinned(next(iter(material.posteriors.values())))
    network = posterior.network
    after = {judgement.node, *network.descendants([judgement.node])}
    groups = [name for name in dict.fromkeys((*row.do, _ROLE)) if name in network and name not in after]
    try:
        found = outcome_summaries(posterior, material.cases, judgement.node, by=groups, seed=scenario.seed)
    except QueryError:
        # Nothing was seen of the node, or the draws are not of these cases: there is nothing to compare.
        return None
    titles = {ALL: "", **{name: network[name].title for name in groups}}
    return {
        "node": network[judgement.node].title,
        "draws": math.prod(posterior.sizes.values()),
        **judged(found, titles),
    }


def judged(found: Mapping[str, RecordSummaries], titles: Mapping[str, str]) -> dict[str, Any]:
    """Shares of every outcome with a verdict on all of them.

    Parameters
    ----------
    found
        Outcome -> its summaries.
    titles
        What the cases are split by -> its title.

    Returns
    -------
    dict
        ``rows``; how many lie ``outside`` of their interval, how many are ``expected`` to, and the ``limit`` up to
        which a check ``passed`` whose shares over all cases lie inside: the 95 % quantile of the binomial, as if the
        shares were independent.
    """
    from scipy.stats import binom

    rows = [row for outcome, summaries in found.items() for row in _rows(outcome, summaries, titles)]
    outside = sum(not row["inside"] for row in rows)
    limit = int(binom.ppf(1 - _CHANCE, len(rows), 1 - INTERVAL))
    whole = all(row["inside"] for row in rows if row["by"] == ALL)
    return {
        "rows": rows,
        "interval": INTERVAL,
        "outside": outside,
        "expected": len(rows) * (1 - INTERVAL),
        "limit": limit,
        "passed": whole and outside <= limit,
    }


def _rows(outcome: str, summaries: RecordSummaries, titles: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for (by, state), row in zip(summaries.summaries, summaries.table.to_dict("records"), strict=True):
        inside = row["lower"] <= row["seen"] <= row["upper"]
        yield {"outcome": outcome, "by": by, "node": titles[by], "state": state, **row, "inside": bool(inside)}


def _thinned(posterior: Posterior) -> Posterior:
    """As few draws, evenly spaced, as are enough."""
    step = -(-math.prod(posterior.sizes.values()) // _DRAWS)
    if step == 1:
        return posterior
    tree = draws_tree({"posterior": posterior.draws.isel(draw=slice(None, None, step))})
    return Posterior(posterior.network, tree, posterior.priors, posterior.provenance)


def _words(report: Mapping[str, Any], say: Language) -> list[Block]:
    found = report["predictive"]
    head = say(N_("**No gross misfit.**")) if found["passed"] else say(N_("**A misfit.**"))
    caveat = say(N_("The model was fitted to these cases, so few misses prove little.")) if found["passed"] else ()
    return [
        Paragraph(runs(head, " ", _outside(found, say), *((" ", *caveat) if caveat else ()))),
        Fold(say(N_("Share by share")), (_figure(found, say), _table(found, say))),
    ]


def _outside(found: Mapping[str, Any], say: Language) -> Text:
    """How many shares lie outside of their interval, and which, where they are few enough to name."""
    values = {"shares": say.count(len(found["rows"])), "interval": say.percent(found["interval"])}
    missed = [_named(row, say) for row in found["rows"] if not row["inside"]]
    if not missed:
        return say(N_("Of {shares} shares, none lies outside of its {interval} interval."), **values)
    if len(missed) > _NAMED:
        message = N_("Of {shares} shares, {n} lie outside of their {interval} interval.")
        return say(message, n=say.count(len(missed)), **values)
    return say.plural(
        "Of {shares} shares, {n} lies outside of its {interval} interval: {which}.",
        "Of {shares} shares, {n} lie outside of their {interval} interval: {which}.",
        len(missed),
        which=", ".join(missed),
        **values,
    )


def _named(row: Mapping[str, Any], say: Language) -> str:
    """A share by its outcome and its cases, within a sentence."""
    group = _group(row, say)
    return f"{say.state(row['outcome'])} ({group[:1].lower()}{group[1:]})"


def _figure(found: Mapping[str, Any], say: Language) -> Figure:
    """The best outcome alone: the others are in the table."""
    best = found["rows"][-1]["outcome"]
    rows = [
        {
            **row,
            "label": _group(row, say),
            "said": _seen(row, say),
        }
        for row in found["rows"]
        if row["outcome"] == best
    ]
    said = "; ".join(f"{row['label']}: {row['said']}" for row in rows)
    message = N_("Share of cases that were {outcome}: seen (diamond), and implied by the fit (line, {interval}).")
    caption = say(message, outcome=say.state(best), interval=say.percent(found["interval"]))
    return Figure(shares_svg(rows, name="trust", said=said), said, caption)


def _seen(row: Mapping[str, Any], say: Language) -> str:
    return f"{say.percent(row['seen'])} ({say.span(row['lower'], row['upper'])})"


def _group(row: Mapping[str, Any], say: Language) -> str:
    if row["by"] == ALL:
        return say.line(N_("all cases"))
    return say.feature(row["node"], row["state"])


def _table(found: Mapping[str, Any], say: Language) -> Table:
    cells = tuple(
        (
            runs(f"{say.state(row['outcome'])}; {_group(row, say)}"),
            runs(say.count(row["cases"])),
            runs(say.percent(row["seen"])),
            runs(say.span(row["lower"], row["upper"])),
            say(N_("inside")) if row["inside"] else say(N_("**outside**")),
        )
        for row in found["rows"]
    )
    columns = (say(N_("Share")), say(N_("Cases")), say(N_("Seen")), say(N_("Implied")), say(N_("Verdict")))
    return Table(say(N_("Shares of outcomes, seen and implied")), columns, cells, numeric=frozenset({1, 2, 3}))


SECTION = Section(_content, parts=(Part("trust", N_("Does the fit give back the record?"), _words),))
