"""Trials trained several at a time on one device: their records are those of the trials alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import torch

from ablate.records import Record
from ablate.spec.study.study import Trial
from ablate.train.engine import ALONE, Engine, InTurn, Together, Work
from ablate.train.failure import OUT_OF_MEMORY
from ablate.train.packing.arrangement import Bundle, Packing, arrange
from ablate.train.packing.choice import Chooser
from ablate.train.packing.in_turn import train_in_turn
from ablate.train.packing.member import Member, OnEpoch, abandoning
from ablate.train.packing.together import FusionFailed, train_together
from ablate.train.process import fresh_state
from ablate.train.step import Manner

Start = Callable[[Trial, Engine], Work]
Note = Callable[[Trial, str], None]


@dataclass(frozen=True)
class Packer:
    """Trains bundles of trials.

    Attributes:
        start: begins a trial's training.
        on_epoch: called with a trial after each of its epochs.
        note: called with a trial and what a person should know.
        manner: how steps are taken.
    """

    device: torch.device
    threads: int
    start: Start
    on_epoch: OnEpoch
    note: Note
    manner: Manner

    def train(self, trials: Sequence[Trial], packing: Packing) -> Iterator[Record]:
        """Train all, several at a time; yield each one's record as soon as it has ended.

        Raises:
            DataError, StoreError: as `train_pack`, after those trained at the same time have ended.
        """
        choose = Chooser(packing, self.device, self.threads, self.manner, self.note)
        for bundle in arrange(trials, packing.limit, choose):
            # A training that ends restores what it found: let that be the same for all.
            with fresh_state(self.device, self.threads, 0):
                yield from self._train_bundle(bundle)

    def _train_bundle(self, bundle: Bundle) -> Iterator[Record]:
        if bundle.way == "in turn" or len(bundle.trials) == 1:
            yield from self._train_in_turn(bundle)
            return
        members = [self._join(trial, Together()) for trial in bundle.trials]
        left: list[Trial] = []
        with abandoning(members):
            try:
                yield from _records(train_together(members, self.manner, partial(self.note, bundle.trials[0])), bundle)
            except FusionFailed as failure:
                left = [member.trial for member in members if not member.has_ended]
                for trial in left:
                    self.note(trial, f"trained by itself, since with others in one network: {failure}")
        for trial in left:
            yield from self._train_in_turn(Bundle((trial,), "in turn"))

    def _train_in_turn(self, bundle: Bundle) -> Iterator[Record]:
        engine = InTurn() if len(bundle.trials) > 1 else ALONE
        members = [self._join(trial, engine) for trial in bundle.trials]
        if self.device.type == "cuda" and len(members) > 1:
            for member in members:
                member.stream = torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]
        starved = []
        with abandoning(members):
            for record in _records(train_in_turn(members), bundle):
                if len(members) > 1 and (record.error or "").startswith(OUT_OF_MEMORY):
                    starved.append(record.id)
                else:
                    yield record
        for trial in (trial for trial in bundle.trials if trial.id in starved):
            self.note(trial, "ran out of memory beside others; trained again by itself")
            yield from self._train_in_turn(Bundle((trial,), "in turn"))

    def _join(self, trial: Trial, engine: Engine) -> Member:
        return Member(trial, self.start(trial, engine), self.device, self.on_epoch)


def _records(ended: Iterator[Member], bundle: Bundle) -> Iterator[Record]:
    """The records of the members, which say how they were trained; then the first error, if there was one."""
    errors = []
    for member in ended:
        if member.record:
            environment = member.record.environment | {"packed": bundle.packed}
            yield member.record.model_copy(update={"environment": environment}) if bundle.packed else member.record
        else:
            errors.append(member.error)
    for error in errors:
        assert error is not None
        raise error
