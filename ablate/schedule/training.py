"""What one process does with a pack: claim its trials, train them, write each record at once.

The process that trains is the one that writes, so a finished trial survives the death of whoever asked for it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from ablate.records import Outcome, Record, Store
from ablate.schedule.claims import claim, claimant
from ablate.schedule.events import (
    EpochEnded,
    Event,
    PackStarted,
    TrialEnded,
    TrialHeld,
    TrialNoted,
    TrialResumed,
    TrialStarved,
)
from ablate.schedule.failures import is_out_of_memory, say_apart, what_was_needed
from ablate.schedule.packs import Pack
from ablate.spec.study.study import Trial

if TYPE_CHECKING:  # which imports PyTorch
    from ablate.train.distributed import Group

Emit = Callable[[Event], None]
Choice = Literal["auto", "on", "off"]
CHECKPOINT_SECONDS = 60.0
MAX_TOGETHER = 16  # trials of a pack, where it is for us to say: more gain nothing, however small the networks are


@dataclass(frozen=True)
class Settings:
    """What holds for every pack of a run."""

    store: Store  # reachable from every machine that trains
    device: str  # as `train_pack` takes it
    threads: int  # of PyTorch, per process
    compile: Choice = "auto"  # as `ablate.train.Manner`
    recompute: Choice = "auto"
    keep_weights: bool = False
    checkpoint_seconds: float = CHECKPOINT_SECONDS
    pack: int | Literal["auto"] | None = None  # trials of a pack trained at the same time; None for one
    is_shared: bool = False  # whether others train beside it: then running out of memory is no result yet

    @property
    def num_together(self) -> int:
        """Trials that a process is given to train at the same time."""
        return MAX_TOGETHER if self.pack == "auto" else self.pack or 1


def run_pack(pack: Pack, settings: Settings, emit: Emit, group: Group | None = None) -> None:
    """Train the trials that lack a record or something beside it, and that nobody else is training.

    Every process of a `group` calls this; the leading one claims and writes for all.

    Raises:
        DataError: a data set is missing or damaged.
        StoreError: a record cannot be written or read.
        UsageError: there is no such device.
    """
    settings = replace(settings, is_shared=settings.is_shared or len(pack) > 1)
    store = settings.store.patient(lambda text: emit(TrialNoted(pack[0].id, text)))
    with ExitStack() as claims:
        claim_all = partial(_claim_all, pack, store, settings, claims, emit)
        mine = group.agree(claim_all) if group else claim_all()
        if not mine:
            return
        emit(PackStarted(tuple(trial.id for trial in mine)))
        from ablate.train import Keeping, Manner, Packing, train_pack

        records = train_pack(
            mine,
            device=settings.device,
            threads=settings.threads,
            on_epoch=lambda trial, epoch: emit(EpochEnded(trial.id, epoch)),
            keeping=Keeping(store, settings.keep_weights, settings.checkpoint_seconds),
            on_resume=lambda trial, history: emit(TrialResumed(trial.id, history)),
            on_note=lambda trial, text: emit(TrialNoted(trial.id, text)),
            group=group,
            packing=Packing(settings.pack) if settings.pack else None,
            manner=Manner(settings.compile, settings.recompute),
        )
        for record in records:
            if group and not group.leads:
                continue
            settle(record, store, settings, emit)


def settle(record: Record, store: Store, settings: Settings, emit: Emit) -> None:
    """Keep the record of a trial that has ended; one without enough memory is left to be tried with nothing beside it.

    Raises:
        StoreError: the record cannot be written.
    """
    if settings.is_shared and is_out_of_memory(record):
        emit(TrialStarved(record.id, what_was_needed(record)))
        return
    record = say_apart(record) if is_out_of_memory(record) else record
    _keep(record, store)
    emit(TrialEnded(record))


def _keep(record: Record, store: Store) -> None:
    """Write it, but a trial trained again for something beside its result keeps that whatever happens."""
    if record.outcome is Outcome.FINISHED or not store.has(record.id):
        store.write(record)
    else:
        store.remove_checkpoint(record.id)


def is_wanting(trial: Trial, record: Record, store: Store, keep_weights: bool) -> bool:
    """Whether a recorded trial is to be trained again: for a diagnostic it lacks, or for weights to be kept."""
    if record.lacks(trial.diagnostics.required):
        return True
    return keep_weights and record.outcome is Outcome.FINISHED and not store.has_weights(trial.id)


def _claim_all(pack: Pack, store: Store, settings: Settings, claims: ExitStack, emit: Emit) -> list[Trial]:
    return [mine for trial in pack if (mine := _claim(trial, store, settings, claims, emit))]


def _claim(trial: Trial, store: Store, settings: Settings, claims: ExitStack, emit: Emit) -> Trial | None:
    """The trial, if it is ours to train; again, if its record is wanting, with the diagnostics that the record has."""
    taken = claim(store, trial.id)
    if taken is None:
        emit(TrialHeld(trial.id, claimant(store, trial.id)))
        return None
    claims.callback(taken.release)
    record = store.read(trial.id)  # after the claim: another may have finished it a moment ago
    if record is None:
        return trial
    if is_wanting(trial, record, store, settings.keep_weights):
        return replace(trial, diagnostics=trial.diagnostics.beside(record.diagnostics))
    emit(TrialEnded(record))
    return None
