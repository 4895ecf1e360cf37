"""One training step: load, augment, forward, backward, update. Nothing in it waits for the device."""

from __future__ import annotations

from contextlib import nullcontext

import torch
from torch import Tensor

from ablate.train.augmentation import augment
from ablate.train.run import Result, Run
from ablate.train.step.losses import Forward, measure_losses, precision


class Step:
    """`step(*feed)`: the mean loss of the batch and its number of errors, on the device; the network has learned.

    A feed is what `Split.feed` hands out, so everything that a step does can be recorded on the device.
    """

    def __init__(self, run: Run, forward: Forward = measure_losses) -> None:
        self.run, self.forward = run, forward

    def __call__(self, *feed: Tensor) -> Result:
        """Take the step; a diagnostic that is due looks on."""
        with self.run.watch() or nullcontext():
            return self.take(*feed)

    def take(self, *feed: Tensor) -> Result:
        """Take the step, watched by nobody."""
        result = self.differentiate(*feed)
        self.run.optimiser.step()
        return result

    def differentiate(self, *feed: Tensor) -> Result:
        """Everything but the update: leaves the gradients of the batch's mean loss with the parameters."""
        images, labels = self.prepare(*feed)
        self.run.optimiser.zero_grad(set_to_none=True)
        with precision(self.run):
            total, loss, errors = self.forward(self.run.module, images, labels, self.run.auxiliary_weights)
        torch.autograd.backward(total)
        return loss, errors

    def prepare(self, *feed: Tensor) -> tuple[Tensor, Tensor]:
        """Normalised and augmented images (B, C, H, W), channels last in memory, and labels (B,)."""
        run = self.run
        pixels, labels = run.splits.train.load(*feed)
        images = augment(run.splits.normalisation(pixels), run.augment, run.streams.augmentation)
        return images.contiguous(memory_format=torch.channels_last), labels
