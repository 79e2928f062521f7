"""Pages of the documentation are executed side by side, each once, and one that fails stops the build."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PAGE = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n# Page\n\n```{{code-cell}} ipython3\n{}\n```\n"
MEET = """
import pathlib, time
pathlib.Path({own!r}).touch()
begun = time.monotonic()
while not pathlib.Path({other!r}).exists():
    assert time.monotonic() < begun + 60, "the other page has not begun"
    time.sleep(0.02)
print("met", 20 + 22, time.time_ns())
"""
SETTINGS = f"""
import sys
sys.path.insert(0, {str(DOCS)!r})
extensions = ["myst_nb", "executed_ahead"]
nb_execution_mode = "cache"
nb_execution_cache_path = "cache"
"""


def build(folder):
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-E", "-q", "-b", "html", "source", "html"]
    return subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)


def shown(folder, page):
    return re.findall(r"met 42 \d+", (folder / "html" / f"{page}.html").read_text(encoding="utf-8"))


def test_pages_meet_are_kept_and_fail_the_build(tmp_path):
    """Each of two pages waits for the other: one after the other they would never end."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "conf.py").write_text(SETTINGS, encoding="utf-8")
    places = {"index": str(tmp_path / "one"), "other": str(tmp_path / "two")}
    one, two = (
        PAGE.format(MEET.format(own=places[own], other=places[other]))
        for own, other in (("index", "other"), ("other", "index"))
    )
    one += "\n```{toctree}\nother\n```\n"
    (source / "index.md").write_text(one, encoding="utf-8")
    (source / "other.md").write_text(two, encoding="utf-8")
    done = build(tmp_path)
    assert done.returncode == 0, done.stderr
    first = shown(tmp_path, "index")
    assert len(first) == len(shown(tmp_path, "other")) == 1

    (source / "index.md").write_text(one.replace("# Page", "# New words"), encoding="utf-8")
    (source / "other.md").write_text(two + "\n```{code-cell} ipython3\n1 / 0\n```\n", encoding="utf-8")
    done = build(tmp_path)
    assert done.returncode != 0
    assert re.search(r"other.md: WARNING: a cell of the page fails", done.stderr)
    assert "ZeroDivisionError" in done.stderr

    (source / "other.md").write_text(two, encoding="utf-8")
    assert build(tmp_path).returncode == 0
    assert shown(tmp_path, "index") == first


def test_the_documentation_is_built_so():
    assert '"executed_ahead"' in (DOCS / "conf.py").read_text(encoding="utf-8")
