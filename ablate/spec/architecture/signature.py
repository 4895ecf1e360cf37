"""Mappings read against a signature: a function's keyword arguments say which keys there are and what they take.

An argument is annotated with `Annotated[type, Says("what may be written"), "what it is for"]`; its default is the
default in YAML. So one line declares the type, the message of a fault, and the text an editor shows.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from ablate.spec.source.problems import Location, Problem
from ablate.spec.source.wording import did_you_mean, enumerate_words, quote, unknown_key

REQUIRED = inspect.Parameter.empty
_STRICT = ConfigDict(strict=True, allow_inf_nan=False)


@dataclass(frozen=True)
class Says:
    """What may be written for an argument, to follow "expected"."""

    text: str


@dataclass(frozen=True)
class Argument:
    """One key: its type, default, description and the phrase for a wrong value."""

    name: str
    annotation: Any
    default: Any = REQUIRED

    @cached_property
    def _metadata(self) -> tuple[Any, ...]:
        """What the annotation says, innermost first: `Annotated[Size | None, ...]` says what `Size` does, and more."""
        return tuple(_said(self.annotation))

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
        plain = get_args(self.annotation)[0] if get_origin(self.annotation) is Annotated else self.annotation
        literal = next((part for part in (plain, *get_args(plain)) if get_origin(part) is Literal), None)
        return get_args(literal) if literal else ()

    @property
    def expected(self) -> str:
        """What may be written, in words."""
        said = next((item.text for item in reversed(self._metadata) if isinstance(item, Says)), self.description)
        return enumerate_words(self.choices, "or") if self.choices else said

    def read(self, value: Any) -> Any:
        """The value in the argument's type; ValueError says what is wrong with it."""
        try:
            return self._adapter.validate_python(value)
        except ValidationError:
            remedy = did_you_mean(value, self.choices) if isinstance(value, str) else ""
            raise ValueError(f"expected {self.expected}, got {quote(value)}{remedy}") from None

    def schema(self) -> dict[str, Any]:
        """JSON Schema of the argument."""
        default = self.default
        written = {} if default is REQUIRED or default is None else {"default": default}
        return self._adapter.json_schema() | {"description": self.description} | written


def _said(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        plain, *metadata = get_args(annotation)
        yield from _said(plain)
        yield from metadata
    elif get_origin(annotation) in (Union, UnionType):
        for part in get_args(annotation):
            yield from _said(part)


@cache
def arguments_of(function: Callable[..., Any]) -> dict[str, Argument]:
    """The keyword-only arguments of a function, by name."""
    hints = get_type_hints(function, include_extras=True)
    return {
        name: Argument(name, hints[name], parameter.default)
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }


def read_keys(
    mapping: Mapping[Any, Any], arguments: Mapping[str, Argument], location: Location, problems: list[Problem]
) -> dict[str, Any]:
    """Every argument's value or default; those that are wrong or missing are left out and told in `problems`."""
    for key in mapping:
        if key not in arguments:
            problems.append(Problem((*location, str(key)), unknown_key(key, mapping[key], arguments), on_key=True))
    values = {}
    for name, argument in arguments.items():
        if name in mapping:
            try:
                values[name] = argument.read(mapping[name])
            except ValueError as error:
                problems.append(Problem((*location, name), str(error)))
        elif argument.default is REQUIRED:
            problems.append(Problem((*location, name), f"missing; write {argument.expected}"))
        else:
            values[name] = argument.default
    return values


def read_mapping(
    mapping: Any, arguments: Mapping[str, Argument], location: Location, problems: list[Problem], what: str
) -> dict[str, Any] | None:
    """As `read_keys`, but None where anything is wrong, and for any value; `what` it should be, for the message."""
    if not isinstance(mapping, Mapping):
        problems.append(Problem(location, f"expected {what}, got {quote(mapping)}"))
        return None
    known = len(problems)
    values = read_keys(mapping, arguments, location, problems)
    return values if len(problems) == known else None
