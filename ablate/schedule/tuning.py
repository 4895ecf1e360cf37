"""Packs go to Ray Tune, their events come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ray import tune

from ablate.schedule.cluster import Resources
from ablate.schedule.packs import Pack
from ablate.schedule.trainable import PackTrainable, Surroundings
from ablate.schedule.training import Emit, Settings

MAX_RETRIES = 2  # of a pack whose process died


class Ended(BaseException):
    """An error in a worker ends the run. No `Exception`, because Tune would wrap it and wait for its actors."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


class Relay(tune.Callback):
    """Passes events on; remembers packs whose process kept dying."""

    def __init__(self, emit: Emit) -> None:
        self.emit = emit
        self.crashes: dict[int, str] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune keeps a copy of its callbacks for a resumption that we do without."""
        return {}

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        """Called by Tune with what `PackTrainable.step` returned."""
        for event in result.pop("events"):
            self.emit(event)
        if result["error"] is not None:
            raise Ended(result["error"])

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """Called by Tune when a pack is given up."""
        self.crashes[trial.config["pack"]] = explain(trial.get_error())


@dataclass(frozen=True)
class TuneExecutor:
    """Trains in `num_processes` reused actors of the Ray that is running."""

    settings: Settings
    resources: Resources
    num_processes: int
    folder: Path  # for Tune's own files
    surroundings: Surroundings = field(default_factory=Surroundings.here)

    def __call__(self, packs: Sequence[Pack], emit: Emit) -> dict[Pack, str]:
        """Train the packs in their order; return those given up, and why.

        Raises:
            AblateError: what a worker could not go on with.
        """
        relay = Relay(emit)
        try:
            self._create_tuner(packs, relay).fit()
        except Ended as end:
            raise end.error from None
        return {packs[number]: reason for number, reason in relay.crashes.items()}

    def _create_tuner(self, packs: Sequence[Pack], relay: Relay) -> tune.Tuner:
        gpus = self.resources.gpus or 0
        device = self.settings.device if gpus else "cpu"
        trainable = tune.with_parameters(
            PackTrainable,
            packs=packs,
            settings=replace(self.settings, device=device),
            surroundings=self.surroundings,
        )
        return tune.Tuner(
            tune.with_resources(trainable, {"cpu": self.resources.cpus, "gpu": gpus}),
            param_space={"pack": tune.grid_search(list(range(len(packs))))},
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
                failure_config=tune.FailureConfig(max_failures=MAX_RETRIES),
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            ),
        )


def explain(error: BaseException | None) -> str:
    """Why a process died, in one line."""
    lines = str(error).strip().splitlines() or ["no reason known"]
    detail = next((line.split(":", 1)[1] for line in lines if line.startswith("The actor is dead because")), lines[0])
    return f"its process died {MAX_RETRIES + 1} times ({detail.strip()})"
