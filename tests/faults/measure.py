"""Memory and time that each reader takes for each input of the corpus: ``python -m tests.faults.measure``.

Part of ``make validate``. Inputs that are there to be too large have their full size here. Each is read by a process of
its own, forked from one that has imported what readers import, whose memory and processor time the system counts; what
the process had before it read is not counted. Another process makes the inputs: what takes memory to be made would
else hide what it takes to be read.
"""

# ruff: noqa: T201 - a program that says what it finds
from __future__ import annotations

import os
import pickle
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from servanda.common.errors import InputError
from servanda.record.files.actors import country_code

from .corpus import READERS, Bad, corpus

MOST_BYTES, MOST_SECONDS = 2e9, 20.0
#: Bytes of an input that may be read to see what readers import.
SMALL = 10_000


def made(folder: Path) -> list[Bad]:
    """Write all inputs in a process that ends before any is read."""
    told = folder / "inputs.pickle"
    child(lambda: told.write_bytes(pickle.dumps(corpus(folder))))
    return pickle.loads(told.read_bytes())


def child(work: Callable[[], object]) -> tuple[float, float, int]:
    """Most bytes, processor seconds and exit code of a process that does some work."""
    number = os.fork()
    if not number:
        code = 1
        try:
            work()
        except InputError:
            code = 0
        finally:
            os._exit(code)
    _, status, used = os.wait4(number, 0)
    return 1024.0 * used.ru_maxrss, used.ru_utime + used.ru_stime, os.waitstatus_to_exitcode(status)


def measured(bad: Bad) -> tuple[float, float, str]:
    """Bytes, processor seconds, and what is wrong, of one input."""
    # What a process begins with is what one takes that reads nothing.
    before, _, _ = child(lambda: None)
    most, took, code = child(lambda: READERS[bad.kind](bad.path))
    wrong = [f"ended with {code}"] if code else []
    wrong += ["took too much memory"] if most - before > MOST_BYTES else []
    wrong += ["took too long"] if took > MOST_SECONDS else []
    return most - before, took, ", ".join(wrong)


def main() -> int:
    """Measure all; 1 if one is beyond what is promised."""
    warnings.simplefilter("ignore")
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        inputs = made(Path(folder))
        # What readers import when they are first used, and the list of countries, are no part of what an input takes.
        for bad in {bad.path.suffix: bad for bad in inputs if bad.path.stat().st_size < SMALL}.values():
            with suppress(InputError):
                READERS[bad.kind](bad.path)
        country_code("Prussia")
        found = [(bad, *measured(bad)) for bad in inputs]
    for bad, size, took, wrong in found:
        if wrong:
            print(f"{bad.path.name}: {size / 1e6:.0f} MB, {took:.1f} s: {wrong}")
    print(f"{len(found)} inputs in {time.monotonic() - start:.0f} s")
    print("most memory, and longest, by kind:")
    for kind in dict.fromkeys(bad.kind for bad, *_ in found):
        rows = [row for row in found if row[0].kind == kind]
        largest, longest = max(rows, key=lambda row: row[1]), max(rows, key=lambda row: row[2])
        print(
            f"{kind:10} {len(rows):4}  {largest[1] / 1e6:6.0f} MB ({largest[0].path.name})"
            f"  {longest[2]:5.1f} CPU s ({longest[0].path.name})",
        )
    return int(any(wrong for *_, wrong in found))


if __name__ == "__main__":
    raise SystemExit(main())
