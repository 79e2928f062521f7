"""Scoreboard: forecasts of held-out cases by several models, and what their scores say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.canvas import Look
from ...common.errors import Fault, nearest, raise_faults
from ...common.printed import PrintedTable, printed_table
from ...common.show import Shown, View
from ...models.errors import QueryError
from ..figures.evaluation import gains_figure, reliability_figure
from .held_out.calibration import (
    Decomposition,
    Recalibration,
    Reliability,
    decomposition,
    recalibration,
    reliability,
)
from .held_out.rivals import BASE
from .held_out.scores import (
    QUESTIONS,
    Gain,
    area_under_curve,
    brier_score,
    clustered_mean,
    flipped_share,
    log_score,
)

if TYPE_CHECKING:
    from typing import Unpack

    import pandas as pd

    from ...common.figure_style import ShownFigure

#: Beyond so many standard errors a gain is taken for one.
SURE = 2.0
#: Questions with two answers, by what a reader calls them.
ASKED: Mapping[str, str] = {"broken": "broken or not", "full": "kept in full or not"}
_SCORES = {"log": log_score, "brier": brier_score}


@dataclass(frozen=True)
class Forecasts:
    """Forecasts of the same cases by several models, and what happened.

    Parameters
    ----------
    cases
        Name of each case.
    units
        Unit of each case; errors are by unit.
    outcomes
        Number of the state that came true, shape (cases,).
    p
        Model -> probabilities, shape (repeats, cases, states).
    """

    cases: tuple[str, ...]
    units: tuple[str, ...]
    outcomes: np.ndarray
    p: Mapping[str, np.ndarray]

    @cached_property
    def clusters(self) -> np.ndarray:
        """Number of each case's unit, from 0."""
        return np.unique(self.units, return_inverse=True)[1]

    def happened(self, question: str) -> np.ndarray:
        """Ones where an answer to a question came true, shape (cases, answers)."""
        states = next(iter(self.p.values())).shape[-1]
        return QUESTIONS[question](np.eye(states)[self.outcomes])

    def apart(self, one: str, other: str, question: str, score: str) -> np.ndarray:
        """How much better `one` scores than `other`, for each case, averaged over the repeats."""
        happened = self.happened(question)
        scored = [_SCORES[score](QUESTIONS[question](self.p[name]), happened) for name in (one, other)]
        return (scored[0] - scored[1]).mean(axis=0)

    def gain(self, one: str, other: str = BASE, question: str = "states", score: str = "log") -> Gain:
        """Mean gain a case of `one` over `other`, with its standard error by unit."""
        return clustered_mean(self.apart(one, other, question, score), self.clusters)

    def event(self, model: str, question: str) -> tuple[np.ndarray, np.ndarray]:
        """Probability of the first answer in each case, shape (repeats, cases), and whether it came true."""
        return QUESTIONS[question](self.p[model])[..., 0], self.happened(question)[:, 0]

    def area(self, model: str, question: str) -> float:
        """Area under the curve of an event, averaged over the repeats."""
        p, event = self.event(model, question)
        return float(np.mean([area_under_curve(each, event) for each in p]))

    def recalibration(self, model: str, question: str) -> Recalibration:
        """Calibration slope and intercept of an event, all repeats together, with errors by unit."""
        p, event = self.event(model, question)
        return recalibration(p.ravel(), np.tile(event, len(p)), np.tile(self.clusters, len(p)))

    def decomposition(self, model: str, question: str) -> Decomposition:
        """Parts of the Brier score of an event, each case's forecast averaged over the repeats."""
        p, event = self.event(model, question)
        return decomposition(p.mean(axis=0), event)

    def reliability(self, model: str, question: str, **settings: Any) -> Reliability:
        """Reliability curve of an event, each case's forecast averaged over the repeats."""
        p, event = self.event(model, question)
        return reliability(p.mean(axis=0), event, **settings)


