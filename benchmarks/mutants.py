"""Mutation testing: small deliberate breaks of the code, and which of them the tests notice.

    python benchmarks/mutants.py                                    # 12 mutants of every module in AREAS
    python benchmarks/mutants.py --modules analysis/summaries models/inference/soft.py --most 30 --seed 2
    python benchmarks/mutants.py --modules analysis/reporting/answers.py --most 0    # all there are; --list names them

A mutant differs from the code in one place: a comparison, an arithmetic operator, a number, `and` for `or`, a `not`, a
condition, `min` for `max`, a slice, or None for what is returned (DeMillo, Lipton and Sayward 1978, Computer 11(4)†).
Nothing happens in the checkout: the rooms and the tests are copied into a temporary folder, which is PYTHONPATH there,
and one file at a time is rewritten in the copy. The fast tests of an area run once on the code as it is, to learn which
test passes which line and how long it takes; a mutant meets those that pass its line, quick ones and earlier killers
first, until one fails. A survivor is a gap in the tests, or equivalent: no input could tell it from the code.

Prints a table (module, mutants, killed, survived) and every survivor with its line and change. Exit status 1 if the
tests fail on the code as it is.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, cast

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("common", "record", "models", "priors", "analysis")
COPIED = (*ROOMS, "servanda", "tests", "docs", "pyproject.toml")
#: Folder or module -> tests that may notice; the longest entry that fits a module counts.
AREAS: Mapping[str, tuple[str, ...]] = {
    "analysis/cli": ("analysis/cli",),
    "analysis/figures": ("analysis/figures", "analysis/reporting/test_html.py"),
    "analysis/reporting": ("analysis/reporting", "analysis/scenarios", "end_to_end/test_report.py"),
    "analysis/summaries": (
        *("analysis/summaries", "analysis/reporting/test_numbers.py"),
        "analysis/reporting/test_html.py",
    ),
    "analysis/queries": ("analysis/queries",),
    "analysis/track": ("analysis/track",),
    "models/questions": ("models/questions", "analysis/queries"),
    "models/inference": (
        *("models/inference", "models/families/test_collective.py", "analysis/queries/test_probability.py"),
        *("analysis/queries/test_counterfactual.py", "analysis/queries/test_explanation.py"),
    ),
    # Run in a process of its own, whose lines are not seen.
    "models/inference/contract_jax.py": ("models/inference/test_contract_jax.py",),
    "models/inference/backends.py": (
        "models/inference/test_contract_jax.py",
        "models/inference/test_contract.py",
    ),
}
#: The examples of the docstrings, module by module.
EXAMPLES = "tests/packaging/test_docstrings.py::test_examples"
#: Imported once, before a process is forked for each mutant.
HEAVY = (
    *("pytest", "numpy", "pandas", "xarray", "scipy.stats", "scipy.optimize", "pydantic", "jinja2", "pybtex.database"),
    *("arviz", "matplotlib.pyplot", "networkx", "typer.testing", "netCDF4", "hypothesis"),
)
#: Seconds of tests that a mutant meets, as they took on the code as it is.
ENOUGH = 60.0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modules", nargs="*", default=list(AREAS), metavar="PATH", help="folders or files (AREAS)")
    parser.add_argument("--most", type=int, default=12, help="mutants of a module, drawn at random; 0 for all (12)")
    parser.add_argument("--seed", type=int, default=1, help="of the draw (1)")
    parser.add_argument("--timeout", type=int, default=40, help="processor seconds of one mutant; more is caught (40)")
    parser.add_argument("--tests", nargs="*", metavar="PATH", help="instead of those in AREAS")
    parser.add_argument(
        "--again", metavar="FILE", help="of those drawn, only the survivors that an earlier run printed"
    )
    parser.add_argument("--list", action="store_true", help="name the mutants and run nothing")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    return parser.parse_args()


# --- mutants ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mutant:
    """One module with one change.

    Parameters
    ----------
    module
        Path below the checkout.
    lines
        First and last line of the statement (of its head, where it has a body).
    function
        First and last line of the function around it; (0, 0) outside of any.
    before, after
        What stands there, and what is put instead.
    place
        Line and column.
    text
        The module as changed.
    """

    module: str
    lines: tuple[int, int]
    function: tuple[int, int]
    before: str
    after: str
    place: str = ""
    text: str = ""

    def __str__(self) -> str:
        return f"{self.module}:{self.place}: {self.before}  ->  {self.after}"


COMPARISONS: Mapping[type, tuple[type, ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
OPERATORS: Mapping[type, type] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}
SWAPS: Mapping[str, str] = {
    "min": "max",
    "max": "min",
    "minimum": "maximum",
    "maximum": "minimum",
    "argmin": "argmax",
    "argmax": "argmin",
    "any": "all",
    "all": "any",
}


def comparisons(node: ast.Compare) -> Iterator[ast.expr]:
    for place, operator in enumerate(node.ops):
        for other in COMPARISONS[type(operator)]:
            yield ast.Compare(node.left, [*node.ops[:place], other(), *node.ops[place + 1 :]], node.comparators)


def operators(node: ast.BinOp | ast.AugAssign) -> Iterator[ast.AST]:
    other = OPERATORS.get(type(node.op))
    if other:
        changed = {"left": node.left, "right": node.right} if isinstance(node, ast.BinOp) else vars(node)
        yield type(node)(**{**changed, "op": other()})


def numbers(node: ast.Constant) -> Iterator[ast.expr]:
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield from (ast.Constant(value + 1), ast.Constant(value - 1))
    elif isinstance(value, float):
        yield from (ast.Constant(other) for other in ((1.25 * value, 0.8 * value) if value else (1.0,)))


def junctions(node: ast.BoolOp) -> Iterator[ast.expr]:
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)


def unary(node: ast.UnaryOp) -> Iterator[ast.expr]:
    if isinstance(node.op, ast.Not | ast.USub):
        yield node.operand


def returned(node: ast.Return) -> Iterator[ast.AST]:
    if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
        yield ast.Return(ast.Constant(None))


def extremes(node: ast.Call) -> Iterator[ast.expr]:
    called = node.func
    name = called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""
    if name in SWAPS:
        other = SWAPS[name]
        func = ast.Name(other) if isinstance(called, ast.Name) else ast.Attribute(cast("Any", called).value, other)
        yield ast.Call(func, node.args, node.keywords)


def slices(node: ast.Slice) -> Iterator[ast.AST]:
    if node.lower is not None:
        yield ast.Slice(None, node.upper, node.step)
    if node.upper is not None:
        yield ast.Slice(node.lower, None, node.step)


def conditions(node: Any) -> Iterator[ast.AST]:
    # Those with an opposite of their own are turned where they stand.
    if not isinstance(node.test, ast.Compare | ast.UnaryOp):
        yield type(node)(**{**vars(node), "test": ast.UnaryOp(ast.Not(), node.test)})


def filters(node: ast.comprehension) -> Iterator[ast.AST]:
    for place in range(len(node.ifs)):
        yield ast.comprehension(node.target, node.iter, node.ifs[:place] + node.ifs[place + 1 :], node.is_async)


#: What may be put in place of a node; one line adds one kind of mutant.
KINDS: Mapping[type, Callable[[Any], Iterator[ast.AST]]] = {
    ast.Compare: comparisons,
    ast.BinOp: operators,
    ast.AugAssign: operators,
    ast.Constant: numbers,
    ast.BoolOp: junctions,
    ast.UnaryOp: unary,
    ast.Return: returned,
    ast.Call: extremes,
    ast.Slice: slices,
    ast.If: conditions,
    ast.IfExp: conditions,
    ast.While: conditions,
    ast.comprehension: filters,
}
#: Fields that are not run, or that no test should hang on: types, decorators.
PASSED_OVER = frozenset({"annotation", "returns", "decorator_list", "type_params", "bases"})


def places(
    node: ast.AST, lines: tuple[int, int] = (0, 0), function: tuple[int, int] = (0, 0)
) -> Iterator[tuple[Callable[[ast.AST], None], ast.AST, tuple[int, int], tuple[int, int]]]:
    """Every node that runs, with what puts another in its place, its statement's lines and its function's."""
    for name, value in ast.iter_fields(node):
        if name in PASSED_OVER:
            continue
        children = value if isinstance(value, list) else [value]
        for number, child in enumerate(children):
            if not isinstance(child, ast.AST) or passed_over(child):
                continue
            own, around = lines, function
            if isinstance(child, ast.stmt):
                body = getattr(child, "body", None)
                own = (child.lineno, max(child.lineno, body[0].lineno - 1) if body else child.end_lineno or 0)
            if isinstance(child, ast.FunctionDef):
                around = (child.lineno, child.end_lineno or 0)
            put = partial(value.__setitem__, number) if isinstance(value, list) else partial(setattr, node, name)
            yield put, child, own, around
            yield from places(child, own, around)


def passed_over(node: ast.AST) -> bool:
    """Docstrings, imports for types, and the check that two sequences are equally long."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return True
    if isinstance(node, ast.keyword) and node.arg == "strict":
        return True
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def mutants(module: str, most: int, seed: int) -> list[Mutant]:
    """Draw mutants of a module, in the order of its lines."""
    tree = ast.parse((ROOT / module).read_text(encoding="utf-8"))
    known = [
        (put, node, other, lines, function)
        for put, node, lines, function in list(places(tree))
        for other in KINDS.get(type(node), lambda _: ())(node)
    ]
    if most and len(known) > most:
        drawn = random.Random(f"{seed} {module}").sample(range(len(known)), most)
        known = [known[place] for place in sorted(drawn)]
    found = []
    for put, node, other, lines, function in known:
        before, after = head(node), head(other)
        put(other)
        text = ast.unparse(ast.fix_missing_locations(tree))
        put(node)
        line, column = getattr(node, "lineno", lines[0]), getattr(node, "col_offset", 0)
        found.append(Mutant(module, lines, function, before, after, f"{line}:{column}", text))
    return sorted(found, key=lambda mutant: mutant.lines)


