"""Changes of shape without weights: flatten, and the two halves of He 2015's option A."""

from __future__ import annotations

from typing import Annotated

from ablate.spec.architecture.network import Shape
from ablate.spec.architecture.operations.arguments import Size, Stride
from ablate.spec.architecture.operations.effect import Effect, ShapeFault, maps


def flatten(shape: Shape) -> Effect:
    """`(C, H, W)` -> `(C * H * W,)`."""
    channels, height, width = maps(shape)
    return Effect((channels * height * width,), kernel=height)


def pad_channels(shape: Shape, *, channels: Annotated[Size, "channels of the result"]) -> Effect:
    """Channels of zeros after the real ones: `(C, H, W)` -> `(channels, H, W)` (He et al. 2015, option A)."""
    inputs, *pixels = maps(shape)
    if channels < inputs:
        raise ShapeFault(f"{inputs} channels cannot be padded to {channels}")
    return Effect((channels, *pixels))


def subsample(shape: Shape, *, stride: Stride) -> Effect:
    """Every stride-th pixel: `(C, H, W)` -> `(C, ceil(H / stride), ceil(W / stride))` (He et al. 2015, option A)."""
    channels, height, width = maps(shape)
    return Effect((channels, -(-height // stride), -(-width // stride)), stride=stride)
