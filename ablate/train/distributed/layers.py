"""The operations that depend on which images are in the batch, or draw random numbers per image, for a divided batch.

B' images of a share, C channels, H, W height and width.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ablate.model.compiler import PLAIN, Parts
from ablate.model.operations import OPERATIONS
from ablate.model.operations.normalisation import BatchNorm
from ablate.spec.architecture.network import Shape
from ablate.train.distributed.group import Group


def whole_batch_parts(group: Group) -> Parts:
    """What a network that the group trains is put together from; its state_dict has the usual names."""
    if group.size == 1:
        return PLAIN
    own: dict[str, Callable[..., nn.Module]] = {"bn": partial(batch_norm, group), "dropout": partial(dropout, group)}
    return replace(PLAIN, operations={**OPERATIONS, **own})


def batch_norm(group: Group, shape: Shape, *, eps: float, momentum: float, scale_init: float) -> nn.Module:
    """Batch normalisation by the statistics of the whole batch."""
    return WholeBatchNorm(group, shape[0], eps, momentum, scale_init)


def dropout(group: Group, shape: Shape, *, probability: float) -> nn.Module:
    """Dropout whose draws are those of the whole batch."""
    return WholeDropout(group, probability)


class WholeBatchNorm(BatchNorm, nn.SyncBatchNorm):
    """`(B', C, H, W) -> (B', C, H, W)`: on a GPU PyTorch's `SyncBatchNorm`, which refuses CPUs; there the same sums."""

    def __init__(self, group: Group, channels: int, eps: float, momentum: float, scale_init: float) -> None:
        super().__init__(channels, eps, momentum, scale_init)
        self.group = group

    def forward(self, x: Tensor) -> Tensor:
        """By the batch in training, by the running statistics otherwise."""
        if not self.training or len(x) == self.group.share.total:
            return nn.BatchNorm2d.forward(self, x)
        return nn.SyncBatchNorm.forward(self, x) if x.is_cuda else self.normalise(x)

    def normalise(self, x: Tensor) -> Tensor:
        """In training on a CPU; variances are summed about the mean, in two messages, so that nothing cancels."""
        wide = x.to(self.weight.dtype)
        num = self.group.share.total * x[0, 0].numel()
        mean = self.group.add(wide.sum((0, 2, 3))) / num
        centred = wide - mean[:, None, None]
        variance = self.group.add(centred.square().sum((0, 2, 3))) / num
        self.update(mean.detach(), variance.detach() * (num / (num - 1)))
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return torch.addcmul(self.bias[:, None, None], centred, scale[:, None, None]).to(x.dtype)

    @torch.no_grad()
    def update(self, mean: Tensor, variance: Tensor) -> None:
        """The running statistics."""
        assert self.running_mean is not None
        assert self.running_var is not None
        momentum = self.momentum or 0.0
        self.running_mean.lerp_(mean, momentum)
        self.running_var.lerp_(variance, momentum)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)


class WholeDropout(nn.Dropout):
    """`(B', ...) -> (B', ...)`: every process draws for the whole batch, so that their random states stay the same."""

    def __init__(self, group: Group, probability: float) -> None:
        super().__init__(probability)
        self.group = group

    def forward(self, x: Tensor) -> Tensor:
        """Draws in training only."""
        share = self.group.share
        if not self.training or len(x) == share.total:
            return F.dropout(x, self.p, self.training)
        layout = torch.channels_last if x.ndim == 4 else torch.contiguous_format  # the order of PyTorch's own draws
        kept = torch.empty((share.total, *x.shape[1:]), dtype=x.dtype, device=x.device, memory_format=layout)
        return x * share.of(kept.bernoulli_(1 - self.p).div_(1 - self.p))
