"""Activation checkpointing: a unit's activations are computed again in the backward pass instead of being kept.

Chen et al. 2016, "Training deep nets with sublinear memory cost". Between the passes only what flows from unit to unit
is kept; the price is a second forward pass, a third of a step's work. Results are the same to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ablate.model import Network
from ablate.model.operations.scaling import StochasticDepth

RANDOM = (nn.Dropout, StochasticDepth)  # what draws a number in its forward pass


def recompute(network: Network) -> None:
    """From now on keep nothing inside of the network's units."""
    for stage in network.stages.children():
        for unit in stage.children():
            unit.forward = partial(forward, unit.forward, unit)


def forward(compute: Callable[[Tensor], Tensor], unit: nn.Module, x: Tensor) -> Tensor:
    """The unit's output (N, C', H', W')."""
    if not torch.is_grad_enabled():
        return compute(x)
    is_random = any(isinstance(module, RANDOM) for module in unit.modules())
    output: Tensor = checkpoint(
        compute,
        x,
        use_reentrant=False,
        preserve_rng_state=is_random,  # the same draws again; asking for them cannot be recorded as a CUDA graph
        context_fn=partial(passes, unit),
    )
    return output


def passes(unit: nn.Module) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    """What is to be open during the first and the second pass through the unit."""
    return nullcontext(), unchanged(unit)


@contextmanager
def unchanged(unit: nn.Module) -> Iterator[None]:
    """Batch statistics have been counted in the first pass; the second is not to count them again."""
    buffers = [(buffer, buffer.clone()) for buffer in unit.buffers()]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, value in buffers:
                buffer.copy_(value)
