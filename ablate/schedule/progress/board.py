"""What is known of a run at a moment, cell by cell: everything that a table or a line says is read from here."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from itertools import count
from statistics import fmean

from ablate.records import Epoch
from ablate.schedule.events import (
    EpochEnded,
    Event,
    PackRestarted,
    PackStarted,
    TrialEnded,
    TrialHeld,
    TrialResumed,
    TrialStarved,
)
from ablate.schedule.forecast import Forecast
from ablate.schedule.ledger import Ledger
from ablate.schedule.progress.cell import CellProgress
from ablate.schedule.progress.wording import BAD, describe

KEPT_FAILURES = 3


class Board:
    """An event changes one or a few cells, at a cost that does not grow with the study."""

    def __init__(self, ledger: Ledger, seconds: Mapping[str, float]) -> None:
        self.ledger = ledger  # kept up to date by the caller, before each event
        self.forecast = Forecast(ledger.wanted.values(), ledger.outcomes.keys(), seconds)
        self.cells: dict[str, CellProgress] = {}  # by the cell's identity
        self.failures: deque[tuple[str, str]] = deque(maxlen=KEPT_FAILURES)  # name, and why; the last ones
        self._of_trial: dict[str, CellProgress] = {}
        self._packs: dict[str, int] = {}  # of the trials under way
        self._numbers = count(1)
        for trial in ledger.wanted.values():
            cell = self.cells.setdefault(trial.cell.identity, CellProgress(trial.cell))
            cell.trial_ids.append(trial.id)
            self._of_trial[trial.id] = cell
            if trial.id in ledger.outcomes:
                cell.ended.add(trial.id)

    def enter(self, event: Event) -> None:
        """Take the event in."""
        match event:
            case PackStarted(trial_ids):
                number = next(self._numbers)
                for trial_id in trial_ids:
                    self._packs[trial_id] = number
                    self._set(trial_id, None)
            case TrialResumed(trial_id, history) if history:
                self.forecast.resume(trial_id, len(history))
                self._set(trial_id, history[-1])
            case EpochEnded(trial_id, epoch):
                self.forecast.advance(trial_id, epoch)
                self._set(trial_id, epoch)
            case TrialEnded(record):
                self.forecast.finish(record)
                self._end(record.id).ended.add(record.id)
                if record.outcome in BAD:
                    self.failures.append((self.name(record.id), describe(record)))
            case TrialHeld(trial_id) | TrialStarved(trial_id):
                self._end(trial_id)
            case PackRestarted(trial_ids):
                for trial_id in trial_ids:
                    self._end(trial_id)

    def _set(self, trial_id: str, epoch: Epoch | None) -> None:
        cell = self._of_trial[trial_id]
        cell.under_way[trial_id] = epoch
        cell.changed = next(self._numbers)

    def _end(self, trial_id: str) -> CellProgress:
        cell = self._of_trial[trial_id]
        cell.under_way.pop(trial_id, None)
        self._packs.pop(trial_id, None)
        cell.changed = next(self._numbers)
        return cell

    def name(self, trial_id: str) -> str:
        """The trial's, for a person."""
        return self.ledger.wanted[trial_id].name

    @property
    def has_begun(self) -> bool:
        """Whether anything has been trained, or is."""
        return any(cell.changed for cell in self.cells.values())

    @property
    def num_packs(self) -> int:
        """Packs that are being trained."""
        return len(set(self._packs.values()))

    @property
    def images_per_second(self) -> float:
        """Trained on, by all trials under way."""
        return sum(cell.images_per_second for cell in self.cells.values())

    def trials_under_way(self) -> Iterator[tuple[str, Epoch | None, int]]:
        """Name, last epoch and number of epochs of each."""
        for cell in self.cells.values():
            for trial_id, epoch in cell.under_way.items():
                yield self.name(trial_id), epoch, cell.epochs

    def mean_error(self, cell: CellProgress) -> float | None:
        """Over the cell's finished trials, those of earlier runs too: of test data, of validation data without them."""
        finals = [self.ledger.finals[trial_id] for trial_id in cell.trial_ids if trial_id in self.ledger.finals]
        errors = (final.get("test_error", final.get("val_error")) for final in finals)
        values = [value for value in errors if value is not None]
        return fmean(values) if values else None

    def select(self, number: int) -> tuple[list[CellProgress], list[CellProgress]]:
        """At most `number` cells: those under way in the study's order, then those ended lately; and the others."""
        cells = list(self.cells.values())
        under_way = [cell for cell in cells if cell.under_way]
        rest = sorted((cell for cell in cells if not cell.under_way), key=lambda cell: -cell.changed)
        ranked = under_way + rest
        return ranked[:number], ranked[number:]
