"""How good issued judgements were: scores of those that have come out, beside the base rate of the day of issue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.printed import PrintedTable, printed_table
from ...common.show import Shown, View
from ..evaluation.held_out.calibration import (
    Decomposition,
    Reliability,
    decomposition,
    log_loss,
    reliability,
    squared_error,
)
from ..evaluation.held_out.scores import Gain, brier_score, clustered_mean, log_score
from .file import Ledger
from .lines import VOID, Issued

if TYPE_CHECKING:
    import pandas as pd

#: Judgements of one scenario come out together, so that scenarios are what is counted; below so many of them a standard
#: error is itself a guess, and skill cannot be told from luck. The project's own limit.
FEWEST_SCENARIOS = 20
#: Beyond so many standard errors a gain is taken for one.
SURE = 2.0


@dataclass(frozen=True)
class Scored:
    """Mean score of judgements, and what they gain on the base rate; less is better of scores, more of gains.

    Parameters
    ----------
    name
        Which score it is.
    score
        Mean, and its standard error by scenario.
    base
        Mean score of the base rate, of the judgements that have one.
    gain
        Mean of what they gain on the base rate, and its standard error by scenario.
    compared
        How many judgements have a base rate.
    """

    name: str
    score: Gain
    base: float
    gain: Gain
    compared: int


@dataclass(frozen=True, repr=False)
class LedgerScores(Shown):
    """What a ledger shows of the judgements in it.

    Parameters
    ----------
    ledger
        The ledger.
    seed
        Of the consistency band.

    Examples
    --------
    >>> scores = score_ledger(Ledger())
    >>> scores.void, scores.enough
    (0, False)
    """

    ledger: Ledger
    seed: int = 1

    @cached_property
    def settled(self) -> tuple[tuple[Issued, str], ...]:
        """Judgements that came to a test, and the state that came true."""
        found = ((self.ledger.issued[name], entry.state) for name, entry in self.ledger.resolved.items())
        return tuple((one, state) for one, state in found if state != VOID)

    @property
    def void(self) -> int:
        """How many came to no test, and are not scored."""
        return sum(entry.state == VOID for entry in self.ledger.resolved.values())

    @cached_property
    def scenarios(self) -> int:
        """How many scenarios the scored judgements are of."""
        return len({one.scenario for one, _ in self.settled})

    @property
    def enough(self) -> bool:
        """Whether enough scenarios have come out to tell skill from luck."""
        return self.scenarios >= FEWEST_SCENARIOS

    @cached_property
    def scores(self) -> tuple[Scored, ...]:
        """Brier and log score, of the claim (held or not) and of all states; none where nothing has come out."""
        if not self.settled:
            return ()
        p, held = self.claims
        base = np.array([np.nan if one.base is None else one.base for one, _ in self.settled])
        return (
            self._scored("Brier score", squared_error(p, held), squared_error(base, held)),
            self._scored("log score", log_loss(p, held), log_loss(base, held)),
            self._scored("Brier score, all states", *self._of_states(brier_score)),
            self._scored("log score, all states", *self._of_states(log_score)),
        )

    @cached_property
    def claims(self) -> tuple[np.ndarray, np.ndarray]:
        """Probability of each scored claim, and whether it held, shape (judgements,)."""
        # Sums of probabilities may pass one by a rounding.
        p = np.array([min(one.probability, 1.0) for one, _ in self.settled])
        return p, np.array([state in one.states for one, state in self.settled], int)

    @property
    def calibration(self) -> dict[str, Decomposition]:
        """Miscalibration, discrimination and uncertainty of both scores of the claim; empty below two judgements."""
        if len(self.settled) < 2:
            return {}
        losses = {"Brier score": squared_error, "log score": log_loss}
        return {name: decomposition(*self.claims, loss) for name, loss in losses.items()}

    @cached_property
    def reliability(self) -> Reliability | None:
        """Reliability curve of the claims with its consistency band; None below two judgements."""
        return reliability(*self.claims, seed=self.seed) if len(self.settled) > 1 else None

    @property
    def table(self) -> pd.DataFrame:
        """One row a judgement: what was issued, and what it came to."""
        import pandas as pd

        return pd.DataFrame(self.rows, columns=[*_COLUMNS]).set_index("id")

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The same as plain content; None where a judgement is open."""
        return [self._row(one) for one in self.ledger.issued.values()]

    @property
    def verdict(self) -> str:
        """What the scores say, in a few sentences."""
        if not self.scores:
            return "No judgement has come to its test yet: nothing can be said of how good they are."
        counted = f"{_several(len(self.settled), 'judgement')} of {_several(self.scenarios, 'scenario')}"
        if not self.enough:
            return (
                f"{counted} came out, too few to tell skill from luck: judgements of one scenario come out "
                f"together, and below {FEWEST_SCENARIOS} scenarios a standard error is itself a guess. The scores "
                "say what happened, and not how good the next judgement will be."
            )
        gain = self.scores[1].gain
        if not gain.error > 0:
            return f"{counted} came out. What they gain on the base rate has no standard error, and so says nothing."
        verb, size = ("gain", gain.value) if gain.value > 0 else ("lose", -gain.value)
        sure = size >= SURE * gain.error
        return (
            f"{counted} came out. In log score of the claim they {verb} {size:.3f} against the base rate "
            f"(standard error {gain.error:.3f}), {'more than luck would' if sure else 'which may be luck'}."
        )

    @property
    def printed(self) -> PrintedTable:
        """The table as journals print it."""
        # The ends are those of the probability, and stand behind it.
        names = [name for name in _COLUMNS[1:] if name not in ("lower", "upper")]
        place = names.index("probability") + 1
        ordered = self.table.reindex(columns=[*names[:place], "lower", "upper", *names[place:]])
        return printed_table(ordered, percent=["probability", "base_rate"])

    def _view(self) -> View:
        return View(self.verdict, table=self.table)

    def to_dict(self) -> dict[str, Any]:
        """Plain content, as JSON holds it."""
        curve = self.reliability
        return {
            "head": self.ledger.head,
            "issued": len(self.ledger.issued),
            "open": len(self.ledger.open),
            "void": self.void,
            "scored": len(self.settled),
            "scenarios": self.scenarios,
            "enough": self.enough,
            "verdict": self.verdict,
            "scores": [asdict(score) for score in self.scores],
            "calibration": {name: asdict(parts) for name, parts in self.calibration.items()},
            "reliability": None if curve is None else _plain(curve),
            "judgements": self.rows,
        }

    def _of_states(self, score: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Losses over all states, of the judgements and of the base rate; NaN where there is none."""
        own, base = [], []
        for one, state in self.settled:
            outcome = np.array([name == state for name in one.outcomes], int)
            own.append(-score(np.array([*one.outcomes.values()]), outcome))
            shares = one.base_rate
            base.append(
                np.nan if shares is None else -score(np.array([shares[name] for name in one.outcomes]), outcome)
            )
        return np.array(own), np.array(base)

    def _scored(self, name: str, own: np.ndarray, base: np.ndarray) -> Scored:
        clusters = np.unique([one.scenario for one, _ in self.settled], return_inverse=True)[1]
        both = ~np.isnan(base)
        if not both.any():
            return Scored(name, clustered_mean(own, clusters), np.nan, Gain(np.nan, np.nan), 0)
        among = np.unique(clusters[both], return_inverse=True)[1]
        gain = clustered_mean((base - own)[both], among)
        return Scored(name, clustered_mean(own, clusters), float(base[both].mean()), gain, int(both.sum()))

    def _row(self, one: Issued) -> dict[str, Any]:
        entry = self.ledger.resolved.get(one.id)
        return {
            "id": one.id,
            "scenario": one.scenario,
            "judgement": one.judgement,
            "row": one.row,
            "claim": one.claim,
            "probability": one.probability,
            "base_rate": one.base,
            "lower": one.lower,
            "upper": one.upper,
            "confidence": one.confidence,
            "state": None if entry is None else entry.state,
            "on": None if entry is None else entry.on.isoformat(),
            "note": "" if entry is None else entry.note,
        }


_COLUMNS = (
    *("id", "scenario", "judgement", "row", "claim", "probability", "base_rate", "lower", "upper", "confidence"),
    *("state", "on", "note"),
)


def score_ledger(ledger: Ledger, *, seed: int = 1) -> LedgerScores:
    r"""Scores of the judgements of a ledger that have come out.

    A claim is scored by its probability, $p$, and whether it held, $y$: the Brier score is $(p - y)^2$, the log score
    $-\log p$ or $-\log(1 - p)$. Over all states, the Brier score is the sum of squared errors of every state, and the
    log score minus the logarithm of the probability of the state that came true. Of all of them less is better. The
    base rate is that of the record on the day of issue, so that it has seen no more than the judgement had.

    Parameters
    ----------
    ledger
        From `servanda.analysis.read_ledger`.
    seed
        Of the consistency band around the reliability curve.

    Returns
    -------
    LedgerScores
        Standard errors are by scenario, since judgements of one scenario come out together.

    Examples
    --------
    >>> print(score_ledger(Ledger()).verdict)
    No judgement has come to its test yet: nothing can be said of how good they are.
    """
    return LedgerScores(ledger, seed)


def _several(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _plain(curve: Reliability) -> dict[str, Any]:
    return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in asdict(curve).items()}
