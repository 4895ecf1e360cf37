"""How strongly every layer responds: He et al. 2015, sec. 4.2 and Fig. 7."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from torch import Tensor, nn

from ablate.model import Network
from ablate.spec.architecture import network as explicit
from ablate.train.diagnostics.layers import list_responses
from ablate.train.diagnostics.moments import Moments
from ablate.train.diagnostics.table import Table, create_table

COLUMNS = ("unit", "layer", "kernel", "std")


def watch_responses(network: explicit.Network, module: Network, hooks: ExitStack) -> Callable[[], Table]:
    """Standard deviation of every convolution's output, after its normalisation, before activation and addition.

    One row per convolution, with the side of its `kernel` in pixels: the figure of the paper shows the 3x3 ones. The
    deviation is over all images, channels and positions.
    """
    rows: list[dict[str, Any]] = []
    for layer, last in list_responses(network, module):
        row = {"unit": layer.unit, "layer": layer.label, "kernel": layer.operation.arguments["kernel"]}
        rows.append(row | {"moments": watch_output(last.module, hooks)})
    return lambda: create_table(COLUMNS, [row | {"std": row["moments"].std} for row in rows])


def watch_output(module: nn.Module, hooks: ExitStack) -> Moments:
    """The moments of what the module returns while the hooks are open."""
    moments = Moments()

    def add(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        moments.add(output)

    hooks.enter_context(module.register_forward_hook(add))
    return moments
