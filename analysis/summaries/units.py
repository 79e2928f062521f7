"""Units of rows that are left out together, since they are not independent: those of one guarantee or of one crisis."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from ...common.errors import Fault, nearest, raise_faults
from ...models.cases.encode import Cases, bad_cells
from ...models.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def units_of(cases: pd.DataFrame | Cases | str | os.PathLike[str], unit: str) -> np.ndarray | None:
    """Unit of each row, by the name of a column; ``case`` leaves out row by row.

    Raises
    ------
    DataError
        If there is no such column, or a cell of it is blank; or the cases are coded and have no columns.
    """
    if unit == "case":
        return None
    if isinstance(cases, Cases | str | os.PathLike):
        kind = "are coded" if isinstance(cases, Cases) else "are in a file"
        raise DataError("data", [Fault("cases", f"{kind} and cannot be left out by {unit}; give a data frame")])
    column = {"guarantee": "guarantee_id"}.get(unit, unit)
    known = [str(name) for name in cases.columns]
    faults = []
    if column not in known:
        faults.append(Fault(f"column {column}", f"is missing; cases were to be left out by it{nearest(column, known)}"))
    elif len(blank := np.flatnonzero(np.asarray(cases[column].isna())) + 1):
        faults.append(
            bad_cells(blank.tolist(), len(blank), column, "is blank; each case needs a unit to be left out with")
        )
    raise_faults("data", faults, DataError)
    return np.asarray(cases[column].astype(str))
