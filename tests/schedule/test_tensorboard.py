"""TensorBoard logs, read back with TensorBoard's own reader."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ablate.records import Epoch, Record, Store
from ablate.schedule import run_study
from ablate.schedule.progress import Watch
from ablate.spec import Study, Trial

CreateStudy = Callable[..., Study]

TRAIN_IMAGES = 1293  # 1,797 digits, less 360 to test with and 144 to validate with


def read_runs(folder: Path) -> dict[str, dict[str, list[tuple[int, float]]]]:
    """Scalars by run and tag, every event that is in the files: nothing is purged."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    runs = {}
    for run in sorted(folder.glob("*/*/")):
        events = EventAccumulator(str(run), purge_orphaned_data=False).Reload()
        tags = events.Tags()["scalars"]
        runs[run.name] = {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in tags}
    return runs


def expected(record: Record, name: str) -> list[tuple[int, float]]:
    values = ((epoch.epoch, getattr(epoch, name)) for epoch in record.history)
    return [(number, pytest.approx(value, rel=1e-6)) for number, value in values]


def check_logged(store: Store, trials: tuple[Trial, ...]) -> None:
    """Every epoch of every record is in the logs, once, in order, and nothing else is."""
    runs = read_runs(store.folder / "tensorboard")
    assert len(runs) == len(trials)
    for trial in trials:
        record = store.read(trial.id)
        assert record is not None
        (run,) = (tags for name, tags in runs.items() if name.endswith(trial.id[:8]))
        for tag, name in (("error/test", "test_error"), ("loss/val", "val_loss"), ("training/lr", "lr")):
            assert run[tag] == expected(record, name)
        rates = dict(run["training/images per second"])
        assert {epoch.epoch: rates[epoch.epoch] * epoch.seconds for epoch in record.history} == {
            epoch.epoch: pytest.approx(TRAIN_IMAGES, rel=1e-5) for epoch in record.history
        }


@pytest.mark.parametrize("serial", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_every_epoch_of_every_trial_is_logged(
    create_study: CreateStudy, store: Store, watch: Watch, serial: bool
) -> None:
    study = create_study("train.epochs=3")
    run_study(study, store, serial=serial, watch=lambda: watch)
    check_logged(store, study.trials)


def test_a_run_bears_the_name_and_the_factors_of_its_trial(
    create_study: CreateStudy, store: Store, watch: Watch
) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams import plugin_data_pb2

    study = create_study("seeds=1")
    run_study(study, store, serial=True, watch=lambda: watch)
    for trial in study.trials:
        folder = store.folder / "tensorboard" / study.name / f"{trial.name.replace(' ', '_')}_{trial.id[:8]}"
        metadata = EventAccumulator(str(folder)).Reload().SummaryMetadata("_hparams_/session_start_info")
        data = plugin_data_pb2.HParamsPluginData.FromString(metadata.plugin_data.content)
        found = {
            name: value.string_value or value.number_value for name, value in data.session_start_info.hparams.items()
        }
        assert found == {**trial.cell.factors, "seed": float(trial.seed)}


def test_nothing_is_logged_twice_and_nothing_when_it_is_not_wanted(
    create_study: CreateStudy, store: Store, watch: Watch
) -> None:
    run_study(create_study("seeds=1"), store, serial=True, watch=lambda: watch, tensorboard=False)
    assert not (store.folder / "tensorboard").exists()
    study = create_study("seeds=2")
    run_study(study, store, serial=True, watch=lambda: watch)
    new = tuple(trial for trial in study.trials if trial.seed == study.seeds[1])
    check_logged(store, new)
    before = {path: path.stat().st_mtime_ns for path in (store.folder / "tensorboard").rglob("*tfevents*")}
    run_study(study, store, serial=True, watch=lambda: watch)
    assert {path: path.stat().st_mtime_ns for path in (store.folder / "tensorboard").rglob("*tfevents*")} == before


class StopAfter(Watch):
    """Stops the command after an epoch, as Ctrl+C would."""

    def __init__(self, number: int) -> None:
        super().__init__(Watch().console)
        self.number = number

    def show(self, event: object) -> None:
        super().show(event)  # type: ignore[arg-type]
        if isinstance(epoch := getattr(event, "epoch", None), Epoch) and epoch.epoch == self.number:
            raise KeyboardInterrupt


@pytest.mark.parametrize("checkpoint_seconds", [0.0, 1e9], ids=["goes on", "starts again"])
def test_a_stopped_training_has_every_epoch_once(
    create_study: CreateStudy, store: Store, watch: Watch, checkpoint_seconds: float
) -> None:
    from ablate.errors import Interrupted

    study = create_study("train.epochs=6", "seeds=1", "grid={}")
    options = {"serial": True, "checkpoint_seconds": checkpoint_seconds}
    with pytest.raises(Interrupted):
        run_study(study, store, watch=lambda: StopAfter(3), **options)
    (logged,) = read_runs(store.folder / "tensorboard").values()
    assert [step for step, _ in logged["error/test"]] in ([1, 2], [1, 2, 3])
    run_study(study, store, watch=lambda: watch, **options)
    check_logged(store, study.trials)


def test_a_logger_that_fails_is_said_once_and_ends_no_training(
    create_study: CreateStudy, store: Store, watch: Watch
) -> None:
    store.folder.mkdir()
    (store.folder / "tensorboard").write_text("a file where the folder should be")
    study = create_study()
    run_study(study, store, serial=True, watch=lambda: watch)
    assert len(store.outcomes(trial.id for trial in study.trials)) == 4
    printed = watch.console.file.getvalue()  # type: ignore[attr-defined]
    assert printed.count("! TensorBoard fails, training goes on without it: ") == 1
