"""Trials that run out of memory: by a failed allocation, by Ray's memory monitor, by limits set while they train."""

from __future__ import annotations

import os
import re
import resource
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from injector import POLL_SECONDS, Audit, Injector, running
from machines import open_machines, parent, paused, raylet

from ablate.errors import TrialsFailed
from ablate.records import Outcome, Store
from ablate.schedule import run_trials
from ablate.schedule.progress import Watch
from ablate.spec import Study

CreateStudy = Callable[..., Study]
KILLS, LIMITS = 4, 4
IMPOSSIBLE = [  # 1.4 TB for one batch
    "seeds=1",
    "grid={}",
    "data.size=64",
    "train.batch_size=1293",
    "variants={huge: {set: {architecture.stem: [{conv3x3: {channels: 65536}}, {conv3x3: {channels: 2}}]}}}",
]
ASKED = r"out of memory: asked for \d{12,} \w+ more"
STARVING = {"RAY_memory_usage_threshold": "0.001", "RAY_memory_monitor_refresh_ms": "100"}


def printed(watch: Watch) -> str:
    return watch.console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def fail(trials: list[object], store: Store, watch: Watch, **options: object) -> str:
    with pytest.raises(TrialsFailed, match="1 trial failed"):
        run_trials(trials, store, watch=watch, **options)  # type: ignore[arg-type]
    (failed,) = (r for r in store.read_all(t.id for t in trials).values() if r.outcome is Outcome.FAILED)  # type: ignore[attr-defined]
    return failed.error or ""


def test_in_a_serial_run_there_is_nothing_to_lower(create_study: CreateStudy, store: Store, watch: Watch) -> None:
    trials = [trial for trial in create_study(*IMPOSSIBLE).trials if "huge" in trial.name]
    error = fail(trials, store, watch, serial=True)
    assert re.fullmatch(
        r"out of memory: asked for \d{12,} .*more, with nothing beside it; lower train.batch_size", error
    )
    assert "tried again" not in printed(watch)


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_a_failed_allocation_is_tried_once_more_with_nothing_beside_it(
    create_study: CreateStudy, store: Store, watch: Watch
) -> None:
    trials = create_study(*IMPOSSIBLE, "train.epochs=2").trials
    error = fail(trials, store, watch)
    assert re.fullmatch(
        r"out of memory: asked for \d{12,} .*more, with nothing beside it; lower train.batch_size", error
    )
    (note,) = (line for line in printed(watch).splitlines() if "· huge seed=0" in line)
    assert re.search(ASKED + "; will be tried again with nothing beside it$", note)
    assert "2 requested = 1 finished + 0 diverged + 1 failed" in printed(watch)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_trials_that_ray_ends_for_memory_are_tried_again_with_a_machine_to_itself(
    command: list[str], store: Store, output: Path, assert_as_undisturbed: Callable[[], None]
) -> None:
    """One of two machines has no memory to spare; it is replaced after Ray has ended what trained there."""
    injector = Injector(store, seed=14)
    with open_machines(1) as machines, Audit(store):
        (other,) = machines.running
        starving = machines.add(**STARVING)
        with running([*command, "--address", machines.address], output) as process:
            assert injector.wait(lambda: process.poll() is None, lambda pid: parent(pid) == raylet(other))
            there = [pid for pid in injector.under_way().values() if parent(pid) == raylet(other)]
            with paused(there):  # or it would train them all
                while injector.injected["memory"] < KILLS and process.poll() is None:
                    injector.injected["memory"] = output.read_text().count("out of memory: its process was ended")
                    time.sleep(0.2)
            machines.lose(starving)
            machines.add()
            process.wait()
        assert process.returncode == 0, output.read_text()
    assert injector.injected["memory"] >= KILLS
    assert re.search(r"out of memory: its process was ended .* of .* GB of its machine were in use", output.read_text())
    assert_as_undisturbed()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_processes_that_may_not_have_more_memory_lose_nothing(
    command: list[str], store: Store, output: Path, assert_as_undisturbed: Callable[[], None]
) -> None:
    """They may have less than they hold: the next allocation fails, in PyTorch or in Ray. Soon the system ends them."""
    injector = Injector(store, seed=15)
    with Audit(store), running([*command, "--concurrency", "2"], output) as process:
        while injector.injected["limit"] < LIMITS and (trial_id := injector.wait(lambda: process.poll() is None)):
            if pid := injector.under_way().get(trial_id):
                with suppress(ProcessLookupError):
                    starve(injector, trial_id, pid)
        process.wait()
    assert process.returncode == 0, output.read_text()
    assert injector.injected["limit"] == LIMITS
    assert_as_undisturbed()


def starve(injector: Injector, trial_id: str, pid: int) -> None:
    resource.prlimit(pid, resource.RLIMIT_AS, (2**20, 2**20))
    injector.count("limit", trial_id)
    deadline = time.monotonic() + 1.0
    while injector.under_way().get(trial_id) == pid and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    os.kill(pid, signal.SIGKILL)
