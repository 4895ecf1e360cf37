"""JSON Schema of architectures: operations, blocks, runs of units, the short and the explicit form."""

from __future__ import annotations

from typing import Any

from ablate.spec.architecture.auxiliaries import after_keys, tap_keys
from ablate.spec.architecture.blocks import BUILT_IN, MAX_PATHS, block_keys
from ablate.spec.architecture.explicit import explicit_keys
from ablate.spec.architecture.joins import GATED, GATES, WORDS
from ablate.spec.architecture.operations import KINDS
from ablate.spec.architecture.operations.effect import MAX_CHANNELS
from ablate.spec.architecture.operations.written import MAX_OPERATIONS, identity, names
from ablate.spec.architecture.short import short_keys
from ablate.spec.architecture.shortcut import WORDS as SHORTCUTS
from ablate.spec.architecture.shortcut import dropout_keys, gate_keys, scale_keys
from ablate.spec.architecture.signature import REQUIRED, arguments_of
from ablate.spec.architecture.stages import run_keys
from ablate.spec.json_schema.pieces import (
    NAME,
    Schema,
    any_of,
    arguments,
    keys_of,
    mapping,
    ref,
    required_of,
    said_by,
)

IMAGE: Schema = {
    "type": "array",
    "items": {"type": "integer", "minimum": 1, "maximum": MAX_CHANNELS},
    "minItems": 3,
    "maxItems": 3,
}


def architecture_definitions() -> dict[str, Schema]:
    """Every definition, by name. What a file that this one extends may hold is not required here."""
    block = keys_of(block_keys, _block_parts())
    run = keys_of(run_keys, {"block": _named(ref("block")), "first": _named(ref("block"))})
    several = {"type": "array", "items": ref("run"), "minItems": 1}
    return {
        "architecture": {
            "description": "The network: the short form with `family`, or the explicit form with `stages`.",
            "if": any_of({"required": ["stages"]}, {"required": ["auxiliaries"]}),
            "then": mapping(keys_of(explicit_keys, _explicit_parts()), said_by(explicit_keys)),
            "else": mapping(keys_of(short_keys, _short_parts()), said_by(short_keys)),
        },
        "blocks": {
            "type": "object",
            "description": "Blocks by name; a list of operations is a sequence, to be named in the paths of blocks.",
            "propertyNames": {"pattern": NAME},
            "additionalProperties": any_of(ref("block"), ref("path")),
        },
        "block": mapping(block, "One unit: named paths of operations, a join, and what follows the join.")
        | any_of(*({"required": [name]} for name in (*GATED, "paths"))),
        "run": mapping(run | block, "A run of units, by the name of their block or with the block written here."),
        "stage": any_of(ref("run"), several),
        "auxiliary": mapping(_auxiliary(), said_by(tap_keys), required_of(tap_keys)),
        "shortcut": any_of({"enum": list(SHORTCUTS)}, *map(_form, (scale_keys, gate_keys, dropout_keys))),
        "path": {"type": "array", "items": ref("operation"), "maxItems": MAX_OPERATIONS},
        "operation": any_of(_bare_names(), _window_names(), _sequence_name(), ref("with-arguments")),
        "with-arguments": _with_arguments(),
        **_arguments(),
    }


def _named(schema: Schema) -> Schema:
    return any_of({"type": "string"}, schema)


def _form(function: Any) -> Schema:
    return mapping(keys_of(function), said_by(function), required_of(function))


def _block_parts() -> dict[str, Schema]:
    paths = {
        "type": "object",
        "propertyNames": {"pattern": NAME, "not": {"enum": ["before", "after"]}},
        "additionalProperties": ref("path"),
        "minProperties": 1,
        "maxProperties": MAX_PATHS,
    }
    weighs = "exclusive: g on the branch, 1 - g on the shortcut; shortcut-only: 1 on the branch."
    gate = mapping({"gate": {"enum": list(GATES), "description": weighs}}, required=["gate"])
    ways = dict.fromkeys((*GATED, "before", "after"), ref("path"))
    return ways | {"paths": paths, "join": any_of({"enum": list(WORDS)}, gate)}


def _explicit_parts() -> dict[str, Schema]:
    return {
        "stages": {"type": "array", "items": ref("stage")},
        "stem": ref("path"),
        "head": ref("path"),
        "auxiliaries": {"type": "array", "items": ref("auxiliary")},
        "input": IMAGE,
    }


def _short_parts() -> dict[str, Schema]:
    block = any_of({"enum": list(BUILT_IN)}, {"type": "string", "pattern": NAME})
    return {"block": block, "shortcut": ref("shortcut"), "stem": ref("path"), "head": ref("path"), "input": IMAGE}


def _auxiliary() -> dict[str, Schema]:
    return keys_of(tap_keys, {"after": _form(after_keys), "head": ref("path")})


def _bare_names() -> Schema:
    """Operations that need no arguments."""
    return {"enum": [name for name in names() if name not in (*_needy(), "unit")]}


def _needy() -> list[str]:
    """Operations with an argument that has no default."""
    return [name for name, kind in KINDS.items() if any(a.default is REQUIRED for a in kind.written.values())]


def _sequence_name() -> Schema:
    """A name that is the user's own."""
    windows = "|".join(name for name, kind in KINDS.items() if kind.windowed)
    return {"type": "string", "pattern": NAME, "not": any_of({"enum": _needy()}, {"pattern": f"^({windows})[0-9]"})}


def _window_names() -> Schema:
    return any_of(*({"type": "string", "pattern": _window(name)} for name, kind in KINDS.items() if kind.windowed))


def _window(name: str) -> str:
    """`conv3x3`. That both sides are the same is left to the checker: few validators join patterns that refer back."""
    return f"^{name}[1-9][0-9]{{0,2}}x[1-9][0-9]{{0,2}}$"


def _with_arguments() -> Schema:
    """`conv3x3: {channels: 64}`: one name, its arguments."""
    windowed = [name for name, kind in KINDS.items() if kind.windowed]
    plain = {name: ref(f"{name}-arguments") for name in (*KINDS, "identity")} | {"unit": ref("block")}
    usual = {name: ref(f"{name.rstrip('0123456789x')}-window") for name in names() if name not in plain}
    return mapping(usual | plain, "An operation with its arguments.") | {
        "patternProperties": {_window(name): ref(f"{name}-window") for name in windowed},
        "minProperties": 1,
        "maxProperties": 1,
    }


def _arguments() -> dict[str, Schema]:
    """The arguments of every operation, and those that a window in the name leaves."""
    found = {f"{name}-arguments": _say(arguments(kind.written), kind.effect) for name, kind in KINDS.items()}
    found["identity-arguments"] = _say(arguments(arguments_of(identity)), identity)
    windowed = {name: kind for name, kind in KINDS.items() if kind.windowed}
    return found | {
        f"{name}-window": _say(arguments(kind.written, ["kernel"]), kind.effect) for name, kind in windowed.items()
    }


def _say(schema: Schema, function: Any) -> Schema:
    return {"description": said_by(function)} | schema
