"""A search is a function of its records: budgets, choice, repetition, and what it must not look at."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as configure
from hypothesis import strategies as st
from played_searches import CreateStudy, create_record, far_from, play, settings

from ablate.records import Outcome, Record
from ablate.search import decide
from ablate.spec import Trial

ALGORITHMS = ("random", "optuna")
SCHEDULERS = ("none", "asha", "median")
ALL = [(algorithm, scheduler) for algorithm in ALGORITHMS for scheduler in SCHEDULERS]


@pytest.mark.parametrize(("algorithm", "scheduler"), ALL)
def test_every_cell_has_the_same_budget(create_study: CreateStudy, algorithm: str, scheduler: str) -> None:
    study = create_study(f"search.algorithm={algorithm}", f"search.scheduler={scheduler}")
    decided, searches = play(study, far_from(0.03))
    assert [len(one.sampled) for one in searches] == [12, 12]
    for one in searches:
        assert len({str(setting) for setting in settings(one)}) == 12, "a setting is tried twice"
        assert len({sampled.trial.id for sampled in one.sampled}) == 12
    assert not any(cell.undecided for cell in decided.cells)


@pytest.mark.parametrize(("algorithm", "scheduler"), ALL)
def test_the_lowest_validation_error_is_chosen(create_study: CreateStudy, algorithm: str, scheduler: str) -> None:
    study = create_study(f"search.algorithm={algorithm}", f"search.scheduler={scheduler}")
    decided, searches = play(study, far_from(0.03))
    for cell, one in zip(decided.cells, searches, strict=True):
        finished = [s for s in one.sampled if s.record and s.record.outcome is Outcome.FINISHED]
        best = min(finished, key=lambda s: s.record.history[-1].val_error)
        assert cell.train.lr == best.setting["train.lr"]
        assert cell.train.weight_decay == best.setting["train.weight_decay"]
        assert cell.name == one.cell.name


@pytest.mark.parametrize(("algorithm", "scheduler"), ALL)
def test_played_again_it_finds_every_record(create_study: CreateStudy, algorithm: str, scheduler: str) -> None:
    study = create_study(f"search.algorithm={algorithm}", f"search.scheduler={scheduler}")
    records: dict[str, Record] = {}
    first, _ = play(study, far_from(0.03), records)
    again, searches = decide(
        create_study(f"search.algorithm={algorithm}", f"search.scheduler={scheduler}"), records.get
    )
    assert not [trial for one in searches for trial in one.missing]
    assert [cell.identity for cell in again.cells] == [cell.identity for cell in first.cells]
    assert {s.trial.id for one in searches for s in one.sampled} == set(records)


@pytest.mark.parametrize(("algorithm", "scheduler"), ALL)
def test_the_order_in_which_trainings_end_does_not_matter(
    create_study: CreateStudy, algorithm: str, scheduler: str
) -> None:
    """One training at a time, the last one first, comes to the same records as all at once."""
    study = create_study(f"search.algorithm={algorithm}", f"search.scheduler={scheduler}")
    at_once: dict[str, Record] = {}
    play(study, far_from(0.03), at_once)
    one_by_one: dict[str, Record] = {}
    while missing := [trial for one in decide(study, one_by_one.get)[1] for trial in one.missing]:
        one_by_one[missing[-1].id] = create_record(missing[-1], far_from(0.03)(missing[-1]))
    assert one_by_one == at_once


@configure(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(test_errors=st.lists(st.floats(0, 100), min_size=24, max_size=24), scheduler=st.sampled_from(SCHEDULERS))
def test_test_errors_change_nothing(create_study: CreateStudy, test_errors: list[float], scheduler: str) -> None:
    study = create_study(f"search.scheduler={scheduler}")
    records: dict[str, Record] = {}
    decided, searches = play(study, far_from(0.03), records)
    changed: dict[str, Record] = {}
    for (trial_id, record), error in zip(records.items(), test_errors, strict=True):
        history = tuple(epoch.model_copy(update={"test_error": error, "test_loss": error}) for epoch in record.history)
        final = record.final | {"test_error": error}
        changed[trial_id] = record.model_copy(update={"history": history, "final": final})
    other, others = decide(study, changed.get)
    assert [cell.identity for cell in other.cells] == [cell.identity for cell in decided.cells]
    assert [[s.trial.id for s in one.sampled] for one in others] == [
        [s.trial.id for s in one.sampled] for one in searches
    ]


def test_no_training_of_a_search_is_a_final_one(create_study: CreateStudy) -> None:
    records: dict[str, Record] = {}
    decided, _ = play(create_study(), far_from(0.03), records)
    assert not set(records) & {trial.id for trial in decided.trials}
    assert {record.seed for record in records.values()} == {1_000_000}


def test_a_cell_is_undecided_until_its_whole_budget_is_spent(create_study: CreateStudy) -> None:
    study = create_study()
    records: dict[str, Record] = {}
    play(study, far_from(0.03), records)
    lost = next(iter(records))
    del records[lost]
    decided, searches = decide(study, records.get)
    assert [cell.undecided for cell in decided.cells] == [True, False]
    assert [trial.id for trial in searches[0].missing] == [lost]


def test_failed_and_diverged_settings_are_not_chosen(create_study: CreateStudy) -> None:
    study = create_study()
    records: dict[str, Record] = {}
    decided, searches = play(study, far_from(0.03), records)
    best = searches[0].chosen
    assert best
    lost = records[best.trial.id].model_copy(update={"outcome": Outcome.DIVERGED, "final": {"val_error": None}})
    records[best.trial.id] = lost
    other, _ = decide(study, records.get)
    assert other.cells[0].identity != decided.cells[0].identity
    assert other.cells[1].identity == decided.cells[1].identity


def test_a_cell_in_which_nothing_finished_stays_undecided(create_study: CreateStudy) -> None:
    study = create_study()
    records: dict[str, Record] = {}
    play(study, far_from(0.03), records)
    failed = {id_: r.model_copy(update={"outcome": Outcome.FAILED, "final": {}}) for id_, r in records.items()}
    decided, searches = decide(study, failed.get)
    assert all(one.is_complete and one.chosen is None for one in searches)
    assert all(cell.undecided for cell in decided.cells)


def test_trials_without_cutoffs_are_shared_between_schedulers(create_study: CreateStudy) -> None:
    """The first settings of a halved search are trained to their end, so they are those of a search without."""
    records: dict[str, Record] = {}
    play(create_study(), far_from(0.03), records)
    _, searches = decide(create_study("search.scheduler=asha"), records.get)
    for one in searches:
        assert [sampled.record is not None for sampled in one.sampled[:4]] == [True] * 4
        assert not {sampled.trial.id for sampled in one.sampled[4:]} & set(records), "a trial with cutoffs is another"


def test_tpe_comes_closer_than_random_search(create_study: CreateStudy) -> None:
    """On a bowl over the learning rate, averaged over seeds: TPE's last settings gather around its floor."""

    def mean_error(algorithm: str) -> float:
        def last(trial: Trial) -> float:
            return far_from(0.03)(trial)[-1]

        values = []
        for seed in range(5):
            study = create_study(f"search.algorithm={algorithm}", f"search.seed={seed}", "search.trials=32")
            _, searches = play(study, far_from(0.03))
            values += [last(sampled.trial) for sampled in searches[0].sampled[16:]]
        return sum(values) / len(values)

    assert mean_error("optuna") < mean_error("random") - 5
