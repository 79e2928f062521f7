"""The page "What if?" against Servanda: accuracy of its numbers and milliseconds of a repaint, in headless Chromium.

    python benchmarks/explore.py FIT.nc [SCENARIO] [--other FIT.nc] [--theory NAME] [--settings N] [--seed N]

Each pair of settings is a case of which every feature is known with chance 0.3, 0.6 or 0.9, and two formats that set
some of the features from outside. Both are asked of the page and of `outcomes`; the largest differences are said in
percentage points. With `--other`, a fit under another prior set or theory, the page is asked to answer by that one.
Repaints are timed by the page itself, which puts the milliseconds on its root element; the walk is walked three times
and the least of each turn counts, so that other work on the processors counts little.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from servanda.analysis import explore, load_scenario, outcomes
from servanda.models import load_posterior

STATES = """question => { const { average, single } = whatIf.answer(question);
  const five = values => { const s = whatIf.summary(values, 0.9); return [s.mean, s.lower, s.upper]; };
  return [average.map(five), single.map(five)]; }"""
CHANGE = """([a, b, state]) => { const [x, y] = [a, b].map(q => whatIf.answer(q).average[state]);
  const c = whatIf.change(x, y, 0.05, 0.9); return [c.mean, c.lower, c.upper, c.gain]; }"""
TURN = """([place, name, number]) => { whatIf.turn(now => { if (number < 0) delete now[place][name];
  else now[place][name] = number; }); return Number(document.documentElement.dataset.painted); }"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("posterior")
    parser.add_argument("scenario", nargs="?", default="dprk-six-party")
    parser.add_argument("--other")
    parser.add_argument("--theory", help="that of the other fit")
    parser.add_argument("--settings", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    told = parser.parse_args()
    posterior, scenario = load_posterior(told.posterior), load_scenario(told.scenario)
    others = [load_posterior(told.other)] if told.other else []
    theories = {told.theory: others} if told.theory else {}
    page = explore(posterior, scenario, others=[] if theories else others, theories=theories)
    target = page.content["fit"]["network"]["target"]
    rng = np.random.default_rng(told.seed)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as found:
        path = page.save(Path(folder) / "page.html")
        browser = found.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        window = browser.new_page()
        window.goto(path.as_uri())
        judged = [posterior, *others][-1]
        report = {"bytes": path.stat().st_size, **accuracy(window, judged, page, target, told.settings // 2, rng)}
        report["repaint"] = repaints(browser, path.as_uri(), page, told.seed)
        browser.close()
    print(json.dumps(report, indent=1))


def accuracy(window, posterior, page, target, pairs, rng):
    """Largest differences, in percentage points, and how often each is beyond what was asked."""
    network, actors = posterior.network, [None, *(one["code"] for one in page.content["actors"])]
    names, fit = page.content["cases"]["nodes"][:-1], [page.content["fit"], *page.content["others"]][-1]["name"]
    # What the exact mean would differ by if the fit were drawn again.
    errors = []
    found = {"mean": [], "ends": [], "single mean": [], "single ends": [], "change": [], "change ends": [], "gain": []}
    seconds = 0.0
    for _ in range(pairs):
        share = rng.choice([0.3, 0.6, 0.9])
        case = {name: int(rng.integers(len(network[name].states))) for name in names if rng.random() < share}
        sets = [
            {n: int(rng.integers(len(network[n].states))) for n in rng.choice(names, rng.integers(1, 3), replace=False)}
            for _ in range(2)
        ]
        whose = actors[rng.integers(len(actors))]
        member = {"actor": whose} if whose else {}
        asked, draws = [], []
        for done in sets:
            given = {name: state for name, state in case.items() if name not in done}
            worded = [{n: network[n].states[s] for n, s in states.items()} for states in (given, done)]
            start = time.process_time()
            exact = outcomes(posterior, target, *worded, **member)
            seconds += time.process_time() - start
            asked.append({"fit": fit, "given": given, "set": done, "members": {"actor": whose}})
            draws.append(exact.average.values.reshape(-1, len(network[target].states)))
            average, single = window.evaluate(STATES, asked[-1])
            rows = np.array([[[s.mean, s.lower, s.upper] for s in pair] for pair in exact.summaries.values()])
            for kind, mine, place in (("", average, 0), ("single ", single, 1)):
                apart = 100 * np.abs(np.array(mine) - rows[:, place])
                found[f"{kind}mean"].append(apart[:, 0].max())
                found[f"{kind}ends"].append(apart[:, 1:].max())
                if not kind:
                    noise = 100 * draws[-1].std(axis=0) / np.sqrt(len(draws[-1]))
                    errors.append((apart[:, 0] / np.maximum(noise, 1e-9))[apart[:, 0].argmax()])
        last = len(network[target].states) - 1
        moved = draws[1][:, last] - draws[0][:, last]
        rows = np.array([moved.mean(), *np.quantile(moved, [0.05, 0.95]), (moved >= 0.05).mean()])
        apart = 100 * np.abs(np.array(window.evaluate(CHANGE, [*asked, last])) - rows)
        found["change"].append(apart[0])
        found["change ends"].append(apart[1:3].max())
        found["gain"].append(apart[3])
    limits = {"mean": 0.2, "ends": 1.5, "change": 0.3}
    tell = {
        name: {"median": np.median(x), "99 %": np.quantile(x, 0.99), "largest": max(x)}
        | ({"beyond": int(np.sum(np.array(x) > limits[name])), "limit": limits[name]} if name in limits else {})
        for name, x in found.items()
    }
    beyond = [error for error, mean in zip(errors, found["mean"], strict=True) if mean > limits["mean"]]
    rounded = {name: {key: round(float(value), 3) for key, value in row.items()} for name, row in tell.items()}
    told = {
        "median": round(float(np.median(errors)), 2),
        "largest where beyond": round(float(max(beyond, default=0)), 2),
    }
    return {
        "settings": 2 * pairs,
        "points": rounded,
        "mean in its Monte Carlo errors": told,
        "exact CPU s a setting": round(seconds / (2 * pairs), 2),
    }


def repaints(browser, address, page, seed):
    """Milliseconds of a repaint by the last fit after a knob was turned: first by itself, then over a walk."""
    nodes = {node["name"]: len(node["states"]) for node in page.content["fit"]["network"]["nodes"]}
    names = page.content["cases"]["nodes"][:-1]
    fit = [page.content["fit"], *page.content["others"]][-1]["name"]
    walks = []
    for _ in range(3):
        rng, window, walk = np.random.default_rng(seed), browser.new_page(), []
        window.goto(address)
        window.evaluate("fit => whatIf.turn(now => { now.fit = fit; })", fit)
        for _ in range(20):
            window.evaluate(TURN, ["case", str(rng.choice(names)), -1])
        for _ in range(100):
            name = str(rng.choice(names))
            place = str(rng.choice(["case", "A", "B"]))
            walk.append(window.evaluate(TURN, [place, name, int(rng.integers(-1, nodes[name]))]))
        window.close()
        walks.append(walk)
    least = np.min(walks, axis=0)
    return {"median ms": round(float(np.median(least)), 1), "95 % ms": round(float(np.quantile(least, 0.95)), 1)}


if __name__ == "__main__":
    main()
