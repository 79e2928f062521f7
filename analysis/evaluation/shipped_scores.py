"""Shipped scores: what was measured of the shipped networks, beside digests of what it belongs to.

An evaluation takes minutes, and a report has none to spare. `make validate` measures them all again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...common.errors import Fault, InputError
from ...common.files import writable_file, written_whole
from ...common.json_values import to_json
from ...common.show import Shown, View
from ...models.cases.encode import Cases, encode
from ...models.network.network import Network
from ...models.network.toml import as_network, network_to_toml
from ...models.parameters.prior_set import PriorSet
from ...models.sampling.run import as_cases
from ...priors.files.load import Priors, as_priors
from .held_out.networks import priors_text
from .scoreboard import Evaluation, Forecasts

if TYPE_CHECKING:
    import pandas as pd

FOLDER = Path(__file__).parent / "scores"
#: Decimals of a stored probability, far below what a score's own error can tell.
DECIMALS = 5


@dataclass(frozen=True, repr=False)
class Score(Shown):
    """How well a network under a prior set foretold held-out cases, against the base rate.

    Parameters
    ----------
    gain, error
        Log score of all states a case over the base rate, and its standard error by crisis.
    broken_gain, broken_error, full_gain, full_error
        The same of broken or not, and of kept in full or not.
    slope, slope_error
        Calibration slope of broken or not, where 1 is right.
    futures
        Year -> gain and error on the tests that came later, trained on those before.
    cases, crises
        How many cases were foretold, in how many crises (or other units that were held out whole).
    tried
        How many models were scored on these cases, the base rate apart.

    Examples
    --------
    >>> from servanda.models import load_network
    >>> from servanda.priors import load_prior
    >>> from servanda.record import load_guarantees
    >>> found = measured_score(load_network("guarantee"), load_guarantees(), load_prior("literature"))
    >>> found.gain > 2 * found.error, found.cases > found.crises
    (True, True)
    """

    gain: float
    error: float
    broken_gain: float
    broken_error: float
    full_gain: float
    full_error: float
    slope: float
    slope_error: float
    futures: Mapping[int, tuple[float, float]]
    cases: int
    crises: int
    tried: int

    def _view(self) -> View:
        facts = {
            "gain in log score": f"{self.gain:+.3f}, error {self.error:.3f}",
            "broken or not": f"{self.broken_gain:+.3f}, error {self.broken_error:.3f}",
            "kept in full or not": f"{self.full_gain:+.3f}, error {self.full_error:.3f}",
            "calibration slope": f"{self.slope:.2f}, error {self.slope_error:.2f}",
            **{f"after {year}": f"{gain:+.3f}, error {error:.3f}" for year, (gain, error) in self.futures.items()},
        }
        return View(f"Score over the base rate on {self.cases} held-out cases of {self.crises} crises", facts)


def score_of(evaluation: Evaluation, model: str | None = None) -> Score:
    """Score of one model of an evaluation.

    Parameters
    ----------
    model
        Its name; the first prior set by default.
    """
    name = model or evaluation.prior_sets[0]
    found = evaluation.shuffled
    states, broken, full = (found.gain(name, question=question) for question in ("states", "broken", "full"))
    calibration = found.recalibration(name, "broken")
    later = {year: forecasts.gain(name) for year, forecasts in evaluation.later.items()}
    return Score(
        states.value,
        states.error,
        broken.value,
        broken.error,
        full.value,
        full.error,
        calibration.slope,
        calibration.slope_error,
        {year: (gain.value, gain.error) for year, gain in later.items()},
        len(found.cases),
        len(set(found.units)),
        evaluation.tried,
    )


def measured_score(network: Network | str | os.PathLike[str], cases: Any, priors: Priors | None) -> Score | None:
    """Score that was measured for exactly this network, record and prior set.

    Parameters
    ----------
    network, cases, priors
        As `servanda.fit` takes them.

    Returns
    -------
    Score or None
        None where nothing was measured for these: another network, one case more, or another prior. `evaluate`
        measures.

    Examples
    --------
    >>> from servanda.record import load_guarantees
    >>> measured_score("guarantee", load_guarantees(as_of="1950"), None) is None
    True
    """
    chosen = as_network(network)
    found = measured_evaluation(chosen, as_cases(chosen, cases), as_priors(priors))
    return None if found is None else score_of(*found)


def measured_evaluation(
    network: Network, cases: pd.DataFrame | Cases, priors: PriorSet | None
) -> tuple[Evaluation, str] | None:
    """Shipped evaluation of exactly this network, record and prior set, and the name of the prior set in it.

    Parameters
    ----------
    network, cases, priors
        As a fit takes them.

    Returns
    -------
    tuple or None
        None where nothing was measured for these.
    """
    coded = cases if isinstance(cases, Cases) else encode(network, cases)
    asked = identity_of(network, coded, {"asked": priors})
    for path in sorted(FOLDER.glob("*.json")):
        evaluation = _read(path)
        if all(evaluation.identity[what] == asked[what] for what in ("network", "data")):
            for name, digest in evaluation.identity["priors"].items():
                if digest == asked["priors"]["asked"]:
                    return evaluation, name
    return None


def shipped_evaluations() -> tuple[str, ...]:
    """Names of the evaluations that ship."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


