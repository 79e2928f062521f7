"""Jobs at once: their results, what is told of them, and how they end early."""

from __future__ import annotations

import io
import threading
from types import SimpleNamespace

import pytest

from servanda.common import progress as module
from servanda.common.progress import at_once, shown, silent


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Timer:
    """A timer that goes off when a test says so."""

    def __init__(self, seconds, work, args):
        self.seconds, self.work, self.args, self.stopped = seconds, work, args, False

    def start(self):
        Timer.last = self

    def cancel(self):
        self.stopped = True

    def goes_off(self):
        self.work(*self.args)


def watched(monkeypatch):
    """A terminal that somebody watches; pytest sets its own between a fixture and the test."""
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setattr(module, "Timer", Timer)
    return screen


@pytest.fixture
def clock(monkeypatch):
    """Time that passes when a test says so."""
    clock = SimpleNamespace(now=100.0, monotonic=lambda: clock.now)
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_bars_are_shown_where_somebody_watches(monkeypatch):
    screen = watched(monkeypatch)
    with shown(None) as progress:
        progress("fitting", 1, 4)
        assert Timer.last.seconds == module._PATIENCE
        Timer.last.goes_off()
        with shown(None) as inner, shown(True) as asked:
            assert inner is silent, "bars within bars would write over each other"
            assert asked is silent
    assert "fitting" in screen.getvalue()
    assert "1/4" in screen.getvalue()


def test_what_is_over_in_a_moment_shows_no_bars(monkeypatch):
    screen = watched(monkeypatch)
    with shown(None) as progress:
        progress("fitting", 1, 4)
    assert Timer.last.stopped
    Timer.last.goes_off()  # too late to be stopped
    assert screen.getvalue() == ""


@pytest.mark.parametrize("asked", [None, True])
def test_bars_say_how_long_once_a_part_is_done(monkeypatch, clock, asked):
    """Two of twelve parts took a minute, so that ten take five; before there is a part, nothing is said."""
    screen = watched(monkeypatch)
    with shown(asked) as progress:
        if asked is None:
            Timer.last.goes_off()
        progress("fitting", 0, 12)
        clock.now += 30
        progress("asking", 3, 9)
        before = screen.getvalue()
        clock.now += 30
        progress("fitting", 2, 12)
        progress("asking", 4, 9)
    assert "left" not in before
    assert "about 5 min left" in screen.getvalue()
    assert "about 5 s" not in screen.getvalue()


@pytest.mark.parametrize("how", [None, False])
def test_nothing_is_shown_elsewhere(monkeypatch, how):
    paper = io.StringIO()
    monkeypatch.setattr("sys.stderr", paper)
    with shown(how) as progress:
        progress("fitting", 1, 4)
    assert progress is silent
    assert paper.getvalue() == ""


def test_bars_that_nobody_asked_for_can_be_switched_off(monkeypatch):
    monkeypatch.setattr("sys.stderr", Terminal())
    monkeypatch.setenv(module.VARIABLE, "0")
    with shown(None) as progress:
        assert progress is silent


def test_a_notebook_shows_bars_under_the_cell_and_takes_them_away(monkeypatch, clock):
    shell = pytest.importorskip("IPython.core.interactiveshell").InteractiveShell
    capture = pytest.importorskip("IPython.utils.capture").capture_output
    shell.instance()
    monkeypatch.setattr(module, "_in_notebook", lambda: True)
    monkeypatch.setattr(module, "Timer", Timer)
    with capture() as caught, shown(None) as progress:
        progress("fitting <b>", 1, 4)
        Timer.last.goes_off()
        clock.now += 10
        progress("fitting <b>", 2, 4)
        progress("fitting <b>", 4, 4)
    shell.clear_instance()
    pictures = [output.data["text/html"] for output in caught.outputs]
    assert 'max="4" value="4"' in pictures[-2]
    assert "fitting &lt;b&gt;, 4 of 4" in pictures[-2]
    assert "fitting &lt;b&gt;, 2 of 4, about 20 s left" in pictures[-3]
    assert pictures[-1] == ""


@pytest.mark.parametrize(
    ("seconds", "done", "rest", "said"),
    [
        (10.0, 5, 5, "about 10 s left"),
        (60.0, 1, 9, "about 9 min left"),
        (0.5, 5, 5, ""),
        (10.0, 0, 5, ""),
        (10.0, 5, 0, ""),
    ],
)
def test_about_how_long_it_will_take_yet(seconds, done, rest, said):
    assert module._left(seconds, done, rest) == said


@pytest.mark.parametrize("workers", [1, 2, 9])
def test_results_stand_in_the_order_of_the_jobs(workers):
    told, ended = [], []

    def job(number):
        def work(progress):
            progress("working", number, 5)
            return number**2

        return work

    found = at_once([job(n) for n in range(5)], workers, lambda *what: told.append(what), ended=ended.append)
    assert found == [0, 1, 4, 9, 16]
    assert sorted(told) == [("working", n, 5) for n in range(5)]
    assert ended == [1, 2, 3, 4, 5]


def test_jobs_are_at_work_at_once():
    both = threading.Barrier(2, timeout=30)
    assert sorted(at_once([lambda _: both.wait()] * 2, 2)) == [0, 1]


def test_one_thread_is_the_callers():
    assert at_once([lambda _: threading.current_thread()] * 2, 1) == [threading.current_thread()] * 2


@pytest.mark.parametrize("end", [ValueError("no"), KeyboardInterrupt()])
def test_a_failure_or_an_interrupt_ends_the_others(end):
    """A job at work is given up when it next tells how far it is; those that wait are not begun."""
    given_up, begun = threading.Event(), []

    def endless(progress):
        try:
            while True:
                progress("working", 0, 1)
        except Exception:
            given_up.set()
            raise

    def quick(_):
        return 1

    def stop(_):
        raise end

    with pytest.raises(type(end)):
        at_once([quick, endless, *[begun.append] * 3], 2, ended=stop)
    assert given_up.is_set()
    assert len(begun) <= 3
    with pytest.raises(ValueError, match="mine"):
        at_once([endless, lambda _: (_ for _ in ()).throw(ValueError("mine"))], 2)
