from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from torchvision.datasets import ImageFolder
from torchvision.transforms.functional import pil_to_tensor

from ablate.errors import DataError
from ablate.spec.study.recipe import Data
from ablate.train import load_splits
from ablate.train.data.splits import stratified_split

CPU = torch.device("cpu")
REAL = Path(os.environ.get("ABLATE_DATA") or "absent")  # before the tests hide it


def folder_data(root: Path, size: int = 8, validation: float = 0.0) -> Data:
    return Data(dataset="folder", root=str(root), size=size, validation=validation)


def test_digits_are_scikit_learns_split_once():
    splits = load_splits(Data(dataset="digits", validation=0.0), CPU)
    assert (len(splits.train), len(splits.test), splits.val) == (1437, 360, None)
    ours = torch.cat([splits.train.pixels, splits.test.pixels]).flatten(1).double() * 16 / 255
    theirs = torch.from_numpy(load_digits().data)
    assert (ours.round().sort(0).values == theirs.sort(0).values).all()
    assert (ours - ours.round()).abs().max() < 16 / 255 / 2
    test_counts = torch.bincount(splits.test.labels)
    assert (test_counts - torch.bincount(splits.train.labels) * 360 / 1437).abs().max() < 1


def test_validation_images_are_held_out_of_training():
    splits = load_splits(Data(dataset="digits", validation=0.1), CPU)
    assert splits.val is not None
    assert (len(splits.train), len(splits.val), len(splits.test)) == (1293, 144, 360)
    assert sorted([*splits.train.index.tolist(), *splits.val.index.tolist()]) == list(range(1437))


@given(st.lists(st.integers(0, 5), min_size=1, max_size=60), st.floats(0, 1))
def test_split_is_exact_and_stratified(labels: list[int], fraction: float):
    labels_, num = torch.tensor(labels), round(fraction * len(labels))
    kept, held_out = stratified_split(labels_, num)
    assert len(held_out) == num
    assert sorted([*kept.tolist(), *held_out.tolist()]) == list(range(len(labels)))
    for name in set(labels):
        share = labels.count(name) * num / len(labels)
        assert abs(int((labels_[held_out] == name).sum()) - share) < 1


def test_split_ignores_the_state_of_every_random_generator():
    first = load_splits(Data(dataset="digits", validation=0.2), CPU)
    torch.manual_seed(1)
    np.random.seed(1)
    kept, _ = stratified_split(first.train.labels, round(0.2 * 1437))
    assert kept.equal(first.train.index)


@pytest.mark.parametrize("kind", ["per-channel", "per-pixel", "none"])
def test_normalisation_comes_from_training_images_alone(kind, write_folder):
    data = Data(dataset="folder", root=str(write_folder(num_train=10)), size=8, validation=0.3, normalise=kind)
    splits = load_splits(data, CPU).to(CPU, torch.float64)
    pixels = splits.train.take(torch.arange(len(splits.train)))[0]
    images = pixels.double() / 255
    mean, deviation = images.mean((0, 2, 3), keepdim=True), images.std((0, 2, 3), keepdim=True, correction=0)
    expected = {
        "per-channel": (images - mean) / deviation,
        "per-pixel": images - images.mean(0, keepdim=True),
        "none": images,
    }
    torch.testing.assert_close(splits.normalisation(pixels), expected[kind])


def test_a_constant_channel_does_not_divide_by_zero(write_folder):
    root = write_folder()
    from PIL import Image

    for file in root.rglob("*.png"):
        Image.new("RGB", (8, 8), (0, 10, 255)).save(file)
    splits = load_splits(folder_data(root), CPU).to(CPU, torch.float32)
    assert splits.normalisation(splits.train.pixels).abs().max() < 1e-5


def test_folder_is_read_as_torchvision_reads_it(write_folder):
    root = write_folder()
    splits = load_splits(folder_data(root), CPU)
    assert splits.classes == ("cat", "dog")
    for part, split in (("train", splits.train), ("test", splits.test)):
        theirs = ImageFolder(str(root / part))
        assert split.labels.tolist() == theirs.targets
        assert split.pixels.equal(torch.stack([pil_to_tensor(image) for image, _ in theirs]))


