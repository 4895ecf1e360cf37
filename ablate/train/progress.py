"""What is known of a trial while it trains, and the record made of it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Any

import torch

from ablate.records import Cost, Epoch, Outcome, Record
from ablate.spec.architecture.summary import summarise
from ablate.spec.study.recipe import HANDLING
from ablate.spec.study.study import Cell, Trial
from ablate.train.environment import describe_environment
from ablate.train.memory import peak_bytes

METRICS = ("train_loss", "train_error", "val_loss", "val_error", "test_loss", "test_error")


@dataclass
class Progress:
    """Epochs and costs so far."""

    start: float = field(default_factory=time.perf_counter)
    history: list[Epoch] = field(default_factory=list)
    num_images: int = 0  # trained on, again in every epoch
    epoch_start: float | None = None  # of the epoch under way
    peak_memory: int = 0  # bytes, of processes that have trained it before this one
    training_seconds: float = 0.0  # in training steps: neither preparation nor evaluation
    digest: str | None = None  # of the data set, once it is loaded
    is_compiled: bool = False
    tested: dict[str, float | None] = field(default_factory=dict)  # test figures over several views, after training
    diagnostics: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, epoch: Epoch, num_images: int, training_seconds: float) -> None:
        """One more epoch is done."""
        self.history.append(epoch)
        self.num_images += num_images
        self.training_seconds += training_seconds
        self.epoch_start = None


def create_record(
    trial: Trial,
    progress: Progress,
    outcome: Outcome,
    error: str | None,
    device: torch.device,
    threads: int,
    workers: int = 1,
) -> Record:
    """Everything known of the trial; only a finished one has final and selected metrics."""
    history = tuple(progress.history)
    finished = outcome is Outcome.FINISHED
    return Record(
        id=trial.id,
        seed=trial.seed,
        outcome=outcome,
        spec=describe_spec(trial.cell),
        history=history,
        final=dict.fromkeys(METRICS) if not finished else metrics(history[-1]) | progress.tested,
        selected=select(history) if finished else None,
        cost=measure_cost(trial, progress, device),
        environment=describe_environment(device, threads, workers, progress.is_compiled)
        | {"data_sha256": progress.digest},
        error=error,
        diagnostics=progress.diagnostics,
    )


def describe_spec(cell: Cell) -> dict[str, Any]:
    """The architecture as written, the data without the folder they lie in, and the recipe."""
    return {
        "architecture": dict(cell.architecture),
        "data": cell.data.model_dump(mode="json", exclude=set(HANDLING)),
        "train": cell.train.model_dump(mode="json"),
    }


def metrics(epoch: Epoch) -> dict[str, float | None]:
    """The epoch's losses and errors by name."""
    return epoch.model_dump(include=set(METRICS))


def select(history: tuple[Epoch, ...]) -> dict[str, float | None] | None:
    """The first epoch with the lowest validation error, never chosen by test figures; None without validation."""
    candidates = [epoch for epoch in history if epoch.val_error is not None]
    if not candidates:
        return None
    best = min(candidates, key=lambda epoch: epoch.val_error or 0.0)
    return {"epoch": best.epoch} | metrics(best)


def measure_cost(trial: Trial, progress: Progress, device: torch.device) -> Cost:
    """What the trial cost so far."""
    summary = summarise(trial.cell.network)
    rate = progress.num_images / progress.training_seconds if progress.training_seconds else 0.0
    return Cost(
        seconds=time.perf_counter() - progress.start,
        images_per_second=rate,
        peak_memory=max(progress.peak_memory, peak_bytes(device)),
        parameters=summary.parameters,
        multiply_adds=summary.multiply_adds,
    )


def defined(value: float) -> float | None:
    """JSON has no NaN and no infinity."""
    return value if math.isfinite(value) else None
