"""Fits of the shipped track record that questions are put to, from few draws."""

from __future__ import annotations

import pytest

from servanda.models import fit_track
from servanda.record import load_track_record

QUICK = {"draws": 250, "tune": 250, "chains": 2, "thin": 1}


@pytest.fixture(scope="session")
def events():
    return load_track_record()


@pytest.fixture(scope="session")
def track(events):
    return fit_track(events, seed=1, **QUICK)


@pytest.fixture(scope="session")
def summit(events):
    return fit_track(events, seed=1, as_of="2019-04-25", **QUICK)
