"""Memory and time that each reader takes for each input of the corpus: ``python -m tests.faults.measure``.

Part of ``make validate``. Inputs that are there to be too large have their full size here. Each is read by a process of
its own, whose memory and processor time the system counts; what the process had before it read is not counted.
"""

# ruff: noqa: T201 - a program that says what it finds
from __future__ import annotations

import os
import resource
import tempfile
import warnings
from pathlib import Path

from servanda.common.errors import InputError
from servanda.record.files.actors import country_code

from .corpus import READERS, Bad, corpus

MOST_BYTES, MOST_SECONDS = 2e9, 20.0


def measured(bad: Bad) -> tuple[float, float, str]:
    """Bytes, processor seconds, and what is wrong, of one input."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    child = os.fork()
    if not child:
        code = 1
        try:
            READERS[bad.kind](bad.path)
        except InputError:
            code = 0
        finally:
            os._exit(code)
    _, status, used = os.wait4(child, 0)
    size, took = 1024.0 * (used.ru_maxrss - before), used.ru_utime + used.ru_stime
    wrong = [f"ended with {os.waitstatus_to_exitcode(status)}"] if status else []
    wrong += ["took too much memory"] if size > MOST_BYTES else []
    wrong += ["took too long"] if took > MOST_SECONDS else []
    return size, took, ", ".join(wrong)


def main() -> int:
    """Measure all; 1 if one is beyond what is promised."""
    warnings.simplefilter("ignore")
    country_code("Prussia")  # the list of countries, and what others import when they are first used
    with tempfile.TemporaryDirectory() as folder:
        inputs = corpus(Path(folder))
        found = [(bad, *measured(bad)) for bad in inputs]
    for bad, size, took, wrong in found:
        if wrong:
            print(f"{bad.path.name}: {size / 1e6:.0f} MB, {took:.1f} s: {wrong}")
    most = max(found, key=lambda row: row[1]), max(found, key=lambda row: row[2])
    print(f"{len(found)} inputs")
    print(f"most memory: {most[0][1] / 1e6:.0f} MB ({most[0][0].path.name})")
    print(f"longest: {most[1][2]:.1f} CPU seconds ({most[1][0].path.name})")
    return int(any(wrong for *_, wrong in found))


if __name__ == "__main__":
    raise SystemExit(main())
