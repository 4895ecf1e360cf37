"""Trials that have a result but lack a diagnostic: trained again, to the same result, with what they had."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ablate.records import Outcome, Record, Store
from ablate.schedule import run_trials
from ablate.schedule.progress import Watch
from ablate.spec import Study, Trial

CreateStudy = Callable[..., Study]


def run(trials: Sequence[Trial], store: Store, watch: Watch) -> dict[str, Record]:
    run_trials(trials, store, serial=True, watch=watch)
    return store.read_all(trial.id for trial in trials)


def modified(records: dict[str, Record], store: Store) -> list[int]:
    return [store.path(trial_id).stat().st_mtime_ns for trial_id in records]


def test_a_lacking_trial_is_trained_again_to_the_same_result(
    create_study: CreateStudy, store: Store, watch: Watch, result: Callable[[Record], dict[str, object]]
) -> None:
    first = run(create_study("diagnostics=[responses]").trials, store, watch)
    again = run(create_study("diagnostics=[shortcuts]").trials, store, watch)
    for trial_id, record in again.items():
        assert list(record.diagnostics) == ["responses", "shortcuts"]
        before, after = result(first[trial_id]), result(record)
        for content in (before, after):
            del content["diagnostics"]
        assert before == after


def test_studies_that_want_different_diagnostics_share_trials_in_the_end(
    create_study: CreateStudy, store: Store, watch: Watch
) -> None:
    one, other = create_study("diagnostics=[responses]").trials, create_study("diagnostics=[shortcuts]").trials
    run(one, store, watch)
    times = modified(records := run(other, store, watch), store)
    run(one, store, watch)
    run(other, store, watch)
    assert modified(records, store) == times


def test_other_options_are_another_diagnostic(create_study: CreateStudy, store: Store, watch: Watch) -> None:
    run(create_study("diagnostics=[responses: {images: 20}]").trials, store, watch)
    records = run(create_study("diagnostics=[responses: {images: 30}]").trials, store, watch)
    assert all(record.diagnostics["responses"]["options"] == {"images": 30} for record in records.values())


def test_default_diagnostics_are_no_reason_to_train_again(
    create_study: CreateStudy, store: Store, watch: Watch
) -> None:
    times = modified(records := run(create_study("diagnostics=[]").trials, store, watch), store)
    assert all(record.diagnostics == {} for record in records.values())
    run(create_study().trials, store, watch)
    assert modified(records, store) == times


def test_a_diverged_trial_has_nothing_to_examine(create_study: CreateStudy, store: Store, watch: Watch) -> None:
    diverging = ("train.lr=1e30", "train.weight_decay=1.0")
    records = run(create_study("diagnostics=[]", *diverging).trials, store, watch)
    assert {record.outcome for record in records.values()} == {Outcome.DIVERGED}
    times = modified(records, store)
    run(create_study("diagnostics=[lesions]", *diverging).trials, store, watch)
    assert modified(records, store) == times


def test_the_plan_says_which_and_why(
    study_file: Path, create_study: CreateStudy, store: Store, watch: Watch, tmp_path: Path
) -> None:
    study = create_study("seeds=1", "diagnostics=[]")
    run(study.trials, store, watch)
    command = [sys.executable, "-m", "ablate", "plan", str(study_file), "--store", str(store.folder), "seeds=2"]

    def plan(*arguments: str) -> str:
        return subprocess.run([*command, *arguments], capture_output=True, text=True, check=True).stdout

    assert "4 trials, 2 to do" in plan()
    wanted = plan("diagnostics=[lesions, responses]")
    assert "4 trials, 4 to do" in wanted
    assert "2 of those to do have a result, but lack diagnostics (lesions, responses): trained again" in wanted
    rows = json.loads(plan("diagnostics=[lesions]", "--format", "json"))["trials"]
    lacking = {row["id"] for row in rows if row["lacks"] == ["lesions"]}
    assert lacking == {trial.id for trial in study.trials}
    assert {row["state"] for row in rows} == {"pending"}
