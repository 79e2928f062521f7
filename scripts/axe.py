"""What axe-core finds on every page of the documentation, light and dark: `scripts/axe.py [PAGE ...]`.

The pages are those that `make docs` built. A page takes seconds, so this is no part of `make test`. It ends with 1
where something is found.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

SITE = Path(__file__).parent.parent / "docs" / "_build" / "html"
#: Milliseconds that a page may take.
PATIENCE = 300_000


def main(names: list[str]) -> int:
    """Print a line a fault and how many pages were looked at."""
    found = importlib.util.find_spec("axe_playwright_python")
    browsers = [path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))]
    if found is None or not found.submodule_search_locations or not browsers:
        raise SystemExit("axe: install the development requirements and a Chromium")
    axe = (Path(found.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")
    whole = [path for path in SITE.rglob("*.html") if "_static" not in path.relative_to(SITE).parts]
    pages, faults = [SITE / name for name in names] or sorted(whole), 0
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=browsers[0], args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            context = browser.new_context(color_scheme=scheme)
            context.set_default_timeout(PATIENCE)
            for path in pages:
                page = context.new_page()
                page.goto(path.as_uri())
                page.evaluate(axe)
                # Pages within pages, the page of knobs and example reports, have tests of their own.
                for fault in page.evaluate("() => axe.run({iframes: false})")["violations"]:
                    faults += 1
                    where = f"{path.relative_to(SITE)}, {scheme}"
                    sys.stdout.write(f"{where}: {fault['impact']}: {fault['id']}: {fault['nodes'][0]['html']}\n")
                page.close()
        browser.close()
    sys.stdout.write(f"{len(pages)} pages, light and dark: {faults} faults\n")
    return int(faults > 0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
