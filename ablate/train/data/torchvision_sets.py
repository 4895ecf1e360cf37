"""CIFAR-10 and -100, SVHN, MNIST and Fashion-MNIST, read through torchvision where they have been downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from ablate.errors import DataError
from ablate.train.data.images import Images, resize
from ablate.train.data.source import Decoded, Source


@dataclass(frozen=True)
class Entry:
    """How torchvision calls a data set and its two parts, and which files it reads, relative to the root."""

    kind: str  # in torchvision.datasets
    parts: tuple[dict[str, Any], dict[str, Any]]  # arguments for the training and the test part
    files: tuple[str, ...]

    def open(self, root: Path, part: dict[str, Any], download: bool = False) -> Any:
        """torchvision's data set of this part."""
        from torchvision import datasets  # takes a second to import, and most trials need it no more

        return getattr(datasets, self.kind)(root, download=download, **part)


_BY_FLAG = ({"train": True}, {"train": False})
_BY_NAME = ({"split": "train"}, {"split": "test"})
_BATCHES = (*(f"data_batch_{k}" for k in range(1, 6)), "test_batch", "batches.meta")
_IDX = tuple(f"{part}-{what}-ubyte" for part in ("train", "t10k") for what in ("images-idx3", "labels-idx1"))

TABLE = {
    "cifar10": Entry("CIFAR10", _BY_FLAG, tuple(f"cifar-10-batches-py/{name}" for name in _BATCHES)),
    "cifar100": Entry("CIFAR100", _BY_FLAG, tuple(f"cifar-100-python/{n}" for n in ("train", "test", "meta"))),
    "svhn": Entry("SVHN", _BY_NAME, ("train_32x32.mat", "test_32x32.mat")),
    "mnist": Entry("MNIST", _BY_FLAG, tuple(f"MNIST/raw/{name}" for name in _IDX)),
    "fashion-mnist": Entry("FashionMNIST", _BY_FLAG, tuple(f"FashionMNIST/raw/{name}" for name in _IDX)),
}


def find_set(dataset: str, root: Path, size: int | None) -> Source:
    """The data set's files under `root`.

    Raises:
        DataError: a file is not there; the message says how to get it. (Damaged files are found when decoding.)
    """
    files = tuple(root / name for name in TABLE[dataset].files)
    for file in files:
        if not file.is_file():
            raise DataError(f"{file}: not found; {_remedy(dataset, root)}")
    return Source(f"{dataset} {size}", root, files, partial(_decode, dataset, root, size))


def _remedy(dataset: str, root: Path) -> str:
    return f"download it with `ablate fetch {dataset} --root {root}`, or say where it is: data.root or ABLATE_DATA"


def _decode(dataset: str, root: Path, size: int | None) -> Decoded:
    entry = TABLE[dataset]
    try:
        train, test = (entry.open(root, part) for part in entry.parts)
    except (RuntimeError, ValueError, EOFError) as error:  # checksums differ, or a file ends too early
        raise DataError(f"{root}: {dataset} is damaged ({error}); remove it and {_remedy(dataset, root)}") from error
    classes = getattr(train, "classes", None) or [str(digit) for digit in range(10)]
    parts = (_images(part) for part in (train, test))
    train_images, test_images = (resize(images, size) if size else images for images in parts)
    return Decoded(train_images, test_images, tuple(classes))


def _images(part: Any) -> Images:
    """torchvision keeps (N, H, W), (N, H, W, C) or, for SVHN, (N, C, H, W)."""
    pixels = torch.as_tensor(part.data)
    if pixels.ndim == 3:
        pixels = pixels.unsqueeze(1)
    elif pixels.shape[-1] == 3:
        pixels = pixels.permute(0, 3, 1, 2)
    labels = part.labels if hasattr(part, "labels") else part.targets
    return Images(pixels.contiguous(), torch.as_tensor(labels, dtype=torch.int64))
