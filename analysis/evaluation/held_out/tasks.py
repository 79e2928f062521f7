"""Forecasts of every model on every split: independent tasks, done by as many workers as there are, stored when done.

A task's numbers follow from the seed, its split and its model alone, so that they are the same for any number of
workers, in any order, and whatever else is evaluated beside it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ....common.files import file_name, writable_folder, written_whole
from ....common.json_values import sealed, unsealed
from ....common.progress import Progress
from ....common.tasks.mapping import mapped
from ....models.inference.contract import processors
from ....models.network.toml import network_to_toml
from .folds import Sample

#: What is being done, as progress says.
EVALUATING = "evaluating"
#: Changes with anything in the code that moves a forecast, so that what was stored before is made again.
_FORECASTS = "quadrature 5, rivals 1"


class Model(Protocol):
    """Forecaster: from a sample to the probability of each state in each held-out case."""

    @property
    def identity(self) -> str:
        """All that its forecasts depend on beside the sample."""
        ...

    def __call__(self, sample: Sample) -> np.ndarray:
        """Forecast, shape (held-out cases, states)."""
        ...


@dataclass(frozen=True)
class Task:
    """One model on one split."""

    name: str
    model: Model
    sample: Sample

    @cached_property
    def key(self) -> str:
        """SHA-256 over everything that bears on the forecast."""
        sample = self.sample
        digest = hashlib.sha256()
        versions = [version(package) for package in ("servanda", "nutpie", "numba", "numpy", "scikit-learn")]
        for text in (_FORECASTS, *versions, self.model.identity, network_to_toml(sample.network), sample.node):
            digest.update(f"{text}\0".encode())
        digest.update(f"{sample.cases.digest}\0{sample.seed}\0".encode())
        digest.update("\0".join(map(str, sample.units)).encode())
        for rows in (sample.split.training, sample.split.held_out, sample.years):
            digest.update(b"none" if rows is None else np.ascontiguousarray(rows, np.int64).tobytes())
        return digest.hexdigest()

    def path(self, folder: Path) -> Path:
        """File of its forecast in a folder."""
        split = self.sample.split.name.replace(", ", "-").replace(" ", "_")
        return folder / f"{file_name(split)}-{file_name(self.name)}-{self.key[:16]}.json"


def forecast(task: Task) -> np.ndarray:
    """Forecast of one task, shape (held-out cases, states), checked to be probabilities.

    Raises
    ------
    ArithmeticError
        If a model gives anything else: that is its fault, and not that of the cases.
    """
    import sklearn.ensemble  # noqa: F401  the threads of a library can be limited once it is loaded
    from threadpoolctl import threadpool_limits

    # OpenMP keeps a limit for each thread by itself, so that it is set here, where the work is done.
    with threadpool_limits(1):
        p = task.model(task.sample)
    shape = (len(task.sample.split.held_out), task.sample.states)
    if p.shape != shape or not np.allclose(p.sum(axis=1), 1.0, atol=1e-6) or (p < 0).any():
        raise ArithmeticError(f"{task.name} gave no probabilities for {task.sample.split.name}")
    return p


def forecasts(
    tasks: Sequence[Task],
    progress: Progress,
    *,
    workers: int | None,
    client: Any,
    folder: str | os.PathLike[str] | None,
) -> list[np.ndarray]:
    """Forecasts of all tasks, in their order.

    Parameters
    ----------
    workers
        Threads; None takes as many as there are processors. Sampling and trees run outside the interpreter.
    client
        A `distributed.Client`, whose workers do the tasks instead.
    folder
        Where each forecast is stored when it is made, and found again; None stores nothing.
    """
    from threadpoolctl import threadpool_limits

    place = None if folder is None else writable_folder(folder)
    # One thread a task: those of the libraries would only stand in each other's way.
    with threadpool_limits(1):
        return mapped(
            [partial(_forecast, task) for task in tasks],
            workers=workers or processors(),
            client=client,
            progress=progress,
            what=EVALUATING,
            find=lambda number: _stored(tasks[number], place),
            keep=lambda number, p: _store(tasks[number], p, place),
        )


def _forecast(task: Task, _: Progress) -> np.ndarray:
    return forecast(task)


def _stored(task: Task, folder: Path | None) -> np.ndarray | None:
    if folder is None or not (path := task.path(folder)).is_file():
        return None
    try:
        raw = unsealed(path.read_text(encoding="utf-8"))
        p = np.array(raw["p"], float)
        whole = raw["key"] == task.key and p.shape == (len(task.sample.split.held_out), task.sample.states)
    except (OSError, ValueError, KeyError, TypeError):
        return None  # A damaged file is as good as none: it is made again and replaced.
    return p if whole else None


def _store(task: Task, p: np.ndarray, folder: Path | None) -> None:
    if folder is None:
        return
    cases = [task.sample.cases.labels[row] for row in task.sample.split.held_out]
    kept = {"key": task.key, "model": task.name, "split": task.sample.split.name, "cases": cases, "p": p.tolist()}
    with written_whole(task.path(folder)) as temporary:
        temporary.write_text(sealed(kept), encoding="utf-8")
