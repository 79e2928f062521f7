"""Rows whose outcome reasonable coders would dispute."""

from __future__ import annotations

import csv

import pandas as pd

from .files.read import shipped


def load_doubts() -> pd.DataFrame:
    """List the cases that the codebook itself calls disputable.

    Returns
    -------
    DataFrame
        One row a case and section: ``case_id``, ``section`` of the codebook (8: another code is
        arguable; 11: the second coding doubts the description) and ``reason``.

    Examples
    --------
    >>> sorted(load_doubts()["section"].unique().tolist())
    [8, 11]
    """
    with shipped("doubts.csv").open(encoding="utf-8", newline="") as file:
        frame = pd.DataFrame(list(csv.DictReader(file)))
    return frame.astype({"section": "int64"})
