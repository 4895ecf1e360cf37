"""The command is killed at random moments, and started again while what it left behind is still dying."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from injector import Audit, Injector, running

from ablate.records import Store

KILLS = 8


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_command_killed_again_and_again_loses_and_repeats_nothing(
    command: list[str], store: Store, output: Path, assert_as_undisturbed: Callable[[], None]
) -> None:
    injector = Injector(store, seed=7)
    with Audit(store):
        for number in range(KILLS):
            with running(command, output) as process:
                if number == 0:
                    time.sleep(injector.chance.uniform(0, 4))  # while Ray starts
                else:
                    injector.wait(lambda: process.poll() is None)
                assert process.poll() is None, output.read_text()
                injector.count("command", *injector.under_way())
                process.kill()
        with running(command, output) as process:
            process.wait()
    assert process.returncode == 0, output.read_text()
    assert injector.injected == {"command": KILLS}
    assert "10 requested = 10 finished" in output.read_text()
    assert_as_undisturbed()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_of_two_commands_on_one_study_the_other_takes_over_what_a_killed_one_was_training(
    command: list[str], store: Store, output: Path, tmp_path: Path, assert_as_undisturbed: Callable[[], None]
) -> None:
    injector = Injector(store, seed=8)
    with Audit(store), running(command, output) as one, running(command, tmp_path / "other") as other:
        assert injector.wait(lambda: one.poll() is None)
        injector.count("command", *injector.under_way())
        one.kill()
        other.wait()
    assert other.returncode == 0, (tmp_path / "other").read_text()
    assert "10 requested = 10 finished" in (tmp_path / "other").read_text()
    assert_as_undisturbed()
