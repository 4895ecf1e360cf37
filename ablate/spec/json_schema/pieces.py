"""JSON Schema of the parts of the language that are signatures: keys with types, defaults and descriptions."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ablate.spec.architecture.signature import REQUIRED, Argument, arguments_of

Schema = dict[str, Any]
NAME = "^[A-Za-z][A-Za-z0-9_-]{0,63}$"  # of a block or a path
NOTHING: Schema = {"type": "null"}


def ref(name: str) -> Schema:
    """A definition by its name."""
    return {"$ref": f"#/$defs/{name}"}


def any_of(*options: Schema) -> Schema:
    """One of several."""
    return {"anyOf": list(options)}


def mapping(properties: Mapping[str, Schema], description: str = "", required: Iterable[str] = ()) -> Schema:
    """An object with these keys and no others."""
    found: Schema = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    found |= {"required": list(required)} if required else {}
    return ({"description": description} if description else {}) | found


def keys_of(function: Callable[..., Any], parts: Mapping[str, Schema] | None = None) -> dict[str, Schema]:
    """The keys of a signature; `parts` says what the keys take that it leaves open, null beside it if it is so."""
    return {name: _key(argument, (parts or {}).get(name)) for name, argument in arguments_of(function).items()}


def required_of(function: Callable[..., Any]) -> list[str]:
    """The keys without a default."""
    return [name for name, argument in arguments_of(function).items() if argument.default is REQUIRED]


def arguments(known: Mapping[str, Argument], left_out: Iterable[str] = ()) -> Schema:
    """The arguments of an operation as a mapping."""
    kept = {name: argument for name, argument in known.items() if name not in left_out}
    required = [name for name, argument in kept.items() if argument.default is REQUIRED]
    found = mapping({name: argument.schema() for name, argument in kept.items()}, required=required)
    return found if required else any_of(found, NOTHING)


def said_by(function: Callable[..., Any]) -> str:
    """A docstring in one line."""
    return " ".join((inspect.getdoc(function) or "").split())


def _key(argument: Argument, part: Schema | None) -> Schema:
    if part is None:
        return argument.schema()
    optional = any_of(part, NOTHING) if argument.default is None else part
    default = {} if argument.default in (REQUIRED, None, ()) else {"default": argument.default}
    return {"description": argument.description} | optional | default
