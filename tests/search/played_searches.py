"""Trainings that nobody ran: a search reads nothing but their records."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from ablate.records import Cost, Epoch, Outcome, Record
from ablate.search import CellSearch, decide
from ablate.spec import Study, Trial

CreateStudy = Callable[..., Study]
Errors = Callable[[Trial], Sequence[float]]  # of a training without stopping: the validation error after every epoch


def create_record(trial: Trial, errors: Sequence[float], test_error: float = 50.0) -> Record:
    """What training would have recorded, the trial's cutoffs observed."""
    history: list[Epoch] = []
    outcome = Outcome.FINISHED
    for number, error in enumerate(errors, start=1):
        history.append(
            Epoch(
                epoch=number,
                lr=0.1,
                seconds=0.0,
                train_loss=1.0,
                train_error=error,
                val_loss=error / 100,
                val_error=error,
                test_loss=1.0,
                test_error=test_error,
            )
        )
        cutoff = trial.stopping.cutoff(number) if trial.stopping else None
        if cutoff is not None and number < len(errors) and min(errors[:number]) > cutoff:
            outcome = Outcome.STOPPED
            break
    last = history[-1]
    final = {"val_error": last.val_error, "val_loss": last.val_loss, "test_error": last.test_error}
    return Record(
        id=trial.id,
        seed=trial.seed,
        outcome=outcome,
        spec={},
        history=tuple(history),
        final=final if outcome is Outcome.FINISHED else dict.fromkeys(final),
        selected=None,
        cost=Cost(seconds=1.0, images_per_second=1.0, peak_memory=0, parameters=1, multiply_adds=1),
        environment={},
    )


def far_from(lr: float) -> Errors:
    """A bowl over log10 of the rate with its floor at `lr`, approached epoch by epoch."""

    def errors(trial: Trial) -> list[float]:
        best = min(90.0, 10 + 30 * abs(math.log10(trial.cell.train.lr / lr)))
        return [best + 8 - epoch for epoch in range(1, trial.cell.train.epochs + 1)]

    return errors


def play(study: Study, errors: Errors, records: dict[str, Record] | None = None) -> tuple[Study, Sequence[CellSearch]]:
    """The whole search with such trainings; the records are added to those there are."""
    records = {} if records is None else records
    while True:
        decided, searches = decide(study, records.get)
        missing = [trial for one in searches for trial in one.missing]
        if not missing:
            return decided, searches
        records |= {trial.id: create_record(trial, errors(trial)) for trial in missing}


def settings(one: CellSearch) -> list[Mapping[str, object]]:
    return [sampled.setting for sampled in one.sampled]
