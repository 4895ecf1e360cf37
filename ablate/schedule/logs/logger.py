"""What a logger is told, in the words of the records."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Protocol

from ablate.records import Epoch, Record
from ablate.spec.study.datasets import num_train_images
from ablate.spec.study.study import Trial

Figures = dict[str, float]


class Logger(Protocol):
    """Takes one trial's training as one run. Its methods may raise anything, and are called by one thread."""

    name: str  # for a person

    def open(self, held: ExitStack) -> None:
        """Get ready, before anything is trained: what it raises ends the command. `held` is closed in the end."""
        ...

    def start(self, trial: Trial, history: Sequence[Epoch]) -> None:
        """A training starts, or goes on with the epochs it had; for the same trial again where its process died."""
        ...

    def add(self, trial: Trial, epoch: Epoch) -> None:
        """One more epoch."""
        ...

    def end(self, trial: Trial, record: Record) -> None:
        """The trial has its record."""
        ...

    def close(self) -> None:
        """Nothing more comes; wait for what is on its way."""
        ...


def epoch_figures(trial: Trial, epoch: Epoch) -> Figures:
    """Losses in nats, errors in percent, learning rate, seconds, and images trained on per second of the epoch."""
    figures = epoch.model_dump(exclude={"epoch"}, exclude_none=True)
    if epoch.seconds:
        figures["images_per_second"] = num_train_images(trial.cell.data) / epoch.seconds
    return figures


def final_figures(record: Record) -> Figures:
    """Metrics after the last epoch, those of the validation-selected epoch, and costs."""
    parts = {"final": record.final, "selected": record.selected or {}, "cost": record.cost.model_dump()}
    figures = {f"{part}_{name}": value for part, values in parts.items() for name, value in values.items()}
    return {name: value for name, value in figures.items() if value is not None}


def parameters(trial: Trial) -> dict[str, str | int | float | bool]:
    """The factors of the cell, and the seed; what is no plain value as text."""
    factors = {**trial.cell.factors, "seed": trial.seed}
    return {name: value if isinstance(value, str | int | float) else str(value) for name, value in factors.items()}


def folder_name(trial: Trial) -> str:
    """One per trial, readable and sorted by cell; the id tells apart what earlier versions of the study trained."""
    return f"{trial.name} {trial.id[:8]}".replace("/", "∕").replace(" ", "_")
