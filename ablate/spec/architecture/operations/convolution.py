"""Layers with weights: convolution and linear."""

from __future__ import annotations

from typing import Annotated, Any

from ablate.spec.architecture.network import Shape, Value
from ablate.spec.architecture.operations.arguments import (
    WHOLE_UNIT,
    Features,
    Flag,
    Kernel,
    Padding,
    Positive,
    Real,
    Scope,
    Size,
    Stride,
)
from ablate.spec.architecture.operations.effect import Effect, ShapeFault, maps, window


def conv(
    shape: Shape,
    *,
    kernel: Kernel,
    channels: Annotated[Size | None, "output channels; default: 1x, or all that come in when depthwise"] = None,
    stride: Stride = 1,
    padding: Padding = None,
    groups: Annotated[Positive, "groups of channels convolved apart"] = 1,
    dilation: Annotated[Positive, "distance between the taps of the window, in pixels"] = 1,
    bias: Annotated[Flag, "add a learned constant per channel"] = False,
    bias_init: Annotated[Real | None, "initial value of the bias; default: as the recipe's initialisation says"] = None,
) -> Effect:
    """Convolution: `(C, H, W)` -> `(channels, H', W')`."""
    assert channels is not None
    assert padding is not None
    inputs, *_ = maps(shape)
    if inputs % groups or channels % groups:
        raise ShapeFault(
            f"{groups} groups must divide the {inputs} channels that come in and the {channels} that go out"
        )
    extent = dilation * (kernel - 1) + 1
    height, width = window(shape, extent, stride, padding)
    weights = channels * inputs // groups * kernel**2
    shape, parameters = (channels, height, width), weights + bias * channels
    return Effect(shape, parameters, weights * height * width, extent, stride, gain=None, layers=1)


def settle_conv(
    shape: Shape,
    scope: Scope,
    *,
    depthwise: Annotated[Flag, "every channel convolved on its own: as many groups as channels come in"] = False,
    **arguments: Any,
) -> dict[str, Value]:
    """Channels, groups and padding where they were left to their defaults."""
    settled = settle_padding(shape, scope, **arguments)
    if depthwise:
        if arguments["groups"] != 1:
            raise ValueError("depthwise sets the groups; leave `groups` out")
        settled["groups"] = maps(shape)[0]
    if settled["channels"] is None:
        settled["channels"] = shape[0] if depthwise else WHOLE_UNIT.resolve(scope)
    if settled["bias_init"] is not None and not settled["bias"]:
        raise ValueError("bias_init needs `bias: true`")
    return settled


def settle_padding(shape: Shape, scope: Scope, **arguments: Any) -> dict[str, Value]:
    """Padding that keeps the size at stride 1, where none is given."""
    if arguments["padding"] is None:
        arguments["padding"] = arguments.get("dilation", 1) * (arguments["kernel"] - 1) // 2
    return arguments


def linear(
    shape: Shape, *, features: Features, bias: Annotated[Flag, "add a learned constant per feature"] = True
) -> Effect:
    """Fully connected layer: `(F,)` -> `(features,)`."""
    if len(shape) != 1:
        raise ShapeFault("needs features, not maps; put global-avgpool or flatten before it")
    weights = shape[0] * features
    return Effect((features,), weights + bias * features, weights, gain=None, layers=1)