@dataclass(frozen=True, repr=False)
class Evaluation(Shown):
    """Scores of a network on cases that it had not seen, beside those of its rivals.

    Parameters
    ----------
    network, node, states
        Name of the network, the node that was foretold, and its states.
    by
        What was held out whole: ``crisis``, ``guarantee``, ``case`` or another column.
    titles
        Model -> its title; first the network under each prior set.
    prior_sets
        The models that are the network under a prior set, fitted.
    shuffled
        Forecasts of every case by models that were trained without its unit, as often as there are shuffles.
    later
        Year -> forecasts of the tests that came after it, by models that were trained on those before.
    settings
        Folds, repeats, seed, permutations, and lengths of the sampling.
    identity
        Digests of the network, the data and each prior set, by which a stored score is found again.

    Examples
    --------
    >>> from servanda.analysis import load_evaluation
    >>> found = load_evaluation("guarantee")
    >>> found.node, found.by, found.prior_sets[0]
    ('compliance', 'crisis', 'literature')
    """

    network: str
    node: str
    states: tuple[str, ...]
    by: str
    titles: Mapping[str, str]
    prior_sets: tuple[str, ...]
    shuffled: Forecasts
    later: Mapping[int, Forecasts]
    settings: Mapping[str, Any]
    identity: Mapping[str, Any]

    @property
    def tried(self) -> int:
        """How many models were scored, the base rate apart."""
        return len(self.titles) - 1

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """One row a forecast: ``model``, ``split``, ``case``, ``unit``, ``outcome``, and a column for each state."""
        import pandas as pd

        parts = []
        groups = {f"after {year}": found for year, found in self.later.items()}
        for split, found in {"shuffle": self.shuffled, **groups}.items():
            for model, p in found.p.items():
                for repeat, each in enumerate(p, start=1):
                    columns = {
                        "model": model,
                        "split": f"{split} {repeat}" if split == "shuffle" else split,
                        "case": found.cases,
                        "unit": found.units,
                        "outcome": [self.states[state] for state in found.outcomes],
                    }
                    parts.append(pd.DataFrame({**columns, **dict(zip(self.states, each.T, strict=True))}))
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a model, in the order in which they were named.

        Columns: ``title``; ``gain`` and ``error`` in log score of all states a case over the base rate, with the
        standard error by unit; ``chance``, the share of sign flips with as high a gain (`flipped_share`);
        ``brier_gain``; ``broken_gain`` and ``full_gain`` of the two questions with two answers, in log score, and their
        Brier gains; ``auc`` of broken; ``slope`` and ``intercept`` of broken or not; each gain, slope and intercept
        with its error.
        """
        import pandas as pd

        rows = {name: {"title": title, **self._numbers(name)} for name, title in self.titles.items()}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("model")

    @property
    def printed(self) -> PrintedTable:
        """The table as journals print it."""
        return printed_table(self.table)

    @cached_property
    def calibration(self) -> pd.DataFrame:
        """One row a model and a question with two answers.

        Columns: ``slope`` and ``intercept`` with their errors by unit, and the parts of the Brier score: ``mcb``
        (miscalibration), ``dsc`` (discrimination) and ``unc`` (uncertainty), of which the score is MCB - DSC + UNC.
        """
        import pandas as pd

        rows = [
            {
                "model": name,
                "question": question,
                **vars(self.shuffled.recalibration(name, question)),
                **vars(self.shuffled.decomposition(name, question)),
            }
            for name in self.titles
            for question in ASKED
        ]
        return pd.DataFrame(rows).set_index(["model", "question"])

    @cached_property
    def futures(self) -> pd.DataFrame:
        """One row a model and a year: gains over the base rate on the tests that came later, and how many these are."""
        import pandas as pd

        rows = []
        for year, found in self.later.items():
            for name in self.titles:
                row = {"model": name, "year": year, "cases": len(found.cases)}
                for question, prefix in (("states", ""), ("broken", "broken_"), ("full", "full_")):
                    gain = found.gain(name, question=question)
                    row |= {f"{prefix}gain": gain.value, f"{prefix}error": gain.error}
                rows.append(row)
        columns = ["model", "year", "cases", "gain", "error", "broken_gain", "broken_error", "full_gain", "full_error"]
        return pd.DataFrame(rows, columns=columns).set_index(["model", "year"])

    def difference(self, one: str, other: str, *, question: str = "states", score: str = "log") -> Gain:
        """Gain a case of one model over another, with its standard error by unit.

        Parameters
        ----------
        one, other
            Names of models.
        question
            ``states``, ``broken`` or ``full``.
        score
            ``log`` or ``brier``; more is better in both.

        Raises
        ------
        QueryError
            If there is no such model, question or score.
        """
        faults = [*self._unknown_models(one, other), *_unknown(question, QUESTIONS, "question")]
        raise_faults("evaluation", [*faults, *_unknown(score, _SCORES, "score")], QueryError)
        return self.shuffled.gain(one, other, question, score)

    @property
    def verdict(self) -> str:
        """Two sentences: does the first model foretell better than the base rate, and how surely."""
        name = self.prior_sets[0]
        gain = self.shuffled.gain(name)
        found = self.shuffled.apart(name, BASE, "states", "log")
        chance = flipped_share(found, self.shuffled.clusters, self.settings["permutations"], self.settings["seed"])
        how = "better" if gain.value > SURE * gain.error else "worse" if gain.value < -SURE * gain.error else None
        said = f"foretells {self.node} {how} than" if how else f"has not been shown to foretell {self.node} better than"
        first = (
            f"On cases held out by {self.by}, {self.titles[name]} {said} the base rate: "
            f"{gain.value:+.3f} in log score a case, with a standard error of {gain.error:.3f}."
        )
        models = "one model was" if self.tried == 1 else f"{self.tried} models were"
        second = (
            f"If neither were better, so high a gain or a higher one would come up in {chance:.0%} of sign flips; "
            f"{models} tried on these {len(self.shuffled.cases)} cases."
        )
        return f"{first} {second}"

    def plot(self, **look: Unpack[Look]) -> ShownFigure:
        """Figure of every model's gain over the base rate, with two standard errors to each side.

        Parameters
        ----------
        **look
            As `servanda.common.canvas.Look` says; names are those of models.
        """
        table = self.table.drop(index=BASE)
        return gains_figure(table, by=self.by, errors=SURE, own=self.prior_sets, look=look)

    def plot_reliability(
        self, *models: str, level: float = 0.9, resamples: int = 500, **look: Unpack[Look]
    ) -> ShownFigure:
        """Reliability diagrams of broken or not, and of kept in full or not, with consistency bands.

        Parameters
        ----------
        models
            Names of models, one column of diagrams each; the first prior set by default.
        level
            How often a curve of right forecasts would lie within the band, at each forecast by itself.
        resamples
            Draws from which the band is made.
        **look
            As `servanda.common.canvas.Look` says; names are the titles of models.

        Raises
        ------
        QueryError
            If there is no such model.
        """
        named = models or self.prior_sets[:1]
        raise_faults("evaluation", self._unknown_models(*named), QueryError)
        seed = self.settings["seed"]
        curves = {
            (self.titles[name], asked): self.shuffled.reliability(
                name, question, level=level, resamples=resamples, seed=seed
            )
            for question, asked in ASKED.items()
            for name in named
        }
        return reliability_figure(curves, look)

    def _numbers(self, name: str) -> dict[str, float]:
        found = self.shuffled
        gain = found.gain(name)
        apart = found.apart(name, BASE, "states", "log")
        numbers = {"gain": gain.value, "error": gain.error}
        numbers["chance"] = flipped_share(apart, found.clusters, self.settings["permutations"], self.settings["seed"])
        for prefix, question, score in (
            ("brier", "states", "brier"),
            ("broken", "broken", "log"),
            ("full", "full", "log"),
            ("broken_brier", "broken", "brier"),
            ("full_brier", "full", "brier"),
        ):
            gain = found.gain(name, question=question, score=score)
            numbers |= {f"{prefix}_gain": gain.value, f"{prefix}_error": gain.error}
        return numbers | {"auc": found.area(name, "broken"), **vars(found.recalibration(name, "broken"))}

    def _unknown_models(self, *names: str) -> list[Fault]:
        return [fault for name in names for fault in _unknown(name, self.titles, "model")]

    def _view(self) -> View:
        return View(self.verdict, table=self._shown.set_index("model"))

    def __str__(self) -> str:
        return f"{self._shown.round(3).to_string(index=False)}\n{self.verdict}"

    @property
    def _shown(self) -> pd.DataFrame:
        columns = ["title", "gain", "error", "broken_gain", "broken_error", "full_gain", "full_error", "auc", "slope"]
        return self.table.loc[:, [*columns, "slope_error"]].rename(columns={"title": "model"})


def _unknown(name: str, known: Mapping[str, Any], what: str) -> list[Fault]:
    return [] if name in known else [Fault(what, f"there is none called '{name}'{nearest(name, known)}")]