def head(node: ast.AST) -> str:
    """A node in one line, without what hangs below it."""
    if isinstance(node, ast.If | ast.While):
        node = node.test
    if isinstance(node, ast.comprehension):
        return f"for ... {''.join(f'if {ast.unparse(test)}' for test in node.ifs)}".strip()
    return " ".join(ast.unparse(node).split())[:110]


# --- in the copy: the tests on the code as it is, and on each mutant -------------------------------------------------


class Recorder:
    """A pytest plugin: which test passes which lines of some files, and how long each test takes."""

    def __init__(self, folder: Path, modules: Iterable[str]) -> None:
        self.paths = {str(folder / "servanda" / module): module for module in modules}
        self.passed: defaultdict[str, set[tuple[str, int]]] = defaultdict(set)
        self.seconds: Counter[str] = Counter()
        self.fixtures: dict[str, set[str]] = {}
        self.failed: list[str] = []
        self.now = [""]
        tool, events = sys.monitoring, sys.monitoring.events
        tool.use_tool_id(tool.COVERAGE_ID, "mutants")
        tool.register_callback(tool.COVERAGE_ID, events.LINE, self.line)
        tool.set_events(tool.COVERAGE_ID, events.LINE)

    def line(self, code: Any, line: int) -> Any:
        module = self.paths.get(code.co_filename)
        if module:
            self.passed[self.now[-1]].add((module, line))
        return sys.monitoring.DISABLE

    def within(self, context: str) -> Iterator[None]:
        """Set down what runs meanwhile to a test, or to a fixture that several tests share."""
        self.now.append(context)
        sys.monitoring.restart_events()
        yield
        self.now.pop()
        sys.monitoring.restart_events()

    def hooks(self) -> Any:
        """The plugin itself; pytest is imported in the copy only."""
        import pytest

        recorder = self

        class Hooks:
            @pytest.hookimpl(wrapper=True)
            def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
                recorder.fixtures[item.nodeid] = {f"fixture {name}" for name in item.fixturenames}
                return (yield from entered(recorder.within(item.nodeid)))

            @pytest.hookimpl(wrapper=True)
            def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
                return (yield from entered(recorder.within(f"fixture {fixturedef.argname}")))

            def pytest_runtest_logreport(self, report: Any) -> None:
                recorder.seconds[report.nodeid] += report.duration
                if report.failed:
                    recorder.failed.append(report.nodeid)

        return Hooks()

    def found(self) -> dict[str, Any]:
        """Test -> lines it passes by itself or by its fixtures, and its seconds; and those that fail."""
        lines = {
            test: sorted(self.passed[test].union(*(self.passed.get(name, ()) for name in names)))
            for test, names in self.fixtures.items()
        }
        return {"lines": lines, "seconds": dict(self.seconds), "failed": self.failed}


