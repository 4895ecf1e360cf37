"""Our trials as the logger callbacks of Ray Tune want to be told of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ablate.records import Epoch, Outcome, Record
from ablate.schedule.logs.logger import epoch_figures, final_figures, parameters
from ablate.spec.study.study import Trial


@dataclass(frozen=True)
class TuneTrial:
    """As much of a trial of Tune's as its logger callbacks look at; equal for equal trials of ours."""

    trial_id: str
    name: str = field(compare=False)
    config: Mapping[str, Any] = field(compare=False)
    experiment_dir_name: str = field(compare=False, default="")
    local_path: str = field(compare=False, default="")
    checkpoint: None = None

    def __str__(self) -> str:
        return self.name


class TuneLogger:
    """A logger made of such a callback. An epoch is passed on once, whatever happens to the trial's process."""

    name = ""

    def __init__(self, study: str) -> None:
        self.study = study
        self.callback: Any = None  # created when it is opened
        self._logged: dict[str, int] = {}  # the last epoch of each trial under way

    def open(self) -> None:
        """Create the callback and set it up, unless it is there."""
        if self.callback is None:
            self.callback = self.create_callback()
            self.callback.setup()

    def create_callback(self) -> Any:
        """Import what is needed; raises what the callback raises."""
        raise NotImplementedError

    def describe(self, trial: Trial) -> TuneTrial:
        """The trial, with its factors as configuration."""
        config = {**parameters(trial), "study": self.study, "cell": trial.cell.name, "trial": trial.id}
        return TuneTrial(trial.id, trial.name, config, self.study)

    def find_logged(self, trial: TuneTrial) -> int:
        """The last epoch that was logged by an earlier command, 0 where there is none."""
        raise NotImplementedError

    def start(self, trial: Trial, history: Sequence[Epoch]) -> None:
        """Go on with the run of the trial, if it has one."""
        described = self.describe(trial)
        if trial.id not in self._logged:
            self._logged[trial.id] = self.find_logged(described)
            self.callback.log_trial_start(described)
        for epoch in history:
            self.add(trial, epoch)

    def add(self, trial: Trial, epoch: Epoch) -> None:
        """Its figures, unless they were logged before."""
        if epoch.epoch > self._logged[trial.id]:
            self.log(trial, epoch.epoch, epoch_figures(trial, epoch))
            self._logged[trial.id] = epoch.epoch

    def log(self, trial: Trial, number: int, figures: Mapping[str, Any]) -> None:
        """Pass the figures on, as those of an epoch."""
        result = {**figures, "training_iteration": number}
        self.callback.log_trial_result(number, self.describe(trial), result)

    def end(self, trial: Trial, record: Record) -> None:
        """The figures it ends with; a diverged trial has run to its end, a failed one has not."""
        self.log(trial, len(record.history), {**final_figures(record), "outcome": str(record.outcome)})
        self.callback.log_trial_end(self.describe(trial), failed=record.outcome is Outcome.FAILED)
        del self._logged[trial.id]

    def close(self) -> None:
        """Wait for what the callback has under way."""
        self.callback.on_experiment_end(trials=[])
