"""NUTS over the compiled loops: nutpie's two ways in give the same draws, so that the public one can stand in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from servanda.models import Arrow, Network, Node, Sampling, encode
from servanda.models.cases.patterns import find_patterns
from servanda.models.density.density import Density, make_density
from servanda.models.sampling.nuts import nuts_draws

SAMPLING = Sampling(seed=7, draws=60, tune=80, chains=2, thin=1, cores=1)


@pytest.fixture(scope="module")
def density() -> Density:
    states = ("no", "partly", "yes")
    parent = Node("cause", ("a", "b", "c"))
    child = Node("outcome", states, (Arrow("cause"),), "ordinal", ordered=True)
    network = Network((parent, child))
    rng = np.random.default_rng(1)
    cases = encode(
        network, pd.DataFrame({"cause": rng.choice(["a", "b", "c"], 40), "outcome": rng.choice(list(states), 40)})
    )
    return make_density(network, cases, find_patterns(network, cases), None, ("outcome",))


@pytest.mark.parametrize("failure", [TypeError("no argument 'shape_info'"), ImportError("no such name")])
def test_where_nutpie_has_another_form_its_public_way_gives_the_same_draws(density, failure, monkeypatch):
    fast, fast_stats = nuts_draws(density, SAMPLING)

    def another_release(**_: object) -> None:
        raise failure

    monkeypatch.setattr("nutpie.compile_pymc.CompiledPyMCModel", another_release)
    slow, slow_stats = nuts_draws(density, SAMPLING)
    assert fast.keys() == slow.keys()
    for name in fast:
        np.testing.assert_array_equal(fast[name], slow[name], err_msg=name)
    np.testing.assert_array_equal(fast_stats["lp"], slow_stats["lp"])


def test_a_step_to_where_the_density_is_no_number_is_rejected(density, monkeypatch):
    from servanda.models.density import loops

    whole = loops.log_density

    def half(x: np.ndarray, program: object, gradient: np.ndarray) -> float:
        return whole(x, program, gradient) if x[0] < 0.6 else np.nan

    monkeypatch.setattr("nutpie.compile_pymc.CompiledPyMCModel", None)
    monkeypatch.setattr(loops, "log_density", half)
    found, _ = nuts_draws(density, SAMPLING)
    first = density.layout.unconstrain(found)[..., 0]
    assert first.max() < 0.6
    assert first.max() > 0.3, "the edge was never near"
