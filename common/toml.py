"""TOML files of ours and of users: found, read, and held to a schema with all faults at once."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import Fault, InputError, nearest

if TYPE_CHECKING:
    from pydantic import BaseModel


def shipped(name: str | os.PathLike[str], folder: Path, kind: str, error: type[InputError] = InputError) -> Path:
    """Find a file by the name it ships under in `folder`, or take `name` as a path.

    Parameters
    ----------
    name
        A shipped name, or a path: anything that ends in ``.toml`` or holds a separator.
    folder
        Where the shipped ones are.
    kind
        What it is, for the message.

    Raises
    ------
    InputError
        Of class `error`, if there is no such name, naming the nearest.
    """
    text = os.fspath(name)
    if text.endswith(".toml") or os.sep in text:
        return Path(text)
    known = sorted(path.stem for path in folder.glob("*.toml"))
    if text not in known:
        raise error(
            text,
            [
                Fault(
                    "",
                    f"there is no {kind} of this name{nearest(text, known)}; or give a path to a .toml file",
                )
            ],
        )
    return folder / f"{text}.toml"


def read_toml(path: Path, error: type[InputError] = InputError) -> dict[str, Any]:
    """Read a TOML file.

    Raises
    ------
    InputError
        Of class `error`, if it is missing, a folder, not UTF-8 or not TOML, with the place.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        problem = "there is no such file"
    except OSError as failure:
        problem = f"cannot be read ({failure.strerror})"
    except UnicodeDecodeError as failure:
        problem = f"is not UTF-8 text (byte {failure.start})"
    except tomllib.TOMLDecodeError as failure:
        problem = f"is not TOML: {failure}"
    raise error(str(path), [Fault("", problem)])


def schema_faults(raw: Mapping[str, Any], schema: type[BaseModel]) -> list[Fault]:
    """List where `raw` departs from a pydantic schema, in plain words."""
    from pydantic import ValidationError

    try:
        schema.model_validate(raw)
    except ValidationError as failure:
        return [_fault(dict(problem)) for problem in failure.errors()]
    return []


def _fault(problem: dict[str, Any]) -> Fault:
    where = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return Fault(where, "is not a key that is known here")
    if problem["type"] == "missing":
        return Fault(where, "is missing")
    message = str(problem["msg"]).removeprefix("Value error, ")
    return Fault(where, message[:1].lower() + message[1:])
