"""A report read back from its JSON: whole, of this version, and judged by a foreign validator of JSON schemas."""

from __future__ import annotations

import importlib.util
import json
import random
import re
from copy import deepcopy
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from servanda.analysis.cli.app import app
from servanda.analysis.reporting.assemble import assemble
from servanda.analysis.reporting.build import SCHEMA
from servanda.analysis.reporting.inputs import SinceError, read_earlier
from servanda.analysis.reporting.load import ReportError, check_report, load_report, report_schema
from servanda.analysis.reporting.make import GateError, report_again
from servanda.analysis.reporting.page import page
from servanda.analysis.reporting.schema.report import PARTS
from servanda.analysis.reporting.sections import SECTIONS
from servanda.common.json_values import content_hash, to_json

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="module")
def plain(supposed):
    """The supposed report as JSON holds it."""
    return json.loads(to_json(supposed))


@pytest.fixture
def written(plain, tmp_path):
    """From a dictionary to a file of it."""

    def write(report=plain):
        path = tmp_path / "report.json"
        path.write_text(json.dumps({**report, "sha256": content_hash(report)}), encoding="utf-8")
        return path

    return write


def places(value, way=()):
    """Every table within a value, with the way to it."""
    if isinstance(value, dict):
        yield way, value
    for key, one in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(one, (*way, key))


def test_a_report_is_read_back_as_it_was(plain, written):
    assert load_report(written()) == plain
    jsonschema.Draft202012Validator(report_schema()).validate(plain)


def test_every_section_has_a_schema():
    assert {*PARTS} == {*SECTIONS}


def test_schemas_agree_with_a_validator_of_json_schemas(plain):
    """Wherever a key of a described table is lost, or one too many comes in, both refuse it."""
    judge = jsonschema.Draft202012Validator(report_schema())
    chosen = random.Random(1)
    small = {name: part[:1] if name == "judgements" else part for name, part in plain.items()}
    small["record"] = {**small["record"], "held": small["record"]["held"][:1]}
    small["inputs"] = {}
    found = [way for way, table in places(small) if table]
    refused = 0
    for way in chosen.sample(found, 20):
        report = deepcopy(small)
        table = report
        for key in way:
            table = table[key]
        if chosen.random() < 0.5:
            del table[chosen.choice([*table])]
        else:
            table["never_heard_of"] = 1
        refused += not judge.is_valid(report)
        if judge.is_valid(report):
            check_report(report)
        else:
            with pytest.raises(ReportError):
                check_report(report)
    assert refused > 5


def test_faults_are_all_named_by_their_places(plain, written):
    report = deepcopy(plain)
    del report["record"]
    report["answer"]["confidence"]["leevl"] = report["answer"]["confidence"].pop("level")
    report["judgements"][0]["rows"][1]["passed"] = "perhaps"
    with pytest.raises(ReportError) as error:
        load_report(written(report))
    told = str(error.value)
    assert "report.json: 4 faults" in told
    assert "record: is missing" in told
    assert "answer.confidence.level: is missing" in told
    assert "answer.confidence.leevl: is not a key that is known here" in told
    assert "judgements.0.rows.1.passed: input should be a valid boolean" in told


def test_a_changed_number_is_refused_by_name(plain, written):
    """By whatever it is read: to be worded again, and to be compared with."""
    path = written()
    whole = path.read_text(encoding="utf-8")
    chosen = random.Random(1)
    places = [found.span() for found in re.finditer(r"(?<=[\d.])\d(?=[\d,}\]])", whole)]
    assert len(places) > 1000
    for start, end in chosen.sample(places, 10):
        other = chosen.choice([digit for digit in "123456789" if digit != whole[start:end]])
        path.write_text(whole[:start] + other + whole[end:], encoding="utf-8")
        with pytest.raises(ReportError, match=r"report.json: was changed or damaged .*its hash does not hold.*; write"):
            load_report(path)
        with pytest.raises(SinceError, match=r"report.json: was changed or damaged .*; take another copy"):
            read_earlier(path, plain["question"]["name"], SCHEMA)
    bare = {key: value for key, value in json.loads(whole).items() if key != "sha256"}
    path.write_text(json.dumps(bare), encoding="utf-8")
    with pytest.raises(ReportError, match=r"report.json: carries no hash \(sha256\)"):
        load_report(path)


@pytest.mark.parametrize("version", [1, 2, SCHEMA + 1, None])
def test_another_version_is_refused_by_its_number(plain, written, version):
    message = f"schema: is {version}, and this version of Servanda reads {SCHEMA}; write the report again"
    with pytest.raises(ReportError, match=re.escape(message)):
        load_report(written({**plain, "schema": version}))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"schema": 3, "question"', "is damaged, or no JSON"),
        ("", "is damaged, or no JSON"),
        ("[1, 2]", "holds no report: a table of sections was expected"),
        ("{}", "schema: is None"),
    ],
)
def test_a_damaged_file_is_refused_by_name(tmp_path, text, message):
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(ReportError, match=re.escape(message)) as error:
        load_report(path)
    assert "mine.json" in str(error.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ReportError, match=r"cannot be read \(No such file or directory\)"):
        load_report(tmp_path / "none.json")


def test_the_reference_holds_every_key_of_every_table():
    spec = importlib.util.spec_from_file_location("schema_tables", DOCS / "schema_tables.py")
    tables = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tables)
    shown = tables.expanded((DOCS / "report_json.md").read_text(encoding="utf-8"))
    assert "{json}" not in shown
    sections = [{*re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)} for part in shown.split("\n###")]
    whole = report_schema()
    for part in (whole, *whole["$defs"].values()):
        assert {*part["properties"]} in sections
    for name in re.findall(r"\]\(#(json-\w+)\)", shown):
        assert f"({name})=" in shown
    for row in re.findall(r"^\| `.*$", shown, re.MULTILINE):
        assert all(cell.strip() for cell in row.strip("|").split(" | "))


def test_a_report_is_made_again_without_a_fit(plain, written, tmp_path):
    """The page of the file is that of the dictionary, twice the same; a failed gate stops it as ever."""
    source = written()
    assert not plain["passed"]
    with pytest.raises(GateError) as error:
        report_again(source, tmp_path / "out")
    assert plain["failed_gates"][0] in str(error.value)
    assert not (tmp_path / "out" / "report.html").exists()
    again = report_again(source, tmp_path / "out", draft=True)
    assert again.html.read_text(encoding="utf-8") == page(assemble(plain))
    assert load_report(again.json) == plain


def test_the_command_makes_a_report_again(plain, written):
    source = written({**plain, "passed": True, "failed_gates": []})
    found = CliRunner().invoke(app, ["report", "--from", str(source)])
    assert found.exit_code == 0, found.output
    assert (source.parent / "report.html").exists()
    both = CliRunner().invoke(app, ["report", "dprk-six-party", "--from", str(source)])
    assert both.exit_code == 2
    assert "give a scenario to answer, or a report.json with --from" in " ".join(both.output.split())
