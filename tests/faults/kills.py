"""Kills, full disks, a cache that cannot be written, and two writers: ``python -m tests.faults.kills``.

Part of ``make validate``. Each child is forked, since starting an interpreter takes longer than what is to be broken
off. Half of the kills come at a random time, the seed being fixed; a whole run is timed first, so that they fall within
it. The others wait until a temporary file is there, so that they fall into the writing, which is a small part.
"""

# ruff: noqa: T201 - a program that says what it finds
from __future__ import annotations

import os
import random
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import xarray as xr

from servanda.analysis import explore
from servanda.analysis.reporting.make import report, write_report
from servanda.analysis.scenarios.stored_fits import stored_fit
from servanda.common.errors import InputError
from servanda.models import Arrow, Network, Node, Posterior, Sampling, fit, load_posterior
from servanda.priors import prior_predictive

from ..analysis.reporting.content import report as report_by_hand

KILLS = {"save": 24, "fit": 24, "report": 24, "explore": 24, "whole report": 4}
SCENARIO = "budapest"
NETWORK = Network((Node("rain", ("no", "yes")), Node("soil", ("dry", "wet"), (Arrow("rain", "water is wet"),))))
CASES = pd.DataFrame({"rain": ["no", "yes", "no"], "soil": ["dry", "wet", "wet"]})
FORMATS = ("html", "csv")


def forked(work: Callable[[], object]) -> int:
    """Number of a process that does some work."""
    with warnings.catch_warnings():
        # Of threads that idle; no child waits for what one of them holds.
        warnings.simplefilter("ignore")
        child = os.fork()
    if not child:
        code = 1
        try:
            work()
            code = 0
        except InputError as error:
            print(str(error).splitlines()[0], flush=True)
            code = 2
        finally:
            os._exit(code)
    return child


def kill_all(name: str, work: Callable[[], object], whole: Callable[[], bool], folder: Path, rng: random.Random) -> int:
    """Kill some work again and again; how often something was not whole, or stayed."""
    start = time.monotonic()
    os.waitpid(forked(work), 0)
    took, bad, within = time.monotonic() - start, 0, 0
    for number in range(KILLS[name]):
        child = forked(work)
        if number % 2:
            _await_writing(folder, rng.randrange(8), took)
            time.sleep(rng.uniform(0, 0.002))
        else:
            time.sleep(rng.uniform(0, took))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        within += os.WIFSIGNALED(status)
        bad += not whole()
    os.waitpid(forked(work), 0)
    left = [path.name for path in folder.rglob(".*") if path.is_file()]
    print(
        f"{name}: {KILLS[name]} kills, {within} of them within the work, {bad} not whole, left behind: {left or 'none'}"
    )
    return bad + len(left)


def _await_writing(folder: Path, skip: int, longest: float) -> None:
    """Wait until a temporary file is there, having let `skip` of them go by, or until the work should have ended."""
    start, seen, last = time.monotonic(), set[str](), None
    while time.monotonic() - start < longest and len(seen) <= skip:
        last = next((path.name for path in folder.rglob(".*.servanda-*")), None)
        seen |= {last} if last else set()


def kills_of_saves(folder: Path, rng: random.Random) -> int:
    """Two posteriors are saved over each other."""
    tables = [xr.DataArray([p, 1 - p], dims="rain") for p in (0.2, 0.8)]
    both = [Posterior.from_tables(Network((Node("rain", ("no", "yes")),)), {"rain": table}) for table in tables]
    path = folder / "a.nc"
    both[0].save(path)

    def work() -> None:
        for _ in range(5):
            for posterior in both:
                posterior.save(path)

    def whole() -> bool:
        return float(load_posterior(path).draws["rain.table"].values.ravel()[0]) in (0.2, 0.8)

    return kill_all("save", work, whole, folder, rng)


def kills_of_fits(folder: Path, rng: random.Random) -> int:
    """Fits are made, stored in the cache, and saved; a cache that was broken off is filled again, or found whole."""
    path, sampling = folder / "fit.nc", Sampling(1, draws=200, tune=10, chains=2)
    right = fit(NETWORK, CASES, **sampling.settings)

    def work() -> None:
        for file in folder.glob("[!.]*.nc"):
            file.unlink()
        found, _ = stored_fit(NETWORK, CASES, None, sampling, folder)
        found.save(path)

    def whole() -> bool:
        found = [load_posterior(file) for file in folder.glob("[!.]*.nc")]
        return all(bool((one.draws["soil.table"] == right.draws["soil.table"]).all()) for one in found)

    return kill_all("fit", work, whole, folder, rng)


def kills_of_reports(folder: Path, rng: random.Random) -> int:
    """A report is written over itself, with two days of issue; every file is that of one of the two."""
    one, other = ({**report_by_hand(), "issued": day} for day in ("2026-01-31", "2026-02-28"))
    out = folder / "out"
    known: dict[str, set[bytes]] = {}
    for each in (one, other):
        place = Path(tempfile.mkdtemp())
        write_report(place, each, FORMATS)
        _learn(place, known)
    out.mkdir()
    write_report(out, one, FORMATS)

    def work() -> None:
        write_report(out, other, FORMATS)
        write_report(out, one, FORMATS)

    return kill_all("report", work, lambda: _known(out, known), folder, rng)


