"""What the processes that train tell the one that watches."""

from __future__ import annotations

from dataclasses import dataclass

from ablate.records import Epoch, Record


@dataclass(frozen=True)
class PackStarted:
    """A process has taken the trials on: it trains them one after the other, or together."""

    trial_ids: tuple[str, ...]


@dataclass(frozen=True)
class TrialResumed:
    """A trial goes on from its checkpoint, with the epochs that it had then."""

    trial_id: str
    history: tuple[Epoch, ...]


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
class TrialNoted:
    """Something that a person should know of a trial, e.g. that its checkpoint cannot be used."""

    trial_id: str
    text: str


@dataclass(frozen=True)
class TrialStarved:
    """A trial ran out of memory while others trained beside it: that is no result yet, so there is no record."""

    trial_id: str
    reason: str


@dataclass(frozen=True)
class PackRestarted:
    """The process that trained the trials died; those without a record go on from their checkpoints, or start again."""

    trial_ids: tuple[str, ...]


Event = PackStarted | TrialResumed | EpochEnded | TrialEnded | TrialHeld | TrialNoted | TrialStarved | PackRestarted
