"""Prior sets from files: inheritance, and every fault at once."""

from __future__ import annotations

import re

import pytest

from servanda.models import Arrow, Network, Node, PriorError, PriorSet
from servanda.models.parameters.distributions import DISTRIBUTIONS
from servanda.priors import load_prior

GOOD = """
name = "mine"
title = "My view"
description = "What I believe."
based_on = ["BF2018"]

[[priors]]
parameter = "*.table"
distribution = "dirichlet"
alpha = { no = 1, yes = 2.5 }
reason = "sure"
source = "me"
certainty = "memory"

[[priors]]
parameter = "y.x"
distribution = "normal"
mu = [0.5, -0.5]
sigma = 1
reason = "sure"
source = "me"
certainty = "judgement"
"""


def entry(parameter, numbers="mu = 0\nsigma = 1", distribution="normal", reason="because", source="me"):
    return (
        f'[[priors]]\nparameter = "{parameter}"\ndistribution = "{distribution}"\n{numbers}\n'
        f'reason = "{reason}"\nsource = "{source}"\ncertainty = "judgement"\n'
    )


@pytest.fixture
def write(tmp_path):
    def write(text, name="mine.toml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def faults(write):
    """Faults of a set written in TOML, as text."""

    def faults(text):
        with pytest.raises(PriorError) as caught:
            load_prior(write(text))
        return [str(fault) for fault in caught.value.faults]

    return faults


def test_reads_what_the_file_says(write):
    priors = load_prior(write(GOOD))
    assert isinstance(priors, PriorSet)
    assert (priors.name, priors.title, priors.description) == ("mine", "My view", "What I believe.")
    assert priors.based_on == ("BF2018",)
    assert str(priors["rain.table"]) == "dirichlet(alpha=[no: 1, yes: 2.5])"
    assert str(priors["y.x"]) == "normal(mu=[0.5, -0.5], sigma=1)"
    assert priors.entry("rain.table").certainty == "memory"


def test_takes_a_path_as_text(write):
    assert load_prior(str(write(GOOD))).name == "mine"


def test_unknown_name_names_the_nearest():
    with pytest.raises(PriorError, match=r"no prior set of this name; did you mean 'literature'\?"):
        load_prior("litterature")


def test_missing_file(tmp_path):
    with pytest.raises(PriorError, match="there is no such file"):
        load_prior(tmp_path / "none.toml")


def test_bad_toml(faults):
    (fault,) = faults('name = "mine"\nname = yours\n')
    assert fault == "is not TOML: Invalid value (at line 2, column 8)"


def test_wrong_encoding(tmp_path):
    path = tmp_path / "latin.toml"
    path.write_bytes('name = "Böhmelt"'.encode("latin-1"))
    with pytest.raises(PriorError, match=r"line 1: not UTF-8 text \(byte 0xF6\)"):
        load_prior(path)


NUMBER_FAULTS = {
    "unknown distribution": ("nromal", "mu = 0", "distribution: unknown distribution 'nromal'; did you mean 'normal'?"),
    "missing number": ("normal", "mu = 0", "normal: needs sigma"),
    "foreign number": ("normal", "mu = 0\nsigma = 1\nnu = 3", "normal: has no number 'nu'; known: mu, sigma"),
    "negative spread": ("half_normal", "sigma = -1", "half_normal: sigma must be above 0, not -1"),
    "no spread in one state": (
        "dirichlet",
        "alpha = { no = 1, yes = 0 }",
        "dirichlet: alpha must be above 0, not 0",
    ),
    "not finite": ("normal", "mu = nan\nsigma = 1", "normal: mu is not a finite number: nan"),
    "text": (
        "normal",
        'mu = "0"\nsigma = 1',
        "mu: must be a number, a list of numbers, or numbers by state, not '0'",
    ),
    "truth": (
        "normal",
        "mu = true\nsigma = 1",
        "mu: must be a number, a list of numbers, or numbers by state, not True",
    ),
    "no states": ("dirichlet", "alpha = {}", "alpha: must be a number, a list of numbers, or numbers by state, not {}"),
}


@pytest.mark.parametrize(("distribution", "numbers", "fault"), NUMBER_FAULTS.values(), ids=NUMBER_FAULTS)
def test_impossible_numbers(faults, distribution, numbers, fault):
    text = 'name = "mine"\n' + entry("y.x", numbers, distribution)
    assert faults(text) == [f"entry 1 (y.x), {fault}"]


def test_number_beyond_any_float(faults):
    (fault,) = faults('name = "mine"\n' + entry("y.x", f"mu = 1{'0' * 400}\nsigma = 1"))
    assert fault.startswith("entry 1 (y.x), mu: must be a number")


@pytest.mark.parametrize("key", ["parameter", "distribution", "reason", "source", "certainty"])
def test_missing_key(faults, key):
    text = re.sub(rf"^{key} = .*\n", "", entry("y.x"), flags=re.MULTILINE)
    place = "entry 1" if key == "parameter" else "entry 1 (y.x)"
    assert faults('name = "mine"\n' + text) == [f"{place}, {key}: is missing"]


@pytest.mark.parametrize("key", ["reason", "source"])
def test_blank_reason_or_source(faults, key):
    assert faults('name = "mine"\n' + entry("y.x", **{key: "  "})) == [f"entry 1 (y.x), {key}: is empty"]


def test_unknown_certainty(faults):
    text = 'name = "mine"\n' + entry("y.x").replace('certainty = "judgement"', 'certainty = "sure"')
    expected = "entry 1 (y.x), certainty: 'sure' is no certainty; one of: read, recomputed, memory, judgement"
    assert faults(text) == [expected]


def test_parameter_named_twice(faults):
    text = 'name = "mine"\n' + entry("y.x") + entry("y.z") + entry("y.x")
    assert faults(text) == ["entry 3 (y.x): repeats the parameter of entry 1"]


def test_unknown_keys(faults):
    text = 'name = "mine"\nauthor = "me"\n' + entry("y.x") + "url = 1\n"
    assert faults(text) == [
        "author: is not a key that is known here",
        "entry 1 (y.x), url: is not a key that is known here",
    ]


def test_no_entries(faults):
    nothing = "priors: none are stated and none inherited; write [[priors]] for each"
    assert faults('title = "empty"') == ["name: is missing", nothing]


def test_empty_entry_and_entry_that_is_none(faults):
    assert "entry 1, parameter: is missing" in faults('name = "mine"\n[[priors]]')
    assert faults('name = "mine"\npriors = [3]') == ["priors.0: input should be a valid dictionary"]


def test_all_faults_at_once(write):
    text = (
        'name = "mine"\ninherits = "litterature"\ncolour = "red"\n'
        + entry("y.a", "mu = 0\nsigma = -1", reason=" ")
        + entry("y.b", distribution="gauss")
        + entry("y.a")
    )
    path = write(text)
    no_such = "there is no prior set of this name; did you mean 'literature'?; or give a path to a .toml file"
    with pytest.raises(PriorError) as caught:
        load_prior(path)
    assert str(caught.value).splitlines() == [
        f"{path}: 6 faults",
        "  colour: is not a key that is known here",
        "  entry 1 (y.a), reason: is empty",
        "  entry 1 (y.a), normal: sigma must be above 0, not -1",
        f"  entry 2 (y.b), distribution: unknown distribution 'gauss'; known: {', '.join(DISTRIBUTIONS)}",
        "  entry 3 (y.a): repeats the parameter of entry 1",
        f"  inherits litterature: {no_such}",
    ]


def test_a_set_can_only_inherit(write):
    priors = load_prior(write('name = "mine"\ninherits = "flat"'))
    assert priors.name == "mine"
    assert priors.entries == load_prior("flat").entries


def test_own_entry_replaces_the_inherited_one(write):
    priors = load_prior(write('name = "mine"\ninherits = "literature"\n' + entry("compliance.regime")))
    assert str(priors["compliance.regime"]) == "normal(mu=0, sigma=1)"
    assert len([e for e in priors.entries if e.parameter == "compliance.regime"]) == 1
    assert priors["compliance.era"] == load_prior("literature")["compliance.era"]


def test_own_pattern_wins_over_inherited_names(write):
    priors = load_prior(write('name = "mine"\ninherits = "literature"\n' + entry("guarantors.*")))
    assert str(priors["guarantors.price"]) == "normal(mu=0, sigma=1)"
    assert priors["compliance.price"] == load_prior("literature")["compliance.price"]


def test_own_name_wins_over_own_pattern(write):
    text = 'name = "mine"\ninherits = "literature"\n' + entry("y.x", "mu = 1\nsigma = 1") + entry("y.*")
    assert str(load_prior(write(text))["y.x"]) == "normal(mu=1, sigma=1)"


def test_path_of_an_ancestor_is_relative_to_the_file(write):
    write('name = "base"\nbased_on = ["A", "B"]\n' + entry("y.x"), "base.toml")
    heir = write('name = "heir"\ninherits = "../base.toml"\nbased_on = ["B", "C"]\n' + entry("y.z"), "sub/heir.toml")
    priors = load_prior(heir)
    assert [e.parameter for e in priors.entries] == ["y.x", "y.z"]
    assert priors.based_on == ("A", "B", "C")


def test_faults_of_an_ancestor_are_reported_with_ones_own(write):
    write('name = "base"\n' + entry("y.x", "mu = 0"), "base.toml")
    path = write('name = "heir"\ninherits = "base.toml"\n' + entry("y.z", "sigma = 1"))
    with pytest.raises(PriorError) as caught:
        load_prior(path)
    assert [str(fault) for fault in caught.value.faults] == [
        "entry 1 (y.z), normal: needs mu",
        "inherits base.toml: entry 1 (y.x), normal: needs sigma",
    ]


def test_a_set_that_inherits_itself(faults):
    text = 'name = "mine"\ninherits = "mine.toml"\n' + entry("y.x")
    assert faults(text) == ["inherits mine.toml: the set builds on itself: mine -> mine"]


def test_a_cycle_of_inheritance(write):
    write('name = "a"\ninherits = "b.toml"', "a.toml")
    write('name = "b"\ninherits = "c.toml"', "b.toml")
    write('name = "c"\ninherits = "b.toml"', "c.toml")
    with pytest.raises(PriorError, match="the set builds on itself: b -> c -> b"):
        load_prior(write('name = "mine"\ninherits = "a.toml"'))


def test_five_kinds_of_fault_at_once(write):
    """Unknown distribution, impossible numbers, no reason or source, no such node, a cycle of inheritance."""
    write('name = "base"\ninherits = "mine.toml"\n', "base.toml")
    nothing_said = (
        entry("kept.few").replace('reason = "because"\n', "").replace('source = "me"', 'source = " "')
        + entry("kpet.few")
        + entry("kept.fwe")
    )
    text = (
        'name = "mine"\ninherits = "base.toml"\n'
        + entry("kept.side", distribution="nromal")
        + entry("side.table", "alpha = -1", "dirichlet")
        + nothing_said
    )
    path = write(text)
    side = Node("side", ("a", "b"))
    few = Node("few", ("1", "3"), ordered=True, values=(1, 3))
    kept = Node("kept", ("no", "yes"), (Arrow("side"), Arrow("few")), family="ordinal", ordered=True)
    network = Network((side, few, kept), name="pact")
    with pytest.raises(PriorError) as caught:
        load_prior(path, network)
    assert str(caught.value).splitlines() == [
        f"{path}: 7 faults",
        "  entry 1 (kept.side), distribution: unknown distribution 'nromal'; did you mean 'normal'?",
        "  entry 2 (side.table), dirichlet: alpha must be above 0, not -1",
        "  entry 3 (kept.few), reason: is missing",
        "  entry 3 (kept.few), source: is empty",
        "  inherits base.toml: inherits mine.toml: the set builds on itself: mine -> base -> mine",
        "  kpet.few: there is no node 'kpet' in network pact; did you mean 'kept'?",
        "  kept.fwe: no such parameter in network pact; did you mean 'kept.few'?",
    ]


def test_a_file_without_faults_must_be_complete_for_its_network(write):
    network = Network((Node("kept", ("no", "yes")), Node("side", ("a", "b"))), name="pact")
    path = write('name = "mine"\n' + entry("kept.table", "alpha = { no = 1, yse = 1 }", "dirichlet"))
    with pytest.raises(PriorError) as caught:
        load_prior(path, network)
    assert [str(fault) for fault in caught.value.faults] == [
        "kept.table, alpha: unknown state 'yse'; did you mean 'yes'?",
        "kept.table, alpha: no number for state 'yes'",
        "side.table: the set has no prior for this parameter; add an entry for it, or for '*.table'",
    ]
    assert load_prior(path).name == "mine"
