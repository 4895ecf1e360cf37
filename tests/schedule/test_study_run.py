"""Real searches on digits: in-process and through Ray, stopped and taken up again."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from negligible import STUDY
from rich.console import Console

from ablate.errors import Interrupted, TrialsFailed
from ablate.records import Outcome, Record, Store
from ablate.schedule import run_study
from ablate.schedule.events import Event, TrialEnded
from ablate.schedule.progress import Watch
from ablate.search import decide
from ablate.spec import Study, load_study

SEARCH = """\
search:
  parameters: {train.lr: {loguniform: [0.001, 1.0]}}
  trials: 6
"""


def slow(*values: object) -> object:
    return pytest.param(*values, marks=pytest.mark.slow)


OPTIONS = [("random", "none"), slow("optuna", "none"), slow("random", "asha"), ("optuna", "median")]

CreateSearch = Callable[..., Study]
Strip = Callable[[Record], dict[str, object]]


@pytest.fixture
def create_search(tmp_path: Path) -> CreateSearch:
    path = tmp_path / "search.yaml"
    path.write_text(STUDY + SEARCH)
    return lambda *overrides: load_study(path, ("train.epochs=2", *overrides))


def quiet() -> Watch:
    return Watch(Console(file=io.StringIO(), width=200, highlight=False, soft_wrap=True))


class Impatient(Watch):
    """Presses Ctrl+C once so many trials have ended."""

    def __init__(self, number: int) -> None:
        super().__init__(Console(file=io.StringIO(), width=200))
        self.number = number

    def show(self, event: Event) -> None:
        super().show(event)
        self.number -= isinstance(event, TrialEnded)
        if self.number == 0:
            os.kill(os.getpid(), signal.SIGINT)


def recorded(study: Study, store: Store) -> dict[str, Record]:
    """Every record of a study that is done, those of its search too."""
    decided, searches = decide(study, store.read)
    assert all(one.is_complete for one in searches)
    ids = [s.trial.id for one in searches for s in one.sampled] + [trial.id for trial in decided.trials]
    found = store.read_all(ids)
    assert len(found) == len(ids) == 16
    return found


@pytest.mark.parametrize(("algorithm", "scheduler"), OPTIONS)
def test_cells_are_trained_with_the_setting_that_validation_chose(
    create_search: CreateSearch, store: Store, algorithm: str, scheduler: str
) -> None:
    study = create_search(f"search.algorithm={algorithm}", f"search.scheduler={scheduler}")
    decided = run_study(study, store, serial=True, watch=quiet)
    records = recorded(study, store)
    _, searches = decide(study, store.read)
    for cell, one in zip(decided.cells, searches, strict=True):
        finished = [s for s in one.sampled if records[s.trial.id].outcome is Outcome.FINISHED]
        best = min(finished, key=lambda s: records[s.trial.id].history[-1].val_error or 0)
        assert cell.train.lr == best.setting["train.lr"]
    for trial in decided.trials:
        assert records[trial.id].outcome is Outcome.FINISHED
        assert records[trial.id].spec["train"]["lr"] == trial.cell.train.lr
        assert trial.seed in (0, 1)


def test_halving_gives_trainings_up_and_keeps_what_they_reached(create_search: CreateSearch, store: Store) -> None:
    study = create_search("search.scheduler=asha", "search.trials=8")
    run_study(study, store, serial=True, watch=quiet)
    _, searches = decide(study, store.read)
    stopped = [s for one in searches for s in one.sampled if s.record and s.record.outcome is Outcome.STOPPED]
    assert stopped
    for one in stopped:
        assert one.record
        assert len(one.record.history) == 1
        error, cutoff = one.record.history[0].val_error, one.trial.stopping and one.trial.stopping.cutoff(1)
        assert error is not None
        assert cutoff is not None
        assert error > cutoff
        assert one.record.error is not None
        assert one.record.error.startswith("given up after epoch 1: lowest val_error")


@pytest.mark.parametrize("number", [slow(3), 9, slow(14)])
def test_taken_up_again_it_trains_nothing_twice(
    create_search: CreateSearch, store: Store, tmp_path: Path, result: Strip, number: int
) -> None:
    study = create_search("search.algorithm=optuna", "search.scheduler=asha")
    watch = Impatient(number)  # of 4 + 4 and 2 + 2 trainings of the search, then 4 final ones
    with pytest.raises(Interrupted):
        run_study(study, store, serial=True, watch=lambda: watch)
    before = {path: path.stat().st_mtime_ns for path in store.folder.rglob("*.json")}
    assert len(before) >= number
    run_study(study, store, serial=True, watch=quiet)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    undisturbed = Store(tmp_path / "undisturbed")
    run_study(study, undisturbed, serial=True, watch=quiet)
    expected = {id_: result(record) for id_, record in recorded(study, undisturbed).items()}
    assert {id_: result(record) for id_, record in recorded(study, store).items()} == expected


def test_once_more_trains_nothing(create_search: CreateSearch, store: Store) -> None:
    study = create_search()
    run_study(study, store, serial=True, watch=quiet)
    before = {path: path.stat().st_mtime_ns for path in store.folder.rglob("*.json")}
    run_study(study, store, watch=quiet)  # Ray is not even started
    assert {path: path.stat().st_mtime_ns for path in store.folder.rglob("*.json")} == before


def test_a_larger_budget_keeps_what_has_been_tried(create_search: CreateSearch, store: Store) -> None:
    run_study(create_search("search.trials=4"), store, serial=True, watch=quiet)
    before = {path: path.stat().st_mtime_ns for path in store.folder.rglob("*.json")}
    study = create_search()
    run_study(study, store, serial=True, watch=quiet)
    _, searches = decide(study, store.read)
    assert {store.path(s.trial.id) for one in searches for s in one.sampled[:4]} <= before.keys()
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_where_everything_diverges_nothing_is_chosen(create_search: CreateSearch, store: Store) -> None:
    study = create_search("search.parameters={train.lr: {loguniform: [1e30, 1e35]}}", "search.trials=2")
    with pytest.raises(TrialsFailed, match="no setting was trained to its end in shortcut=none, shortcut=identity"):
        run_study(study, store, serial=True, watch=quiet)
    decided, searches = decide(study, store.read)
    assert all(s.record and s.record.outcome is Outcome.DIVERGED for one in searches for s in one.sampled)
    assert not store.read_all(trial.id for trial in decided.trials)


def test_a_setting_that_failed_is_told_and_tried_again_on_demand(create_search: CreateSearch, store: Store) -> None:
    study = create_search("search.trials=2", "train.epochs=1", "seeds=1")
    run_study(study, store, serial=True, watch=quiet)
    _, searches = decide(study, store.read)
    good = searches[0].sampled[0].record
    assert good
    store.write(good.model_copy(update={"outcome": Outcome.FAILED, "final": {}, "error": "out of memory"}))
    with pytest.raises(TrialsFailed, match="1 trial of the search failed"):
        run_study(study, store, serial=True, watch=quiet)
    run_study(study, store, serial=True, retry_failed=True, watch=quiet)
    again = store.read(good.id)
    assert again
    assert again.final == good.final


@pytest.mark.usefixtures("ray_session")
@pytest.mark.parametrize(("algorithm", "scheduler"), [slow("random", "none"), ("optuna", "asha")])
def test_ray_comes_to_the_same_records(
    create_search: CreateSearch, store: Store, tmp_path: Path, result: Strip, algorithm: str, scheduler: str
) -> None:
    study = create_search(f"search.algorithm={algorithm}", f"search.scheduler={scheduler}")
    serial = Store(tmp_path / "serial")
    run_study(study, serial, serial=True, watch=quiet)
    run_study(study, store, concurrency=2, watch=quiet)
    expected = {id_: result(record) for id_, record in recorded(study, serial).items()}
    assert {id_: result(record) for id_, record in recorded(study, store).items()} == expected
