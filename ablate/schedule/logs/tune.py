"""Our trials as the logger callbacks of Ray Tune want to be told of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
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


class TuneLogger(ABC):
    """A logger made of such a callback. An epoch is passed on once, whatever happens to the trial's process."""

    name = ""

    def __init__(self, study: str) -> None:
        self.study = study
        self.callback: Any = None  # created when it is opened
        self.logged: dict[str, int] = {}  # the last epoch of each trial under way
        self._under_way: dict[str, TuneTrial] = {}

    def open(self, held: ExitStack) -> None:
        """Create the callback and set it up, unless it is there."""
        if self.callback is None:
            self.callback = self.create_callback()
            self.callback.setup()

    @abstractmethod
    def create_callback(self) -> Any:
        """Import what is needed; raises what the callback raises."""

    def describe(self, trial: Trial) -> TuneTrial:
        """The trial, with its factors as configuration."""
        config = {**parameters(trial), "study": self.study, "cell": trial.cell.name, "trial": trial.id}
        return TuneTrial(trial.id, trial.name, config, self.study)

    @abstractmethod
    def find_logged(self, trial: TuneTrial) -> int:
        """The last epoch that was logged by an earlier command, 0 where there is none."""

    def start(self, trial: Trial, history: Sequence[Epoch]) -> None:
        """Go on with the run of the trial, if it has one."""
        described = self.describe(trial)
        if trial.id not in self._under_way:
            self.logged[trial.id] = self.find_logged(described)
            self.callback.log_trial_start(described)
            self._under_way[trial.id] = described
        for epoch in history:
            self.add(trial, epoch)

    def add(self, trial: Trial, epoch: Epoch) -> None:
        """Its figures, unless they were logged before."""
        if epoch.epoch > self.logged[trial.id]:
            self.log(trial, epoch.epoch, epoch_figures(trial, epoch))
            self.logged[trial.id] = epoch.epoch

    def log(self, trial: Trial, number: int, figures: Mapping[str, Any]) -> None:
        """Pass the figures on, as those of an epoch."""
        result = {**figures, "training_iteration": number}
        self.callback.log_trial_result(number, self._under_way[trial.id], result)

    def end(self, trial: Trial, record: Record) -> None:
        """The figures it ends with; a diverged trial has run to its end, a failed one has not."""
        told = {"outcome": str(record.outcome), "error": record.error or ""}
        self.log(trial, len(record.history), {**final_figures(record), "config": told})
        self.callback.log_trial_end(self._under_way.pop(trial.id), failed=record.outcome is Outcome.FAILED)

    def close(self) -> None:
        """End the runs of trials without a record: the command was stopped, or gave them up."""
        while self._under_way:
            self.abandon(self._under_way.popitem()[1])

    def abandon(self, trial: TuneTrial) -> None:
        """End such a run; a later command goes on with it."""
        self.callback.log_trial_end(trial, failed=True)
