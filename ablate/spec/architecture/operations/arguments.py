"""What may be written for the arguments of operations: plain numbers, and sizes relative to the unit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from ablate.spec.architecture.network import Shape
from ablate.spec.architecture.operations.effect import MAX_CHANNELS
from ablate.spec.architecture.signature import Says

_SIZE = re.compile(r"(?P<factor>\d{1,5}(?:\.\d{1,6})?)x(?P<inputs> in)?")


@dataclass(frozen=True)
class Scope:
    """What relative sizes are relative to: one unit in its place in the network."""

    classes: int
    inputs: int | None = None  # channels that enter the unit; None in stem and head
    channels: int | None = None  # the unit's channels
    stride: int | None = None  # the unit's stride
    output: Shape | None = None  # what the unit's other paths give, once known
    resize: Literal["pad", "projection"] = "pad"
    place: tuple[int, int] = (1, 1)  # this unit's number l, from 1, of L units that a rule counts


@dataclass(frozen=True)
class Relative:
    """A size known only in its place, e.g. `4x`, `6x in`, `in`, `out`, `unit`, `classes`."""

    written: str
    of: Literal["channels", "inputs", "output", "stride", "classes"]
    factor: Fraction = Fraction(1)

    def resolve(self, scope: Scope) -> int:
        """The number; ValueError where the scope has nothing to be relative to."""
        base = getattr(scope, self.of)
        if base is None:
            missing = "the unit's other paths" if self.of == "output" else "a unit"
            raise ValueError(f"{self.written!r} is relative to {missing}, and there is none here; write a number")
        size = self.factor * (base[0] if self.of == "output" else base)
        if size.denominator != 1 or not 1 <= size <= MAX_CHANNELS:
            raise ValueError(f"{self.written!r} of {base} is {float(size):g}, not a whole number from 1 to 65,536")
        return int(size)


WHOLE_UNIT = Relative("1x", "channels")


def _read_size(value: Any) -> int | Relative:
    if isinstance(value, Relative) or (type(value) is int and 1 <= value <= MAX_CHANNELS):
        return value
    if value in ("in", "out"):
        return Relative(value, "inputs" if value == "in" else "output")
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("not a size")
    return Relative(value, "inputs" if found["inputs"] else "channels", Fraction(found["factor"]))


def _read_number_or(word: Literal["stride", "classes"], spelt: str, limit: int) -> Any:
    def read(value: Any) -> int | Relative:
        if value == spelt:
            return Relative(spelt, word)
        if type(value) is int and 1 <= value <= limit:
            return value
        raise ValueError("not a number")

    schema = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": limit}, {"const": spelt}]}
    return PlainValidator(read), WithJsonSchema(schema), Says(f"a whole number from 1 to {limit:,} or `{spelt}`")


_STRIDE = _read_number_or("stride", "unit", 64)
_FEATURES = _read_number_or("classes", "classes", MAX_CHANNELS)
_COUNT = {"type": "integer", "minimum": 1, "maximum": MAX_CHANNELS}

Positive = Annotated[int, Field(ge=1, le=MAX_CHANNELS), Says("a whole number from 1 to 65,536")]
Real = Annotated[float, Field(ge=-1e6, le=1e6), Says("a number")]
Fraction01 = Annotated[float, Field(ge=0, le=1), Says("a number from 0 to 1")]
Small = Annotated[float, Field(gt=0, le=1), Says("a number above 0, at most 1")]
Flag = Annotated[bool, Says("true or false")]
Size = Annotated[
    int,
    PlainValidator(_read_size),
    WithJsonSchema({"anyOf": [_COUNT, {"type": "string", "pattern": r"^(in|out|\d+(\.\d+)?x( in)?)$"}]}),
    Says("a number of channels such as 64, or relative: 4x (of the unit's), 6x in (of what enters it), in, out"),
]
Kernel = Annotated[int, Field(ge=1, le=255), Says("a whole number from 1 to 255"), "side of the window in pixels"]
Stride = Annotated[int, *_STRIDE, "step of the window in pixels; `unit`: the stride of the unit"]
Padding = Annotated[
    int | None,
    Field(ge=0, le=255),
    Says("a whole number from 0 to 255"),
    "zeros on every side, in pixels; default: what keeps the size at stride 1",
]
Features = Annotated[int, *_FEATURES, "output features; `classes`: as many as the data set has classes"]
Bins = Annotated[
    tuple[Annotated[int, Field(ge=1, le=64)], ...],
    Field(strict=False, min_length=1, max_length=16),
    Says("a list of whole numbers from 1 to 64, such as [7, 3, 2, 1]"),
    "cells per side of each level of the pyramid",
]
