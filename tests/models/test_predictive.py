"""What ArviZ makes of a fit: every function that takes a tree, called; those that do not apply, with the reason."""

from __future__ import annotations

import inspect

import arviz_base
import arviz_plots
import arviz_stats
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.special import logsumexp
from scipy.stats import binom

from servanda.models import (
    Arrow,
    DataError,
    Group,
    Network,
    Node,
    Posterior,
    Prior,
    PriorSet,
    QueryError,
    fit,
    load_posterior,
    predictive_groups,
    scaled_together,
)
from servanda.models.inference.question import CapacityError

NETWORK = Network(
    (
        Node("era", ("old", "new")),
        Node(
            "kept",
            ("no", "partly", "yes"),
            (Arrow("era"),),
            family="ordinal",
            ordered=True,
            groups=(Group("actor", "obligor"),),
        ),
        Node("signed", ("no", "yes"), (Arrow("kept"),)),
    )
)
ROWS = 60


def cases():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(
        {
            "era": rng.choice(["old", "new"], ROWS),
            "kept": rng.choice(["no", "partly", "yes"], ROWS),
            "signed": rng.choice(["no", "yes"], ROWS, p=[0.3, 0.7]),
            "obligor": rng.choice(["FRA", "USA", "UKR"], ROWS),
        }
    )
    frame.loc[::7, "era"] = None
    return frame


@pytest.fixture(scope="module")
def posterior():
    return fit(NETWORK, cases(), seed=1, draws=400, tune=300, chains=2)


@pytest.fixture(scope="module")
def tree(posterior):
    return predictive_groups(posterior, seed=2, prior_draws=400)


#: A scalar parameter, one of several cells, and a node with two states.
SPREAD, EFFECT, TWO = "kept.actor_sd", "kept.era", "signed"
SOME = {"var_names": [SPREAD, EFFECT]}
OUTCOME = {"var_names": [TWO]}

BY_CASE = ("log_likelihood", "posterior_predictive", "observed_data")


def of_one(tree, name):
    return xr.DataTree.from_dict(
        {
            group: node.to_dataset()[[name]] if group in BY_CASE else node.to_dataset()
            for group, node in tree.children.items()
        }
    )


#: Function -> how it is called with a tree, by a line of its own where a name is not all it needs.
CALLS = {
    **dict.fromkeys(("convert_to_dataset", "convert_to_datatree", "extract"), lambda f, tree: f(tree)),
    "get_unconstrained_samples": lambda f, tree: f(tree, var_names=[SPREAD]),
    **dict.fromkeys(
        (
            "bfmi",
            "diagnose",
            "ess",
            "eti",
            "hdi",
            "histogram",
            "iqr",
            "kde",
            "mad",
            "mcse",
            "mean",
            "median",
            "mode",
            "psense",
            "qds",
            "rhat",
            "std",
            "summary",
            "thin",
            "var",
            "plot_autocorr",
            "plot_convergence_dist",
            "plot_dgof",
            "plot_dgof_dist",
            "plot_dist",
            "plot_ess",
            "plot_ess_evolution",
            "plot_forest",
            "plot_mcse",
            "plot_pair",
            "plot_parallel",
            "plot_prior_posterior",
            "plot_psense_dist",
            "plot_psense_quantities",
            "plot_rank",
            "plot_rank_dist",
            "plot_ridge",
            "plot_trace",
            "plot_trace_dist",
        ),
        lambda f, tree: f(tree, **({} if f.__name__ == "bfmi" else SOME)),
    ),
    "psense_summary": lambda f, tree: f(tree, var_names=[EFFECT], likelihood_var_names=["kept"]),
    "bayes_factor": lambda f, tree: f(tree, var_names=SPREAD, ref_vals=0.5),
    "ci_in_rope": lambda f, tree: f(tree, rope=(-0.1, 0.1), **SOME),
    "rhat_nested": lambda f, tree: f(tree, superchain_ids=[0, 0], **SOME),
    **dict.fromkeys(("kl_divergence", "wasserstein"), lambda f, tree: f(tree, tree, num_samples=60, **SOME)),
    **dict.fromkeys(
        ("get_log_likelihood", "loo", "loo_expectations", "loo_metrics", "loo_score", "metrics"),
        lambda f, tree: f(tree, var_name=TWO),
    ),
    "loo_influence": lambda f, tree: f(tree, group="posterior", log_likelihood_var_name=TWO, **SOME),
    "loo_pit": lambda f, tree: f(tree, var_names=[TWO]),
    "loo_i": lambda f, tree: f(0, tree, var_name=TWO),
    "loo_subsample": lambda f, tree: f(tree, observations=20, var_name=TWO, method="lpd"),
    "compare": lambda f, tree: f({"one": tree, "other": tree}, var_name=TWO),
    "weight_predictions": lambda f, tree: f([tree, tree], weights=[0.5, 0.5]),
    "plot_energy": lambda f, tree: f(tree),
    "plot_bf": lambda f, tree: f(tree, var_names=SPREAD, ref_val=0.5),
    "plot_pair_focus": lambda f, tree: f(tree, focus_var=SPREAD, var_names=[EFFECT]),
    "combine_plots": lambda f, tree: f(tree, plots=[(arviz_plots.plot_trace, {}), (arviz_plots.plot_rank, {})], **SOME),
    **dict.fromkeys(
        (
            "plot_loo_pava",
            "plot_loo_pit",
            "plot_ppc_dist",
            "plot_ppc_dist_pit",
            "plot_ppc_interval",
            "plot_ppc_pava",
            "plot_ppc_pit",
            "plot_ppc_rootogram",
            "plot_ppc_tstat",
        ),
        lambda f, tree: f(tree, **OUTCOME),
    ),
    # It goes through all that was observed, whatever is named: it wants a tree of one node.
    "plot_loo_interval": lambda f, tree: f(of_one(tree, TWO)),
    "plot_ppc_pava_residuals": lambda f, tree: f(tree, x_var="member_of_actor", **OUTCOME),
}

