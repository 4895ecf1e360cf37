"""One cell of a study while its trials train."""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean

from ablate.records import Epoch
from ablate.spec.study.datasets import num_train_images
from ablate.spec.study.study import Cell


class CellProgress:
    """Which trials of the cell have ended and which are under way, with the last epoch of each."""

    def __init__(self, cell: Cell) -> None:
        self.name = cell.name
        self.epochs = cell.train.epochs  # of one trial
        self.images = num_train_images(cell.data)  # of one epoch
        self.trial_ids: list[str] = []
        self.ended: set[str] = set()
        self.under_way: dict[str, Epoch | None] = {}  # None before the end of a first epoch
        self.changed = 0  # a number that rises with every event

    @property
    def fraction(self) -> float:
        """Epochs done of those of all trials; an ended trial has done them all."""
        done = len(self.ended) * self.epochs + sum(epoch.epoch for epoch in self.latest)
        return done / (self.epochs * len(self.trial_ids))

    @property
    def latest(self) -> list[Epoch]:
        """The last epochs of the trials under way."""
        return [epoch for epoch in self.under_way.values() if epoch]

    def mean(self, read: Callable[[Epoch], float | None]) -> float | None:
        """Of a figure, over the trials under way."""
        values = [value for epoch in self.latest if (value := read(epoch)) is not None]
        return fmean(values) if values else None

    @property
    def images_per_second(self) -> float:
        """Trained on, by all trials under way; the evaluation after an epoch counts as its time."""
        return sum(self.images / epoch.seconds for epoch in self.latest if epoch.seconds)

    @property
    def seconds_left(self) -> float | None:
        """Until the trials under way have ended, at the pace of their last epochs."""
        return max(((self.epochs - epoch.epoch) * epoch.seconds for epoch in self.latest), default=None)
