"""The training step of several members at once: their batches side by side, one pass, and each one's own update."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn, optim
from torch.nn import functional as F

from ablate.model.fusion.members import hand_over_gradients
from ablate.train.run import Run
from ablate.train.step.losses import Losses
from ablate.train.step.step import Step


class FusedStep(Step):
    """A `Step` whose feed is that of each member in turn, and whose results are `(M,)`.

    Args:
        run: the fused network, on the optimiser that `join_optimisers` made.
        members: their runs; each draws from its own streams.
    """

    def __init__(self, run: Run, members: Sequence[Run]) -> None:
        super().__init__(run, measure_members)
        self.alone = [Step(member) for member in members]

    def prepare(self, *feed: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, M * C, H, W) and labels (B, M)."""
        size = len(feed) // len(self.alone)
        batches = [alone.prepare(*feed[i * size : (i + 1) * size]) for i, alone in enumerate(self.alone)]
        images, labels = zip(*batches, strict=True)
        return torch.cat(images, 1).contiguous(memory_format=torch.channels_last), torch.stack(labels, 1)


def measure_members(module: nn.Module, images: Tensor, labels: Tensor, weights: Sequence[float]) -> Losses:
    """As `measure_losses`; what is minimised is the sum over the members, so that no gradient meets another's."""
    output = module(images)
    logits, auxiliary = output if isinstance(output, tuple) else (output, [])
    losses = measure_each(logits, labels)
    totals = losses
    for weight, auxiliary_logits in zip(weights, auxiliary, strict=True):
        totals = totals + weight * measure_each(auxiliary_logits, labels)
    return totals.sum(), losses.detach(), num_errors_each(logits, labels)


def measure_each(logits: Tensor, labels: Tensor) -> Tensor:
    """Logits (B, M * classes), labels (B, M) -> mean cross-entropy of each member (M,), as if it were alone."""
    pairs = zip(logits.chunk(labels.shape[1], 1), labels.unbind(1), strict=True)
    return torch.stack([F.cross_entropy(part, own) for part, own in pairs])


def num_errors_each(logits: Tensor, labels: Tensor) -> Tensor:
    """As `num_errors`, (M,)."""
    found = logits.detach().view(*labels.shape, -1).argmax(2)
    return (found != labels).sum(0)


def join_optimisers(fused: nn.Module, members: Sequence[Run]) -> optim.SGD:
    """One optimiser that updates every member with that one's own rates and momentum.

    The members keep their own, which hold the same settings and the same state from now on.
    """
    joined = optim.SGD([p for run in members for p in run.module.parameters()], lr=0.0, fused=True)
    joined.param_groups = [group for run in members for group in run.optimiser.param_groups]
    for run in members:
        joined.state.update({p: run.optimiser.state[p] for p in run.module.parameters() if p in run.optimiser.state})
        run.optimiser.state = joined.state
    modules = [run.module for run in members]
    joined.register_step_pre_hook(lambda *_: hand_over_gradients(fused, modules))
    return joined
