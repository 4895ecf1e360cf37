"""The training loop, top to bottom: an epoch of steps, and an evaluation.

Nothing within an epoch waits for the device: losses and counts stay there until the epoch's end.
Legend: B batch, N images of a split.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ablate.train.data import Split
from ablate.train.data.split import Feed
from ablate.train.randomness import derive_seed
from ablate.train.run import Result, Run
from ablate.train.step.losses import num_errors, precision

PIXELS_PER_BATCH = 2**19  # evaluated at a time: 512 images of 32x32, some 32 MB per map of 16 channels


@dataclass(frozen=True)
class Means:
    """Mean cross-entropy in nats and top-1 error in percent over `num_images`."""

    loss: float
    error: float
    num_images: int


def train_epoch(run: Run, on_step: Callable[[], None] = lambda: None) -> Means:
    """One pass over the training images in a new order; running means over its batches, as in He et al. 2015, Fig. 6.

    A last batch of a single image is left out: it has no batch statistics. An epoch under way is taken to its end.
    """
    for _ in take_steps(run):
        on_step()
    return end_epoch(run)


def take_steps(run: Run) -> Iterator[None]:
    """The steps of the epoch that are left, one at a time."""
    run.module.train()
    batches = draw_batches(run)
    shares = [run.group.divide(len(batch)) for batch in batches]
    own = [share.of(batch) for share, batch in zip(shares, batches, strict=True)]
    for feed in feed_batches(run, own):
        run.group.share = shares[len(run.results)]
        run.set_learning_rate()
        run.results.append(run.take_step(*feed))
        run.step += 1
        yield


def draw_batches(run: Run) -> list[Tensor]:
    """The positions (B,) of the images in every batch of the epoch under way, or of a new one."""
    order = run.order = draw_order(run) if run.order is None else run.order
    return [batch for batch in torch.split(order, run.recipe.batch_size) if len(batch) > 1 or len(order) == 1]


def feed_batches(run: Run, batches: list[Tensor]) -> Iterator[Feed]:
    """What `Split.load` makes the batches of the epoch's steps of, those left out that have been taken."""
    return run.splits.train.feed(batches[len(run.results) :], derive_seed(run.streams.crops, str(run.epoch)))


def end_epoch(run: Run) -> Means:
    """Means over the epoch whose steps have all been taken; the next one is to begin."""
    means = average(run.results, [len(batch) for batch in draw_batches(run)])
    run.epoch, run.order, run.results = run.epoch + 1, None, []
    return means


def draw_order(run: Run) -> Tensor:
    """The positions (N,) of the training images, in the order of the coming epoch."""
    return torch.randperm(len(run.splits.train), generator=run.streams.order)


@torch.inference_mode()
def evaluate(run: Run, split: Split) -> Means:
    """Means over a split of the network in evaluation mode, without augmentation."""
    run.module.eval()
    batches = cut(split)
    shares = [run.group.divide(len(batch)) for batch in batches]
    own = split.batches([share.of(batch) for share, batch in zip(shares, batches, strict=True)])
    results = []
    for share, (pixels, labels) in zip(shares, own, strict=True):
        images = run.splits.normalisation(pixels).contiguous(memory_format=torch.channels_last)
        with precision(run):
            logits = run.module(images)
            loss, errors = F.cross_entropy(logits, labels), num_errors(logits, labels)
        results.append((loss * (share.fraction * share.weight), errors * share.weight))
    return average(run.group.add_results(results), [len(batch) for batch in batches])


def cut(split: Split) -> tuple[Tensor, ...]:
    """The positions (B,) of the images in every batch of an evaluation, in their order."""
    _, height, width = split.shape
    return torch.split(torch.arange(len(split)), max(1, PIXELS_PER_BATCH // (height * width)))


def is_finite(run: Run) -> bool:
    """Whether every weight and statistic of the network is a number; one wait for the device."""
    tensors = [t for t in run.module.state_dict().values() if t.is_floating_point()]
    return bool(torch.stack(torch._foreach_norm(tensors, ord=float("inf"))).isfinite().all())


def average(results: Sequence[Result], sizes: Sequence[int]) -> Means:
    """Of batches of these sizes; one wait for the device."""
    losses, errors = (torch.stack(column).double().cpu() for column in zip(*results, strict=True))
    num = sum(sizes)
    loss = (losses * torch.tensor(sizes)).sum().item() / num
    return Means(loss, 100 * errors.sum().item() / num, num)
