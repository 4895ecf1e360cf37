"""Channels that a ReLU never lets through."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor, nn

from ablate.model import Network
from ablate.spec.architecture import network as explicit
from ablate.train.diagnostics.layers import Layer, list_layers
from ablate.train.diagnostics.table import Table, create_table

COLUMNS = ("unit", "layer", "channels", "dead", "zeros")
CLOSING = ("relu", "relu6")  # activations that can be zero for good; a leaky one cannot


def watch_activations(network: explicit.Network, module: Network, hooks: ExitStack) -> Callable[[], Table]:
    """One row per ReLU: its channels, how many of them are `dead`, and the fraction of `zeros` among all elements.

    A channel is dead when it is zero for every image and position seen; a few images more may still open it.
    """
    layers = [layer for layer, _ in list_layers(network, module) if layer.operation.kind in CLOSING]
    openings = [Opening(layer, hooks) for layer in layers]
    return lambda: create_table(COLUMNS, [opening.read() for opening in openings])


class Opening:
    """What one ReLU let through while the hooks were open."""

    def __init__(self, layer: Layer, hooks: ExitStack) -> None:
        self.layer = layer
        self.highest: list[Tensor] = []  # (C,) of each batch
        self.num_open: list[Tensor] = []
        self.num_elements = 0
        hooks.enter_context(layer.module.register_forward_hook(self.add))

    def add(self, _module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        """(B, C, ...): one more batch."""
        self.highest.append(output.amax([axis for axis in range(output.ndim) if axis != 1]))
        self.num_open.append(output.count_nonzero())
        self.num_elements += output.numel()

    def read(self) -> dict[str, Any]:
        """The row of this ReLU."""
        highest = torch.stack(self.highest).amax(0).cpu()
        return {
            "unit": self.layer.unit,
            "layer": self.layer.label,
            "channels": len(highest),
            "dead": int((highest <= 0).sum()),
            "zeros": 1 - int(torch.stack(self.num_open).sum()) / self.num_elements,
        }
