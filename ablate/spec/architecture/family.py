"""The two families of He et al. 2015, cifar (sec. 4.2) and imagenet (Table 1): stem, stages, head, and their depths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ablate.spec.architecture.network import Shape


@dataclass(frozen=True)
class Family:
    """What a short form leaves unsaid."""

    name: str
    input: Shape
    classes: int
    widths: tuple[int, ...]
    resize: Literal["pad", "projection"]
    layer: dict[str, Any]  # the stem's convolution, its channels apart
    pool: tuple[Any, ...] = ()  # what follows the stem's activation
    head: tuple[Any, ...] = ("global-avgpool", {"linear": {"features": "classes"}})

    def stem(self, channels: int, activation: str) -> list[Any]:
        """The stem, with as much activation as the order of operations leaves to it.

        Where the first activation belongs to the first unit, a cifar stem is bare (He et al. 2016, appendix); with
        relu-only pre-activation it keeps its normalisation. An imagenet stem activates ahead of its max-pool.
        """
        left = {"full-preactivation": 0, "relu-only-preactivation": 1}.get(activation, 2)
        return [{"conv": self.layer | {"channels": channels}}, *["bn", "relu"][: 2 if self.pool else left], *self.pool]


FAMILIES = {
    "cifar": Family("cifar", (3, 32, 32), 10, (16, 32, 64), "pad", {"kernel": 3}),
    "imagenet": Family(
        "imagenet",
        (3, 224, 224),
        1000,
        (64, 128, 256, 512),
        "projection",
        {"kernel": 7, "stride": 2},
        ({"maxpool3x3": {"stride": 2}},),
    ),
}

# Units per stage by layers per unit and depth: He et al. 2015, Table 1; 200: He et al. 2016, sec. 5.
TABLE = {
    2: {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)},
    3: {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3), 200: (3, 24, 36, 3)},
}


def units_of_depth(family: str, block: str, layers: int, depth: int, num_stages: int) -> tuple[int, ...]:
    """Units per stage of a net of `depth` weighted layers; ValueError names the nearest possible depths.

    A cifar net has `2 + num_stages * layers * n` layers: the first convolution, n units per stage, the linear layer.
    """
    if layers < 1:
        raise ValueError(f"units of {block!r} have no weighted layers, so no depth; give `units` instead")
    return _imagenet(block, layers, depth) if family == "imagenet" else _cifar(block, layers, depth, num_stages)


def _cifar(block: str, layers: int, depth: int, num_stages: int) -> tuple[int, ...]:
    step = layers * num_stages
    units, rest = divmod(depth - 2, step)
    if rest == 0 and units >= 1:
        return (units,) * num_stages
    below = units * step + 2
    nearest = sorted({max(depth, step + 2) for depth in (below, below + step)})
    named = ", ".join(map(str, nearest))
    raise ValueError(f"cifar {block} nets have depth {step}n+2, got {depth}; nearest: {named}")


def _imagenet(block: str, layers: int, depth: int) -> tuple[int, ...]:
    table = TABLE.get(layers, {})
    if depth not in table:
        known = f"have depth {', '.join(map(str, table))}" if table else "have no table of depths"
        raise ValueError(f"imagenet {block} nets {known}; for others give `units`, such as [3, 4, 6, 3]")
    return table[depth]
