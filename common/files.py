"""Files: written whole or not at all, never over what is not ours, and named safely."""

from __future__ import annotations

import errno
import hashlib
import mmap
import os
import re
import stat
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from .errors import Fault, InputError
from .limits import excess_of_text

try:
    import fcntl
except ImportError:  # Windows has no such locks, and temporary files that a killed run left stay there.
    fcntl: Any = None

#: Bytes of a name that `file_name` gives: with what is put before and after it, any file system takes it.
LONGEST = 100
#: What stands in the name of a file while it is written.
_TEMPORARY = re.compile(r"^\..*\.servanda-[a-z0-9_]{8}(\.[^.]*)?$", re.DOTALL)
#: What a name may hold that becomes a path, besides letters and digits.
_SAFE = frozenset("-_.+=@,() ")
#: Names that Windows keeps for devices.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
#: What the files begin with that Servanda writes, and what is written into them.
_MARKS = (
    (b"\x89HDF", b"servanda_format"),
    (b"\x89PNG", b"Software\0Servanda"),
    (b"%PDF", b"/Creator (Servanda)"),
    (b"<?xml", b"<dc:title>Servanda</dc:title>"),
    (b"<!DOCTYP", b'name="generator" content="Servanda"'),
    (b"{", b'"written_by":"Servanda"'),
)


def file_name(name: str) -> str:
    """Name of a file that cannot lead out of its folder; the one place where a name becomes part of a path.

    Parameters
    ----------
    name
        Of a scenario, a network, a prior set: whatever its author wrote.

    Returns
    -------
    str
        `name` itself where it is a safe name of at most `LONGEST` bytes. Else what is safe of it, with a digest of the
        whole, so that two names never give one file.

    Examples
    --------
    >>> file_name("dprk-six-party"), file_name("../../evil"), file_name("")
    ('dprk-six-party', 'evil-0fbfd372', 'unnamed-e3b0c442')
    >>> len(file_name("x" * 300))
    100
    """
    composed = unicodedata.normalize("NFC", name)
    safe = "".join(letter if letter.isalnum() or letter in _SAFE else "-" for letter in composed).strip(" .-")
    if safe and safe == name and len(name.encode()) <= LONGEST and not _DEVICES.fullmatch(name):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    safe = f"name-{safe}" if _DEVICES.fullmatch(safe) else safe
    short = safe.encode()[: LONGEST - len(digest) - 1].decode("utf-8", "ignore").strip(" .-")
    return f"{short or 'unnamed'}-{digest}"


def path_text(path: object, error: type[InputError] = InputError) -> str:
    """Text of a path, as a user gives it.

    Raises
    ------
    InputError
        Of class `error`, if it is something else than a path.

    Examples
    --------
    >>> path_text(Path("a.csv"))
    'a.csv'
    >>> path_text(3)
    Traceback (most recent call last):
    servanda.common.errors.InputError: path: is a int (3); give the name of a file, as text or as a Path
    """
    try:
        return os.fsdecode(path)  # pyright: ignore[reportArgumentType] - that is the question
    except TypeError:
        what = f"is a {type(path).__name__} ({path!r:.40}); give the name of a file, as text or as a Path"
        raise error("path", [Fault("", what)]) from None


