"""Prior sets written as TOML read back equal."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servanda.models import Prior, PriorEntry, PriorError, PriorSet
from servanda.models.parameters.distributions import DISTRIBUTIONS
from servanda.priors import load_prior, prior_to_toml, shipped_priors

words = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r"), min_size=1).filter(
    lambda text: text == text.strip()
)
positive = st.floats(1e-6, 1e6)
values = st.one_of(positive, st.lists(positive, min_size=1), st.dictionaries(words, positive, min_size=1))


@st.composite
def prior_entries(draw):
    distribution = draw(st.sampled_from(sorted(DISTRIBUTIONS)))
    numbers = {name: draw(values) for name in DISTRIBUTIONS[distribution].numbers}
    certainty = draw(st.sampled_from(["read", "recomputed", "memory", "judgement"]))
    prior = Prior.of(distribution, **numbers)
    return PriorEntry(draw(words), prior, draw(words), draw(words), certainty)


prior_sets = st.builds(
    PriorSet,
    entries=st.lists(prior_entries(), min_size=1, max_size=4, unique_by=lambda e: e.parameter).map(tuple),
    name=words,
    title=st.text("ab c\"'\n#"),
    description=words,
    based_on=st.lists(words, max_size=3).map(tuple),
)


@pytest.mark.parametrize("name", shipped_priors())
def test_shipped_sets_round_trip(name, tmp_path):
    path = tmp_path / "copy.toml"
    path.write_text(prior_to_toml(load_prior(name)), encoding="utf-8")
    assert load_prior(path) == load_prior(name)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(priors=prior_sets)
def test_any_set_round_trips(priors, tmp_path):
    path = tmp_path / "any.toml"
    path.write_text(prior_to_toml(priors), encoding="utf-8", newline="")
    assert load_prior(path) == priors


def test_refuses_to_write_what_would_not_be_read():
    priors = PriorSet.from_mapping({"y.x": Prior.of("normal", mu=0, sigma=1)}, name="bare")
    with pytest.raises(PriorError) as caught:
        prior_to_toml(priors)
    assert str(caught.value).splitlines() == [
        "priors bare: 2 faults",
        "  entry 1 (y.x), reason: is empty",
        "  entry 1 (y.x), source: is empty",
    ]