NUMBERS = "is for an outcome that is a number; states have no distance"
SURVIVAL = "is for times until something happens"
REFITS = "fits again by a wrapper; `servanda.analysis.leave_one_out` and `evaluate` do that here"
DATASET = "takes a dataset or a dictionary of arrays, not a tree"
#: Function -> why it does not apply. docs/arviz.md says the same.
DO_NOT_APPLY = {
    **dict.fromkeys(("bayesian_r2", "residual_r2", "loo_r2", "plot_lm"), NUMBERS),
    **dict.fromkeys(("generate_survival_curves", "kaplan_meier", "plot_ppc_censored"), SURVIVAL),
    **dict.fromkeys(("lfo_cv", "loo_kfold", "reloo"), REFITS),
    "ecdf": "is not made for trees yet; give it the dataset of a group",
    "loo_approximate_posterior": "corrects draws from an approximation, and these are from the posterior",
    "loo_moment_match": "asks for a density on an unconstrained scale; shapes above 0.7 are left to `leave_one_out`",
    "plot_ecdf_pit": "shows simulation-based calibration, a group of its own",
    **dict.fromkeys(
        (
            "dataset_to_dataarray",
            "dataset_to_dataframe",
            "dict_to_dataset",
            "explode_dataset_dims",
            "from_dict",
            "xarray_sel_iter",
            "xarray_to_ndarray",
            "xarray_var_iter",
        ),
        DATASET,
    ),
}
BINARY = "ignore:Variables signed in .* look binary:UserWarning"
DISCRETE = "ignore:Variables signed in .* look discrete:UserWarning"
#: Function -> what it warns of, and rightly; whatever else is warned of is an error.
WARNS = {
    # A node with two states is binary: `plot_ppc_pava`, which ArviZ advises, is called too.
    **dict.fromkeys(("plot_ppc_dist_pit", "plot_ppc_pit", "plot_ppc_tstat"), (BINARY,)),
    "plot_ppc_dist": (BINARY, DISCRETE),
    # It counts states of one draw after another, where ArviZ takes cells for draws of too few chains.
    "plot_ppc_rootogram": (BINARY, "ignore:Found chain dimension to be longer than draw dimension:UserWarning"),
    # Two chains are one superchain, and one has no variance.
    "rhat_nested": ("ignore:Degrees of freedom <= 0:RuntimeWarning", "ignore:invalid value encountered:RuntimeWarning"),
}


def warns(name):
    return [pytest.mark.filterwarnings(text) for text in WARNS.get(name, ())]


