"""A part of a folder of images, read from its files in every epoch: for random crops of them, and for large sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ablate.train.data.folder import Part
from ablate.train.data.reader import Reader
from ablate.train.data.request import Group, Request, read_now
from ablate.train.data.split import Batch, Split
from ablate.train.data.views import Center, View
from ablate.train.randomness import derive_seed

IMAGES_PER_BATCH = 64  # of whole images that are looked at


@dataclass(frozen=True)
class Streamed(Split):
    """The images `index` (N,) of a part, seen in the centre, or in training by a random view."""

    part: Part
    index: Tensor
    center: Center
    random: View | None
    reader: Reader
    device: torch.device

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of every image."""
        return 3, self.center.size, self.center.size

    def __len__(self) -> int:
        return len(self.index)

    def batches(self, batches: Sequence[Tensor], draw: int | None = None) -> Iterator[Batch]:
        """As `Split`. Copies to a GPU do not wait for it."""
        requests = (self._requests(positions, self._view(draw), draw) for positions in batches)
        for positions, ((_, pixels),) in zip(batches, self.reader.read(requests), strict=True):
            yield self._move(pixels), self._move(self._labels(positions))

    def take(self, positions: Tensor) -> Batch:
        """As `Split`; at once, by this process."""
        ((_, pixels),) = read_now(self._requests(positions, self.center))
        return self._move(pixels), self._move(self._labels(positions))

    def select(self, positions: Tensor) -> Streamed:
        """As `Split`."""
        return replace(self, index=self.index[positions.cpu()])

    def look(self, view: View) -> Iterator[Group]:
        """Every image by another view, a few at a time: positions (G,), and pixels (G, ...) of one shape."""
        batches = torch.split(torch.arange(len(self)), IMAGES_PER_BATCH)
        requests = (self._requests(positions, view) for positions in batches)
        for positions, groups in zip(batches, self.reader.read(requests), strict=True):
            for members, pixels in groups:
                yield self._move(positions[members]), self._move(pixels)

    def labels(self) -> Tensor:
        """(N,) int64 on the training device."""
        return self._move(self._labels(torch.arange(len(self))))

    def _view(self, draw: int | None) -> View:
        return self.center if draw is None or self.random is None else self.random

    def _requests(self, positions: Tensor, view: View, draw: int | None = None) -> list[Request]:
        indices = self.index[positions.cpu()].tolist()
        seeds = [None if draw is None else derive_seed(draw, str(index)) for index in indices]
        return [Request(self.part.files[index], view, seed) for index, seed in zip(indices, seeds, strict=True)]

    def _labels(self, positions: Tensor) -> Tensor:
        return self.part.labels[self.index[positions.cpu()]]

    def _move(self, tensor: Tensor) -> Tensor:
        return tensor.to(self.device, non_blocking=True)
