"""The cost of a path, operation by operation, and of a unit as one: shapes, parameters, multiply-adds, reach."""

from __future__ import annotations

from dataclasses import dataclass, field

from ablate.spec.architecture.network import Operation, Path, Shape, Unit
from ablate.spec.architecture.operations import KINDS
from ablate.spec.architecture.operations.effect import Effect


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
        found.layers += effect.layers
        found.reach += (effect.kernel - 1) * found.step
        found.step *= effect.stride
        found.effects.append((operation, effect))
    return found


def effect_of(operation: Operation, shape: Shape) -> Effect:
    """What an operation does to a shape; ShapeFault where it cannot be applied."""
    if operation.unit:
        return effect_of_unit(operation.unit, shape)
    return KINDS[operation.kind].effect(shape, **operation.arguments)


def effect_of_unit(unit: Unit, shape: Shape) -> Effect:
    """The same for a unit: of its paths, the one that counts is the longest, and the one that reaches furthest."""
    before = tally(unit.before, shape)
    paths = [tally(path, before.shape) for path in unit.paths.values()]
    ends = [path.shape for path in paths]
    joined = (sum(end[0] for end in ends), *ends[0][1:]) if unit.join == "concat" else ends[0]
    after = tally(unit.after, joined)
    parts = [before, *paths, after]
    step = before.step * max(path.step for path in paths)
    return Effect(
        after.shape,
        parameters=sum(part.parameters for part in parts),
        multiply_adds=sum(part.multiply_adds for part in parts),
        kernel=1 + before.reach + before.step * max(path.reach for path in paths) + step * after.reach,
        stride=step * after.step,
        gain=None,
        layers=before.layers + max(path.layers for path in paths) + after.layers,
    )


def in_words(path: Path) -> str:
    """`conv3x3 bn relu`, or a dash for a path without operations."""
    return " ".join(map(written_name, path)) or "-"


def unit_in_words(unit: Unit) -> str:
    """Every part of a unit in one line: `branch: conv3x3 bn | shortcut: - | add | relu`."""
    parts = [f"before: {in_words(unit.before)}"] if unit.before else []
    parts += [f"{name}: {in_words(path)}" for name, path in unit.paths.items()]
    parts += [unit.join] if unit.join != "none" else []
    return " | ".join([*parts, in_words(unit.after)] if unit.after else parts)


def written_name(operation: Operation) -> str:
    """`conv3x3` rather than `conv`; a unit inside a path in brackets."""
    if operation.unit:
        return f"({unit_in_words(operation.unit)})"
    kernel = operation.arguments.get("kernel")
    return f"{operation.kind}{kernel}x{kernel}" if kernel else operation.kind
