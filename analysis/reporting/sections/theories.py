"""How many, or who: which theories of what backers do the record can tell apart."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ....common.figure_style import styled
from ....common.progress import Progress
from ....models.cases.encode import encode
from ....models.posterior import Posterior
from ....models.sampling.fit import fit_identity
from ....models.sampling.run import Sampling
from ....models.sampling.stacking_weights import stacking_weights
from ....models.theories.theories import SHIPPED, THEORIES
from ....record import load_backers, with_backers
from ...evaluation.models import SURE, Comparison
from ...evaluation.theories import compare_theories
from ...figures.comparison import comparison_figure
from ...figures.svg import svg
from ...scenarios.cache import cache_folder
from ...scenarios.scenario import Loaded
from ...scenarios.stored_fits import drawn_on, kept_beside_fits
from ...summaries.gates import Gate, failed, number_gates
from ...summaries.pseudo_bma import pseudo_bma_weights
from ...summaries.summary import summarise
from ..document.blocks import Block, Figure, Fold, Paragraph, Run, Table, Text, runs
from ..document.language import N_, Language
from ..section import Answers, Material, Part, Section, Task
from .change import headline_change

#: What is left out at a time: rows of one guarantee share its text, its parties and its moment.
UNIT = N_("guarantee")
#: Figure of a theory -> its decimals in a sentence.
_PLACES = {"weight": 2, "behind": 1, "error": 1}
#: The change that every theory is asked for.
HEADLINE = "headline"
#: Raised when what is kept beside the fits changes its meaning.
_KEPT = 4


def scenario_theories(
    loaded: Loaded,
    cases: pd.DataFrame,
    sampling: Sampling,
    folder: Path | None = None,
    *,
    posterior: Posterior | None = None,
    client: Any = None,
    progress: bool | Progress | None = None,
) -> dict[str, Any] | None:
    """Compare the theories that a scenario names on the record as of its date, under its first prior set.

    What was found is kept beside the stored fits and found again.

    Returns
    -------
    dict or None
        None where the scenario names no theories, or the record does not say who stands behind its cases.
    """
    names = loaded.scenario.theories
    if not names:
        return None
    known = cases if "institution" in cases.columns else _with_who(cases)
    missing = [name for name in names for column in THEORIES[name].columns if column not in known.columns]
    chosen = [name for name in names if name not in missing]
    if len(chosen) < 2:
        return None
    networks = {name: THEORIES[name].apply(loaded.network) for name in chosen}
    parts = [fit_identity(n, encode(n, known), loaded.priors[0], sampling)["key"] for n in networks.values()]
    asked = headline_change(loaded, cases)

    def make() -> dict[str, Any]:
        # Each theory is told by as many draws as the report, but from a chain no longer than that.
        own = {name: value for name, value in sampling.settings.items() if name not in ("seed", "exact", "thin")}

        def compare(doubled: int) -> Comparison:
            longer = {**own, "tune": sampling.tune << doubled, "thin": 1 << doubled}
            return compare_theories(
                loaded.network,
                known,
                loaded.priors[0],
                theories=chosen,
                unit=UNIT,
                seed=sampling.seed,
                questions={HEADLINE: asked} if asked else None,
                posterior=posterior,
                client=client,
                folder=folder or cache_folder(),
                progress=progress,
                **longer,
            )

        draws = sampling.chains * sampling.draws
        found, _, doublings = drawn_on(compare, lambda one: chain.from_iterable(theory_gates(one).values()), draws)
        told = described(found, seed=sampling.seed)
        return {**told, "doublings": doublings, "left_aside": missing, "priors": loaded.priors[0].name}

    return kept_beside_fits("theories", [_KEPT, parts, chosen, UNIT, repr(asked)], make, folder)


def _with_who(cases: pd.DataFrame) -> pd.DataFrame:
    """Your own cases have no list of backers in the record; of the shipped ones the few without one are summed out."""
    listed = set(load_backers()["case_id"])
    return cases if listed.isdisjoint(cases["case_id"]) else with_backers(cases)


def theory_gates(found: Comparison) -> dict[str, tuple[Gate, ...]]:
    """Gates of the change under each theory; none where no change was asked of them."""
    answers = found.answers.get(HEADLINE, {})
    return {name: number_gates(f"the change by {name}", summarise(draws)) for name, draws in answers.items()}


def without_models(found: Comparison, names: Collection[str], seed: int) -> Comparison:
    """A comparison without some of its models; the others share the weights anew."""
    kept = {name: left for name, left in found.left_out.items() if name not in names}
    elpd = np.column_stack([left.elpd for left in kept.values()])
    counts = next(iter(kept.values())).counts
    return replace(
        found,
        left_out=kept,
        weights=dict(zip(kept, pseudo_bma_weights(elpd, counts, seed=seed).tolist(), strict=True)),
        stacking=dict(zip(kept, stacking_weights(elpd, counts).tolist(), strict=True)),
        log_marginal_likelihood={name: log for name, log in found.log_marginal_likelihood.items() if name in kept},
        answers={label: {name: one[name] for name in kept} for label, one in found.answers.items()},
    )


def described(found: Comparison, *, seed: int = 1) -> dict[str, Any]:
    """Put a comparison into plain numbers.

    A theory whose draws did not converge is left out, of the average too, and named with the gates that failed; where
    fewer than two are left there is no comparison.

    Parameters
    ----------
    found
        Of two theories or more.
    seed
        Of the weights, where they are shared anew.
    """
    failing = {name: [str(gate) for gate in failed(gates)] for name, gates in theory_gates(found).items()}
    failing = {name: gates for name, gates in failing.items() if gates}
    left_out = {found.titles[name]: gates for name, gates in failing.items()}
    if len(found.left_out) - len(failing) < 2:
        return {"node": found.node, "unit": found.unit, "table": [], "averaged": None, "left_out": left_out}
    found = without_models(found, failing, seed) if failing else found
    rows = found.table.reset_index().to_dict("records")
    averaged = found.averaged(HEADLINE) if HEADLINE in found.answers else None
    lines = [
        {
            **{str(key): value for key, value in row.items()},
            "claim": THEORIES[row["model"]].claim,
            "source": THEORIES[row["model"]].source,
            "change": None if averaged is None else asdict(averaged.spread[row["model"]]),
        }
        for row in rows
    ]
    return {
        "node": found.node,
        "unit": found.unit,
        "units": len(next(iter(found.left_out.values())).units),
        "table": lines,
        "averaged": None if averaged is None else asdict(averaged.mixture),
        "left_out": left_out,
        "untrusted": {name: list(left.untrusted) for name, left in found.left_out.items() if left.untrusted},
    }


def _prepare(task: Task) -> dict[str, Any] | None:
    fitted = task.posteriors.get(task.loaded.priors[0].name)
    how: dict[str, Any] = {"posterior": fitted, "client": task.client, "progress": task.progress}
    return scenario_theories(task.loaded, task.cases, task.sampling, task.folder, **how)


def _content(material: Material, answers: Answers) -> Mapping[str, Any] | None:  # noqa: ARG001
    found = material.prepared.get("theories")
    return found if found and found["table"] else None


def behind_another(report: Mapping[str, Any], say: Language) -> tuple[Text, ...]:
    """Reason for doubt where another theory than the answer's predicts better: one line, or none.

    Parameters
    ----------
    report
        The whole dictionary.
    say
        The language.
    """
    table = (report.get("theories") or {"table": []})["table"]
    used = _used_behind(table)
    if used is None or not table[0]["change"]:
        return ()
    message = N_(
        "**Theory.** The answer rests on “{used}”, of weight {weight}; “{best}” (weight {other}) predicts best and "
        "says {change} points."
    )
    titles = {"used": say.term(used["title"]), "best": say.term(table[0]["title"])}
    weights = {"weight": say.decimal(used["weight"], 2), "other": say.decimal(table[0]["weight"], 2)}
    return (say(message, change=say.points(table[0]["change"]["mean"]), **titles, **weights),)


def _used_behind(table: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Row of the theory that the answer rests on, where it is not the best."""
    return next((row for row in table[1:] if row["model"] == SHIPPED), None)


