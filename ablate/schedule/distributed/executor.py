"""Packs go to groups of processes, each run by a TorchTrainer of Ray Train; their messages come back."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import ray

from ablate.errors import AblateError
from ablate.records import Record
from ablate.schedule.cluster import Resources
from ablate.schedule.deaths import MAX_RETRIES, Judge, read_death
from ablate.schedule.distributed.allotment import refuse_accumulation
from ablate.schedule.distributed.desk import Begun, Desk, Ended, Failed, Joined, Message
from ablate.schedule.distributed.group import GroupThread
from ablate.schedule.distributed.worker import Task
from ablate.schedule.packs import Pack
from ablate.schedule.trainable import Surroundings
from ablate.schedule.training import Emit, Settings, settle

POLL_SECONDS = 0.25
STOP_SECONDS = 3.0  # until the groups are gone, when the run is given up


@dataclass(frozen=True)
class TrainExecutor:
    """Trains each trial with `num_workers` processes, `num_processes` trials at a time, in the Ray that is running.

    Ray Train is used beside Tune, not within: a trial of Tune's that runs a trainer holds an actor of its own for
    nothing, and hides the trainer's failures. A group is kept for all the packs it can get: it takes some ten seconds
    to start.
    """

    settings: Settings
    resources: Resources  # of one process of a group
    num_workers: int
    num_processes: int  # groups
    folder: Path  # for Ray Train's own files
    surroundings: Surroundings = field(default_factory=Surroundings.here)

    def apart(self) -> TrainExecutor | None:
        """One group with nothing beside it; None where it is only one as it is."""
        return replace(self, num_processes=1) if self.num_processes > 1 else None

    def __call__(self, packs: Sequence[Pack], emit: Emit, judge: Judge) -> None:
        """Train the packs in their order.

        Raises:
            AblateError: what a process could not go on with.
            UsageError: a recipe does not go with several processes.
        """
        refuse_accumulation(packs)
        settings = replace(self.settings, is_shared=self.num_processes > 1)
        _Session(replace(self, settings=settings), packs, emit, judge).train()


class _Session:
    """One call of the executor."""

    def __init__(self, executor: TrainExecutor, packs: Sequence[Pack], emit: Emit, judge: Judge) -> None:
        self.packs, self.emit, self.judge, self.settings = packs, emit, judge, executor.settings
        self.desk: Any = ray.remote(num_cpus=0)(Desk).remote(len(packs))
        task = Task(self.desk, (0, 0), ray.put(list(packs)), executor.settings, executor.surroundings)
        self.groups = [
            GroupThread(n, task, executor.resources, executor.num_workers, executor.folder)
            for n in range(min(executor.num_processes, len(packs)))
        ]

    def train(self) -> None:
        """Until all groups have ended."""
        try:
            for group in self.groups:
                group.start()
            while any(group.is_running for group in self.groups):
                self.advance()
                time.sleep(POLL_SECONDS)
        except BaseException:
            self.stop()
            raise

    def advance(self) -> None:
        """Take in what has been said; see to groups that have ended."""
        ended = [group for group in self.groups if group.has_ended]  # before their last messages are taken
        messages, num_waiting = ray.get(self.desk.take.remote())
        for sender, message in messages:
            if (group := self.groups[sender[0]]).number == sender:  # of one that was killed, nothing counts
                self.handle(group, message)
        for group in ended:
            num_waiting += self.conclude(group)
            if num_waiting:
                group.start()
                num_waiting -= 1

    def handle(self, group: GroupThread, message: Message) -> None:
        """One message of a group."""
        match message:
            case Joined(worker):
                group.workers.append(worker)
            case Begun(pack):
                group.pack = pack
            case Ended():
                group.pack = None
            case Failed(result):
                group.result = result
                group.kill()
            case _:
                self.emit(message)

    def conclude(self, group: GroupThread) -> bool:
        """Judge how a group ended; whether its pack is to be trained again.

        Raises:
            AblateError: no group could train anything.
        """
        pack, result, error = group.collect()
        if isinstance(result, Exception):
            raise result
        if error is None:
            return False
        if pack is None:
            if group.num_false_starts > MAX_RETRIES:
                raise AblateError(f"a worker cannot train; is this ablate installed where it runs?\n{error}")
            return False
        if isinstance(result, Record):
            settle(result, self.settings.store, self.settings, self.emit)
            return False  # the rest of the pack is left to the next round
        if is_wanted := self.judge(self.packs[pack], read_death(error)):
            ray.get(self.desk.again.remote(pack))
        return is_wanted

    def stop(self) -> None:
        """Give everything up."""
        self.desk.close.remote()
        for group in self.groups:
            group.kill()
        deadline = time.monotonic() + STOP_SECONDS
        for group in self.groups:
            group.join(max(0.0, deadline - time.monotonic()))
