"""Languages: numbers as the CLDR has them, values that are never read for marks, catalogues in step with the code."""

from __future__ import annotations

import importlib.util
import re
import string
from datetime import date
from pathlib import Path

import pytest
from babel.dates import format_date
from babel.numbers import parse_decimal
from hypothesis import given
from hypothesis import strategies as st

from servanda.analysis.reporting.document.blocks import Run, plain
from servanda.analysis.reporting.document.language import LOCALES, MESSAGES, Language
from servanda.models.errors import QueryError

SCRIPT = Path(__file__).parents[4] / "scripts" / "messages.py"
MARKS = re.compile(r"\*\*|\*|`|\]\(")


@pytest.fixture(scope="module")
def messages():
    spec = importlib.util.spec_from_file_location("messages", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@given(st.text())
def test_a_value_is_text_whatever_it_holds(value):
    assert Language("en")("**{name}** and {name}", name=value) == (
        Run(value, "strong"),
        Run(" and "),
        Run(value),
    )


def test_marks_make_styles():
    found = Language("en")("a **b** *c* `d` [e](#f)")
    assert [(run.text, run.style, run.href) for run in found] == [
        ("a ", "", ""), ("b", "strong", ""), (" ", "", ""), ("c", "emphasis", ""), (" ", "", ""), ("d", "code", ""),
        (" ", "", ""), ("e", "", "#f"),
    ]  # fmt: skip


def test_runs_keep_their_own_style_within_a_message():
    found = Language("en")("**{word}**", word=(Run("x", "code"), Run("y")))
    assert [(run.text, run.style) for run in found] == [("x", "code"), ("y", "strong")]


@pytest.mark.parametrize("code", LOCALES)
@given(x=st.floats(-1e6, 1e6), day=st.dates(date(1000, 1, 1), date(2999, 1, 1)))
def test_numbers_and_dates_are_those_of_the_locale(code, x, day):
    say, locale = Language(code), LOCALES[code]
    said = say.decimal(x, 3)
    assert abs(float(parse_decimal(said, locale=locale)) - x) <= 0.0005 * (1 + 1e-6)
    assert re.fullmatch(r".*[.,]\d{3}", said)
    assert say.day(day.isoformat()) == format_date(day, "long", locale)


@pytest.mark.parametrize("text", ["2019-13", "2019-02-30", "soon", "19-4-1-1", ""])
def test_what_is_no_date_stays(text):
    assert Language("es").day(text) == text


def test_an_unknown_language_is_refused_by_name():
    with pytest.raises(QueryError, match="language: is 'ese'; a report is written in en or es; did you mean 'es'"):
        Language("ese")


def test_the_author_s_own_translation_comes_first():
    assert Language("es", {"kept": "guardada"}).term("kept") == "guardada"


@pytest.mark.parametrize("path", sorted(MESSAGES.glob("*.po")), ids=lambda path: path.stem)
def test_catalogue_is_in_step_with_the_code_and_whole(path, messages):
    text, missing = messages.updated(path.stem)
    assert missing == [], "without a translation; run 'make messages'"
    assert text == path.read_text(encoding="utf-8"), "not in step with the code; run 'make messages'"


@pytest.mark.parametrize("path", sorted(MESSAGES.glob("*.po")), ids=lambda path: path.stem)
def test_translations_hold_the_same_names_and_marks(path):
    from babel.messages.pofile import read_po

    with path.open(encoding="utf-8") as file:
        catalogue = read_po(file, locale=path.stem)
    for message in catalogue:
        if not message.id:
            continue
        forms = message.string if isinstance(message.string, tuple) else (message.string,)
        sources = message.id if isinstance(message.id, tuple) else (message.id,)
        for form in forms:
            assert _names(form) in [_names(source) for source in sources], message.id
            assert sorted(MARKS.findall(form)) in [sorted(MARKS.findall(source)) for source in sources], message.id


def _names(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_plural_takes_its_count():
    say = Language("en")
    assert plain(say.plural("{n} case", "{n} cases", 1)) == "1 case"
    assert plain(say.plural("{n} case", "{n} cases", 4000)) == "4,000 cases"
