"""A real cluster of three machines, joined by `--address`: they break down, go, and come."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from injector import Audit, Injector, running
from machines import Machine, Machines, open_machines, parent, raylet

from ablate.records import Store

RAYLETS, LOSSES = 5, 4


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
                trials = [id_ for id_, pid in injector.under_way().items() if parent(pid) == raylet(machine)]
                injector.count(kind, *trials)
                (machines.kill_raylet if kind == "raylet" else machines.lose)(machine)
                machines.add()
            process.wait()
        assert process.returncode == 0, output.read_text()
    assert injector.injected == {"raylet": RAYLETS, "machine": LOSSES}
    assert "6 requested = 6 finished" in output.read_text()
    assert "goes on in epoch" in output.read_text()
    assert_as_undisturbed()


def find_machine(machines: Machines, injector: Injector, is_alive: Callable[[], bool]) -> Machine:
    """One whose trial has just got further."""
    by_raylet = {raylet(machine): machine for machine in machines.running}
    while trial_id := injector.wait(is_alive, lambda pid: parent(pid) in by_raylet):
        if machine := by_raylet.get(parent(injector.under_way().get(trial_id, 0)) or 0):
            return machine
    pytest.fail("the command ended before all faults had been injected")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_machine_that_joins_later_is_used(command: list[str], store: Store, output: Path) -> None:
    injector = Injector(store, seed=13)
    with open_machines(1) as machines, running([*command, "--address", machines.address], output) as process:
        assert injector.wait(lambda: process.poll() is None)
        added = raylet(machines.add())
        assert injector.wait(lambda: process.poll() is None, lambda pid: parent(pid) == added), output.read_text()
