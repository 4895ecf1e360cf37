"""Training in-process: what is missing, what is kept, what a person reads."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ablate.errors import DataError, Interrupted, StoreError, TrialsFailed
from ablate.records import Outcome, Store
from ablate.schedule import run_trials
from ablate.schedule.claims import claim_path
from ablate.schedule.events import Event, TrialEnded
from ablate.schedule.progress import Watch
from ablate.spec import Study, Trial
from ablate.spec.architecture.network import Operation

CreateStudy = Callable[..., Study]


def printed(watch: Watch) -> str:
    return watch.console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_every_trial_gets_a_record_and_the_lines_say_so(create_study: CreateStudy, store: Store, watch: Watch) -> None:
    study = create_study("seeds=1")
    outcomes = run_trials(study.trials, store, serial=True, watch=watch)
    assert outcomes == {trial.id: Outcome.FINISHED for trial in study.trials}
    assert store.outcomes(outcomes) == outcomes
    first, *lines, last = printed(watch).splitlines()
    assert first == "2 trials: 0 recorded, 2 to train"
    assert last == "2 requested = 2 finished + 0 diverged + 0 failed + 0 stopped + 0 not run"
    for line, trial in zip(sorted(lines), sorted(study.trials, key=lambda trial: trial.name), strict=True):
        record = store.read(trial.id)
        assert record is not None
        train, test = record.final["train_error"], record.final["test_error"]
        figures = re.escape(f"✓ {trial.name}  train {train:.1f}%  test {test:.1f}%  {record.cost.seconds:.1f} s")
        assert re.fullmatch(figures + r"  \(\d/2 trials, \d/2 epochs(, \d+ s left)?\)", line)
    assert not list(store.folder.rglob("*.claim"))


def test_only_what_is_missing_is_trained(create_study: CreateStudy, store: Store, watch: Watch) -> None:
    run_trials(create_study("seeds=1").trials, store, serial=True, watch=watch)
    before = {path: path.stat().st_mtime_ns for path in store.folder.rglob("*.json")}
    grown = create_study("seeds=2")
    run_trials(grown.trials, store, serial=True, watch=watch)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(store.outcomes(trial.id for trial in grown.trials)) == 4
    assert "4 trials: 2 recorded, 2 to train" in printed(watch)


def test_with_nothing_missing_neither_ray_nor_torch_is_imported(
    create_study: CreateStudy, study_file: Path, store: Store, watch: Watch
) -> None:
    run_trials(create_study().trials, store, serial=True, watch=watch)
    code = f"""
