"""Convolutions and fully-connected layers. N: images, C: channels, H, W: height and width, F: features."""

from __future__ import annotations

from torch import nn

from ablate.spec.architecture.network import Shape


class Convolution(nn.Conv2d):
    """A `Conv2d` that remembers what its bias starts from; `None` leaves it to the rule of initialisation."""

    bias_init: float | None = None


def conv(
    shape: Shape,
    *,
    channels: int,
    kernel: int,
    stride: int,
    padding: int,
    groups: int,
    dilation: int,
    bias: bool,
    bias_init: float | None,
) -> nn.Module:
    """`(N, C, H, W) -> (N, channels, H', W')`, H' = (H + 2 padding - dilation (kernel - 1) - 1) // stride + 1."""
    module = Convolution(shape[0], channels, kernel, stride, padding, dilation, groups, bias)
    module.bias_init = bias_init
    return module


def linear(shape: Shape, *, features: int, bias: bool) -> nn.Module:
    """`(N, F) -> (N, features)`: a fully-connected layer."""
    return nn.Linear(shape[0], features, bias)


def flatten(shape: Shape) -> nn.Module:
    """`(N, C, H, W) -> (N, C * H * W)`."""
    return nn.Flatten()
