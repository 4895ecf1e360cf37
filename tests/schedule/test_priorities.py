"""First seeds of all cells come first, whatever happens on the way: a study cut short is readable."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from ablate.errors import Interrupted
from ablate.records import Outcome, Store
from ablate.schedule import run_study, run_trials
from ablate.schedule.events import Event, TrialEnded
from ablate.schedule.progress import Watch
from ablate.search import decide
from ablate.spec import Study, Trial

CreateStudy = Callable[..., Study]
GRID = "grid={architecture.depth: [8, 14, 20], architecture.shortcut: [none, identity]}"
SEARCH = "search={parameters: {train.lr: {loguniform: [0.01, 0.1]}}, trials: 2}"


class Impatient(Watch):
    """Presses Ctrl+C once so many trials have ended."""

    def __init__(self, watch: Watch, number: int) -> None:
        super().__init__(watch.console)
        self.number = number

    def show(self, event: Event) -> None:
        super().show(event)
        self.number -= isinstance(event, TrialEnded)
        if self.number == 0:
            signal.raise_signal(signal.SIGINT)


def recorded(trials: tuple[Trial, ...], store: Store) -> list[Trial]:
    found = store.outcomes(trial.id for trial in trials)
    return [trial for trial in trials if trial.id in found]


@pytest.mark.parametrize("number", [2, 6, 8])
def test_no_cell_has_a_second_seed_before_all_have_a_first(
    create_study: CreateStudy, store: Store, watch: Watch, number: int
) -> None:
    trials = create_study(GRID, "seeds=[5, 3]").trials
    with pytest.raises(Interrupted):
        run_trials(trials, store, serial=True, watch=Impatient(watch, number))
    done = recorded(trials, store)
    assert number <= len(done) < len(trials)
    assert {trial.seed for trial in done[:6]} == {5}
    assert {trial.seed for trial in done[6:]} <= {3}


def test_a_failed_first_seed_is_trained_again_before_second_seeds(
    create_study: CreateStudy, store: Store, watch: Watch
) -> None:
    trials = create_study(GRID, "seeds=2").trials
    run_trials(trials[:6], store, serial=True, watch=watch)
    failed = trials[4]
    record = store.read(failed.id)
    assert record
    store.write(record.model_copy(update={"outcome": Outcome.FAILED, "final": {}, "selected": None, "error": "killed"}))
    with pytest.raises(Interrupted):
        run_trials(trials, store, serial=True, retry_failed=True, watch=Impatient(watch, 1))
    outcomes = store.outcomes([failed.id])
    assert outcomes == {failed.id: Outcome.FINISHED}


def test_after_a_search_too(create_study: CreateStudy, store: Store, watch: Watch) -> None:
    study = create_study("seeds=2", SEARCH)
    impatient = Impatient(watch, 2 * 2 + 2)  # two settings in each of two cells, then two of four trials
    with pytest.raises(Interrupted):
        run_study(study, store, serial=True, watch=lambda: impatient)
    decided, _ = decide(study, store.read)
    done = recorded(decided.trials, store)
    assert Counter(trial.seed for trial in done)[0] == 2


@pytest.mark.slow
@pytest.mark.usefixtures("ray_session")
def test_in_packs_on_several_processes_too(create_study: CreateStudy, store: Store, watch: Watch) -> None:
    """What the second process is at may be one pack ahead."""
    study = create_study(GRID, "seeds=4", "train.epochs=20")
    trials = tuple(replace(trial) for trial in study.trials)
    with pytest.raises(Interrupted):
        run_trials(trials, store, concurrency=2, watch=Impatient(watch, 9))
    seeds = Counter(trial.seed for trial in recorded(trials, store))
    assert seeds[0] >= 5
    assert seeds[3] == 0
