"""MLflow: one run per trial, in an experiment of the study's name, through Ray's `MLflowLoggerCallback`."""

from __future__ import annotations

import logging
import os
from typing import Any

from ablate.records import Record
from ablate.schedule.logs.tune import TuneLogger, TuneTrial
from ablate.spec.study.study import Trial

TAG = "ablate.trial"  # of a run: the trial's id, by which a later command finds it


class MLflow(TuneLogger):
    """A run that is there is gone on with."""

    name = "MLflow"

    def __init__(self, study: str, uri: str) -> None:
        super().__init__(study)
        self._uri = uri

    def create_callback(self) -> Any:
        """Connect, and create the experiment if need be."""
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")  # else a server that is down is found out late
        logging.getLogger("mlflow").setLevel(logging.WARNING)
        logging.getLogger("alembic").setLevel(logging.WARNING)
        from ray.air.integrations.mlflow import MLflowLoggerCallback

        return MLflowLoggerCallback(self._uri, experiment_name=self.study)

    def find_logged(self, trial: TuneTrial) -> int:
        """Also makes the callback go on with the run, or create one that is found again."""
        self.callback.tags = {TAG: trial.trial_id, "ablate.study": self.study}
        experiment = self.callback.mlflow_util.experiment_id
        found = self._client().search_runs([experiment], f"tags.`{TAG}` = '{trial.trial_id}'", max_results=1)
        if not found:
            return 0
        run_id = found[0].info.run_id
        self._client().update_run(run_id, status="RUNNING")
        self.callback._trial_runs[trial] = run_id
        return max((metric.step for metric in self._client().get_metric_history(run_id, "train_loss")), default=0)

    def end(self, trial: Trial, record: Record) -> None:
        """The outcome is a tag."""
        run_id = self.callback._trial_runs[self.describe(trial)]
        self._client().set_tag(run_id, "ablate.outcome", str(record.outcome))
        if record.error:
            self._client().set_tag(run_id, "ablate.error", record.error)
        super().end(trial, record)

    def abandon(self, trial: TuneTrial) -> None:
        """As MLflow calls it."""
        self._client().set_terminated(self.callback._trial_runs[trial], "KILLED")

    def _client(self) -> Any:
        from mlflow.tracking import MlflowClient

        return MlflowClient(self._uri)
