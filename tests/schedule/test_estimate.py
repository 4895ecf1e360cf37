"""What a study still costs: sums and plays worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ablate.errors import OverBudget
from ablate.hardware import find_hardware, num_cpus
from ablate.records import Store
from ablate.schedule.estimate import estimate, refuse
from ablate.schedule.measures import Source
from ablate.schedule.options import Options
from ablate.schedule.probes import Probe, workload, write_probe
from ablate.schedule.work import read_work
from ablate.spec import Study, load_study

CreateStudy = Callable[..., Study]
SEARCH = "search={parameters: {train.lr: {loguniform: [0.001, 1.0]}}, trials: 6}"


@pytest.fixture
def create_measured(create_study: CreateStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CreateStudy:
    """A study of two cells whose epochs are said to take 10 and 30 seconds, in 5 GB and 7 GB."""
    monkeypatch.setenv("ABLATE_CACHE", str(tmp_path / "measured"))

    def create(*overrides: str) -> Study:
        study = create_study(*overrides)
        for cell, seconds, memory in zip(study.cells, (10, 30), (5, 7), strict=True):
            probe = Probe(
                seconds_per_epoch=seconds,
                preparation_seconds=0,
                peak_memory_bytes=memory * 10**9,
                base_memory_bytes=0,
                shared_memory_bytes=0,
            )
            write_probe(workload(cell), find_hardware(), probe)
        return study

    return create


def test_trials_are_played_through_in_their_order(create_measured: CreateStudy, store: Store) -> None:
    work = read_work(create_measured("seeds=2", "train.epochs=2"), store, Options())
    alone = estimate(work, Options(serial=True))
    assert alone.num_trials == 4
    assert alone.sources == (Source.PROBE,)
    assert alone.device_seconds == alone.wall_seconds == 2 * (20 + 60)
    assert alone.memory_bytes == 7 * 10**9
    if num_cpus() > 1:
        two = estimate(work, Options(concurrency=2))
        assert two.device_seconds == alone.device_seconds
        assert two.wall_seconds == 60 + 20 if two.num_processes == 2 else 160  # 60 20 | 20 60: the longest seed first


def test_the_machine_is_not_asked_for_more_than_it_has(create_measured: CreateStudy, store: Store) -> None:
    """More trials at a time than CPUs do not end sooner."""
    work = read_work(create_measured("seeds=8"), store, Options())
    found = estimate(work, Options(concurrency=16 * num_cpus()))
    assert found.wall_seconds >= found.device_seconds / num_cpus()


def test_what_a_cluster_has_is_not_asked_of_this_machine(create_measured: CreateStudy, store: Store) -> None:
    work = read_work(create_measured("seeds=2"), store, Options())
    found = estimate(work, Options(address="head:6379", cpus=4096, gpus=1.0, concurrency=4))
    assert found.num_processes == 4


def test_what_is_tried_first_is_counted(create_measured: CreateStudy, store: Store, tmp_path: Path) -> None:
    random = estimate(read_work(create_measured("seeds=2", SEARCH), store, Options()), Options(serial=True))
    assert random.num_trials == 2 * 6 + 2 * 2
    assert random.device_seconds == random.wall_seconds == (6 + 2) * (10 + 30)
    guided = create_measured("seeds=2", SEARCH, "search.scheduler=asha")
    work = read_work(guided, store, Options())
    assert [len(one) for one in work.rounds] == [2 * 4, 2 * 2]  # batches of four in each cell
    assert estimate(work, Options(serial=True)).device_seconds == random.device_seconds


def test_what_costs_too_much_is_refused_by_name(create_measured: CreateStudy, store: Store) -> None:
    found = estimate(read_work(create_measured("seeds=90"), store, Options()), Options())
    refuse(found, allowed_seconds=3600)  # 90 * 40 s is an hour
    with pytest.raises(OverBudget, match=r"180 trials .* about 1 device-hours .*by probe.* allows 0.5 device-hours"):
        refuse(found, allowed_seconds=1800)


def test_nothing_to_do_costs_nothing(study_file: Path, store: Store) -> None:
    from ablate.schedule import run_trials

    study = load_study(study_file, ["seeds=1"])
    run_trials(study.trials, store, serial=True)
    found = estimate(read_work(study, store, Options()), Options())
    assert (found.num_trials, found.device_seconds, found.wall_seconds, found.sources) == (0, 0, 0, ())
    assert {measure.source for measure in found.measures.values()} == {Source.RECORDS}
