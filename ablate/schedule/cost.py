"""What a trial will cost, before it has run: good enough to order trials, to group small ones and to weigh progress."""

from __future__ import annotations

from collections.abc import Iterable

from ablate.spec.architecture.summary import summarise
from ablate.spec.study.datasets import num_train_images
from ablate.spec.study.study import Cell, Trial

MULTIPLY_ADDS_PER_SECOND = 6e9  # one core, small images, forward and backward; larger images reach ten times as many
PREPARATION_SECONDS = 0.03  # a network built, a record written


def training_multiply_adds(cell: Cell) -> int:
    """Multiply-adds of one whole training: forward once and backward twice, for every image of every epoch."""
    return 3 * summarise(cell.network).multiply_adds * num_train_images(cell.data) * cell.train.epochs


def estimate_seconds(trials: Iterable[Trial]) -> dict[str, float]:
    """Rough seconds on one core by trial id; each cell is worked out once."""
    by_cell: dict[str, float] = {}
    for trial in trials:
        if trial.cell.identity not in by_cell:
            training = training_multiply_adds(trial.cell) / MULTIPLY_ADDS_PER_SECOND
            by_cell[trial.cell.identity] = PREPARATION_SECONDS + training
    return {trial.id: by_cell[trial.cell.identity] for trial in trials}