@contextmanager
def written_whole(path: str | os.PathLike[str], error: type[InputError] = InputError) -> Iterator[Path]:
    """Give a temporary name beside `path`; rename it to `path` if the block succeeds.

    An interrupted or failing block leaves an earlier file at `path` untouched. Through a symbolic link the file is
    written that it leads to. What a killed run left half-written in the folder is cleared.

    Parameters
    ----------
    path
        Where the finished file shall stand.
    error
        Raised where it cannot be written.

    Yields
    ------
    Path
        The temporary name to write to, in the same folder and with the same ending.

    Raises
    ------
    InputError
        If it cannot be written, with the reason that the system gives; nothing half-written is left.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> target = pathlib.Path(tempfile.mkdtemp()) / "a.txt"
    >>> with written_whole(target) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    try:
        target = Path(os.path.realpath(path_text(path, error)))
        _refuse_special(target, error)
        with _temporary(target) as temporary:
            yield temporary
            # mkstemp makes files private; a result has the rights any new file would have.
            umask = os.umask(0)
            os.umask(umask)
            temporary.chmod(0o666 & ~umask)
            temporary.replace(target)
    except OSError as failed:
        raise error(str(path), [Fault("", f"cannot be written ({failed.strerror or failed})")]) from None


@contextmanager
def _temporary(target: Path) -> Iterator[Path]:
    """Temporary file that is locked as long as it is written, and gone afterwards."""
    _clear_stale(target.parent)
    # The name is cut where it would be too long; its ending says what is written.
    suffix = target.suffix if len(target.suffix) < 16 else ""
    prefix = f".{target.name[:60]}.servanda-"
    temporary, lock = _locked(*tempfile.mkstemp(dir=target.parent, prefix=prefix, suffix=suffix))
    while not temporary.exists():
        # Another that cleared the folder was faster than the lock.
        lock.close()
        temporary, lock = _locked(*tempfile.mkstemp(dir=target.parent, prefix=prefix, suffix=suffix))
    with lock:
        try:
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)


def _locked(handle: int, name: str) -> tuple[Path, ExitStack]:
    """File of a name, and what lets go of its lock."""
    lock = ExitStack()
    if fcntl is None:
        os.close(handle)
    else:
        lock.callback(os.close, handle)
        with suppress(OSError):  # some file systems have no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
    return Path(name), lock


def _clear_stale(folder: Path) -> None:
    """Remove temporary files that nobody writes any more: the system frees the lock of a process that ended."""
    if fcntl is None:
        return
    with suppress(OSError), os.scandir(folder) as found:
        for entry in found:
            if _TEMPORARY.match(entry.name) and entry.is_file(follow_symlinks=False):
                _remove_unlocked(Path(entry.path))


def _remove_unlocked(path: Path) -> None:
    with suppress(OSError), path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()


def _refuse_special(target: Path, error: type[InputError] = InputError) -> None:
    if target.is_dir():
        raise error(str(target), [Fault("", "is a folder; give the name of a file in it")])
    if target.exists() and not target.is_file():
        raise error(str(target), [Fault("", "is a device or a pipe and no file; give the name of a file")])


def regular_bytes(path: str | os.PathLike[str]) -> bytes:
    """Content of a file; a pipe, which may never end, a device, and what is larger than a text may be are refused.

    Raises
    ------
    OSError
        If it cannot be read, with the reason in its `strerror`.

    Examples
    --------
    >>> regular_bytes("/dev/zero")
    Traceback (most recent call last):
    OSError: [Errno 22] is a device or a pipe and no file
    """
    target = regular_file(path)
    if target.is_file() and (complaint := excess_of_text(target.stat().st_size)):
        raise OSError(errno.EFBIG, complaint)
    return target.read_bytes()


def regular_file(path: str | os.PathLike[str]) -> Path:
    """Path of a file or folder that is there; a pipe, which may never end, and a device are refused.

    Raises
    ------
    OSError
        If it is one of these, is not there, or is no name of a file.
    InputError
        If it is no path.
    """
    try:
        mode = Path(path_text(path)).stat().st_mode
    except ValueError as error:
        raise OSError(errno.EINVAL, f"is no name of a file: {error}") from None
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(errno.EINVAL, "is a device or a pipe and no file")
    return Path(path)


def writable_file(path: str | os.PathLike[str]) -> Path:
    """Make sure that a file can be written at `path`, making its folder if need be.

    Raises
    ------
    InputError
        If `path` is a folder, a device or a pipe, or its own folder cannot be written to.
    """
    target = Path(path_text(path))
    try:
        _refuse_special(target)
        leads_to = Path(os.path.realpath(target))
    except (OSError, ValueError) as error:
        raise InputError(str(target), [Fault("", f"cannot be a file's name ({_reason(error)})")]) from None
    writable_folder(leads_to.parent)
    return target


def output_file(path: str | os.PathLike[str], inputs: Iterable[object] = (), *, force: bool = False) -> Path:
    """Make sure that a result may be written at `path`: as `writable_file`, and nothing is lost that is not ours.

    Parameters
    ----------
    path
        Where the result shall stand.
    inputs
        Files that are read for it, and anything else that an option may name; None is left out.
    force
        Whether a file may be replaced that Servanda did not write. One that is read is never replaced.

    Raises
    ------
    InputError
        If it is one of the inputs, or is there already and was not written by Servanda.
    """
    target = writable_file(path)
    if not target.exists():
        return target
    for given in inputs:
        if isinstance(given, str | os.PathLike) and _same(given, target):
            what = "is read for this result, and would be lost; give another name"
            raise InputError(str(target), [Fault("", what)])
    if not force and not ours(target):
        what = "is there already and was not written by Servanda; give another name, or replace it by --force"
        raise InputError(str(target), [Fault("", what)])
    return target


def ours(path: Path) -> bool:
    """Whether a file was written by Servanda, or holds nothing.

    Examples
    --------
    >>> import tempfile
    >>> mine = Path(tempfile.mkdtemp()) / "mine.csv"
    >>> _ = mine.write_text("rain,wet")
    >>> ours(mine)
    False
    """
    with path.open("rb") as file:
        head = file.read(8)
        marks = [mark for magic, mark in _MARKS if head.startswith(magic)]
        if not head or not marks:
            return not head
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return any(content.find(mark) >= 0 for mark in marks)


def _same(given: str | os.PathLike[str], target: Path) -> bool:
    try:
        return Path(given).samefile(target)
    except (OSError, ValueError):
        return False  # it names no file, such as a shipped network


def writable_folder(path: str | os.PathLike[str]) -> Path:
    """Make the folder `path` if need be and make sure that files can be written to it.

    Raises
    ------
    InputError
        If it cannot be made or written to, with the reason the system gives.
    """
    folder = Path(path_text(path))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except FileExistsError:
        raise InputError(str(folder), [Fault("", "is a file, and no folder; give another name")]) from None
    except (OSError, ValueError) as error:
        what = f"cannot write to this folder ({_reason(error)})"
        raise InputError(str(folder), [Fault("", what)]) from None
    return folder


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