def test_images_of_other_sizes_are_scaled_and_cut_square(write_folder):
    from PIL import Image

    root = write_folder()
    wide = Image.new("RGB", (48, 16), (255, 0, 0))
    wide.paste((0, 0, 255), (16, 0, 32, 16))
    wide.save(root / "train" / "cat" / "0.png")
    Image.new("L", (5, 5), 77).save(root / "train" / "cat" / "1.png")
    pixels = load_splits(folder_data(root), CPU).train.pixels
    assert pixels.shape == (12, 3, 8, 8)
    assert (pixels[0, 2, :, 1:7] == 255).all()
    assert (pixels[1] == 77).all()


def test_resized_digits_keep_their_mean():
    small, large = (load_splits(Data(dataset="digits", size=size), CPU).test.pixels for size in (None, 16))
    assert large.shape == (360, 1, 16, 16)
    assert abs(small.double().mean() - large.double().mean()) < 1


def remove_test(root: Path) -> str:
    (root / "test").rename(root / "held-out")
    return f"{root}/test: not found"


def empty_class(root: Path) -> str:
    (root / "train" / "eel").mkdir()
    return f"{root}/train: Found no valid file for the classes eel"


def one_sided_class(root: Path) -> str:
    (root / "test" / "dog").rename(root / "test" / "fox")
    return "dog (only in train), fox (only in test)"


def not_an_image(root: Path) -> str:
    (root / "train" / "dog" / "3.png").write_text("no image")
    return f"{root}/train/dog/3.png: not a readable image"


def truncated_image(root: Path) -> str:
    file = root / "test" / "cat" / "1.png"
    file.write_bytes(file.read_bytes()[:100])
    return f"{file}: not a readable image"


@pytest.mark.parametrize("damage", [remove_test, empty_class, one_sided_class, not_an_image, truncated_image])
def test_a_broken_folder_is_named(damage, write_folder, cache):
    root = write_folder()
    message = damage(root)
    with pytest.raises(DataError) as error:
        load_splits(folder_data(root), CPU)
    assert message in str(error.value)
    assert not list(cache.glob("*.safetensors"))


def test_a_folder_repaired_is_read_anew(write_folder):
    root = write_folder()
    not_an_image(root)
    with pytest.raises(DataError):
        load_splits(folder_data(root), CPU)
    (root / "train" / "dog" / "3.png").unlink()
    assert len(load_splits(folder_data(root), CPU).train) == 11


def test_every_held_out_fraction_leaves_training_images(write_folder):
    with pytest.raises(DataError, match=r"lower data\.validation"):
        load_splits(folder_data(write_folder(num_train=1), validation=0.99), CPU)


def test_root_comes_from_the_spec_then_the_environment_then_the_working_folder(write_folder, monkeypatch, tmp_path):
    root = write_folder()
    data = Data(dataset="folder", size=8)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="data/train: not found"):
        load_splits(data, CPU)
    monkeypatch.setenv("ABLATE_DATA", str(root))
    assert len(load_splits(data, CPU).test) == 6


LOAD = """
import sys, torch
from ablate.spec.study.recipe import Data
from ablate.train import load_splits
splits = load_splits(Data(dataset="folder", root=sys.argv[1], size=8), torch.device("cpu"))
print(int(splits.train.pixels.long().sum()), splits.digest)
"""


def test_two_processes_at_once_decode_the_same_and_leave_one_whole_file(write_folder, cache):
    root = write_folder(num_train=40)
    command = [sys.executable, "-c", LOAD, str(root)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) for _ in range(2)]
    answers = {process.communicate(timeout=60)[0] for process in processes}
    assert len(answers) == 1
    assert all(process.returncode == 0 for process in processes)
    assert len(list(cache.glob("*.safetensors"))) == 1
    assert not list(cache.glob(".*"))


@pytest.mark.slow
@pytest.mark.skipif(not (REAL / "train" / "airplane").is_dir(), reason="ABLATE_DATA is no folder of CIFAR-10 images")
def test_cifar_10_as_image_files():
    splits = load_splits(folder_data(REAL, size=32, validation=0.1), CPU)
    assert splits.val is not None
    assert (len(splits.train), len(splits.val), len(splits.test)) == (45_000, 5_000, 10_000)
    assert torch.bincount(splits.val.labels[splits.val.index]).tolist() == [500] * 10
    theirs = ImageFolder(str(REAL / "test"))
    for position in range(0, 10_000, 501):
        image, label = theirs[position]
        assert splits.test.pixels[position].equal(pil_to_tensor(image))
        assert splits.test.labels[position] == label
