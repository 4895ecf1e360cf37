"""A group of processes: a TorchTrainer run in a thread, since it returns only when all is done."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import ray
from ray.train import FailureConfig, RunConfig, ScalingConfig, TrainingFailedError
from ray.train.torch import TorchConfig, TorchTrainer

from ablate.records import Record
from ablate.schedule.cluster import Resources
from ablate.schedule.distributed.desk import Sender
from ablate.schedule.distributed.worker import Task, train_packs

LONGEST_SILENCE = 24 * 3600  # seconds that a process waits for the others; one that dies is noticed at once
DEATH = "GroupBroken"  # the error of those that are left


class GroupThread:
    """What is known of a group, from its start to its end; it may be started again."""

    def __init__(self, number: int, task: Task, resources: Resources, num_workers: int, folder: Path) -> None:
        self.number: Sender = number, 0
        self.task, self.resources, self.num_workers, self.folder = task, resources, num_workers, folder
        self.workers: list[Any] = []  # actors
        self.pack: int | None = None  # under way
        self.result: Record | Exception | None = None  # of a failure, as a process said
        self.error: Exception | None = None  # as Ray Train said
        self.num_false_starts = 0  # in a row, that did not come to train anything
        self.thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the processes; returns at once."""
        self.number = self.number[0], self.number[1] + 1
        self.thread = threading.Thread(target=self._fit, args=(self._create_trainer(),), daemon=True)
        self.thread.start()

    @property
    def is_running(self) -> bool:
        """Whether it has been started and its end not yet been seen to."""
        return self.thread is not None

    @property
    def has_ended(self) -> bool:
        """Whether its processes have gone, and the end is to be seen to."""
        return self.thread is not None and not self.thread.is_alive()

    def collect(self) -> tuple[int | None, Record | Exception | None, Exception | None]:
        """See to the end: the pack that was under way, what a process said was wrong, and what Ray Train says."""
        found = self.pack, self.result, self.error
        self.num_false_starts = self.num_false_starts + 1 if self.error and self.pack is None else 0
        self.thread, self.workers, self.pack, self.result, self.error = None, [], None, None, None
        return found

    def kill(self) -> None:
        """End the processes at once."""
        for worker in self.workers:
            ray.kill(worker)

    def join(self, seconds: float) -> None:
        """Wait for the end so long."""
        if self.thread:
            self.thread.join(seconds)

    def _fit(self, trainer: TorchTrainer) -> None:
        try:
            trainer.fit()
        except TrainingFailedError as error:
            self.error = find_cause(error)
        except Exception as error:
            self.error = error

    def _create_trainer(self) -> TorchTrainer:
        gpus = self.resources.gpus or 0
        return TorchTrainer(
            train_packs,
            train_loop_config={"task": replace(self.task, group=self.number)},
            torch_config=TorchConfig(backend="cpu:gloo,cuda:nccl" if gpus else "gloo", timeout_s=LONGEST_SILENCE),
            scaling_config=ScalingConfig(
                num_workers=self.num_workers,
                use_gpu=bool(gpus),
                resources_per_worker={"CPU": self.resources.cpus, "GPU": gpus},
            ),
            run_config=RunConfig(
                name="group-{}-{}".format(*self.number),
                storage_path=str(self.folder / "train"),
                failure_config=FailureConfig(max_failures=0),  # we know which pack was under way, Ray Train does not
            ),
        )


def find_cause(error: Exception) -> Exception:
    """Why the first process died: not that the others then could not reach it, and not how Ray Train noticed."""
    failures = list(getattr(error, "worker_failures", {}).values())
    causes = [failure for failure in failures if type(failure).__name__ != DEATH] or failures or [error]
    return getattr(causes[0], "health_check_failure", causes[0])  # type: ignore[no-any-return]
