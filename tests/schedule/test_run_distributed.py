"""Trials that several processes train together, through a real Ray Train: the same records, whatever dies or fails."""

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

from ablate.errors import DataError, TrialsFailed, UsageError
from ablate.records import Outcome, Record, Store
from ablate.schedule import run_trials
from ablate.schedule.allotment import Demand, Node
from ablate.schedule.cluster import Resources
from ablate.schedule.distributed.allotment import allot_groups, refuse_accumulation
from ablate.schedule.progress import Watch
from ablate.spec import Study

ABLATE = Path(sys.executable).with_name("ablate")
EXACT = "train.precision=float64"
LONG = ["grid={architecture.shortcut: [projection]}", "seeds=1", "train.epochs=10", "data.augment.pad=1", EXACT]
ONE = Demand(Resources(1))

CreateStudy = Callable[..., Study]
pytestmark = [
    pytest.mark.filterwarnings("ignore:.* is deprecated:DeprecationWarning"),  # Ray Train, of Ray Data
    pytest.mark.timeout(900),
]


def printed(watch: Watch) -> str:
    return watch.console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def assert_same_figures(found: Record, expected: Record) -> None:
    assert found.outcome is expected.outcome
    assert len(found.history) == len(expected.history)
    for a, b in zip(found.history, expected.history, strict=True):
        assert a.model_dump(exclude={"seconds"}) == pytest.approx(b.model_dump(exclude={"seconds"}), rel=1e-8)


def read(store: Store, trial_id: str) -> Record:
    record = store.read(trial_id)
    assert record is not None
    return record


@pytest.mark.parametrize(
    ("nodes", "num_workers", "num_groups", "gpus"),
    [
        ([Node(8)], 2, 4, 0.0),
        ([Node(3), Node(3)], 4, 1, 0.0),  # placed on both
        ([Node(64, 8)], 4, 2, 1.0),
        ([Node(16, 1), Node(16, 1), Node(16)], 2, 1, 1.0),
    ],
)
def test_groups_fill_the_machines(nodes: list[Node], num_workers: int, num_groups: int, gpus: float) -> None:
    allotment = allot_groups(nodes, ONE, num_workers)
    assert (allotment.num_processes, allotment.resources) == (num_groups, Resources(1, gpus))


def test_more_workers_than_the_machines_hold_are_refused() -> None:
    with pytest.raises(UsageError, match=r"--workers 3: .*1 CPUs and 1 GPUs; the machines here have room for 2"):
        allot_groups([Node(16, 2)], ONE, 3)


