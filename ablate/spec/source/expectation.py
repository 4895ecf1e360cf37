"""What a key expects, in words, read from the JSON Schema of its section: `a number of at least 0 and below 1`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ablate.spec.source.wording import enumerate_words, quote

Schema = Mapping[str, Any]
NOUNS = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "text",
    "object": "a mapping",
    "null": "nothing",
}
BOUNDS = (
    ("exclusiveMinimum", "above"),
    ("minimum", "of at least"),
    ("exclusiveMaximum", "below"),
    ("maximum", "at most"),
)


def resolve(schema: Schema, root: Schema) -> list[Schema]:
    """The alternatives a schema allows, references followed."""
    if reference := schema.get("$ref"):
        return resolve(root["$defs"][reference.rpartition("/")[2]], root)
    if options := schema.get("anyOf"):
        return [found for option in options for found in resolve(option, root)]
    return [schema]


def descend(schemas: list[Schema], part: str | int, root: Schema) -> list[Schema]:
    """What the schemas say of a key or of a list's entry; empty where none knows it."""
    found: list[Schema] = []
    for schema in schemas:
        inner = schema.get("items") if isinstance(part, int) else schema.get("properties", {}).get(part)
        inner = inner or (schema.get("additionalProperties") if isinstance(part, str) else None)
        found += resolve(inner, root) if isinstance(inner, Mapping) else []
    return found


def choices(schemas: list[Schema]) -> list[Any]:
    """Every literal value that the schemas list."""
    return [value for schema in schemas for value in schema.get("enum", [schema["const"]] if "const" in schema else [])]


def describe(schemas: list[Schema], root: Schema) -> str:
    """The schemas in words."""
    return " or ".join(dict.fromkeys(_phrase(schema, root) for schema in schemas)) or "another value"


def _phrase(schema: Schema, root: Schema) -> str:
    if options := choices([schema]):
        return f"one of {enumerate_words(options, 'or')}" if len(options) > 1 else quote(options[0])
    if schema.get("type") == "array":
        items = schema.get("items") or {}
        return f"{_length(schema)}, each {describe(resolve(items, root), root)}" if items else _length(schema)
    if most := schema.get("maxProperties"):
        return f"a mapping with {'one key' if most == 1 else f'{most} keys'}"
    if len(properties := schema.get("properties", {})) == 1:
        return f"a mapping with {quote(*properties)}"
    noun = NOUNS.get(schema.get("type", ""), "a value")
    bounds = [f"{word} {schema[name]:.12g}" for name, word in BOUNDS if name in schema]
    return " ".join([noun, " and ".join(bounds)]).strip()


def _length(schema: Schema) -> str:
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    if most:
        number = most if least == most else f"{least} to {most}" if least else f"at most {most}"
        return f"a list of {number} values"
    return f"a list of at least {'one value' if least == 1 else f'{least} values'}" if least else "a list"
