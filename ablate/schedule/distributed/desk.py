"""The actor between the command and the groups that train for it: it hands out packs and takes in messages."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from ablate.records import Record
from ablate.schedule.events import Event


@dataclass(frozen=True)
class Joined:
    """A process of a group is there."""

    worker: Any  # its actor's handle


@dataclass(frozen=True)
class Begun:
    """A group has been handed this pack."""

    pack: int


@dataclass(frozen=True)
class Ended:
    """A group is through with its pack."""


@dataclass(frozen=True)
class Failed:
    """Training went wrong in one process of a group: the trial's record, or the error that ends the whole run."""

    result: Record | Exception


Message = Event | Joined | Begun | Ended | Failed
Sender = tuple[int, int]  # the number of a group, and which start of it this is
Addressed = tuple[Sender, Message]


class Desk:
    """Packs are known here by their numbers only."""

    def __init__(self, num_packs: int) -> None:
        self.waiting = deque(range(num_packs))
        self.messages: list[Addressed] = []

    def next(self, group: Sender) -> int | None:
        """The pack that the group is to train now; None where there is nothing left."""
        if not self.waiting:
            return None
        number = self.waiting.popleft()
        self.put(group, Begun(number))
        return number

    def again(self, pack: int) -> None:
        """The pack is wanted next: its group has died."""
        self.waiting.appendleft(pack)

    def close(self) -> None:
        """Nothing is handed out any more."""
        self.waiting.clear()

    def put(self, group: Sender, message: Message) -> None:
        """Leave a message for the command."""
        self.messages.append((group, message))

    def take(self) -> tuple[list[Addressed], int]:
        """All messages since the last time, in their order, and how many packs are waiting."""
        messages, self.messages = self.messages, []
        return messages, len(self.waiting)
