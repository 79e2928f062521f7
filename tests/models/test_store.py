"""One file holds a whole posterior, or the earlier one."""

from __future__ import annotations

import json
import re
import resource
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from servanda.models import (
    Arrow,
    Group,
    Network,
    Node,
    Posterior,
    Prior,
    PriorEntry,
    PriorSet,
    fit,
    load_network,
    load_posterior,
)
from servanda.models.inference.answers import conditional
from servanda.models.inference.question import check_question
from servanda.models.sampling.prior_draws import prior_draws
from servanda.models.store import StoreError

CHANGED = r"a\.nc: was changed or damaged after it was saved \(its hash does not hold\); fit the model again"
PRIORS = PriorSet(
    (
        PriorEntry("*.table", Prior.of("dirichlet", alpha=1.0), "nothing is known", "judgement", "memory"),
        PriorEntry(
            "rain.table", Prior.of("dirichlet", alpha={"yes": 2.0, "no": 3.0}), "dry summers", "almanac", "read"
        ),
        PriorEntry("soil.table", Prior.of("dirichlet", alpha=(1.0, 2.0)), "clay", 'the "old" map', "recomputed"),
    ),
    "garden",
    "The gardener's",
    "Ünder the <linden>",
    ("almanac", "map"),
)


@pytest.fixture
def fitted():
    network = Network(
        (Node("rain", ("no", "yes"), label="Ráin"), Node("soil", ("dry", "wet"), (Arrow("rain", "water is wet"),)))
    )
    frame = pd.DataFrame({"rain": ["no", "yes", "no"], "soil": ["dry", "wet", "wet"], "case_id": ["ä", "b", "c"]})
    return fit(network, frame, PRIORS, seed=1, draws=50, chains=2)


def same(one, other):
    xr.testing.assert_identical(one.tree, other.tree)
    assert one.network == other.network
    assert one.priors == other.priors
    assert one.provenance == other.provenance


def test_what_is_saved_is_loaded(fitted, tmp_path):
    fitted.save(tmp_path / "a.nc")
    again = load_posterior(tmp_path / "a.nc")
    same(again, fitted)
    again.save(str(tmp_path / "b.nc"))
    same(load_posterior(str(tmp_path / "b.nc")), fitted)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.nc", "b.nc"]
    question = check_question(fitted.network, ("rain",), {"soil": "wet"}, {})
    np.testing.assert_array_equal(conditional(again, question, {}), conditional(fitted, question, {}))


def test_a_file_of_version_0_1_0_is_loaded(fitted, tmp_path):
    """It listed numbers as pairs, and numbers by state as pairs in them."""
    numbers = ([["alpha", 1.0]], [["alpha", [["yes", 2.0], ["no", 3.0]]]], [["alpha", [1.0, 2.0]]])
    entries = [
        {
            "parameter": entry.parameter,
            "distribution": "dirichlet",
            "numbers": own,
            "reason": entry.reason,
            "source": entry.source,
            "certainty": entry.certainty,
        }
        for entry, own in zip(PRIORS.entries, numbers, strict=True)
    ]
    head = {"name": "garden", "title": "The gardener's", "description": "Ünder the <linden>"}
    fitted.save(tmp_path / "a.nc")
    with h5py.File(tmp_path / "a.nc", "r+") as file:
        file.attrs["servanda_format"] = 1
        file.attrs["servanda_priors"] = json.dumps({**head, "based_on": ["almanac", "map"], "entries": entries})
    same(load_posterior(tmp_path / "a.nc"), fitted)


def test_a_saved_posterior_is_not_changed_by_saving(fitted, tmp_path):
    before = dict(fitted.tree.attrs)
    fitted.save(tmp_path / "a.nc")
    assert fitted.tree.attrs == before


def test_posteriors_without_priors_and_with_groups_are_kept(tmp_path):
    posterior = prior_draws(load_network("guarantee"), seed=1, draws=7, levels={"actor": ("PRK", "USA")})
    posterior.save(tmp_path / "a.nc")
    same(load_posterior(tmp_path / "a.nc"), posterior)
    actor = Group("actor", "who", 'a "reason"\nof two lines')
    network = Network(
        (Node("a", ("0", "1"), description="x" * 200_000, groups=(actor,), family="ordinal", ordered=True),)
    )
    large = prior_draws(network, seed=1, draws=3)
    large.save(tmp_path / "a.nc")
    same(load_posterior(tmp_path / "a.nc"), large)


def test_tables_made_elsewhere_keep_their_provenance(tmp_path):
    network = Network((Node("a", ("0", "1")),))
    posterior = Posterior.from_tables(network, {"a": xr.DataArray([0.2, 0.8], dims="a")}, {"from": ["x", 1, None]})
    posterior.save(tmp_path / "a.nc")
    same(load_posterior(tmp_path / "a.nc"), posterior)


def test_names_that_the_library_refuses_or_changes_come_back(tmp_path):
    """A sign in front, another normal form, a long one; and one that could be taken for what stands for them."""
    names = ["#1", "e\u0301", "x" * 300, "name_0"]
    network = Network(tuple(Node(name, ("0", "1")) for name in names))
    tables = {name: xr.DataArray([0.1 * k, 1 - 0.1 * k], dims=name) for k, name in enumerate(names, 1)}
    posterior = Posterior.from_tables(network, tables)
    posterior.save(tmp_path / "a.nc")
    same(load_posterior(tmp_path / "a.nc"), posterior)


