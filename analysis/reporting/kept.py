"""A report's dictionary, kept beside the stored fits and found again while nothing that bears on it has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...models.cases.encode import encode
from ...models.sampling.fit import fit_identity
from ..scenarios.stored_fits import kept_beside_fits
from ..summaries.likelihood_words import load_lexicon
from .section import Task

#: Where the rooms stand: in the package, or in a checkout.
_ROOT = Path(__file__).resolve().parents[2]
_ROOMS = ("common", "record", "models", "priors", "analysis")


def kept_report(task: Task, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Find again the dictionary of a report of these very inputs, or make it and keep it.

    A report that is compared with an earlier one is always made.

    Parameters
    ----------
    task
        Scenario, record, sampling and folder of the fits.
    make
        Makes the dictionary.

    Returns
    -------
    dict
        As it is read back from JSON.
    """
    if task.earlier is not None:
        return make()
    return kept_beside_fits(f"report-{task.loaded.scenario.name}", _identity(task), make, task.folder)


def _identity(task: Task) -> dict[str, Any]:
    """All that a report depends on: its code and data files, its inputs in full, and the fits that they make."""
    loaded, coded = task.loaded, encode(task.loaded.network, task.cases)
    return {
        "package": package_digest(),
        "scenario": loaded.scenario.model_dump(mode="json"),
        # By name or by path: what the file holds, wherever it is.
        "lexicon": repr(vars(load_lexicon(loaded.scenario.lexicon))),
        "priors": [prior.to_dict() for prior in loaded.priors],
        "fits": [fit_identity(loaded.network, coded, prior, task.sampling)["key"] for prior in loaded.priors],
        "cases": hashlib.sha256(task.cases.to_csv().encode()).hexdigest(),
        "shipped": task.shipped,
    }


@lru_cache(maxsize=1)
def package_digest() -> str:
    """SHA-256 over the files of all rooms, code and data: a report says what they say.

    Examples
    --------
    >>> len(package_digest())
    64
    """
    digest = hashlib.sha256()
    for room in _ROOMS:
        for path in sorted((_ROOT / room).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(_ROOT).as_posix()}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
