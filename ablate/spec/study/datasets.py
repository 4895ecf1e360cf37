"""What is known of a data set without loading it: shape of its images, classes, number of images."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ablate.spec.architecture.network import Shape
from ablate.spec.study.recipe import Data


@dataclass(frozen=True)
class Dataset:
    """Images of one size, `(channels, size, size)`, in a training and a test part."""

    channels: int
    size: int
    classes: int
    train_images: int  # before any are held out for validation
    test_images: int


DATASETS = {
    # scikit-learn's handwritten digits: 1,797 images, of which a fixed stratified fifth is for testing.
    "digits": Dataset(channels=1, size=8, classes=10, train_images=1_437, test_images=360),
    "cifar10": Dataset(channels=3, size=32, classes=10, train_images=50_000, test_images=10_000),
    "cifar100": Dataset(channels=3, size=32, classes=100, train_images=50_000, test_images=10_000),
    "svhn": Dataset(channels=3, size=32, classes=10, train_images=73_257, test_images=26_032),
    "mnist": Dataset(channels=1, size=28, classes=10, train_images=60_000, test_images=10_000),
    "fashion-mnist": Dataset(channels=1, size=28, classes=10, train_images=60_000, test_images=10_000),
    # ILSVRC 2012; its labelled validation set is what everyone tests on. Of many sizes, 224 is how they are seen.
    "imagenet": Dataset(channels=3, size=224, classes=1_000, train_images=1_281_167, test_images=50_000),
}


def folder(data: Data) -> Path:
    """The folder that holds the data set: `root`, else $ABLATE_DATA, else ./data; or `imagenet` in it."""
    root = Path(data.root or os.environ.get("ABLATE_DATA") or "data")
    return root / "imagenet" if data.dataset == "imagenet" and (root / "imagenet").is_dir() else root


def image_size(data: Data) -> int:
    """Side in pixels of the images as the network sees them; 0 where a folder's is missing."""
    return data.size or (0 if data.dataset == "folder" else DATASETS[data.dataset].size)


def image_shape(data: Data) -> tuple[Shape, int]:
    """`(channels, height, width)` of the images as the network sees them, and the number of classes.

    Raises:
        FileNotFoundError: `folder` without one subfolder per class in train/, nor `holds`; says what to do.
    """
    size = image_size(data)
    if data.dataset == "folder":
        return (3, size, size), data.holds.classes if data.holds else len(class_names(folder(data)))
    known = DATASETS[data.dataset]
    return (known.channels, size, size), known.classes


def at_own_size(data: Data) -> Data:
    """The section without `size` where that is the images' own: written or not, it is the same data."""
    known = DATASETS.get(data.dataset)
    return data.model_copy(update={"size": None}) if known and known.size == data.size else data


def class_names(root: Path) -> list[str]:
    """The classes of an image folder: the subfolders of train/, sorted.

    Raises:
        FileNotFoundError: fewer than two; says what to do.
    """
    train = root / "train"
    names = sorted(entry.name for entry in train.iterdir() if entry.is_dir()) if train.is_dir() else []
    if len(names) < 2:
        found = "holds fewer than two classes" if train.is_dir() else "is no folder"
        raise FileNotFoundError(
            f"'{train}' {found}; put one subfolder per class there and in '{root / 'test'}', or change data.root; to "
            "read a study without its images, write data.holds: {classes: ..., images: ...}"
        )
    return names


def num_images(data: Data) -> int:
    """Training images before any are held out; those of a folder are counted, which takes a while for many."""
    if data.dataset != "folder":
        return DATASETS[data.dataset].train_images
    if data.holds:
        return data.holds.images
    root = folder(data)
    return sum(len(files) for name in class_names(root) for _, _, files in os.walk(root / "train" / name))


def num_validation_images(data: Data) -> int:
    """Training images held out for selection: the nearest whole number to the fraction."""
    return round(data.validation * num_images(data))


def num_train_images(data: Data) -> int:
    """Images trained on in one epoch."""
    return num_images(data) - num_validation_images(data)
