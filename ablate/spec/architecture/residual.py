"""The built-in blocks: basic, bottleneck and single, in the five orders of He et al. 2016, Fig. 4, with any shortcut.

First and last unit of the two pre-activations (appendix of the paper): the first activation stands ahead of the first
split, instead of the one in the first unit's branch; one more activation follows the last join. A unit that changes
shape by a convolution on its shortcut shares its first activation between both paths, and that convolution has no
batch normalisation. A zero-padded shortcut (option A) carries the raw signal, not the activated one: the paper does
not say, and its analysis asks for a clean path; facebookarchive/fb.resnet.torch pads the activated one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from ablate.spec.architecture.blocks import Block
from ablate.spec.architecture.network import Join
from ablate.spec.architecture.operations.arguments import WHOLE_UNIT, Relative
from ablate.spec.architecture.operations.written import WrittenPath, read_path
from ablate.spec.architecture.shortcut import Shortcut
from ablate.spec.source.problems import Location, Problem

Activation = Literal[
    "original", "bn-after-addition", "relu-before-addition", "relu-only-preactivation", "full-preactivation"
]
LAYERS = {"basic": 2, "bottleneck": 3, "single": 1}
EXPANSION = {"basic": 1, "bottleneck": 4, "single": 1}
# What leads every layer of a branch, what follows it, and what follows the join.
LEADS: dict[str, list[Any]] = {"relu-only-preactivation": ["relu"], "full-preactivation": ["bn", "relu"]}
AFTER: dict[str, list[Any]] = {"original": ["relu"], "bn-after-addition": ["bn", "relu"]}


def written(operations: list[Any], location: Location) -> WrittenPath:
    """Operations of our own, which are right by construction."""
    problems: list[Problem] = []
    path = read_path(operations, (), problems)
    assert not problems, problems
    return tuple(replace(item, location=location) for item in path)


@dataclass(frozen=True)
class Residual:
    """A built-in block with everything but its place."""

    name: str
    activation: Activation
    shortcut: Shortcut
    resize: Literal["pad", "projection"]
    stride: Literal["first", "3x3"] = "first"
    cardinality: int = 1
    inner: Relative = WHOLE_UNIT  # channels of a bottleneck's 3x3 convolution
    stem_activates: bool = False  # the first activation stands in the stem (imagenet, ahead of its max-pool)
    location: Location = ("architecture", "block")

    def block(self, *, changes: bool, first: bool, last: bool) -> Block:
        """The unit at one place: `changes` its shape, `first` or `last` of the network."""
        lead = LEADS.get(self.activation, [])
        projects = self.shortcut.kind in ("projection", "conv1x1") or (
            self.shortcut.kind != "none" and self.resize == "projection"
        )
        shared = bool(lead) and (first or (changes and projects))
        branch = self.branch()[len(lead) if shared else 0 :]
        before = lead if shared and not (first and self.stem_activates) else []
        after = AFTER.get(self.activation, []) + (lead if last else [])
        plain = Block(
            {"branch": written(branch, self.location)},
            before=written(before, self.location),
            after=written(after, self.location),
            location=self.location,
        )
        return with_shortcut(plain, self.shortcut, self.location, bare=shared and changes and projects)

    def branch(self) -> list[Any]:
        """Layers, normalisation and activation in their order."""
        layers, relu_last = self.layers(), self.activation == "relu-before-addition"
        if self.activation == "full-preactivation":
            return [item for layer in layers for item in ("bn", "relu", layer)]
        if self.activation == "relu-only-preactivation":
            return [item for layer in layers for item in ("relu", layer, "bn")]
        operations = [item for layer in layers for item in (layer, "bn", "relu")]
        dropped = {"original": 1, "bn-after-addition": 2}.get(self.activation, 0)
        return operations if relu_last else operations[: len(operations) - dropped]

    def layers(self) -> list[Any]:
        """The convolutions."""
        stride = {"stride": "unit"}
        if self.name == "bottleneck":
            first, middle = (stride, {}) if self.stride == "first" else ({}, stride)
            groups = {"groups": self.cardinality}
            return [
                {"conv1x1": {"channels": self.inner} | first},
                {"conv3x3": {"channels": self.inner} | middle | groups},
                {"conv1x1": {"channels": "4x"}},
            ]
        return [{"conv3x3": stride}] + ["conv3x3"] * (LAYERS[self.name] - 1)


def with_shortcut(block: Block, shortcut: Shortcut, location: Location, *, bare: bool = False) -> Block:
    """A block of one path, and the shortcut around it; `bare`: a convolution on it has no batch normalisation."""
    if shortcut.kind == "none":
        return block
    ((_, branch),) = block.paths.items()
    join: Join = "add"
    if shortcut.kind == "gate":
        join = "gate" if shortcut.gate == "exclusive" else "gate-shortcut"
    if shortcut.branch != 1:
        branch = (*branch, *written([{"scale": {"value": shortcut.branch}}], location))
    paths = {"branch": branch, "shortcut": written(_operations(shortcut, bare), location)}
    if shortcut.kind == "gate":
        conv = {"channels": "out", "stride": "unit", "bias": True, "bias_init": shortcut.bias}
        paths["gate"] = written([{"conv1x1": conv}, "sigmoid"], location)
    return Block(paths, join, block.before, block.after, block.location)


def _operations(shortcut: Shortcut, bare: bool) -> list[Any]:
    """What stands on the shortcut."""
    conv = {"conv1x1": {"channels": "out", "stride": "unit"}}
    carried: list[Any] = [conv] if bare else ["identity"]
    match shortcut.kind:
        case "conv1x1":
            return [conv]
        case "projection":
            return [conv] if bare else [conv, "bn"]
        case "scale":
            return carried if shortcut.scale == 1 else [*carried, {"scale": {"value": shortcut.scale}}]
        case "dropout":
            return [*carried, {"dropout": {"probability": shortcut.dropout}}]
    return carried
