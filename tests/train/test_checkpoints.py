"""A trial that is killed and goes on gives the same bits as one that is left alone."""

from __future__ import annotations

import hashlib
import multiprocessing
import re
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from ablate.errors import StoreError
from ablate.records import Record, Store
from ablate.spec.architecture.reader import read_architecture
from ablate.spec.study.diagnostics import read_diagnostics
from ablate.spec.study.study import Trial
from ablate.train import Keeping, train_pack

CreateTrial = Callable[..., Trial]
AUGMENT = {"augment": {"pad": 1, "flip": True, "cutout": 2}}
DROPS = {"dropout": {"probability": 0.2}}, {"stochastic-depth": {"survival": 0.7}}
NOISY = {"branch": [{"conv3x3": {"stride": "unit"}}, "bn", "relu", "conv3x3", "bn", *DROPS], "after": ["relu"]}
RECIPE = {"batch_size": 32, "epochs": 3, "milestones": (1, 2), "warmup_steps": 70, "weight_decay": 0.001}
NUM_KILLS = 8


class Stop(BaseException):
    """Ends a training from within, as Ctrl+C does."""


@pytest.fixture
def noisy_trial(create_trial: CreateTrial) -> Trial:
    """Everything that draws random numbers, and a rate that changes within and between epochs."""
    trial = create_trial(3, data=AUGMENT, **RECIPE)
    written = {"family": "cifar", "depth": 8, "widths": [2, 2, 2], "block": "noisy"}
    network, problems = read_architecture(written, {"noisy": NOISY}, (1, 8, 8), 10)
    assert network is not None, problems
    diagnostics, _ = read_diagnostics(["gradients", "lesions"])
    return Trial(replace(trial.cell, network=network), trial.seed, diagnostics)


def results(record: Record | None) -> dict[str, Any]:
    """What must be equal to the bit: all but times and memory."""
    assert record is not None
    content = record.model_dump(
        exclude={"cost": {"seconds", "images_per_second", "peak_memory"}, "environment": {"git_commit"}}
    )
    for part in (*content["history"], *content["diagnostics"].values()):
        del part["seconds"]
    return content


def train(trial: Trial, folder: Path, stop_after: int | None = None, **options: Any) -> list[str]:
    """Train, with a checkpoint about every second step, and write the record; return the notes."""
    store, notes = Store(folder), []
    keeping = Keeping(store, **({"weights": True, "seconds": 0.0, "share": 1.0} | options))

    def stop(_: Trial, epoch: Any) -> None:
        if epoch.epoch == stop_after:
            raise Stop

    for record in train_pack(
        [trial],
        device="cpu",
        keeping=keeping,
        on_epoch=stop,
        on_note=lambda _, text: notes.append(text),
        on_resume=lambda _, history: notes.append("goes on from its checkpoint"),
    ):
        store.write(record)
    return notes


def undisturbed(trial: Trial, folder: Path) -> tuple[dict[str, Any], bytes]:
    """Results and weights of a training with no checkpoints at all."""
    train(trial, folder, seconds=1e9)
    return outcome(trial, folder)


def outcome(trial: Trial, folder: Path) -> tuple[dict[str, Any], bytes]:
    store = Store(folder)
    assert not any((folder / "checkpoints").glob("*")), "a checkpoint outlived its trial"
    return results(store.read(trial.id)), store.weights_path(trial.id).read_bytes()


def interrupt(trial: Trial, folder: Path, stop_after: int = 2) -> Path:
    """Train until the end of an epoch; the checkpoint left."""
    with pytest.raises(Stop):
        train(trial, folder, stop_after)
    path = Store(folder).checkpoint_path(trial.id)
    assert path.exists()
    return path


def test_killed_at_random_moments(noisy_trial: Trial, tmp_path: Path) -> None:
    expected = undisturbed(noisy_trial, tmp_path / "undisturbed")
    assert expected[0]["selected"]["epoch"] >= 1
    context = multiprocessing.get_context("forkserver")  # a fork of a process that has PyTorch: starts at once
    context.set_forkserver_preload(["ablate.train", "torch._dynamo"])
    random, folder, num_kills = Random(0), tmp_path / "killed", 0
    path = Store(folder).checkpoint_path(noisy_trial.id)
    while True:
        before = path.stat().st_mtime_ns if path.exists() else 0
        process = context.Process(target=train, args=(noisy_trial, folder))
        process.start()
        while process.is_alive() and (not path.exists() or path.stat().st_mtime_ns == before):
            process.join(0.002)
        process.join(random.uniform(0, 0.1) if num_kills < NUM_KILLS else None)
        process.kill()
        process.join()
        if process.exitcode == 0:
            break
        assert process.exitcode == -9
        num_kills += 1
    assert num_kills == NUM_KILLS
    found = outcome(noisy_trial, folder)
    assert found[0] == expected[0]
    assert found[1] == expected[1]


