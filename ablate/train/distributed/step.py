"""A training step that several processes take together."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ablate.train.augmentation import augment
from ablate.train.run import Result, Run
from ablate.train.step.losses import Losses, measure_losses
from ablate.train.step.step import Step


class SharedStep(Step):
    """The step of the whole batch: each process differentiates its share, and gradients and figures are added."""

    def __init__(self, run: Run) -> None:
        super().__init__(run, self.measure)

    def measure(self, module: nn.Module, images: Tensor, labels: Tensor, weights: Sequence[float]) -> Losses:
        """What is minimised is the share's part of the batch's mean loss: batch norm sends gradients across shares."""
        total, loss, errors = measure_losses(module, images, labels, weights)
        return total * self.run.group.share.fraction, loss, errors

    def differentiate(self, *feed: Tensor) -> Result:
        """As `Step`, for the whole batch."""
        return self.run.group.add_gradients(self.run.module, *super().differentiate(*feed))

    def transform(self, pixels: Tensor) -> Tensor:
        """As `Step`; what is drawn for the share is its part of the draws for the batch."""
        run = self.run
        normalise = run.splits.normalisation
        images = augment(normalise(pixels), run.augment, run.streams.augmentation, run.group.share, normalise.shades)
        return images.contiguous(memory_format=torch.channels_last)
