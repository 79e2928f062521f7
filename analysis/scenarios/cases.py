"""The cases that a scenario is asked of: your own, in a table or a file, or the shipped record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...common.frames import as_frame
from ...models.errors import DataError
from ...record.cases import as_case_table
from ..queries.named_backers import shipped_cases
from .scenario import Loaded

if TYPE_CHECKING:
    import pandas as pd


def own_cases(loaded: Loaded, cases: Any) -> pd.DataFrame:
    """Data frame of your own cases; of a file in the record's layout, those known on the scenario's date.

    Parameters
    ----------
    loaded
        The scenario.
    cases
        A table of any kind, or the path of a file.

    Raises
    ------
    InputError
        As `servanda.record.load_guarantees`, which names the file.
    DataError
        If it is no table.
    """
    return as_frame(as_case_table(cases, loaded.scenario.as_of), error=DataError)


def record_of(loaded: Loaded, cases: Any) -> pd.DataFrame:
    """Your own cases as `own_cases` takes them; where None are given, the shipped record as of the scenario's date."""
    return shipped_cases(loaded.network, loaded.scenario.as_of) if cases is None else own_cases(loaded, cases)
