"""One training under way: everything that changes while a network trains, and what it trains on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn, optim

from ablate.spec.study.recipe import Augment, Train
from ablate.train.data import Splits
from ablate.train.distributed.group import Group
from ablate.train.optimiser import learning_rate
from ablate.train.randomness import Streams

DTYPES = {"float32": torch.float32, "bfloat16": torch.float32, "float64": torch.float64}  # of the weights

Result = tuple[Tensor, Tensor]  # of a step, on the device: mean loss of its batch, and number of errors
Watch = Callable[[], AbstractContextManager[None] | None]


@dataclass
class Run:
    """The state of a training; `train_epoch` moves it on."""

    module: nn.Module
    optimiser: optim.SGD
    streams: Streams
    splits: Splits
    recipe: Train
    augment: Augment
    auxiliary_weights: tuple[float, ...]
    device: torch.device
    take_step: Callable[..., Result] = field(init=False)  # on what `Split.feed` hands out; plain, compiled or replayed
    group: Group = field(default_factory=Group)  # the processes that train it together
    watch: Watch = lambda: None  # what is to be open during the coming step's forward and backward passes, if anything
    is_compiled: bool = False
    epoch: int = 0  # finished
    step: int = 0  # finished, of the whole training
    order: Tensor | None = None  # (N,) of the images, in the epoch under way
    results: list[Result] = field(default_factory=list)  # of its steps
    gradients: dict[int, list[tuple[Tensor, Tensor]]] = field(default_factory=lambda: defaultdict(list))  # diagnosed

    def set_learning_rate(self) -> None:
        """Give the optimiser the rate of the coming step; where it is a tensor, in place."""
        rate = learning_rate(self.recipe, self.epoch, self.step)
        for group in self.optimiser.param_groups:
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate

    def close(self) -> None:
        """Let go of what holds on to the run itself, so that its memory is free as soon as nobody needs it."""
        del self.take_step
        self.watch = lambda: None
