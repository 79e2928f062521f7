"""An obligor's past defections, counted from the record itself (codebook, section 5)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .files.codebook import GREAT_POWERS

WINDOW = 20


@dataclass(frozen=True)
class PastCase:
    """Case as the count of past defections needs it.

    Parameters
    ----------
    obligor
        Whose conduct is coded.
    guarantee_id
        Under which instrument.
    tested
        Year of the test.
    ended
        Year of the outcome.
    defected
        Whether the outcome was defection.

    Examples
    --------
    >>> PastCase("DEU", "bel_1839", 1914, 1914, defected=True).obligor
    'DEU'
    """

    obligor: str
    guarantee_id: str
    tested: int
    ended: int
    defected: bool


def past_defections(cases: Iterable[PastCase], spoken_for: Iterable[str] = GREAT_POWERS) -> list[int | None]:
    """Past defections of each case: guarantees that its obligor broke in the twenty years before the test.

    Parameters
    ----------
    cases
        Every case of a file.
    spoken_for
        Actors of whom a single row is enough to say that nothing is known against them.

    Returns
    -------
    list of int or None
        In the order of `cases`: distinct guarantees with a defection from 20 years to one year before
        the test. None for an actor with one row in the file who is not `spoken_for`: the file is silent
        about its past.

    Examples
    --------
    >>> first = PastCase("DEU", "bel_1839", 1914, 1914, defected=True)
    >>> second = PastCase("DEU", "locarno_1925", 1934, 1936, defected=True)
    >>> past_defections([first, second, PastCase("PER", "per_bol", 1879, 1879, defected=False)])
    [0, 1, None]
    """
    listed = tuple(cases)
    appearances = Counter(case.obligor for case in listed)
    broken: defaultdict[str, defaultdict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for case in listed:
        if case.defected:
            broken[case.obligor][case.ended].add(case.guarantee_id)
    known = frozenset(spoken_for)
    # Once for each obligor and year: the rows may be many more.
    asked = {(case.obligor, case.tested) for case in listed if appearances[case.obligor] > 1 or case.obligor in known}
    counts = {(obligor, tested): _count(broken[obligor], tested) for obligor, tested in asked}
    return [counts.get((case.obligor, case.tested)) for case in listed]


def _count(broken: Mapping[int, set[str]], tested: int) -> int:
    return len(set[str]().union(*(broken.get(year, ()) for year in range(tested - WINDOW, tested))))
