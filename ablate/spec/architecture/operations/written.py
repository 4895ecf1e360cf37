"""Operations as written, `relu` or `conv3x3: {channels: 4x}`, read with every fault and resolved in their place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

from ablate.spec.architecture.network import Operation, Path, Shape, Value
from ablate.spec.architecture.operations import KINDS
from ablate.spec.architecture.operations.arguments import Relative, Scope
from ablate.spec.architecture.operations.effect import ShapeFault, maps, text
from ablate.spec.architecture.signature import Argument, arguments_of, read_mapping
from ablate.spec.source.problems import Location, Problem, dotted
from ablate.spec.source.wording import did_you_mean, enumerate_words, quote

if TYPE_CHECKING:
    from ablate.spec.architecture.blocks import Block

MAX_OPERATIONS = 1_000  # in one written path, the user's own sequences written out
ELSEWHERE = {  # what other tools call an operation of ours
    "swish": "silu",
    "batchnorm": "bn",
    "batch-norm": "bn",
    "batchnorm2d": "bn",
    "leaky-relu": "leaky",
    "leakyrelu": "leaky",
    "dense": "linear",
    "fc": "linear",
    "gap": "global-avgpool",
    "squeeze-excite": "se",
    "drop-path": "stochastic-depth",
}
_WINDOW = re.compile(r"(?P<kind>[a-z]+)(?P<height>\d{1,3})x(?P<width>\d{1,3})")


@dataclass(frozen=True)
class Written:
    """One operation with its arguments checked, but relative sizes not yet known."""

    kind: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    location: Location = ()
    block: Block | None = None  # of the kind `unit` only

    @property
    def awaits_output(self) -> bool:
        """Whether it needs to know what the unit's other paths give."""
        values = self.arguments.values()
        return self.kind == "identity" or any(isinstance(v, Relative) and v.of == "output" for v in values)


WrittenPath = tuple[Written, ...]


def identity(
    *,
    resize: Annotated[
        Literal["pad", "projection"] | None, "how the shape changes, where it does; default: as the architecture"
    ] = None,
) -> None:
    """Nothing where the unit keeps the shape; else zero-padded channels or a 1x1 convolution (He et al. 2015)."""


def names() -> list[str]:
    """Every written name, the usual window sizes included."""
    windowed = ["conv1x1", "conv3x3", "conv5x5", "conv7x7", "maxpool2x2", "maxpool3x3", "avgpool2x2"]
    return ["identity", *windowed, *KINDS, "unit"]


def read_path(
    value: Any, location: Location, problems: list[Problem], sequences: Mapping[str, WrittenPath] | None = None
) -> WrittenPath:
    """A list of operations; `sequences` are the user's own named lists, put in where they are named."""
    if not isinstance(value, list | tuple):
        problems.append(Problem(location, f"expected a list of operations such as [conv3x3, bn], got {quote(value)}"))
        return ()
    named = {} if sequences is None else sequences
    path: list[Written] = []
    for index, item in enumerate(value):
        if isinstance(item, str) and item in named:
            path.extend(named[item])
        elif (operation := read_operation(item, (*location, index), problems, named)) is not None:
            path.append(operation)
        if max(index + 1, len(path)) > MAX_OPERATIONS:
            problems.append(Problem(location, f"more than {MAX_OPERATIONS:,} operations, sequences written out"))
            return ()
    return tuple(path)


def read_operation(
    item: Any, location: Location, problems: list[Problem], sequences: Mapping[str, Any]
) -> Written | None:
    """`relu`, or a mapping of one name to its arguments; None where it is wrong."""
    name, arguments, inside = item, None, location
    if isinstance(item, Mapping) and len(item) == 1:
        ((name, arguments),) = item.items()
        inside = (*location, str(name))
    if not isinstance(name, str):
        problems.append(
            Problem(location, f"expected an operation, `relu` or `conv3x3: {{stride: 2}}`, got {quote(item)}")
        )
        return None
    if name == "unit":
        from ablate.spec.architecture.blocks import read_block  # which reads paths in turn

        block = read_block(arguments, inside, problems, sequences)
        return Written("unit", location=location, block=block) if block else None
    kind, given = _split(name)
    if kind is None:
        known = [*sequences, *names()]
        meant = ELSEWHERE.get(str(name).lower(), name)
        remedy = did_you_mean(meant, known) or f"; the operations are {enumerate_words(known)}"
        problems.append(Problem(inside, f"unknown operation {quote(name)}{remedy}", on_key=inside != location))
        return None
    accepted = {key: value for key, value in _accepted(kind).items() if key not in given}
    what = f"the arguments of {name} as a mapping"
    read = read_mapping({} if arguments is None else arguments, accepted, inside, problems, what)
    return None if read is None else Written(kind, given | read, location)


def _accepted(kind: str) -> dict[str, Argument]:
    return arguments_of(identity) if kind == "identity" else KINDS[kind].written


def _split(name: str) -> tuple[str | None, dict[str, Any]]:
    """`conv3x3` -> `conv` with its kernel; None for a name that is not in the table."""
    if name == "identity" or name in KINDS:
        return name, {}
    found = _WINDOW.fullmatch(name)
    if not found or found["height"] != found["width"] or not 1 <= int(found["height"]) <= 255:
        return None, {}
    windowed = found["kind"] in KINDS and KINDS[found["kind"]].windowed
    return (found["kind"], {"kernel": int(found["height"])}) if windowed else (None, {})


def resolve(written: Written, shape: Shape, scope: Scope) -> Path:
    """The operation in its place: one, or what `identity` stands for. ValueError where it cannot stand there."""
    if written.kind == "identity":
        return _resized(shape, scope, written.arguments["resize"] or scope.resize, dotted(written.location))
    numbers = {k: v.resolve(scope) if isinstance(v, Relative) else v for k, v in written.arguments.items()}
    arguments = KINDS[written.kind].resolve(numbers, shape, scope)
    return (Operation(written.kind, arguments, dotted(written.location)),)


def _resized(shape: Shape, scope: Scope, rule: str, origin: str) -> Path:
    """What leads from a shape to the unit's output: nothing, option A or option B of He et al. 2015, sec. 3.3."""
    target = scope.output or shape
    if target == shape:
        return ()
    channels, height, width = maps(shape)
    stride = max(1, -(-height // maps(target)[1]))
    if (-(-height // stride), -(-width // stride)) != target[1:]:
        raise ShapeFault(f"no stride leads to {text(target)}, which the other paths give")
    if rule == "projection":
        conv = _resolved("conv", shape, scope, kernel=1, channels=target[0], stride=stride)
        return Operation("conv", conv, origin), Operation("bn", _resolved("bn", shape, scope), origin)
    if channels > target[0]:
        raise ShapeFault(f"the other paths give fewer channels, {text(target)}; `resize: projection` can drop some")
    subsample = Operation("subsample", {"stride": stride}, origin)
    pad = Operation("pad-channels", {"channels": target[0]}, origin)
    return (subsample,) * (stride > 1) + (pad,) * (channels < target[0])


def _resolved(kind: str, shape: Shape, scope: Scope, **given: int) -> dict[str, Value]:
    """Every argument of a kind, the rest at its default."""
    defaults = {name: argument.default for name, argument in KINDS[kind].written.items()}
    return KINDS[kind].resolve(defaults | given, shape, scope)
