"""Processes that train are killed, again and again, at random moments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from injector import Audit, Injector, running

from ablate.records import Store

KILLS = 26


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_trials_whose_processes_are_killed_all_the_time_end_as_if_nothing_had_been(
    command: list[str], store: Store, output: Path, assert_as_undisturbed: Callable[[], None]
) -> None:
    injector = Injector(store, seed=11)
    with Audit(store), running([*command, "--concurrency", "2"], output) as process:
        while injector.injected["worker"] < KILLS and injector.kill_worker(lambda: process.poll() is None):
            pass
        process.wait()
    assert process.returncode == 0, output.read_text()
    assert injector.injected["worker"] == KILLS
    assert "10 requested = 10 finished" in output.read_text()
    assert output.read_text().count("its process died") == KILLS
    assert_as_undisturbed()
