"""Fuzzing of every reader: ``make fuzz``, or ``python -m tests.faults.fuzz [READER ...]``.

Each reader is given ``FUZZ_MINUTES`` (5 by default), in a process of its own.

Inputs are made from the corpus and from good files, by atheris with the coverage of our own modules where it is
installed, else by the same changes at random. A finding is an error that is not an `InputError`, or one that reading
takes longer than `LONGEST` seconds to say; it is written beside the others to ``build/fuzz``, and belongs into the
corpus once it is mended.
"""

from __future__ import annotations

# ruff: noqa: T201 - a program that says what it finds
import contextlib
import os
import random
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

try:
    import atheris
except ImportError:
    atheris = None

#: Parts that read, whose coverage leads the search.
OURS = (
    *("servanda.common", "servanda.record", "servanda.priors.files", "servanda.analysis.scenarios.scenario"),
    *("servanda.models.formats", "servanda.models.network", "servanda.models.posterior", "servanda.models.store"),
    *("servanda.models.track.settings", "servanda.models.parameters", "servanda.models.node"),
    *("servanda.analysis.reporting.load", "servanda.analysis.ledger"),
)
with atheris.instrument_imports(include=[*OURS]) if atheris else contextlib.nullcontext():
    from servanda.common.errors import InputError

    from .corpus import READERS, Bad, corpus
    from .good import SEALS, good_files

ROOT = Path(__file__).parents[2]
FOUND = ROOT / "build" / "fuzz"
LONGEST = 20.0
#: What is fuzzed -> kind of the corpus, ending, and good files to begin with.
TARGETS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "bif": ("network", ".bif", ("examples/asia.bif",)),
    "net": ("network", ".net", ()),
    "xmlbif": ("network", ".xmlbif", ()),
    "xdsl": ("network", ".xdsl", ()),
    "toml_network": ("network", ".toml", ("models/networks/guarantee.toml",)),
    "prior": ("prior", ".toml", ("priors/sets/flat.toml",)),
    "scenario": ("scenario", ".toml", ("examples/my_scenario.toml",)),
    "settings": ("settings", ".toml", ("models/track/default.toml",)),
    "csv": ("record", ".csv", ()),
    "events": ("events", ".csv", ()),
    "parquet": ("check", ".parquet", ()),
    "stata": ("check", ".dta", ()),
    "spss": ("check", ".sav", ()),
    "sources": ("sources", ".bib", ()),
    "posterior": ("posterior", ".nc", ()),
    "report": ("report", ".json", ()),
    "ledger": ("ledger", ".jsonl", ()),
}
#: Larger files make every step slow, and find no more.
_LARGEST = 40_000


def seeds(name: str, bad: list[Bad]) -> list[bytes]:
    """Inputs to begin with: those of the corpus, and good files."""
    kind, ending, shown = TARGETS[name]
    known = [one.path.read_bytes() for one in bad if one.kind == kind and one.path.suffix == ending]
    found = [*(ROOT.joinpath(path).read_bytes() for path in shown), *good_files(name), *known]
    return [data for data in found if len(data) <= _LARGEST]


class Target:
    """A reader that is given bytes: counts them, and keeps what ends otherwise than it should."""

    def __init__(self, name: str) -> None:
        kind, ending, _ = TARGETS[name]
        self.name, self.read, self.expected = name, READERS[kind], InputError
        self.path = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-")) / f"input{ending}"
        self.runs, self.accepted, self.found = 0, 0, dict[str, Path]()
        self.began = time.process_time()
        warnings.simplefilter("ignore")

    def __call__(self, data: bytes) -> None:
        self.path.write_bytes(data)
        self.runs += 1
        start = time.process_time()
        try:
            self.read(self.path)
            self.accepted += 1
        except self.expected:
            pass
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - whatever else it is, it is a finding
            self._keep(f"{type(error).__name__} {_place(error)}", data, error)
        took = time.process_time() - start
        if took > LONGEST:
            self._keep(f"took {took:.0f} s", data, None)

    def _keep(self, what: str, data: bytes, error: BaseException | None) -> None:
        if what in self.found:
            return
        FOUND.mkdir(parents=True, exist_ok=True)
        path = FOUND / f"{self.name}-{len(self.found)}{self.path.suffix}"
        path.write_bytes(data)
        self.found[what] = path
        print(f"FOUND {self.name}: {what}: {str(error)[:200]!r} in {path}", flush=True)

    def report(self, seconds: float, covered: str) -> None:
        """Say what came of it."""
        print(
            f"{self.name}: {self.runs} executions in {seconds:.0f} s ({time.process_time() - self.began:.0f} CPU s), "
            f"{self.accepted} accepted, "
            f"{len(self.found)} kinds of findings, {covered}",
            flush=True,
        )


