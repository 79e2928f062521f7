"""The folder of stored fits: what is in it, and how it stays within its limit."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ...common.errors import Fault, InputError, KeptWarning
from ...common.limits import BYTES_A_GB, gigabytes

#: Names the folder of stored fits.
VARIABLE = "SERVANDA_CACHE"
#: States the limit of the folder in gigabytes (10^9 bytes); 0 keeps nothing but the latest.
LIMIT_VARIABLE = "SERVANDA_CACHE_GB"
#: The limit where none is stated.
LIMIT_GB = 5.0
#: Names of what is stored; nothing else in the folder is counted or removed.
_STORED = re.compile(r"(?P<what>.+)-[0-9a-f]{16}\.(?P<kind>nc|json)", re.DOTALL)


@dataclass(frozen=True)
class StoredFile:
    """A file that Servanda keeps to save work.

    Parameters
    ----------
    path
        Where it is.
    what
        What it holds: network and priors of a fit, or the part of a report.
    bytes
        How large it is.
    used
        When it was written or last found again, in seconds since 1970.
    """

    path: Path
    what: str
    bytes: int
    used: float


def cache_folder() -> Path:
    """Folder of stored fits: ``$SERVANDA_CACHE``, else the user's cache folder."""
    import platformdirs

    stated = os.environ.get(VARIABLE)
    return Path(stated) if stated else platformdirs.user_cache_path("servanda") / "fits"


def stored_files(folder: Path | None = None) -> tuple[StoredFile, ...]:
    """List what is stored, what was used last first.

    Parameters
    ----------
    folder
        `cache_folder()` by default; one that is not there holds nothing.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    found, place = [], folder or cache_folder()
    try:
        entries = os.scandir(place)
    except FileNotFoundError:
        return ()
    except OSError as error:
        what = f"cannot be read as a folder ({error.strerror}); {VARIABLE} names where fits are kept"
        raise InputError(str(place), [Fault("", what)]) from None
    with entries:
        for entry in entries:
            named = _STORED.fullmatch(entry.name)
            # Another may have removed it since.
            with suppress(FileNotFoundError):
                if named and entry.is_file(follow_symlinks=False):
                    facts = entry.stat(follow_symlinks=False)
                    found.append(StoredFile(Path(entry.path), named["what"], facts.st_size, facts.st_mtime))
    return tuple(sorted(found, key=lambda file: (-file.used, file.path)))


def remove(files: Iterable[StoredFile]) -> int:
    """Remove stored files, and say how many bytes they had."""
    freed = 0
    for file in files:
        file.path.unlink(missing_ok=True)
        freed += file.bytes
    return freed


def find[T](path: Path, load: Callable[[Path], T]) -> T | None:
    """Load what was stored, and mark it as used; None where nothing was.

    A damaged file is as good as none: it is made again and replaced.
    """
    if not path.is_file():
        return None
    try:
        found = load(path)
    except InputError:
        return None
    used(path)
    return found


def keep(path: Path, save: Callable[[Path], None]) -> None:
    """Store something, and let the oldest go beyond the limit of its folder.

    What cannot be stored is no reason to lose the work: it is warned of, and made again the next time.
    """
    try:
        save(path)
        remove(beyond(_limit(), path.parent, path))
    except (InputError, OSError) as error:
        warnings.warn(f"not kept for the next time: {error}", KeptWarning, stacklevel=3)


def beyond(limit: float, folder: Path, latest: Path) -> list[StoredFile]:
    """List the files of a folder that are beyond `limit` bytes, counted from what was used last; never the latest."""
    total, found = 0, []
    for file in sorted(stored_files(folder), key=lambda file: file.path != latest):
        total += file.bytes
        if total > limit and file.path != latest:
            found.append(file)
    return found


def used(path: Path) -> None:
    """Mark a stored file as used now, where that is possible."""
    with suppress(OSError):
        os.utime(path)


def _limit() -> float:
    return gigabytes(LIMIT_VARIABLE, LIMIT_GB, "may be kept") * BYTES_A_GB
