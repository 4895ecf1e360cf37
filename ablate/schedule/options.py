"""What may be said of a run, beside which trials are wanted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from ablate.errors import UsageError
from ablate.hardware import find_hardware, num_cpus
from ablate.records import Store
from ablate.schedule.allotment import Demand
from ablate.schedule.cluster import Resources
from ablate.schedule.training import CHECKPOINT_SECONDS, Choice, Settings

SERIAL = "which trains one trial after the other here"


@dataclass(frozen=True)
class Options:
    """One field per option of `ablate run`, under the same name. None leaves the choice to us."""

    serial: bool = False  # one trial after the other in this process, without Ray
    concurrency: int | None = None  # trials at a time; None for as many as this machine or the cluster holds
    workers: int = 1  # processes that train a trial together, with a GPU each where there are any
    cpus: int = 1  # per process, and PyTorch's threads
    gpus: float | None = None  # per process; None for the part of one that memory and `concurrency` call for, if any
    pack: int | Literal["auto"] | None = None  # trials at the same time in one process; auto: as many as pay, on a GPU
    device: str = "auto"  # as `train_pack` takes it; `auto` without a GPU is the CPU
    compile: Choice = "auto"  # steps by torch.compile; auto: where it pays
    recompute: Choice = "auto"  # activations in the backward pass; auto: on a GPU that cannot hold them
    max_cost: float | None = None  # device-seconds; a study that would cost more is refused; None for any
    time_budget: float | None = None  # seconds of wall-clock time, then the run is stopped in order; None for any
    retry_failed: bool = False  # forget the records of failed trials first
    address: str | None = None  # of a running Ray cluster; None for $RAY_ADDRESS, else this machine
    keep_weights: bool = False  # of finished trials, in the store; a trial recorded without them is trained again
    checkpoint_seconds: float = CHECKPOINT_SECONDS  # between two checkpoints of a trial, at least
    tensorboard: bool = True  # log every trial below the store
    mlflow: str | None = None  # URI of the tracking server or database to log to
    wandb: str | None = None  # Weights & Biases project to log to

    def settings(self, store: Store) -> Settings:
        """What every process that trains is told."""
        return Settings(
            store=store.absolute(),
            device=self.device,
            threads=self.cpus,
            compile=self.compile,
            recompute=self.recompute,
            keep_weights=self.keep_weights,
            checkpoint_seconds=self.checkpoint_seconds,
            pack=None if self.pack == "auto" and self._trains_on_cpu else self.pack,
        )

    @property
    def _trains_on_cpu(self) -> bool:
        """As far as it is known: what other machines have is seen when they are asked."""
        return not self.address and find_hardware(self.device).device != "cuda"

    def demand(self, memory: float | None = None) -> Demand:
        """What is asked of the machines, for trials of which the largest needs so many bytes."""
        packed = self.pack if isinstance(self.pack, int) else 1
        needed = memory and memory * packed
        return Demand(Resources(self.cpus, self.gpus), self.concurrency, self.device, needed, bool(self.pack))

    @property
    def num_cpus(self) -> int:
        """Of a Ray started for this run: processes may be more than there are CPUs for, if that is asked for."""
        return self.concurrency * self.workers * self.cpus if self.concurrency else num_cpus()

    def check(self) -> list[str]:
        """What is said without effect, and why; what holds for other machines is not known here.

        Raises:
            UsageError: this machine has fewer CPUs than a trial is to have; or what is said contradicts itself.
        """
        if self.workers > 1 and self.pack:
            raise UsageError("--pack cannot go with --workers: a trial of several GPUs leaves no room; leave one out")
        if self.serial and self.workers > 1:
            raise UsageError(f"--workers {self.workers} cannot go with --serial, {SERIAL}; leave one of them out")
        if self.address or os.environ.get("RAY_ADDRESS"):
            return [f"--address has no effect with --serial, {SERIAL}"] if self.serial and self.address else []
        if self.cpus * self.workers > (there := num_cpus()):
            asked = f"--cpus {self.cpus}"
            if self.workers > 1:
                asked = f"--workers {self.workers} of {asked} ask for {self.cpus * self.workers} CPUs per trial"
            raise UsageError(f"{asked}: this machine has {there}; ask for fewer")
        return [text for text, is_said in self._idle(there) if is_said]

    def _idle(self, there: int) -> Iterator[tuple[str, bool]]:
        yield f"--concurrency has no effect with --serial, {SERIAL}", self.serial and (self.concurrency or 1) > 1
        yield "--gpus has no effect with --serial: a trial has the device to itself", self.serial and bool(self.gpus)
        yield f"--gpus has no effect with --device {self.device}", bool(self.gpus) and self.device in ("cpu", "mps")
        yield "--gpus has no effect with --workers: each has one", self.workers > 1 and bool(self.gpus)
        yield "--compile has no effect with --workers", self.workers > 1 and self.compile == "on"
        yield "--recompute has no effect with --workers", self.workers > 1 and self.recompute == "on"
        text = "--pack auto has no effect on a CPU: processes of one thread are faster; --pack N packs all the same"
        yield text, self.pack == "auto" and self._trains_on_cpu
        asked = (self.concurrency or 1) * self.workers * self.cpus
        text = f"--concurrency {self.concurrency} asks for {asked} CPUs of {there}; trials will wait for each other"
        yield text, not self.serial and asked > there
