"""Real probes, kept and read again, and held against real trials."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ablate.errors import DataError
from ablate.hardware import find_hardware
from ablate.records import Store
from ablate.schedule import run_trials
from ablate.schedule.estimate import estimate, probe
from ablate.schedule.measures import Source
from ablate.schedule.options import Options
from ablate.schedule.probes import probe_missing, read_probe, workload
from ablate.schedule.progress import Watch
from ablate.schedule.work import read_work
from ablate.spec import Study, Trial
from ablate.spec.architecture.network import Operation

CreateStudy = Callable[..., Study]


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ABLATE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_what_costs_the_same_is_probed_once_and_kept(
    create_study: CreateStudy, store: Store, empty_cache: Path
) -> None:
    study = create_study("grid={train.lr: [0.1, 0.2]}", "train.epochs=7")
    announced: list[str] = []
    work = read_work(study, store, Options())
    assert probe(work, Options(), announced.append) == {}
    assert announced == ["probing 1 of 1: lr=0.1"]
    assert probe(work, Options(), announced.append) == {}
    assert len(announced) == 1
    kept = [json.loads(path.read_text()) for path in (empty_cache / "probes").iterdir()]
    assert len(kept) == 1
    assert 0 < kept[0]["seconds_per_epoch"] < 60
    assert 0 < kept[0]["base_memory_bytes"] <= kept[0]["peak_memory_bytes"]
    found = estimate(work, Options())
    assert found.sources == (Source.PROBE,)
    expected = 7 * kept[0]["seconds_per_epoch"] + kept[0]["preparation_seconds"]
    assert found.device_seconds == pytest.approx(len(study.trials) * expected)


def with_too_few_outputs(trial: Trial) -> Trial:
    head = (Operation("global-avgpool"), Operation("linear", {"features": 7, "bias": True}))
    return replace(trial, cell=replace(trial.cell, network=replace(trial.cell.network, head=head)))


def test_a_cell_that_cannot_be_trained_says_why_and_the_others_are_probed(create_study: CreateStudy) -> None:
    good, other = create_study("seeds=1").trials
    bad = with_too_few_outputs(other)
    failed = probe_missing([bad, good], find_hardware(), lambda text: None)
    assert failed.keys() == {bad.cell.name}
    assert "IndexError" in failed[bad.cell.name]
    assert read_probe(workload(good.cell), find_hardware())
    assert not read_probe(workload(bad.cell), find_hardware())


def test_a_missing_data_set_is_said(create_study: CreateStudy) -> None:
    trials = create_study("data.dataset=cifar10", "data.root=/nowhere").trials
    with pytest.raises(DataError, match="cifar10"):
        probe_missing(trials, find_hardware(), lambda text: None)


@pytest.mark.slow
def test_a_prediction_holds(create_study: CreateStudy, store: Store, watch: Watch) -> None:
    """Within a factor of three, on a machine that may be busy with other things at either time."""
    study = create_study(
        "grid={architecture.depth: [8, 26]}", "seeds=1", "train.epochs=20", "architecture.widths=[4, 8, 16]"
    )
    work = read_work(study, store, Options())
    probe(work, Options(), lambda text: None)
    found = estimate(work, Options())
    run_trials(study.trials, store, serial=True, watch=watch)
    for trial in study.trials:
        record = store.read(trial.id)
        assert record
        measure = found.measures[trial.cell.identity]
        assert 1 / 3 < measure.seconds(20) / record.cost.seconds < 3
        assert measure.peak_memory_bytes
        assert 0.5 < measure.peak_memory_bytes / record.cost.peak_memory < 2
