"""How far a run is and how long it will take, by estimated cost rather than by counting trials."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping

from ablate.records import Epoch, Record
from ablate.spec.study.study import Trial


class Forecast:
    """The pace is that of this run: what the estimate is wrong by, and what other machines do, cancels out.

    Sums are kept up to date, so that an event costs the same however many trials there are.
    """

    def __init__(
        self,
        trials: Iterable[Trial],
        recorded: Collection[str],
        seconds: Mapping[str, float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._epochs = {trial.id: trial.cell.train.epochs for trial in trials}
        self._seconds = seconds  # estimated, by trial id
        self._fractions = dict.fromkeys(self._epochs, 0.0)
        self._epochs_done = 0
        self._epochs_total = sum(self._epochs.values())
        self.seconds_total = sum(seconds[trial_id] for trial_id in self._epochs)  # estimated, of all, on one core
        self.seconds_done = 0.0  # of that
        for trial_id in self._epochs.keys() & set(recorded):
            self._move(trial_id, 1.0)
        self._done_before = self.seconds_done
        self._clock = clock
        self._start: float | None = None

    def resume(self, trial_id: str, num_epochs: int) -> None:
        """A trial goes on with epochs that it had before: they say nothing of the pace."""
        before = self.seconds_done
        self._move(trial_id, num_epochs / self._epochs[trial_id])
        self._done_before += self.seconds_done - before

    def advance(self, trial_id: str, epoch: Epoch) -> None:
        """A trial has one more epoch; one that starts again after a crash falls back."""
        self._begin(epoch.seconds)
        self._move(trial_id, epoch.epoch / self._epochs[trial_id])

    def finish(self, record: Record) -> None:
        """A trial has ended."""
        self._begin(record.cost.seconds)
        self._move(record.id, 1.0)

    def _begin(self, seconds_ago: float) -> None:
        if self._start is None:
            self._start = self._clock() - seconds_ago

    def _move(self, trial_id: str, fraction: float) -> None:
        before, epochs = self._fractions[trial_id], self._epochs[trial_id]
        self._fractions[trial_id] = fraction
        self.seconds_done += self._seconds[trial_id] * (fraction - before)
        self._epochs_done += round(fraction * epochs) - round(before * epochs)

    @property
    def num_epochs(self) -> tuple[int, int]:
        """Epochs done, and in all; those that a diverged trial spared itself are done."""
        return self._epochs_done, self._epochs_total

    @property
    def seconds_left(self) -> float | None:
        """Wall-clock seconds at the pace so far; None before there is one."""
        worked = self.seconds_done - self._done_before
        if self._start is None or worked <= 0:
            return None
        return (self._clock() - self._start) * max(0.0, self.seconds_total - self.seconds_done) / worked
