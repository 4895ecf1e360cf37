"""The processes that train one network together, each on its share of every batch.

All of them hold the same weights and draw the same random numbers, those of one process alone: whatever is random is
drawn for the whole batch, and each process takes its share. So `N` processes give the result of one, up to the order
in which sums are added.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch import distributed as dist

from ablate.records import Record

T = TypeVar("T")


class GroupBroken(RuntimeError):
    """Another process of the group has gone; what was under way has no result."""


class TrialFault(Exception):
    """A trial has failed in this process, and the others wait for it; the record says why."""

    def __init__(self, record: Record) -> None:
        super().__init__(record)
        self.record = record


@dataclass(frozen=True)
class Share:
    """The images `start` to `stop` of a batch of `total`; sums over the processes count them `weight` times."""

    start: int
    stop: int
    total: int
    weight: float = 1.0

    def of(self, batch: Tensor) -> Tensor:
        """The share of a tensor (total, ...)."""
        return batch[self.start : self.stop]

    @property
    def fraction(self) -> float:
        """What a mean over the share counts for in the mean over the batch."""
        return (self.stop - self.start) / self.total


class Group:
    """Process `rank` of `size`. With a size of one, nothing is sent and no figure is touched."""

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank, self.size = rank, size
        self.share = Share(0, 1, 1)  # of the batch under way

    @property
    def leads(self) -> bool:
        """Whether this is the process that claims, writes and speaks for all."""
        return self.rank == 0

    def divide(self, total: int) -> Share:
        """This process's share of a batch of `total` images, as even as can be, in order.

        A batch with fewer images than processes is every process's own, whole.
        """
        if total < self.size:
            return Share(0, total, total, 1 / self.size)
        least, more = divmod(total, self.size)
        start = self.rank * least + min(self.rank, more)
        return Share(start, start + least + (self.rank < more), total)

    def agree(self, find: Callable[[], T]) -> T:
        """What `find` returns in the leading process, in every process; it is called there only."""
        if self.size == 1:
            return find()
        found: list[Any] = [find() if self.leads else None]
        _speak(lambda: dist.broadcast_object_list(found, device=torch.device("cpu")))
        result: T = found[0]
        return result

    def add(self, value: Tensor) -> Tensor:
        """The sum of the processes' tensors of one shape, in every process. Its gradient is summed likewise."""
        return value if self.size == 1 else _Sum.apply(value)

    def add_up(self, value: Tensor) -> Tensor:
        """The same of a sum over the share under way, so that every image of the batch counts once."""
        return self.add(value if self.share.weight == 1 else value * self.share.weight)

    def add_results(self, results: Sequence[tuple[Tensor, Tensor]]) -> list[tuple[Tensor, Tensor]]:
        """Pairs of figures (), each summed over the processes; one message for all."""
        if self.size == 1:
            return list(results)
        sums = self.add(torch.stack([torch.stack([loss, errors.to(loss.dtype)]) for loss, errors in results]))
        return [(pair[0], pair[1]) for pair in sums]

    def add_gradients(self, module: nn.Module, loss: Tensor, errors: Tensor) -> tuple[Tensor, Tensor]:
        """Make every gradient that of the whole batch; return the batch's mean loss and number of errors.

        All in one message, after the backward pass of the share's loss times its fraction.
        """
        gradients = [parameter.grad for parameter in module.parameters() if parameter.grad is not None]
        figures = torch.stack([loss * self.share.fraction, errors.to(loss.dtype)]).to(gradients[0].dtype)
        tensors = [*gradients, figures]
        sums = torch.split(self.add_up(torch.cat([t.flatten() for t in tensors])), [t.numel() for t in tensors])
        for gradient, part in zip(gradients, sums, strict=False):
            gradient.copy_(part.view_as(gradient))
        return sums[-1][0], sums[-1][1]


class _Sum(torch.autograd.Function):
    """All-reduce that autograd can go through."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        result = value.detach().clone(memory_format=torch.contiguous_format)
        _speak(lambda: dist.all_reduce(result))
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return _Sum.forward(ctx, gradients[0])


def _speak(send: Callable[[], object]) -> None:
    """Raises GroupBroken where the others cannot be reached."""
    try:
        send()
    except RuntimeError as error:  # all of PyTorch's communication errors
        raise GroupBroken(str(error)) from error
