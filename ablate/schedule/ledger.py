"""Which trials are wanted, and how each of those that have a record ended, and with what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from ablate.errors import TrialsFailed
from ablate.records import Outcome, Record
from ablate.spec.source.wording import plural
from ablate.spec.study.study import Trial


class Ledger:
    """Wanted and recorded trials; the two must agree in the end."""

    def __init__(self, trials: Iterable[Trial], records: Mapping[str, Record]) -> None:
        self.wanted = {trial.id: trial for trial in trials}  # equal trials are one
        self.outcomes = {trial_id: record.outcome for trial_id, record in records.items()}
        self.finals = {trial_id: record.final for trial_id, record in records.items()}  # metrics after the last epoch

    @property
    def missing(self) -> list[Trial]:
        """Trials without a record, in the order they are wanted in."""
        return [trial for trial_id, trial in self.wanted.items() if trial_id not in self.outcomes]

    def enter(self, record: Record) -> bool:
        """Take the record in; say whether it is news."""
        is_news = record.id not in self.outcomes
        self.outcomes[record.id] = record.outcome
        self.finals[record.id] = record.final
        return is_news

    def count(self, outcome: Outcome) -> int:
        """How many trials ended so."""
        return Counter(self.outcomes.values())[outcome]

    def summarise(self) -> str:
        """The sum written out: `24 requested = 23 finished + 0 diverged + 1 failed + 0 stopped + 0 not run`."""
        parts = [f"{self.count(outcome)} {outcome}" for outcome in Outcome]
        return f"{len(self.wanted)} requested = {' + '.join(parts)} + {len(self.missing)} not run"

    def check(self) -> None:
        """Agree.

        Raises:
            TrialsFailed: a trial failed, or has no record.
        """
        if missing := self.missing:
            raise TrialsFailed(f"{plural(len(missing), 'trial')} not run; run the same command again")
        if failed := self.count(Outcome.FAILED):
            raise TrialsFailed(
                f"{plural(failed, 'trial')} failed; `ablate status` says why, --retry-failed trains them again"
            )
