"""NUTS over the compiled loops: nutpie's two ways in give the same draws, so that the public one can stand in."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from servanda.models import Arrow, Network, Node, Sampling, encode
from servanda.models.cases.patterns import find_patterns
from servanda.models.density.density import Density, make_density
from servanda.models.sampling import nuts
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
    fast, fast_stats = nuts_draws(density, SAMPLING, np.random.default_rng(1))

    def another_release(**_: object) -> None:
        raise failure

    monkeypatch.setattr("nutpie.compile_pymc.CompiledPyMCModel", another_release)
    slow, slow_stats = nuts_draws(density, SAMPLING, np.random.default_rng(1))
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
    found, _ = nuts_draws(density, SAMPLING, np.random.default_rng(1))
    first = density.layout.unconstrain(found)[..., 0]
    assert first.max() < 0.6
    assert first.max() > 0.3, "the edge was never near"


def test_draws_are_those_that_nutpie_converts_itself(density):
    module = nuts.load_nutpie()
    how = {"draws": 60, "tune": 80, "chains": 2, "seed": 7, "target_accept": 0.8, "progress_bar": False}
    how["adaptation"] = "low_rank"  # a small block
    theirs = module.sample(nuts._model(nuts._target(density)), save_warmup=False, **how)
    found, stats = nuts_draws(density, SAMPLING, np.random.default_rng(1))
    # Brought to their scales, by the same sums.
    for name, values in density.layout.constrain(theirs["posterior"]["x"].values).items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)
    for own, name in (("lp", "logp"), ("tree_depth", "depth"), ("diverging", "diverging"), ("energy", "energy")):
        np.testing.assert_array_equal(stats[own], theirs["sample_stats"][name].values)
        assert stats[own].dtype == theirs["sample_stats"][name].dtype


def test_nutpie_is_loaded_without_arviz_and_arviz_without_jax_which_are_there_when_asked_for():
    """In a process of its own, as a command is."""
    program = (
        "import sys; from servanda.models.sampling.nuts import load_nutpie; module = load_nutpie();"
        "assert not {'arviz', 'arviz_stats', 'arviz_plots'} & {*sys.modules}, 'loaded';"
        "from servanda.analysis.summaries.summary import array_stats; array_stats();"
        "assert 'jax' not in sys.modules, 'loaded';"
        "from nutpie import sample; own = sys.modules['nutpie.sample'].arviz;"
        "import arviz; assert own.from_dict is arviz.from_dict; assert load_nutpie() is module"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, capture_output=True, text=True)
