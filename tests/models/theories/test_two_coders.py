"""Two coders, judged by sums over the truth that neither of them shows."""

from __future__ import annotations

import re
from itertools import product

import arviz as az
import numpy as np
import pandas as pd
import pytest
from scipy.special import betaln, gammaln

from servanda.models import (
    Arrow,
    Coding,
    DataError,
    Network,
    Node,
    Prior,
    PriorSet,
    coded_by,
    encode,
    fit,
    load_network,
)
from servanda.models import pymc_model as compiled
from servanda.models.cases.likelihood import log_likelihood
from servanda.models.cases.patterns import find_patterns
from servanda.models.network.parameters import check_priors, network_parameters, parameter_coords
from servanda.models.sampling.augmentation import augmented_draws
from servanda.models.sampling.blocks import choose_sampler
from servanda.models.sampling.prior_draws import prior_draws
from servanda.models.sampling.run import Sampling

OUTCOMES = ("broken", "partial", "kept")
GRADES = ("low", "high")
NETWORK = Network(
    (
        Node("sworn", ("no", "yes")),
        Node("kept", OUTCOMES, (Arrow("sworn"),), ordered=True, coding=Coding("outcome")),
    ),
    name="oaths",
)


def twice_coded(sworn, said, sure, names=OUTCOMES):
    """Cases from state numbers; `said` and `sure` have a column for each coder, -1 is blank."""

    def named(column, states):
        return pd.Series([states[code] if code >= 0 else None for code in column], dtype=object)

    return pd.DataFrame(
        {
            "sworn": named(sworn, ("no", "yes")),
            "outcome": named(said[:, 0], names),
            "second_outcome": named(said[:, 1], names),
            "confidence": pd.Categorical(named(sure[:, 0], GRADES), GRADES, ordered=True),
            "second_confidence": pd.Categorical(named(sure[:, 1], GRADES), GRADES, ordered=True),
        }
    )


def test_a_row_is_the_sum_over_what_happened():
    rng = np.random.default_rng(1)
    frame = twice_coded(rng.integers(0, 2, 40), rng.integers(-1, 3, (40, 2)), rng.integers(0, 2, (40, 2)))
    network, cases, _ = coded_by(NETWORK, frame, None, "both", "kept")
    posterior = prior_draws(network, seed=2, draws=5)
    coded = encode(network, cases)
    assert coded.missing["kept"] == 40
    values = {name: np.moveaxis(x, -1, 0) for name, x in posterior.values.items()}
    found = log_likelihood(network, find_patterns(network, coded), values)
    for draw, row in product(range(5), range(40)):
        table = {name: posterior.table(name).values[0, draw] for name in network.names}
        state = {name: coded.codes[name][row] for name in network.names}
        total = 0.0
        for truth in range(3):
            term = table["sworn"][state["sworn"]] * table["kept"][state["sworn"], truth]
            for coder in ("kept_first", "kept_second"):
                sure = state[f"{coder}_confidence"]
                said = state[coder]
                term *= table[f"{coder}_confidence"][sure] * (table[coder][sure, truth, said] if said >= 0 else 1.0)
            total += term
        assert found[draw, row] == pytest.approx(np.log(total), abs=1e-10)


def drawn_from(tables, codes, rng):
    return (rng.random((len(codes), 1)) > tables[codes].cumsum(axis=-1)[:, :-1]).sum(axis=1)


# Few draws for a slow block: means are judged by four of their own standard deviations.
@pytest.mark.filterwarnings("ignore::servanda.models.errors.ConvergenceWarning")
def test_known_confusion_and_outcomes_are_found_again():
    rng = np.random.default_rng(3)
    rows = 6000
    sworn = rng.integers(0, 2, rows)
    outcomes = np.array([[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]])
    truth = drawn_from(outcomes, sworn, rng)
    good, poor = np.array([[0.95, 0.04, 0.01], [0.1, 0.8, 0.1], [0.02, 0.08, 0.9]]), np.full((3, 3), 0.2)
    poor[np.diag_indices(3)] = 0.6
    sure = rng.integers(0, 2, (rows, 2))
    said = np.empty((rows, 2), int)
    for coder, grade in product((0, 1), (0, 1)):
        those = sure[:, coder] == grade
        said[those, coder] = drawn_from((poor, good)[grade], truth[those], rng)
    said[rng.random(rows) < 0.1, 1] = -1  # not all cases were coded again
    frame = twice_coded(sworn, said, sure)
    posterior = fit(
        *coded_by(NETWORK, frame, None, "both", "kept"), seed=1, draws=400, tune=500, thin=10, pointwise=False
    )
    (block,) = posterior.provenance["drawn_by_augmentation"]
    assert set(block) == {"kept", "kept_first", "kept_second"}
    expected = {"kept.table": outcomes}
    expected |= {f"kept_{coder}.confusion": np.stack([poor, good]) for coder in ("first", "second")}
    for name, known in expected.items():
        drawn = posterior.draws[name]
        off = (drawn.mean(("chain", "draw")).values - known) / drawn.std(("chain", "draw")).values
        assert np.abs(off).max() < 4, name
        assert float(az.rhat(posterior.draws[[name]])[name].max()) < 1.05
    assert float(posterior.draws["kept.table"].std(("chain", "draw")).max()) < 0.03


