"""Links to the documentation of neighbours, from `neighbours.toml` instead of from the network.

Sphinx reads an inventory a package; these are written from the names that stand in the file, so that intersphinx works
as it does everywhere and a build needs no connection.
"""

from __future__ import annotations

import tomllib
import zlib
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config

FILE = Path(__file__).with_name("neighbours.toml")
_HEAD = (
    "# Sphinx inventory version 2\n# Project: {0}\n# Version: \n"
    "# The remainder of this file is compressed using zlib.\n"
)


def read() -> dict[str, Any]:
    """Packages with their names, as the file has them."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def mapping(folder: Path) -> dict[str, tuple[str, str]]:
    """Write the inventories into a folder.

    Returns
    -------
    dict
        Package -> address and inventory, for ``intersphinx_mapping``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for package, said in read().items():
        path = folder / f"{package}.inv"
        lines = "".join(
            f"{package}.{name} py:{'class' if _is_class(name) else 'function'} 1 "
            f"{said['page'].format(name=f'{package}.{name}')} -\n"
            for name in said["names"]
        )
        path.write_bytes(_HEAD.format(package).encode() + zlib.compress(lines.encode()))
        found[package] = (said["url"], str(path))
    return found


def links() -> dict[str, str]:
    """How a page writes a name -> its full name: `az.loo`, `xarray.DataTree` and, of classes, `DataTree`."""
    found = {}
    for package, said in read().items():
        for name in said["names"]:
            full = f"{package}.{name}"
            found |= {full: full, f"{said['short']}.{name}": full}
            if _is_class(name):
                found[name.rpartition(".")[2]] = full
    return found


def _is_class(name: str) -> bool:
    return name.rpartition(".")[2][0].isupper()


def configure(app: Sphinx, config: Config) -> None:
    """Hand the inventories to intersphinx, and the names to what reads the types in docstrings."""
    config.intersphinx_mapping = mapping(Path(app.outdir).parent / "inventories")
    config.numpydoc_xref_aliases = links()


def setup(app: Sphinx) -> dict[str, Any]:
    """Configure the others before they look."""
    app.connect("config-inited", configure)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
