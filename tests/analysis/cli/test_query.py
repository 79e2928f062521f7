"""`servanda query`: answers, options that exclude each other, bad questions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from servanda.analysis.cli.app import app
from servanda.models import Posterior


def run(*words: str) -> Result:
    return CliRunner().invoke(app, [*words])


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory, keeping: Posterior) -> Path:
    """Name a file that every test of this module reads and none writes to."""
    path = tmp_path_factory.mktemp("stored") / "keeping.nc"
    keeping.save(path)
    return path


def test_a_query_prints_a_table(stored: Path):
    result = run("query", str(stored), "kept", "--do", "backers=many")
    assert result.exit_code == 0
    assert "P(kept | do(backers = many))" in result.stdout
    assert "90 % interval" in result.stdout


def test_a_query_as_json_is_the_answer_of_python(stored: Path, keeping: Posterior):
    from servanda.analysis import probability, summarise

    result = run("query", str(stored), "kept", "-g", "backers=many", "--json")
    told = json.loads(result.stdout)
    exact = summarise(probability(keeping, "kept", {"backers": "many"}).sel(kept="yes"))
    assert told["answer"]["yes"]["mean"] == pytest.approx(exact.mean)
    assert told["question"] == "P(kept | backers = many)"
    assert told["failed_gates"] == []


def test_a_query_can_explain_itself(stored: Path):
    result = run("query", str(stored), "backers", "-g", "kept=yes", "--explain")
    assert result.exit_code == 0
    assert "tables kept: backers, kept" in result.stdout


def test_a_query_without_a_target_tells_every_node(stored: Path, keeping: Posterior):
    from servanda.analysis import marginals

    result = run("query", str(stored), "--json")
    told = {one["question"]: one["answer"] for one in json.loads(result.stdout)}
    assert set(told) == {"P(backers)", "P(kept)"}
    exact = marginals(keeping)["p_kept"].sel(kept="yes").mean()
    assert told["P(kept)"]["yes"]["mean"] == pytest.approx(float(exact))


def test_a_query_takes_weights_and_distributions(stored: Path, keeping: Posterior):
    from servanda.analysis import probability

    for option, kind in (("--virtual", "virtual"), ("--soft", "soft")):
        result = run("query", str(stored), "backers", option, "kept=no:0.25,yes:0.75", "--json")
        stated = {kind: {"kept": {"no": 0.25, "yes": 0.75}}}
        exact = probability(keeping, "backers", **stated).sel(backers="many").mean()
        assert json.loads(result.stdout)["answer"]["many"]["mean"] == pytest.approx(float(exact))


def test_a_query_can_ask_what_would_have_been(stored: Path, keeping: Posterior):
    from servanda.analysis import counterfactual

    words = ("kept", "-g", "backers=few", "-g", "kept=no", "--had", "backers=many")
    result = run("query", str(stored), *words)
    assert result.exit_code == 0
    assert "coupling: gumbel" in result.stdout
    assert "no data can test it" in result.stdout
    told = json.loads(run("query", str(stored), *words, "--json").stdout)
    exact = counterfactual(keeping, "kept", {"backers": "few", "kept": "no"}, {"backers": "many"})
    assert told["answer"]["yes"]["mean"] == pytest.approx(float(exact.sel(kept="yes").mean()))


def test_a_query_can_ask_what_a_change_is_worth(stored: Path, keeping: Posterior):
    from servanda.analysis import contrast

    words = ("kept", "-d", "backers=many", "--against", "backers=few", "--margin", "0.1")
    result = run("query", str(stored), *words)
    assert result.exit_code == 0
    assert "gain ≥ 10" in " ".join(result.stdout.split())
    told = json.loads(run("query", str(stored), *words, "--json").stdout)
    exact = contrast(keeping, "kept", {"backers": "few"}, {"backers": "many"}, margin=0.1).sel(kept="yes")
    for name in ("gain", "within", "loss"):
        assert told["change"]["yes"][name] == pytest.approx(float(exact[name]))
    assert told["change"]["yes"]["mean"] == pytest.approx(float(exact["difference"].mean()))
    assert (told["question"], told["against"]) == ("P(kept | do(backers = many))", "P(kept | do(backers = few))")


def test_a_query_can_ask_what_would_undo_a_change(stored: Path, keeping: Posterior):
    from servanda.analysis import confounding

    words = ("kept", "-d", "backers=many", "--against", "backers=few")
    plain = run("query", str(stored), *words)
    assert "is identified, if the network holds every common cause" in " ".join(plain.stdout.split())
    assert "unmeasured" not in plain.stdout
    assert "confounding" not in json.loads(run("query", str(stored), *words, "--json").stdout)
    found = confounding(keeping, "kept", {"backers": "few"}, {"backers": "many"})
    result = run("query", str(stored), *words, "--confounding")
    assert result.exit_code == 0
    assert f"kept = yes: {found.in_words()}" in result.stdout
    told = json.loads(run("query", str(stored), *words, "--confounding", "--json").stdout)
    assert told["confounding"] == found.to_dict()
    assert told["identification"] == found.identification


def test_a_query_can_ask_for_the_best_explanation(stored: Path):
    result = run("query", str(stored), "--best", "-g", "kept=no")
    assert result.exit_code == 0
    assert "most probable under P(all other nodes | kept = no)" in result.stdout
    assert "backers = few (best in" in result.stdout or "backers = many (best in" in result.stdout


def test_a_query_with_an_intervention_says_whether_it_is_identified(stored: Path):
    result = run("query", str(stored), "kept", "-d", "backers=many")
    assert "is identified, if the network holds every common cause" in " ".join(result.stdout.split())


def test_a_network_file_can_be_asked(tmp_path: Path, lawn: Posterior):
    path = tmp_path / "lawn.bif"
    lawn.to_file(path)
    result = run("query", str(path), "rain", "-g", "wet=wet", "--json")
    assert result.exit_code == 0
    # Of one draw no R-hat can be told, and JSON has no NaN.
    told = json.loads(result.stdout, parse_constant=pytest.fail)["answer"]
    assert {state: one["rhat"] for state, one in told.items()} == {"no": None, "yes": None}
    missing = run("query", str(tmp_path / "no.bif"), "rain")
    assert missing.exit_code == 2
    assert "there is no such file" in missing.stderr


def test_a_network_file_is_known_by_its_suffix_in_capitals(tmp_path: Path, lawn: Posterior):
    lawn.to_file(tmp_path / "LAWN.BIF")
    assert run("query", str(tmp_path / "LAWN.BIF"), "rain", "--json").exit_code == 0
    (tmp_path / "pact.DNE").write_text("// ~->[DNET-1]->~")
    refused = run("query", str(tmp_path / "pact.DNE"), "rain")
    assert refused.exit_code == 2
    assert "is a Netica network, which is not read or written; open it in GeNIe and save it as" in " ".join(
        refused.stderr.split()
    )


def test_counts_in_a_network_file_are_remarked_upon(tmp_path: Path):
    path = tmp_path / "pact.net"
    path.write_text("net { } node pact { states = (weak strong); } potential (pact) { data = (30 70); }")
    result = run("query", str(path), "pact")
    assert result.exit_code == 0
    assert "node pact: its table adds up to other numbers than 1, as counts do; its rows were scaled" in " ".join(
        result.stderr.split()
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--best", "kept", "--had", "backers=few"], "--had: says nothing beside --best; drop one of them"),
        (["kept", "-g", "kept=no", "--had", "backers=many", "-d", "backers=few"], "--do: says nothing beside --had"),
        (["kept", "--virtual", "backers=few"], "--virtual: 'few' of 'backers' is not STATE:NUMBER"),
        (["kept", "--virtual", "backers=few:1"], "virtual backers: lacks a number for many; state one for each state"),
        (["kept", "--soft", "backers=few:0.9,many:0.2"], "soft backers: are probabilities that add up to 1.1"),
        (["kept", "--against", "backers=few"], "--against: needs one NODE to ask about, and a --do to compare with it"),
        (["kept", "-d", "backers=few", "--margin", "0.1"], "--margin: says nothing without --against"),
        (["kept", "-d", "backers=few", "--confounding"], "--confounding: says nothing without --against"),
        (
            ["kept", "-d", "backers=few", "--against", "backers=many", "--margin", "2"],
            "margin: is 2.0; give a change of probability from 0 up to 1",
        ),
        (["kept", "--against", "backers=few", "--best"], "--best: says nothing beside --against; drop one of them"),
        (["--had", "backers=many"], "target: none is asked for"),
        (["kepd"], "target kepd: no such node; did you mean 'kept'?"),
        (["kept", "-g", "backers=some"], "given backers: has no state 'some'"),
        (["kept", "-g", "backers"], "--given: 'backers' is not NODE=STATE"),
        (["kept", "-g", "backers=few", "-g", "backers=many"], "--given: gives 'backers' two states"),
        (["kept", "-g", "backers=few", "-d", "backers=few"], "is both given (observed) and done (set)"),
        (["kept", "--actor", "USA"], "actor: network keeping has no effect of this name"),
    ],
)
def test_a_bad_question_is_one_message_and_exit_2(stored: Path, words: list[str], message: str):
    result = run("query", str(stored), *words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_a_missing_or_foreign_file_is_exit_2(tmp_path: Path):
    assert "there is no such file" in run("query", str(tmp_path / "no.nc"), "kept").stderr
    foreign = tmp_path / "text.nc"
    foreign.write_text("not a posterior")
    result = run("query", str(foreign), "kept")
    assert result.exit_code == 2
    assert "is not a posterior that Servanda saved, or is damaged" in result.stderr


def test_too_few_draws_fail_the_gate_with_exit_1(tmp_path: Path, keeping: Posterior):
    few = {name: keeping.draws[f"{name}.table"].isel(draw=slice(20)) for name in ("backers", "kept")}
    path = tmp_path / "few.nc"
    Posterior.from_tables(keeping.network, few).save(path)
    result = run("query", str(path), "kept")
    assert result.exit_code == 1
    assert "gate failed: bulk ESS of" in result.stderr


def test_an_intervention_by_lot(stored: Path, keeping: Posterior):
    from servanda.analysis import contrast, probability

    lot = {"few": 0.3, "many": 0.7}
    told = json.loads(run("query", str(stored), "kept", "--do", "backers=few:.3,many:.7", "--json").stdout)
    exact = probability(keeping, "kept", do={"backers": lot}).sel(kept="yes").mean()
    assert told["answer"]["yes"]["mean"] == pytest.approx(float(exact))
    assert told["question"] == "P(kept | do(backers ~ (few 0.3, many 0.7)))"
    words = ("kept", "--do", "backers=many", "--against", "backers=few:.3,many:.7")
    told = json.loads(run("query", str(stored), *words, "--json").stdout)
    effect = contrast(keeping, "kept", {"backers": lot}, {"backers": "many"})["difference"].sel(kept="yes")
    assert told["change"]["yes"]["mean"] == pytest.approx(float(effect.mean()))
    wrong = run("query", str(stored), "kept", "--do", "backers=few:.3,many:x")
    assert wrong.exit_code == 2
    assert "'many:x' of 'backers' is not STATE:NUMBER" in wrong.stderr


def test_the_best_explanation_under_soft_evidence(stored: Path, keeping: Posterior):
    from servanda.analysis import most_probable

    result = run("query", str(stored), "--best", "--soft", "kept=no:.9,yes:.1", "--json")
    exact = most_probable(keeping, soft={"kept": {"no": 0.9, "yes": 0.1}})
    assert json.loads(result.stdout)["answer"] == exact.attrs["answer"]


def test_the_best_states_of_named_nodes_and_the_next_best(stored: Path, keeping: Posterior):
    from servanda.analysis import most_probable

    told = json.loads(run("query", str(stored), "backers", "--best", "-g", "kept=no", "--json").stdout)
    exact = most_probable(keeping, {"kept": "no"}, nodes=["backers"])
    assert (told["question"], told["answer"]) == (exact.attrs["question"], exact.attrs["answer"])
    assert told["ties"] == {"most": 1, "share_of_draws": 0.0}
    result = run("query", str(stored), "--best", "--top", "2")
    assert result.stdout.splitlines()[1:] == most_probable(keeping, k=2).attrs["answer"].splitlines()
    alone = run("query", str(stored), "kept", "--top", "2")
    assert alone.exit_code == 2
    assert "--top: says nothing without --best" in alone.stderr


def test_a_query_says_the_words_of_a_scale(stored: Path):
    from servanda.analysis import load_lexicon

    words = ("query", str(stored), "kept", "-g", "backers=many", "--lexicon", "phia")
    told = json.loads(run(*words, "--json").stdout)
    scale = load_lexicon("phia")
    assert told["lexicon"] == scale.title
    for cell in told["answer"].values():
        assert (cell["word"], cell["range"]) == (scale.band(cell["mean"]).word, scale.band(cell["mean"]).range)
    shown = " ".join(run(*words).stdout.split())
    assert f"[{told['answer']['yes']['range'].split()[0]}" in shown
    assert f"lexicon: {scale.title}" in shown
    assert "word" not in json.loads(run(*words[:-2], "--json").stdout)["answer"]["yes"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--lexicon", "icd204"], "icd203"),
        (["--do", "backers=many", "--against", "backers=few", "--lexicon", "phia"], "nothing beside --against"),
        (["--best", "--lexicon", "phia"], "nothing beside --best"),
    ],
)
def test_words_of_a_scale_are_refused_where_there_is_none_to_say(stored: Path, words: list[str], message: str):
    result = run("query", str(stored), "kept", *words)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
