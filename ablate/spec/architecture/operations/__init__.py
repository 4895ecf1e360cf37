"""The table of operations: what each does to a shape, what it costs, and what may be written for it.

Adding one is a function with shapes and source in its docstring, and a line here (and one in `model/operations`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ablate.spec.architecture.network import Shape, Value
from ablate.spec.architecture.operations import activation, convolution, normalisation, pooling, resizing, scaling
from ablate.spec.architecture.operations.arguments import Scope
from ablate.spec.architecture.operations.effect import Effect
from ablate.spec.architecture.signature import Argument, arguments_of


@dataclass(frozen=True)
class Kind:
    """One line of the table.

    `settle` turns what is only written (`depthwise`, a `rule`, padding left out) into the resolved arguments that
    `effect` takes. A `windowed` kind may carry its kernel in its name: `conv3x3`.
    """

    effect: Callable[..., Effect]
    settle: Callable[..., dict[str, Value]] | None = None
    windowed: bool = False

    @cached_property
    def resolved(self) -> dict[str, Argument]:
        """The arguments an `Operation` of this kind has."""
        return arguments_of(self.effect)

    @cached_property
    def written(self) -> dict[str, Argument]:
        """The arguments that may be written."""
        return self.resolved | (arguments_of(self.settle) if self.settle else {})

    def resolve(self, arguments: Mapping[str, Any], shape: Shape, scope: Scope) -> dict[str, Value]:
        """Resolved arguments from written ones whose relative sizes are numbers already."""
        return self.settle(shape, scope, **arguments) if self.settle else dict(arguments)


KINDS: dict[str, Kind] = {
    "conv": Kind(convolution.conv, convolution.settle_conv, windowed=True),
    "bn": Kind(normalisation.bn),
    "groupnorm": Kind(normalisation.groupnorm),
    "layernorm": Kind(normalisation.layernorm),
    "lrn": Kind(normalisation.lrn),
    "relu": Kind(activation.relu),
    "relu6": Kind(activation.relu6),
    "gelu": Kind(activation.gelu),
    "silu": Kind(activation.silu),
    "sigmoid": Kind(activation.sigmoid),
    "leaky": Kind(activation.leaky),
    "prelu": Kind(activation.prelu),
    "dropout": Kind(scaling.dropout),
    "scale": Kind(scaling.scale),
    "se": Kind(scaling.se),
    "stochastic-depth": Kind(scaling.stochastic_depth, scaling.settle_survival),
    "maxpool": Kind(pooling.maxpool, convolution.settle_padding, windowed=True),
    "avgpool": Kind(pooling.avgpool, convolution.settle_padding, windowed=True),
    "global-avgpool": Kind(pooling.global_avgpool),
    "global-maxpool": Kind(pooling.global_maxpool),
    "spp": Kind(pooling.spp),
    "flatten": Kind(resizing.flatten),
    "linear": Kind(convolution.linear),
    "pad-channels": Kind(resizing.pad_channels),
    "subsample": Kind(resizing.subsample),
}
