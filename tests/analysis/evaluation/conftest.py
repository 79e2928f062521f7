"""Small records whose truth is known, for what scores them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from servanda.models import Arrow, Network, Node

#: An outcome of three states seen through one column, all in tables: fits are exact, and take no time.
PROMISE = Network(
    (
        Node("sign", ("bad", "none", "good")),
        Node("kept", ("broken", "in_part", "in_full"), (Arrow("sign"),), ordered=True),
    ),
    name="promise",
)


@pytest.fixture
def promise() -> Network:
    return PROMISE


@pytest.fixture
def promises():
    """Make 240 cases in 80 crises: their sign tells the outcome truly with a certain probability, else it is noise."""

    def make(truly: float, seed: int = 1) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        outcome, noise = rng.integers(0, 3, 240), rng.integers(0, 3, 240)
        sign = np.where(rng.random(240) < truly, outcome, noise)
        return pd.DataFrame(
            {
                "sign": np.array(["bad", "none", "good"])[sign],
                "kept": np.array(["broken", "in_part", "in_full"])[outcome],
                "crisis": [f"crisis {number // 3}" for number in range(240)],
                "year": 1900 + np.arange(240) // 3,
            }
        )

    return make
