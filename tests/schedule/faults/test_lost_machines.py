"""A real cluster of three machines, joined by `--address`: they break down, go, and come."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from injector import POLL_SECONDS, Audit, Injector, running
from machines import Machine, Machines, open_machines, parent, paused, raylet

from ablate.records import Store

RAYLETS, LOSSES = 5, 4
RETURN_SECONDS = 120.0


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_trials_of_lost_machines_go_on_elsewhere(
    command: list[str], store: Store, output: Path, assert_as_undisturbed: Callable[[], None]
) -> None:
    kinds = random.Random(5).sample(["raylet"] * RAYLETS + ["machine"] * LOSSES, RAYLETS + LOSSES)
    injector = Injector(store, seed=12)
    with open_machines(3) as machines, Audit(store):
        with running([*command, "--address", machines.address], output) as process:
            for kind in kinds:
                machine = find_machine(machines, injector, lambda: process.poll() is None)
                assert machine, f"the command ended after {injector.injected}:\n{output.read_text()}"
                trials = [id_ for id_, pid in injector.under_way().items() if parent(pid) == raylet(machine)]
                injector.count(kind, *trials)
                (machines.kill_raylet if kind == "raylet" else machines.lose)(machine)
                with paused(training(machines, injector)):  # or the study would end meanwhile
                    machines.add()
                    await_return(trials, injector, store)
            process.wait()
        assert process.returncode == 0, output.read_text()
    assert injector.injected == {"raylet": RAYLETS, "machine": LOSSES}
    assert "10 requested = 10 finished" in output.read_text()
    assert "goes on in epoch" in output.read_text()
    assert_as_undisturbed()


def training(machines: Machines, injector: Injector) -> list[int]:
    """The processes that train on machines that run."""
    raylets = {raylet(machine) for machine in machines.running}
    return [pid for pid in injector.under_way().values() if parent(pid) in raylets]


def await_return(trials: list[str], injector: Injector, store: Store) -> None:
    """Until they have got further, or have ended; Ray may take its time to see what it has lost."""
    deadline = time.monotonic() + RETURN_SECONDS
    while not all(store.has(id_) or injector.has_advanced(id_) for id_ in trials):
        assert time.monotonic() < deadline, f"{trials} were not started again"
        time.sleep(POLL_SECONDS)


def find_machine(machines: Machines, injector: Injector, is_alive: Callable[[], bool]) -> Machine | None:
    """One whose trial has just got further; None once the command has ended."""
    by_raylet = {raylet(machine): machine for machine in machines.running}
    while trial_id := injector.wait(is_alive, lambda pid: parent(pid) in by_raylet):
        if machine := by_raylet.get(parent(injector.under_way().get(trial_id, 0)) or 0):
            return machine
    return None


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_machine_that_joins_later_is_used(command: list[str], store: Store, output: Path) -> None:
    injector = Injector(store, seed=13)
    with open_machines(1) as machines, running([*command, "--address", machines.address], output) as process:
        assert injector.wait(lambda: process.poll() is None)
        added = raylet(machines.add())
        assert injector.wait(lambda: process.poll() is None, lambda pid: parent(pid) == added), output.read_text()
