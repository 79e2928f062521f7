"""Fits, judged by closed forms and by integration on a grid; and what a fit carries along."""

from __future__ import annotations

import re
from dataclasses import replace

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.linalg import null_space
from scipy.special import expit, logit
from scipy.stats import beta, dirichlet, halfnorm, kstest, norm

from servanda.models import (
    Arrow,
    Coding,
    DataError,
    Group,
    Network,
    Node,
    Prior,
    PriorError,
    PriorSet,
    count_cases,
    encode,
    fit,
    load_network,
    network_parameters,
)
from servanda.models import pymc_model as compiled
from servanda.models.cases.likelihood import log_likelihood
from servanda.models.cases.patterns import find_patterns
from servanda.models.sampling.blocks import conjugate_nodes
from servanda.models.sampling.fit import fit_identity
from servanda.models.sampling.prior_draws import prior_draws
from servanda.models.sampling.refit import cases_of
from servanda.models.sampling.run import Sampling

LAWN = Network(
    (
        Node("rain", ("no", "yes")),
        Node("soil", ("dry", "damp", "wet"), (Arrow("rain"),)),
    ),
    name="lawn",
)
LAWN_PRIORS = PriorSet.from_mapping(
    {
        "rain.table": Prior.of("dirichlet", alpha={"yes": 2.0, "no": 3.0}),
        "soil.table": Prior.of("dirichlet", alpha=(0.5, 1.0, 4.0)),
    },
    name="garden",
)


def lawn_cases(rows=60):
    rng = np.random.default_rng(9)
    rain = rng.integers(0, 2, rows)
    soil = np.where(rng.random(rows) < 0.5, rng.integers(0, 3, rows), 2 * rain)
    return pd.DataFrame({"rain": np.array(["no", "yes"])[rain], "soil": np.array(["dry", "damp", "wet"])[soil]})


def lawn_alphas(cases):
    """The Dirichlet posterior of each row of each table, counted by hand."""
    soil = np.array([[0.5, 1.0, 4.0], [0.5, 1.0, 4.0]])
    rain = np.array([3.0, 2.0])
    for row in cases.itertuples():
        rain[["no", "yes"].index(row.rain)] += 1
        soil[["no", "yes"].index(row.rain), ["dry", "damp", "wet"].index(row.soil)] += 1
    return {"rain.table": rain, "soil.table": soil}


def within_four_errors(posterior, alphas):
    for name, alpha in alphas.items():
        total = alpha.sum(axis=-1, keepdims=True)
        variable = posterior.draws[name]
        for cell in np.ndindex(alpha.shape):
            one = variable[(slice(None), slice(None), *cell)]
            error = float(az.mcse(one.values, method="mean"))
            expected = (alpha / total)[cell]
            assert abs(float(one.mean()) - expected) < 4 * error, (name, cell)
            spread = beta(alpha[cell], (total - alpha)[cell]).std()
            assert float(one.std()) == pytest.approx(spread, rel=0.15), (name, cell)


@pytest.fixture(scope="module")
def exact():
    return fit(LAWN, lawn_cases(), LAWN_PRIORS, seed=5, draws=1500, chains=2)


def test_exact_draws_are_those_of_the_closed_form(exact):
    alphas = lawn_alphas(lawn_cases())
    within_four_errors(exact, alphas)
    assert exact.provenance["drawn_exactly"] == ["rain", "soil"]
    assert exact.provenance["drawn_by_nuts"] == []
    assert "sample_stats" not in exact.tree
    for name, alpha in alphas.items():
        for cell in np.ndindex(alpha.shape):
            margin = beta(alpha[cell], alpha[cell[:-1]].sum() - alpha[cell])
            drawn = exact.draws[name][(slice(None), slice(None), *cell)].values.ravel()
            assert kstest(drawn, margin.cdf).pvalue > 1e-3, (name, cell)


