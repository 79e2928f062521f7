"""What the documentation imports is public: a name of a room that lists it."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2]
PAGES = [HERE / "README.md", *sorted((HERE / "docs").rglob("*.md"))]
#: Hidden cells that run commands and make up a judgement by hand; no page teaches these.
NOT_TAUGHT = {
    ("servanda.analysis.cli.app", "app"),
    ("servanda.analysis.ledger.file", "append"),
    ("servanda.analysis.ledger.lines", "Issued"),
}
_BLOCK = re.compile(r"^```(?:python|\{code-cell\}[^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def imported(page: str) -> set[tuple[str, str]]:
    """Module and name of everything that the Python of a page takes from Servanda."""
    found = set()
    for block in _BLOCK.findall(page):
        code = "\n".join(line for line in block.splitlines() if not re.match(r":[a-z-]+:|%|!", line))
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] == "servanda":
                found |= {(str(node.module), alias.name) for alias in node.names}
            if isinstance(node, ast.Import):
                found |= {(alias.name, "") for alias in node.names if alias.name.startswith("servanda.")}
    return found


def is_public(module: str, name: str) -> bool:
    room = importlib.import_module(module)
    return hasattr(room, "__path__") and name in getattr(room, "__all__", ())


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_page_imports_public_names(page):
    private = sorted(
        (module, name)
        for module, name in imported(page.read_text(encoding="utf-8")) - NOT_TAUGHT
        if not is_public(module, name)
    )
    assert private == []


def test_a_private_path_would_be_found():
    page = "```{code-cell} ipython3\n:tags: [x]\n\nfrom servanda.analysis.track.scores import RULE\n```\n"
    ((module, name),) = imported(page)
    assert not is_public(module, name)
    assert not is_public("servanda.analysis.track.fits", "fit_track")
    assert is_public("servanda.analysis.track", name)
