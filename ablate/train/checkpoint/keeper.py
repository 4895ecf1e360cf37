"""When the state of a trial is saved, and what is said about it."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from torch import Tensor, nn

from ablate.model.export import dump_weights
from ablate.records import Epoch, Store
from ablate.spec.study.study import Trial
from ablate.train.checkpoint.file import Identity, Unusable, read_checkpoint, write_checkpoint
from ablate.train.checkpoint.state import capture, restore
from ablate.train.environment import describe_environment
from ablate.train.progress import Progress
from ablate.train.run import Run

# What a record says of its environment must hold for all of a training; these also decide its bits.
ENVIRONMENT = ("ablate", "torch", "device", "device_name", "threads", "workers", "compiled")
FAILED_PAUSE = 5.0  # times the time that a checkpoint took to fail
Note = Callable[[str], None]
Resumed = Callable[[tuple[Epoch, ...]], None]  # is told the epochs that the checkpoint has


@dataclass(frozen=True)
class Keeping:
    """What is kept of a trial beside its record."""

    store: Store
    weights: bool = False  # the final ones
    seconds: float = 60.0  # between two checkpoints, at least; so a short trial writes none
    share: float = 0.01  # of the time, at most, spent on checkpoints


class Keeper:
    """Saves the state of one trial now and then, and brings it back; with no `keeping` does nothing.

    In a group of processes the leading one reads and writes for all.
    """

    def __init__(
        self,
        trial: Trial,
        keeping: Keeping | None,
        threads: int,
        note: Note,
        resumed: Resumed = lambda history: None,
        is_fused: bool = False,
    ) -> None:
        self.trial, self.keeping, self.threads, self.note, self.resumed = trial, keeping, threads, note, resumed
        self.way = "fused" if is_fused else None  # with others into one network, which rounds differently
        self.due = math.inf
        self.is_failing = False

    def resume(self, run: Run, progress: Progress) -> None:
        """Go on from the trial's checkpoint, if there is one to be trusted."""
        if self.keeping is None:
            return
        try:
            found = run.group.agree(partial(self._read, self.keeping, run))
            if isinstance(found, Unusable):
                raise found
            if found:
                restore(run, progress, *found)
                self.resumed(tuple(progress.history))
        except Unusable as reason:
            self.note(f"its checkpoint is ignored, since {reason}; starts again")
        if run.group.leads:
            self.due = time.monotonic() + self.keeping.seconds

    def save_if_due(self, run: Run, progress: Progress) -> None:
        """Called between steps; a store that fails does not end the training, and is tried again when one is due."""
        if self.keeping is None or (start := time.monotonic()) < self.due:
            return
        try:
            position, tensors = capture(run, progress)
            store, identity = self.keeping.store, self._identity(run)
            write_checkpoint(store, self.trial.id, identity, position.model_dump_json(), tensors)
            self.is_failing = False
        except OSError as error:
            if not self.is_failing:
                self.note(f"no checkpoint written: {error.strerror or error}; training goes on")
            self.is_failing = True
        end = time.monotonic()
        pause = (end - start) * FAILED_PAUSE if self.is_failing else (end - start) / self.keeping.share
        self.due = end + max(self.keeping.seconds, pause)

    def keep_weights(self, module: nn.Module) -> None:
        """Write the weights, if they are wanted.

        Raises:
            StoreError: they cannot be written.
        """
        if self.keeping and self.keeping.weights:
            self.keeping.store.write_weights(self.trial.id, dump_weights(module, {"trial": self.trial.id}))

    def _read(self, keeping: Keeping, run: Run) -> tuple[str, dict[str, Tensor]] | Unusable | None:
        try:
            return read_checkpoint(keeping.store, self.trial.id, self._identity(run))
        except Unusable as reason:
            return reason

    def _identity(self, run: Run) -> Identity:
        environment = describe_environment(run.device, self.threads, run.group.size, run.is_compiled)
        here = {name: environment[name] for name in ENVIRONMENT}
        diagnosed = json.dumps(self.trial.diagnostics.options.get("gradients"))  # samples of them are in the state
        return {"trial": self.trial.id, "data": run.splits.digest, "gradients": diagnosed, "packing": self.way, **here}
