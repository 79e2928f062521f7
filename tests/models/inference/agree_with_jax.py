"""Ask the same of NumPy and of JAX, and fail where the answers differ; run by test_jax.py in a process of its own."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import xarray as xr

from servanda.analysis import evidence_probability, marginals, probability
from servanda.models import Arrow, Group, Network, Node, Posterior, load_network
from servanda.models.inference import contract as engine
from servanda.models.inference.answers import all_marginals, distribution, evidence_of, log_evidence
from servanda.models.inference.backends import SOLVERS, solver
from servanda.models.inference.question import Form, check_question
from servanda.models.inference.tables import DrawnNetwork
from servanda.models.sampling.prior_draws import prior_draws

CLOSE = {"rtol": 1e-12, "atol": 1e-12}


def small(draws: int = 3) -> Posterior:
    """Parents in several orders, and a node with three of them."""
    nodes = [Node("a", ("x", "y", "z")), Node("b", ("x", "y"), (Arrow("a"),)), Node("c", ("x", "y", "z"))]
    nodes += [Node("d", ("x", "y"), (Arrow("c"), Arrow("a"), Arrow("b"))), Node("e", ("x", "y"), (Arrow("d"),))]
    network = Network(tuple(nodes))
    rng = np.random.default_rng(6)
    shapes = {name: network.shape(name) for name in network.names}
    return Posterior.from_tables(
        network,
        {
            name: xr.DataArray(
                rng.dirichlet(np.ones(shape[-1]), (1, draws, *shape[:-1])), dims=("chain", "draw", *network.axes(name))
            )
            for name, shape in shapes.items()
        },
    )


def stepwise() -> Network:
    """A node reached step by step, and one of no order by a term."""
    kind, count = Node("kind", ("x", "y", "z")), Node("count", ("1", "2", "5"), ordered=True, values=(1, 2, 5))
    arrows = (Arrow("kind"), Arrow("count", term="log", by="kind"))
    states, groups = ("no", "partly", "yes"), (Group("actor", "actor"),)
    kept = Node("kept", states, arrows, "sequential", ordered=True, groups=groups)
    means = Node("means", ("none", "words", "force"), (Arrow("count", term="saturating"), Arrow("kept")), "softmax")
    return Network((kind, count, kept, means))


def compare(posterior, targets, seen, do, members) -> None:
    """Distribution, probability of the evidence and marginals of everything else."""
    question = check_question(posterior.network, targets, seen, do)
    system, evidence = DrawnNetwork.of(posterior), evidence_of(question, members)
    for ask in (distribution, log_evidence):
        one, other = (ask(system, question.form, evidence, solver=solver(name)) for name in SOLVERS)
        np.testing.assert_allclose(other, one, **CLOSE)
    if len(question.given) > 3 or not members:
        free = Form(targets, question.form.given, question.form.do)
        one, other = (all_marginals(system, free, evidence, solver=solver(name)) for name in SOLVERS)
        for name, values in one.items():
            np.testing.assert_allclose(other[name], values, **CLOSE)


def main() -> None:
    """Go through small and shipped, few and many, plain and rescaled."""
    assert set(SOLVERS) == {"numpy", "jax"}
    plain = small()
    compare(plain, ("b", "e"), {"d": "y"}, {"c": "z"}, {})
    compare(plain, ("a",), {}, {}, {})
    shipped = prior_draws(load_network("guarantee"), seed=4, draws=5, levels={"actor": ("PRK", "USA")})
    who = {"actor": shipped.member("actor", "USA"), "guarantee": shipped.member("guarantee", "(new)")}
    unseen = {"actor": shipped.member("actor", "USA"), "guarantee": shipped.member("guarantee", None)}
    given = {"price": "war", "regime": "democracy", "role": "guarantor", "era": "cold_war", "obligation": "defend"}
    compare(shipped, ("capability_change",), given, {"guarantors": "5"}, who)
    compare(shipped, ("capability_change",), {**given, "compliance": "complied"}, {"guarantors": "5"}, who)
    compare(shipped, ("forces_there",), {"enforcement": "none"}, {}, who)
    compare(shipped, ("compliance",), {"era": "cold_war"}, {}, who)  # summed by its family
    # Of few configurations NumPy averages the table itself over members not seen, as JAX does.
    few = {**given, "forces_there": "no", "capability_change": "same", "enforcement": "none", "monitoring": "none"}
    few["years_since_signing"] = "20+"
    few["past_defections"] = shipped.network["past_defections"].states[0]
    compare(shipped, ("compliance",), few, {"guarantors": "5"}, unseen)
    steps = prior_draws(stepwise(), seed=5, draws=4, levels={"actor": ("PRK", "USA")})
    for member in ("USA", None):
        actor = {"actor": steps.member("actor", member)}
        compare(steps, ("kept",), {"kind": "y"}, {}, actor)
        compare(steps, ("kind",), {"kept": "partly", "means": "force"}, {"count": "2"}, actor)
    engine._SMALL = 1.0  # every sum is done again with rescaling
    compare(plain, ("b",), {"d": "y", "e": "x"}, {}, {})
    engine._SMALL = 1e-250

    frame = pd.DataFrame({"d": ["y", None], "a": ["x", "z"]})
    for ask in (
        lambda backend: probability(plain, "b", frame, {"c": "x"}, backend=backend),
        lambda backend: probability(plain, "b", {"e": "x"}, virtual={"a": {"x": 1, "y": 2, "z": 3}}, backend=backend),
        lambda backend: marginals(plain, frame, backend=backend)["p_c"],
        lambda backend: evidence_probability(plain, {"e": "x"}, backend=backend),
    ):
        np.testing.assert_allclose(ask("jax"), ask("numpy"), **CLOSE)
    sys.stdout.write("alike\n")


if __name__ == "__main__":
    main()
