"""A mistake in a notebook shows the user's own line and the message."""

from __future__ import annotations

import re

import pytest

from servanda.common.errors import Fault, InputError

ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def shell():
    kind = pytest.importorskip("IPython.core.interactiveshell").InteractiveShell
    yield kind.instance()
    kind.clear_instance()


def shown(shell, capsys, cell: str) -> str:
    shell.run_cell(cell)
    out, err = capsys.readouterr()
    return ANSI.sub("", out + err)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_cell_shows_its_own_line_and_the_message(shell, capsys):
    cell = "from servanda.models import load_network\nx = 1\nload_network('guarante')\n"
    text = shown(shell, capsys, cell)
    lines = [line for line in text.splitlines() if line.strip()]
    assert len(lines) <= 3
    assert "load_network('guarante')" in text
    assert "did you mean 'guarantee'?" in lines[-1]
    assert "servanda/" not in text


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_line_is_that_of_the_user_s_function(shell, capsys):
    cell = "from servanda.models import load_network\ndef mine():\n    return load_network('x.toml')\nmine()\n"
    text = shown(shell, capsys, cell)
    assert "return load_network('x.toml')" in text
    assert "in mine" in text


def test_without_a_traceback_the_message_alone_is_left():
    error = InputError("cases.csv", [Fault("row 2", "empty")])
    assert error._render_traceback_() == ["InputError: cases.csv: row 2: empty"]
