"""What a search has tried in a cell, what it tries next, and what it has chosen: a function of the records.

Nothing is kept but the records. A search that was killed, repeated or looked at from another terminal is played through
again: the first settings follow from its seed, later ones also from the records of those before. It comes to the same
settings, finds their records and goes on where there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ablate.records import Outcome, Record
from ablate.search.proposal import propose
from ablate.search.sampled import Sampled
from ablate.search.stopping import create_stopping
from ablate.spec.study.search import Search
from ablate.spec.study.study import Cell, Study, Trial

Read = Callable[[str], Record | None]  # a trial's record by its id

BATCH = 4  # settings of a cell that are tried at the same time where what is learnt from them guides the next


@dataclass(frozen=True)
class CellSearch:
    """The search in one cell, as far as the records lead."""

    search: Search
    cell: Cell  # undecided
    sampled: tuple[Sampled, ...]  # in the order they were proposed; only the last ones may have no record

    @property
    def missing(self) -> tuple[Trial, ...]:
        """What can be trained now."""
        return tuple(one.trial for one in self.sampled if one.record is None)

    @property
    def is_complete(self) -> bool:
        """Whether every setting of the budget has been tried."""
        return len(self.sampled) == self.search.num_settings and not self.missing

    @property
    def chosen(self) -> Sampled | None:
        """The first finished setting with the lowest metric after its last epoch; None before the end, or if none."""
        finished = [one for one in self.sampled if one.is_finished and one.metric(self.search.metric) is not None]
        if not (self.is_complete and finished):
            return None
        return min(finished, key=lambda one: one.metric(self.search.metric) or 0.0)

    @property
    def decided(self) -> Cell:
        """The cell with the chosen setting; undecided still where there is none."""
        return self.search.apply(self.cell, self.chosen.setting) if self.chosen else self.cell


def decide(study: Study, read: Read) -> tuple[Study, tuple[CellSearch, ...]]:
    """The study with the chosen setting in every cell whose search is complete, and the search in each cell.

    A cell that is still undecided has trials that nothing is ever recorded for.

    Raises:
        SpecError: values that were proposed do not go together.
        UsageError: the search needs Optuna, which is not installed.
    """
    if study.search is None:
        return study, ()
    searches = tuple(CellSearch(study.search, cell, sample(study.search, cell, read)) for cell in study.cells)
    return replace(study, cells=tuple(one.decided for one in searches)), searches


def sample(search: Search, cell: Cell, read: Read) -> tuple[Sampled, ...]:
    """Play the search through, up to the first batch in which a record is missing."""
    guided = search.algorithm == "optuna" or search.scheduler != "none"
    sampled: list[Sampled] = []
    while len(sampled) < search.num_settings and all(one.record for one in sampled):
        number = min(BATCH if guided else search.num_settings, search.num_settings - len(sampled))
        stopping = create_stopping(search, sampled)
        for setting in propose(search, sampled, number):
            tried = search.apply(cell, setting)
            trial = Trial(replace(tried, name=f"{cell.name} {search.name(setting)}"), search.training_seed)
            trial = replace(trial, stopping=stopping)
            sampled.append(Sampled(setting, trial, read(trial.id)))
    return tuple(sampled)


def failed_trials(searches: tuple[CellSearch, ...]) -> list[Trial]:
    """Settings that could not be tried, each training once."""
    sampled = [one for search in searches for one in search.sampled]
    failed = [one.trial for one in sampled if one.record and one.record.outcome is Outcome.FAILED]
    return list({trial.id: trial for trial in failed}.values())
