"""`--pack`: several trials at the same time in one process, and one record each, as if each had been alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ablate.cli.main import main
from ablate.errors import UsageError
from ablate.hardware import Hardware
from ablate.records import Outcome, Record, Store
from ablate.schedule import Options, run_trials
from ablate.schedule.measures import Source, measure_trials
from ablate.schedule.progress import Watch
from ablate.spec import Study

CreateStudy = Callable[..., Study]
EXACT = ("train.precision=float64", "architecture.widths=[8, 8, 8]")  # then fused trials are equal to the bit


def results(store: Store, study: Study) -> list[dict[str, Any]]:
    found = [store.read(trial.id) for trial in study.trials]
    kept = [record.model_dump(exclude={"cost", "environment"}) for record in found if record]
    for record in kept:
        for entry in (*record["history"], *record["diagnostics"].values()):
            del entry["seconds"]
    return kept


def packed(store: Store, study: Study) -> list[str]:
    records = store.read_all(trial.id for trial in study.trials).values()
    return sorted(str(record.environment.get("packed")) for record in records)


def test_each_trial_has_its_record(study_file: Path, tmp_path: Path, create_study: CreateStudy, watch: Watch) -> None:
    store = Store(tmp_path / "packed")
    arguments = ["run", str(study_file), *EXACT, "seeds=2", "--pack", "4", "--serial", "--store", str(store.folder)]
    result = CliRunner().invoke(main, [*arguments, "--no-tensorboard"])
    assert result.exit_code == 0, result.output
    assert "4 requested = 4 finished + 0 diverged + 0 failed + 0 stopped + 0 not run" in result.output
    study, alone = create_study(*EXACT, "seeds=2"), Store(tmp_path / "alone")
    run_trials(study.trials, alone, serial=True, watch=watch)
    assert len(results(store, study)) == 4
    assert results(store, study) == results(alone, study)
    assert packed(store, study) == ["fused 2"] * 4  # two networks, two seeds each
    assert packed(alone, study) == ["None"] * 4


def test_a_diverging_trial_of_a_pack_is_one_record(create_study: CreateStudy, store: Store, watch: Watch) -> None:
    study = create_study("grid={train.lr: [0.05, 1e9]}", "seeds=1")
    outcomes = run_trials(study.trials, store, serial=True, pack=2, watch=watch)
    assert sorted(outcomes.values()) == [Outcome.DIVERGED, Outcome.FINISHED]
    assert packed(store, study) == ["fused 2"] * 2


def test_times_of_packed_trials_are_not_taken_for_those_of_one(create_study: CreateStudy) -> None:
    study = create_study("seeds=1")
    environment = {"device": "cpu", "device_name": "some", "threads": 1}
    hardware = Hardware("cpu", "some", 1, "2")
    cost = {"seconds": 9, "images_per_second": 1, "peak_memory": 1, "parameters": 1, "multiply_adds": 1}
    for added, source in (({}, Source.RECORDS), ({"packed": "fused 8"}, Source.ESTIMATE)):
        records = {
            trial.id: Record.model_validate(
                {
                    **{"id": trial.id, "seed": 0, "outcome": "finished", "spec": {}, "final": {}, "selected": None},
                    "history": [{"epoch": 1, "lr": 0.1, "seconds": 8, "train_loss": 1, "train_error": 1}],
                    "environment": environment | added,
                    "cost": cost,
                }
            )
            for trial in study.trials
        }
        assert {measure.source for measure in measure_trials(study.trials, records, hardware).values()} == {source}


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5"])
def test_what_is_no_number_of_trials_is_refused(study_file: Path, text: str) -> None:
    result = CliRunner().invoke(main, ["run", str(study_file), "--pack", text])
    assert result.exit_code == 2
    assert "write 8, or auto" in result.output


def test_what_has_no_effect_or_no_sense_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ablate.hardware.gpu_names", list)
    assert Options(pack="auto").check()[0].startswith("--pack auto has no effect on a CPU")
    assert Options(pack=4).check() == []
    with pytest.raises(UsageError, match="--pack cannot go with --workers"):
        Options(pack=4, workers=2).check()


@pytest.mark.slow
def test_actors_train_packs_and_a_report_can_be_made(
    study_file: Path, create_study: CreateStudy, store: Store, watch: Watch
) -> None:
    overrides = "seeds=4", "grid={architecture.depth: [8, 14]}", *EXACT
    study = create_study(*overrides)
    run_trials(study.trials, store, pack=2, concurrency=2, watch=watch)
    assert packed(store, study) == ["fused 2"] * 8
    alone = Store(store.folder.parent / "alone")
    run_trials(study.trials, alone, serial=True, watch=watch)
    assert results(store, study) == results(alone, study)
    folder = str(store.folder.parent / "report")
    report = ["report", str(study_file), *overrides, "--store", str(store.folder), "--output", folder]
    result = CliRunner().invoke(main, report)
    assert result.exit_code == 0, result.output
    assert "8 of 8 trials" in result.output
