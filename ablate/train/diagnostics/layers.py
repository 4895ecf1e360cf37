"""The operations of a network, as specified and as built, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from torch import nn

from ablate.model import Network
from ablate.model.unit import Unit
from ablate.spec.architecture import network as explicit
from ablate.spec.architecture.network import Operation

NORMALISATIONS = ("bn", "groupnorm", "layernorm")


@dataclass(frozen=True)
class Layer:
    """One operation: `unit` is 0 in the stem, then counts the units; the head comes after the last."""

    unit: int
    path: str  # `stem`, `before`, a path's name, `after`, `head`; inside a path `branch[2].before`
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


Neighbours = tuple[Layer, Layer | None]  # a layer, and the next one of its path


def list_layers(network: explicit.Network, module: Network) -> Iterator[Neighbours]:
    """Every operation from the stem to the head, in order, those of units inside paths among them.

    Auxiliary classifiers are left out.
    """
    units = list_units(module)
    yield from _along(0, "stem", network.stem, module.stem)
    for number, (unit, built) in enumerate(zip(network.units(), units, strict=True), start=1):
        yield from _inside(number, "", unit, built)
    yield from _along(len(units) + 1, "head", network.head, module.head)


def _inside(number: int, prefix: str, unit: explicit.Unit, built: Unit) -> Iterator[Neighbours]:
    if unit.before:
        yield from _along(number, f"{prefix}before", unit.before, built.before)
    for name, path in unit.paths.items():
        yield from _along(number, f"{prefix}{name}", path, get_path(built, name))
    if unit.after:
        yield from _along(number, f"{prefix}after", unit.after, built.after)


def _along(number: int, name: str, operations: explicit.Path, built: nn.Module) -> Iterator[Neighbours]:
    pairs = enumerate(zip(operations, built.children(), strict=True))
    layers = [Layer(number, name, index, operation, module) for index, (operation, module) in pairs]
    for layer, follower in zip_longest(layers, layers[1:]):
        if layer.operation.unit:
            assert isinstance(layer.module, Unit)
            yield from _inside(number, f"{layer.label}.", layer.operation.unit, layer.module)
        else:
            yield layer, follower


def get_path(unit: Unit, name: str) -> nn.Module:
    """The path of this name as built."""
    module = unit._modules[unit.paths[name]]
    assert module is not None
    return module


def list_responses(network: explicit.Network, module: Network) -> Iterator[tuple[Layer, Layer]]:
    """Every convolution with the layer that has its response: the normalisation right after it, or itself."""
    for layer, follower in list_layers(network, module):
        if layer.operation.kind == "conv":
            yield layer, follower if follower and follower.operation.kind in NORMALISATIONS else layer
