"""Rounds of packs, until every wanted trial has a record or nothing more can be done."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Protocol

from ablate.records import Store
from ablate.schedule.claims import claim
from ablate.schedule.deaths import MAX_RETRIES, Death, Deaths, Judge
from ablate.schedule.events import Event, PackRestarted, TrialEnded, TrialHeld, TrialNoted, TrialStarved
from ablate.schedule.failures import create_failed_record, explain_death
from ablate.schedule.ledger import Ledger
from ablate.schedule.logs import Logs
from ablate.schedule.packs import Pack, bundle_trials, form_packs, order_trials, trial_ids
from ablate.schedule.progress import Watch
from ablate.schedule.training import Emit, Settings
from ablate.spec.source.wording import plural
from ablate.spec.study.study import Trial

POLL_SECONDS = 1.0  # for trials that another command is training


class Executor(Protocol):
    """Trains packs in their order, `num_processes` at a time."""

    @property
    def settings(self) -> Settings:
        """What every process is told."""
        ...

    @property
    def num_processes(self) -> int:
        """Packs trained at a time."""
        ...

    def apart(self) -> Executor | None:
        """The one that trains a pack at a time with a machine to itself; None if nothing trains beside it as it is."""
        ...

    def __call__(self, packs: Sequence[Pack], emit: Emit, judge: Judge) -> None:
        """Train them all, but for those whose process died and that are not to be trained again at once."""
        ...


class Rounds:
    """The usual study takes one round. Another follows for trials held elsewhere, for members of a pack whose process
    kept dying, and in the end for those that may have run out of memory: one at a time, with a machine to itself.
    """

    def __init__(
        self,
        ledger: Ledger,
        seconds: Mapping[str, float],
        store: Store,
        execute: Executor,
        watch: Watch,
        logs: Logs | None = None,
    ) -> None:
        self.ledger = ledger
        self.seconds = seconds  # estimated, by trial id
        self.store = store
        self.execute = execute
        self.execute_apart = execute.apart()
        self.watch = watch
        self.logs = logs or Logs()
        self.deaths = Deaths(store)
        self.held: dict[str, str] = {}  # trials of another command in this round, and who trains them
        self.bundled: set[str] = set()  # members of larger packs in this round
        self.alone: set[str] = set()  # those of them that a pack went wrong for: each is a pack by itself
        self.starved: set[str] = set()  # to be tried again with nothing beside them, once all others have ended
        self.is_apart = self.execute_apart is None  # whether nothing trains beside the packs of this round

    def train_missing(self) -> None:
        """Train until no trial is missing, or a round has changed nothing."""
        order = order_trials(self.ledger.wanted.values(), self.seconds)
        while missing := [trial for trial in order if trial.id not in self.ledger.outcomes]:
            before = self._standing()
            self._train(missing)
            self._await_others()
            if not self.held and self._standing() == before:
                return

    def _standing(self) -> tuple[int, ...]:
        return len(self.ledger.missing), len(self.alone), len(self.starved), self.deaths.total

    def _train(self, missing: Sequence[Trial]) -> None:
        self.held = {}
        sharing = [trial for trial in missing if trial.id not in self.starved]
        if sharing or not self.execute_apart:
            packs = self._form_packs(sharing)
            self.bundled = {trial_id for pack in packs if len(pack) > 1 for trial_id in trial_ids(pack)}
            self.execute(packs, self._handle, self._judge)
            return
        self.is_apart, self.bundled = True, set()
        self.execute_apart([(trial,) for trial in missing], self._handle, self._judge)

    def _form_packs(self, missing: Sequence[Trial]) -> list[Pack]:
        if (size := self.execute.settings.num_together) > 1:
            return bundle_trials(missing, size, self.execute.num_processes, self.alone)
        return form_packs(missing, self.seconds, self.execute.num_processes, self.alone)

    def _handle(self, event: Event) -> None:
        match event:
            case TrialHeld(trial_id, holder):
                self.held[trial_id] = holder
            case TrialStarved(trial_id, reason):
                self._tell(event)
                self._starve(trial_id, reason)
                return
            case TrialEnded(record) if not self.ledger.enter(record):
                return  # found again by a second attempt at its pack
        self._tell(event)

    def _tell(self, event: Event) -> None:
        self.watch.show(event)
        self.logs.show(event)

    def _judge(self, pack: Pack, death: Death) -> bool:
        """Whether to train it again at once. If not, its members are tried otherwise, or have failed."""
        num_deaths = self.deaths.enter(pack)
        if num_deaths <= MAX_RETRIES and (self.is_apart or not death.is_of_memory):
            self._tell(PackRestarted(trial_ids(pack)))
            return True
        if len(pack) > 1:
            self.alone.update(trial_ids(pack))
        elif pack[0].id not in self.ledger.outcomes:
            reason = explain_death(death, num_deaths)
            if self.is_apart:
                self._fail(pack[0], reason, death)
            else:
                self._starve(pack[0].id, reason)
        return False

    def _starve(self, trial_id: str, reason: str) -> None:
        if trial_id in self.bundled:
            self.alone.add(trial_id)
            how = "in a process of its own"
        else:
            self.starved.add(trial_id)
            how = "with nothing beside it"
        self._tell(TrialNoted(trial_id, f"{reason}; will be tried again {how}"))

    def _fail(self, trial: Trial, reason: str, death: Death) -> None:
        record = self.store.read(trial.id)  # of a trial trained again for something beside its result
        if record is None:
            record = create_failed_record(trial, reason, death.memory)
            self.store.write(record)
        self._handle(TrialEnded(record))

    def _await_others(self) -> None:
        """Until their claims are free: then they have records, which the next round finds, or are ours to train."""
        if self.held:
            holders = ", ".join(sorted(set(self.held.values())))
            self.watch.note(f"{plural(len(self.held), 'trial')} left to {holders}; waiting")
        for trial_id in self.held:
            while not (taken := claim(self.store, trial_id)):
                time.sleep(POLL_SECONDS)
            taken.release()
