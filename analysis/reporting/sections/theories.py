"""How many, or who: which theories of what backers do the record can tell apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....common.figure_style import styled
from ....common.progress import Progress
from ....models.cases.encode import encode
from ....models.posterior import Posterior
from ....models.sampling.fit import fit_identity
from ....models.sampling.run import Sampling
from ....models.theories.theories import THEORIES
from ....record import load_backers, with_backers
from ...evaluation.models import SURE, Comparison
from ...evaluation.theories import compare_theories
from ...figures.comparison import comparison_figure
from ...figures.svg import svg
from ...scenarios.scenario import Loaded
from ...scenarios.stored_fits import kept_beside_fits
from ..section import Answers, Material, Section, Task
from .change import headline_change

if TYPE_CHECKING:
    import pandas as pd

#: What is left out at a time: rows of one guarantee share its text, its parties and its moment.
UNIT = "guarantee"
#: The change that every theory is asked for.
HEADLINE = "headline"
#: Raised when what is kept beside the fits changes its meaning.
_KEPT = 3


def scenario_theories(
    loaded: Loaded,
    cases: pd.DataFrame,
    sampling: Sampling,
    folder: Path | None = None,
    *,
    posterior: Posterior | None = None,
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
        found = compare_theories(
            loaded.network,
            known,
            loaded.priors[0],
            theories=chosen,
            unit=UNIT,
            seed=sampling.seed,
            questions={HEADLINE: asked} if asked else None,
            posterior=posterior,
            progress=progress,
            thin=1,
            **own,
        )
        return {**described(found), "left_aside": missing, "priors": loaded.priors[0].name}

    return kept_beside_fits("theories", [_KEPT, parts, chosen, UNIT, repr(asked)], make, folder)


def _with_who(cases: pd.DataFrame) -> pd.DataFrame:
    """Your own cases have no list of backers in the record; of the shipped ones the few without one are summed out."""
    listed = set(load_backers()["case_id"])
    return cases if listed.isdisjoint(cases["case_id"]) else with_backers(cases)


def described(found: Comparison) -> dict[str, Any]:
    """Put a comparison into plain numbers and sentences, figure included."""
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
    with styled():
        said = "; ".join(f"{row['title']}: {row['behind']:.1f} behind, weight {row['weight']:.2f}" for row in rows)
        figure = svg(
            comparison_figure(found.table, unit=found.unit, errors=SURE),
            "theories",
            f"How far each theory is behind the best. {said}.",
        )
    return {
        "node": found.node,
        "unit": found.unit,
        "units": len(next(iter(found.left_out.values())).units),
        "verdict": found.verdict,
        "table": lines,
        "averaged": None if averaged is None else asdict(averaged.mixture),
        "untrusted": {name: list(left.untrusted) for name, left in found.left_out.items() if left.untrusted},
        "figure": figure,
    }


def _prepare(task: Task) -> dict[str, Any] | None:
    fitted = task.posteriors.get(task.loaded.priors[0].name)
    return scenario_theories(
        task.loaded, task.cases, task.sampling, task.folder, posterior=fitted, progress=task.progress
    )


def _content(material: Material, answers: Answers) -> Mapping[str, Any] | None:  # noqa: ARG001
    return material.prepared.get("theories")


SECTION = Section(_content, prepare=_prepare)
