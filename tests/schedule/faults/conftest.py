"""Ten short trials on digits, the command that trains them, and what it leaves when nothing disturbs it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ablate.records import Record, Store
from ablate.schedule import run_trials
from ablate.spec import load_study

Result = Callable[[Record], object]
Results = dict[str, object]
STUDY = """\
question: Is anything lost?
baseline:
  architecture: {family: cifar, depth: 8, block: basic, shortcut: identity, widths: [2, 2, 2]}
  data: {dataset: digits, validation: 0.1, augment: {pad: 1}}
  train: {epochs: 60, lr: 0.05}
grid:
  architecture.shortcut: [none, {dropout: 0.5}]
seeds: 5
"""


@pytest.fixture
def command(tmp_path: Path, store: Store) -> list[str]:
    path = tmp_path / "chaos.yaml"
    path.write_text(STUDY)
    ablate = str(Path(sys.executable).with_name("ablate"))
    return [ablate, "run", str(path), "--store", str(store.folder), "--checkpoint-seconds", "0"]


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """The file that takes what the command prints."""
    return tmp_path / "output"


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, result: Result) -> Results:
    """What the trials come to, one after the other in this process; computed once."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "chaos.yaml").write_text(STUDY)
    trials = load_study(folder / "chaos.yaml", ()).trials
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ABLATE_CACHE", str(folder / "cache"))
        run_trials(trials, Store(folder / "runs"), serial=True)
    records = Store(folder / "runs").read_all(trial.id for trial in trials)
    return {trial_id: result(record) for trial_id, record in records.items()}


@pytest.fixture
def assert_as_undisturbed(store: Store, undisturbed: Results, result: Result) -> Callable[[], None]:
    """The records are the same, there are no others, and no trial is claimed or half trained."""

    def check() -> None:
        assert {id_: result(record) for id_, record in store.read_all(undisturbed).items()} == undisturbed
        folder = Path(store.folder)
        assert {path.stem for path in folder.glob("??/*")} == undisturbed.keys()
        assert not list(folder.glob("checkpoints/*/*"))

    return check