def _verdict(report: Mapping[str, Any], say: Language) -> list[Block]:
    """What the record can tell apart, and the change over all theories, in two sentences."""
    found = report["theories"]
    best, *others = found["table"]
    apart = [f"\N{LEFT DOUBLE QUOTATION MARK}{say.term(row['title'])}\N{RIGHT DOUBLE QUOTATION MARK}" for row in others
             if row["apart"]]  # fmt: skip
    values = {"best": say.term(best["title"]), "unit": say.term(found["unit"]), "apart": say.listed(apart)}
    if not apart:
        message = N_("“{best}” predicts best, one {unit} left out at a time; the record excludes no rival theory.")
    elif len(apart) < len(others):
        message = N_("“{best}” predicts best, one {unit} left out at a time; the record tells it apart from {apart}.")
    else:
        message = N_("“{best}” predicts best, one {unit} left out at a time; the record excludes every rival theory.")
    told = say(message, **values)
    used = _used_behind(found["table"])
    if used:
        if used["apart"]:
            message = N_("The answer rests on “{used}” (weight {weight}), which predicts less well.")
        else:
            message = N_(
                "The answer rests on “{used}” (weight {weight}), behind by no more than noise "
                "({behind} \N{PLUS-MINUS SIGN} {error})."
            )
        figures = {name: say.decimal(used[name], places) for name, places in _PLACES.items()}
        told = runs(told, " ", say(message, used=say.term(used["title"]), **figures))
    mixed = found["averaged"]
    if mixed:
        message = N_("Over all theories, weighed by how they predict, the change is {mean} points ({span}).")
        ends = say.points_span(mixed["lower"], mixed["upper"])
        told = runs(told, " ", say(message, mean=say.points(mixed["mean"]), span=ends))
    return [Paragraph(told)]


