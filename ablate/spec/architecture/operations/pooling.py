"""Pooling: `(C, H, W)` -> fewer pixels, one, or a pyramid of them."""

from __future__ import annotations

from typing import Annotated

from ablate.spec.architecture.network import Shape
from ablate.spec.architecture.operations.arguments import Bins, Flag, Kernel, Padding, Stride
from ablate.spec.architecture.operations.effect import Effect, ShapeFault, maps, window

Ceil = Annotated[Flag, "keep a last window that only partly fits"]


def maxpool(shape: Shape, *, kernel: Kernel, stride: Stride = 1, padding: Padding = None, ceil: Ceil = False) -> Effect:
    """Largest value of each window: `(C, H, W)` -> `(C, H', W')`."""
    return Effect(_pooled(shape, kernel, stride, padding or 0, ceil), kernel=kernel, stride=stride, gain=None)


def avgpool(shape: Shape, *, kernel: Kernel, stride: Stride = 1, padding: Padding = None, ceil: Ceil = False) -> Effect:
    """Mean of each window, padding left out: `(C, H, W)` -> `(C, H', W')`."""
    return Effect(_pooled(shape, kernel, stride, padding or 0, ceil), kernel=kernel, stride=stride)


def _pooled(shape: Shape, kernel: int, stride: int, padding: int, ceil: bool) -> Shape:
    channels, height, width = maps(shape)
    if padding > kernel // 2:
        raise ShapeFault(f"padding {padding} is more than half of the window of {kernel} pixels")
    if not ceil:
        return (channels, *window(shape, kernel, stride, padding))
    return (channels, *(_ceiled(side, kernel, stride, padding) for side in (height, width)))


def _ceiled(side: int, kernel: int, stride: int, padding: int) -> int:
    """Windows that start inside the map or its left padding, the last one perhaps cut."""
    steps = -((kernel - side - 2 * padding) // stride)
    if steps < 0:
        raise ShapeFault(f"the map shrinks to nothing: a window of {kernel} pixels does not fit into {side} pixels")
    return steps + 1 - (steps * stride >= side + padding)


def global_avgpool(shape: Shape) -> Effect:
    """Mean of each channel: `(C, H, W)` -> `(C,)`."""
    channels, height, _ = maps(shape)
    return Effect((channels,), kernel=height)


def global_maxpool(shape: Shape) -> Effect:
    """Largest value of each channel: `(C, H, W)` -> `(C,)`."""
    channels, height, _ = maps(shape)
    return Effect((channels,), kernel=height, gain=None)


def spp(shape: Shape, *, bins: Bins) -> Effect:
    """Spatial pyramid max-pooling (He et al. 2014): `(C, H, W)` -> `(C * sum of squared bins,)`."""
    channels, height, _ = maps(shape)
    return Effect((channels * sum(side**2 for side in bins),), kernel=height, gain=None)