def kills_of_whole_reports(folder: Path, rng: random.Random) -> int:
    """A scenario is answered and reported again, of whose fits and parts some are found; all stays as it was."""
    cache, out, known = folder / "cache", folder / "out", dict[str, set[bytes]]()

    def work() -> None:
        for path in cache.glob("[!.]*"):
            # Parts are made again; of the fits one is.
            if (path.suffix == ".json" and not path.name.startswith("theories")) or "-flat-" in path.name:
                path.unlink()
        report(SCENARIO, out, draws=25, tune=25, chains=2, draft=True, folder=cache, formats=FORMATS)

    work()
    _learn(out, known)
    _learn(cache, known)
    fits = {path.name: load_posterior(path).draws for path in cache.glob("[!.]*.nc")}

    def whole() -> bool:
        # A fit holds how long it took.
        stored = (load_posterior(path).draws.equals(fits[path.name]) for path in cache.glob("[!.]*.nc"))
        return all(stored) and _known(out, known) and _known(cache, known, besides=".nc")

    return kill_all("whole report", work, whole, folder, rng)


def kills_of_pages(folder: Path, rng: random.Random) -> int:
    """A page of knobs of two fits is written over itself."""
    fits = [prior_predictive("guarantee", name, seed=1, draws=200) for name in ("flat", "literature")]
    path, known = folder / "explore.html", dict[str, set[bytes]]()
    for one in fits:
        explore(one, SCENARIO).save(path)
        _learn(folder, known)

    def work() -> None:
        for one in fits:
            explore(one, SCENARIO).save(path)

    return kill_all("explore", work, lambda: _known(folder, known), folder, rng)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]


def _learn(folder: Path, known: dict[str, set[bytes]]) -> None:
    """Add what files hold to what they may hold."""
    for path in _files(folder):
        known.setdefault(str(path.relative_to(folder)), set()).add(path.read_bytes())


def _known(folder: Path, known: dict[str, set[bytes]], besides: str = "-") -> bool:
    """Whether each file holds what it may."""
    files = [path for path in _files(folder) if path.suffix != besides]
    return all(path.read_bytes() in known.get(str(path.relative_to(folder)), ()) for path in files)


@contextmanager
def small_disk(options: str) -> Iterator[Path | None]:
    """A file system of its own, where that is allowed; else None."""
    place = Path(tempfile.mkdtemp())
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], check=False, capture_output=True
    )
    try:
        yield None if done.returncode else place
    finally:
        if not done.returncode:
            subprocess.run(["umount", str(place)], check=False)


def full_disks() -> int:
    """Saving, reporting and exploring to a disk of 64 kB, and a cache on a disk that is read-only."""
    bad = 0
    posterior = fit(NETWORK, CASES, seed=1, draws=4000, chains=4)
    page = explore(prior_predictive("guarantee", "flat", seed=1, draws=200), SCENARIO)
    works: dict[str, Callable[[Path], object]] = {
        "save": lambda place: posterior.save(place / "a.nc"),
        "report": lambda place: write_report(place, report_by_hand(), FORMATS),
        "explore": lambda place: page.save(place / "a.html"),
    }
    for name, work in works.items():
        with small_disk("size=64k") as place:
            if place is None:
                print("full disk: not tried, no file system can be mounted here")
                return bad
            _, status = os.waitpid(forked(lambda work=work, place=place: work(place)), 0)
            left = [path.name for path in place.rglob("*") if path.is_file() and path.name.startswith(".")]
            code = os.waitstatus_to_exitcode(status)
            said = "one error" if code == 2 else f"ended with {code}"
            print(f"full disk, {name}: {said}, left behind: {left or 'none'}")
            bad += code != 2 or bool(left)
    with small_disk("size=64k,ro") as place:
        sampling = Sampling(1, draws=10, tune=10, chains=2)
        _, status = os.waitpid(forked(lambda: stored_fit(NETWORK, CASES, None, sampling, place)), 0)
        code = os.waitstatus_to_exitcode(status)
        print(f"read-only cache: {'one error before the fit' if code == 2 else f'ended with {code}'}")
        bad += code != 2
    return bad


def two_writers(folder: Path) -> int:
    """Two processes save to one name, and a third reads it all the while."""
    tables = [xr.DataArray([p, 1 - p], dims="rain") for p in (0.2, 0.8)]
    both = [Posterior.from_tables(Network((Node("rain", ("no", "yes")),)), {"rain": table}) for table in tables]
    path = folder / "both.nc"
    both[0].save(path)
    children = [forked(lambda one=one: [one.save(path) for _ in range(30)]) for one in both]
    bad, reads = 0, 0
    while children:
        try:
            bad += float(load_posterior(path).draws["rain.table"].values.ravel()[0]) not in (0.2, 0.8)
        except InputError:
            bad += 1
        reads += 1
        children = [child for child in children if os.waitpid(child, os.WNOHANG) == (0, 0)]
    left = [one.name for one in folder.iterdir() if one.name.startswith(".")]
    print(f"two writers: 60 saves, {reads} reads meanwhile, {bad} not whole, left behind: {left or 'none'}")
    return bad + len(left)


def main() -> int:
    """All of it; 1 if anything was lost."""
    rng, bad = random.Random(1), 0
    for work in (kills_of_saves, kills_of_fits, kills_of_reports, kills_of_pages, kills_of_whole_reports):
        bad += work(Path(tempfile.mkdtemp()), rng)
    bad += full_disks()
    bad += two_writers(Path(tempfile.mkdtemp()))
    return int(bad > 0)


if __name__ == "__main__":
    raise SystemExit(main())
