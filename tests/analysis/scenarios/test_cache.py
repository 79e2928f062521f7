"""The folder of stored fits shows what it holds, stays within its limit, and is never believed when it is damaged."""

from __future__ import annotations

import json
import os
import re
import resource
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from servanda.analysis.cli.app import app
from servanda.analysis.scenarios.cache import LIMIT_VARIABLE, VARIABLE, beyond, cache_folder, keep, stored_files
from servanda.analysis.scenarios.stored_fits import kept_beside_fits, stored_path
from servanda.common.errors import InputError, KeptWarning
from servanda.models import Sampling

from ..conftest import FLAT, KEEPING

KEY = "0123456789abcdef"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "kept"))
    (tmp_path / "kept").mkdir()
    return tmp_path / "kept"


def put(folder: Path, name: str, size: int, used: float) -> Path:
    path = folder / name
    path.write_bytes(b"x" * size)
    os.utime(path, (used, used))
    return path


def test_the_folder_is_listed_and_cleared(folder: Path):
    put(folder, f"guarantee-literature-{KEY}.nc", 2_000_000, 1000.0)
    put(folder, f"tracks-{KEY}.json", 500, 4e9)
    put(folder, "my thesis.nc", 10, 1000.0)
    (folder / f"a-{KEY}.nc").symlink_to(folder / "my thesis.nc")
    listed = CliRunner().invoke(app, ["cache", "list"])
    assert re.search(r"^ +2\.0 MB +\d+ days  guarantee-literature$", listed.stdout, re.MULTILINE)
    assert f"2 files, 2.0 MB in {folder}" in listed.stdout
    rows = json.loads(CliRunner().invoke(app, ["cache", "list", "--json"]).stdout)
    assert [(row["what"], row["bytes"]) for row in rows["files"]] == [
        ("tracks", 500),
        ("guarantee-literature", 2_000_000),
    ]
    some = CliRunner().invoke(app, ["cache", "clear", "--older", "1"])
    assert some.stdout == f"1 files removed, 2.0 MB in {folder}\n"
    assert [one.what for one in stored_files()] == ["tracks"]
    assert json.loads(CliRunner().invoke(app, ["cache", "clear", "--json"]).stdout)["bytes"] == 500
    assert sorted(path.name for path in folder.iterdir()) == [f"a-{KEY}.nc", "my thesis.nc"]


def test_a_folder_that_is_not_there_holds_nothing(folder: Path):
    folder.rmdir()
    assert stored_files() == ()
    assert CliRunner().invoke(app, ["cache", "list"]).exit_code == 0


def test_a_file_in_place_of_the_folder_is_said(tmp_path: Path):
    tmp_path.joinpath("mine").write_text("rain")
    with pytest.raises(InputError, match=r"mine: cannot be read as a folder \(Not a directory\); SERVANDA_CACHE names"):
        stored_files(tmp_path / "mine")


def test_beyond_the_limit_what_was_used_longest_ago_goes(folder: Path, monkeypatch: pytest.MonkeyPatch):
    paths = [put(folder, f"{name}-{KEY}.nc", 100, 1000.0 + age) for age, name in enumerate("abcd")]
    own = put(folder, "mine.nc", 10_000, 0.0)
    assert beyond(1000, folder, paths[0]) == []
    # The latest counts first, whatever its clock says; then d, c, b.
    assert [one.what for one in beyond(250, folder, paths[0])] == ["c", "b"]
    assert [one.what for one in beyond(0, folder, paths[0])] == ["d", "c", "b"]
    monkeypatch.setenv(LIMIT_VARIABLE, "0.0000003")
    keep(folder / f"e-{KEY}.nc", lambda path: path.write_bytes(b"x" * 100) and None)
    assert [one.what for one in stored_files()] == ["e", "d", "c"]
    assert own.is_file()


@pytest.mark.parametrize("stated", ["much", "-1", "nan"])
def test_a_limit_that_is_none_is_said_and_nothing_is_lost(folder: Path, monkeypatch: pytest.MonkeyPatch, stated: str):
    monkeypatch.setenv(LIMIT_VARIABLE, stated)
    with pytest.warns(KeptWarning, match=rf"{LIMIT_VARIABLE}: is '{stated}'; give the gigabytes that may be kept"):
        assert kept_beside_fits("a", 1, lambda: {"p": 0.5}) == {"p": 0.5}


def test_a_full_disk_loses_no_work(folder: Path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        with pytest.warns(KeptWarning, match=r"not kept for the next time: .*cannot be written \(File too large\)"):
            assert kept_beside_fits("a", 1, lambda: {"p": 0.5}) == {"p": 0.5}
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(folder.iterdir()) == []


def test_what_is_kept_is_found_and_no_flipped_byte_of_it_is_believed(folder: Path):
    content = {"figure": "<svg>ü</svg>", "p": [0.25, None, 1e-9], "n": {"a": True, "b": 3}}
    made: list[int] = []

    def make() -> dict:
        made.append(1)
        return content

    assert kept_beside_fits("part", {"seed": 1}, make) == content
    assert kept_beside_fits("part", {"seed": 1}, make) == content
    assert len(made) == 1
    (path,) = folder.iterdir()
    assert kept_beside_fits("part", {"seed": 2}, make) == content
    assert len(made) == 2
    whole, other = path.read_bytes(), {"figure": "made again"}
    for place in range(0, len(whole), 3):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert kept_beside_fits("part", {"seed": 1}, lambda: other) in (content, other)
    path.write_bytes(whole)
    assert kept_beside_fits("part", {"seed": 1}, lambda: other) == content


def test_names_of_networks_and_prior_sets_do_not_lead_out(folder: Path, keeping_cases):
    evil = replace(KEEPING, name="../../evil")
    path = stored_path(evil, keeping_cases, replace(FLAT, name="/etc/x" * 80), Sampling(1), folder)
    assert path.parent == folder
    assert len(path.name.encode()) <= 255
    assert cache_folder() == folder
