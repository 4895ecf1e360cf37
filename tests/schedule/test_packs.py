"""The order of trials and their grouping."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ablate.hardware import find_hardware
from ablate.schedule.measures import measure_trials, seconds_of
from ablate.schedule.packs import PACK_SECONDS, bundle_trials, form_packs, order_trials
from ablate.spec import Study, Trial

Costs = st.lists(st.floats(1e-3, 10), min_size=1, max_size=40)


def estimate_seconds(trials: Iterable[Trial]) -> dict[str, float]:
    """Of trials of which nothing has been measured."""
    trials = list(trials)
    return seconds_of(trials, measure_trials(trials, {}, find_hardware()))


def test_cost_grows_with_depth_and_epochs(create_study: Callable[..., Study]) -> None:
    study = create_study("grid={architecture.depth: [8, 20, 56]}", "seeds=1")
    costs = estimate_seconds(study.trials)
    assert [trial.cell.factors["architecture.depth"] for trial in study.trials] == [8, 20, 56]
    assert list(costs.values()) == sorted(costs.values())
    longer = create_study("grid={architecture.depth: [8, 20, 56]}", "seeds=1", "train.epochs=100")
    assert min(estimate_seconds(longer.trials).values()) > max(costs.values())


def test_first_seeds_come_first_and_the_longest_of_them_first(create_study: Callable[..., Study]) -> None:
    study = create_study("grid={architecture.depth: [8, 56, 20]}", "seeds=[7, 3]")
    order = order_trials(study.trials, estimate_seconds(study.trials))
    assert [(trial.seed, trial.cell.factors["architecture.depth"]) for trial in order] == [
        (7, 56),
        (7, 20),
        (7, 8),
        (3, 56),
        (3, 20),
        (3, 8),
    ]


@pytest.fixture
def many(create_study: Callable[..., Study]) -> Study:
    return create_study("seeds=20")


@given(costs=Costs, num_processes=st.integers(1, 8), data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_packs_hold_every_trial_once_in_order_and_no_more_than_the_limit(
    many: Study, costs: list[float], num_processes: int, data: st.DataObject
) -> None:
    trials = many.trials[: len(costs)]
    seconds = {trial.id: cost for trial, cost in zip(trials, costs, strict=True)}
    alone = data.draw(st.sets(st.sampled_from([trial.id for trial in trials]), max_size=3))
    packs = form_packs(trials, seconds, num_processes, alone)
    assert [trial for pack in packs for trial in pack] == list(trials)
    for pack in packs:
        assert len(pack) == 1 or sum(seconds[trial.id] for trial in pack) <= PACK_SECONDS * (1 + 1e-9)
        assert len(pack) == 1 or not alone & {trial.id for trial in pack}


def test_negligible_trials_share_packs_and_processes_share_the_packs(create_study: Callable[..., Study]) -> None:
    trials = create_study("seeds=100").trials
    packs = form_packs(trials, dict.fromkeys((trial.id for trial in trials), 0.01), 2)
    assert len(trials) == 200
    assert {len(pack) for pack in packs} == {25}  # 200 trials, two processes, four packs each


def test_long_trials_are_packs_of_their_own(create_study: Callable[..., Study]) -> None:
    trials = create_study("seeds=10").trials
    packs = form_packs(trials, dict.fromkeys((trial.id for trial in trials), 60.0), 2)
    assert packs == [(trial,) for trial in trials]


def test_trials_of_one_network_are_bundled_where_the_first_of_them_stands(create_study: Callable[..., Study]) -> None:
    study = create_study("grid={architecture.depth: [8, 56], train.lr: [0.1, 0.2]}", "seeds=[7, 3, 5]")
    order = order_trials(study.trials, estimate_seconds(study.trials))
    packs = bundle_trials(order, 4, 1)
    assert [[trial.cell.factors["architecture.depth"] for trial in pack] for pack in packs] == [
        [56] * 4,
        [8] * 4,
        [56] * 2,
        [8] * 2,
    ]
    assert [trial.seed for trial in packs[0]] == [7, 7, 3, 3]


def test_bundles_leave_no_process_without_one_and_lone_trials_share(create_study: Callable[..., Study]) -> None:
    study = create_study("grid={architecture.depth: [8, 14, 20, 26]}", "seeds=1")
    assert [len(pack) for pack in bundle_trials(study.trials, 16, 1)] == [4]
    assert [len(pack) for pack in bundle_trials(study.trials, 16, 2)] == [2, 2]
    alone = study.trials[1]
    packs = bundle_trials(study.trials, 16, 1, {alone.id})
    assert packs == [(study.trials[0], *study.trials[2:]), (alone,)]


@given(size=st.integers(1, 9), num_processes=st.integers(1, 4), data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
def test_bundles_hold_every_trial_once(many: Study, size: int, num_processes: int, data: st.DataObject) -> None:
    trials = many.trials[: data.draw(st.integers(1, 40))]
    alone = data.draw(st.sets(st.sampled_from([trial.id for trial in trials]), max_size=3))
    packs = bundle_trials(trials, size, num_processes, alone)
    assert sorted(trial.id for pack in packs for trial in pack) == sorted(trial.id for trial in trials)
    assert all(len(pack) <= size for pack in packs)
    assert all(len(pack) == 1 for pack in packs if {trial.id for trial in pack} & alone)
