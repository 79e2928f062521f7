"""Exports load on first use, and are what they claim in whatever order modules are imported."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import servanda.common
import servanda.models
from servanda.common.lazy import lazy_exports

MODULES = sorted(path.stem for path in Path(servanda.models.__file__).parent.glob("*.py") if path.stem != "__init__")


def test_an_unknown_name_is_an_attribute_error():
    get, names = lazy_exports("servanda.common", {"Fault": ".errors"})
    assert names() == ["Fault"]
    with pytest.raises(AttributeError, match=r"^module 'servanda\.common' has no attribute 'Faults'$"):
        get("Faults")


@pytest.mark.parametrize("name", servanda.models.__all__)
def test_an_export_is_no_module(name):
    for module in MODULES:
        importlib.import_module(f"servanda.models.{module}")
    assert not isinstance(getattr(servanda.models, name), ModuleType)
    assert name in dir(servanda.models)


def test_no_module_has_the_name_of_an_export():
    assert set(MODULES).isdisjoint(servanda.models.__all__)


def test_importing_a_room_loads_no_heavy_library():
    code = (
        "import sys, servanda.models; from servanda.models import Prior, load_network; load_network('guarantee');"
        "print(sorted({'pymc', 'pytensor', 'arviz', 'pgmpy', 'matplotlib', 'scipy', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
