"""Figures are shown where nobody has imported pyplot: a notebook asks an object for its picture."""

from __future__ import annotations

import subprocess
import sys

#: What a notebook does with the last value of a cell, in a process that never saw pyplot.
ASKS = """
import sys
from IPython.core.formatters import PNGFormatter
from servanda.common.figure_style import new_figure
figure = new_figure(figsize=(2, 1))
figure.subplots().plot([0, 1])
picture, size = PNGFormatter()(figure)
assert "matplotlib.pyplot" not in sys.modules
sys.stdout.write(repr(picture[:8]))
"""


def test_a_notebook_finds_the_picture_of_a_figure():
    done = subprocess.run([sys.executable, "-c", ASKS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == repr(b"\x89PNG\r\n\x1a\n")
