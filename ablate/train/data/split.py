"""A part of a data set as a training sees it: batches of uint8 images on its device, wherever they come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

Batch = tuple[Tensor, Tensor]  # pixels (B, C, H, W) uint8 and labels (B,) int64, on the training device
Feed = tuple[Tensor, ...]  # what of a batch differs from all others, on the training device


class Split(ABC):
    """N images in a fixed order, addressed by their positions in it."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of every image."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def batches(self, batches: Sequence[Tensor], draw: int | None = None) -> Iterator[Batch]:
        """The images at each of these positions (B,), on any device, batch after batch.

        `draw` is the seed of what is random in reading an image, for an epoch of training; without it nothing is.
        What an image becomes depends on `draw` and its place in the data set, not on the other images asked for.
        """

    def feed(self, batches: Sequence[Tensor], draw: int | None = None) -> Iterator[Feed]:
        """As `batches`, before `load`: the batches themselves, or as little as `load` needs to find them."""
        return self.batches(batches, draw)

    def load(self, *feed: Tensor) -> Batch:
        """The batch that was fed; only work on the device, so that it can be recorded and replayed with other feeds."""
        pixels, labels = feed
        return pixels, labels

    @abstractmethod
    def select(self, positions: Tensor) -> Self:
        """The split of these images only."""

    def take(self, positions: Tensor) -> Batch:
        """The pixels (B, C, H, W) uint8 and labels (B,) at `positions` (B,) of this split, nothing random."""
        return next(self.batches([positions]))


@dataclass(frozen=True)
class Resident(Split):
    """The images `index` (N,) of a set: `pixels` (M, C, H, W) uint8 and `labels` (M,), on one device."""

    pixels: Tensor
    labels: Tensor
    index: Tensor

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of every image."""
        channels, height, width = self.pixels.shape[1:]
        return channels, height, width

    def __len__(self) -> int:
        return len(self.index)

    def batches(self, batches: Sequence[Tensor], draw: int | None = None) -> Iterator[Batch]:
        """As `Split`; nothing is read, so nothing is random."""
        return (self.load(*feed) for feed in self.feed(batches, draw))

    def feed(self, batches: Sequence[Tensor], draw: int | None = None) -> Iterator[Feed]:
        """Places (B,) in the set, which go to the device once for all batches."""
        if not batches:
            return
        index = self.index[torch.cat(list(batches)).to(self.index.device)]
        for part in torch.split(index, [len(batch) for batch in batches]):
            yield (part,)

    def load(self, *feed: Tensor) -> Batch:
        """As `Split`."""
        (index,) = feed
        return self.pixels.index_select(0, index), self.labels.index_select(0, index)

    def select(self, positions: Tensor) -> Resident:
        """As `Split`."""
        return replace(self, index=self.index[positions.to(self.index.device)])
