"""What an operation does to the shape, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass

from ablate.spec.architecture.network import Shape

MAX_CHANNELS = 65_536
MAX_FEATURES = 2**24


class ShapeFault(ValueError):
    """An operation cannot be applied to a shape; the message names both."""


@dataclass(frozen=True, slots=True)
class Effect:
    """The result of one operation on one image.

    `multiply_adds` counts convolutions and linear layers only, as the papers do; a bias adds nothing. `kernel` and
    `stride` say how far the window reaches, in pixels. `gain` is the factor on the signal at initialisation, None
    where it depends on the data. `layers` are those with weights, convolutions and linear layers.
    """

    shape: Shape
    parameters: int = 0
    multiply_adds: int = 0
    kernel: int = 1
    stride: int = 1
    gain: float | None = 1.0
    layers: int = 0

    def __post_init__(self) -> None:
        limit = MAX_CHANNELS if len(self.shape) == 3 else MAX_FEATURES
        if self.shape[0] > limit:
            raise ShapeFault(f"the result would be {text(self.shape)}; at most {limit:,} channels or features")


def text(shape: Shape) -> str:
    """`64x32x32` for maps, `64 features` for features."""
    return "x".join(map(str, shape)) if len(shape) == 3 else f"{shape[0]} features"


def maps(shape: Shape) -> tuple[int, int, int]:
    """Channels, height and width; ShapeFault where the maps have been flattened already."""
    if len(shape) != 3:
        raise ShapeFault("needs maps (channels x height x width); it stands behind a pooling or flatten")
    return shape[0], shape[1], shape[2]


def window(shape: Shape, kernel: int, stride: int, padding: int) -> tuple[int, int]:
    """Height and width after sliding a window of `kernel` pixels; ShapeFault where it fits nowhere."""
    _, height, width = maps(shape)
    sides = [(side + 2 * padding - kernel) // stride + 1 for side in (height, width)]
    if min(sides) < 1:
        raise ShapeFault(
            f"the map shrinks to nothing: a window of {kernel} pixels does not fit into it with padding {padding}"
        )
    return sides[0], sides[1]
