"""JAX gives the same numbers. It runs threads that do not go with forked chains: hence a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

needs_jax = pytest.mark.skipif(find_spec("jax") is None, reason="JAX is not installed")

FIT_AFTER_JAX = """
import jax, pandas as pd
from servanda.models import Arrow, Network, Node, fit
if __name__ == "__main__":
    states = ("no", "yes")
    wet = Node("wet", states, (Arrow("rain"),), family="ordinal", ordered=True)
    network = Network((Node("rain", states), wet))
    cases = pd.DataFrame({"rain": ["no", "yes"] * 10, "wet": ["no", "yes", "yes"] * 6 + ["no"] * 2})
    posterior = fit(network, cases, seed=1, draws=20, tune=20, chains=2, thin=1, cores=2)
    print(posterior.sizes["draw"])
"""


@needs_jax
def test_numpy_and_jax_agree():
    script = Path(__file__).with_name("agree_with_jax.py")
    command = [sys.executable, "-W", "error", str(script)]
    # Most of the time goes into compiling each sum once: code that is not optimised gives the same numbers.
    quick = {**os.environ, "XLA_FLAGS": "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"}
    done = subprocess.run(command, env=quick, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "alike\n"


@needs_jax
@pytest.mark.slow
def test_a_fit_after_jax_was_used_forks_no_process(tmp_path):
    script = tmp_path / "after.py"
    script.write_text(FIT_AFTER_JAX)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "os.fork()" not in done.stderr
    assert done.stdout == "20\n"
