"""One file holds a whole track posterior, or the earlier one; what is damaged is named."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from servanda.models import Network, Node, Posterior, fit_track, load_posterior, load_track_posterior
from servanda.models.store import StoreError

EVENTS = pd.DataFrame(
    [
        ("Ä", "2000-01-01", "x/y", "complied", "IAEA", "core"),
        ("Ä", "2000-04-01", "x/y", "complied", "IAEA", "part"),
        ("Ä", "2003", "z", "defected", "self-announced", "minor"),
        ("B", "2000-06", "x/y", "withdrew", "UN", None),
        ("B", "2002-01-01", "z", "resumed", "UN", "core"),
    ],
    columns=["actor", "date", "agreement", "event", "finding_by", "gravity"],
)


@pytest.fixture(scope="module")
def track():
    return fit_track(EVENTS, seed=1, draws=20, tune=60, chains=2, as_of="2004")


def same(one, other):
    xr.testing.assert_identical(one.tree, other.tree)
    assert [*one.tree.children] == [*other.tree.children]
    assert one.settings == other.settings
    assert one.provenance == other.provenance
    for field in fields(one.data):
        own, theirs = getattr(one.data, field.name), getattr(other.data, field.name)
        np.testing.assert_array_equal(own, theirs)
        assert np.asarray(own).dtype == np.asarray(theirs).dtype, field.name


def test_what_is_saved_is_loaded(track, tmp_path: Path):
    track.save(tmp_path / "a.nc")
    again = load_track_posterior(tmp_path / "a.nc")
    same(again, track)
    days = [np.datetime64("2003-01-01"), np.datetime64("2030-01-01")]
    np.testing.assert_array_equal(again.paths("Ä", days), track.paths("Ä", days))
    again.save(str(tmp_path / "b.nc"))
    same(load_track_posterior(str(tmp_path / "b.nc")), track)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.nc", "b.nc"]


def test_a_track_without_provenance_is_kept(track, tmp_path: Path):
    bare = replace(track, provenance={})
    bare.save(tmp_path / "a.nc")
    same(load_track_posterior(tmp_path / "a.nc"), bare)


def test_an_interrupted_save_leaves_the_earlier_file(track, tmp_path: Path, monkeypatch):
    path = tmp_path / "a.nc"
    track.save(path)
    earlier = path.read_bytes()

    def half(temporary, mode):
        with open(temporary, mode) as file:  # noqa: PTH123 - the method that this stands for
            file.write(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Path, "open", half)
        track.save(path)
    assert path.read_bytes() == earlier
    assert [*tmp_path.iterdir()] == [path]


def test_each_kind_of_file_names_its_reader(track, tmp_path: Path):
    track.save(tmp_path / "t.nc")
    with pytest.raises(StoreError, match=r"t\.nc: holds a posterior of track records; load_track_posterior reads it$"):
        load_posterior(tmp_path / "t.nc")
    network = Network((Node("rain", ("no", "yes")),))
    Posterior.from_tables(network, {"rain": xr.DataArray([0.8, 0.2], dims="rain")}).save(tmp_path / "n.nc")
    with pytest.raises(StoreError, match=r"n\.nc: holds the posterior of a network; load_posterior reads it$"):
        load_track_posterior(tmp_path / "n.nc")
    with pytest.raises(StoreError, match=r"none\.nc: there is no such file"):
        load_track_posterior(tmp_path / "none.nc")


def test_another_layout_is_named(track, tmp_path: Path):
    track.save(tmp_path / "a.nc")
    with h5py.File(tmp_path / "a.nc", "r+") as file:
        file.attrs["servanda_format"] = 1
        file.attrs["servanda_track"] = "99"
    with pytest.raises(
        StoreError, match=r"a\.nc: has track layout 99, this version reads 1; fit the track record again$"
    ):
        load_track_posterior(tmp_path / "a.nc")


def _later(file):
    file["track_events/point_time"][1] += 1.0


def _other_number(file):
    file["track_events/event_point"][0] = 99


def _no_events(file):
    del file["track_events"]


def _no_draws_of_one(file):
    del file["posterior/path_sd"]


def _not_finite(file):
    file["posterior/theta"][0, 0, 0] = np.nan


def _other_name(file):
    file["posterior/actor"][0] = "C"


def _other_settings(file):
    settings = json.loads(file.attrs["servanda_settings"])
    settings["events"]["complied"]["reliability"] = 0.1
    file.attrs["servanda_settings"] = json.dumps(settings)


def _no_settings(file):
    file.attrs["servanda_settings"] = "{}"


def _cut_short(file):
    file.attrs["servanda_provenance"] = '{"seed": 1'


DAMAGES = pytest.mark.parametrize(
    "damage",
    [
        _later,
        _other_number,
        _no_events,
        _no_draws_of_one,
        _not_finite,
        _other_name,
        _other_settings,
        _no_settings,
        _cut_short,
    ],
)


@DAMAGES
def test_a_file_whose_seal_does_not_hold_is_refused_by_name(track, tmp_path: Path, damage):
    path = tmp_path / "a.nc"
    track.save(path)
    with h5py.File(path, "r+") as file:
        damage(file)
    with pytest.raises(
        StoreError, match=r"a\.nc: was changed or damaged after it was saved \(its hash does not hold\)"
    ):
        load_track_posterior(path)


@DAMAGES
def test_a_damaged_file_without_a_seal_is_refused_by_name(track, tmp_path: Path, damage):
    path = tmp_path / "a.nc"
    track.save(path)
    with h5py.File(path, "r+") as file:
        file.attrs["servanda_format"] = 1
        damage(file)
    with pytest.raises(StoreError, match=r"a\.nc: is not a posterior that Servanda saved, or is damaged$"):
        load_track_posterior(path)


@pytest.mark.filterwarnings("ignore:Exception ignored in. <function File.close:pytest.PytestUnraisableExceptionWarning")
def test_half_a_file_is_refused_by_name(track, tmp_path: Path):
    path = tmp_path / "a.nc"
    track.save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError, match=r"a\.nc: is not a posterior that Servanda saved, or is damaged$"):
        load_track_posterior(path)
