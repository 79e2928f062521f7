"""TOML files of ours and of users: found, read, and held to a schema with all faults at once."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .encoding import encoding_faults
from .errors import Fault, InputError, nearest, raise_faults
from .files import path_text, regular_bytes

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
    text = path_text(name, error)
    if text.lower().endswith(".toml") or os.sep in text:
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
        raw = regular_bytes(path)
    except FileNotFoundError as failure:
        raise error(str(path), [Fault("", "there is no such file")]) from failure
    except OSError as failure:
        raise error(str(path), [Fault("", f"cannot be read ({failure.strerror})")]) from failure
    raise_faults(str(path), encoding_faults(raw), error)
    return parsed_toml(raw.decode("utf-8-sig"), str(path), error)


def parsed_toml(text: str, subject: str, error: type[InputError] = InputError) -> dict[str, Any]:
    r"""Parse TOML text.

    Raises
    ------
    InputError
        Of class `error`, if it is not TOML, with the place; what is said twice with both places.

    Examples
    --------
    >>> parsed_toml("a = 1\na = 2\n", "mine")
    Traceback (most recent call last):
    servanda.common.errors.InputError: mine: is not TOML: Cannot overwrite a value (at line 2, column 6); 'a' stands ...
    """
    deep = "is nested too deep to be read; write it flatter"
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError as failure:
        raise error(subject, [Fault("", f"is not TOML: {failure}{_first_place(text, str(failure))}")]) from failure
    except ValueError as failure:
        raise error(subject, [Fault("", f"holds a value that cannot be read ({failure})")]) from None
    except RecursionError:
        raise error(subject, [Fault("", deep)]) from None
    # How deep Python itself goes depends on the version and on what other libraries have set.
    if _is_deep(parsed, 50):
        raise error(subject, [Fault("", deep)])
    return parsed


def _is_deep(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deep(each, levels - 1) for each in inner)


_HEADER = re.compile(r"\s*(\[\[?)([^\[\]]+)\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"""\s*([\w."' -]+?)\s*=""")


def _first_place(text: str, problem: str) -> str:
    """Say where what is said twice was said first, as the end of a sentence."""
    if not re.match(r"Cannot (overwrite|declare)", problem):
        return ""
    found = re.search(r"at line (\d+)", problem)
    last = int(found[1]) if found else text.count("\n") + 1
    here, said = "", []
    for number, line in enumerate(text.splitlines()[:last], start=1):
        if header := _HEADER.fullmatch(line):
            here = f"[{_plain_key(header[2])}]" + f" {number}" * (header[1] == "[[")  # each of these is another table
            said.append((number, here, here))
        elif key := _KEY.match(line):
            name = _plain_key(key[1])
            said.append((number, f"{here} {name}", f"'{name}'"))
    if not said:
        return ""
    *before, (_, place, shown) = said
    first = next((number for number, other, _ in before if other == place), None)
    return f"; {shown} stands in line {first} already, keep one of them" if first else ""


def _plain_key(text: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in text.split("."))


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
