"""Where the cost of a trial is taken from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ablate.hardware import Hardware
from ablate.records import Cost, Epoch, Outcome, Record
from ablate.schedule.cost import training_multiply_adds
from ablate.schedule.measures import Source, largest, measure_trials
from ablate.schedule.probes import Probe, probe_path, workload, write_probe
from ablate.spec import Study, Trial

CreateStudy = Callable[..., Study]
HERE = Hardware("cpu", "Some CPU", 1, "2.15.0")
PROBE = Probe(
    seconds_per_epoch=2.0,
    preparation_seconds=0.5,
    peak_memory_bytes=900,
    base_memory_bytes=800,
    shared_memory_bytes=300,
)


def record(trial: Trial, seconds: float, hardware: Hardware = HERE, outcome: Outcome = Outcome.FINISHED) -> Record:
    """Of a trial that took so long per epoch, and a second beside."""
    epochs = trial.cell.train.epochs
    history = tuple(Epoch(epoch=i + 1, lr=0.1, seconds=seconds, train_loss=1.0, train_error=1.0) for i in range(epochs))
    cost = Cost(seconds=1 + epochs * seconds, images_per_second=1, peak_memory=700, parameters=1, multiply_adds=1)
    return Record(
        id=trial.id, seed=trial.seed, outcome=outcome, spec={}, history=history, final={}, selected=None, cost=cost,
        environment=vars(hardware),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ABLATE_CACHE", f"{tmp_path}/cache")


def test_records_go_before_a_probe_and_a_probe_before_what_others_recorded(create_study: CreateStudy) -> None:
    trials = create_study("seeds=1", "train.epochs=10").trials
    trial, identity = trials[0], trials[0].cell.identity
    elsewhere = {trial.id: record(trial, 7.0, replace(HERE, device_name="Another CPU"))}
    found = measure_trials(trials, elsewhere, HERE)[identity]
    assert (found.source, found.seconds(10)) == (Source.ELSEWHERE, pytest.approx(71))
    assert largest([found]) is None  # another machine's memory

    write_probe(workload(trial.cell), HERE, PROBE)
    found = measure_trials(trials, elsewhere, HERE)[identity]
    assert (found.source, found.seconds(10)) == (Source.PROBE, pytest.approx(20.5))
    assert largest([found]) == 600  # without what processes share

    found = measure_trials(trials, {trial.id: record(trial, 3.0)}, HERE)[identity]
    assert (found.source, found.seconds(10), found.peak_memory_bytes) == (Source.RECORDS, pytest.approx(31), 700)


def test_what_costs_no_time_makes_no_other_workload(create_study: CreateStudy) -> None:
    cell = create_study("train.epochs=10").cells[0]
    for same in ("train.lr=0.3", "train.milestones=[3]", "train.weight_decay=0.01", "seeds=9"):
        assert workload(create_study("train.epochs=90", same).cells[0]) == workload(cell)
    others = ("train.batch_size=64", "train.precision=bfloat16", "data.validation=0.2", "data.augment.flip=true")
    for other in (*others, "baseline.architecture.widths=[2, 2, 4]"):
        assert workload(create_study(other).cells[0]) != workload(cell)


def test_a_recorded_epoch_tells_of_longer_trainings_and_other_rates(create_study: CreateStudy) -> None:
    short = create_study("seeds=1", "train.epochs=2", "grid={train.lr: [0.1]}").trials[0]
    trials = (short, *create_study("seeds=1", "train.epochs=100", "grid={train.lr: [0.2, 0.4]}").trials)
    found = measure_trials(trials, {short.id: record(short, 3.0)}, HERE)
    assert {measure.source for measure in found.values()} == {Source.RECORDS}
    assert found[trials[1].cell.identity].seconds(100) == pytest.approx(301)


def test_the_rest_is_estimated_at_the_pace_of_what_is_measured(create_study: CreateStudy) -> None:
    trials = create_study("seeds=1", "grid={architecture.depth: [8, 14]}", "train.epochs=5").trials
    shallow, deep = (trial.cell for trial in trials)
    found = measure_trials(trials, {trials[0].id: record(trials[0], 3.0)}, HERE)
    ratio = training_multiply_adds(deep) / training_multiply_adds(shallow)
    assert ratio > 1.5
    assert found[deep.identity].source is Source.ESTIMATE
    assert found[deep.identity].seconds_per_epoch == pytest.approx(3.0 * ratio)
    assert found[deep.identity].peak_memory_bytes is None


def test_what_did_not_finish_tells_nothing(create_study: CreateStudy) -> None:
    trials = create_study("seeds=1").trials
    failed = {trial.id: record(trial, 3.0, outcome=Outcome.FAILED) for trial in trials}
    assert {m.source for m in measure_trials(trials, failed, HERE).values()} == {Source.ESTIMATE}


@pytest.mark.parametrize(
    "other",
    [
        replace(HERE, device_name="Another CPU"),
        replace(HERE, device="cuda"),
        replace(HERE, threads=2),
        replace(HERE, torch="2.16.0"),
    ],
)
def test_a_probe_is_of_its_hardware(create_study: CreateStudy, other: Hardware) -> None:
    trials = create_study("seeds=1").trials
    for trial in trials:
        write_probe(workload(trial.cell), HERE, PROBE)
    assert {m.source for m in measure_trials(trials, {}, HERE).values()} == {Source.PROBE}
    assert {m.source for m in measure_trials(trials, {}, other).values()} == {Source.ESTIMATE}


@pytest.mark.parametrize("content", ["", "{", '{"seconds_per_epoch": 1}'])
def test_a_damaged_probe_is_no_probe(create_study: CreateStudy, content: str) -> None:
    trials = create_study("seeds=1").trials
    work = workload(trials[0].cell)
    write_probe(work, HERE, PROBE)
    probe_path(work, HERE).write_text(content)
    assert {m.source for m in measure_trials(trials, {}, HERE).values()} == {Source.ESTIMATE}
