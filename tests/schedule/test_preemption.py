"""A trial whose worker or whose command is killed goes on from its checkpoint; weights are kept where asked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from safetensors.torch import load_file

from ablate.model import build
from ablate.records import Record, Store
from ablate.schedule import run_trials
from ablate.schedule.claims import claim_path
from ablate.schedule.progress import Watch
from ablate.spec import Study, Trial

CreateStudy = Callable[..., Study]
Result = Callable[[Record | None], dict[str, object]]
# So long that a busy machine writes a second checkpoint too: they may take 1% of the time.
LONG = ["seeds=1", "train.epochs=120", "data.augment.pad=1", "grid={architecture.shortcut: [{dropout: 0.5}]}"]


def printed(watch: Watch) -> str:
    return watch.console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def alone(trial: Trial, folder: Path, watch: Watch) -> Record | None:
    store = Store(folder)
    run_trials([trial], store, serial=True, watch=Watch(watch.console))
    return store.read(trial.id)


def wait_for_checkpoints(path: Path, num: int, is_alive: Callable[[], bool]) -> None:
    """Wait until so many have been written, one over the other."""
    seen: set[int] = set()
    while len(seen) < num and is_alive():
        with suppress(OSError):
            seen.add(path.stat().st_mtime_ns)
        time.sleep(0.002)
    assert len(seen) == num, "the trial was over too soon"


@pytest.mark.usefixtures("ray_session")
def test_a_trial_whose_worker_is_killed_goes_on(
    create_study: CreateStudy, store: Store, watch: Watch, tmp_path: Path, result: Result
) -> None:
    (trial,) = create_study(*LONG).trials

    def kill() -> None:
        wait_for_checkpoints(store.checkpoint_path(trial.id), 2, lambda: not store.has(trial.id))
        os.kill(json.loads(claim_path(store, trial.id).read_text())["pid"], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    run_trials([trial], store, checkpoint_seconds=0, watch=watch)
    thread.join()
    assert f"! {trial.name}  its process died" in printed(watch)
    assert f"· {trial.name}  goes on in epoch " in printed(watch)
    assert not list((store.folder / "checkpoints").iterdir())
    assert result(store.read(trial.id)) == result(alone(trial, tmp_path / "alone", watch))


@pytest.mark.slow
def test_a_command_that_is_killed_goes_on(
    create_study: CreateStudy, study_file: Path, store: Store, watch: Watch, tmp_path: Path, result: Result
) -> None:
    (trial,) = create_study(*LONG).trials
    command = [sys.executable, "-m", "ablate", "run", str(study_file), *LONG, "--serial", "--checkpoint-seconds", "0"]
    command += ["--store", str(store.folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        wait_for_checkpoints(store.checkpoint_path(trial.id), 2, lambda: process.poll() is None)
        process.kill()
    assert store.read(trial.id) is None
    again = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"· {trial.name}  goes on in epoch " in again.stdout
    assert result(store.read(trial.id)) == result(alone(trial, tmp_path / "alone", watch))


def test_weights_are_kept_where_asked_and_trials_without_are_trained_again(
    create_study: CreateStudy, store: Store, watch: Watch, result: Result
) -> None:
    trials = create_study("seeds=1").trials
    run_trials(trials, store, serial=True, watch=watch)
    assert not (store.folder / "weights").exists()
    before = [result(store.read(trial.id)) for trial in trials]
    for _ in range(2):
        run_trials(trials, store, serial=True, keep_weights=True, watch=Watch(watch.console))
    assert printed(watch).count("✓") == 4
    assert [result(store.read(trial.id)) for trial in trials] == before
    for trial in trials:
        build(trial.cell.network).load_state_dict(load_file(store.weights_path(trial.id)))