def entered(context: Iterator[None]) -> Iterator[Any]:
    next(context)
    try:
        return (yield)
    finally:
        next(context, None)


def worker(folder: Path) -> None:
    """Answer one line of JSON with another; a process for each, forked from one that has the libraries."""
    for name in HEAVY:
        import_module(name)
    for line in sys.stdin:
        asked = json.loads(line)
        answer = folder / "answer.json"
        answer.unlink(missing_ok=True)
        child = os.fork()
        if child == 0:
            os.setsid()
            said = os.open(folder / "said.txt", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
            for stream in (0, 1, 2):
                os.dup2(said, stream)
            status = 70
            # Seconds of the processor, not of the clock: a busy machine must not look like an endless loop.
            resource.setrlimit(resource.RLIMIT_CPU, (asked["timeout"], asked["timeout"] + 5))
            try:
                status = in_child(folder, asked, answer)
            except BaseException:  # noqa: BLE001
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        told = json.loads(answer.read_text()) if answer.exists() else {}
        print(json.dumps({"status": status, **told}), flush=True)


def in_child(folder: Path, asked: Mapping[str, Any], answer: Path) -> int:
    """Run tests: on the code as it is with a recorder, else until one fails."""
    import pytest

    # A module that is changed within a second to another of equal length would be taken from the cache.
    sys.dont_write_bytecode = not asked["record"]
    words = [*asked["tests"], "-q", "-p", "no:cacheprovider", "-m", "not slow"]
    if asked["record"]:
        recorder = Recorder(folder, asked["record"])
        status = pytest.main(words, plugins=[recorder.hooks()])
        answer.write_text(json.dumps(recorder.found()))
        return int(status)

    class Killer:
        def pytest_runtest_logreport(self, report: Any) -> None:
            if report.failed:
                answer.write_text(json.dumps({"killer": report.nodeid}))

    return int(pytest.main([*words, "-x"], plugins=[Killer()]))


# --- from the checkout -----------------------------------------------------------------------------------------------


class Copy:
    """A copy of the tree with a worker in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            source, to = ROOT / name, folder / name
            if source.is_dir():
                shutil.copytree(source, to, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", "_build"))
            else:
                shutil.copy(source, to)
        environment = {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        # Plugins would warn that they were imported before; and threads of libraries do no harm to what is forked.
        environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONWARNINGS": "ignore::DeprecationWarning"}
        command = [sys.executable, __file__, "--worker", str(folder)]
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, tests: Sequence[str], timeout: int, record: Sequence[str] = ()) -> dict[str, Any]:
        stdin, stdout = cast("Any", self.process.stdin), cast("Any", self.process.stdout)
        stdin.write(json.dumps({"tests": list(tests), "timeout": timeout, "record": list(record)}) + "\n")
        stdin.flush()
        return json.loads(stdout.readline())

    def meets(self, mutant: Mutant, tests: Sequence[str], timeout: int) -> dict[str, Any]:
        """Run tests on a mutant, and put the code back."""
        path = self.folder / mutant.module
        original = path.read_text(encoding="utf-8")
        for stale in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
            stale.unlink()
        path.write_text(mutant.text, encoding="utf-8")
        try:
            return self.run(tests, timeout)
        finally:
            path.write_text(original, encoding="utf-8")

    def close(self) -> None:
        cast("Any", self.process.stdin).close()
        self.process.wait()


def modules_of(paths: Iterable[str]) -> list[str]:
    """Python files of folders and files, without empty ones."""
    found: list[Path] = []
    for name in paths:
        place = ROOT / name
        found += sorted(place.rglob("*.py")) if place.is_dir() else [place]
    return [str(path.relative_to(ROOT)) for path in found if path.name != "__init__.py"]


def tests_of(area: str, modules: Sequence[str], chosen: Sequence[str] | None) -> list[str]:
    """Test files, and the examples of the modules themselves."""
    examples = [module.removesuffix(".py").replace("/", ".") for module in modules]
    tests = chosen or [f"tests/{name}" for name in AREAS.get(area, ("",))]
    return [*tests, *(f"{EXAMPLES}[servanda.{name}]" for name in examples)]


def in_order(mutant: Mutant, known: Mapping[str, Any], kills: Counter[str]) -> list[str]:
    """Tests that pass a mutant's line, else its function, else all; earlier killers and quick ones first."""
    by_test, seconds = known["lines"], known["seconds"]

    def passing(first: int, last: int) -> list[str]:
        return [
            test for test, lines in by_test.items() if any(m == mutant.module and first <= n <= last for m, n in lines)
        ]

    inside = mutant.function != (0, 0) and mutant.module not in AREAS
    tests = passing(*mutant.lines) if inside else []
    # What is cached is passed by the first test that asks for it, and by others once that one is left out.
    if len(tests) < 5 and inside:
        tests = list(dict.fromkeys([*tests, *passing(*mutant.function)]))
    tests = tests or list(by_test)
    ordered = sorted(tests, key=lambda test: (-kills[test], seconds[test]))
    enough, total = [], 0.0
    for test in ordered:
        total += seconds[test]
        if enough and total > ENOUGH and mutant.module not in AREAS:
            break
        enough.append(test)
    return enough


def main() -> None:
    options = arguments()
    if options.worker:
        worker(Path(options.worker))
        return
    chosen = {module: mutants(module, options.most, options.seed) for module in modules_of(options.modules)}
    if options.again:
        said = {line.strip() for line in Path(options.again).read_text(encoding="utf-8").splitlines()}
        left = {module: [one for one in found if str(one) in said] for module, found in chosen.items()}
        chosen = {module: found for module, found in left.items() if found}
    if options.list:
        print("\n".join(str(mutant) for found in chosen.values() for mutant in found))
        return
    areas: defaultdict[str, list[str]] = defaultdict(list)
    for module in chosen:
        areas[max((area for area in AREAS if module.startswith(area)), key=len, default="")].append(module)
    with tempfile.TemporaryDirectory(prefix="mutants-") as place:
        copy = Copy(Path(place).resolve())
        rows = []
        for area, modules in areas.items():
            tests = tests_of(area, modules, options.tests)
            started = time.perf_counter()
            known = copy.run(tests, 3600, record=modules)
            if known["status"] != 0:
                print(f"the tests fail on the code as it is: {', '.join(known.get('failed', ()))}")
                print((copy.folder / "said.txt").read_text(errors="replace")[-2000:])
                sys.exit(1)
            spent = time.perf_counter() - started
            print(
                f"{len(known['seconds'])} tests on the code as it is, {spent:.0f} s: {area or 'elsewhere'}", flush=True
            )
            rows += [judged(copy, module, chosen[module], known, options.timeout) for module in modules]
        copy.close()
    print(f"\n{'module':44s} mutants  killed  survived")
    for module, found, left in [*rows, total_of(rows)]:
        print(f"{module:44s} {found:7d} {found - len(left):7d} {len(left):9d}")
    print("\nsurvivors:")
    print("\n".join(f"  {mutant}" for *_, left in rows for mutant in left) or "  none")


def judged(
    copy: Copy, module: str, found: Sequence[Mutant], known: Mapping[str, Any], timeout: int
) -> tuple[str, int, list[Mutant]]:
    """Which mutants of a module survive, said as they are found."""
    kills: Counter[str] = Counter()
    left: list[Mutant] = []
    started = time.perf_counter()
    for mutant in found:
        tests = in_order(mutant, known, kills)
        told = copy.meets(mutant, tests, timeout) if tests else {"status": 0}
        kills[told.get("killer", "")] += 1
        if told["status"] == 0:
            left.append(replace(mutant, text=""))
            print(f"  survived {len(tests)} tests: {mutant}", flush=True)
    spent = time.perf_counter() - started
    print(f"{module}: {len(found) - len(left)} of {len(found)} killed, {spent:.0f} s", flush=True)
    return module, len(found), left


def total_of(rows: Sequence[tuple[str, int, list[Mutant]]]) -> tuple[str, int, list[Mutant]]:
    return "together", sum(found for _, found, _ in rows), [mutant for *_, left in rows for mutant in left]


if __name__ == "__main__":
    main()
