"""The bibliography, read as a reader would."""

from __future__ import annotations

import re

import pytest

from servanda.common.errors import InputError
from servanda.record import load_sources


def test_every_work_is_plain_text_and_used(plain):
    sources = load_sources()
    assert len(sources) == 222
    used = {key for name in ("guarantees", "track_record") for row in plain(name) for key in row["sources"].split(";")}
    assert used == set(sources)
    assert "no source was opened" in sources["general_knowledge"].title
    for source in sources.values():
        assert source.author
        assert source.title
        assert re.fullmatch(r"\d{4}", source.year)
        assert not re.search(r"[{}\\~]", str(source))


def test_works_are_read_as_a_reader_would(tmp_path):
    sources = load_sources()
    assert str(sources["gibler2009"]).startswith("Douglas M. Gibler (2009). International Military Alliances")
    assert sources["aca_abm"].author == "Arms Control Association"
    assert "e=&Seq" not in str(sources)
    assert any("?lang=e&Seq_Code=" in source.url for source in sources.values())
    path = tmp_path / "own.bib"
    path.write_text(
        r"@book{m, author={von M{\"u}ller, Jr., Max and {The {UN} Office}}, "
        r"title={The~{SALT} \& after}, year=1999}",
        encoding="utf-8",
    )
    assert str(load_sources(path)["m"]) == "Max von Müller, Jr. and The UN Office (1999). The SALT & after."


def test_the_bibliography_cannot_be_changed():
    with pytest.raises(TypeError, match="does not support item assignment"):
        load_sources()["x"] = None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@book{a, title={x}", "not readable as BibTeX (syntax error in line 1: premature end of file)"),
        (
            "@book{a, title={x}}\n@book{a, title={y}}",
            "not readable as BibTeX (repeated bibliography entry: a)",
        ),
        ("just text", "has no entries; expected BibTeX such as @book{key, ...}"),
    ],
)
def test_a_bad_bibliography(tmp_path, text, message):
    path = tmp_path / "bad.bib"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(f"bad.bib: {message}")):
        load_sources(path)


def test_the_shipped_bibliography_reads_as_any_other(shipped):
    assert load_sources(shipped("sources.bib")) == load_sources()
