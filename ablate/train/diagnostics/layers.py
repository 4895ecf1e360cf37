"""The operations of a network, as specified and as built, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from torch import nn

from ablate.model import Network
from ablate.model.unit import Unit
from ablate.spec import network as explicit
from ablate.spec.network import Operation

NORMALISATIONS = ("bn", "groupnorm", "layernorm")


@dataclass(frozen=True)
class Layer:
    """One operation: `unit` is 0 in the stem, then counts the units; the head comes after the last."""

    unit: int
    path: str  # `stem`, `before`, a path's name, `after`, `head`
    index: int  # within the path
    operation: Operation
    module: nn.Module

    @property
    def label(self) -> str:
        """`branch[3]`."""
        return f"{self.path}[{self.index}]"


def name_units(network: explicit.Network) -> list[str]:
    """The stem, every unit, the head."""
    places = [f"stages[{s}].units[{u}]" for s, stage in enumerate(network.stages) for u in range(len(stage))]
    return ["stem", *(unit.name or place for unit, place in zip(network.units(), places, strict=True)), "head"]


def list_units(module: Network) -> list[Unit]:
    """The units as built, in their order."""
    return [unit for stage in module.stages.children() for unit in stage.children() if isinstance(unit, Unit)]


def list_paths(network: explicit.Network, module: Network) -> Iterator[list[Layer]]:
    """Every path of operations from the stem to the head; auxiliary classifiers are left out."""
    units = list_units(module)
    yield _path(0, "stem", network.stem, module.stem)
    for number, (unit, built) in enumerate(zip(network.units(), units, strict=True), start=1):
        yield _path(number, "before", unit.before, built)
        for name, path in unit.paths.items():
            yield _path(number, name, path, get_path(built, name))
        yield _path(number, "after", unit.after, built)
    yield _path(len(units) + 1, "head", network.head, module.head)


def get_path(unit: Unit, name: str) -> nn.Module:
    """The path of this name as built."""
    module = unit._modules[unit.paths[name]]
    assert module is not None
    return module


def _path(number: int, name: str, operations: explicit.Path, module: nn.Module) -> list[Layer]:
    if not operations:
        return []
    built = getattr(module, name) if isinstance(module, Unit) else module
    pairs = zip(operations, built.children(), strict=True)
    return [Layer(number, name, index, operation, part) for index, (operation, part) in enumerate(pairs)]


def pair_responses(network: explicit.Network, module: Network) -> Iterator[tuple[Layer, Layer]]:
    """Every convolution with the layer that has its response: the normalisation right after it, or itself."""
    for path in list_paths(network, module):
        followers = {layer.index: follower for layer, follower in pairwise(path)}
        for layer in path:
            if layer.operation.kind == "conv":
                follower = followers.get(layer.index, layer)
                yield layer, follower if follower.operation.kind in NORMALISATIONS else layer
