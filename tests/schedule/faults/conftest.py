"""Six short trials on digits, the command that trains them, and what it leaves when nothing disturbs it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ablate.records import Record, Store
from ablate.schedule import run_trials
from ablate.schedule.progress import Watch
from ablate.spec import Study

CreateStudy = Callable[..., Study]
Result = Callable[[Record], object]
Results = dict[str, object]
OVERRIDES = ["seeds=3", "train.epochs=80", "data.augment.pad=1"]


@pytest.fixture
def trial_ids(create_study: CreateStudy) -> list[str]:
    return [trial.id for trial in create_study(*OVERRIDES).trials]


@pytest.fixture
def command(study_file: Path, store: Store) -> list[str]:
    ablate = str(Path(sys.executable).with_name("ablate"))
    options = ["--store", str(store.folder), "--checkpoint-seconds", "0"]
    return [ablate, "run", str(study_file), *OVERRIDES, *options]


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "output"


@pytest.fixture
def assert_as_undisturbed(
    create_study: CreateStudy, store: Store, tmp_path: Path, watch: Watch, result: Result
) -> Callable[[], None]:
    """The records are those of a serial run, and nothing else is left."""

    def check() -> None:
        alone = Store(tmp_path / "undisturbed")
        trials = create_study(*OVERRIDES).trials
        run_trials(trials, alone, serial=True, watch=watch)
        there, here = (each.read_all(trial.id for trial in trials) for each in (alone, store))
        assert {id_: result(record) for id_, record in here.items()} == {id_: result(r) for id_, r in there.items()}
        assert not list(Path(store.folder).rglob("*.claim"))
        assert not list(Path(store.folder).glob("checkpoints/*/*"))

    return check
