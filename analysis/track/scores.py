"""Scores of the track model one step ahead, and the rule by which it may rank actors or may not.

What was measured of the shipped record ships beside the events and the settings that it belongs to. Every event was
foretold from those before it alone, so that the score of the record as of a day is the part that was known by then.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.errors import Fault, InputError
from ...common.files import writable_file, written_whole
from ...common.json_values import to_json, without_nan
from ...common.printed import PrintedTable, printed_table
from ...common.show import Shown, View
from ...models.track.events import TrackData
from ...models.track.settings import READINGS
from ..evaluation.held_out.scores import Gain, brier_score, clustered_mean, log_score

if TYPE_CHECKING:
    import pandas as pd

    from ...models.track.posterior import TrackPosterior

SHIPPED = Path(__file__).parent / "scores" / "track_record.json"
MODEL = "credibility"
#: What the model is held against -> its title.
RIVALS: Mapping[str, str] = {
    "own_share": "the actor's own share up to then",
    "base_rate": "the share of all events up to then",
}
#: How many standard errors a gain must exceed.
ERRORS = 1.0
#: On which events the gains are asked for -> what they are called.
PARTS: Mapping[str, str] = {"all": "all {} events", "new": "the {} under an agreement new to the actor"}
RULE = (
    "The track model may rank actors only where, one step ahead, its mean log score gains on the actor's own share "
    "and on the share of all events, on each by more than one standard error (by actor and agreement): over all "
    "events, and over those under an agreement new to the actor, which are what a ranking speaks of."
)
#: What is said of every credibility that may not rank.
DESCRIBES = "it describes the events that were written down and is no forecast of the next"
NOT_MEASURED = f"Not measured how well this fit foretells, so no actor is ranked: {DESCRIBES}."
#: Decimals of a stored probability, far below what a score's own error can tell.
DECIMALS = 5


@dataclass(frozen=True, repr=False)
class TrackScores(Shown):
    """Forecasts of dated events, each from those before it alone, and what they score.

    Parameters
    ----------
    events
        Everything a fit can see of each event, as text; see `event_lines`.
    actors, agreements, known_on
        Of each event; the last day that its date may mean, as text.
    reads
        What each event read as, a position in `READINGS`, shape (events,).
    scored
        Whether it was foretold; the first ones were not, shape (events,).
    new
        Whether the actor had no event under the agreement before, shape (events,).
    p
        Model -> probability of each reading, shape (events, 3), NaN where not foretold.
    settings
        Digest of the settings.
    sampling
        Seed, lengths, and how many events came before the first that was foretold.

    Examples
    --------
    >>> scores = load_track_scores()
    >>> scores.foretells, len(scores.actors) == len(scores.reads)
    (False, True)
    """

    events: tuple[str, ...]
    actors: tuple[str, ...]
    agreements: tuple[str, ...]
    known_on: tuple[str, ...]
    reads: np.ndarray
    scored: np.ndarray
    new: np.ndarray
    p: Mapping[str, np.ndarray]
    settings: str
    sampling: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """SHA-256 over the events and the settings that the scores belong to."""
        return _digest(self.events, self.settings)

    @cached_property
    def clusters(self) -> np.ndarray:
        """Number of actor and agreement of each foretold event, from 0."""
        pairs = [f"{a}\0{g}" for a, g, s in zip(self.actors, self.agreements, self.scored, strict=True) if s]
        return np.unique(pairs, return_inverse=True)[1]

    def until(self, day: str) -> TrackScores:
        """Scores of the events that were known on a day, as text like 2019-04-25."""
        kept = np.array([known <= day for known in self.known_on], bool)

        def cut(values: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(value for value, own in zip(values, kept, strict=True) if own)

        return replace(
            self,
            events=cut(self.events),
            actors=cut(self.actors),
            agreements=cut(self.agreements),
            known_on=cut(self.known_on),
            reads=self.reads[kept],
            scored=self.scored[kept],
            new=self.new[kept],
            p={name: each[kept] for name, each in self.p.items()},
        )

    def score(self, model: str, how: str = "log") -> np.ndarray:
        """Score of each foretold event, ``log`` or ``brier`` (over all readings, sign turned): more is better."""
        happened = np.eye(len(READINGS))[self.reads[self.scored]]
        return {"log": log_score, "brier": brier_score}[how](self.p[model][self.scored], happened)

    def counted(self, part: str) -> np.ndarray:
        """Which foretold events belong to a part, one of `PARTS`."""
        return {"all": self.scored, "new": self.new}[part][self.scored]

    def gain(self, rival: str, how: str = "log", part: str = "all") -> Gain:
        """Mean gain an event over a rival on a part of the events, with its standard error by actor and agreement.

        NaN where none was foretold.
        """
        chosen = self.counted(part)
        if not chosen.any():
            return Gain(float("nan"), float("nan"))
        apart = (self.score(MODEL, how) - self.score(rival, how))[chosen]
        return clustered_mean(apart, np.unique(self.clusters[chosen], return_inverse=True)[1])

    @property
    def foretells(self) -> bool:
        """Whether the model may rank actors, by `RULE`."""
        gains = [self.gain(rival, part=part) for part in PARTS for rival in RIVALS]
        # What could not be computed is no gain.
        return all(gain.value > 0 and gain.value > ERRORS * gain.error for gain in gains)

    @property
    def verdict(self) -> str:
        """What the scores say, in a sentence or two."""
        told = "; ".join(f"on {self.named(part)}, {self._gains(part)}" for part in PARTS)
        measured = f"One step ahead the track model gains, in log score an event: {told}."
        if self.foretells:
            return f"{measured} Each gain is more than its standard error, so actors may be ranked."
        return f"{measured} The rule asks each gain to exceed its standard error, so no actor is ranked: {DESCRIBES}."

    def named(self, part: str) -> str:
        """What a part of the events is called, with how many were foretold."""
        return PARTS[part].format(int(self.counted(part).sum()))

    def _gains(self, part: str) -> str:
        found = {title: self.gain(rival, part=part) for rival, title in RIVALS.items()}
        return " and ".join(f"{gain.value:+.2f} ± {gain.error:.2f} on {title}" for title, gain in found.items())

    @property
    def table(self) -> pd.DataFrame:
        """One row a part and a model: mean ``log`` and ``brier``, and what the track model gains on it."""
        import pandas as pd

        rows = []
        for part in PARTS:
            chosen = self.counted(part)
            for name, title in {MODEL: "track model", **RIVALS}.items():
                row: dict[str, Any] = {"part": part, "model": name, "title": title, "events": int(chosen.sum())}
                for how in ("log", "brier"):
                    gain, mean = self.gain(name, how, part), self.score(name, how)[chosen]
                    row[how] = float(mean.mean()) if len(mean) else float("nan")
                    row |= {f"{how}_gain": gain.value, f"{how}_error": gain.error}
                rows.append(row)
        return pd.DataFrame(rows).set_index(["part", "model"])

    @property
    def printed(self) -> PrintedTable:
        """The table as journals print it."""
        return printed_table(self.table)

    def _view(self) -> View:
        return View(self.verdict, table=self.table.drop(columns="title"))

    def as_dict(self) -> dict[str, Any]:
        """What descriptions and reports hold, ready for JSON."""
        gains = {part: {rival: self.gain(rival, part=part) for rival in RIVALS} for part in PARTS}
        return {
            "measured": True,
            "foretells": self.foretells,
            "verdict": self.verdict,
            "rule": RULE,
            "gains": without_nan(
                {part: {rival: asdict(gain) for rival, gain in found.items()} for part, found in gains.items()}
            ),
            "events": {part: int(self.counted(part).sum()) for part in PARTS},
            "digest": self.digest,
        }


def event_lines(data: TrackData) -> tuple[str, ...]:
    """Everything that a fit can see of each event, one line of text an event, in the order of `data`."""
    columns = zip(
        data.event_actor,
        data.event_agreement,
        data.event_time,
        data.event_reads,
        data.event_reliability,
        data.event_weight,
        data.event_gap,
        strict=True,
    )
    return tuple(
        f"{data.actors[a]} {data.agreements[g]} {time:.4f} {READINGS[y]} c={c:g} w={w:g} gap={gap:.4f}"
        for a, g, time, y, c, w, gap in columns
    )


def measured_track_scores(track: TrackPosterior, scores: TrackScores | None = None) -> TrackScores | None:
    """Scores that were measured for exactly the events and settings of a fit.

    Parameters
    ----------
    track
        A fit.
    scores
        Where to look: what `evaluate_track` gave of these events or of a longer record; the shipped ones if None.

    Returns
    -------
    TrackScores or None
        None where nothing was measured for these: one event more, another reading of them, other priors, or too few
        events to foretell any. `evaluate_track` measures.

    Examples
    --------
    >>> import pandas as pd
    >>> from servanda.models import fit_track
    >>> events = pd.DataFrame({"actor": "A", "agreement": "x", "date": ["2001", "2004"], "event": "complied"})
    >>> measured_track_scores(fit_track(events, seed=1, draws=20, tune=50, chains=2)) is None
    True
    """
    if scores is None and not SHIPPED.is_file():
        return None
    stored, lines = scores or load_track_scores(), event_lines(track.data)
    held = set(lines)
    days = [day for line, day in zip(stored.events, stored.known_on, strict=True) if line in held]
    if not days:
        return None
    found = stored.until(max(days))
    same = found.digest == _digest(lines, track.settings.digest)
    return found if same and found.scored.any() else None


def said_of(scores: TrackScores | None) -> dict[str, Any]:
    """What is said of a fit: `TrackScores.as_dict`, or that it was not measured."""
    if scores is None:
        return {"measured": False, "foretells": False, "verdict": NOT_MEASURED, "rule": RULE}
    return scores.as_dict()


def store_track_scores(scores: TrackScores, path: str | os.PathLike[str] = SHIPPED) -> Path:
    """Write scores with all forecasts, rounded to five decimals, as JSON.

    Raises
    ------
    InputError
        If the file cannot be written.

    Examples
    --------
    >>> store_track_scores(load_track_scores(), "mine.json").name
    'mine.json'
    >>> load_track_scores("mine.json").foretells
    False
    """
    target = writable_file(path)
    kept = {
        "digest": scores.digest,
        "settings": scores.settings,
        "sampling": dict(scores.sampling),
        "events": scores.events,
        "actors": scores.actors,
        "agreements": scores.agreements,
        "known_on": scores.known_on,
        "reads": scores.reads.tolist(),
        "scored": scores.scored.tolist(),
        "new": scores.new.tolist(),
        "p": {
            name: [row.round(DECIMALS).tolist() if own else None for row, own in zip(each, scores.scored, strict=True)]
            for name, each in scores.p.items()
        },
    }
    with written_whole(target) as temporary:
        temporary.write_text(to_json(kept, separators=(",", ":"), ensure_ascii=False) + "\n", encoding="utf-8")
    return target


def load_track_scores(path: str | os.PathLike[str] = SHIPPED) -> TrackScores:
    """Load the shipped scores, or those that `store_track_scores` wrote.

    Raises
    ------
    InputError
        If there is no such file, or it holds no scores.

    Examples
    --------
    >>> sorted(load_track_scores().p)
    ['base_rate', 'credibility', 'own_share']
    """
    if not Path(path).is_file():
        raise InputError(os.fspath(path), [Fault("", "there is no such file; store_track_scores writes one")])
    return _read(Path(path))


def _digest(lines: tuple[str, ...], settings: str) -> str:
    return hashlib.sha256("\n".join((*sorted(lines), settings)).encode()).hexdigest()


@lru_cache(maxsize=8)
def _read(path: Path) -> TrackScores:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        nothing = [np.nan] * len(READINGS)
        found = TrackScores(
            tuple(raw["events"]),
            tuple(raw["actors"]),
            tuple(raw["agreements"]),
            tuple(raw["known_on"]),
            np.array(raw["reads"], int),
            np.array(raw["scored"], bool),
            np.array(raw["new"], bool),
            {name: np.array([row or nothing for row in each], float) for name, each in raw["p"].items()},
            raw["settings"],
            raw["sampling"],
        )
        digest = raw["digest"]
    except (ValueError, KeyError, TypeError) as error:
        what = f"holds no scores of a track record ({type(error).__name__}); write them with store_track_scores"
        raise InputError(str(path), [Fault("", what)]) from None
    if digest != found.digest:
        raise InputError(str(path), [Fault("digest", "is not that of its events and settings; measure again")])
    return found
