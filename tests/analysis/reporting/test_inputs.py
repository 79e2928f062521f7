"""What a report was made from, in JSON and back: the fit of it would be the very same."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.analysis.queries.named_backers import shipped_cases
from servanda.analysis.reporting.inputs import asked_settings, inputs, inputs_from
from servanda.analysis.scenarios.scenario import Loaded, ScenarioError, load_scenario, shipped_scenarios
from servanda.common.json_values import content_hash, to_json
from servanda.models import Arrow, Coding, Network, Node, Prior, PriorSet, Sampling, encode
from servanda.models.sampling.fit import fit_identity
from servanda.models.sampling.prior_draws import prior_draws
from servanda.record import past_defections_of

FLAT = PriorSet.from_mapping({"*.table": Prior.of("dirichlet", alpha=1.0)}, name="flat")


def through_json(loaded: Loaded, cases: pd.DataFrame) -> tuple[dict, object]:
    fitted = SimpleNamespace(provenance={"settings": Sampling(seed=1).settings, "versions": {"numpy": "2"}})
    raw = json.loads(to_json(inputs(loaded, cases, fitted)))
    return raw, inputs_from(raw)


def key(loaded: Loaded, cases: pd.DataFrame) -> str:
    """What a stored fit is found by."""
    network = loaded.network
    return fit_identity(network, encode(network, cases), loaded.priors[0], Sampling(seed=1))["key"]


@pytest.mark.parametrize("name", shipped_scenarios())
def test_the_fit_of_what_comes_back_is_the_same(name: str):
    loaded = load_scenario(name)
    cases = shipped_cases(loaded.network, loaded.scenario.as_of)
    _, again = through_json(loaded, cases)
    assert key(again.loaded, again.cases) == key(loaded, cases)
    assert (again.loaded.network, again.loaded.scenario) == (loaded.network, loaded.scenario)
    assert again.priors == loaded.priors[0]
    counts = [
        (past_defections_of(cases, one, 2019), past_defections_of(again.cases, one, 2019)) for one in ("PRK", "USA")
    ]
    assert all(one == other for one, other in counts)


def test_a_state_a_case_and_null_where_it_is_missing():
    network = Network((Node("rain", ("no", "yes")), Node("mood", ("low", "high"), latent=True)), name="lawn")
    raw, _ = through_json(loaded_of(network), pd.DataFrame({"rain": ["yes", None, "no"], "case_id": ["a", "b", "c"]}))
    assert raw["cases"]["ids"] == ["a", "b", "c"]
    assert raw["cases"]["states"] == {"rain": [1, None, 0]}


def test_what_was_touched_is_refused():
    raw, _ = through_json(
        loaded_of(Network((Node("rain", ("no", "yes")),), name="lawn")), pd.DataFrame({"rain": ["yes"]})
    )
    assert raw["sha256"] == content_hash(raw)
    raw["cases"]["states"]["rain"] = [0]
    with pytest.raises(ScenarioError, match="are not those that were written"):
        inputs_from(raw)


def test_doubled_chains_are_asked_for_as_they_were():
    posterior = prior_draws(Network((Node("rain", ("no", "yes")),)), FLAT, seed=1, draws=2)
    assert asked_settings(posterior) == {}
    longer = replace(Sampling(seed=1), tune=1200, thin=4).settings
    assert (
        asked_settings(replace(posterior, provenance={"settings": longer, "doublings": 2})) == Sampling(seed=1).settings
    )


def loaded_of(network: Network) -> Loaded:
    """A scenario that asks for the last state of the first node."""
    first = network.nodes[0]
    raw = {
        **dict.fromkeys(("name", "title", "question", "horizon", "resolution", "network"), "any"),
        "as_of": "2019",
        "headline": {"judgement": "own", "format": "alone"},
        "judgements": [
            {
                "id": "own",
                "title": "own",
                "claim": "it rains",
                "node": first.name,
                "states": [first.states[-1]],
                "formats": [{"label": "alone"}],
            }
        ],
    }
    return Loaded(load_scenario("dprk-six-party").scenario.model_validate(raw), network, (FLAT,))


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_any_coding_comes_back(seed: int):
    """Numbers sorted into states, levels that are merged, two nodes of one column, cells that are missing."""
    rng = np.random.default_rng(seed)
    lower, other = (tuple(np.sort(rng.choice(20, 3, replace=False) / 2)) for _ in range(2))
    first = float(max(lower[0], other[0]))
    network = Network(
        (
            Node("few", ("a", "b", "c"), coding=Coding("count", lower=lower)),
            Node("many", ("0", "1", "x"), coding=Coding("count", lower=other)),
            Node("price", ("words", "war"), coding=Coding("cost", levels=(("weaker", "war"), ("equal", "war")))),
            Node(
                "cost class",
                ("words", "weak", "war"),
                coding=Coding("cost", levels=(("weaker", "weak"), ("equal", "war"))),
            ),
            Node("plain", ("no", "yes"), (Arrow("few"),)),
        ),
        name="codings",
    )
    count = 12
    frame = pd.DataFrame(
        {
            "count": first + rng.exponential(5, count).round(1),
            "cost": rng.choice(["words", "war", "weaker", "equal"], count),
            "plain": rng.choice(["no", "yes"], count),
        }
    )
    frame.loc[0, "plain"] = "no"
    frame["cost"] = frame["cost"].where(frame["cost"] != "war", "equal")
    frame = frame.mask(rng.random(frame.shape) < 0.2)
    loaded = loaded_of(network)
    _, again = through_json(loaded, frame)
    assert encode(again.loaded.network, again.cases).digest == encode(network, frame).digest
    assert again.loaded.network == network