#: What the first argument is called where it is a tree, or something that holds or makes one.
FIRST = {"compare_dict", "data", "data1", "ds", "dt", "dts", "i", "idata", "obj", "wrapper"}


def functions_of_arviz():
    found = {}
    for module in (arviz_base, arviz_stats, arviz_plots):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            first = next(iter(inspect.signature(function).parameters), None)
            if not name.startswith("_") and first in FIRST:
                found[name] = function
    return found


FUNCTIONS = functions_of_arviz()


def test_each_function_of_arviz_is_called_or_said_not_to_apply():
    assert not set(CALLS) & set(DO_NOT_APPLY)
    assert set(FUNCTIONS) == set(CALLS) | set(DO_NOT_APPLY)
    assert set(WARNS) <= set(CALLS)


@pytest.mark.slow
@pytest.mark.parametrize("name", [pytest.param(name, marks=warns(name)) for name in sorted(CALLS)])
def test_arviz_takes_a_tree(name, tree):
    with mpl.rc_context({"backend": "agg"}):
        assert CALLS[name](FUNCTIONS[name], tree) is not None
        plt.close("all")


@pytest.mark.slow
def test_what_follows_from_a_score_can_be_shown(tree):
    loo = arviz_stats.loo(tree, var_name=TWO, pointwise=True)
    assert loo.n_data_points == ROWS
    with mpl.rc_context({"backend": "agg"}):
        assert arviz_plots.plot_khat(loo) is not None
        table = arviz_stats.compare({"one": tree, "other": tree}, var_name=TWO)
        assert arviz_plots.plot_compare(table) is not None
        plt.close("all")
    some = arviz_stats.loo_subsample(tree, observations=20, var_name=TWO, method="lpd", pointwise=True)
    assert arviz_stats.update_subsample(some, tree, observations=10, var_name=TWO, method="lpd") is not None


YES_NO = ("no", "yes")
TABLES = Network((Node("rain", YES_NO), Node("wet", YES_NO, (Arrow("rain"),))))


def days(rows=80):
    rng = np.random.default_rng(3)
    names = np.array(YES_NO, dtype=object)
    rain = rng.integers(0, 2, rows)
    wet = np.where(rng.random(rows) < 0.8, rain, rng.integers(0, 2, rows))
    frame = pd.DataFrame({"rain": names[rain], "wet": names[wet]})
    frame.loc[:9, "rain"] = None
    return frame


@pytest.fixture(scope="module")
def weather():
    return fit(TABLES, days(), seed=1, draws=500, chains=2)


def test_loo_of_a_node_is_that_of_its_cells(weather):
    """A table of one node, whose leave-one-out density is a ratio of counts."""
    frame = days().dropna()
    posterior = fit(TABLES, frame, seed=1, draws=2000, chains=2)
    found = arviz_stats.loo(posterior.tree, var_name="rain")
    yes = int((frame["rain"] == "yes").sum())
    no = len(frame) - yes
    exact = yes * np.log(yes / (len(frame) + 1)) + no * np.log(no / (len(frame) + 1))
    assert found.elpd == pytest.approx(exact, abs=0.05)


def test_replicates_have_the_distribution_that_scores_the_cells(weather):
    tree = predictive_groups(weather, seed=5)
    for name in TABLES.names:
        drawn, log_p = tree["posterior_predictive"][name], tree["log_likelihood"][name]
        assert drawn.dims == log_p.dims == (*tree["observed_data"][name].dims, "chain", "draw")
        # The share of replicates that are as the cell is, against the mean probability of that.
        same = (drawn == tree["observed_data"][name]).sum(("chain", "draw")).values
        p = np.exp(logsumexp(log_p.values.reshape(len(same), -1), axis=1)) / 1000
        assert binom.cdf(same, 1000, p).min() > 1e-5
        assert binom.sf(same - 1, 1000, p).min() > 1e-5


