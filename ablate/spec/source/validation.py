"""A section of a document against its pydantic model: every mismatch as a problem in our own words."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ablate.spec.source import expectation
from ablate.spec.source.problems import Location, Problem
from ablate.spec.source.scalars import resolve
from ablate.spec.source.wording import did_you_mean, quote, unknown_key

Model = TypeVar("Model", bound=BaseModel)


def validate(model: type[Model], data: Any, at: Location = ()) -> tuple[Model | None, list[Problem]]:
    """The section, or None and everything that is wrong with it; `at` is where the section stands.

    An absent or empty section is one without keys.
    """
    data = {} if data is None else data
    try:
        return model.model_validate_json(json.dumps(data)), []
    except ValidationError as error:
        schema = model.model_json_schema(by_alias=True)
        places = {_place(detail, data): detail["type"] for detail in error.errors(include_url=False)}
        return None, [_problem(kind, place, data, schema, at) for place, kind in _deepest(places).items()]


def _deepest(places: dict[Location, str]) -> dict[Location, str]:
    """Without the places above another: of an alternative that fits at first, what does not fit in it."""
    above = {place[:length] for place in places for length in range(len(place))}
    return {place: kind for place, kind in places.items() if place not in above}


def _place(detail: ErrorDetails, data: Any) -> Location:
    """pydantic's location without the names of alternatives that it puts in between."""
    place: Location = ()
    for part in detail["loc"]:
        inside = isinstance(data, dict) and part in data
        if inside or (isinstance(data, list) and isinstance(part, int)):
            place, data = (*place, part), data[part]
    return (*place, detail["loc"][-1]) if detail["type"] == "missing" else place


def _problem(kind: str, place: Location, data: Any, schema: expectation.Schema, at: Location) -> Problem:
    known = expectation.resolve(schema, schema)
    value = data
    for part in place[:-1]:
        known, value = expectation.descend(known, part, schema), value[part]
    if kind == "extra_forbidden":
        names = [name for one in known for name in one.get("properties", {})]
        return Problem((*at, *place), unknown_key(str(place[-1]), value[place[-1]], names), on_key=True)
    if place:
        known = expectation.descend(known, place[-1], schema)
    expected = expectation.describe(known, schema)
    if kind == "missing":
        return Problem((*at, *place), f"missing; write {expected}")
    value = value[place[-1]] if place else value
    return Problem((*at, *place), f"expected {expected}, got {quote(value)}{_remedy(value, known)}")


def _remedy(value: Any, known: list[expectation.Schema]) -> str:
    options = [option for option in expectation.choices(known) if isinstance(option, str)]
    if not isinstance(value, str):
        return ""
    if {"integer", "number"} & {schema.get("type") for schema in known} and _is_number(value):
        return "; remove the quotes"
    return did_you_mean(value, options)


def _is_number(text: str) -> bool:
    try:
        return isinstance(resolve(text), int | float)
    except ValueError:
        return False
