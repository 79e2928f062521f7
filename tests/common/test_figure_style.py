"""Figures are shown where nobody has imported pyplot: a notebook asks an object for its picture."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64decode
from html.parser import HTMLParser

#: What a notebook does with the last value of a cell, in a process that never saw pyplot.
ASKS = """
import json
import sys
from IPython.core.formatters import DisplayFormatter
from servanda.common.figure_style import new_figure
figure = new_figure(figsize=(2, 1))
figure.subplots().set_title("Kept <b>& broken")
shown = DisplayFormatter().format(figure)
assert "matplotlib.pyplot" not in sys.modules
sys.stdout.write(json.dumps(shown))
"""


def test_a_notebook_finds_the_picture_of_a_figure():
    done = subprocess.run([sys.executable, "-c", ASKS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    data, about = json.loads(done.stdout)
    assert b64decode(data["image/png"]).startswith(b"\x89PNG\r\n\x1a\n")
    seen = Page()
    seen.feed(data["text/html"])
    (style, _), (image, said) = seen.tags
    assert (style, image, said["class"]) == ("style", "img", "servanda-figure")
    assert said["src"] == f"data:image/png;base64,{data['image/png']}"
    # Whatever a user has written above a figure is text.
    assert said["alt"] == "Kept <b>& broken"
    assert {name: int(said[name]) for name in ("width", "height")} == about["image/png"]


class Page(HTMLParser):
    """The elements of a page, each with what it says of itself."""

    def __init__(self):
        super().__init__()
        self.tags = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
