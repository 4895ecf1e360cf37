"""Deaths of the processes that train: which of them count against a pack, and what is known of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from ablate.errors import StoreError
from ablate.records import Store
from ablate.schedule.packs import Pack, trial_ids

MAX_RETRIES = 2  # of a pack that gets no further


@dataclass(frozen=True)
class Death:
    """Of the process that trained a pack."""

    cause: str  # in one line, as far as Ray knows
    is_of_memory: bool = False  # Ray ended it, because its machine ran out
    memory: int = 0  # bytes, the most that it was seen with


Judge = Callable[[Pack, Death], bool]  # whether a pack whose process died is to be trained again at once
Position = tuple[bool, int]  # of a training: whether it is recorded, and the steps in its checkpoint


class Deaths:
    """Counts those of each pack since one of its members last got any further.

    So a trial that is preempted again and again is never given up while it makes progress; and since a training has
    an end, nothing is tried for ever.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.total = 0
        self._counts: Counter[tuple[str, ...]] = Counter()
        self._positions: dict[str, Position] = {}

    def enter(self, pack: Pack) -> int:
        """One more; how many without progress, this one included."""
        ids = trial_ids(pack)
        advances = [self._advance(trial_id) for trial_id in ids]
        if any(advances):
            self._counts[ids] = 0
        self._counts[ids] += 1
        self.total += 1
        return self._counts[ids]

    def _advance(self, trial_id: str) -> bool:
        before = self._positions.get(trial_id, (False, 0))
        self._positions[trial_id] = max(before, self._find_position(trial_id))
        return self._positions[trial_id] > before

    def _find_position(self, trial_id: str) -> Position:
        from ablate.train.checkpoint import count_steps

        try:
            return self.store.has(trial_id), count_steps(self.store.read_checkpoint(trial_id))
        except (OSError, StoreError):  # what cannot be read proves no progress
            return False, 0


def read_death(error: Exception, memory: int = 0) -> Death:
    """Why a process died, as far as Ray knows.

    Args:
        error: what Ray raised.
        memory: bytes that the process was last seen with.
    """
    text = str(error)
    if full := re.search(r"was ([\d.]+)GB used / ([\d.]+)GB limit", text):
        held = re.search(r"actual memory used=([\d.]+)GB", text)
        needed = max(memory, int(float(held[1]) * 1e9) if held else 0)
        cause = f"holding {needed / 1e9:.2f} GB when {full[1]} of {full[2]} GB of its machine were in use"
        return Death(cause, is_of_memory=True, memory=needed)
    known = re.search(r"Worker exit detail: ([^.]*)\.", text) or re.search(r"(its node has died)", text)
    known = known or re.search(r"([^\n]+)\n*$", text)
    return Death(known[1].strip() if known else "Ray does not say why", memory=memory)
