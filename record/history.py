"""An obligor's past defections, counted from the record itself (codebook, section 5)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from .files.codebook import GREAT_POWERS

WINDOW = 20


@dataclass(frozen=True)
class Deed:
    """What the count needs to know of a case.

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
    >>> Deed("DEU", "bel_1839", 1914, 1914, defected=True).obligor
    'DEU'
    """

    obligor: str
    guarantee_id: str
    tested: int
    ended: int
    defected: bool


def past_defections(deeds: Iterable[Deed], spoken_for: Iterable[str] = GREAT_POWERS) -> list[int | None]:
    """Count, for each case, the guarantees its obligor had broken in the twenty years before the test.

    Parameters
    ----------
    deeds
        Every case of a file.
    spoken_for
        Actors of whom a single row is enough to say that nothing is known against them.

    Returns
    -------
    list of int or None
        In the order of `deeds`: distinct guarantees with a defection from 20 years to one year before
        the test. None for an actor with one row in the file who is not `spoken_for`: the file is silent
        about its past.

    Examples
    --------
    >>> first = Deed("DEU", "bel_1839", 1914, 1914, defected=True)
    >>> second = Deed("DEU", "locarno_1925", 1934, 1936, defected=True)
    >>> past_defections([first, second, Deed("PER", "per_bol", 1879, 1879, defected=False)])
    [0, 1, None]
    """
    listed = tuple(deeds)
    appearances = Counter(deed.obligor for deed in listed)
    broken: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for deed in listed:
        if deed.defected:
            broken[deed.obligor].append((deed.ended, deed.guarantee_id))
    known = frozenset(spoken_for)
    return [
        _count(broken[deed.obligor], deed.tested) if appearances[deed.obligor] > 1 or deed.obligor in known else None
        for deed in listed
    ]


def _count(broken: Iterable[tuple[int, str]], tested: int) -> int:
    return len({guarantee for year, guarantee in broken if tested - WINDOW <= year < tested})
