"""pgmpy, the judge of exact answers, without the notices it gives about its own future."""

from __future__ import annotations

import warnings

import pytest


@pytest.fixture(scope="session")
def pgmpy():
    """`VariableElimination` and `get_example_model`."""
    with warnings.catch_warnings():
        # On import pgmpy 1.1 warns of its own use of StructureScore, which 1.3 will drop.
        warnings.filterwarnings("ignore", message=r".*StructureScore.*", category=FutureWarning)
        import pgmpy.inference
        import pgmpy.models
        import pgmpy.utils

    class Judge:
        VariableElimination = pgmpy.inference.VariableElimination
        CausalInference = pgmpy.inference.CausalInference

        @staticmethod
        def example(name):
            with warnings.catch_warnings():
                # Its successor downloads; this one reads files that come with pgmpy (to 1.3).
                warnings.filterwarnings("ignore", message=r"`get_example_model`", category=FutureWarning)
                return pgmpy.utils.get_example_model(name)

    return Judge


@pytest.fixture(scope="session")
def pyagrum():
    """Import pyAgrum, whose SWIG module crashes where a warning during its import is an error."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"builtin type .* has no __module__", category=DeprecationWarning)
        import pyagrum
    return pyagrum


@pytest.fixture(scope="session")
def eliminated(pgmpy):
    """P(targets | given) under `do` by pgmpy: variable elimination in the mutilated network."""

    def answer(model, targets, given, do):
        cut = model.do(list(do)) if do else model
        factor = pgmpy.VariableElimination(cut).query(
            list(targets), evidence={**given, **do} or None, show_progress=False
        )
        return factor.values.transpose([factor.variables.index(name) for name in targets])

    return answer
