"""Two processes of a Dask cluster: the same numbers as here, and a worker that is killed costs its task."""

from __future__ import annotations

import os
import signal
import time
from functools import partial

import numpy as np
import pytest

from servanda.analysis import chance_of, compare_models, compare_priors, influence, sweep
from servanda.analysis.evaluation.evaluate import evaluate
from servanda.common.tasks.cluster import connected
from servanda.common.tasks.mapping import mapped
from servanda.models import Prior, PriorSet
from servanda.models.inference.contract import processors


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        yield cluster


@pytest.fixture
def client(cluster):
    with connected(cluster.scheduler_address) as client:
        yield client


def test_held_out_scores_are_those_of_one_machine(client, promise, promises):
    how = {"node": "kept", "folds": 2, "repeats": 1, "future": (), "seed": 1, "against": ("prior",)}
    how |= {"draws": 40, "tune": 40, "chains": 1}
    here = evaluate(promise, promises(0.5), workers=1, **how)
    there = evaluate(promise, promises(0.5), client=client, **how)
    for name, p in here.shuffled.p.items():
        np.testing.assert_array_equal(p, there.shuffled.p[name])


def test_rival_models_are_those_of_one_machine(client, promise, promises, tmp_path):
    rivals = {"own": promise, "other": promise.without_arrow(*_an_arrow(promise))}
    how = {"node": "kept", "unit": "crisis", "seed": 1, "draws": 40, "tune": 60, "chains": 2, "refits": 1}
    here = compare_models(rivals, promises(0.5), **how)
    there = compare_models(rivals, promises(0.5), client=client, folder=tmp_path, **how)
    again = compare_models(rivals, promises(0.5), client=client, folder=tmp_path, **how)
    for other in (there, again):
        assert other.table.equals(here.table)
        for name, left in here.left_out.items():
            np.testing.assert_array_equal(left.pareto_k, other.left_out[name].pareto_k)


def _an_arrow(network):
    return network["kept"].parents[0].parent, "kept"


def test_a_killed_worker_costs_its_task_and_no_more(client, tmp_path):
    large = np.arange(100_000.0)

    def task(x, number, place, progress):
        with (place / f"{number}").open("a") as told:
            told.write("begun ")
        if number == 1 and (place / "1").read_text().count("begun") == 1:
            time.sleep(0.5)
            os.kill(os.getpid(), signal.SIGKILL)
        return x[number]

    found = mapped([partial(task, large, number, tmp_path) for number in range(6)], workers=1, client=client)
    assert found == [0, 1, 2, 3, 4, 5]
    begun = [(tmp_path / f"{number}").read_text().count("begun") for number in range(6)]
    assert begun == [1, 2, 1, 1, 1, 1]


def test_a_task_has_one_processor(client):
    def count(number, progress):
        return processors()

    assert mapped([partial(count, 0)], workers=1, client=client) == [1]
    assert processors() == len(os.sched_getaffinity(0))


def test_the_fault_of_a_task_is_its_own(client):
    def broken(number, progress):
        raise ArithmeticError(f"task {number}")

    with pytest.raises(ArithmeticError, match="task 7"):
        mapped([partial(broken, 7)], workers=1, client=client)


def test_a_sweep_is_right_to_eight_digits(client, keeping):
    asked = {"do": {"backers": ["few", "many"]}, "against": {"backers": "few"}}
    here, there = sweep(keeping, "kept", **asked), sweep(keeping, "kept", client=client, **asked)
    for name in ("probability", "difference"):
        np.testing.assert_allclose(there.data[name], here.data[name], rtol=0, atol=1e-8)
    assert there.table().index.equals(here.table().index)


def test_prior_sets_are_compared_as_on_one_machine(client, keeping):
    sure = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=[2.0, 8.0])}, name="sure")
    asked = {"kept": chance_of("kept", "yes", do={"backers": "many"})}
    here = compare_priors(keeping, [sure], asked, scores=False)
    there = compare_priors(keeping, [sure], asked, scores=False, client=client)
    assert there.table.equals(here.table)


def test_units_left_out_of_fits_are_those_of_one_machine(client, keeping, keeping_cases):
    cases = keeping_cases.assign(camp=["one"] * 12 + ["other"] * 10)
    how = {"seed": 1, "by": ["camp"], "refit": 2}
    here = influence(keeping, chance_of("kept", "yes"), cases, **how)
    there = influence(keeping, chance_of("kept", "yes"), cases, client=client, **how)
    assert here.table["refitted"].any()
    assert there.table.equals(here.table)
