"""Training through a real Ray Tune: the same records, and workers that die."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ablate.errors import DataError, Interrupted, TrialsFailed, UsageError
from ablate.records import Outcome, Record, Store
from ablate.schedule import run_trials
from ablate.schedule.claims import claim_path
from ablate.schedule.events import Event
from ablate.schedule.progress import Watch
from ablate.spec import Study

CreateStudy = Callable[..., Study]
pytestmark = pytest.mark.usefixtures("ray_session")


def printed(watch: Watch) -> str:
    return watch.console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_what_is_missing_is_trained_with_the_records_of_a_serial_run(
    create_study: CreateStudy,
    tmp_path: Path,
    watch: Watch,
    result: Callable[[Record], object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)  # workers started elsewhere: relative folders mean the driver's all the same
    trials = create_study("seeds=3", "grid={architecture.shortcut: [none, identity, projection]}").trials
    tuned, serial = Store(Path("tuned")), Store(Path("serial"))
    run_trials(trials[:2], tuned, serial=True, watch=Watch(watch.console))
    before = {path: path.stat().st_mtime_ns for path in tuned.folder.rglob("*.json")}
    run_trials(trials, tuned, watch=watch)
    run_trials(trials, serial, serial=True, watch=Watch(watch.console))
    there, here = (store.read_all(trial.id for trial in trials) for store in (tuned, serial))
    assert {id_: result(record) for id_, record in there.items()} == {id_: result(r) for id_, r in here.items()}
    assert {id_: record.environment for id_, record in there.items()} == {id_: r.environment for id_, r in here.items()}
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert "9 trials: 2 recorded, 7 to train" in printed(watch)
    assert printed(watch).count("✓") == 2 + 7 + 9
    assert not list(tuned.folder.rglob("*.claim"))


LOGGERS_IMPORTED = """
import sys
from ablate.cli import main
main(sys.argv[1:], standalone_mode=False)
print("imported:", sorted({"mlflow", "wandb", "comet_ml", "aim"} & set(sys.modules)))
"""


@pytest.mark.slow
def test_loggers_that_are_not_asked_for_are_not_imported(study_file: Path) -> None:
    """Tune does so, to count callbacks for statistics that are off; it takes longer than a hundred short trials."""
    command = [
        sys.executable,
        "-c",
        LOGGERS_IMPORTED,
        "run",
        str(study_file),
        "--store",
        str(study_file.parent / "runs"),
    ]
    assert "imported: []" in subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.slow
def test_a_worker_without_data_ends_the_run_with_its_own_message(
    create_study: CreateStudy, store: Store, watch: Watch
) -> None:
    trials = create_study("data.dataset=cifar10", "data.root=/nowhere").trials
    with pytest.raises(DataError, match=r"ablate fetch cifar10"):
        run_trials(trials, store, watch=watch)
    assert not list(store.folder.rglob("*.json"))


def test_more_than_a_machine_has_is_said_before_anything_waits(
    create_study: CreateStudy, store: Store, watch: Watch
) -> None:
    with pytest.raises(UsageError, match=r"a trial needs 64 CPUs and 0 GPUs; a machine here has 2 CPUs and 0 GPUs"):
        run_trials(create_study().trials, store, cpus=64, watch=watch)


def kill_claimants(path: Path, times: int) -> threading.Thread:
    """Kill -9 whoever holds the claim, once it trains, `times` times."""

    def watch() -> None:
        killed: set[int] = set()
        while len(killed) < times:
            try:
                pid = json.loads(path.read_text())["pid"]
            except (OSError, ValueError):
                pid = None
            if pid and pid not in killed:
                time.sleep(0.2)
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)
            time.sleep(0.01)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def test_a_killed_worker_is_replaced_and_its_trial_starts_again(
    create_study: CreateStudy, store: Store, watch: Watch, tmp_path: Path, result: Callable[[Record], object]
) -> None:
    long, short = create_study("seeds=1", "train.epochs=10").trials
    thread = kill_claimants(claim_path(store, long.id), times=1)
    outcomes = run_trials([long, short], store, watch=watch)
    thread.join(timeout=1)
    assert outcomes == {long.id: Outcome.FINISHED, short.id: Outcome.FINISHED}
    assert f"{long.name}  its process died; starting again" in printed(watch)
    alone = Store(tmp_path / "alone")
    run_trials([long], alone, serial=True, watch=Watch(watch.console))
    assert result(store.read(long.id)) == result(alone.read(long.id))  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_trial_that_keeps_killing_its_process_has_failed(
    create_study: CreateStudy, store: Store, watch: Watch
) -> None:
    deadly, harmless = create_study("seeds=1", "train.epochs=10").trials
    thread = kill_claimants(claim_path(store, deadly.id), times=4)  # the last time with nothing beside it
    with pytest.raises(TrialsFailed, match="1 trial failed"):
        run_trials([deadly, harmless], store, watch=watch)
    thread.join(timeout=1)
    record = store.read(deadly.id)
    assert record is not None
    assert record.outcome is Outcome.FAILED
    assert (record.error or "").startswith("its process died 4 times without getting any further (Worker unexpectedly")
    assert ", with nothing beside it at the end; if it needs more memory than there is, lower" in (record.error or "")
    assert "will be tried again with nothing beside it" in printed(watch)
    assert store.outcomes([harmless.id]) == {harmless.id: Outcome.FINISHED}


@pytest.mark.slow
def test_an_interrupt_gives_the_actors_of_a_running_ray_back(
    create_study: CreateStudy, store: Store, watch: Watch
) -> None:
    class Stopping(Watch):
        def show(self, event: Event) -> None:
            super().show(event)
            signal.raise_signal(signal.SIGINT)

    trials = create_study("train.epochs=20").trials
    for _ in range(2):
        with pytest.raises(Interrupted):
            run_trials(trials, store, watch=Stopping(watch.console))
    assert len(run_trials(trials, store, watch=watch)) == 4
