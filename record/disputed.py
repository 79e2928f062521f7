"""The cases whose outcome reasonable coders would dispute."""

from __future__ import annotations

import pandas as pd

from .files.codebook import DISPUTED
from .files.load import load_table


def load_disputed() -> pd.DataFrame:
    """Cases that the codebook itself calls disputable.

    Returns
    -------
    DataFrame
        One row a case and section: ``case_id``, ``section`` of the codebook (8: another code is
        arguable; 11: the second coding doubts the description) and ``reason``.

    Examples
    --------
    >>> sorted(load_disputed()["section"].unique().tolist())
    [8, 11]
    """
    return load_table(None, DISPUTED).astype({"section": "int64"})
