"""The trial store: one JSON file per trial, written whole or not at all, read by anyone.

A record belongs to a trial's id, not to a study: studies share records, and a grown study trains only what is new.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ablate.errors import StoreError
from ablate.replacement import replacing

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


class Store:
    """A folder of records, of the states of trials under way, and of weights where they are kept.

    Safe for several readers and writers at once: a file is replaced, never changed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, trial_id: str) -> Path:
        """Where the trial's record is, or would be."""
        return self.folder / trial_id[:2] / f"{trial_id}.json"

    def checkpoint_path(self, trial_id: str) -> Path:
        """Where the state of the trial is kept while it trains."""
        return self.folder / "checkpoints" / trial_id / "state"

    def weights_path(self, trial_id: str) -> Path:
        """Where the trial's final weights are, if they were kept."""
        return self.folder / "weights" / f"{trial_id}.safetensors"

    def write(self, record: Record) -> Path:
        """Write the record whole, then remove the trial's checkpoint.

        Raises:
            StoreError: the folder cannot be written, or the disk is full. An older record stays as it was.
        """
        path = self.path(record.id)
        try:
            with replacing(path) as part:
                part.write_text(record.model_dump_json(), encoding="utf-8")
        except OSError as error:
            raise StoreError(
                f"{path}: cannot write the record: {error.strerror}; free space or pass --store"
            ) from error
        self.remove_checkpoint(record.id)
        return path

    def remove_checkpoint(self, trial_id: str) -> None:
        """Nobody will go on from there any more."""
        shutil.rmtree(self.checkpoint_path(trial_id).parent, ignore_errors=True)

    def read(self, trial_id: str) -> Record | None:
        """The trial's record, or None where it has none.

        Raises:
            StoreError: there is a file, but it is not a record.
        """
        path = self.path(trial_id)
        try:
            return Record.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise StoreError(f"{path}: not a readable record; move it away to train the trial again") from error

    def read_all(self, trial_ids: Iterable[str]) -> dict[str, Record]:
        """The records that exist, by trial id, in the order asked for."""
        found = ((trial_id, self.read(trial_id)) for trial_id in trial_ids)
        return {trial_id: record for trial_id, record in found if record}

    def outcomes(self, trial_ids: Iterable[str]) -> dict[str, Outcome]:
        """How each recorded trial ended."""
        return {trial_id: record.outcome for trial_id, record in self.read_all(trial_ids).items()}
