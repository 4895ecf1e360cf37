"""What is still to be trained of a study, its search included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest

from ablate.records import Outcome, Record, Store
from ablate.schedule.options import Options
from ablate.schedule.training import is_wanting
from ablate.search import CellSearch, decide
from ablate.search.choice import BATCH
from ablate.spec.study.study import Study, Trial


@dataclass(frozen=True)
class Work:
    """A study and its records, as they stand."""

    study: Study  # with the settings that have been chosen
    searches: tuple[CellSearch, ...]
    records: Mapping[str, Record]  # by trial id, those of the search too
    pending: tuple[Trial, ...]  # of the study's own trials

    @property
    def trials(self) -> list[Trial]:
        """All, done and to do; for settings yet to be proposed stands the cell that is searched."""
        tried = (sampled.trial for one in self.searches for sampled in one.sampled)
        return [*self.study.trials, *tried, *map(_unproposed, self.searches)]

    @cached_property
    def rounds(self) -> list[list[Trial]]:
        """Of the search: what can be trained at the same time, round after round, if nothing is given up early."""
        by_cell = [list(_rounds(one)) for one in self.searches]
        return [[trial for group in groups for trial in group] for groups in zip_longest(*by_cell, fillvalue=())]

    @cached_property
    def to_do(self) -> list[Trial]:
        """Every training that is to be done."""
        return [*(trial for one in self.rounds for trial in one), *self.pending]


def read_work(study: Study, store: Store, options: Options) -> Work:
    """What `run_study` would do with these options.

    Raises:
        StoreError: records cannot be read.
    """
    study, searches = decide(study, store.read)
    records = store.read_all(trial.id for trial in study.trials)
    pending = tuple(trial for trial in study.trials if _is_to_do(trial, records.get(trial.id), store, options))
    tried = {sampled.trial.id: sampled.record for one in searches for sampled in one.sampled if sampled.record}
    return Work(study, searches, {**tried, **records}, pending)


def _is_to_do(trial: Trial, record: Record | None, store: Store, options: Options) -> bool:
    if record is None or (options.retry_failed and record.outcome is Outcome.FAILED):
        return True
    return is_wanting(trial, record, store, options.keep_weights)


def _rounds(one: CellSearch) -> Iterator[Sequence[Trial]]:
    if one.missing:
        yield one.missing
    left = one.search.num_settings - len(one.sampled)
    for start in range(0, left, BATCH):
        yield [_unproposed(one)] * min(BATCH, left - start)


def _unproposed(one: CellSearch) -> Trial:
    return Trial(one.cell, one.search.training_seed)
