"""What was measured, kept in `measured.json` beside this file: a section a script, with machine, load and versions."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("measured.json")
#: Programs whose version bears on a figure.
PROGRAMS = ("servanda", "numpy", "numba", "nutpie", "pymc", "numpyro", "jax", "pystan", "pyjags", "pgmpy", "pyagrum")


def load(path: Path = FILE) -> dict[str, Any]:
    """Everything that was measured, by section."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def busy() -> float:
    """Processes that want a processor, averaged over a minute."""
    return round(os.getloadavg()[0], 1)


def machine() -> dict[str, Any]:
    """Processor, memory, Python and versions of programs."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine()
    )
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "processor": model,
        "processors": os.cpu_count(),
        "memory_gb": round(pages / 2**30),
        "python": platform.python_version(),
        "versions": {name: found for name in PROGRAMS if (found := _version(name))},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def store(section: str, content: Mapping[str, Any], load_before: float, path: Path = FILE) -> None:
    """Put a section in the place of what was there, beside when, where and how it was measured."""
    told = {
        "when": datetime.now(UTC).strftime("%Y-%m-%d"),
        "command": " ".join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]]),
        "load": [load_before, busy()],
        "machine": machine(),
    }
    everything = load(path) | {section: told | content}
    text = json.dumps(rounded(everything), indent=1, ensure_ascii=False, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")


def rounded(value: Any) -> Any:
    """Numbers to four digits: more of a time would be noise."""
    match value:
        case float():
            return float(f"{value:.4g}")
        case dict():
            return {key: rounded(one) for key, one in value.items()}
        case list() | tuple():
            return [rounded(one) for one in value]
        case _:
            return value
