"""The page `docs/benchmarks.md` from `measured.json`: `python benchmarks/page.py` writes its tables and its figure.

Every number of the page stands between marks that name the table it belongs to; the words around are written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stored import load

DOCS = Path(__file__).parent.parent / "docs"
PAGE, FIGURE = DOCS / "benchmarks.md", DOCS / "_static" / "growth.svg"
_MARK = re.compile(r"(<!-- measured: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
#: Smallest ESS from which a time until another ESS is told.
LEAST_ESS = 50
MISSING = "Not measured yet."
_PROBLEMS = {
    "a": "The shipped record under its priors, from process start to saved file",
    "b": "Twelve tables, 500 rows, 15 % of the cells missing",
    "c": "A latent class of two with eight children, 5,000 rows",
    "d": "The outcome of the record: an ordinal logit with effects of 45 actors and 249 guarantees, 367 cases",
}


def filled(text: str, measured: Mapping[str, Any]) -> str:
    """The page with every marked table made anew."""
    return _MARK.sub(lambda found: f"{found[1]}\n{TABLES[found[2]](measured) or MISSING}\n\n{found[3]}", text)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, columns of numbers to the right; nothing without rows."""
    rows = list(rows)
    if not rows:
        return ""
    lines = [
        " | ".join(head),
        " | ".join(["---", *("---:" if _numbers(cells) else "---" for cells in list(zip(*rows, strict=True))[1:])]),
        *(" | ".join(row) for row in rows),
    ]
    return "\n".join(f"| {line} |" for line in lines)


def _numbers(cells: Iterable[str]) -> bool:
    """Whether what stands in a column begins with a digit more often than not."""
    told = [cell[0].isdigit() for cell in cells if cell]
    return sum(told) * 2 > len(told)


def seconds(number: float) -> str:
    """A time in the unit that reads best, on one line.

    >>> seconds(0.00391), seconds(2.345), seconds(123.4)
    ('3.9\\xa0ms', '2.3\\xa0s', '123\\xa0s')
    """
    if number < 1:
        told = f"{1e3 * number:.2g} ms" if number < 0.1 else f"{1e3 * number:.0f} ms"
    else:
        told = f"{number:.1f} s" if number < 100 else f"{number:,.0f} s"
    return told.replace(" ", "\N{NO-BREAK SPACE}")


def times(number: float) -> str:
    """A ratio."""
    return f"{number:.2g}" if number < 10 else f"{number:,.0f}"


