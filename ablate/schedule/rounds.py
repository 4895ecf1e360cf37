"""Rounds of packs, until every wanted trial has a record or nothing more can be done."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Protocol

from ablate.records import Outcome, Record, Store
from ablate.schedule.claims import claim_path, take
from ablate.schedule.events import Event, TrialEnded, TrialHeld
from ablate.schedule.ledger import Ledger, trials
from ablate.schedule.packs import Pack, form_packs, order_trials
from ablate.schedule.progress import Watch
from ablate.schedule.training import Emit
from ablate.spec.study.study import Trial

POLL_SECONDS = 1.0  # for trials that another command is training


class Executor(Protocol):
    """Trains packs in their order, `num_processes` at a time; returns the packs it gave up, and why."""

    @property
    def num_processes(self) -> int:
        """Packs trained at a time."""
        ...

    def __call__(self, packs: Sequence[Pack], emit: Emit) -> Sequence[tuple[Pack, str]]:
        """Train them all."""
        ...


class Rounds:
    """The usual study takes one round. Another follows for trials held elsewhere, and for members of a lost pack."""

    def __init__(
        self, ledger: Ledger, seconds: Mapping[str, float], store: Store, execute: Executor, watch: Watch
    ) -> None:
        self.ledger = ledger
        self.seconds = seconds  # estimated, by trial id
        self.store = store
        self.execute = execute
        self.watch = watch
        self.held: dict[str, str] = {}  # trials of another command in this round, and who trains them
        self.alone: set[str] = set()  # members of packs whose process kept dying: each is tried by itself

    def train_missing(self) -> None:
        """Train until no trial is missing, or a round has changed nothing."""
        order = order_trials(self.ledger.wanted.values(), self.seconds)
        while missing := [trial for trial in order if trial.id not in self.ledger.outcomes]:
            num_alone = len(self.alone)
            self._train(missing)
            self._await_others()
            if not self.held and len(self.alone) == num_alone and len(self.ledger.missing) == len(missing):
                return

    def _train(self, missing: Sequence[Trial]) -> None:
        self.held = {}
        packs = form_packs(missing, self.seconds, self.execute.num_processes, self.alone)
        for pack, reason in self.execute(packs, self._handle):
            self._give_up(pack, reason)

    def _handle(self, event: Event) -> None:
        match event:
            case TrialHeld(trial_id, holder):
                self.held[trial_id] = holder
            case TrialEnded(record) if not self.ledger.enter(record):
                return  # found again by a second attempt at its pack
        self.watch.show(event)

    def _give_up(self, pack: Pack, reason: str) -> None:
        if len(pack) > 1:
            self.alone.update(trial.id for trial in pack)
        elif pack[0].id not in self.ledger.outcomes:
            record = self.store.read(pack[0].id)  # of a trial trained again for something beside its result
            if record is None:
                record = create_failed_record(pack[0], reason)
                self.store.write(record)
            self._handle(TrialEnded(record))

    def _await_others(self) -> None:
        """Until their claims are free: then they have records, which the next round finds, or are ours to train."""
        if self.held:
            holders = ", ".join(sorted(set(self.held.values())))
            self.watch.note(f"{trials(len(self.held))} left to {holders}; waiting")
        for trial_id in self.held:
            while not (claim := take(claim_path(self.store, trial_id))):
                time.sleep(POLL_SECONDS)
            claim.release()


def create_failed_record(trial: Trial, reason: str) -> Record:
    """For a trial whose process could not write one itself."""
    import torch

    from ablate.train.progress import Progress, create_record

    return create_record(trial, Progress(), Outcome.FAILED, reason, torch.device("cpu"), torch.get_num_threads())
