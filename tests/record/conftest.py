"""Shipped tables as plain text, and copies of them with a mistake in it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from servanda import record


def path_of(name):
    """Path of a file that ships with the record."""
    return Path(record.__file__).parent / "data" / name


def read_plain(name):
    """Read a shipped table with nothing but the csv module."""
    with path_of(f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def shipped():
    return path_of


@pytest.fixture(scope="session")
def plain():
    return read_plain


@pytest.fixture(scope="session")
def cases():
    return record.load_guarantees()


@pytest.fixture
def edited(tmp_path):
    """Write a copy of a shipped table: `cells` maps (line, column) to new text, the header being line 1."""

    def write(name, cells=None, *, drop=(), rename=None, extra_rows=(), keep=None) -> Path:
        rows = read_plain(name)[:keep]
        for (line, column), text in (cells or {}).items():
            rows[line - 2][column] = text
        rows.extend({**rows[0], **extra} for extra in extra_rows)
        renamed = {column: (rename or {}).get(column, column) for column in rows[0] if column not in drop}
        path = tmp_path / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(renamed.values())
            writer.writerows([row[column] for column in renamed] for row in rows)
        return path

    return write