import sys
from pathlib import Path
from ablate.records import Store
from ablate.schedule import run_trials
from ablate.spec import load_study
run_trials(load_study({str(study_file)!r}).trials, Store(Path({str(store.folder)!r})))
print({{"ray", "torch"}} & sys.modules.keys())
"""
    lines = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    assert lines == [
        "4 trials: 4 recorded, 0 to train",
        "4 requested = 4 finished + 0 diverged + 0 failed + 0 stopped + 0 not run",
        "set()",
    ]


def test_equal_trials_are_trained_once(create_study: CreateStudy, store: Store, watch: Watch) -> None:
    trials = create_study("seeds=1").trials
    assert len(run_trials([*trials, *trials], store, serial=True, watch=watch)) == 2
    assert "2 requested = 2 finished" in printed(watch)


def test_divergence_is_a_result(create_study: CreateStudy, store: Store, watch: Watch) -> None:
    study = create_study("seeds=1", "train.lr=1e12", "train.epochs=2")
    outcomes = run_trials(study.trials, store, serial=True, watch=watch)
    assert set(outcomes.values()) == {Outcome.DIVERGED}
    assert re.search(r"✗ .* seed=0  diverged: .*learning rate", printed(watch))
    assert "0 finished + 2 diverged" in printed(watch)


def with_too_few_outputs(trial: Trial) -> Trial:
    """A network that builds but fails in training: seven outputs for ten classes."""
    head = (Operation("global-avgpool"), Operation("linear", {"features": 7, "bias": True}))
    return replace(trial, cell=replace(trial.cell, network=replace(trial.cell.network, head=head)))


def test_a_failure_is_kept_until_it_is_to_be_retried(create_study: CreateStudy, store: Store, watch: Watch) -> None:
    good, other = create_study("seeds=1").trials
    trials = [good, with_too_few_outputs(other)]
    for _ in range(2):
        with pytest.raises(TrialsFailed, match=r"1 trial failed.*--retry-failed"):
            run_trials(trials, store, serial=True, watch=watch)
    assert printed(watch).count("failed: IndexError") == 1
    assert printed(watch).count("2 requested = 1 finished + 0 diverged + 1 failed") == 2
    with pytest.raises(TrialsFailed):
        run_trials(trials, store, serial=True, retry_failed=True, watch=watch)
    assert printed(watch).count("failed: IndexError") == 2
    assert printed(watch).count("✓") == 1


def test_a_missing_data_set_ends_the_run_without_a_record(
    create_study: CreateStudy, store: Store, watch: Watch
) -> None:
    trials = create_study("data.dataset=cifar10", "data.root=/nowhere").trials
    with pytest.raises(DataError, match="cifar10"):
        run_trials(trials, store, serial=True, watch=watch)
    assert not list(store.folder.rglob("*.json"))


def test_a_store_that_cannot_be_written_is_said(create_study: CreateStudy, tmp_path: Path, watch: Watch) -> None:
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(StoreError):
        run_trials(create_study().trials, Store(tmp_path / "runs"), serial=True, watch=watch)


class StoppingWatch(Watch):
    """Sends the signal when the first trial has ended."""

    number = signal.SIGINT

    def show(self, event: Event) -> None:
        super().show(event)
        if isinstance(event, TrialEnded):
            signal.raise_signal(self.number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_run_and_keeps_what_has_finished(
    create_study: CreateStudy, store: Store, watch: Watch, number: signal.Signals
) -> None:
    trials = create_study().trials
    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    stopping = StoppingWatch(watch.console)
    stopping.number = number
    with pytest.raises(Interrupted, match=r"stopped: 1 of 4 trials recorded; run the same command again"):
        run_trials(trials, store, serial=True, watch=stopping)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers
    kept = {path: path.stat().st_mtime_ns for path in store.folder.rglob("*.json")}
    assert len(kept) == 1
    assert len(run_trials(trials, store, serial=True, watch=watch)) == 4
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_a_trial_that_another_command_trains_is_waited_for_and_not_trained_again(
    create_study: CreateStudy, study_file: Path, store: Store, watch: Watch
) -> None:
    overrides = ["seeds=1", "train.epochs=20"]
    trials = create_study(*overrides).trials
    other = f"""
from pathlib import Path
from ablate.records import Store
from ablate.schedule import run_trials
from ablate.spec import load_study
trials = load_study({str(study_file)!r}, {overrides}).trials
run_trials(trials[:1], Store(Path({str(store.folder)!r})), serial=True)
"""
    with subprocess.Popen([sys.executable, "-c", other], stdout=subprocess.DEVNULL) as process:
        while not claim_path(store, trials[0].id).exists():
            time.sleep(0.01)
        assert len(run_trials(trials, store, serial=True, watch=watch)) == 2
        assert re.search(rf"1 trial left to process {process.pid} on .*; waiting", printed(watch))
    assert process.returncode == 0
    assert printed(watch).count("✓") == 2


def test_what_another_command_leaves_behind_when_it_is_killed_is_taken_over(
    create_study: CreateStudy, store: Store, watch: Watch
) -> None:
    trials = create_study("seeds=1").trials
    paths = [str(claim_path(store, trial.id)) for trial in trials]
    other = f"""
import time
from pathlib import Path
from ablate.schedule.claims import take
claims = [take(Path(path)) for path in {paths}]
print(flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", other], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        threading.Timer(1.5, process.kill).start()
        outcomes = run_trials(trials, store, serial=True, watch=watch)
    assert outcomes == {trial.id: Outcome.FINISHED for trial in trials}
    assert f"2 trials left to process {process.pid} on" in printed(watch)
