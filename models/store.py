"""One netCDF file for a tree of draws and the facts about it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import xarray as xr

from ..common.errors import Fault, InputError
from ..common.files import regular_file, written_whole
from ..common.json_values import to_json
from ..common.limits import excess
from .parameters.prior_set import PriorSet

#: Raised when the layout of the file changes. Files of format 1 have no seal, and are read without it.
FORMAT = 2
_UNSEALED = 1
#: What goes before the names of the facts among the attributes of a file.
_MARK = "servanda_"
#: Fact that only files of one kind hold -> what such a file holds, and what reads it.
_KINDS: Mapping[str, str] = {
    "network": "holds the posterior of a network; load_posterior reads it",
    "track": "holds a posterior of track records; load_track_posterior reads it",
}
#: Draws in a piece of what is kept by case: enough that an equal case costs little, few enough that it is found.
_DRAWS_TOGETHER = 40
#: What a netCDF file cannot hold in a name, and what would be taken for its escape.
_UNSAFE = re.compile(r"/|^\.|\0|%(?=2[5EF]|00)")
_ESCAPED = re.compile(r"%(?:2[5EF]|00)")
#: Bytes of the longest name that the netCDF library takes.
_LONGEST_NAME = 200
_TOO_LARGE = "does not fit into the memory of this machine"
#: What stands behind the netCDF file, where its readers do not look: the hash of every byte before.
_SEAL = re.compile(rb"\nservanda-sha256 ([0-9a-f]{64})\n")
_SEAL_LENGTH = 82


class StoreError(InputError):
    """A file that holds no posterior."""


def draws_tree(groups: Mapping[str, xr.Dataset]) -> xr.DataTree:
    """Tree of groups of draws, with names that a netCDF file can hold.

    Examples
    --------
    >>> import xarray as xr
    >>> tree = draws_tree({"posterior": xr.Dataset({"US/UK.table": (("chain", "draw"), [[0.5]])})})
    >>> list(tree["posterior"].data_vars), list(group_of(tree, "posterior").data_vars)
    (['US%2FUK.table'], ['US/UK.table'])
    """
    return xr.DataTree.from_dict({name: _renamed(group, netcdf_name) for name, group in groups.items()})


def group_of(tree: xr.DataTree, name: str) -> xr.Dataset:
    """One group of a tree that `draws_tree` made, with names as they were written."""
    return _renamed(tree[name].to_dataset(), written_name)


def netcdf_name(name: str) -> str:
    """Name that a netCDF file can hold.

    Examples
    --------
    >>> [netcdf_name(name) for name in ("kept", "US/UK", "50%", "a%2Fb")]
    ['kept', 'US%2FUK', '50%', 'a%252Fb']
    """
    return _UNSAFE.sub(lambda found: f"%{ord(found[0]):02X}", name)


def written_name(name: str) -> str:
    """Name as it was written, from `netcdf_name`."""
    return _ESCAPED.sub(lambda found: chr(int(found[0][1:], 16)), name)


def _renamed(group: xr.Dataset, to: Callable[[str], str]) -> xr.Dataset:
    names = [str(name) for name in (*group.variables, *group.dims)]
    changed = {name: to(name) for name in dict.fromkeys(names) if to(name) != name}
    return group.rename(changed) if changed else group


def save_tree(tree: xr.DataTree, facts: Mapping[str, str], path: str | os.PathLike[str]) -> None:
    """Write a tree of draws with facts about it to `path`, sealed with the hash of the whole.

    It is made in memory, since the HDF5 library does not survive a disk that is full, and written under a temporary
    name that is renamed when it is whole.

    Parameters
    ----------
    facts
        Name -> text, kept as attributes of the file whose names begin with ``servanda_``.

    Raises
    ------
    StoreError
        If the file cannot be written; nothing half-written is left.
    """
    marked, stand_ins = _with_stand_ins(tree)
    own = {f"{_MARK}{name}": text for name, text in facts.items()}
    order = {f"{_MARK}groups": to_json(list(tree.children)), f"{_MARK}names": to_json(stand_ins)}
    marked.attrs = {**tree.attrs, f"{_MARK}format": FORMAT, **order, **own}
    with written_whole(path, StoreError) as temporary:
        made = bytes(marked.to_netcdf(engine="netcdf4", encoding=_encoding(marked)))
        with temporary.open("wb") as file:
            file.write(made)
            file.write(f"\nservanda-sha256 {hashlib.sha256(made).hexdigest()}\n".encode())


def load_tree(path: str | os.PathLike[str]) -> tuple[xr.DataTree, dict[str, str]]:
    """Read what `save_tree` wrote: the tree, and the facts about it.

    Raises
    ------
    StoreError
        If there is no such file, it cannot be read, a byte of it was changed since it was saved, or it has another
        layout.
    """
    whole, seal = _content(path)
    tree = _read(whole, path, sealed=seal)
    attrs = {str(name): value for name, value in tree.attrs.items()}
    layout = attrs.pop(f"{_MARK}format", _UNSEALED)
    if layout not in (_UNSEALED, FORMAT):
        what = f"has format {layout}, this version reads {_UNSEALED} and {FORMAT}; fit the model again"
        raise StoreError(str(path), [Fault("", what)])
    if layout == FORMAT and not seal:
        raise _changed(path)
    groups, names = attrs.pop(f"{_MARK}groups", "[]"), attrs.pop(f"{_MARK}names", "{}")
    if seal:
        tree = _without_stand_ins(tree, json.loads(groups), json.loads(names))
    tree.attrs = {name: value for name, value in attrs.items() if not name.startswith(_MARK)}
    return tree, {name.removeprefix(_MARK): value for name, value in attrs.items() if name.startswith(_MARK)}


def _content(path: str | os.PathLike[str]) -> tuple[bytes, bool]:
    """Content of a file, and whether it has a seal, which holds."""
    try:
        there = regular_file(path).is_file()
    except FileNotFoundError:
        there = False
    except OSError as error:
        raise StoreError(str(path), [Fault("", f"cannot be read ({error.strerror or error})")]) from None
    if not there:
        raise StoreError(str(path), [Fault("", "there is no such file; fit a model first, e.g. `servanda fit`")])
    try:
        # One open file throughout: another may take its name between the look at its seal and the reading.
        with Path(path).open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - _SEAL_LENGTH, 0))
            seal = _SEAL.fullmatch(file.read())
            complaint = "" if seal else excess(file.tell(), "what it holds")
            file.seek(0)
            whole = b"" if complaint else file.read()
    except MemoryError:
        raise StoreError(str(path), [Fault("", _TOO_LARGE)]) from None
    except OSError as error:
        raise StoreError(str(path), [Fault("", f"cannot be read ({error.strerror or error})")]) from None
    if complaint:
        raise StoreError(str(path), [Fault("", complaint)])
    if seal and hashlib.sha256(memoryview(whole)[:-_SEAL_LENGTH]).hexdigest().encode() != seal[1]:
        raise _changed(path)
    return whole, seal is not None


def _with_stand_ins(tree: xr.DataTree) -> tuple[xr.DataTree, dict[str, str]]:
    """Tree in which other names stand for those that the netCDF library refuses or changes, and what they stand for."""
    names = {str(name) for group in tree.children.values() for name in (*group.variables, *group.dims)}
    free = (stand_in for stand_in in map("name_{}".format, count()) if stand_in not in names)
    stand_ins = dict(zip(sorted(name for name in names if not _is_kept(name)), free, strict=False))
    groups = {
        group: _renamed(node.to_dataset(), lambda n: stand_ins.get(n, n)) for group, node in tree.children.items()
    }
    return xr.DataTree.from_dict(groups), {stand_in: name for name, stand_in in stand_ins.items()}


def _without_stand_ins(tree: xr.DataTree, order: Sequence[str], names: Mapping[str, str]) -> xr.DataTree:
    """Tree with its names and its groups in order, as they were before they were saved."""
    groups = dict.fromkeys([*(group for group in order if group in tree.children), *tree.children])
    found = {group: _renamed(tree[group].to_dataset(), lambda n: names.get(n, n)) for group in groups}
    return xr.DataTree.from_dict(found)


def _is_kept(name: str) -> bool:
    """Whether the netCDF library takes a name, and gives it back as it was."""
    first, printed = name[:1], all(" " <= sign != "\x7f" for sign in name)
    begins = first == "_" or first.isalnum() or first > "\x7f"
    composed = unicodedata.normalize("NFC", name) == name
    return begins and printed and composed and not name.endswith(" ") and len(name.encode()) <= _LONGEST_NAME


def _read(whole: bytes, path: str | os.PathLike[str], *, sealed: bool) -> xr.DataTree:
    try:
        with xr.open_datatree(whole, engine="netcdf4") as opened:
            # What is sealed was in the memory of who saved it; anything else may unpack to any size.
            complaint = "" if sealed else excess(sum(node.nbytes for node in opened.subtree), "what it holds")
            if not complaint:
                return opened.load()
    except MemoryError:
        raise StoreError(str(path), [Fault("", _TOO_LARGE)]) from None
    except Exception:  # noqa: BLE001 - any error of a foreign library is a damaged file
        raise damaged(path) from None
    raise StoreError(str(path), [Fault("", complaint)])


def _changed(path: str | os.PathLike[str]) -> StoreError:
    what = "was changed or damaged after it was saved (its hash does not hold); fit the model again, or take a copy"
    return StoreError(str(path), [Fault("", what)])


def damaged(path: str | os.PathLike[str]) -> StoreError:
    """Error of a file that holds no posterior, or not a whole one."""
    return StoreError(str(path), [Fault("", "is not a posterior that Servanda saved, or is damaged")])


def check_kind(path: str | os.PathLike[str], facts: Mapping[str, str], kind: str) -> None:
    """Raise where the facts about a file are not those of a kind.

    Parameters
    ----------
    path, facts
        The file, and what `load_tree` gave of it.
    kind
        ``network`` or ``track``.

    Raises
    ------
    StoreError
        Saying what it holds instead and what reads it; or that it is damaged.
    """
    if kind not in facts:
        others = [said for other, said in _KINDS.items() if other in facts]
        raise StoreError(str(path), [Fault("", others[0])]) if others else damaged(path)


def _encoding(tree: xr.DataTree) -> dict[str, Any]:
    """Compress what is kept by case, where equal cases have equal numbers: draws themselves do not get smaller."""
    return {
        node.path: {
            str(name): {"zlib": True, "complevel": 1, "chunksizes": _piece(array.shape)}
            for name, array in node.data_vars.items()
            if array.dims[1:] == ("chain", "draw")
        }
        for node in tree.subtree
        if node.data_vars
    }


def _piece(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Shape of the pieces in which it is written: all cases of some draws."""
    return shape[0], 1, min(shape[2], _DRAWS_TOGETHER)


def priors_from_dict(raw: Mapping[str, Any] | None) -> PriorSet | None:
    """Prior set of plain content, of this version or of the first."""
    if raw is None:
        return None
    return PriorSet.from_dict(_of_first_version(raw) if "entries" in raw else raw)


def _of_first_version(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A set as files of version 0.1.0 hold it, as `PriorSet.to_dict` gives it."""
    entries = [
        {**{key: value for key, value in entry.items() if key != "numbers"}, **_numbers_of_first_version(entry)}
        for entry in raw["entries"]
    ]
    return {**raw, "priors": entries}


def _numbers_of_first_version(entry: Mapping[str, Any]) -> dict[str, Any]:
    # Numbers by state were pairs.
    return {
        name: dict(value) if isinstance(value, list) and isinstance(value[0], list) else value
        for name, value in entry["numbers"]
    }