def test_exact_draws_are_independent(exact):
    rain, soil = exact.draws["rain.table"][..., 0].values, exact.draws["soil.table"].values
    series = [rain, soil[..., 0, 0], soil[..., 1, 0]]
    for one in series:
        assert abs(np.corrcoef(one[0, 1:], one[0, :-1])[0, 1]) < 0.1
        assert abs(np.corrcoef(one[0], one[1])[0, 1]) < 0.1
    assert abs(np.corrcoef(soil[..., 0, 0].ravel(), soil[..., 1, 0].ravel())[0, 1]) < 0.07


@pytest.mark.slow
@pytest.mark.pymc
def test_pymc_agrees_with_the_closed_form():
    seen = []
    posterior = fit(
        LAWN,
        lawn_cases(),
        LAWN_PRIORS,
        seed=6,
        draws=500,
        tune=500,
        chains=2,
        thin=1,
        exact=False,
        progress=lambda what, done, total: seen.append((done, total)),
    )
    assert posterior.provenance["drawn_by_pymc"] == [["rain"], ["soil"]]
    within_four_errors(posterior, lawn_alphas(lawn_cases()))
    for name in ("rain.table", "soil.table"):
        assert float(az.rhat(posterior.draws[[name]])[name].max()) < 1.02
    assert int(posterior.tree["sample_stats"]["diverging"].sum()) == 0
    assert seen[0] == (0, 4000)
    assert seen[-1] == (4000, 4000)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_what_is_drawn_exactly():
    network = Network(
        (
            Node("a", ("0", "1")),
            Node("b", ("0", "1"), (Arrow("a"),)),
            Node("c", ("0", "1"), (Arrow("b"),)),
            Node("d", ("0", "1")),
            Node("e", ("0", "1"), (Arrow("d"),), family="softmax"),
        )
    )
    whole = pd.DataFrame({name: ["0", "1"] for name in "abcde"})

    def conjugate(frame, unobserved=()):
        return conjugate_nodes(network, find_patterns(network, encode(network, frame, unobserved=unobserved)))

    assert set(conjugate(whole)) == {"a", "b", "c", "d"}
    assert set(conjugate(whole.assign(c=[None, "1"]))) == {"a", "b", "c", "d"}
    assert set(conjugate(whole.assign(b=[None, "1"]))) == {"a", "d"}
    assert set(conjugate(whole.assign(a=[None, "1"]))) == {"c", "d"}
    assert set(conjugate(whole.drop(columns=["a", "d"]), ["a", "d"])) == {"c"}


def test_a_seed_is_a_fit():
    again = [fit(LAWN, lawn_cases(), seed=seed, draws=20, chains=2) for seed in (1, 1, 2)]
    xr.testing.assert_identical(again[0].draws, again[1].draws)
    assert not np.any(again[0].draws["soil.table"] == again[2].draws["soil.table"])


# A mixed network: `sun` is missing in some cases, so that its table and the effect on `dry` are tied together.
YARD = Network(
    (
        Node("sun", ("no", "yes"), ordered=True),
        Node("dry", ("no", "yes"), (Arrow("sun"),), family="ordinal", ordered=True),
    ),
    name="yard",
)
YARD_PRIORS = PriorSet.from_mapping(
    {
        "sun.table": Prior.of("dirichlet", alpha=(2.0, 3.0)),
        "dry.baseline": Prior.of("dirichlet", alpha=(1.5, 2.0)),
        "dry.sun": Prior.of("normal", mu=0.5, sigma=1.0),
    }
)


def yard_cases():
    rows = [("no", "no")] * 6 + [("no", "yes")] * 2 + [("yes", "yes")] * 5 + [("yes", "no")]
    rows += [(None, "yes")] * 7 + [(None, "no")] * 2 + [("yes", None)] * 3 + [(None, None)]
    return pd.DataFrame(rows, columns=["sun", "dry"])


