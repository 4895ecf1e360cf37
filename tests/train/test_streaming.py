"""Image files read in every epoch: the same bits with any number of workers, after an interruption, or decoded once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from processes import run_group
from torchvision import transforms

from ablate.errors import DataError
from ablate.records import Record, Store
from ablate.spec.study.recipe import Augment, Data
from ablate.spec.study.study import Trial
from ablate.train import Keeping, load_splits, train_pack
from ablate.train.data.streamed import Streamed
from ablate.train.packing import Packing
from ablate.train.randomness import open_streams
from ablate.train.testing import evaluate_views, list_views
from ablate.train.trial import prepare_run

CPU = torch.device("cpu")
IMAGENET = {"family": "imagenet", "depth": 18, "widths": [4, 4, 8, 8], "shortcut": "identity"}
SCALED = {"augment": {"scale": (20, 30), "flip": True, "color": "pca"}}
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def photos(root: Path, **keys: Any) -> dict[str, Any]:
    return {"dataset": "folder", "root": str(root), "size": 16, "validation": 0.2, **keys}


def results(record: Record) -> list[dict[str, Any]]:
    return [epoch.model_dump(exclude={"seconds"}) for epoch in record.history] + [record.final]


def train(trial: Trial) -> list[dict[str, Any]]:
    (record,) = train_pack([trial], device="cpu")
    assert record.outcome == "finished", record.error
    return results(record)


def test_streamed_and_cached_give_the_same_bits(create_trial, write_photos):
    root = write_photos()
    trials = [
        create_trial(data=photos(root, loading=loading, resize=20, augment={"pad": 2, "flip": True}), batch_size=8)
        for loading in ("cached", "streamed")
    ]
    assert trials[0].id == trials[1].id
    first, second = (train(trial) for trial in trials)
    assert first == second


@pytest.mark.parametrize("crop", [{"scale": (20, 30)}, {"crop": "random-resized"}], ids=str)
def test_the_number_of_workers_changes_no_bit(crop, write_photos, monkeypatch):
    root, batches = write_photos(), list(torch.arange(32).split(7))
    seen = []
    for workers in ("0", "2"):
        monkeypatch.setenv("ABLATE_DATA_WORKERS", workers)
        load_splits_anew()
        train = load_splits(Data(**photos(root, augment=Augment(**crop))), CPU).train
        assert isinstance(train, Streamed)
        assert train.reader.num_workers == int(workers)
        seen.append([torch.cat([pixels for pixels, _ in train.batches(batches, draw)]) for draw in (1, 1, 2)])
    assert all(ours.equal(theirs) for ours, theirs in zip(*seen, strict=True))
    first, again, other = seen[0]
    assert first.equal(again)  # the same epoch
    assert not first.equal(other)


def load_splits_anew() -> None:
    from ablate.train.data.loading import _load_splits

    _load_splits.cache_clear()


def test_an_image_depends_on_its_epoch_and_place_alone(write_photos):
    train = load_splits(Data(**photos(write_photos(), augment=Augment(scale=(20, 30)))), CPU).train
    ((whole, _),) = train.batches([torch.arange(20)], 3)
    pixels, labels = next(train.batches([torch.tensor([11, 4])], 3))
    assert pixels.equal(whole[[11, 4]])
    assert labels.equal(train.take(torch.tensor([11, 4]))[1])


def test_readings_at_once_and_readings_given_up_do_not_meet(write_photos, monkeypatch):
    monkeypatch.setenv("ABLATE_DATA_WORKERS", "1")
    load_splits_anew()
    train = load_splits(Data(**photos(write_photos(), augment=Augment(scale=(20, 30)))), CPU).train
    batches = list(torch.arange(32).split(4))
    expected = [[pixels for pixels, _ in train.batches(batches, draw)] for draw in (1, 2)]
    next(train.batches(batches, 3))  # and no further
    pairs = zip(train.batches(batches, 1), train.batches(batches, 2), strict=True)
    for step, ((first, _), (second, _)) in enumerate(pairs):
        assert first.equal(expected[0][step])
        assert second.equal(expected[1][step])
    assert len(train.reader.idle) == 2


@pytest.mark.parametrize("packing", [None, "in turn", "fused"])
def test_trials_that_stream_together_give_what_they_give_alone(packing, create_trial, write_photos, monkeypatch):
    monkeypatch.setenv("ABLATE_DATA_WORKERS", "1")
    load_splits_anew()
    root = write_photos()
    trials = [create_trial(seed, data=photos(root, **SCALED), batch_size=8, precision="float64") for seed in (0, 1)]
    alone = [train(trial) for trial in trials]
    options = {"packing": Packing(2, packing)} if packing else {}
    together = {record.id: results(record) for record in train_pack(trials, device="cpu", **options)}
    for trial, expected in zip(trials, alone, strict=True):
        for ours, theirs in zip(together[trial.id], expected, strict=True):
            assert ours == pytest.approx(theirs, rel=1e-9)


def train_shared(group: Any, trial: Trial) -> list[dict[str, Any]]:
    (record,) = train_pack([trial], device="cpu", group=group)
    return results(record)


@pytest.mark.slow
def test_processes_that_train_together_read_their_shares(create_trial, write_photos, tmp_path):
    data = photos(write_photos(), resize=20, testing={"crops": 10}, **SCALED)
    trial = create_trial(data=data, batch_size=7, precision="float64")
    alone = train(trial)
    for shared in run_group(train_shared, 2, tmp_path / "group", trial):
        for ours, theirs in zip(shared, alone, strict=True):
            assert ours == pytest.approx(theirs, rel=1e-9)


def test_a_training_interrupted_within_an_epoch_goes_on_to_the_same_bits(create_trial, write_photos, tmp_path):
    """Interrupted by a file that cannot be read any more, and then can."""
    root = write_photos()
    trial = create_trial(2, data=photos(root, **SCALED), batch_size=4, epochs=3)
    expected = train(trial)
    store, notes = Store(tmp_path / "records"), []
    keeping = Keeping(store, seconds=0.0, share=1.0)
    file = root / "train" / "dog" / "7.jpg"
    content = file.read_bytes()

    def damage(_: Trial, epoch: Any) -> None:
        if epoch.epoch == 1:
            file.write_bytes(content[:50])

    with pytest.raises(DataError, match=r"dog/7\.jpg: not a readable image"):
        list(train_pack([trial], device="cpu", keeping=keeping, on_epoch=damage))
    file.write_bytes(content)
    (record,) = train_pack([trial], device="cpu", keeping=keeping, on_note=lambda _, text: notes.append(text))
    assert results(record) == expected


def test_the_color_shift_is_along_the_principal_axes(write_photos):
    splits = load_splits(Data(**photos(write_photos(), validation=0.0)), CPU).to(CPU, torch.float64)
    pixels, _ = splits.train.take(torch.arange(len(splits.train)))
    colors = splits.normalisation(pixels).transpose(0, 1).flatten(1)
    shades = splits.normalisation.shades
    torch.testing.assert_close(shades @ shades.T, torch.cov(colors, correction=0))
    axes = shades / splits.normalisation.scale[:, 0]  # of pixels from 0 to 255
    products = axes.T @ axes
    torch.testing.assert_close(products, torch.diag(products.diagonal()))


def test_val_is_the_test_set_where_there_is_no_other(write_photos):
    root = write_photos(test="val")
    splits = load_splits(Data(**photos(root)), CPU)
    assert (len(splits.train), len(splits.val or ()), len(splits.test)) == (32, 8, 12)
    (root / "test" / "cat").mkdir(parents=True)
    (root / "test" / "dog").mkdir()
    for name in ("cat", "dog"):
        (root / "val" / name / "0.jpg").rename(root / "test" / name / "0.jpg")
    load_splits_anew()
    assert len(load_splits(Data(**photos(root)), CPU).test) == 2


def test_a_part_of_imagenet_is_not_taken_for_it(write_photos):
    root = write_photos(test="val")
    message = "40 training and 12 test images, but ImageNet has 1,281,167 and 50,000; complete it"
    with pytest.raises(DataError, match=message):
        load_splits(Data(dataset="imagenet", root=str(root)), CPU)
    root.rename(root.with_name("imagenet"))  # where it is looked for first
    with pytest.raises(DataError, match=f"imagenet: {message}"):
        load_splits(Data(dataset="imagenet", root=str(root.parent)), CPU)


def test_a_folder_that_holds_something_else_is_not_used(write_photos):
    data = Data(**photos(write_photos(), holds={"classes": 2, "images": 41}))
    with pytest.raises(DataError, match=r"40 training images, but data.holds says 41; correct it"):
        load_splits(data, CPU)


def test_the_number_of_workers_must_be_one(write_photos, monkeypatch):
    monkeypatch.setenv("ABLATE_DATA_WORKERS", "many")
    with pytest.raises(DataError, match="ABLATE_DATA_WORKERS=many: not a whole number"):
        load_splits(Data(**photos(write_photos(), loading="streamed")), CPU)


@pytest.mark.parametrize("kind", ["per-channel", "per-pixel"])
def test_ten_crops_are_averaged_as_probabilities(kind, create_trial, write_photos):
    data = photos(write_photos(), resize=20, normalise=kind, testing={"crops": 10})
    trial = create_trial(data=data, architecture=IMAGENET, batch_size=16, epochs=1)
    run = prepare_run(trial, open_streams(0, CPU), CPU)
    means = evaluate_views(run, run.splits.test_files, list_views(trial.cell.data))
    see = transforms.Compose([transforms.Resize(20), transforms.TenCrop(16)])
    check(run, means, [see], run.splits.normalisation)


def test_whole_images_of_several_scales_are_averaged(create_trial, write_photos):
    data = photos(write_photos(), testing={"scales": (16, 24, 40)})
    trial = create_trial(data=data, batch_size=16, epochs=1)
    run = prepare_run(trial, open_streams(0, CPU), CPU)
    means = evaluate_views(run, run.splits.test_files, list_views(trial.cell.data))
    mirror = transforms.RandomHorizontalFlip(1.0)
    sees = [
        transforms.Compose([transforms.Resize(scale), lambda picture: [picture, mirror(picture)]])
        for scale in (16, 24, 40)
    ]
    check(run, means, sees, run.splits.normalisation)


@torch.no_grad()
def check(run: Any, means: Any, sees: list[Any], normalise: Any) -> None:
    """Every test image on its own, by torchvision's transforms: mean probability over views, then over scales."""
    run.module.eval()
    files, labels = run.splits.test_files.part.files, run.splits.test_files.part.labels
    losses, errors = [], 0
    for file, label in zip(files, labels.tolist(), strict=True):
        with Image.open(file) as image:
            views = [torch.stack([transforms.functional.pil_to_tensor(v) for v in see(image)]) for see in sees]
        seen = [run.module(normalise(pixels)).softmax(1).mean(0) for pixels in views]
        probability = torch.stack(seen).mean(0)
        losses.append(-probability[label].log())
        errors += int(probability.argmax() != label)
    assert means.loss == pytest.approx(float(torch.stack(losses).mean()), rel=1e-5)
    assert means.error == pytest.approx(100 * errors / len(files))
    assert means.num_images == len(files)


