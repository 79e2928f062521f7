"""Files are whole or not there, and a folder is tried before work is spent."""

from __future__ import annotations

import os
import stat

import pytest

from servanda.common.errors import InputError
from servanda.common.files import writable_folder, written_whole


@pytest.mark.parametrize("failure", [KeyboardInterrupt, RuntimeError("half way")])
def test_a_failure_leaves_the_earlier_file_and_nothing_else(tmp_path, failure):
    target = tmp_path / "result.txt"
    target.write_text("earlier")
    with pytest.raises(failure if isinstance(failure, type) else type(failure)), written_whole(target) as temporary:
        temporary.write_text("half of")
        assert target.read_text() == "earlier"
        raise failure
    assert target.read_text() == "earlier"
    assert [path.name for path in tmp_path.iterdir()] == ["result.txt"]


def test_success_replaces_the_file_under_the_same_ending(tmp_path):
    target = tmp_path / "result.nc"
    target.write_text("earlier")
    with written_whole(str(target)) as temporary:
        assert (temporary.parent, temporary.suffix) == (tmp_path, ".nc")
        assert temporary.name.startswith(".result.nc.")
        temporary.write_text("later")
    assert target.read_text() == "later"
    assert [path.name for path in tmp_path.iterdir()] == ["result.nc"]


def test_a_file_has_the_rights_of_any_new_file(tmp_path):
    with written_whole(tmp_path / "ours") as temporary:
        temporary.write_text("x")
    (tmp_path / "any").write_text("x")
    ours, other = (stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("ours", "any"))
    assert ours == other
    before = os.umask(0o077)
    try:
        with written_whole(tmp_path / "private"):
            pass
        assert stat.S_IMODE((tmp_path / "private").stat().st_mode) == 0o600
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(before)


def test_a_folder_that_is_not_there_is_no_target(tmp_path):
    with pytest.raises(FileNotFoundError), written_whole(tmp_path / "none" / "a.txt"):
        raise AssertionError("not reached")


def test_a_folder_is_made_and_left_empty(tmp_path):
    folder = writable_folder(tmp_path / "out" / "deep")
    assert folder.is_dir()
    assert list(folder.iterdir()) == []
    assert writable_folder(str(folder)) == folder


def test_a_folder_that_cannot_be_written_is_said_with_the_reason(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match=r"file/out: cannot write to this folder \(Not a directory\)$"):
        writable_folder(tmp_path / "file" / "out")
    with pytest.raises(InputError, match=r"file: cannot write to this folder \(File exists\)$"):
        writable_folder(tmp_path / "file")


@pytest.mark.skipif(os.geteuid() == 0, reason="permission bits do not bind root")
def test_a_folder_without_rights_is_said(tmp_path):
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(InputError, match=r"cannot write to this folder \(Permission denied\)$"):
            writable_folder(tmp_path)
    finally:
        tmp_path.chmod(0o755)