def _place(error: BaseException) -> str:
    """Last of our own lines that it came through."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/site-packages/" not in frame.filename]
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"


def changed(data: bytes, others: list[bytes], rng: random.Random) -> bytes:
    """Some changes of an input: bits, pieces that go, stand twice or come from another, and numbers that are edges."""
    edges = (
        b"0",
        b"-1",
        b"1e309",
        b"nan",
        b"\x00",
        b"\xff",
        b'"',
        b"{",
        b"}",
        b"[",
        b"(",
        b"\n",
        b"9" * 30,
        "‮".encode(),
    )
    body = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        place = rng.randrange(len(body) + 1)
        end = min(len(body), place + rng.choice((1, 2, 4, 16, 64, 256)))
        kind = rng.randrange(6)
        if kind == 0 and body:
            body[min(place, len(body) - 1)] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del body[place:end]
        elif kind == 2:
            body[place:place] = body[place:end]
        elif kind == 3:
            other = rng.choice(others)
            start = rng.randrange(len(other) + 1)
            body[place:end] = other[start : start + 64]
        elif kind == 4:
            body[place:place] = rng.choice(edges)
        else:
            body[place:end] = rng.choice(edges)
    return bytes(body[:_LARGEST])


def fuzz(name: str, begin: list[bytes], minutes: float, seed: int = 1) -> int:
    """Fuzz one reader; the number of kinds of findings."""
    target, seal = Target(name), SEALS.get(name, bytes)
    start = time.monotonic()
    if atheris is None:
        rng = random.Random(seed)
        while time.monotonic() - start < 60 * minutes:
            made = changed(rng.choice(begin), begin, rng)
            # One in ten is damaged behind its seal.
            target(made if rng.random() < 0.1 else seal(made))
        target.report(time.monotonic() - start, "coverage not measured")
        return len(target.found)
    folder = Path(tempfile.mkdtemp(prefix="fuzz-seeds-"))
    for number, data in enumerate(begin):
        folder.joinpath(str(number)).write_bytes(data)

    def one(data: bytes) -> None:
        # The last byte says whether the seal is put right.
        target(data if data[-1:] < b"\x1a" else seal(data))
        if time.monotonic() - start > 60 * minutes:
            target.report(time.monotonic() - start, "coverage in the last line of libFuzzer above")
            os._exit(min(len(target.found), 100))

    FOUND.mkdir(parents=True, exist_ok=True)
    words = [f"-artifact_prefix={FOUND}/", f"-max_len={_LARGEST}", f"-seed={seed}", "-rss_limit_mb=0", "-timeout=300"]
    atheris.Setup(["fuzz", *words, str(folder)], one)
    atheris.Fuzz()
    return len(target.found)


def main(names: list[str]) -> int:
    """Fuzz readers one after the other; 1 if anything was found."""
    minutes = float(os.environ.get("FUZZ_MINUTES", "5"))
    with tempfile.TemporaryDirectory() as folder:
        bad = corpus(Path(folder), 0.001)
        begin = {name: seeds(name, bad) for name in names}
    found = 0
    for name in names:
        # A reader that takes the process with it takes its own.
        child = os.fork()
        if not child:
            os._exit(min(fuzz(name, begin[name], minutes), 100))
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        found += abs(code)
        if code < 0:
            print(f"FOUND {name}: the process was ended by signal {-code}", flush=True)
    return int(found > 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:] or [*TARGETS]))
