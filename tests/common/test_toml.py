"""TOML files: found, read, held to a schema."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, field_validator

from servanda.common.errors import InputError
from servanda.common.toml import parsed_toml, read_toml, schema_faults, shipped


def test_a_shipped_name_or_a_path(tmp_path):
    (tmp_path / "one.toml").write_text("")
    (tmp_path / "two.toml").write_text("")
    assert shipped("one", tmp_path, "network") == tmp_path / "one.toml"
    assert shipped("elsewhere.toml", tmp_path, "network") == Path("elsewhere.toml")
    assert shipped("ELSEWHERE.TOML", tmp_path, "network") == Path("ELSEWHERE.TOML")
    assert shipped(Path("some/where"), tmp_path, "network") == Path("some/where")
    message = r"^tow: there is no network of this name; did you mean 'two'\?; or give a path to a \.toml file$"
    with pytest.raises(InputError, match=message):
        shipped("tow", tmp_path, "network")


class OwnError(InputError):
    pass


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"there is no such file$"),
        (
            b"a = \xff",
            r"line 1: not UTF-8 text \(byte 0xFF\); it looks like Windows-1252 or Latin-1: save it as UTF-8$",
        ),
        ("a = 1".encode("utf-16"), r"is not UTF-8 text; it looks like UTF-16: save it as UTF-8$"),
        (b"a = 1\nb = [1,\nc = 2\n", r"is not TOML: .*line 3"),
        (b"a = 1\na = 2\n", r"is not TOML: Cannot overwrite a value \(at line 2.*; 'a' stands in line 1 al"),
        (b"a = 1\na = 2", r"is not TOML: .*'a' stands in line 1 already, keep one of them$"),
        (b"[n.a]\nx = [1,\n2]\n[n.b]\nx = 1\n[n.a]\n", r"is not TOML: .*line 6.*; \[n\.a\] stands in line 1 already"),
        (b"[n]\nx = [1,\n2]\n'x' = [3,\n4]\n", r"is not TOML: .*; 'x' stands in line 2 already, keep one of them$"),
        (b"[[p]]\nx = 1\n[[p]]\nx = 1\nx = 3\n", r"is not TOML: .*line 5.*; 'x' stands in line 4 already"),
    ],
)
def test_what_cannot_be_read_is_said_with_the_place(tmp_path, content, message):
    path = tmp_path / "mine.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(OwnError, match=rf"^{path}: {message}"):
        read_toml(path, OwnError)


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(InputError, match=r"cannot be read \(Is a directory\)$"):
        read_toml(tmp_path)


def test_a_file_is_read(tmp_path):
    (tmp_path / "a.toml").write_text('name = "Élysée"', encoding="utf-8")
    assert read_toml(tmp_path / "a.toml") == {"name": "Élysée"}


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    count: int


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    parts: dict[str, Inner] = {}

    @field_validator("name")
    @classmethod
    def short(cls, name):
        if len(name) > 3:
            raise ValueError("Must be short")
        return name


def test_every_departure_from_a_schema_is_said_in_plain_words():
    raw = {"name": "long name", "parts": {"a": {"count": "many"}, "b": {}, "c": {"count": 1, "size": 2}}, "more": 1}
    assert sorted(map(str, schema_faults(raw, Outer))) == [
        "more: is not a key that is known here",
        "name: must be short",
        "parts.a.count: input should be a valid integer, unable to parse string as an integer",
        "parts.b.count: is missing",
        "parts.c.size: is not a key that is known here",
    ]
    assert schema_faults({"name": "abc"}, Outer) == []


@pytest.mark.parametrize("text", ["a = " + "[" * 60 + "]" * 60, "a" + ".a" * 60 + " = 1"])
def test_what_is_nested_too_deep_is_refused_however_deep_python_goes(text):
    with pytest.raises(InputError, match=r"^mine: is nested too deep to be read; write it flatter$"):
        parsed_toml(text, "mine")


def test_what_lists_hold_may_be_nested():
    assert parsed_toml("a = [[1, 2], [{ b = [3] }]]", "mine") == {"a": [[1, 2], [{"b": [3]}]]}