LONE = Network((Node("kept", ("no", "yes")),), name="lone")
#: What the two coders say -> how many cases; both are always sure.
SAID = {(0, 0): 4, (1, 1): 5, (0, 1): 2, (1, 0): 1, (1, -1): 2}


def lone_cases():
    said = np.array([codes for codes, count in SAID.items() for _ in range(count)])
    frame = twice_coded(np.zeros(len(said), int), said, np.ones_like(said), ("no", "yes"))
    return frame.rename(columns={"outcome": "kept", "second_outcome": "second_kept"})


def by_enumeration(right=6.0, wrong=0.75):
    """Posterior means as a sum over the truths of all cases, equal cases together."""
    whole, sums = 0.0, {}
    for split in product(*(range(count + 1) for count in SAID.values())):
        truth, matrix, choices = np.ones(2), np.full((2, 2, 2), wrong), 0.0
        matrix[:, [0, 1], [0, 1]] = right
        for (codes, count), yes in zip(SAID.items(), split, strict=True):
            choices += gammaln(count + 1) - gammaln(yes + 1) - gammaln(count - yes + 1)
            for state, cases in ((0, count - yes), (1, yes)):
                truth[state] += cases
                for coder, code in enumerate(codes):
                    if code >= 0:
                        matrix[coder, state, code] += cases
        times = np.exp(choices + betaln(*truth) + betaln(matrix[..., 0], matrix[..., 1]).sum())
        means = {"kept": truth[1] / truth.sum()}
        means |= {(c, s): matrix[c, s, 1] / matrix[c, s].sum() for c in (0, 1) for s in (0, 1)}
        whole += times
        sums = {key: sums.get(key, 0.0) + times * mean for key, mean in means.items()}
    return {key: total / whole for key, total in sums.items()}


def agrees(posterior):
    coders = [posterior.draws[f"kept_{c}.confusion"].isel({f"kept_{c}_confidence": 1}) for c in ("first", "second")]
    for key, mean in by_enumeration().items():
        drawn = posterior.draws["kept.table"][..., 1] if key == "kept" else coders[key[0]][..., key[1], 1]
        assert abs(float(drawn.mean()) - mean) < 4 * float(az.mcse(drawn.values, method="mean")), key


def test_a_small_fit_agrees_with_a_sum_over_the_truth():
    posterior = fit(*coded_by(LONE, lone_cases(), None, "both", "kept"), seed=1, draws=5000, thin=1, tune=50, chains=2)
    assert posterior.provenance["drawn_by_augmentation"] == [["kept", "kept_first", "kept_second"]]
    agrees(posterior)


KINDS = ("table", "confusion", "confusion")


def test_what_nuts_would_sample_has_the_same_density():
    """Judged by NumPy's sum over the truth and by the priors' own densities."""
    import pymc as pm

    network, cases, _ = coded_by(LONE, lone_cases(), None, "both", "kept")
    coded = encode(network, cases)
    patterns = find_patterns(network, coded)
    nodes = ("kept", "kept_first", "kept_second")
    model = compiled(network, coded, patterns, None, nodes)
    drawn = prior_draws(network, seed=3, draws=3)
    values = {name: np.moveaxis(x, -1, 0) for name, x in drawn.values.items()}
    expected = log_likelihood(network, patterns, values).sum(axis=1)
    expected -= sum(  # the roots, of which the block knows nothing
        np.log(values[f"kept_{coder}_confidence.table"][:, 1]) * len(coded) for coder in ("first", "second")
    )
    for draw in range(3):
        point = {
            model[f"{name}.{kind}"]: values[f"{name}.{kind}"][draw] for name, kind in zip(nodes, KINDS, strict=True)
        }
        found = sum(model.potentials).eval(point, mode="FAST_COMPILE")
        assert float(found) == pytest.approx(expected[draw], rel=1e-9)
    for parameter in network_parameters(network, nodes):
        own = values[parameter.name][0]
        found = pm.logp(model[parameter.name], own).eval(mode="FAST_COMPILE").sum()
        judge = parameter.log_prior({parameter.name: own}, parameter.default, parameter_coords(network))
        assert float(found) == pytest.approx(float(judge), rel=1e-9)


