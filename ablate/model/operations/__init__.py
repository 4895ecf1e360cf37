"""The table of operations, the compiler's side: one small function per kind, `(shape, **arguments) -> nn.Module`.

The specification's side, `ablate/spec/architecture/operations`, has the same kinds with the same arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from torch import nn

from ablate.model.operations import activation, convolution, normalisation, pooling, resizing, scaling

OPERATIONS: Mapping[str, Callable[..., nn.Module]] = MappingProxyType(
    {
        "conv": convolution.conv,
        "linear": convolution.linear,
        "flatten": convolution.flatten,
        "bn": normalisation.bn,
        "groupnorm": normalisation.groupnorm,
        "layernorm": normalisation.layernorm,
        "lrn": normalisation.lrn,
        "relu": activation.relu,
        "relu6": activation.relu6,
        "gelu": activation.gelu,
        "silu": activation.silu,
        "sigmoid": activation.sigmoid,
        "leaky": activation.leaky,
        "prelu": activation.prelu,
        "maxpool": pooling.maxpool,
        "avgpool": pooling.avgpool,
        "global-avgpool": pooling.global_avgpool,
        "global-maxpool": pooling.global_maxpool,
        "spp": pooling.spp,
        "scale": scaling.scale,
        "se": scaling.se,
        "dropout": scaling.dropout,
        "stochastic-depth": scaling.stochastic_depth,
        "pad-channels": resizing.pad_channels,
        "subsample": resizing.subsample,
    }
)