def load_evaluation(name: str | os.PathLike[str]) -> Evaluation:
    """Load a shipped evaluation by name, or one that `store_evaluation` wrote.

    Raises
    ------
    InputError
        If there is no such evaluation, or the file holds none.

    Examples
    --------
    >>> load_evaluation("guarantee").prior_sets[0]
    'literature'
    """
    path = Path(name) if str(name).lower().endswith(".json") else FOLDER / f"{name}.json"
    if not path.is_file():
        known = ", ".join(shipped_evaluations())
        what = f"there is none; shipped are {known}; a file of your own ends in .json"
        raise InputError(f"evaluation {name}", [Fault("", what)])
    return _read(path)


def store_evaluation(evaluation: Evaluation, path: str | os.PathLike[str]) -> Path:
    """Write an evaluation with all its forecasts, rounded to five decimals, as JSON.

    Raises
    ------
    InputError
        If the file cannot be written.

    Examples
    --------
    >>> store_evaluation(load_evaluation("guarantee"), "mine.json").name
    'mine.json'
    >>> load_evaluation("mine.json").states
    ('defected', 'partial', 'complied')
    """
    target = writable_file(path)
    kept = {
        "written_by": "Servanda",
        "network": evaluation.network,
        "node": evaluation.node,
        "states": evaluation.states,
        "by": evaluation.by,
        "titles": evaluation.titles,
        "prior_sets": evaluation.prior_sets,
        "settings": evaluation.settings,
        "identity": evaluation.identity,
        "shuffled": _plain(evaluation.shuffled),
        "later": {str(year): _plain(found) for year, found in evaluation.later.items()},
    }
    with written_whole(target) as temporary:
        temporary.write_text(to_json(kept, separators=(",", ":")) + "\n", encoding="utf-8")
    return target


def identity_of(network: Network, cases: Cases, priors: Mapping[str, PriorSet | None]) -> dict[str, Any]:
    """Digests of network, record and prior sets, in which the order of named priors plays no part.

    Returns
    -------
    dict
        ``network``, ``data``, and ``priors``: set -> digest.
    """

    def digest(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    return {
        "network": digest(network_to_toml(network)),
        "data": cases.digest,
        "priors": {name: digest(priors_text(each)) for name, each in priors.items()},
    }


def _plain(found: Forecasts) -> dict[str, Any]:
    """Forecasts as JSON holds them; the last state is what the others leave."""
    p = {name: np.round(each[..., :-1], DECIMALS).tolist() for name, each in found.p.items()}
    return {"cases": found.cases, "units": found.units, "outcomes": found.outcomes.tolist(), "p": p}


def _forecasts(raw: Mapping[str, Any]) -> Forecasts:
    given = {name: np.array(each, float) for name, each in raw["p"].items()}
    # What the others leave may be rounded away, and no forecast was ever 0.
    left = {name: np.maximum(1 - each.sum(axis=-1, keepdims=True), 10.0**-DECIMALS) for name, each in given.items()}
    p = {name: np.concatenate([each, left[name]], axis=-1) for name, each in given.items()}
    return Forecasts(tuple(raw["cases"]), tuple(raw["units"]), np.array(raw["outcomes"], int), p)


@lru_cache(maxsize=16)
def _read(path: Path) -> Evaluation:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return Evaluation(
            raw["network"],
            raw["node"],
            tuple(raw["states"]),
            raw["by"],
            raw["titles"],
            tuple(raw["prior_sets"]),
            _forecasts(raw["shuffled"]),
            {int(year): _forecasts(each) for year, each in raw["later"].items()},
            raw["settings"],
            raw["identity"],
        )
    except (ValueError, KeyError, TypeError) as error:
        what = f"holds no evaluation ({type(error).__name__}); write one with store_evaluation"
        raise InputError(str(path), [Fault("", what)]) from None
