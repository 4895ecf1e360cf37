"""A budget of time, spent for real: what runs is stopped in order, and the next command goes on."""

from __future__ import annotations

import importlib
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ablate.errors import OverBudget, UsageError
from ablate.records import Outcome, Store
from ablate.schedule import run_study, run_trials
from ablate.schedule.claims import claim_path, take
from ablate.schedule.progress import Watch
from ablate.spec import Study

CreateStudy = Callable[..., Study]
SPENT = r"time budget of \d+ s spent: (\d+) of 4 trials recorded; run the same command again to go on"


def printed(watch: Watch) -> str:
    return watch.console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_a_spent_budget_stops_within_a_trial_and_the_next_goes_on_from_its_checkpoint(
    create_study: CreateStudy, store: Store, watch: Watch
) -> None:
    importlib.import_module("ablate.train")  # takes seconds
    study = create_study("train.epochs=10000")
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
    handlers = [signal.getsignal(number) for number in numbers]
    for _ in range(20):  # the first may be spent before there is a checkpoint
        start = time.monotonic()
        with pytest.raises(OverBudget, match=SPENT):
            run_study(study, store, serial=True, time_budget=3.0, checkpoint_seconds=0.0, watch=lambda: watch)
        assert time.monotonic() - start >= 3
        assert [signal.getsignal(number) for number in numbers] == handlers
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
        assert "4 requested = 0 finished + 0 diverged + 0 failed + 0 stopped + 4 not run" in printed(watch)
        if "from its checkpoint" in printed(watch):
            return
    pytest.fail(printed(watch))


def test_a_budget_that_is_not_spent_changes_nothing(create_study: CreateStudy, store: Store, watch: Watch) -> None:
    study = create_study()
    outcomes = run_trials(study.trials, store, serial=True, time_budget=600.0, watch=watch)
    assert set(outcomes.values()) == {Outcome.FINISHED}
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_actors_are_stopped_too(create_study: CreateStudy, store: Store, watch: Watch) -> None:
    study = create_study("train.epochs=3000")
    with pytest.raises(OverBudget, match=SPENT):
        run_study(study, store, time_budget=10.0, checkpoint_seconds=1.0, watch=lambda: watch)
    deadline = time.monotonic() + 60
    while held := [claim for trial in study.trials if not _is_free(claim := claim_path(store, trial.id))]:
        assert time.monotonic() < deadline, held
        time.sleep(0.1)


def _is_free(path: Path) -> bool:
    claim = take(path)
    if claim:
        claim.release()
    return claim is not None


def test_it_needs_the_main_thread(create_study: CreateStudy, store: Store, watch: Watch) -> None:
    raised: list[BaseException] = []

    def run() -> None:
        try:
            run_trials(create_study().trials, store, serial=True, time_budget=60.0, watch=watch)
        except UsageError as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert "main thread" in str(raised[0])
