"""The table of operations, fused: of every kind of `model/operations`, the module for several members at once.

`ablate/spec/study/fusion.py` names the kinds that have no line here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from torch import nn

from ablate.model.fusion import layers
from ablate.model.operations import OPERATIONS
from ablate.spec.architecture.network import Shape, Value

# Channel by channel, without parameters: on the maps of all members they are what they are on those of one.
ALIKE = frozenset(
    {"relu", "relu6", "gelu", "silu", "sigmoid", "leaky"}
    | {"maxpool", "avgpool", "global-avgpool", "global-maxpool", "subsample", "flatten"}
)


def conv(
    members: int,
    shape: Shape,
    *,
    channels: int,
    kernel: int,
    stride: int,
    padding: int,
    groups: int,
    dilation: int,
    bias: bool,
    bias_init: Value,
) -> nn.Module:
    """A convolution whose groups are those of the members."""
    return layers.FusedConvolution(members, (shape[0], channels), kernel, stride, padding, dilation, groups, bias)


def linear(members: int, shape: Shape, *, features: int, bias: bool) -> nn.Module:
    """A product for each member."""
    return layers.FusedLinear(members, shape[0], features, bias)


def bn(members: int, shape: Shape, *, eps: float, momentum: float, scale_init: Value) -> nn.Module:
    """Batch normalisation of all channels."""
    return layers.FusedBatchNorm(members, shape[0], eps, momentum)


def groupnorm(members: int, shape: Shape, *, groups: int, eps: float) -> nn.Module:
    """Group normalisation with the groups of all members."""
    return nn.GroupNorm(members * groups, members * shape[0], eps)


def layernorm(members: int, shape: Shape, *, eps: float) -> nn.Module:
    """Group normalisation with a group for each member."""
    return nn.GroupNorm(members, members * shape[0], eps)


def lrn(members: int, shape: Shape, *, size: int, alpha: float, beta: float, k: float) -> nn.Module:
    """Local response normalisation that ends at a member's last channel."""
    return layers.FusedLocalResponseNorm(members, size, alpha, beta, k)


def prelu(members: int, shape: Shape, *, channelwise: bool, init: Value) -> nn.Module:
    """Learned slopes."""
    return layers.FusedPReLU(members, shape[0] if channelwise else 1)


def spp(members: int, shape: Shape, *, bins: tuple[int, ...]) -> nn.Module:
    """Spatial pyramid pooling, each member's features side by side."""
    return layers.FusedSpatialPyramidPooling(members, bins)


def scale(members: int, shape: Shape, *, value: float, learned: bool) -> nn.Module:
    """A constant, or a learned number for each member."""
    return layers.FusedLearnedScale(members) if learned else OPERATIONS["scale"](shape, value=value, learned=False)


def se(members: int, shape: Shape, *, reduction: int) -> nn.Module:
    """Squeeze-and-excitation."""
    return layers.FusedSqueezeExcitation(members, shape[0], shape[0] // reduction)


def pad_channels(members: int, shape: Shape, *, channels: int) -> nn.Module:
    """Zero channels after those of each member."""
    return layers.FusedPadChannels(members, channels - shape[0])


FUSED: Mapping[str, Callable[..., nn.Module]] = MappingProxyType(
    {
        "conv": conv,
        "linear": linear,
        "bn": bn,
        "groupnorm": groupnorm,
        "layernorm": layernorm,
        "lrn": lrn,
        "prelu": prelu,
        "spp": spp,
        "scale": scale,
        "se": se,
        "pad-channels": pad_channels,
    }
)


def fused_operations(members: int) -> dict[str, Callable[..., nn.Module]]:
    """By kind, `(shape of one member's input, **arguments) -> nn.Module`."""
    fused = {kind: partial(create, members) for kind, create in FUSED.items()}
    return {kind: OPERATIONS[kind] for kind in ALIKE} | fused
