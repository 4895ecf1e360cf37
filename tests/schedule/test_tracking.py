"""MLflow and Weights & Biases, offline: real runs logged through Ray's callbacks and read back."""

from __future__ import annotations

import json
import struct
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ablate.errors import Interrupted, UsageError
from ablate.records import Epoch, Record, Store
from ablate.schedule import run_study
from ablate.schedule.progress import Watch
from ablate.spec import Study, Trial

CreateStudy = Callable[..., Study]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of what MLflow and W&B call


class StopAfter(Watch):
    """Stops the command after an epoch, as Ctrl+C would, as soon as the loggers are so far that nothing is cut off."""

    def __init__(self, number: int, is_logged: Callable[[], object] = lambda: True) -> None:
        super().__init__(Watch().console)
        self.number = number
        self.is_logged = is_logged

    def show(self, event: Any) -> None:
        super().show(event)
        if isinstance(epoch := getattr(event, "epoch", None), Epoch) and epoch.epoch == self.number:
            deadline = time.monotonic() + 120
            while not self.is_logged():
                assert time.monotonic() < deadline, "the loggers do not get on"
                time.sleep(0.05)
            raise KeyboardInterrupt


@pytest.fixture
def uri(tmp_path: Path) -> str:
    pytest.importorskip("mlflow")
    return f"sqlite:///{tmp_path}/mlflow.db"


def mlflow_runs(uri: str, study: Study) -> dict[str, Any]:
    """Runs by trial id; a trial with two runs is an error."""
    from mlflow.tracking import MlflowClient

    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name(study.name)
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    assert len({run.data.tags["ablate.trial"] for run in runs}) == len(runs)
    return {run.data.tags["ablate.trial"]: run for run in runs}


def mlflow_history(uri: str, run: Any, metric: str) -> list[tuple[int, float]]:
    from mlflow.tracking import MlflowClient

    return [(point.step, point.value) for point in MlflowClient(uri).get_metric_history(run.info.run_id, metric)]


def of_record(record: Record, metric: str) -> list[tuple[int, float]]:
    return [(epoch.epoch, getattr(epoch, metric)) for epoch in record.history]


def read(store: Store, trial: Trial) -> Record:
    record = store.read(trial.id)
    assert record is not None
    return record


def test_mlflow_has_a_run_for_every_trial(create_study: CreateStudy, store: Store, watch: Watch, uri: str) -> None:
    study = create_study("train.epochs=2", "seeds=1")
    run_study(study, store, serial=True, watch=lambda: watch, mlflow=uri)
    runs = mlflow_runs(uri, study)
    assert runs.keys() == {trial.id for trial in study.trials}
    for trial in study.trials:
        run, record = runs[trial.id], read(store, trial)
        assert run.info.run_name == trial.name
        assert run.info.status == "FINISHED"
        assert run.data.params["architecture.shortcut"] == trial.cell.factors["architecture.shortcut"]
        assert run.data.params["seed"] == str(trial.seed)
        assert run.data.tags["ablate.outcome"] == "finished"
        assert mlflow_history(uri, run, "test_error") == of_record(record, "test_error")
        assert run.data.metrics["final_test_error"] == record.final["test_error"]
        assert run.data.metrics["selected_val_error"] == (record.selected or {})["val_error"]


@pytest.mark.slow
def test_mlflow_goes_on_with_the_run_of_a_stopped_training(
    create_study: CreateStudy, store: Store, watch: Watch, uri: str
) -> None:
    study = create_study("train.epochs=5", "seeds=1", "grid={}")
    options: dict[str, Any] = {"serial": True, "mlflow": uri, "checkpoint_seconds": 0.0}
    with pytest.raises(Interrupted):
        run_study(study, store, watch=lambda: StopAfter(3), **options)
    run_study(study, store, watch=lambda: watch, **options)
    (trial,) = study.trials
    run = mlflow_runs(uri, study)[trial.id]
    assert sorted(mlflow_history(uri, run, "train_loss")) == of_record(read(store, trial), "train_loss")
    assert run.info.status == "FINISHED"


