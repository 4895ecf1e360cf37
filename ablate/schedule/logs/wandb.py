"""Weights & Biases: one run per trial, through Ray's `WandbLoggerCallback`, which logs from a Ray actor per run."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ablate.records import Epoch
from ablate.schedule.cluster import connect
from ablate.schedule.logs.tune import TuneLogger, TuneTrial
from ablate.spec.study.study import Trial

UPLOAD_SECONDS = 60  # that the end waits for uploads


class WandB(TuneLogger):
    """Which epochs were logged is noted beside the runs: an offline run cannot be asked."""

    name = "Weights & Biases"

    def __init__(self, study: str, project: str, folder: Path) -> None:
        super().__init__(study)
        self._project = project
        self._folder = Path(os.environ.get("WANDB_DIR", folder)).absolute()

    def open(self, held: ExitStack) -> None:
        """Start Ray too, where nothing else has."""
        super().open(held)
        held.enter_context(connect(None, 1))

    def create_callback(self) -> Any:
        """Needs an API key, unless WANDB_MODE is `offline`."""
        from ray.air.integrations.wandb import WandbLoggerCallback

        self._journal("").mkdir(parents=True, exist_ok=True)
        return WandbLoggerCallback(
            self._project,
            group=self.study,
            upload_timeout=UPLOAD_SECONDS,
            dir=str(self._folder),
            mode=os.environ.get("WANDB_MODE"),
            resume="allow",
        )

    def describe(self, trial: Trial) -> TuneTrial:
        """With the folder that its actor works in."""
        described = super().describe(trial)
        return TuneTrial(trial.id, trial.name, described.config, self.study, str(self._folder))

    def find_logged(self, trial: TuneTrial) -> int:
        """As noted."""
        journal = self._journal(trial.trial_id)
        return int(journal.read_text()) if journal.exists() else 0

    def add(self, trial: Trial, epoch: Epoch) -> None:
        """Note it too."""
        super().add(trial, epoch)
        self._journal(trial.id).write_text(str(self.logged[trial.id]))

    def close(self) -> None:
        """Wait for uploads."""
        super().close()
        self.callback.on_experiment_end(trials=[])
        self.callback = None  # its actors end with Ray

    def _journal(self, trial_id: str) -> Path:
        return self._folder / "wandb" / "ablate" / self._project / trial_id