def test_prior_predictive_draws_come_from_the_prior_and_not_the_data():
    priors = PriorSet.from_mapping({"*.table": Prior.of("dirichlet", alpha=(3.0, 1.0))}, name="dry")
    posterior = fit(TABLES, days().dropna(), priors, seed=1, draws=20, chains=1)
    tree = predictive_groups(posterior, seed=5, nodes="rain", prior_draws=3000)
    assert set(tree["prior_predictive"].data_vars) == {"rain"}
    assert set(tree["prior"].data_vars) == set(tree["posterior"].data_vars)
    assert tree["prior"].sizes["draw"] == 3000
    assert float(tree["prior_predictive"]["rain"].mean()) == pytest.approx(0.25, abs=0.01)
    assert float(tree["prior"]["rain.table"].sel(rain="yes").mean()) == pytest.approx(0.25, abs=0.02)


def test_a_seed_is_a_set_of_replicates(weather):
    one, same, other = (predictive_groups(weather, seed=seed, prior_draws=10) for seed in (1, 1, 2))
    assert one["posterior_predictive"].equals(same["posterior_predictive"])
    assert one["prior"].equals(same["prior"])
    assert not one["posterior_predictive"].equals(other["posterior_predictive"])


def test_a_loaded_fit_gives_the_same_groups(weather, tmp_path):
    weather.save(tmp_path / "weather.nc")
    loaded = load_posterior(tmp_path / "weather.nc")
    assert loaded.tree["log_likelihood"].equals(weather.tree["log_likelihood"])
    one, other = (predictive_groups(found, seed=1, prior_draws=10) for found in (weather, loaded))
    assert one["posterior_predictive"].equals(other["posterior_predictive"])
    assert one["log_likelihood"].equals(other["log_likelihood"])


def test_power_scaling_of_a_node_does_not_move_with_the_others():
    """A prior that is all but flat has nothing to scale: a notable sensitivity is a false alarm, of other nodes."""
    rng = np.random.default_rng(1)
    one, many = Node("one", YES_NO), [Node(f"other {number}", tuple("abcdef")) for number in range(12)]
    network = Network((one, *many))
    frame = pd.DataFrame({node.name: ["a"] * 30 for node in many} | {"one": rng.choice(YES_NO, 30)})
    priors = PriorSet.from_mapping(
        {"*": Prior.of("dirichlet", alpha=0.05), "one.table": Prior.of("dirichlet", alpha=1.2)}
    )
    posterior = fit(network, frame, priors, seed=1, draws=500, chains=2)
    said = scaled_together(posterior, "one")
    assert said == {"var_names": ["one.table"], "prior_var_names": ["one.table"], "likelihood_var_names": ["one"]}
    apart = arviz_stats.psense_summary(posterior.tree, **said)
    assert apart["prior"].max() < 0.02
    together = arviz_stats.psense_summary(posterior.tree, var_names=["one.table"])
    assert together["prior"].min() > 0.05


def test_what_missing_cells_tie_is_scaled_together(posterior):
    said = scaled_together(posterior, "kept")
    assert said["var_names"] == ["kept.baseline", "kept.era", "kept.actor_sd", "kept.actor"]
    assert said["prior_var_names"] == ["era.table", "kept.baseline", "kept.era", "kept.actor_sd"]
    assert said["likelihood_var_names"] == ["era", "kept"]
    assert scaled_together(posterior, "signed")["likelihood_var_names"] == ["signed"]


def test_a_node_that_is_not_there_is_named(weather):
    for call in (lambda: predictive_groups(weather, seed=1, nodes=["weet"]), lambda: scaled_together(weather, "weet")):
        with pytest.raises(QueryError, match="weet: is no node; did you mean 'wet'"):
            call()


def test_a_posterior_without_cases_says_so():
    tables = {"rain": [0.8, 0.2], "wet": [[0.9, 0.1], [0.2, 0.8]]}
    dims = {"rain": ("rain",), "wet": ("rain", "wet")}
    fixed = Posterior.from_tables(TABLES, {name: xr.DataArray(x, dims=dims[name]) for name, x in tables.items()})
    for call in (lambda: predictive_groups(fixed, seed=1), lambda: scaled_together(fixed, "wet")):
        with pytest.raises(DataError, match="cases: are not stored with it"):
            call()


def test_too_many_replicates_are_not_begun(weather, monkeypatch):
    monkeypatch.setattr("servanda.models.predictive.MOST_REPLICATES", 1000)
    with pytest.raises(CapacityError, match="would be 150,000, at most 1,000 are made; name fewer nodes"):
        predictive_groups(weather, seed=1)