def test_questions_about_the_truth_are_asked_as_before():
    from servanda.analysis import probability

    posterior = fit(*coded_by(LONE, lone_cases(), None, "both", "kept"), seed=1, draws=200, tune=50, chains=2)
    asked = probability(posterior, "kept")
    np.testing.assert_allclose(asked.values, posterior.draws["kept.table"].values, rtol=1e-12)
    codes = {"kept_first": "yes", "kept_second": "no"}
    seen = probability(posterior, "kept", given={**codes, "kept_first_confidence": "high"})
    assert seen.dims == ("chain", "draw", "kept")
    assert (
        probability(posterior, "kept_first", do={"kept": "no"}).attrs["identified"]
        == "if the network holds every common cause"
    )


def test_the_prior_of_the_coders_keeps_the_states_in_place():
    """Without it a fit refuses; and augmentation that did not would have its chains in different namings."""
    flat = PriorSet.from_mapping({"*": Prior.of("dirichlet", alpha=1)})
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 3, 1500)
    said = np.where(rng.random((1500, 2)) < 0.85, truth[:, None], rng.integers(0, 3, (1500, 2)))
    frame = twice_coded(truth % 2, said, np.ones_like(said))
    network, cases, priors = coded_by(NETWORK, frame, flat, "both", "kept")
    with pytest.raises(DataError, match=r"node kept: has no data .*, and nothing tells its states apart \(broken"):
        fit(network, cases, priors, seed=1)
    patterns = find_patterns(network, encode(network, cases))
    nodes = ("kept", "kept_first", "kept_second")
    found = {}
    for stated in (flat, None):
        alphas = {
            parameter.name.split(".")[0]: parameter.prior(stated).alpha(
                network.shape(parameter.name.split(".")[0]), parameter.states(parameter_coords(network))
            )
            for parameter in network_parameters(network, nodes)
        }
        drawn = augmented_draws(
            network, patterns, alphas, Sampling(0, draws=300, tune=500, chains=4, thin=10), np.random.default_rng(1)
        )
        found[stated is flat] = max(float(az.rhat(drawn["kept"][..., s, t])) for s in (0, 1) for t in (0, 1, 2))
    assert found[False] < 1.1
    assert found[True] > 1.5


def test_the_first_coding_is_the_data_as_it_is():
    frame = lone_cases()
    network, cases, priors = coded_by(LONE, frame, None)
    assert network is LONE
    assert cases is frame
    assert priors is None


def test_the_second_coding_takes_the_place_of_the_first():
    frame = lone_cases().assign(other="x", second_other=["y"] * 13 + [None])
    _, cases, _ = coded_by(LONE, frame, None, "second")
    assert cases["kept"].equals(frame["second_kept"].rename("kept"))
    assert cases["other"].dropna().tolist() == ["y"] * 13
    assert not any(str(name).startswith("second_") for name in cases)
    assert frame["kept"].tolist() == lone_cases()["kept"].tolist()
    posterior = fit(*coded_by(LONE, frame, None, "second"), seed=1, draws=4000, chains=1)
    assert posterior.provenance["missing_cells"] == {"kept": 2}
    assert float(posterior.draws["kept.table"][..., 1].mean()) == pytest.approx(8 / 14, abs=0.01)


def test_a_set_that_is_silent_on_coders_gets_a_default_that_says_so():
    priors = PriorSet.from_mapping({"*": Prior.of("normal", mu=0, sigma=1), "*.table": Prior.of("dirichlet", alpha=2)})
    network, _, full = coded_by(LONE, lone_cases(), priors, "both", "kept")
    assert str(full["kept_first.confusion"]) == "confusion(far=0.75, near=0.75, right=6)"
    assert "the default of the family" in full.entry("kept_first.confusion").reason
    assert str(full["kept_first_confidence.table"]) == "dirichlet(alpha=2)"
    check_priors(network, full, parameter_coords(network))
    own = PriorSet.from_mapping(
        {"*.table": Prior.of("dirichlet", alpha=2), "*.confusion": Prior.of("confusion", right=9, near=1, far=1)}
    )
    assert coded_by(LONE, lone_cases(), own, "both", "kept")[2].entries == own.entries


