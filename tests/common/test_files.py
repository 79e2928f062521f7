"""Files are whole or not there, and a folder is tried before work is spent."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from servanda.common.errors import InputError
from servanda.common.figure_style import figure_file, new_figure, save_figure
from servanda.common.files import LONGEST, file_name, output_file, writable_file, writable_folder, written_whole


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
    expected = r"none/a\.txt: cannot be written \(No such file or directory\)$"
    with pytest.raises(InputError, match=expected), written_whole(tmp_path / "none" / "a.txt"):
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
    with pytest.raises(InputError, match=r"file: is a file, and no folder; give another name$"):
        writable_folder(tmp_path / "file")


@pytest.mark.skipif(os.geteuid() == 0, reason="permission bits do not bind root")
def test_a_folder_without_rights_is_said(tmp_path):
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(InputError, match=r"cannot write to this folder \(Permission denied\)$"):
            writable_folder(tmp_path)
    finally:
        tmp_path.chmod(0o755)


def test_a_link_is_written_through(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.txt").write_text("earlier")
    (tmp_path / "a.txt").symlink_to(tmp_path / "real" / "a.txt")
    with written_whole(tmp_path / "a.txt") as temporary:
        assert temporary.parent == tmp_path / "real"
        temporary.write_text("later")
    assert (tmp_path / "a.txt").is_symlink()
    assert (tmp_path / "real" / "a.txt").read_text() == "later"


def test_devices_pipes_and_folders_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path, what in (("pipe", "a device or a pipe"), (".", "a folder")):
        with pytest.raises(InputError, match=f"is {what}"), written_whole(tmp_path / path):
            raise AssertionError("not reached")
        with pytest.raises(InputError, match=f"is {what}"):
            writable_file(tmp_path / path)
    with pytest.raises(InputError, match=r"^/dev/null: is a device or a pipe and no file; give the name of a file$"):
        output_file("/dev/null", force=True)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
def test_a_name_that_no_file_can_have_is_said(tmp_path, name):
    with pytest.raises(InputError, match=r"cannot be a file's name \((File name too long|.*null.*)\)$"):
        output_file(tmp_path / name)


def test_names_of_255_bytes_can_be_written(tmp_path):
    with written_whole(tmp_path / ("x" * 251 + ".txt")) as temporary:
        temporary.write_text("whole")
    assert len(list(tmp_path.iterdir())) == 1


def test_a_failing_disk_is_one_error_and_leaves_nothing(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        expected = r"a\.txt: cannot be written \(File too large\)$"
        with pytest.raises(InputError, match=expected), written_whole(tmp_path / "a.txt") as temporary:
            temporary.write_text("x" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


WRITER = """
import sys, time
from servanda.common.files import written_whole
with written_whole(sys.argv[1]) as temporary:
    temporary.write_text("half")
    print(temporary, flush=True)
    time.sleep(60)
"""


def test_what_a_killed_run_left_is_cleared_and_what_another_writes_is_not(tmp_path):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, tmp_path / name], stdout=subprocess.PIPE, text=True)
        for name in ("a.txt", "b.txt")
    ]
    killed, living = (Path(writer.stdout.readline().strip()) for writer in writers)
    writers[0].kill()
    writers[0].wait()
    try:
        (tmp_path / ".mine.servanda-notes.txt").write_text("not a temporary file of ours: no eight letters")
        assert killed.is_file()
        with written_whole(tmp_path / "c.txt") as temporary:
            temporary.write_text("whole")
        assert not killed.exists()
        assert living.read_text() == "half"
    finally:
        writers[1].kill()
        for writer in writers:
            writer.communicate()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [living.name, ".mine.servanda-notes.txt", "c.txt"]
    )


def test_only_what_servanda_wrote_is_replaced(tmp_path):
    target, source = tmp_path / "out.nc", tmp_path / "in.csv"
    source.write_text("rain\nno\n")
    assert output_file(target, [source, None, "guarantee"]) == target
    target.write_bytes(b"")
    assert output_file(target) == target  # such as mktemp makes
    target.write_text("rain,wet\n")
    with pytest.raises(InputError, match=r"out\.nc: is there already and was not written by Servanda; .* by --force$"):
        output_file(target)
    assert output_file(target, [source], force=True) == target
    (tmp_path / "link").symlink_to(source)
    for other in (source, tmp_path / "link", tmp_path / "x" / ".." / "in.csv"):
        (tmp_path / "x").mkdir(exist_ok=True)
        with pytest.raises(InputError, match=r"is read for this result, and would be lost; give another name$"):
            output_file(other, ["guarantee", str(source)], force=True)


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_figures_say_who_wrote_them(tmp_path, suffix):
    target = tmp_path / f"a{suffix}"
    figure = new_figure(figsize=(1, 1))
    figure.savefig(target)
    with pytest.raises(InputError, match="was not written by Servanda"):
        figure_file(target)
    save_figure(figure, target)
    assert figure_file(target) == target


def test_other_endings_are_no_figures(tmp_path):
    with pytest.raises(InputError, match=r"a\.txt: is no figure; give a name that ends in \.png, \.svg, \.pdf$"):
        figure_file(tmp_path / "a.txt")


@given(st.text(max_size=400))
@example("..")
@example("/etc/passwd")
@example("CON.txt")
@example("é" * 120)
@example("\ud800")
def test_a_file_name_stays_in_its_folder(name):
    found = file_name(name)
    assert found == file_name(name)
    assert 0 < len(found.encode()) <= LONGEST
    assert not {"/", "\\", "\0", ":"} & set(found)
    assert Path(os.path.normpath(f"/a/b/{found}")).parent == Path("/a/b")
    assert not found.startswith((".", "-"))
    assert file_name(found) == found


def test_safe_names_are_kept_and_others_stay_apart():
    for name in ("dprk-six-party", "my pact (2)", "Bündnis", "v1.2"):
        assert file_name(name) == name
    names = ["../a", "..-a", "..\\a", "a/", "a", "con", "A\u0301", "\u00c1"]
    assert len({file_name(name) for name in names}) == len(names)
