"""Forward: from a batch of images to what is minimised and what is reported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ablate.train.run import Run

# What is minimised, the mean cross-entropy and the number of errors of (B, C, H, W) images with labels (B,).
Losses = tuple[Tensor, Tensor, Tensor]
Forward = Callable[[nn.Module, Tensor, Tensor, Sequence[float]], Losses]


def measure_losses(module: nn.Module, images: Tensor, labels: Tensor, weights: Sequence[float]) -> Losses:
    """Of a network in training; auxiliary classifiers count by `weights` in what is minimised, and only there."""
    output = module(images)
    logits, auxiliary = output if isinstance(output, tuple) else (output, [])
    loss = F.cross_entropy(logits, labels)
    total = loss
    for weight, auxiliary_logits in zip(weights, auxiliary, strict=True):
        total = total + weight * F.cross_entropy(auxiliary_logits, labels)
    return total, loss.detach(), num_errors(logits, labels)


def num_errors(logits: Tensor, labels: Tensor) -> Tensor:
    """How many of the (B, classes) logits are highest elsewhere than at `labels` (B,)."""
    return (logits.detach().argmax(1) != labels).sum()


def precision(run: Run) -> AbstractContextManager[object]:
    """Autocast to bfloat16 where the recipe says so; weights stay float32."""
    if run.recipe.precision == "bfloat16":
        return torch.autocast(run.device.type, torch.bfloat16)
    return nullcontext()