def yard_by_integration():
    """Posterior means on a Gauss-Legendre grid over P(sun), the baseline and the effect."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    unit, wide = (nodes + 1) / 2, 7 * nodes
    sun, base, effect = np.meshgrid(unit, unit, wide, indexing="ij")
    measure = np.einsum("i,j,k->ijk", weights, weights, weights)
    # `baseline` is (no, yes); the effect of two states is half of it up and half of it down.
    p_dry = [expit(logit(base) - effect / 2), expit(logit(base) + effect / 2)]
    p_sun = [1 - sun, sun]
    density = beta(3, 2).pdf(sun) * beta(2, 1.5).pdf(base) * norm(0.5, 1).pdf(effect) * measure
    for row in yard_cases().itertuples():
        likelihood = 0.0
        for state, name in enumerate(("no", "yes")):
            if row.sun in (name, None) or pd.isna(row.sun):
                given = {"yes": p_dry[state], "no": 1 - p_dry[state]}.get(row.dry, 1.0)
                likelihood = likelihood + p_sun[state] * given
        density = density * likelihood
    density /= density.sum()
    return {"sun": (density * sun).sum(), "base": (density * base).sum(), "effect": (density * effect).sum()}


@pytest.mark.slow
def test_nuts_with_holes_agrees_with_integration():
    posterior = fit(YARD, yard_cases(), YARD_PRIORS, seed=3, draws=1000, tune=500, chains=2)
    assert posterior.provenance["drawn_by_nuts"] == [["sun", "dry"]]
    assert posterior.provenance["missing_cells"] == {"sun": 10, "dry": 4}
    assert posterior.provenance["cases"] == len(yard_cases())
    drawn = {
        "sun": posterior.draws["sun.table"].sel(sun="yes"),
        "base": posterior.draws["dry.baseline"].sel(dry="yes"),
        "effect": posterior.draws["dry.sun"],
    }
    for name, expected in yard_by_integration().items():
        error = float(az.mcse(drawn[name].values, method="mean"))
        assert abs(float(drawn[name].mean()) - expected) < 4 * error, (name, float(drawn[name].mean()), expected)


@pytest.mark.slow
def test_blocks_are_sampled_apart():
    actor = (Group("actor", "who"),)
    network = Network(tuple(Node(name, ("0", "1"), family="ordinal", ordered=True, groups=actor) for name in "ab"))
    frame = pd.DataFrame({"a": ["0", "1"] * 4, "b": ["1", "0"] * 4, "who": list("UUVVWWUV")})
    posterior = fit(network, frame, seed=2, draws=150, tune=100, thin=3, chains=1)
    assert posterior.provenance["drawn_by_nuts"] == [["a"], ["b"]]
    assert posterior.tree["sample_stats"].coords["block"].values.tolist() == ["a", "b"]
    assert posterior.sizes == {"chain": 1, "draw": 150}
    assert posterior.draws["draw"].values.tolist() == list(range(150))
    unseen = [
        posterior.draws[f"{name}.actor"].sel(actor="(new)") / posterior.draws[f"{name}.actor_sd"] for name in "ab"
    ]
    assert abs(np.corrcoef(unseen[0].values.ravel(), unseen[1].values.ravel())[0, 1]) < 0.4
    spreads = [posterior.draws[f"{name}.actor_sd"].values.ravel() for name in "ab"]
    assert abs(np.corrcoef(*spreads)[0, 1]) < 0.4


# Effects of groups, and a table beside them that is drawn exactly.
PACT = Network(
    (
        Node("era", ("old", "new")),
        Node(
            "kept",
            ("no", "partly", "yes"),
            (Arrow("era", reason="practice <grew>", source="judgement"),),
            family="ordinal",
            ordered=True,
            groups=(Group("actor", "obligor"),),
        ),
    ),
    name="pact",
)


def pact_cases():
    rng = np.random.default_rng(4)
    rows = 40
    return pd.DataFrame(
        {
            "case_id": [f"case_{row}" for row in range(rows)],
            "era": rng.choice(["old", "new"], rows),
            "kept": rng.choice(["no", "partly", "yes"], rows),
            "obligor": rng.choice(["FRA", "USA", "UKR"], rows),
        }
    )


@pytest.fixture(scope="module")
def pact():
    return fit(PACT, pact_cases(), seed=8, draws=400, tune=400, chains=2)


@pytest.mark.slow
def test_groups_of_a_fit_have_the_documented_dims(pact):
    assert {name: set(group.sizes) for name, group in pact.tree.children.items()} == {
        "posterior": {"chain", "draw", "era", "kept", "actor"},
        "sample_stats": {"chain", "draw", "block"},
        "log_prior": {"chain", "draw"},
        "log_likelihood": {"chain", "draw", "case"},
        "observed_data": {"case"},
    }
    assert {str(name): array.dims for name, array in pact.draws.data_vars.items()} == {
        "era.table": ("chain", "draw", "era"),
        "kept.baseline": ("chain", "draw", "kept"),
        "kept.era": ("chain", "draw", "era"),
        "kept.actor_sd": ("chain", "draw"),
        "kept.actor": ("chain", "draw", "actor"),
    }
    assert pact.members == {"actor": ("FRA", "UKR", "USA", "(new)")}
    assert list(pact.tree["log_likelihood"].coords["case"].values[:2]) == ["case_0", "case_1"]
    observed = pact.tree["observed_data"]
    np.testing.assert_array_equal(np.array(["no", "partly", "yes"])[observed["kept"].values], pact_cases()["kept"])


@pytest.mark.slow
def test_the_log_likelihood_of_a_fit_is_that_of_its_tables(pact):
    found = pact.tree["log_likelihood"].to_dataset().sel(chain=0)
    era, rows = pact.table("era").sel(chain=0), list(pact_cases().itertuples())
    assert found["kept"].dims == ("case", "draw")
    for row in rows:
        kept = pact.table("kept", {"era": row.era}, actor=row.obligor).sel(chain=0, kept=row.kept, drop=True)
        one = found.sel(case=row.case_id)
        np.testing.assert_allclose(one["kept"].values, np.log(kept.values), rtol=1e-6)
        np.testing.assert_allclose(one["era"].values, np.log(era.sel(era=row.era).values), rtol=1e-6)


def test_a_node_is_scored_on_the_cases_that_show_it():
    frame = lawn_cases().assign(case_id=[f"day {day}" for day in range(60)])
    frame.loc[::4, "rain"] = None
    posterior = fit(LAWN, frame, seed=1, draws=100, chains=2)
    stored, values = (
        posterior.tree["log_likelihood"].to_dataset(),
        {n: np.moveaxis(x, -1, 0) for n, x in posterior.values.items()},
    )
    whole = log_likelihood(LAWN, find_patterns(LAWN, encode(LAWN, frame)), values).sum(axis=1)
    total = stored["rain"].sum("rain_case") + stored["soil"].sum("case")
    np.testing.assert_allclose(total.values.ravel(), whole, rtol=1e-6)
    assert (stored["rain"].dims, stored["soil"].dims) == (("rain_case", "chain", "draw"), ("case", "chain", "draw"))
    np.testing.assert_array_equal(stored["rain_case"], frame["case_id"][frame["rain"].notna()])
    assert az.loo(posterior.tree, var_name="rain").n_data_points == 45
    with pytest.raises(TypeError, match="var_name"):
        az.loo(posterior.tree)


@pytest.mark.slow
def test_the_log_prior_of_a_fit_is_that_of_scipy(pact):
    found, draws = pact.tree["log_prior"], pact.draws
    assert set(found.data_vars) == {"era.table", "kept.baseline", "kept.era", "kept.actor_sd"}
    flat = {str(name): array.values.reshape(800, -1) for name, array in draws.data_vars.items()}
    np.testing.assert_allclose(
        found["era.table"].values.ravel(), dirichlet([1, 1]).logpdf(flat["era.table"].T), atol=1e-10
    )
    expected = dirichlet([1, 1, 1]).logpdf(flat["kept.baseline"].T)
    np.testing.assert_allclose(found["kept.baseline"].values.ravel(), expected, atol=1e-10)
    expected = halfnorm(scale=0.7).logpdf(flat["kept.actor_sd"]).ravel()
    np.testing.assert_allclose(found["kept.actor_sd"].values.ravel(), expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(flat["kept.era"].sum(axis=1), 0, atol=1e-12)
    inside = flat["kept.era"] @ null_space(np.ones((1, 2)))
    np.testing.assert_allclose(
        found["kept.era"].values.ravel(), norm(0, 1).logpdf(inside).sum(axis=1), rtol=1e-10, atol=1e-12
    )


@pytest.mark.slow
def test_the_unseen_member_is_drawn_from_the_population(pact):
    unseen = pact.draws["kept.actor"].sel(actor="(new)") / pact.draws["kept.actor_sd"]
    assert kstest(unseen.values.ravel(), norm.cdf).pvalue > 1e-3
    known = pact.draws["kept.actor"].sel(actor="USA")
    assert not np.any(known == pact.draws["kept.actor"].sel(actor="(new)"))


@pytest.mark.slow
def test_arviz_takes_the_posterior(pact):
    summary = az.summary(pact.tree)
    assert "kept.actor[(new)]" in summary.index
    loo = az.loo(pact.tree, var_name="kept")
    assert (loo.n_data_points, loo.n_samples) == (40, 800)
    assert float(az.rhat(pact.tree)["kept.actor_sd"]) < 1.1
    assert np.isfinite(az.psense(pact.tree, var_names=["kept.era"])["kept.era"]).all()


@pytest.mark.slow
def test_a_seed_is_a_fit_by_nuts_too():
    settings = {"draws": 20, "tune": 50, "chains": 1}
    one, other = (fit(PACT, pact_cases(), seed=8, **settings) for _ in range(2))
    xr.testing.assert_identical(one.draws, other.draws)
    third = fit(PACT, pact_cases(), seed=9, **settings)
    assert not np.any(one.draws["kept.actor"] == third.draws["kept.actor"])


def test_log_prior_of_effects_that_sum_to_zero_both_ways():
    network = Network((Node("a", ("0", "1", "2")), Node("b", ("x", "y"), (Arrow("a"),), family="softmax")))
    priors = PriorSet.from_mapping(
        {"*.table": Prior.of("dirichlet", alpha=1.0), "*.baseline": Prior.of("dirichlet", alpha=2.0)}
        | {"b.a": Prior.of("normal", mu=0.0, sigma=0.6)}
    )
    (parameter,) = [p for p in network_parameters(network) if p.name == "b.a"]
    drawn = prior_draws(network, priors, seed=1, draws=5000).draws["b.a"].values[0]
    basis = np.kron(null_space(np.ones((1, 3))), null_space(np.ones((1, 2))))
    inside = drawn.reshape(5000, 6) @ basis
    np.testing.assert_allclose(inside @ basis.T, drawn.reshape(5000, 6), atol=1e-12)
    for column in inside.T:
        assert kstest(column, norm(0, 0.6).cdf).pvalue > 1e-3
    found = parameter.log_prior({"b.a": drawn}, priors["b.a"], network.coords)
    np.testing.assert_allclose(found, norm(0, 0.6).logpdf(inside).sum(axis=1), rtol=1e-10, atol=1e-12)


def test_effects_with_a_mean_by_state_have_one_prior_everywhere():
    """What is drawn, what is compiled and what is written down as log prior are the same distribution."""
    import pymc as pm

    network = Network(
        (Node("a", ("0", "1", "2")), Node("b", ("x", "y"), (Arrow("a"),), family="ordinal", ordered=True))
    )
    priors = PriorSet.from_mapping(
        {"*.table": Prior.of("dirichlet", alpha=1.0), "*.baseline": Prior.of("dirichlet", alpha=1.0)}
        | {"b.a": Prior.of("normal", mu={"0": 1.0, "1": 0.0, "2": -4.0}, sigma=0.5)}
    )
    mean = np.array([2.0, 1.0, -3.0])
    drawn = prior_draws(network, priors, seed=1, draws=4000).draws["b.a"].values[0]
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=0.04)
    cases = encode(network, pd.DataFrame({"a": ["0"], "b": ["x"]}))
    model = compiled(network, cases, find_patterns(network, cases), priors, ["b"])
    other = pm.draw(model["b.a"], draws=4000, random_seed=2)
    np.testing.assert_allclose(other.mean(axis=0), mean, atol=0.04)
    np.testing.assert_allclose(np.cov(other.T), np.cov(drawn.T), atol=0.03)
    (parameter,) = [p for p in network_parameters(network) if p.name == "b.a"]
    inside = (drawn - mean) @ null_space(np.ones((1, 3)))
    found = parameter.log_prior({"b.a": drawn}, priors["b.a"], network.coords)
    np.testing.assert_allclose(found, norm(0, 0.5).logpdf(inside).sum(axis=1), rtol=1e-10, atol=1e-12)


def priors_for_pact(**changes):
    stated = {
        "era.table": Prior.of("dirichlet", alpha=1.0),
        "kept.baseline": Prior.of("dirichlet", alpha=1.0),
        "kept.era": Prior.of("normal", mu=0.0, sigma=1.0),
        "kept.actor_sd": Prior.of("half_normal", sigma=1.0),
    }
    stated |= {name.replace("__", "."): prior for name, prior in changes.items()}
    return PriorSet.from_mapping({name: prior for name, prior in stated.items() if prior}, name="mine")


def test_every_fault_of_the_priors_is_said_at_once():
    priors = priors_for_pact(
        kept__eras=Prior.of("normal", mu=0.0, sigma=1.0),
        kept__era=None,
        kept__actor_sd=Prior.of("normal", mu=0.0, sigma=1.0),
        kept__baseline=Prior.of("dirichlet", alpha={"no": 1.0, "partial": 1.0, "yes": 1.0}),
        era__table=Prior.of("dirichlet", alpha=(1.0, 2.0, 3.0)),
    )
    with pytest.raises(PriorError) as raised:
        fit(PACT, pact_cases(), priors, seed=1)
    assert str(raised.value).splitlines() == [
        "priors mine: 6 faults",
        "  kept.eras: no such parameter in network pact; did you mean 'kept.era'?",
        "  era.table, alpha: has 3 numbers for 2 states: old, new",
        "  kept.baseline, alpha: unknown state 'partial'; did you mean 'partly'?",
        "  kept.baseline, alpha: no number for state 'partly'",
        "  kept.era: the set has no prior for this parameter; add an entry for it, or for '*.era'",
        "  kept.actor_sd: takes positive values, but normal(mu=0, sigma=1) is real",
    ]


@pytest.mark.parametrize(
    ("prior", "fault"),
    [
        (Prior.of("student_t", nu=4, mu=0, sigma=1), "effects that sum to zero take a normal prior, not student_t"),
        (Prior.of("normal", mu=0, sigma=(1, 2)), "effects that sum to zero take one sigma for all states"),
    ],
)
def test_effects_that_sum_to_zero_take_what_they_can(prior, fault):
    with pytest.raises(PriorError, match=rf"^priors mine: kept\.era: {fault}$"):
        prior_draws(PACT, priors_for_pact(kept__era=prior), seed=1)


YARDSTICK = Network(
    (
        Node("count", ("1", "2", "3+"), coding=Coding("backers", lower=(1, 2, 3))),
        Node("form", ("treaty", "text"), coding=Coding("legal", levels=(("letter", "text"),))),
        Node("kept", ("no", "yes"), family="ordinal", ordered=True, groups=(Group("actor", "obligor"),)),
    )
)


WHOLE = pd.DataFrame({"backers": 1, "legal": "treaty", "kept": "no", "obligor": list("abab")})


def test_every_fault_of_the_data_is_said_at_once():
    frame = pd.DataFrame(
        {
            "backers": [1, 0, 7, 0],
            "legal": ["treaty", "leter", None, "text"],
            "kept": ["yes", "no", "Yes", "maybe"],
            "obligators": ["a", "b", "c", "d"],
        }
    )
    with pytest.raises(DataError) as raised:
        fit(YARDSTICK, frame, seed=1)
    assert str(raised.value).splitlines() == [
        "data: 5 faults",
        "  case 2, 4, column backers: 0 lies below the lowest state of count, which begins at 1",
        "  case 2, column legal: 'leter' is not a state of form; did you mean 'letter'?",
        "  case 3, column kept: 'Yes' is not a state of kept; did you mean 'yes'?",
        "  case 4, column kept: 'maybe' is not a state of kept; known: no, yes",
        "  column obligor: is missing; effect 'actor' needs it; did you mean 'obligators'?",
    ]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"kept": []}), "data: 4 faults\n  rows: there are none; a fit needs at least one case\n"),
        (
            pd.DataFrame({"obligor": ["a"], "other": [1]}),
            "data: columns: none belongs to a node; expected backers, legal, kept",
        ),
        (
            WHOLE.assign(obligor=["a", None, "b", None]),
            "data: case 2, 4, column obligor: is blank; every case needs one",
        ),
        (
            pd.concat([WHOLE, WHOLE, WHOLE.head(1)]).assign(kept=["on"] * 8 + ["no"]),
            "data: case 1, 2, 3, 4, 5 and 3 more, column kept: 'on' is not a state of kept; known: no, yes",
        ),
        (
            WHOLE.head(1).assign(backers="many"),
            "data: case 1, column backers: 'many' is not a number",
        ),
    ],
)
def test_each_fault_of_the_data_names_rows_and_column(frame, message):
    with pytest.raises(DataError, match=f"^{re.escape(message)}"):
        encode(YARDSTICK, frame)


def test_cells_become_states():
    frame = pd.DataFrame(
        {
            "backers": [1, 2.0, "3", 17, None, float("nan")],
            "legal": ["treaty", "letter", "text", None, "", " "],
            "obligor": [3, 1, 2, 1, 1, 1],
        }
    )
    cases = encode(YARDSTICK, frame, unobserved="kept")
    assert cases.codes["count"].tolist() == [0, 1, 2, 2, -1, -1]
    assert cases.codes["form"].tolist() == [0, 1, 1, -1, -1, -1]
    assert cases.codes["kept"].tolist() == [-1] * 6
    assert cases.levels == {"actor": ("1", "2", "3")}
    assert cases.members["actor"].tolist() == [2, 0, 1, 0, 0, 0]
    assert cases.labels == ("1", "2", "3", "4", "5", "6")
    assert cases.missing == {"count": 2, "form": 3, "kept": 6}


def test_counts_that_a_reader_made_floats_are_states_again():
    network = Network((Node("n", ("0", "1", "2")),))
    assert encode(network, pd.DataFrame({"n": [0.0, None, 2.0]})).codes["n"].tolist() == [0, -1, 2]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"draws": 0}, "fit: draws: must be a whole number of 1 or more, not 0"),
        (
            {"tune": -1, "chains": 0, "target_accept": 1.0},
            (
                "fit: 3 faults\n  tune: must be a whole number of 0 or more, not -1\n"
                "  chains: must be a whole number of 1 or more, not 0\n"
                "  target_accept: must lie between 0 and 1, not 1.0"
            ),
        ),
    ],
)
def test_settings_that_make_no_fit(settings, message):
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        fit(LAWN, lawn_cases(), seed=1, **settings)


def test_the_identity_of_a_fit_changes_with_all_it_depends_on():
    cases = encode(LAWN, lawn_cases())
    settings = Sampling(1, draws=10)
    base = fit_identity(LAWN, cases, LAWN_PRIORS, settings)
    assert fit_identity(LAWN, encode(LAWN, lawn_cases()), LAWN_PRIORS, replace(settings, cores=3)) == base
    other = [
        fit_identity(LAWN, cases, None, settings),
        fit_identity(LAWN, cases, LAWN_PRIORS, Sampling(2, draws=10)),
        fit_identity(LAWN, encode(LAWN, lawn_cases()[::-1]), LAWN_PRIORS, settings),
        fit_identity(LAWN.without_parents(["soil"]), cases, LAWN_PRIORS, settings),
    ]
    assert len({base["key"], *(identity["key"] for identity in other)}) == 5


def test_pointwise_terms_can_be_left_out():
    posterior = fit(LAWN, lawn_cases(), seed=1, draws=5, chains=1, pointwise=False)
    assert "log_likelihood" not in posterior.tree
    assert "log_prior" in posterior.tree


def test_prior_draws_follow_the_priors():
    posterior = prior_draws(load_network("guarantee"), seed=2, draws=3000, levels={"actor": ("USA",)})
    drawn = posterior.draws
    assert posterior.sizes == {"chain": 1, "draw": 3000}
    assert posterior.members == {"actor": ("USA", "(new)"), "guarantee": ("(new)",)}
    assert kstest(drawn["compliance.baseline"].values[0, :, 0], beta(1, 2).cdf).pvalue > 1e-3
    assert kstest(drawn["compliance.actor_sd"].values[0], halfnorm(scale=0.7).cdf).pvalue > 1e-3
    unit = (drawn["compliance.actor"] / drawn["compliance.actor_sd"]).values[0]
    assert kstest(unit[:, 0], norm.cdf).pvalue > 1e-3
    assert abs(np.corrcoef(unit.T)[0, 1]) < 0.07
    for name in ("era.table", "compliance.monitoring.steps"):
        np.testing.assert_allclose(drawn[name].sum(drawn[name].dims[-1]), 1, atol=1e-12)


BASED = replace(LAWN_PRIORS, name="informed", based_on=("Almanac", "Diary"))
TWICE = (
    r"^priors informed: based on Almanac: the cases come from this data set too, which would be counted twice; "
    r"take a set that is not based on it$"
)


@pytest.mark.parametrize("where", ["attrs", "column", "file"])
def test_priors_are_refused_with_the_data_they_were_made_from(where, tmp_path):
    frame = lawn_cases(6)
    if where == "attrs":
        frame.attrs["data_sets"] = ["Almanac", "Gazette"]
    else:
        frame["data_set"] = ["Gazette", " Almanac"] * 3
    cases = frame
    if where == "file":
        cases = tmp_path / "cases.csv"
        frame.to_csv(cases, index=False)
    with pytest.raises(PriorError, match=TWICE):
        fit(LAWN, cases, BASED, seed=1)
    other = replace(BASED, based_on=("Diary",))
    posterior = fit(LAWN, cases, other, seed=1, draws=4)
    assert sorted(posterior.provenance["data_sets"]) == ["Almanac", "Gazette"]
    again = cases_of(posterior)
    assert set(again.data_sets) == {"Almanac", "Gazette"}
    assert again.digest == cases_of(posterior).digest


def test_where_cases_come_from_is_part_of_what_a_fit_depends_on():
    frame = lawn_cases(6)
    named = encode(LAWN, frame.assign(data_set="Almanac"))
    assert encode(LAWN, frame).data_sets == ()
    frame.attrs["data_sets"] = None
    assert encode(LAWN, frame).data_sets == ()
    assert named.data_sets == ("Almanac",)
    assert named.digest != encode(LAWN, frame).digest


def test_a_node_may_have_the_column_of_data_sets_for_its_own(tmp_path):
    network = Network((Node("data_set", ("old", "new")),))
    frame = pd.DataFrame({"data_set": ["old", "new", "new"]})
    frame.to_csv(tmp_path / "cases.csv", index=False)
    for cases in (encode(network, frame), count_cases(network, tmp_path / "cases.csv")):
        assert cases.data_sets == ()
        assert cases.missing == {}