def test_workers_and_serial_contradict_each_other(study_file: Path, store: Store) -> None:
    command = [ABLATE, "run", study_file, "--store", store.folder, "--workers", "2", "--serial"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "--workers 2 cannot go with --serial" in result.stderr


def test_a_recipe_that_accumulates_is_refused(create_study: CreateStudy) -> None:
    with pytest.raises(UsageError, match=r"--workers cannot go with train\.accumulate"):
        refuse_accumulation([create_study("train.accumulate=2").trials])


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_workers_write_the_records_of_a_single_process(
    create_study: CreateStudy, store: Store, watch: Watch, tmp_path: Path
) -> None:
    trials = create_study(
        "train.epochs=2", EXACT, "grid={architecture.shortcut: [none, projection], train.lr: [0.05, 1e80]}"
    ).trials
    alone = Store(tmp_path / "alone")
    run_trials(trials, alone, serial=True, watch=Watch(watch.console))
    outcomes = run_trials(trials, store, workers=2, watch=watch)
    assert set(outcomes.values()) == {Outcome.FINISHED, Outcome.DIVERGED}
    for trial in trials:
        record = read(store, trial.id)
        assert record.environment["workers"] == 2
        if record.outcome is Outcome.FINISHED:
            assert_same_figures(record, read(alone, trial.id))
    before = {path: path.stat().st_mtime_ns for path in Path(store.folder).rglob("*.json")}
    run_trials(trials, store, workers=2, watch=Watch(watch.console))
    assert before == {path: path.stat().st_mtime_ns for path in Path(store.folder).rglob("*.json")}
    assert not list(Path(store.folder).glob("checkpoints/*"))


def find_group(claimant: int) -> list[int]:
    """The processes of the group that trains: children of one Ray, the one that holds the claim first."""
    status = Path(f"/proc/{claimant}/stat").read_text()
    parent = status.rsplit(")", 1)[1].split()[1]
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            _, rest = path.read_text().rsplit(")", 1)
            is_worker = b"RayTrainWorker" in (path.parent / "cmdline").read_bytes()
            if is_worker and rest.split()[1] == parent:
                found.append(int(path.parent.name))
        except OSError:
            continue  # it has just ended
    return sorted(found, key=lambda pid: pid != claimant)


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_a_killed_process_restarts_its_group_which_goes_on(
    create_study: CreateStudy, store: Store, watch: Watch, tmp_path: Path
) -> None:
    """First the leading process, then the other one: all of the group are replaced with it."""
    (trial,) = create_study(*LONG).trials
    alone = Store(tmp_path / "alone")
    run_trials([trial], alone, serial=True, watch=Watch(watch.console))

    def kill() -> None:
        for which in (0, 1):
            wait_for_checkpoints(Path(store.checkpoint_path(trial.id)), 3)
            (claim,) = Path(store.folder).rglob("*.claim")
            claimant = json.loads(claim.read_text())["pid"]
            os.kill(find_group(claimant)[which], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    run_trials([trial], store, workers=2, checkpoint_seconds=0, watch=watch)
    thread.join()
    text = printed(watch)
    assert text.count("its process died") == 2
    assert_same_figures(read(store, trial.id), read(alone, trial.id))


def wait_for_checkpoints(path: Path, num: int) -> None:
    """Wait until so many have been written, one over the other."""
    seen: set[int] = set()
    before = path.stat().st_mtime_ns if path.exists() else 0
    while len(seen) < num:
        if path.exists() and path.stat().st_mtime_ns != before:
            seen.add(path.stat().st_mtime_ns)
        time.sleep(0.002)


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_a_trial_that_fails_in_a_group_is_a_record_and_the_others_go_on(
    create_study: CreateStudy, store: Store, watch: Watch
) -> None:
    """Terabytes of weights do not fit anywhere."""
    study = create_study(
        "grid={architecture.widths: [[65536, 65536, 2], [2, 2, 2]]}", "architecture.shortcut=none", "seeds=1"
    )
    with pytest.raises(TrialsFailed, match="1 trial failed"):
        run_trials(study.trials, store, workers=2, watch=watch)
    large, small = (read(store, trial.id) for trial in study.trials)
    assert (large.outcome, small.outcome) == (Outcome.FAILED, Outcome.FINISHED)
    assert "memory" in (large.error or "")


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_missing_data_end_the_run_with_their_own_message(
    create_study: CreateStudy, store: Store, watch: Watch, tmp_path: Path
) -> None:
    study = create_study("data.dataset=cifar10", f"data.root={tmp_path}", "seeds=1")
    with pytest.raises(DataError, match="cifar10"):
        run_trials(study.trials, store, workers=2, watch=watch)


@pytest.mark.slow
def test_ctrl_c_ends_every_process(study_file: Path, store: Store) -> None:
    command = [ABLATE, "run", study_file, *LONG, "--workers", "2", "--checkpoint-seconds", "0", "--store", store.folder]
    environment = os.environ | {"ABLATE_MARK": str(store.folder)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment) as one:
        while not list(Path(store.folder).glob("checkpoints/*/state")):
            assert one.poll() is None, one.communicate()
            time.sleep(0.1)
        one.send_signal(signal.SIGINT)
        output, _ = one.communicate(timeout=60)
    assert one.returncode == 130, output
    deadline = time.monotonic() + 60
    while left := marked(f"ABLATE_MARK={store.folder}"):
        assert time.monotonic() < deadline, left
        time.sleep(0.5)


def marked(variable: str) -> list[str]:
    """Processes that have the variable."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if variable.encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue  # it has just ended
    return found
