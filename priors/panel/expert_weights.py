"""Weights of experts from questions whose answers are known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...common.errors import Fault, nearest, raise_faults
from ...common.printed import PrintedTable, printed_table
from ...common.show import Shown, View
from ...models.errors import PriorError
from ...models.sampling.stacking_weights import stacking_weights

if TYPE_CHECKING:
    import pandas as pd

#: Columns of the quantiles that are asked for, and probabilities of the parts into which they cut a range.
_QUANTILES = ("5%", "50%", "95%")
_PARTS = np.array([0.05, 0.45, 0.45, 0.05])


@dataclass(frozen=True, repr=False)
class ExpertScores(Shown):
    """Scores of experts, and the weights that these give them.

    Parameters
    ----------
    weights
        Expert -> weight; they add up to one, as the pools take them.
    table
        One row an expert: its scores and its weight.

    Examples
    --------
    >>> import pandas as pd
    >>> forecasts = pd.DataFrame({"lawyer": [0.9, 0.2, 0.8], "soldier": [0.5, 0.5, 0.5]}, index=["a", "b", "c"])
    >>> found = score_weights(forecasts, {"a": True, "b": False, "c": True})
    >>> max(found.weights, key=found.weights.get)
    'lawyer'
    """

    weights: dict[str, float]
    table: pd.DataFrame

    @property
    def printed(self) -> PrintedTable:
        """The table as journals print it."""
        return printed_table(self.table, percent=["weight"])

    def _view(self) -> View:
        return View(f"Scores and weights of {len(self.weights)} experts", table=self.table)

    def __str__(self) -> str:
        return self.table.round(3).to_string()


def score_weights(forecasts: pd.DataFrame, outcomes: Mapping[str, bool], *, concentration: float = 2.0) -> ExpertScores:
    """Weigh experts so that their mixture predicts best what came about.

    The logarithmic score of the mixture is maximised, with a Dirichlet prior that pulls towards equal weights, so that
    a few questions do not silence anyone.

    Parameters
    ----------
    forecasts
        One row a question (its name is the index), one column an expert: the probability of yes.
    outcomes
        Question -> whether it came about.
    concentration
        Of the Dirichlet prior; 1 pulls nowhere.

    Returns
    -------
    ExpertScores
        The table has the mean logarithmic score and the Brier score of each expert.

    Raises
    ------
    PriorError
        Listing questions without an outcome, and cells that are no probability.

    Examples
    --------
    >>> import pandas as pd
    >>> forecasts = pd.DataFrame({"bold": [0.9, 0.8, 0.1], "vague": [0.5, 0.5, 0.5]}, index=["a", "b", "c"])
    >>> found = score_weights(forecasts, {"a": True, "b": True, "c": False})
    >>> {expert: round(weight, 2) for expert, weight in found.weights.items()}
    {'bold': 0.66, 'vague': 0.34}
    """
    import pandas as pd

    faults = [] if len(forecasts) else [Fault("forecasts", "there are none")]
    faults += [] if forecasts.shape[1] > 1 else [Fault("forecasts", "need two experts at least, a column for each")]
    faults += _unknown(forecasts.index, outcomes)
    for axis, kind in ((forecasts.index, "question"), (forecasts.columns, "expert")):
        faults += [Fault(f"{kind} {name}", "is there twice") for name in dict.fromkeys(axis[axis.duplicated()])]
    p = forecasts.to_numpy(float)
    faults += [
        Fault(
            f"forecasts, {forecasts.columns[column]}, {forecasts.index[row]}", f"must be 0 to 1, not {p[row, column]:g}"
        )
        for row, column in np.argwhere(~((p >= 0) & (p <= 1)))
    ]
    faults += [
        Fault(f"question {question}", f"came about or not: True or False, not {came!r}")
        for question, came in outcomes.items()
        if not (isinstance(came, bool | np.bool_) or came in (0, 1))
    ]
    if not concentration >= 1:
        faults.append(Fault("concentration", f"must be 1 or more, not {concentration:g}"))
    raise_faults("expert weights", faults, PriorError)
    known = {str(question): bool(came) for question, came in outcomes.items()}
    came = np.array([known[str(question)] for question in forecasts.index])[:, None]
    given = np.where(came, p, 1 - p)
    silent = np.flatnonzero(given.max(axis=1) == 0)
    raise_faults(
        "expert weights",
        [Fault(f"forecasts, {forecasts.index[row]}", "all experts ruled out what came about") for row in silent],
        PriorError,
    )
    with np.errstate(divide="ignore"):
        log_p = np.log(given)
    weights = stacking_weights(log_p, concentration=concentration)
    columns = {"log_score": log_p.mean(axis=0), "brier": ((p - came) ** 2).mean(axis=0), "weight": weights}
    return _scores(pd.DataFrame(columns, index=pd.Index(forecasts.columns, name="expert")))


def classical_weights(
    assessments: pd.DataFrame, truths: Mapping[str, float], *, least: float = 0.05, overshoot: float = 0.1
) -> ExpertScores:
    r"""Weigh experts by calibration and information (the classical model, Cooke 1991†).

    Of N questions, s_i is the share whose truth fell into the i-th of the four parts that an expert's quantiles cut,
    and p = (0.05, 0.45, 0.45, 0.05) what it should be. Calibration is the probability that a chi-squared variable with
    three degrees of freedom is above 2 N sum_i s_i ln(s_i / p_i); information is the mean over questions of
    sum_i p_i ln(p_i / r_i), where r_i are the parts' lengths as shares of the range of all experts' quantiles and the
    truth, widened by `overshoot` on both sides. A weight is the product of the two, and 0 below a calibration of
    `least`.

    Parameters
    ----------
    assessments
        One row an expert and question (a MultiIndex of the two), columns ``5%``, ``50%``, ``95%``.
    truths
        Question -> what it was.
    least
        Calibration that an expert needs for any weight.
    overshoot
        By which share of the range it is widened.

    Returns
    -------
    ExpertScores
        The table has ``calibration``, ``information`` and ``weight``.

    Raises
    ------
    PriorError
        Listing missing columns and questions, quantiles that do not ascend, experts who did not answer all; or if no
        expert is calibrated.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("sure", f"q{n}", n, n + 0.5, n + 1) for n in range(8)]
    >>> rows += [("wide", f"q{n}", n - 9, n + 0.5, n + 9) for n in range(8)]
    >>> answers = pd.DataFrame(rows, columns=["expert", "question", "5%", "50%", "95%"])
    >>> truths = {f"q{n}": n + (0.3 if n % 2 else 0.7) for n in range(8)}
    >>> found = classical_weights(answers.set_index(["expert", "question"]), truths)
    >>> {expert: round(weight, 2) for expert, weight in found.weights.items()}
    {'sure': 0.99, 'wide': 0.01}
    """
    import pandas as pd
    from scipy.stats import chi2

    missing = [column for column in _QUANTILES if column not in assessments.columns]
    faults = [Fault(f"column {column}", "is missing") for column in missing]
    if assessments.index.nlevels != 2:
        faults.append(Fault("assessments", "need an index of two levels, expert and question"))
    raise_faults("expert weights", faults, PriorError)
    experts = list(dict.fromkeys(str(expert) for expert in assessments.index.get_level_values(0)))
    asked = list(dict.fromkeys(assessments.index.get_level_values(1)))
    faults += _unknown(asked, truths)
    faults += [] if len(experts) > 1 else [Fault("assessments", "need two experts at least")]
    cells = np.full((len(experts), len(asked), 3), np.nan)
    for (expert, question), row in assessments[list(_QUANTILES)].iterrows():  # type: ignore[misc]
        values = row.to_numpy(float)
        cells[experts.index(str(expert)), asked.index(question)] = values
        if not (np.all(np.isfinite(values)) and np.all(np.diff(values) > 0)):
            faults.append(
                Fault(f"{expert}, {question}", f"quantiles must ascend, not {', '.join(f'{v:g}' for v in values)}")
            )
    answered = {(str(expert), question) for expert, question in assessments.index}
    faults += [
        Fault(f"{expert}, {question}", "is not answered")
        for expert in experts
        for question in asked
        if (expert, question) not in answered
    ]
    twice = assessments.index[assessments.index.duplicated()]
    faults += [Fault(f"{expert}, {question}", "is answered twice") for expert, question in dict.fromkeys(twice)]
    known = {str(question): float(value) for question, value in truths.items()}
    faults += [
        Fault(f"question {question}", f"must have a finite answer, not {value}")
        for question, value in known.items()
        if not math.isfinite(value)
    ]
    if not 0 <= least < 1:
        faults.append(Fault("least", f"must be 0 or more and below 1, not {least:g}"))
    if not overshoot > 0:
        faults.append(Fault("overshoot", f"must be above 0, not {overshoot:g}"))
    raise_faults("expert weights", faults, PriorError)
    truth = np.array([known[str(question)] for question in asked])
    part = (truth[None, :, None] > cells).sum(axis=2)
    seen = np.stack([(part == number).mean(axis=1) for number in range(4)], axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.where(seen > 0, seen * np.log(seen / _PARTS), 0.0).sum(axis=1)
    calibration = chi2.sf(2 * len(asked) * apart, df=3)
    low = np.minimum(cells.min(axis=(0, 2)), truth)
    high = np.maximum(cells.max(axis=(0, 2)), truth)
    span = high - low
    ends = np.stack([low - overshoot * span, high + overshoot * span], axis=1)
    whole = np.broadcast_to(ends[None], (len(experts), len(asked), 2))
    lengths = np.diff(np.concatenate([whole[..., :1], cells, whole[..., 1:]], axis=2), axis=2)
    shares = lengths / lengths.sum(axis=2, keepdims=True)
    information = (_PARTS * np.log(_PARTS / shares)).sum(axis=2).mean(axis=1)
    raw = np.where(calibration >= least, calibration * information, 0.0)
    if not math.fsum(raw) > 0:
        best = float(calibration.max())
        what = (
            f"no expert reaches a calibration of {least:g} (the best has {best:.2g}); lower `least`, or weigh all alike"
        )
        raise PriorError("expert weights", [Fault("calibration", what)])
    columns = {"calibration": calibration, "information": information, "weight": raw / raw.sum()}
    return _scores(pd.DataFrame(columns, index=pd.Index(experts, name="expert")))


def _unknown(asked: object, known: Mapping[str, object]) -> list[Fault]:
    names = [str(name) for name in known]
    return [
        Fault(f"question {question}", f"has no known answer{nearest(str(question), names)}")
        for question in asked  # type: ignore[attr-defined]
        if str(question) not in names
    ]


def _scores(table: pd.DataFrame) -> ExpertScores:
    return ExpertScores(dict(zip(map(str, table.index), table["weight"].to_list(), strict=True)), table)


__all__ = ["ExpertScores", "classical_weights", "score_weights"]
