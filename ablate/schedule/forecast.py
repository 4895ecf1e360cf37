"""How far a run is and how long it will take, by estimated cost rather than by counting trials."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping

from ablate.records import Epoch, Record
from ablate.spec.study.study import Trial


class Forecast:
    """The pace is that of this run: what the estimate is wrong by, and what other machines do, cancels out."""

    def __init__(
        self,
        trials: Iterable[Trial],
        recorded: Collection[str],
        seconds: Mapping[str, float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._epochs = {trial.id: trial.cell.train.epochs for trial in trials}
        self._fractions = {trial_id: float(trial_id in recorded) for trial_id in self._epochs}
        self._seconds = seconds  # estimated, by trial id
        self._done_before = self.seconds_done
        self._clock = clock
        self._start: float | None = None

    def advance(self, trial_id: str, epoch: Epoch) -> None:
        """A trial has one more epoch; one that starts again after a crash falls back."""
        self._begin(epoch.seconds)
        self._fractions[trial_id] = epoch.epoch / self._epochs[trial_id]

    def finish(self, record: Record) -> None:
        """A trial has ended."""
        self._begin(record.cost.seconds)
        self._fractions[record.id] = 1.0

    def _begin(self, seconds_ago: float) -> None:
        if self._start is None:
            self._start = self._clock() - seconds_ago

    @property
    def seconds_total(self) -> float:
        """Estimated cost of all trials, on one core."""
        return sum(self._seconds[trial_id] for trial_id in self._fractions)

    @property
    def seconds_done(self) -> float:
        """Estimated cost of what is done, on one core."""
        return sum(self._seconds[trial_id] * fraction for trial_id, fraction in self._fractions.items())

    @property
    def num_epochs(self) -> tuple[int, int]:
        """Epochs done, and in all; those that a diverged trial spared itself are done."""
        done = sum(round(self._fractions[trial_id] * num) for trial_id, num in self._epochs.items())
        return done, sum(self._epochs.values())

    @property
    def seconds_left(self) -> float | None:
        """Wall-clock seconds at the pace so far; None before there is one."""
        worked = self.seconds_done - self._done_before
        if self._start is None or worked <= 0:
            return None
        return (self._clock() - self._start) * (self.seconds_total - self.seconds_done) / worked
