"""A table of cases at a glance."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .cases import load_guarantees
from .files.codebook import OUTCOME, ROLE
from .files.load import TableOrFile, as_table


def describe(cases: TableOrFile) -> pd.DataFrame:
    """Counts of outcomes, of cases with and without a source, and of missing cells, by role.

    Parameters
    ----------
    cases
        From `load_guarantees`, or their file.

    Returns
    -------
    DataFrame
        Counts of rows, indexed by ``part`` and ``item``: part ``outcome`` has the three outcomes, part
        ``source`` the cases with a source that is ``named`` and those with ``none``, coded from general knowledge
        and a draft for review, part ``missing`` the columns with empty cells. Columns: the two roles and ``all``.

    Raises
    ------
    InputError
        As `load_guarantees`, of a file.

    Examples
    --------
    >>> from servanda.record import load_guarantees
    >>> describe(load_guarantees()).loc["outcome"]
              guarantor  principal  all
    item
    defected         38         94  132
    partial          35         56   91
    complied         91        102  193
    """
    cases = as_table(cases, load_guarantees)
    marks = {("outcome", level): cases["outcome"] == level for level in OUTCOME}
    marks |= {("source", "named"): cases["sourced"], ("source", "none"): ~cases["sourced"]}
    marks |= {("missing", name): empty for name, empty in cases.isna().items() if np.any(empty)}
    roles = cases["role"]
    groups = {role: roles == role for role in ROLE} | {"all": roles.notna()}
    return pd.DataFrame(
        {group: [np.count_nonzero(mark & member) for mark in marks.values()] for group, member in groups.items()},
        index=pd.MultiIndex.from_tuples(list(marks), names=["part", "item"]),
    )
