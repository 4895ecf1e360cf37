"""One training step: load, augment, forward, backward, update. Nothing in it waits for the device."""

from __future__ import annotations

from contextlib import nullcontext

import torch
from torch import Tensor

from ablate.spec.study.recipe import Train
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
        return self.backward(*self.prepare(*feed))

    def prepare(self, *feed: Tensor) -> tuple[Tensor, Tensor]:
        """Normalised and augmented images (B, C, H, W), channels last in memory, and labels (B,)."""
        pixels, labels = self.run.splits.train.load(*feed)
        return self.transform(pixels), labels

    def transform(self, pixels: Tensor) -> Tensor:
        """Images as the network sees them from pixels (B, C, H, W) uint8."""
        run = self.run
        normalise = run.splits.normalisation
        images = augment(normalise(pixels), run.augment, run.streams.augmentation, shades=normalise.shades)
        return images.contiguous(memory_format=torch.channels_last)

    def backward(self, images: Tensor, labels: Tensor) -> Result:
        """Forward and backward passes, one for each of the recipe's micro-batches; their gradients add up."""
        self.run.optimiser.zero_grad(set_to_none=True)
        sizes = divide(len(labels), self.run.recipe)
        if len(sizes) == 1:
            return self._backward(images, labels)
        results = []
        for part, part_labels in zip(torch.split(images, sizes), torch.split(labels, sizes), strict=True):
            share = len(part) / len(images)
            loss, errors = self._backward(part, part_labels, share)
            results.append((loss * share, errors))
        total, num_errors = (torch.stack(column).sum(0) for column in zip(*results, strict=True))
        return total, num_errors

    def _backward(self, images: Tensor, labels: Tensor, share: float = 1.0) -> Result:
        with precision(self.run):
            total, loss, errors = self.forward(self.run.module, images, labels, self.run.auxiliary_weights)
        torch.autograd.backward(total if share == 1.0 else total * share)
        return loss, errors


def divide(num_images: int, recipe: Train) -> list[int]:
    """The sizes of a batch's micro-batches: even, at most the recipe's where that can be, and two images at least."""
    largest = -(-recipe.batch_size // recipe.accumulate)
    num = max(1, min(-(-num_images // largest), num_images // 2))
    return [num_images // num + (i < num_images % num) for i in range(num)]
