"""Waiting for a storage that fails: what has been trained is worth more than the minutes of an outage."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ablate.storage.failures import is_passing

T = TypeVar("T")
SECONDS = 120.0  # $ABLATE_PATIENCE
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 10.0  # seconds; each is twice the one before


def _say_nothing(text: str) -> None:
    pass


@dataclass(frozen=True)
class Patience:
    """Tries again after growing pauses, up to `seconds` after the first failure; says once that it waits."""

    seconds: float
    note: Callable[[str], None] = _say_nothing

    @classmethod
    def usual(cls, note: Callable[[str], None]) -> Patience:
        """As long as the user says in $ABLATE_PATIENCE, or two minutes."""
        return cls(float(os.environ.get("ABLATE_PATIENCE", SECONDS)), note)

    def __call__(self, attempt: Callable[[], T]) -> T:
        """What the attempt returns.

        Raises:
            OSError: the last one, if it cannot pass or has not passed in time.
        """
        try:
            return attempt()
        except OSError as error:
            if self.seconds <= 0 or not is_passing(error):
                raise
            self.note(f"the store fails ({error.strerror or error}); waiting up to {self.seconds:g} s for it")
        return self._insist(attempt)

    def _insist(self, attempt: Callable[[], T]) -> T:
        start, pause = time.monotonic(), FIRST_PAUSE
        while True:
            time.sleep(max(0.0, min(pause, start + self.seconds - time.monotonic())))
            try:
                result = attempt()
            except OSError as error:
                if time.monotonic() >= start + self.seconds or not is_passing(error):
                    raise
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                self.note(f"the store works again after {time.monotonic() - start:.0f} s")
                return result


AT_ONCE = Patience(0.0)
