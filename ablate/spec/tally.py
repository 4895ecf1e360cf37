"""The cost of a path: shapes, parameters, multiply-adds, layers and reach, operation by operation."""

from __future__ import annotations

from dataclasses import dataclass, field

from ablate.spec.network import Operation, Path, Shape
from ablate.spec.operations import effect_of
from ablate.spec.operations.effect import Effect


@dataclass
class Tally:
    """What is gathered on the way along a path."""

    shape: Shape
    parameters: int = 0
    multiply_adds: int = 0
    layers: int = 0  # convolutions and linear layers
    reach: int = 0  # pixels, beyond one, of the path's input that one position of its output sees
    step: int = 1  # pixels of the path's input between neighbouring positions of its output
    effects: list[tuple[Operation, Effect]] = field(default_factory=list)


def tally(path: Path, shape: Shape) -> Tally:
    """The cost of a path for inputs of this shape."""
    found = Tally(shape)
    for operation in path:
        effect = effect_of(operation, found.shape)
        found.shape = effect.shape
        found.parameters += effect.parameters
        found.multiply_adds += effect.multiply_adds
        found.layers += operation.kind in ("conv", "linear")
        found.reach += (effect.kernel - 1) * found.step
        found.step *= effect.stride
        found.effects.append((operation, effect))
    return found


def in_words(path: Path) -> str:
    """`conv3x3 bn relu`, or a dash for a path without operations."""
    return " ".join(map(written_name, path)) or "-"


def written_name(operation: Operation) -> str:
    """`conv3x3` rather than `conv`."""
    kernel = operation.arguments.get("kernel")
    return f"{operation.kind}{kernel}x{kernel}" if kernel else operation.kind
