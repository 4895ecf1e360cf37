"""What Tune tells us while it trains packs, and what we answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ray.cloudpickle
from ray import tune
from ray.exceptions import RayTaskError
from ray.tune.search import BasicVariantGenerator

from ablate.errors import AblateError
from ablate.schedule.deaths import Judge, read_death
from ablate.schedule.packs import Pack
from ablate.schedule.training import Emit

COUNT_SECONDS = 5.0  # between two looks at how many processes the machines hold by now
WITHDRAWN = {"pack": None}


class Halt(tune.Stopper):
    """Ends the run, actors included, once a worker has met an error that it could not go on with."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """Whether this pack is to stop: it says so itself."""
        return False

    def stop_all(self) -> bool:
        """Whether all are to stop."""
        return self.error is not None


class Relay(tune.Callback):
    """Passes events on; asks what is to become of a pack whose process died; makes use of machines that join."""

    def __init__(self, packs: Sequence[Pack], emit: Emit, judge: Judge, queue: Queue) -> None:
        self.packs = packs
        self.emit = emit
        self.judge = judge
        self.queue = queue
        self.halt = Halt()
        self.memory: dict[int, int] = {}  # bytes that a process was seen with at most, by the number of its pack

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune keeps a copy of its callbacks for a resumption that we do without."""
        return {}

    def on_step_begin(self, iteration: int, trials: list[Any], **info: Any) -> None:
        """Called by Tune many times a second."""
        self.queue.look_around()

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        """Called by Tune with what `PackTrainable.step` returned."""
        for event in result.pop("events"):
            self.emit(event)
        self.memory[trial.config["pack"]] = result["memory"]
        self.halt.error = self.halt.error or result["error"]

    def on_trial_recover(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Called by Tune before it tries a pack again, as it always does: of one given up, it is to try nothing."""
        if not self._is_wanted(trial):
            trial.set_config(WITHDRAWN)
            trial.max_failures = 0  # where even that dies, it is not tried again

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Called by Tune when it gives a pack up, since it could not create its process, or since we have before."""
        self._is_wanted(trial)

    def _is_wanted(self, trial: Any) -> bool:
        number: int | None = trial.config["pack"]
        if number is None:
            return False
        error = read_error(trial)
        if isinstance(error, RayTaskError) or getattr(error, "actor_init_failed", False):
            self.halt.error = AblateError(f"a worker cannot train; is this ablate installed where it runs?\n{error}")
            return False
        return self.judge(self.packs[number], read_death(error, self.memory.pop(number, 0)))


class Queue(BasicVariantGenerator):
    """Hands Tune no more trials than there are processes: the others wait in our order, without actors of their own."""

    def __init__(self, num_processes: int, count: Callable[[], int]) -> None:
        super().__init__(max_concurrent=num_processes)
        self.count = count
        self.counted = time.monotonic()

    def look_around(self) -> None:
        """Now and then, count how many processes there may be by now: machines come and go."""
        if time.monotonic() - self.counted > COUNT_SECONDS:
            self.max_concurrent = max(1, self.count())
            self.counted = time.monotonic()


def read_error(trial: Any) -> Exception:
    """The last error of a trial of Tune's."""
    pickled = Path(trial.pickled_error_file or "")
    if pickled.is_file():
        error: Exception = ray.cloudpickle.loads(pickled.read_bytes())
        return error
    return RuntimeError(Path(trial.error_file).read_text() if trial.error_file else "unknown")
