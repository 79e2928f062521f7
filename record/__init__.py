"""What happened: cases of guarantees put to the test, track records, and who says so."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .backers import load_backers
    from .backing import backer_facts, with_backers
    from .cases import load_guarantees, past_defections_of
    from .check import CheckedFile, check_file
    from .crises import load_crises
    from .disputed import load_disputed
    from .second_coding import load_second_coding, with_second_coding
    from .sources import Source, load_sources
    from .summary import describe
    from .track import load_track_record

__all__ = [
    "CheckedFile",
    "Source",
    "backer_facts",
    "check_file",
    "describe",
    "load_backers",
    "load_crises",
    "load_disputed",
    "load_guarantees",
    "load_second_coding",
    "load_sources",
    "load_track_record",
    "past_defections_of",
    "with_backers",
    "with_second_coding",
]

# pandas and pandera take most of a second to import; whoever only asks for a name should not wait.
_HOMES = {
    "CheckedFile": "check",
    "Source": "sources",
    "backer_facts": "backing",
    "check_file": "check",
    "describe": "summary",
    "load_backers": "backers",
    "load_crises": "crises",
    "load_disputed": "disputed",
    "load_guarantees": "cases",
    "load_second_coding": "second_coding",
    "load_sources": "sources",
    "load_track_record": "track",
    "past_defections_of": "cases",
    "with_backers": "backing",
    "with_second_coding": "second_coding",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
