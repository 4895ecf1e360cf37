"""What a trial will cost as far as its specification tells: nothing has been measured."""

from __future__ import annotations

from ablate.spec.architecture.summary import summarise
from ablate.spec.study.datasets import num_train_images
from ablate.spec.study.study import Cell

MULTIPLY_ADDS_PER_SECOND = 6e9  # one core, small images, forward and backward; larger images reach ten times as many
PREPARATION_SECONDS = 0.03  # a network built, a record written


def training_multiply_adds(cell: Cell) -> int:
    """Multiply-adds of one whole training: forward once and backward twice, for every image of every epoch."""
    return 3 * summarise(cell.network).multiply_adds * num_train_images(cell.data) * cell.train.epochs
