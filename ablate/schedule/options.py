"""What may be said of a run, beside which trials are wanted."""

from __future__ import annotations

from dataclasses import dataclass

from ablate.records import Store
from ablate.schedule.cluster import Resources
from ablate.schedule.training import CHECKPOINT_SECONDS, Settings


@dataclass(frozen=True)
class Options:
    """One field per option of `ablate run`, under the same name. None leaves the choice to us."""

    serial: bool = False  # one trial after the other in this process, without Ray
    concurrency: int | None = None  # trials at a time; None for as many as this machine or the cluster holds
    cpus: int = 1  # per trial, and PyTorch's threads
    gpus: float | None = None  # per trial; None for one where there are any, or the part that `concurrency` leaves
    device: str = "auto"  # as `train_pack` takes it; an actor without a GPU trains on the CPU
    retry_failed: bool = False  # forget the records of failed trials first
    address: str | None = None  # of a running Ray cluster; None for $RAY_ADDRESS, else this machine
    keep_weights: bool = False  # of finished trials, in the store; a trial recorded without them is trained again
    checkpoint_seconds: float = CHECKPOINT_SECONDS  # between two checkpoints of a trial, at least

    def settings(self, store: Store) -> Settings:
        """What every process that trains is told."""
        return Settings(
            store=store.folder.absolute(),
            device=self.device,
            threads=self.cpus,
            keep_weights=self.keep_weights,
            checkpoint_seconds=self.checkpoint_seconds,
        )

    @property
    def resources(self) -> Resources:
        """What one process asks for."""
        return Resources(self.cpus, self.gpus)

    @property
    def num_cpus(self) -> int | None:
        """Of a Ray started for this run; None for all of this machine."""
        return self.concurrency and self.concurrency * self.cpus
