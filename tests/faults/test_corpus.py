"""Every bad input gives one error of ours, which names the file and says what the corpus says that it must."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from servanda.common.errors import InputError
from servanda.common.limits import USUAL_GB, VARIABLE
from servanda.models.formats.files import read_content
from servanda.priors import load_prior

from .corpus import READERS, corpus

#: The limit of the memory is lowered by this, and what is there to be beyond it is made smaller.
SHARE = 0.01


def test_every_bad_input_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(VARIABLE, str(USUAL_GB * SHARE))
    wrong = []
    inputs = corpus(tmp_path, SHARE)
    for bad in inputs:
        try:
            READERS[bad.kind](bad.path)
        except InputError as error:
            # A network in TOML is called by its own name once that is known, all else by the file.
            named = bad.path.stem in str(error) or str(error).startswith("network n:")
            # A message lists the first faults; all of them are in the error.
            said = "\n".join([str(error), *(fault.what for fault in error.faults)])
            if not re.search(bad.says, said) or not named:
                wrong.append(f"{bad.path.name}: said {error}, not {bad.says}")
        except Exception as error:  # noqa: BLE001 - any other kind is what must not come
            wrong.append(f"{bad.path.name}: {type(error).__name__} {error}")
        else:
            wrong.append(f"{bad.path.name}: was read")
    assert not wrong, "\n".join(wrong)
    assert len(inputs) >= 300


@pytest.mark.parametrize(("read", "suffix"), [*((read, ".toml") for read in READERS.values()), (read_content, ".bif")])
def test_pipes_and_impossible_names_are_refused(tmp_path: Path, read: Callable[[Any], Any], suffix: str):
    os.mkfifo(tmp_path / f"pipe{suffix}")
    refusals = {
        "pipe": r"cannot be read \(is a device or a pipe and no file\)",
        "a\0b": r"cannot be read \(is no name of a file: .*null.*\)",
        "x" * 300: r"cannot be read \(File name too long\)",
    }
    for name, says in refusals.items():
        with pytest.raises(InputError, match=says):
            read(tmp_path / f"{name}{suffix}")


def test_prior_sets_do_not_build_on_one_another_for_ever(tmp_path: Path):
    for number in range(200):
        text = f'name = "p{number}"\ntitle = "p"\ndescription = "d"\ninherits = "p{number + 1}.toml"\n'
        (tmp_path / f"p{number}.toml").write_text(text)
    with pytest.raises(InputError, match="more than 50 sets build on one another; write fewer"):
        load_prior(tmp_path / "p0.toml")
