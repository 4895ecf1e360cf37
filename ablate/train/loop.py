"""The training loop, top to bottom: an epoch of steps, and an evaluation.

Nothing within an epoch waits for the device: losses and counts stay there until the epoch's end.
Legend: B batch, N images of a split.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn, optim
from torch.nn import functional as F

from ablate.spec.study.recipe import Augment, Train
from ablate.train.augmentation import augment
from ablate.train.data import Split, Splits
from ablate.train.optimiser import learning_rate
from ablate.train.randomness import Streams, derive_seed

PIXELS_PER_BATCH = 2**19  # evaluated at a time: 512 images of 32x32, some 32 MB per map of 16 channels
DTYPES = {"float32": torch.float32, "bfloat16": torch.float32, "float64": torch.float64}  # of the weights


@dataclass
class Run:
    """Everything that changes while a network trains, and what it trains on."""

    module: nn.Module
    optimiser: optim.SGD
    streams: Streams
    splits: Splits
    recipe: Train
    augment: Augment
    auxiliary_weights: tuple[float, ...]
    device: torch.device
    epoch: int = 0  # finished
    step: int = 0  # finished, of the whole training
    order: Tensor | None = None  # (N,) of the images, in the epoch under way
    results: list[tuple[Tensor, Tensor]] = field(default_factory=list)  # of its steps: mean loss, number of errors
    gradients: dict[int, list[tuple[Tensor, Tensor]]] = field(default_factory=lambda: defaultdict(list))  # diagnosed


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
    run.module.train()
    order = run.order = draw_order(run) if run.order is None else run.order
    batches = [batch for batch in torch.split(order, run.recipe.batch_size) if len(batch) > 1 or len(order) == 1]
    draw = derive_seed(run.streams.crops, str(run.epoch))
    for pixels, labels in run.splits.train.batches(batches[len(run.results) :], draw):
        set_learning_rate(run)
        run.results.append(train_step(run, pixels, labels))
        run.step += 1
        on_step()
    means = _means(run.results, [len(batch) for batch in batches])
    run.epoch, run.order, run.results = run.epoch + 1, None, []
    return means


def draw_order(run: Run) -> Tensor:
    """The positions (N,) of the training images, in the order of the coming epoch."""
    return torch.randperm(len(run.splits.train), generator=run.streams.order)


def set_learning_rate(run: Run) -> None:
    """Give the optimiser the rate of the coming step."""
    rate = learning_rate(run.recipe, run.epoch, run.step)
    for group in run.optimiser.param_groups:
        group["lr"] = rate


def train_step(run: Run, pixels: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Forward, backward, update; the batch's mean loss and its number of errors, still on the device."""
    images = augment(run.splits.normalisation(pixels), run.augment, run.streams.augmentation)
    run.optimiser.zero_grad(set_to_none=True)
    with precision(run):
        output = run.module(images.contiguous(memory_format=torch.channels_last))
        logits, auxiliary = output if isinstance(output, tuple) else (output, [])
        loss = F.cross_entropy(logits, labels)
        total = loss
        for weight, auxiliary_logits in zip(run.auxiliary_weights, auxiliary, strict=True):
            total = total + weight * F.cross_entropy(auxiliary_logits, labels)
    torch.autograd.backward(total)
    run.optimiser.step()
    return loss.detach(), num_errors(logits, labels)


@torch.inference_mode()
def evaluate(run: Run, split: Split) -> Means:
    """Means over a split of the network in evaluation mode, without augmentation."""
    run.module.eval()
    _, height, width = split.shape
    batches = torch.split(torch.arange(len(split)), max(1, PIXELS_PER_BATCH // (height * width)))
    results = []
    for pixels, labels in split.batches(batches):
        images = run.splits.normalisation(pixels).contiguous(memory_format=torch.channels_last)
        with precision(run):
            logits = run.module(images)
            results.append((F.cross_entropy(logits, labels), num_errors(logits, labels)))
    return _means(results, [len(batch) for batch in batches])


def precision(run: Run) -> AbstractContextManager[object]:
    """Autocast to bfloat16 where the recipe says so; weights stay float32."""
    if run.recipe.precision == "bfloat16":
        return torch.autocast(run.device.type, torch.bfloat16)
    return nullcontext()


def num_errors(logits: Tensor, labels: Tensor) -> Tensor:
    """How many of the (B, classes) logits are highest elsewhere than at `labels` (B,)."""
    return (logits.detach().argmax(1) != labels).sum()


def is_finite(run: Run) -> bool:
    """Whether every weight and statistic of the network is a number; one wait for the device."""
    tensors = [t for t in run.module.state_dict().values() if t.is_floating_point()]
    return bool(torch.stack(torch._foreach_norm(tensors, ord=float("inf"))).isfinite().all())


def _means(results: list[tuple[Tensor, Tensor]], sizes: list[int]) -> Means:
    losses, errors = (torch.stack(column).double().cpu() for column in zip(*results, strict=True))
    num = sum(sizes)
    loss = (losses * torch.tensor(sizes)).sum().item() / num
    return Means(loss, 100 * errors.sum().item() / num, num)