def test_a_confusion_speaks_of_its_last_parent():
    from servanda.models import NetworkError

    with pytest.raises(NetworkError, match="node y: family 'confusion' needs a parent: the node that it speaks of"):
        Network((Node("y", ("a", "b"), family="confusion"),))
    x = Node("x", ("b", "a"))
    with pytest.raises(NetworkError, match="speaks of its last parent and needs the states of 'x': b, a"):
        Network((x, Node("y", ("a", "b"), (Arrow("x"),), family="confusion")))


def test_a_confusion_prior_needs_a_square():
    from servanda.models import PriorError

    square = PriorSet.from_mapping({"*": Prior.of("confusion", right=6, near=1, far=1)})
    with pytest.raises(PriorError) as caught:
        check_priors(NETWORK, square, parameter_coords(NETWORK))
    assert str(caught.value).splitlines()[1:] == [
        f"  {name}.table: confusion(far=1, near=1, right=6) is for a table whose last parent has the states of the "
        "node; state a dirichlet"
        for name in ("sworn", "kept")
    ]


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        ({}, ("third",), "coding: 'third' is none; known: first, second, both"),
        ({}, ("both", "kpet"), "coding 'both': node kpet: is not in network lone; did you mean 'kept'?"),
        (
            {"second_kept": None},
            ("second",),
            (
                "coding 'second': columns: there is no second coding of any node (second_kept); "
                "servanda.record.with_second_coding adds it to the shipped cases"
            ),
        ),
        (
            {"second_kept": None, "confidence": None},
            ("both", "kept"),
            (
                "coding 'both': 2 faults\n  column confidence: is missing\n"
                "  column second_kept: is missing; servanda.record.with_second_coding adds it to the shipped cases"
            ),
        ),
        (
            {"kept_first": "x"},
            ("both", "kept"),
            "coding 'both': kept_first: is taken by a node or a column; rename it, since a coder's node has this name",
        ),
    ],
)
def test_what_cannot_be_coded_twice_is_refused(change, arguments, message):
    frame = lone_cases()
    for name, value in change.items():
        frame = frame.drop(columns=name) if value is None else frame.assign(**{name: value})
    with pytest.raises(DataError, match=f"^{re.escape(message)}$"):
        coded_by(LONE, frame, None, *arguments)


@pytest.mark.parametrize("coding", ["second", "both"])
def test_only_a_data_frame_has_a_second_coding(coding):
    coded = encode(LONE, lone_cases())
    with pytest.raises(DataError, match=f"coding '{coding}': cases: are no data frame; a second coding is taken"):
        coded_by(LONE, coded, None, coding, "kept")


def test_one_column_cannot_have_two_truths():
    network = Network((*LONE.nodes, Node("again", ("no", "yes"), coding=Coding("kept"))), name="lone")
    with pytest.raises(DataError, match="node again: is coded from column kept too, which would have two truths"):
        coded_by(network, lone_cases(), None, "both", "kept")


@pytest.mark.parametrize("name", ["flat", "literature", "cheap_talk"])
def test_the_shipped_record_by_both_coders(name):
    from servanda.priors import load_prior
    from servanda.record import load_guarantees, with_second_coding

    frame = with_second_coding(load_guarantees(as_of="2019-04-25"), as_of="2019-04-25")
    network, cases, priors = coded_by(load_network("guarantee"), frame, load_prior(name), "both")
    coded = encode(network, cases)
    assert coded.missing["compliance"] == len(frame)
    assert coded.missing["compliance_second"] == int(frame["second_outcome"].isna().sum())
    assert "compliance_first" not in coded.missing
    check_priors(network, priors, parameter_coords(network, coded.levels))
    assert network["compliance_second_confidence"].states == ("low", "medium", "high")
    tied = find_patterns(network, coded).touched
    assert {"compliance", "compliance_first", "compliance_second"} <= tied
    assert choose_sampler(network, coded, tuple(sorted(tied))) == "nuts"


def test_a_fit_takes_whose_coding_it_is_told():
    """The shipped names: the outcome is called compliance, and `coding` says whose it is."""
    node = Node("compliance", OUTCOMES, ordered=True, coding=Coding("outcome"))
    rng = np.random.default_rng(3)
    said, sure = rng.integers(0, 3, (30, 2)), rng.integers(0, 2, (30, 2))
    frame = twice_coded(np.zeros(30, int), said, sure)
    settings = {"seed": 1, "draws": 200, "tune": 20, "chains": 2}
    for coding in ("first", "second", "both"):
        told = fit(Network((node,)), frame, coder=coding, **settings)
        by_hand = fit(*coded_by(Network((node,)), frame, None, coding), **settings)
        np.testing.assert_array_equal(told.draws["compliance.table"], by_hand.draws["compliance.table"])
    with pytest.raises(DataError, match="'third' is none"):
        fit(Network((node,)), frame, coder="third", **settings)
