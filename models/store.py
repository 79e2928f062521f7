"""One netCDF file for a tree of draws and the facts about it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xarray as xr

from ..common.errors import Fault, InputError
from ..common.files import written_whole
from .parameters.prior import Prior, PriorEntry, PriorSet

#: Raised when the layout of the file changes.
FORMAT = 1
#: What goes before the names of the facts among the attributes of a file.
_MARK = "servanda_"


class StoreError(InputError):
    """A file that holds no posterior."""


def save_tree(tree: xr.DataTree, facts: Mapping[str, str], path: str | os.PathLike[str]) -> None:
    """Write a tree of draws with facts about it to `path`, under a temporary name that is renamed when it is whole.

    Parameters
    ----------
    facts
        Name -> text, kept as attributes of the file whose names begin with ``servanda_``.

    Raises
    ------
    StoreError
        If the folder cannot be written to.
    """
    marked = tree.copy()
    own = {f"{_MARK}{name}": text for name, text in facts.items()}
    marked.attrs = {**tree.attrs, f"{_MARK}format": FORMAT, **own}
    try:
        with written_whole(path) as temporary:
            marked.to_netcdf(temporary, engine="h5netcdf", encoding=_encoding(marked))
    except OSError as error:
        raise StoreError(str(path), [Fault("", f"cannot be written ({error.strerror or error})")]) from error


def load_tree(path: str | os.PathLike[str]) -> tuple[xr.DataTree, dict[str, str]]:
    """Read what `save_tree` wrote: the tree, and the facts about it.

    Raises
    ------
    StoreError
        If there is no such file, it cannot be read, or it has another layout.
    """
    if not Path(path).is_file():
        raise StoreError(str(path), [Fault("", "there is no such file; fit a model first, e.g. `servanda fit`")])
    try:
        with xr.open_datatree(path, engine="h5netcdf") as opened:
            tree = opened.load()
    except Exception as error:
        raise damaged(path) from error
    attrs = {str(name): value for name, value in tree.attrs.items()}
    layout = attrs.pop(f"{_MARK}format", FORMAT)
    if layout != FORMAT:
        what = f"has layout {layout}, this version reads {FORMAT}; fit the model again"
        raise StoreError(str(path), [Fault("", what)])
    tree.attrs = {name: value for name, value in attrs.items() if not name.startswith(_MARK)}
    return tree, {name.removeprefix(_MARK): value for name, value in attrs.items() if name.startswith(_MARK)}


def damaged(path: str | os.PathLike[str]) -> StoreError:
    """Error of a file that holds no posterior, or not a whole one."""
    return StoreError(str(path), [Fault("", "is not a posterior that Servanda saved, or is damaged")])


def _encoding(tree: xr.DataTree) -> dict[str, Any]:
    """Compress what is large."""
    return {
        node.path: {
            str(name): {"zlib": True, "complevel": 1} for name, array in node.data_vars.items() if array.size > 4096
        }
        for node in tree.subtree
        if node.data_vars
    }


def priors_to_dict(priors: PriorSet | None) -> dict[str, Any] | None:
    """Plain content of a prior set."""
    if priors is None:
        return None
    entries = [
        {
            "parameter": entry.parameter,
            "distribution": entry.prior.distribution,
            "numbers": [[name, value] for name, value in entry.prior.numbers],
            "reason": entry.reason,
            "source": entry.source,
            "certainty": entry.certainty,
        }
        for entry in priors.entries
    ]
    head = {"name": priors.name, "title": priors.title, "description": priors.description}
    return {**head, "based_on": list(priors.based_on), "entries": entries}


def priors_from_dict(raw: dict[str, Any] | None) -> PriorSet | None:
    """Prior set of plain content."""
    if raw is None:
        return None
    entries = tuple(
        PriorEntry(
            e["parameter"],
            Prior(e["distribution"], tuple((name, _tuples(value)) for name, value in e["numbers"])),
            e["reason"],
            e["source"],
            e["certainty"],
        )
        for e in raw["entries"]
    )
    return PriorSet(entries, raw["name"], raw["title"], raw["description"], tuple(raw["based_on"]))


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
