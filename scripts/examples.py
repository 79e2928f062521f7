"""Example reports and a page of knobs for the documentation, and their pictures, from the shipped scenarios."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from servanda.analysis.explore.make import explore
from servanda.analysis.queries.named_backers import shipped_cases
from servanda.analysis.reporting.make import report
from servanda.analysis.scenarios.scenario import load_scenario
from servanda.analysis.scenarios.stored_fits import stored_fit
from servanda.models.sampling.run import Sampling

STATIC = Path(__file__).parent.parent / "docs" / "_static"
#: Scenarios whose reports the documentation shows, each with what answers in its chapter "What if?": knobs weigh half a
#: megabyte, so that the first alone has them.
EXAMPLES = {"dprk-six-party": explore, "jcpoa-return": None}
#: Name of the file of page one, the width at which it is read, and what stands on it.
PICTURE, WIDTH = "page-one.png", 1040
PAGE_ONE = "() => document.querySelector('#why').getBoundingClientRect().top"
#: The page of knobs that the documentation shows, its picture, and what stands on that: knobs and the answer.
WHAT_IF = "what-if.png"
ANSWER = "() => document.querySelector('#tornado-title').getBoundingClientRect().top"


def main(names: Sequence[str] = (*EXAMPLES,)) -> None:
    """Rewrite docs/_static/examples and explore; what has not changed is found again, a new fit takes minutes."""
    (STATIC / "examples").mkdir(exist_ok=True)
    for name in names:
        with TemporaryDirectory() as folder:
            # Without a day of issue, so that equal inputs give equal files.
            report(name, folder, explore=EXAMPLES.get(name), progress=True)
            shutil.copyfile(Path(folder) / "report.html", STATIC / "examples" / f"{name}.html")
    first = next(iter(EXAMPLES))
    if first in names:
        picture(STATIC / "examples" / f"{first}.html", STATIC / PICTURE, PAGE_ONE)
        what_if(first)


def what_if(name: str) -> None:
    """Rewrite the page "What if?" that the documentation embeds, and its picture; the fit is that of the report."""
    loaded = load_scenario(name)
    cases = shipped_cases(loaded.network, loaded.scenario.as_of)
    # The sampling of `servanda report` by default.
    posterior, _ = stored_fit(loaded.network, cases, loaded.priors[0], Sampling(loaded.scenario.seed))
    (STATIC / "explore").mkdir(exist_ok=True)
    page = explore(posterior, loaded, cases=cases).save(STATIC / "explore" / f"{name}.html")
    picture(page, STATIC / WHAT_IF, ANSWER)


def picture(page: Path, target: Path, end: str) -> None:
    """Picture of a page as a screen shows it, up to where `end` says, where there is a browser."""
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
        height = round(window.evaluate(end))
        window.screenshot(path=target, full_page=True, clip={"x": 0, "y": 0, "width": WIDTH, "height": height - 30})
        started.close()
    # A page has few colours, and so has its picture: a quarter of the bytes.
    with Image.open(target) as taken:
        taken.convert("RGB").quantize(64, dither=Image.Dither.NONE).save(target, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1:] or [*EXAMPLES])
