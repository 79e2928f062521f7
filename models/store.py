"""A posterior in one netCDF file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xarray as xr

from ..common.errors import Fault, InputError
from ..common.files import written_whole
from .network.toml import network_from_toml, network_to_toml
from .parameters.prior_set import PriorSet
from .posterior import Posterior

#: Raised when the layout of the file changes.
FORMAT = 1


class StoreError(InputError):
    """A file that holds no posterior."""


def save_posterior(posterior: Posterior, path: str | os.PathLike[str]) -> None:
    """Write a posterior to `path`, under a temporary name that is renamed when it is whole.

    Raises
    ------
    StoreError
        If the folder cannot be written to.
    """
    tree = posterior.tree.copy()
    tree.attrs = {
        **tree.attrs,
        "servanda_format": FORMAT,
        "servanda_network": network_to_toml(posterior.network),
        "servanda_priors": json.dumps(None if posterior.priors is None else posterior.priors.to_dict()),
        "servanda_provenance": json.dumps(dict(posterior.provenance)),
    }
    try:
        with written_whole(path) as temporary:
            tree.to_netcdf(temporary, engine="h5netcdf", encoding=_encoding(tree))
    except OSError as error:
        raise StoreError(str(path), [Fault("", f"cannot be written ({error.strerror or error})")]) from error


def load_posterior(path: str | os.PathLike[str]) -> Posterior:
    """Load what `Posterior.save` wrote.

    Raises
    ------
    StoreError
        If there is no such file, or it was not written by `Posterior.save`.
    """
    if not Path(path).is_file():
        raise StoreError(str(path), [Fault("", "there is no such file; fit a model first, e.g. `servanda fit`")])
    damaged = StoreError(str(path), [Fault("", "is not a posterior that Servanda saved, or is damaged")])
    try:
        with xr.open_datatree(path, engine="h5netcdf") as opened:
            tree = opened.load()
    except Exception as error:
        raise damaged from error
    attrs = dict(tree.attrs)
    if attrs.get("servanda_format", FORMAT) != FORMAT:
        what = f"has layout {attrs['servanda_format']}, this version reads {FORMAT}; fit the model again"
        raise StoreError(str(path), [Fault("", what)])
    try:
        network = network_from_toml(attrs["servanda_network"])
        priors = _priors_from_dict(json.loads(attrs["servanda_priors"]))
        provenance = json.loads(attrs["servanda_provenance"])
    except (KeyError, ValueError) as error:
        raise damaged from error
    tree.attrs = {key: value for key, value in attrs.items() if not str(key).startswith("servanda_")}
    return Posterior(network, tree, priors, provenance)


def _encoding(tree: xr.DataTree) -> dict[str, Any]:
    """Compress what is large."""
    return {
        node.path: {
            str(name): {"zlib": True, "complevel": 1} for name, array in node.data_vars.items() if array.size > 4096
        }
        for node in tree.subtree
        if node.data_vars
    }


def _priors_from_dict(raw: Mapping[str, Any] | None) -> PriorSet | None:
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
