"""The room shows its names before anything heavy is imported."""

from __future__ import annotations

import pytest


def test_nothing_heavy_is_imported_before_it_is_needed():
    import subprocess
    import sys

    code = "import sys, servanda.record as r; dir(r); sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_unknown_name_of_the_room():
    import servanda.record

    with pytest.raises(AttributeError, match=r"servanda\.record attribute load_everything"):
        _ = servanda.record.load_everything
    assert set(servanda.record.__all__) <= set(dir(servanda.record))
