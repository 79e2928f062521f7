"""A report's dictionary and files, kept beside the stored fits and found again while nothing behind them changes."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
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
#: Packages that set files and draw figures: another version may set them otherwise.
_SETTERS = ("matplotlib", "numpy", "Jinja2", "Babel", "typst", "pypandoc", "pypandoc_binary")


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


def kept_files(
    task: Task, how: Any, make: Callable[[], tuple[Mapping[str, bytes], str]]
) -> tuple[dict[str, bytes], str]:
    """Find again the files of a report of these very inputs, or set them and keep them.

    Parameters
    ----------
    task
        As for `kept_report`.
    how
        What else bears on them, ready for JSON: the dictionary that they say, formats, languages.
    make
        Sets them: name -> what the file holds, and a remark on them.

    Returns
    -------
    files, remark
        As `make` gives them.
    """

    def kept() -> dict[str, Any]:
        files, remark = make()
        return {"files": {name: b64encode(data).decode() for name, data in files.items()}, "remark": remark}

    identity = {**_identity(task), "how": how, "set by": {name: _version(name) for name in _SETTERS}}
    found = kept_beside_fits(f"files-{task.loaded.scenario.name}", identity, kept, task.folder)
    return {name: b64decode(data) for name, data in found["files"].items()}, found["remark"]


def _version(package: str) -> str:
    """Version of a package; none where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


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
