"""Files are written whole or not at all, and a folder is tried before work is spent on it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import Fault, InputError


@contextmanager
def written_whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary name beside `path`; rename it to `path` if the block succeeds.

    An interrupted or failing block leaves an earlier file at `path` untouched.

    Parameters
    ----------
    path
        Where the finished file shall stand.

    Yields
    ------
    Path
        The temporary name to write to, in the same folder.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> target = pathlib.Path(tempfile.mkdtemp()) / "a.txt"
    >>> with written_whole(target) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    target = Path(path)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=target.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp makes files private; a result has the rights any new file would have.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def writable_file(path: str | os.PathLike[str]) -> Path:
    """Make sure that a file can be written at `path`, making its folder if need be.

    Raises
    ------
    InputError
        If `path` is a folder, or its own folder cannot be written to.
    """
    target = Path(path)
    if target.is_dir():
        raise InputError(str(target), [Fault("", "is a folder; give the name of a file in it")])
    writable_folder(target.parent)
    return target


def writable_folder(path: str | os.PathLike[str]) -> Path:
    """Make the folder `path` if need be and make sure that files can be written to it.

    Raises
    ------
    InputError
        If it cannot be made or written to, with the reason the system gives.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(str(folder), [Fault("", f"cannot write to this folder ({reason})")]) from None
    return folder
