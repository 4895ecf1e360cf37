"""What the processes that train tell the one that watches."""

from __future__ import annotations

from dataclasses import dataclass

from ablate.records import Epoch, Record


@dataclass(frozen=True)
class EpochEnded:
    """A trial has one more epoch."""

    trial_id: str
    epoch: Epoch


@dataclass(frozen=True)
class TrialEnded:
    """A trial has a record, and the record is in the store."""

    record: Record


@dataclass(frozen=True)
class TrialHeld:
    """A trial was left alone: another process, of another command, is training it."""

    trial_id: str
    holder: str


@dataclass(frozen=True)
class PackRestarted:
    """The process that trained the trials died; those without a record start again from scratch."""

    trial_ids: tuple[str, ...]


Event = EpochEnded | TrialEnded | TrialHeld | PackRestarted
