"""Example reports of the documentation, and the picture of page one, from the shipped scenarios: `make examples`."""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from servanda.analysis.reporting.make import report

STATIC = Path(__file__).parent.parent / "docs" / "_static"
#: Scenarios whose reports the documentation shows; each weighs most of a megabyte.
EXAMPLES = ("dprk-six-party", "jcpoa-return")
#: Name of the file of page one, the width at which it is read, and what stands on it.
PICTURE, WIDTH = "page-one.png", 1040
PAGE_ONE = "() => document.querySelector('#why').getBoundingClientRect().top"


def main(names: tuple[str, ...] = EXAMPLES) -> None:
    """Rewrite docs/_static/examples; what has not changed is found again, a new fit takes minutes."""
    (STATIC / "examples").mkdir(exist_ok=True)
    for name in names:
        with TemporaryDirectory() as folder:
            # Without a day of issue, so that equal inputs give equal files.
            report(name, folder, progress=True)
            shutil.copyfile(Path(folder) / "report.html", STATIC / "examples" / f"{name}.html")
    if EXAMPLES[0] in names:
        picture(STATIC / "examples" / f"{EXAMPLES[0]}.html", STATIC / PICTURE)


def picture(page: Path, target: Path) -> None:
    """Picture of page one as a screen shows it, where there is a browser."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None or find_spec("playwright") is None:
        sys.stderr.write(f"{target.name} was left as it is: it needs Chromium and Playwright\n")
        return
    from PIL import Image
    from playwright.sync_api import sync_playwright

    with sync_playwright() as found:
        started = found.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        window = started.new_page(viewport={"width": WIDTH, "height": 800})
        window.goto(page.as_uri())
        height = round(window.evaluate(PAGE_ONE))
        window.screenshot(path=target, full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": height - 30})
        started.close()
    # A page has few colours, and so has its picture: a quarter of the bytes.
    with Image.open(target) as taken:
        taken.convert("RGB").quantize(64, dither=Image.Dither.NONE).save(target, optimize=True)


if __name__ == "__main__":
    main(tuple(sys.argv[1:]) or EXAMPLES)
