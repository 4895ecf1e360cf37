"""The record of a trial: what it was, how it ended, what it measured and what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

FORMAT = 1


class Outcome(StrEnum):
    """How a trial ended. Diverged and failed trials are results, not holes."""

    FINISHED = "finished"
    DIVERGED = "diverged"  # the loss became NaN or infinite
    FAILED = "failed"  # an exception; `Record.error` says which
    STOPPED = "stopped"  # ended early by a search scheduler


class Epoch(BaseModel):
    """One epoch of one trial. Errors in percent, losses in nats, `None` where the split does not exist.

    Training figures are running means over the epoch's mini-batches, as in the curves of He et al. 2015.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    epoch: int  # 1-based
    lr: float
    seconds: float
    train_loss: float
    train_error: float
    val_loss: float | None = None
    val_error: float | None = None
    test_loss: float | None = None
    test_error: float | None = None


class Cost(BaseModel):
    """What a trial cost: `multiply_adds` per image forward, `peak_memory` in bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seconds: float
    images_per_second: float
    peak_memory: int
    parameters: int
    multiply_adds: int


class Record(BaseModel):
    """Everything known of one trial. JSON has no NaN: an undefined figure is `None`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = FORMAT
    id: str
    seed: int
    outcome: Outcome
    spec: dict[str, Any]  # architecture as written, data, train
    history: tuple[Epoch, ...]
    final: dict[str, float | None]  # metrics after the last epoch
    selected: dict[str, float | None] | None  # those of the epoch with the lowest validation error, and `epoch`
    cost: Cost
    environment: dict[str, Any]  # versions, device, git commit
    error: str | None = None  # why it failed or diverged, for a person
    diagnostics: dict[
        str, dict[str, Any]
    ] = {}  # by name: `options`, tables of columns, or `error`; docs/diagnostics.md

    def lacks(self, wanted: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """The wanted diagnostics that were not recorded with these options; a trial without a final network has all."""
        if self.outcome is not Outcome.FINISHED:
            return []
        return [name for name, options in wanted.items() if self.diagnostics.get(name, {}).get("options") != options]
