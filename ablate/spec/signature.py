"""Mappings read against a signature: a function's keyword arguments say which keys there are and what they take.

An argument is annotated with `Annotated[type, Says("what may be written"), "what it is for"]`; its default is the
default in YAML. So one line declares the type, the message of a fault, and the text an editor shows.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from ablate.spec.problems import Location, Problem
from ablate.spec.suggestion import shown, suggest

REQUIRED = inspect.Parameter.empty
_STRICT = ConfigDict(strict=True, allow_inf_nan=False)


@dataclass(frozen=True)
class Says:
    """What may be written for an argument, to follow "must be"."""

    text: str


@dataclass(frozen=True)
class Argument:
    """One key: its type, default, description and the phrase for a wrong value."""

    name: str
    annotation: Any
    default: Any = REQUIRED

    @cached_property
    def _metadata(self) -> tuple[Any, ...]:
        return get_args(self.annotation)[1:] if get_origin(self.annotation) is Annotated else ()

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.annotation, config=_STRICT)

    @property
    def description(self) -> str:
        """One line on what the argument is for."""
        return next((item for item in reversed(self._metadata) if isinstance(item, str)), "")

    @property
    def choices(self) -> tuple[str, ...]:
        """The words an argument accepts, where it accepts only these."""
        plain = get_args(self.annotation)[0] if self._metadata else self.annotation
        literal = next((part for part in (plain, *get_args(plain)) if get_origin(part) is Literal), None)
        return get_args(literal) if literal else ()

    def read(self, value: Any) -> Any:
        """The value in the argument's type; ValueError says what is wrong with it."""
        try:
            return self._adapter.validate_python(value)
        except ValidationError as error:
            raise ValueError(self._complaint(value, error)) from None

    def _complaint(self, value: Any, error: ValidationError) -> str:
        if self.choices:
            return f"unknown {self.name} {shown(value)}; {suggest(value, self.choices)}"
        reason = next((item.text for item in self._metadata if isinstance(item, Says)), "")
        return f"must be {reason or error.errors()[0]['msg']}, got {shown(value)}"

    def schema(self) -> dict[str, Any]:
        """JSON Schema of the argument."""
        found = self._adapter.json_schema() | {"description": self.description}
        return found if self.default in (REQUIRED, None) else found | {"default": self.default}


@cache
def arguments_of(function: Callable[..., Any]) -> dict[str, Argument]:
    """The keyword-only arguments of a function or a dataclass, by name."""
    hints = get_type_hints(function, include_extras=True)
    return {
        name: Argument(name, hints[name], parameter.default)
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }


def read_mapping(
    mapping: Any, arguments: Mapping[str, Argument], location: Location, problems: list[Problem], what: str
) -> dict[str, Any] | None:
    """Every argument's value or default; None, with its faults added to `problems`, where the mapping is wrong."""
    if not isinstance(mapping, Mapping):
        problems.append(Problem(location, f"{what} is a mapping of keys to values, got {shown(mapping)}"))
        return None
    before = len(problems)
    for key in mapping:
        if key not in arguments:
            problems.append(Problem((*location, key), f"unknown key of {what}; {_keys(key, arguments)}", on_key=True))
    values = {}
    for name, argument in arguments.items():
        if name in mapping:
            try:
                values[name] = argument.read(mapping[name])
            except ValueError as error:
                problems.append(Problem((*location, name), str(error)))
        elif argument.default is REQUIRED:
            problems.append(Problem(location, f"missing key '{name}' of {what}: {argument.description}"))
        else:
            values[name] = argument.default
    return values if len(problems) == before else None


def _keys(key: Any, arguments: Mapping[str, Argument]) -> str:
    return suggest(key, arguments) if arguments else "it takes none"
