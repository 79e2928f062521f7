"""Reference tables of files, made from the schemas that judge them when the documentation is built.

A page holds a fence ``{keys} module.Schema`` (of TOML), ``{json} module.Schema``, ``{values} module.TABLE`` or
``{names} module.TABLE``; `expanded` puts what it asks for in its place. What a key means stands under
*Parameters* in the docstring of its schema.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
import types
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from numpydoc.docscrape import NumpyDocString
from pydantic import BaseModel
from pydantic.fields import FieldInfo

_FENCE = re.compile(r"^```\{(keys|json|values|names)\} ([\w.]+)(?: (\S+))?\n```$", re.MULTILINE)
_PLAIN = {
    str: "text",
    bool: "true or false",
    int: "whole number",
    float: "number",
    dict: "table",
    Any: "number, list of numbers, or numbers by state",
}
_PLURAL = {"text": "texts", "number": "numbers", "whole number": "whole numbers"}


def expanded(text: str) -> str:
    """Put the tables of a page in the place of its fences."""
    makers = {"keys": keys, "json": json_keys, "values": values, "names": names}
    return _FENCE.sub(lambda found: makers[found[1]](_found(found[2]), *filter(None, [found[3]])), text)


def sources(text: str) -> list[str]:
    """Files of the modules that the fences of a page name: where these change, the page does."""
    return [
        str(inspect.getsourcefile(importlib.import_module(name.rpartition(".")[0])))
        for _, name, _ in _FENCE.findall(text)
    ]


def _found(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def keys(schema: type[BaseModel], place: str = "") -> str:
    """Tables of the keys of a schema and of all schemas in it, in Markdown."""
    return "\n".join(line for table, where in _tables(schema, place) for line in _lines(table, where))


def _tables(schema: type[BaseModel], place: str, *also: str) -> Iterator[tuple[type[BaseModel], str]]:
    """Give every table that a file can hold, and how it is written; keys of one kind of table share one."""
    yield schema, "`, `".join([place, *also])
    bare = place.strip("[]")
    places: dict[type[BaseModel], list[str]] = {}
    for name, field in schema.model_fields.items():
        inner, many = _inner(field.annotation)
        if inner:
            path = f"{bare}.{name}" if bare else name
            shown = {"one": f"[{path}]", "list": f"[[{path}]]", "named": f"[{path}.{name.removesuffix('s').upper()}]"}
            places.setdefault(inner, []).append(shown[many])
    for inner, written in places.items():
        yield from _tables(inner, *written)


def json_keys(schema: type[BaseModel]) -> str:
    """Tables of the keys of a JSON file and of every kind of table in it, each once, in Markdown."""
    written = schema.model_json_schema()
    parts = {"": written, **written.get("$defs", {})}
    models = {model.__name__: model for model, _ in _tables(schema, "")}
    lines = []
    for name, part in parts.items():
        model = models[name] if name else schema
        said = described(model)
        aliases = {field.alias or key: key for key, field in model.model_fields.items()}
        title = f"(json-{name.lower()})=\n### `{name}`\n" if name else "### At the top of the file\n"
        lines += [title, f"{(inspect.getdoc(model) or '').splitlines()[0]}\n", "| key | value | what it says |"]
        lines.append("| --- | --- | --- |")
        lines += [f"| `{key}` | {_json_words(part['properties'][key])} | {said[own]} |" for key, own in aliases.items()]
        lines.append("")
    return "\n".join(lines)


_JSON = {"string": "text", "number": "number", "integer": "whole number", "boolean": "true or false", "null": "null"}


def _json_words(value: dict[str, Any]) -> str:
    """Type of a value of a JSON schema in words."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#json-{name.lower()})"
    if "anyOf" in value:
        return " or ".join(map(_json_words, value["anyOf"]))
    if "const" in value:
        return f"`{json.dumps(value['const'])}`"
    if value.get("type") == "array":
        inner = value["prefixItems"] if "prefixItems" in value else [value["items"]]
        return f"{'pair' if len(inner) == 2 else 'list'} of {_json_words(inner[0])}"
    if value.get("type") == "object":
        held = value.get("additionalProperties", True)
        return "table" if held is True else f"by name, {_json_words(held)}"
    return _JSON.get(value.get("type", ""), "anything")