def _all(report: Mapping[str, Any], say: Language) -> list[Block]:
    """How far each theory is behind the best, drawn and in a table."""
    found = report["theories"]
    rows = found["table"]
    message = N_(
        "Rival theories take the place of the number of guarantors in the network, all else equal. Each is asked to "
        "foretell the outcomes of one {unit} from all others ({units} in turn). A difference counts if it "
        "exceeds 4 and "
        "two standard errors. The answer rests on the log of the count, whichever of them predicts best."
    )
    blocks: list[Block] = [
        Paragraph(say(message, unit=say.term(found["unit"]), units=say.count(found["units"]))),
        _drawn(rows, say),
        Fold(say(N_("The theories, with figures")), (_figures(found, say), *_notes(found, say))),
    ]
    return blocks


def _drawn(rows: Sequence[Mapping[str, Any]], say: Language) -> Figure:
    axis = say.line(
        N_("log score of cases left out, against the best; \N{PLUS-MINUS SIGN} {errors} standard errors"),
        errors=say.decimal(SURE, 0),
    )
    with styled():
        table = pd.DataFrame([{**row, "title": say.term(row["title"])} for row in rows])
        figure = comparison_figure(table, unit="", errors=SURE, weight=say.line(N_("weight")), axis=axis)
        drawn = svg(figure, "theories", "theories")
    message = N_("{title}: {behind} behind, weight {weight}")
    said = "; ".join(
        say.line(
            message,
            title=say.term(row["title"]),
            behind=say.decimal(row["behind"], 1),
            weight=say.decimal(row["weight"], 2),
        )
        for row in rows
    )
    caption = say(
        N_(
            "Dots: how much worse than the best a theory foretells cases that were left out. Lines: two standard "
            "errors of that difference. Weight: pseudo-BMA+, by which theories that foretell about "
            "equally well get about equal weight."
        )
    )
    return Figure(drawn, said, caption, wide=True)


def _figures(found: Mapping[str, Any], say: Language) -> Table:
    numbers: dict[str, tuple[str, int]] = {
        "behind": (say.line(N_("Behind")), 1),
        "error": (say.line(N_("Standard error")), 1),
        "weight": (say.line(N_("Weight")), 2),
        "stacking": (say.line(N_("Stacking")), 2),
        "bayes_factor": (say.line(N_("Bayes factor")), 2),
        "pareto_k": (say.line(N_("Worst Pareto k")), 2),
        "refits": (say.line(N_("Fitted again")), 0),
    }
    shown = {name: how for name, how in numbers.items() if name != "bayes_factor" or _weighs_evidence(found)}
    columns = (say(N_("Theory")), say(N_("It says")), *(runs(title) for title, _ in shown.values()))
    rows = tuple(
        (
            runs(say.term(row["title"])),
            runs(Run(row["claim"], language="en"), Run(row["source"], "second", language="en")),
            *(runs(say.decimal(row[name], places)) for name, (_, places) in shown.items()),
        )
        for row in found["table"]
    )
    note = say(N_("log score; priors: {priors}"), priors=say.term(found["priors"].replace("_", " ")))
    return Table(say(N_("Theories of what backers do")), columns, rows, note, frozenset(range(2, len(columns))))


def _weighs_evidence(found: Mapping[str, Any]) -> bool:
    """Whether the Bayes factor of any theory could be had: with effects of hundreds of actors none can."""
    return any(math.isfinite(row["bayes_factor"] or math.nan) for row in found["table"])


def _notes(found: Mapping[str, Any], say: Language) -> list[Block]:
    notes: list[Block] = []
    if _weighs_evidence(found):
        message = N_(
            "Bayes factors are against the theory with the most evidence; they compare how well each theory foretold "
            "the whole record from its priors, and depend on these far more than the weights do."
        )
        notes.append(Paragraph(say(message)))
    for name, units in found["untrusted"].items():
        message = N_("{name}: importance weights could not be trusted for {units}, which were not fitted again.")
        notes.append(Paragraph(say(message, name=name.replace("_", " "), units=", ".join(units)), "alarm"))
    if found["left_aside"]:
        message = N_("Left aside, since the cases do not say who stands behind them: {names}.")
        names: Text = runs(", ".join(say.term(THEORIES[name].title) for name in found["left_aside"]))
        notes.append(Paragraph(say(message, names=names)))
    return notes


SECTION = Section(
    _content,
    prepare=_prepare,
    fits=True,
    parts=(
        Part("change", N_("Rival theories"), _verdict),
        Part("annex", N_("How many, or who? What the record can tell apart"), _all),
    ),
)
