"""Packs go to Ray Tune, their events come back."""

from __future__ import annotations

import gc
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import ray.cloudpickle
from ray import tune
from ray.exceptions import RayTaskError

from ablate.errors import AblateError
from ablate.schedule.cluster import Resources
from ablate.schedule.events import PackRestarted
from ablate.schedule.packs import Pack
from ablate.schedule.trainable import PackTrainable, Surroundings
from ablate.schedule.training import Emit, Settings

MAX_RETRIES = 2  # of a pack whose process died


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
    """Passes events on; remembers packs whose process kept dying."""

    def __init__(self, packs: Sequence[Pack], emit: Emit) -> None:
        self.packs = packs
        self.emit = emit
        self.halt = Halt()
        self.lost: list[tuple[Pack, str]] = []  # given up, and why

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune keeps a copy of its callbacks for a resumption that we do without."""
        return {}

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        """Called by Tune with what `PackTrainable.step` returned."""
        for event in result.pop("events"):
            self.emit(event)
        self.halt.error = self.halt.error or result["error"]

    def on_trial_recover(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Called by Tune when it tries a pack again."""
        self._explain(trial)
        self.emit(PackRestarted(tuple(member.id for member in self._pack(trial))))

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Called by Tune when it gives a pack up."""
        self.lost.append((self._pack(trial), self._explain(trial)))

    def _pack(self, trial: Any) -> Pack:
        number: int = trial.config["pack"]
        return self.packs[number]

    def _explain(self, trial: Any) -> str:
        error = read_error(trial)
        if isinstance(error, RayTaskError) or getattr(error, "actor_init_failed", False):
            self.halt.error = AblateError(f"a worker cannot train; is this ablate installed where it runs?\n{error}")
        return explain_death(error)


@dataclass(frozen=True)
class TuneExecutor:
    """Trains in `num_processes` reused actors of the Ray that is running."""

    settings: Settings
    resources: Resources
    num_processes: int
    folder: Path  # for Tune's own files
    surroundings: Surroundings = field(default_factory=Surroundings.here)

    def __call__(self, packs: Sequence[Pack], emit: Emit) -> list[tuple[Pack, str]]:
        """Train the packs in their order; return those given up, and why.

        Raises:
            AblateError: what a worker could not go on with.
        """
        relay = Relay(packs, emit)
        try:
            self._create_tuner(relay).fit()
        except KeyboardInterrupt:
            relay.halt.error = KeyboardInterrupt()
        if relay.halt.error:
            gc.collect()  # actors live as long as Tune's handles, which nothing but cycles holds any more
            raise relay.halt.error
        return relay.lost

    def _create_tuner(self, relay: Relay) -> tune.Tuner:
        gpus = self.resources.gpus or 0
        device = self.settings.device if gpus else "cpu"
        trainable = tune.with_parameters(
            PackTrainable,
            packs=relay.packs,
            settings=replace(self.settings, device=device),
            surroundings=self.surroundings,
        )
        return tune.Tuner(
            tune.with_resources(trainable, {"cpu": self.resources.cpus, "gpu": gpus}),
            param_space={"pack": tune.grid_search(list(range(len(relay.packs))))},
            # No more trials than processes at a time: the others wait in our order, and without actors of their own.
            tune_config=tune.TuneConfig(
                reuse_actors=True,
                max_concurrent_trials=self.num_processes,
                trial_dirname_creator=lambda trial: str(trial.trial_id),
            ),
            run_config=tune.RunConfig(
                storage_path=str(self.folder / "tune"),
                verbose=0,
                callbacks=[relay],
                stop=relay.halt,
                failure_config=tune.FailureConfig(max_failures=MAX_RETRIES),
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            ),
        )


def read_error(trial: Any) -> Exception:
    """The last error of a trial of Tune's."""
    pickled = Path(trial.pickled_error_file or "")
    if pickled.is_file():
        error: Exception = ray.cloudpickle.loads(pickled.read_bytes())
        return error
    return RuntimeError(Path(trial.error_file).read_text() if trial.error_file else "unknown")


def explain_death(error: Exception) -> str:
    """Why a process died, as far as Ray knows, in one line."""
    known = re.search(r"Worker exit detail: ([^.]*)\.", str(error)) or re.search(r"([^\n]+)\n*$", str(error))
    detail = f" ({known[1].strip()})" if known else ""
    times = f"{MAX_RETRIES + 1} times"
    return f"its process died {times}{detail}; if memory ran out, train fewer at a time with --concurrency"