@pytest.mark.slow
def test_a_diverged_trial_has_its_reason(create_study: CreateStudy, store: Store, watch: Watch, uri: str) -> None:
    study = create_study("seeds=1", "train.lr=1e9", "train.epochs=3")
    run_study(study, store, serial=True, watch=lambda: watch, mlflow=uri)
    for trial in study.trials:
        run = mlflow_runs(uri, study)[trial.id]
        assert run.data.tags["ablate.outcome"] == str(read(store, trial).outcome) == "diverged"
        assert run.data.tags["ablate.error"] == read(store, trial).error


def test_a_server_that_is_not_there_is_said_before_anything_is_trained(
    create_study: CreateStudy, store: Store, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    study = create_study()
    with pytest.raises(UsageError, match="MLflow: "):
        run_study(study, store, serial=True, watch=lambda: watch, mlflow="http://127.0.0.1:9")
    assert not store.outcomes(trial.id for trial in study.trials)


@pytest.mark.parametrize("package", ["mlflow", "wandb"])
def test_a_missing_package_is_said_before_anything_is_trained(
    create_study: CreateStudy, store: Store, watch: Watch, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UsageError, match=rf"pip install 'ablate\[{package}\]'"):
        run_study(create_study(), store, serial=True, watch=lambda: watch, **{package: "somewhere"})
    assert not store.folder.exists()


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.delenv("WANDB_DIR", raising=False)
    return tmp_path / "runs" / "wandb"


def read_wandb(folder: Path, trial: Trial) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows that offline runs of the trial would send, in the order they were written, and their configuration."""
    from wandb.proto import wandb_internal_pb2

    rows, config = [], {}
    for file in sorted(folder.glob(f"offline-run-*-{trial.id}/*.wandb")):
        for content in map(wandb_internal_pb2.Record.FromString, log_records(file.read_bytes())):
            updates = [*content.run.config.update, *content.config.update]
            config |= {item.key: json.loads(item.value_json) for item in updates}
            if items := content.history.item:
                rows.append({"/".join(i.nested_key) or i.key: json.loads(i.value_json) for i in items})
    return rows, config


def log_records(content: bytes) -> Iterator[bytes]:
    """What a log in LevelDB's format holds, after W&B's own seven bytes at its head: blocks of 32 KiB with records of
    checksum (4 bytes), length (2), type (1: whole, 2: first part, 3: further part, 4: last part) and data.
    """
    parts, position = b"", 7
    while position + 7 <= len(content):
        if (room := 2**15 - position % 2**15) < 7:
            position += room
            continue
        length, kind = struct.unpack_from("<HB", content, position + 4)
        parts += content[position + 7 : position + 7 + length]
        position += 7 + length
        if kind in (1, 4):
            yield parts
            parts = b""


@pytest.mark.slow
def test_wandb_has_a_run_for_every_trial_with_every_epoch_once(
    create_study: CreateStudy, store: Store, watch: Watch, offline: Path
) -> None:
    """The first command is stopped, the second goes on."""
    study = create_study("train.epochs=4", "seeds=1")
    options: dict[str, Any] = {"serial": True, "wandb": "shortcuts", "checkpoint_seconds": 0.0}
    with pytest.raises(Interrupted):
        run_study(study, store, watch=lambda: StopAfter(2, lambda: [*offline.glob("ablate/shortcuts/*")]), **options)
    run_study(study, store, watch=lambda: watch, **options)
    for trial in study.trials:
        record, (rows, config) = read(store, trial), read_wandb(offline, trial)
        logged = [(row["training_iteration"], row["test_error"]) for row in rows if "test_error" in row]
        assert set(logged) <= set(of_record(record, "test_error"))
        assert len(logged) == len(set(logged))
        assert rows[-1]["final_test_error"] == record.final["test_error"]
        assert config["outcome"] == "finished"
        assert config["architecture.shortcut"] == trial.cell.factors["architecture.shortcut"]
        assert config["seed"] == trial.seed
    assert len(logged) == 4  # the last trial was not interrupted
