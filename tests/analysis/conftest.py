"""Small posteriors with known answers, made without sampling."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from servanda.models import Arrow, Network, Node, Posterior, PriorSet, fit
from servanda.models.parameters.prior import Prior
from servanda.models.parameters.prior_set import PriorEntry

LAWN = Network(
    (
        Node("cloudy", ("no", "yes")),
        Node("sprinkler", ("off", "on"), (Arrow("cloudy"),)),
        Node("rain", ("no", "yes"), (Arrow("cloudy"),)),
        Node("wet", ("dry", "wet"), (Arrow("sprinkler"), Arrow("rain"))),
    ),
    name="lawn",
)


@pytest.fixture(scope="session")
def lawn() -> Posterior:
    """The textbook sprinkler with fifty random draws of its tables."""
    rng = np.random.default_rng(5)
    tables = {
        name: xr.DataArray(
            rng.dirichlet(np.ones(LAWN.shape(name)[-1]), (2, 25, *LAWN.shape(name)[:-1])),
            dims=("chain", "draw", *LAWN.axes(name)),
        )
        for name in LAWN.names
    }
    return Posterior.from_tables(LAWN, tables)


KEEPING = Network(
    (
        Node("backers", ("few", "many")),
        Node("kept", ("no", "yes"), (Arrow("backers"),)),
    ),
    name="keeping",
)
FLAT = PriorSet((PriorEntry("*.table", Prior.of("dirichlet", alpha=1.0), "flat", "judgement"),), name="flat")


@pytest.fixture(scope="session")
def keeping_cases() -> pd.DataFrame:
    rows = [("few", "no")] * 6 + [("few", "yes")] * 4 + [("many", "no")] * 3 + [("many", "yes")] * 9
    return pd.DataFrame(rows, columns=["backers", "kept"])


@pytest.fixture(scope="session")
def keeping(keeping_cases: pd.DataFrame) -> Posterior:
    """Conjugate, so every posterior is a Beta known in closed form."""
    return fit(KEEPING, keeping_cases, FLAT, seed=3, draws=4000)
