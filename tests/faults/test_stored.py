"""A stored posterior is read as it was saved or not at all, whatever happens to its file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from servanda.models import Arrow, Network, Node, fit, load_posterior
from servanda.models.store import StoreError

FLIPS = 200
KILLS = 10

#: Saves one posterior over another, again and again, in children that are killed after a random time.
KILLING = """
import os, random, signal, sys, time
import xarray as xr
from servanda.models import Network, Node, Posterior, load_posterior
folder, kills = sys.argv[1], int(sys.argv[2])
network = Network((Node("rain", ("no", "yes")),))
both = [Posterior.from_tables(network, {"rain": xr.DataArray([p, 1 - p], dims="rain")}) for p in (0.2, 0.8)]
path = f"{folder}/a.nc"
both[0].save(path)
random.seed(1)
for _ in range(kills):
    child = os.fork()
    if not child:
        while True:
            for posterior in both:
                posterior.save(path)
    time.sleep(random.uniform(0.0, 0.15))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert float(load_posterior(path).draws["rain.table"].values.ravel()[0]) in (0.2, 0.8)
left = len(os.listdir(folder)) - 1
both[0].save(path)
print(left, os.listdir(folder))
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory):
    network = Network((Node("rain", ("no", "yes")), Node("soil", ("dry", "wet"), (Arrow("rain", "water is wet"),))))
    frame = pd.DataFrame({"rain": ["no", "yes", "no"], "soil": ["dry", "wet", "wet"]})
    posterior = fit(network, frame, seed=1, draws=50, chains=2)
    path = tmp_path_factory.mktemp("stored") / "a.nc"
    posterior.save(path)
    return posterior, path.read_bytes()


def test_no_flipped_byte_is_read_as_other_numbers(saved, tmp_path: Path):
    posterior, whole = saved
    rng = np.random.default_rng(1)
    path, refused = tmp_path / "a.nc", 0
    # The last bytes hold the seal itself.
    places = [*rng.integers(0, len(whole), FLIPS - 8), *range(len(whole) - 82, len(whole), 11)]
    for place in places:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(flipped)
        try:
            found = load_posterior(path)
        except StoreError as error:
            assert str(path) in str(error)
            refused += 1
        else:
            xr.testing.assert_identical(found.tree, posterior.tree)
    assert (len(places), refused) == (FLIPS, FLIPS)


def test_no_cut_file_is_read(saved, tmp_path: Path):
    _, whole = saved
    path = tmp_path / "a.nc"
    for size in np.linspace(0, len(whole) - 1, 8).astype(int):
        path.write_bytes(whole[:size])
        with pytest.raises(StoreError):
            load_posterior(path)


def test_a_killed_save_leaves_a_whole_file_and_nothing_that_stays(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", KILLING, tmp_path, str(KILLS)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split(maxsplit=1)[1].strip() == "['a.nc']"