def test_only_the_final_figures_are_of_several_views(create_trial, write_photos):
    root = write_photos()
    plain, tested = (
        create_trial(data=photos(root, resize=20, testing={"crops": crops}), architecture=IMAGENET, batch_size=8)
        for crops in (1, 10)
    )
    assert plain.id != tested.id
    *history, final = train(plain)
    *same_history, tested_final = train(tested)
    assert same_history == history
    assert final["test_loss"] == history[-1]["test_loss"] != tested_final["test_loss"]
    assert tested_final["val_error"] == final["val_error"]


STREAM = """
import os, sys, torch
from ablate.spec.study.recipe import Augment, Data
from ablate.train import load_splits
crop = Augment(crop="random-resized")
data = Data(dataset="folder", root=sys.argv[1], size=int(sys.argv[2]), validation=0.0, augment=crop)
train = load_splits(data, torch.device("cpu")).train
epoch = 0
while True:
    for _ in train.batches(torch.arange(len(train)).split(8), epoch):
        pass
    epoch += 1
    children = open(f"/proc/self/task/{os.getpid()}/children").read().split()
    pages = sum(int(open(f"/proc/{process}/statm").read().split()[1]) for process in ["self", *children])
    resident = pages * os.sysconf("SC_PAGE_SIZE")
    print(epoch, resident, *children, flush=True)
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize(
    "signal_",
    [
        signal.SIGINT,
        pytest.param(signal.SIGKILL, marks=pytest.mark.slow),
        pytest.param(signal.SIGTERM, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_workers_end_with_their_trial(signal_, write_photos):
    command = [sys.executable, "-c", STREAM, str(write_photos()), "16"]
    environment = os.environ | {"ABLATE_DATA_WORKERS": "2"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
    ) as process:
        assert process.stdout is not None
        _, _, *workers = process.stdout.readline().split()
        assert len(workers) >= 2
        send = os.killpg if signal_ == signal.SIGINT else os.kill  # Ctrl+C reaches the whole group
        send(process.pid, signal_)
        printed = process.communicate(timeout=60)[1]
    assert printed.count("Traceback") <= 1, printed  # of the trial's own, none of the workers
    deadline = time.monotonic() + 60
    while any(is_running(worker) for worker in workers):
        assert time.monotonic() < deadline, "a worker outlived its trial"
        time.sleep(0.05)


def is_running(process: str) -> bool:
    try:
        return Path("/proc", process, "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
def test_memory_is_constant_over_epochs_and_images(write_photos):
    few, many = write_photos(num_train=20), write_photos(num_train=400, name="many")
    first, later = resident_over_epochs(few, 60)
    assert later < 1.02 * first
    _, of_many = resident_over_epochs(many, 10)
    assert of_many < later + 30_000_000  # 760 images more are 58 MB


def resident_over_epochs(root: Path, num: int) -> tuple[int, int]:
    """Bytes of the trial and its worker together, at most: in the first third of the epochs, and in the last."""
    command = [sys.executable, "-c", STREAM, str(root), "160"]
    environment = os.environ | {"ABLATE_DATA_WORKERS": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        resident = [int(process.stdout.readline().split()[1]) for _ in range(num)]
        process.kill()
    return max(resident[2 : num // 3]), max(resident[-num // 3 :])