def where(measured: Mapping[str, Any]) -> str:
    """Machine, load and command of each section."""
    rows = [
        (name, one["when"], f"`{one['command']}`", f"{one['load'][0]:g} to {one['load'][1]:g}")
        for name, one in measured.items()
    ]
    machine = next(iter(measured.values()))["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in newest(measured).items())
    said = f"{machine['processor']}, {machine['processors']} processors, {machine['memory_gb']} GB; Python "
    said += f"{machine['python']}, {versions}."
    return f"{said}\n\n{table(('section', 'measured', 'command', 'load'), rows)}"


def sections(measured: Mapping[str, Any], script: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """What a script measured, part by part, by the part's name."""
    for name, one in measured.items():
        if name.startswith(f"{script} "):
            yield name.removeprefix(f"{script} "), one["rows"]


def newest(measured: Mapping[str, Any]) -> dict[str, str]:
    """Versions of all sections together."""
    return {name: number for one in measured.values() for name, number in sorted(one["machine"]["versions"].items())}


def fits(measured: Mapping[str, Any]) -> str:
    """A table for each problem."""
    parts = []
    for problem, rows in sections(measured, "fit"):
        shown = [_fit_row(row) for row in rows if "left_out" not in row]
        head = ("", "until ESS 400, CPU", "times ours", "wall", "times ours", "smallest ESS", "largest z", "load")
        parts.append(f"**{_PROBLEMS[problem]}**\n\n{table(head, shown)}")
        left = [f"{row['name']}: {row['left_out']}" for row in rows if "left_out" in row]
        parts += [f"Left out: {'; '.join(left)}."] if left else []
    return "\n\n".join(parts)


def _fit_row(row: Mapping[str, Any]) -> tuple[str, ...]:
    name = f"{row['name']} ({row['note']})" if row["note"] else row["name"]
    z = f"{row['z']:.1f} of {row['numbers']}" if "z" in row else ""
    # Too few to scale: the time would be a guess.
    known = row["ess"] >= LEAST_ESS
    late = "" if row.get("z", 0) <= row.get("z_limit", 0) else f", above {row['z_limit']:.1f}"
    return (
        name,
        *(
            (seconds(row["until_cpu"]), times(row["ratio_cpu"]), seconds(row["until"]), times(row["ratio"]))
            if known
            else (f"not reached in {seconds(row['whole_cpu'])}", "", f"not reached in {seconds(row['whole'])}", "")
        ),
        f"{row['ess']:,.0f}",
        f"{z}{late}",
        f"{row['load']:g}",
    )


def queries(measured: Mapping[str, Any]) -> str:
    """One case, all marginals, open questions."""
    found = measured.get("queries", {}).get("sections", {})
    one = [(row["what"], seconds(row["seconds"]), times(row["ratio"])) for row in found.get("guarantee", ())]
    every = [
        (row["what"], seconds(row["seconds"]), seconds(row["pyagrum"]), times(row["ratio"]), f"{row['apart']:.0e}")
        for row in found.get("marginals", ())
    ]
    unsaid = [(row["what"], seconds(row["seconds"]), seconds(row["cpu"])) for row in found.get("open", ())]
    parts = (
        ("One question of the shipped network, seven nodes given and one set", ("", "time", "times ours"), one),
        (
            "All marginals of networks of the bnlearn repository, 1,000 draws",
            ("", "Servanda", "pyAgrum", "ratio", "largest difference"),
            every,
        ),
        ("Questions that leave nodes open, 4,000 draws", ("", "wall", "CPU"), unsaid),
    )
    return "\n\n".join(f"**{title}**\n\n{table(head, rows)}" for title, head, rows in parts if rows)


def scale(measured: Mapping[str, Any]) -> str:
    """The largest sizes that were measured, with memory and progress."""
    rows = []
    for kind, found in sections(measured, "scale"):
        largest = max(row["size"] for row in found)
        rows += [
            (
                f"{largest:,} {kind}: {row['step']}",
                seconds(row["seconds"]),
                seconds(row["cpu"]),
                f"{row['peak_mb']:,.0f} MB",
                str(row["told"] or ""),
            )
            for row in found
            if row["size"] == largest
        ]
    return table(("", "wall", "CPU", "peak of memory so far", "progress told"), rows)


def lines(measured: Mapping[str, Any]) -> dict[str, dict[int, float]]:
    """What grows -> size -> seconds; on the wall for queries, of CPU for the rest."""
    found = {
        f"{row['what']}": {int(size): taken for size, taken in row["seconds"].items()}
        for row in measured.get("queries", {}).get("sections", {}).get("growth", ())
    }
    for kind, rows in sections(measured, "scale"):
        for row in rows:
            found.setdefault(f"{kind}: {row['step']}", {})[row["size"]] = row["cpu"]
    return {name: dict(sorted(sizes.items())) for name, sizes in found.items()}


def workers(measured: Mapping[str, Any]) -> str:
    """One Dask worker beside two."""
    rows = [
        (row["what"], seconds(row["one"]), seconds(row["two"]), times(row["times"]), f"{row['difference']:.0e}")
        for row in measured.get("workers", {}).get("rows", ())
    ]
    return table(("", "one worker", "two", "times faster", "largest difference"), rows)


def before(measured: Mapping[str, Any]) -> str:
    """Tasks in an earlier state of the code and in this one."""
    rows = []
    found = measured.get("before", {"revision": "", "tasks": []})
    for row in found["tasks"]:
        ratio = row["before_cpu"] / row["now_cpu"] if "before_cpu" in row and "now_cpu" in row else None
        told = {
            name: seconds(row[name]) if f"{one}_cpu" in row else row[one] if name == one else ""
            for one in ("before", "now")
            for name in (one, f"{one}_cpu")
        }
        rows.append((row["task"], *told.values(), times(ratio) if ratio else ""))
    head = ("", f"at {found['revision']}", "CPU", "now", "CPU", "times faster, CPU")
    return table(head, rows)


def growth(measured: Mapping[str, Any]) -> str:
    """Sizes, times and exponents."""
    from scale import exponent

    rows = [
        (name, f"{min(sizes):,} to {max(sizes):,}", seconds(sizes[max(sizes)]), f"{exponent(sizes):.2f}")
        for name, sizes in lines(measured).items()
    ]
    return table(("", "sizes", "at the largest", "exponent"), rows)


#: Name of a mark -> what stands there.
TABLES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "where": where,
    "fits": fits,
    "queries": queries,
    "scale": scale,
    "workers": workers,
    "growth": growth,
    "before": before,
}


def draw(measured: Mapping[str, Any], path: Path) -> None:
    """Draw all growth in one figure, both axes logarithmic."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from servanda.common.figure_style import COLOURS

    panels = {"draws": [], "cases": [], "rows": [], "nodes": []}
    for name, sizes in lines(measured).items():
        # A step of a kind says first what grows, a question last.
        kind = name.partition(":")[0] if ":" in name else name.rpartition(", ")[2]
        panels[kind if kind in panels else "cases"].append((name, sizes))
    with mpl.rc_context({"svg.hashsalt": "growth", "svg.fonttype": "none", "font.size": 8}):
        figure = Figure(figsize=(9, 6), layout="constrained")
        for axes, (title, drawn) in zip(figure.subplots(2, 2).flat, panels.items(), strict=True):
            for (name, sizes), colour, mark in zip(drawn, COLOURS, "os^Dvp", strict=False):
                short = name.replace(f"{title}: ", "").replace(f", {title}", "")
                axes.loglog(list(sizes), list(sizes.values()), f"{mark}-", color=colour, label=short, markersize=4)
            if drawn:
                smallest = min(min(sizes) for _, sizes in drawn)
                largest = max(max(sizes) for _, sizes in drawn)
                low = min(min(sizes.values()) for _, sizes in drawn)
                ends = [low, low * largest / smallest]
                axes.loglog([smallest, largest], ends, ":", color="0.6", label="linear", zorder=0)
                axes.legend(frameon=False)
            axes.set(title=title, xlabel=f"number of {title}", ylabel="seconds")
        figure.savefig(path, metadata={"Date": None})


def main() -> None:
    measured = load()
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), measured), encoding="utf-8")
    draw(measured, FIGURE)


if __name__ == "__main__":
    main()