@pytest.mark.parametrize("failure", [KeyboardInterrupt, MemoryError])
def test_an_interrupted_save_leaves_the_earlier_file(fitted, tmp_path, monkeypatch, failure):
    path = tmp_path / "a.nc"
    fitted.save(path)
    earlier = path.read_bytes()

    def half(temporary, mode):
        with open(temporary, mode) as file:  # noqa: PTH123 - the method that this stands for
            file.write(b"half")
        raise failure

    with monkeypatch.context() as patched, pytest.raises(failure):
        patched.setattr(Path, "open", half)
        fitted.save(path)
    assert path.read_bytes() == earlier
    assert list(tmp_path.iterdir()) == [path]
    same(load_posterior(path), fitted)


def test_a_full_disk_and_a_missing_folder_are_said(fitted, tmp_path):
    with pytest.raises(StoreError, match=r"none/a\.nc: cannot be written \(No such file or directory\)$"):
        fitted.save(tmp_path / "none" / "a.nc")

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))  # as a disk that is full after a page
    try:
        with pytest.raises(StoreError, match=r"a\.nc: cannot be written \(File too large\)$"):
            fitted.save(tmp_path / "a.nc")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("ignore:Exception ignored in. <function File.close:pytest.PytestUnraisableExceptionWarning")
def test_files_that_hold_no_posterior(fitted, tmp_path):
    path = tmp_path / "a.nc"
    with pytest.raises(StoreError, match=rf"^{path}: there is no such file; fit a model first, e\.g\. `servanda fit`$"):
        load_posterior(path)
    with pytest.raises(StoreError, match=r"there is no such file"):
        load_posterior(tmp_path)

    damaged = rf"^{path}: is not a posterior that Servanda saved, or is damaged$"
    fitted.save(path)
    whole = path.read_bytes()
    for content in (b"", b"case,outcome\n", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(StoreError, match=damaged):
            load_posterior(path)
    for content in (whole[:-82], whole[:-1], whole + b" "):
        path.write_bytes(content)
        with pytest.raises(StoreError, match=CHANGED):
            load_posterior(path)

    xr.Dataset({"a": ("x", [1.0])}).to_netcdf(path, engine="netcdf4")
    with pytest.raises(StoreError, match=damaged):
        load_posterior(path)


@pytest.mark.parametrize("place", range(1, 10))
def test_a_file_with_a_damaged_block_is_refused(fitted, tmp_path, place):
    path = tmp_path / "a.nc"
    fitted.save(path)
    content = bytearray(path.read_bytes())
    start = len(content) * place // 10
    content[start : start + 400] = b"\xfe" * 400
    path.write_bytes(content)
    with pytest.raises(StoreError, match=CHANGED):
        load_posterior(path)


def test_a_file_that_another_program_wrote_to_is_refused(fitted, tmp_path):
    path = tmp_path / "a.nc"
    fitted.save(path)
    with h5py.File(path, "r+") as file:
        file["posterior/rain.table"][0, 0] = [0.5, 0.5]
    with pytest.raises(StoreError, match=CHANGED):
        load_posterior(path)


@pytest.mark.parametrize(
    ("numbers", "what"),
    [
        ([0.5, 0.6], "rain.table: holds values that are no probabilities that add up to 1"),
        ([1.5, -0.5], "rain.table: holds values that are no probabilities that add up to 1"),
        ([np.nan, 0.5], "rain.table: holds values that are no probabilities that add up to 1"),
        ([1.0 + 1e-9, 0.0], None),
    ],
)
def test_values_of_a_file_without_a_seal_are_held_to_their_support(fitted, tmp_path, numbers, what):
    path = tmp_path / "a.nc"
    fitted.save(path)
    with h5py.File(path, "r+") as file:
        file.attrs["servanda_format"] = 1
        file["posterior/rain.table"][0, 0] = numbers
    if what is None:
        assert load_posterior(path).draws["rain.table"].values[0, 0].tolist() == numbers
        return
    with pytest.raises(StoreError, match=f"{re.escape(what)}$"):
        load_posterior(path)


@pytest.mark.parametrize(
    ("variable", "value", "what"),
    [
        ("compliance.actor", np.inf, "finite numbers"),
        ("compliance.actor_sd", -1.0, "positive numbers"),
        ("compliance.actor_sd", np.inf, "positive numbers"),
    ],
)
def test_effects_and_spreads_are_held_to_their_support(tmp_path, variable, value, what):
    path = tmp_path / "a.nc"
    prior_draws(load_network("guarantee"), seed=1, draws=3, levels={"actor": ("PRK",)}).save(path)
    with h5py.File(path, "r+") as file:
        file.attrs["servanda_format"] = 1
        file[f"posterior/{variable}"][0, 0] = value
    with pytest.raises(StoreError, match=rf"{variable}: holds values that are no {what}$"):
        load_posterior(path)


def test_a_file_of_another_layout_is_named(fitted, tmp_path):
    path = tmp_path / "a.nc"
    fitted.save(path)
    with h5py.File(path, "r+") as file:
        file.attrs["servanda_format"] = 99
    with pytest.raises(StoreError, match=r"has format 99, this version reads 1 and 2; fit the model again$"):
        load_posterior(path)