@pytest.mark.parametrize(
    "recipe",
    [
        {"precision": "float64"},
        {"precision": "bfloat16"},
        {"momentum": 0.0},
        {"nesterov": True, "decay": "weights"},
        {"batch_size": 1293},
    ],
    ids=str,
)
def test_every_recipe_goes_on(recipe: dict[str, Any], create_trial: CreateTrial, tmp_path: Path) -> None:
    trial = create_trial(architecture={"shortcut": {"dropout": 0.5}}, data=AUGMENT, **({"epochs": 3} | recipe))
    expected = undisturbed(trial, tmp_path / "undisturbed")
    interrupt(trial, tmp_path / "stopped")
    (note,) = train(trial, tmp_path / "stopped")
    assert "from its checkpoint" in note
    assert outcome(trial, tmp_path / "stopped") == expected


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def exchange(old: bytes, new: bytes, path: Path) -> None:
    """As another version would have written it: the checksum is right."""
    rest = path.read_bytes().partition(b"\n")[2]
    assert old in rest
    rest = rest.replace(old, new, 1)
    path.write_bytes(hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (flip, "it is damaged"),
        (cut, "it is damaged"),
        (lambda path: path.write_bytes(b""), "it is damaged"),
        (partial(exchange, b'"torch": "2', b'"torch": "1'), r"it was made with torch 1\.\S+, and here it is 2\."),
        (partial(exchange, b'"trial": "', b'"trial": "f'), "it was made with trial f"),
        (partial(exchange, b'"threads": 1', b'"threads": 7'), "it was made with threads 7, and here it is 1"),
        (partial(exchange, b'"data": "', b'"data": "f'), "it was made with data f"),
        (partial(exchange, b'"num_images":', b'"num_pictures":'), "it was made by another version"),
        (partial(exchange, b"network.head", b"network.tail"), "it is of another network"),
        (partial(exchange, b'"format": 1', b'"format": 0'), "it was made with format 0"),
        (lambda path: (path.unlink(), path.mkdir()), "it cannot be read"),
    ],
)
def test_what_cannot_be_trusted_is_ignored_and_said(
    change: Callable[[Path], None], reason: str, create_trial: CreateTrial, tmp_path: Path
) -> None:
    trial = create_trial(architecture={"widths": [2, 2, 2]})
    expected = undisturbed(trial, tmp_path / "undisturbed")
    change(interrupt(trial, tmp_path / "stopped", 1))
    (note,) = train(trial, tmp_path / "stopped", seconds=1e9)
    assert re.match(f"its checkpoint is ignored, since {reason}.*; starts again", note)
    assert outcome(trial, tmp_path / "stopped") == expected


@contextmanager
def largest_file(num_bytes: int) -> Iterator[None]:
    """The system refuses to write more, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_does_not_end_the_trial_and_is_said_once(create_trial: CreateTrial, tmp_path: Path) -> None:
    trial = create_trial(epochs=3)
    train(trial, tmp_path / "undisturbed", weights=False, seconds=1e9)
    with largest_file(12_000):  # less than the states of the random numbers, more than a record
        notes = train(trial, tmp_path / "full", weights=False)
    assert notes == ["no checkpoint written: File too large; training goes on"]
    here, there = (results(Store(tmp_path / name).read(trial.id)) for name in ("full", "undisturbed"))
    assert here == there
    assert [path.suffix for path in (tmp_path / "full").rglob("*") if path.is_file()] == [".json"]


def test_weights_that_cannot_be_written_are_no_result(create_trial: CreateTrial, tmp_path: Path) -> None:
    trial = create_trial(epochs=1)
    with largest_file(1000), pytest.raises(StoreError, match="cannot write the weights: File too large; free space"):
        train(trial, tmp_path)
    train(trial, tmp_path)
    assert Store(tmp_path).read(trial.id) is not None


def test_short_trials_write_nothing_but_the_record(create_trial: CreateTrial, tmp_path: Path) -> None:
    trial = create_trial()
    store = Store(tmp_path)
    for record in train_pack([trial], device="cpu", keeping=Keeping(store)):
        assert not any(tmp_path.iterdir())
        store.write(record)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [store.path(trial.id)]


def test_the_times_of_all_processes_count(create_trial: CreateTrial, tmp_path: Path) -> None:
    trial = create_trial(epochs=3)
    interrupt(trial, tmp_path, 2)
    train(trial, tmp_path, seconds=1e9)
    record = Store(tmp_path).read(trial.id)
    assert record is not None
    assert record.cost.seconds > sum(epoch.seconds for epoch in record.history)
    assert record.cost.images_per_second * record.cost.seconds > 3 * 1294  # the images of three epochs
