"""A name or a file stands wherever a network, a prior set, cases or a scenario may, with the answer of the value."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import servanda as sv
from servanda.analysis import check_scenario, direction, drivers, flip_point, measured_score, stored_fit
from servanda.analysis.track import with_credibility, with_credibility_priors
from servanda.models import Arrow, Network, Node, Sampling, network_to_toml
from servanda.priors import leave_one_expert_out, linear_pool, load_prior, logarithmic_pool, prior_diff

NETWORK, ONE, OTHER = sv.load_network("guarantee"), load_prior("literature"), load_prior("realist")
NAMED = {"a": "literature", "b": "realist", "c": "institutionalist"}
PANEL = {expert: load_prior(name) for expert, name in NAMED.items()}
SHARES = {"a": 0.5, "b": 0.3, "c": 0.2}


@pytest.mark.parametrize(
    ("by_name", "by_value"),
    [
        (lambda: linear_pool("guarantee", NAMED, SHARES), lambda: linear_pool(NETWORK, PANEL, SHARES)),
        (lambda: logarithmic_pool("guarantee", NAMED, SHARES), lambda: logarithmic_pool(NETWORK, PANEL, SHARES)),
        (lambda: leave_one_expert_out("guarantee", NAMED), lambda: leave_one_expert_out(NETWORK, PANEL)),
        (lambda: prior_diff("literature", "realist", "guarantee"), lambda: prior_diff(ONE, OTHER, NETWORK)),
        (lambda: load_prior("literature", "guarantee"), lambda: load_prior("literature", NETWORK)),
        (lambda: with_credibility("guarantee"), lambda: with_credibility(NETWORK)),
        (lambda: with_credibility_priors("literature"), lambda: with_credibility_priors(ONE)),
        (lambda: check_scenario("budapest", None), lambda: check_scenario(sv.load_scenario("budapest"), None)),
    ],
)
def test_a_name_gives_what_its_value_gives(by_name, by_value):
    assert by_name() == by_value()


def test_files_of_a_network_and_of_cases_are_taken(tmp_path: Path):
    coin = Network((Node("era", ("old", "new")), Node("kept", ("no", "yes"), (Arrow("era"),))), name="coin")
    cases = pd.DataFrame({"era": ["old", "new"] * 5, "kept": ["yes"] * 6 + ["no"] * 4})
    network, table = tmp_path / "coin.toml", tmp_path / "coin.csv"
    network.write_text(network_to_toml(coin), encoding="utf-8")
    cases.to_csv(table, index=False)
    kept = sv.chance_of("kept", "yes", {"era": "old"})
    posterior = sv.fit(network, table, "flat", seed=1, draws=50)
    assert drivers(posterior, kept, table).table.equals(drivers(posterior, kept, cases).table)
    assert measured_score(network, table, "flat") is None
    found, again = (
        stored_fit(given, cases, priors, Sampling(seed=1, draws=50), tmp_path)
        for given, priors in ((network, "flat"), (coin, load_prior("flat")))
    )
    assert again[1]
    assert found[0].draws.equals(again[0].draws)


def test_a_path_to_a_set_is_asked_by_name():
    coin = Network((Node("kept", ("no", "yes")),), name="coin")
    cases = pd.DataFrame({"kept": ["yes"] * 6 + ["no"] * 4})
    sure = sv.PriorSet.from_mapping({"*": sv.Prior.of("dirichlet", alpha=[2.0, 8.0])}, name="sure")
    posterior = sv.fit(coin, cases, sure, seed=1, draws=100)
    settings = {"question": sv.chance_of("kept", "yes"), "verdict": direction(0.5, sure=0.9), "steps": 3}
    assert flip_point(posterior, "flat", **settings).end == "flat"
