"""The compiler: the explicit form, operation by operation, into modules that follow the shape of what flows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import nn

from ablate.errors import AblateError
from ablate.model.initialisation import Rule, initialise
from ablate.model.network import Network
from ablate.model.operations import OPERATIONS
from ablate.model.unit import Unit
from ablate.spec.architecture import network as explicit
from ablate.spec.architecture.network import Operation, Path, Shape
from ablate.spec.architecture.tally import effect_of

# A relu may overwrite what these return: nobody else holds it, and their own gradients do not need it.
FRESH = frozenset({"conv", "bn", "groupnorm", "layernorm", "linear"})


@dataclass(frozen=True)
class Parts:
    """What a network is put together from: for every kind of operation its module, and the unit."""

    operations: Mapping[str, Callable[..., nn.Module]]
    unit: Callable[..., Unit]


PLAIN = Parts(OPERATIONS, Unit)


def build(
    network: explicit.Network,
    init: Rule = "he-fan-out",
    generator: torch.Generator | None = None,
    parts: Parts = PLAIN,
) -> Network:
    """The network as a module on the CPU, its weights drawn by the rule `init` from `generator` or PyTorch's own.

    state_dict names: `stem.0.weight`, `stages.0.1.branch.3.weight`, `head.1.weight`; the last number is the position
    of the operation in its path.

    Raises:
        AblateError: PyTorch refuses an operation; the message names the unit and the place in the document. Or the
            weights do not fit into memory.
    """
    with torch.device("meta"):  # without storage: no weight is drawn twice
        module = compile_network(network, parts)
    try:
        module.to_empty(device="cpu")
    except RuntimeError as error:
        num_parameters = sum(parameter.numel() for parameter in module.parameters())
        raise AblateError(f"no memory for a network of {num_parameters:,} parameters") from error
    initialise(module, init, generator)
    return module


def compile_network(network: explicit.Network, parts: Parts = PLAIN) -> Network:
    """Stem, stages, head and auxiliary classifiers on the current device, not yet initialised for training."""
    stem, shape = compile_path(network.stem, network.input, "stem", parts)
    stages: list[nn.Sequential] = []
    seen: dict[tuple[int, int], Shape] = {}
    for s, stage in enumerate(network.stages):
        stages.append(nn.Sequential())
        for u, unit in enumerate(stage):
            module, shape = compile_unit(unit, shape, unit.name or f"stages[{s}].units[{u}]", parts)
            stages[-1].append(module)
            seen[s, u] = shape
    head, _ = compile_path(network.head, shape, "head", parts)
    taps = [(auxiliary.stage, auxiliary.unit) for auxiliary in network.auxiliaries]
    auxiliaries = [
        compile_path(auxiliary.head, seen[tap], f"auxiliaries[{i}]", parts)[0]
        for i, (tap, auxiliary) in enumerate(zip(taps, network.auxiliaries, strict=True))
    ]
    return Network(stem, stages, head, taps, auxiliaries)


def compile_unit(unit: explicit.Unit, shape: Shape, place: str, parts: Parts) -> tuple[Unit, Shape]:
    """A unit and the shape it returns."""
    before, shape = compile_path(unit.before, shape, f"{place}.before", parts)
    paths, shapes = {}, []
    for name, path in unit.paths.items():
        paths[name], result = compile_path(path, shape, f"{place}.{name}", parts)
        shapes.append(result)
    shape = joined(unit, shapes, place)
    after, shape = compile_path(unit.after, shape, f"{place}.after", parts, fresh=len(paths) > 1)
    return parts.unit(paths, unit.join, before if unit.before else None, after if unit.after else None), shape


def joined(unit: explicit.Unit, shapes: list[Shape], place: str) -> Shape:
    """The shape after the join."""
    alike = {shape[1:] for shape in shapes} if unit.join == "concat" else set(shapes)
    if len(alike) > 1:
        ends = ", ".join(f"{name} {shape}" for name, shape in zip(unit.paths, shapes, strict=True))
        raise AblateError(f"{place}: the paths cannot be joined by {unit.join}: {ends}")
    return (sum(shape[0] for shape in shapes), *shapes[0][1:]) if unit.join == "concat" else shapes[0]


def compile_path(
    path: Path, shape: Shape, place: str, parts: Parts, fresh: bool = False
) -> tuple[nn.Sequential, Shape]:
    """Operations in a row and the shape they return; `fresh`: their input may be overwritten."""
    modules = nn.Sequential()
    for operation in path:
        try:
            module = create(operation, shape, f"{place}[{len(modules)}]", parts)
            shape = effect_of(operation, shape).shape
        except Exception as error:
            at = f"{place} ({operation.origin})" if operation.origin else place
            raise AblateError(f"{at}: cannot build {operation.kind} on {shape}: {error}") from error
        if isinstance(module, nn.ReLU):
            module.inplace = fresh
        modules.append(module)
        fresh = operation.kind in FRESH
    return modules, shape


def create(operation: Operation, shape: Shape, place: str = "", parts: Parts = PLAIN) -> nn.Module:
    """The module of one operation for inputs of this shape."""
    if operation.unit:
        return compile_unit(operation.unit, shape, place, parts)[0]
    return parts.operations[operation.kind](shape, **operation.arguments)