def _inner(annotation: Any) -> tuple[type[BaseModel] | None, str]:
    """Give the schema within the type of a key, and whether it is one, a list of them or some by name."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, "one"
    many = {list: "list", dict: "named"}.get(get_origin(annotation) or object)
    found = [_inner(part) for part in get_args(annotation)]
    inner = next((part for part in found if part[0]), (None, ""))
    return (inner[0], many or inner[1]) if inner[0] else inner


def _lines(schema: type[BaseModel], place: str) -> Iterator[str]:
    yield f"### `{place}`\n" if place else "### At the top of the file\n"
    yield f"{(inspect.getdoc(schema) or '').splitlines()[0]}\n"
    yield "| key | value | if left out | what it says |"
    yield "| --- | --- | --- | --- |"
    said = described(schema)
    for name, field in schema.model_fields.items():
        yield f"| `{name}` | {_value(field)} | {_default(field)} | {said[name]} |"
    yield ""


def described(schema: type[BaseModel]) -> dict[str, str]:
    """What the docstring of a schema, and of those that it extends, says of each key.

    Raises
    ------
    KeyError
        Naming the keys that it says nothing of.
    """
    said: dict[str, str] = {}
    for part in reversed(schema.__mro__):
        for parameter in NumpyDocString(inspect.cleandoc(part.__doc__ or ""))["Parameters"]:
            # A name that no colon follows is read as a type.
            names = parameter.name or parameter.type
            said |= dict.fromkeys(names.split(", "), " ".join(parameter.desc).replace("|", r"\|"))
    silent = [name for name in schema.model_fields if name not in said]
    if silent:
        raise KeyError(f"the docstring of {schema.__name__} says nothing of: {', '.join(silent)}")
    return said


def _value(field: FieldInfo) -> str:
    least = next((part.min_length for part in field.metadata if hasattr(part, "min_length")), None)
    return _words(field.annotation) + (f", at least {least}" if least and get_origin(field.annotation) is list else "")


def _words(annotation: Any) -> str:
    """Type of a value in words."""
    origin, parts = get_origin(annotation), [part for part in get_args(annotation) if part is not type(None)]
    if origin is Annotated:
        return _words(parts[0])
    if origin is Literal:
        return " or ".join(f"`{json.dumps(part)}`" for part in parts)
    if origin in (Union, types.UnionType):
        kinds = [part for part in parts if part is not int or float not in parts]
        return " or ".join(dict.fromkeys(map(_words, kinds)))
    if origin is list:
        return "tables" if _inner(annotation)[0] else f"list of {_PLURAL.get(_words(parts[0]), _words(parts[0]))}"
    if origin is dict:
        return "tables by name" if _inner(annotation)[0] else f"by name, {_words(parts[1])}"
    return _PLAIN.get(annotation, "table")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True)
    return f"`{json.dumps(value)}`" if value or isinstance(value, bool | int | float) else "none"


def values(table: dict[str, Any]) -> str:
    """Table of the names that a key may have as its value, in Markdown."""
    rows = []
    for name, value in table.items():
        said = (inspect.getdoc(type(value)) or "").splitlines()[0].replace("|", r"\|")
        more = [*getattr(value, "numbers", ()), *getattr(value, "options", ())]
        rows.append(f"| `{name}` | {', '.join(f'`{part}`' for part in more) or 'none'} | {said} |")
    return "\n".join(["| name | keys of its own | what it is |", "| --- | --- | --- |", *rows, ""])


def names(table: Iterable[str]) -> str:
    """Names that a key may have as its value, in Markdown."""
    return ", ".join(f"`{name}`" for name in table)
