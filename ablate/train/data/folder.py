"""A folder of image files, one subfolder per class: `train/CLASS/*.jpg` and `test/CLASS/*.jpg`, as in torchvision.

Where there is no test/, val/ takes its place: so ImageNet lies, and its validation images are what everyone tests on.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from torchvision.datasets.folder import IMG_EXTENSIONS, find_classes, make_dataset

from ablate.errors import DataError
from ablate.train.data.images import Images
from ablate.train.data.reader import Reader, num_workers, open_reader
from ablate.train.data.request import Request, name_some
from ablate.train.data.source import FORMAT, Decoded, Source
from ablate.train.data.views import Center

FILES_PER_BATCH = 64  # decoded at a time


@dataclass(frozen=True)
class Part:
    """`files` and their `labels` (M,) int64."""

    files: tuple[str, ...]
    labels: Tensor

    def __len__(self) -> int:
        return len(self.files)


@dataclass(frozen=True)
class Folder:
    """The image files under `root`, and the names of their classes."""

    root: Path
    train: Part
    test: Part
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.train) + len(self.test)

    def source(self, center: Center) -> Source:
        """All of them, to be decoded once as (3, S, S)."""
        name = f"folder {center.size}" + (f" of {center.resize}" if center.resize != center.size else "")
        files = tuple(Path(file) for part in (self.train, self.test) for file in part.files)
        return Source(name, self.root, files, partial(_decode, self, center))

    def digest(self) -> str:
        """Hash of the files' names and sizes, for sets too large to be read whole for it."""
        files = (*self.train.files, *self.test.files)
        entries = [(os.path.relpath(file, self.root), os.stat(file).st_size) for file in files]
        return hashlib.sha256(json.dumps([FORMAT, entries]).encode()).hexdigest()


def find_folder(root: Path) -> Folder:
    """The image files under `root`.

    Raises:
        DataError: no `train`, neither `test` nor `val`, an empty class, or classes that differ between the two.
    """
    test = "val" if (root / "val").is_dir() and not (root / "test").is_dir() else "test"
    parts = {part: _find_part(root / part) for part in ("train", test)}
    (classes, train), (test_classes, tested) = parts.values()
    if differing := sorted(set(classes) ^ set(test_classes)):
        where = {name: "train" if name in classes else test for name in differing}
        one_sided = ", ".join(f"{name} (only in {part})" for name, part in where.items())
        raise DataError(f"{root}: train and {test} must have the same class folders, but there is {one_sided}")
    return Folder(root, train, tested, classes)


def _find_part(folder: Path) -> tuple[tuple[str, ...], Part]:
    if not folder.is_dir():
        raise DataError(
            f"{folder}: not found; put the images under train/CLASS/ and test/CLASS/ (or val/CLASS/), or set data.root"
        )
    try:
        classes, index = find_classes(str(folder))
        samples = make_dataset(str(folder), index, extensions=IMG_EXTENSIONS)
    except FileNotFoundError as error:  # no class folder at all, or one without an image
        raise DataError(f"{folder}: {str(error).rstrip('. ')}; add images or remove the class folder") from error
    return tuple(classes), Part(tuple(file for file, _ in samples), torch.tensor([label for _, label in samples]))


def _decode(folder: Folder, center: Center) -> Decoded:
    reader = open_reader(num_workers(len(folder)), pin_memory=False)
    faults: list[str] = []
    train, test = (_decode_part(part, center, reader, faults) for part in (folder.train, folder.test))
    if faults:
        raise DataError(name_some(faults))
    return Decoded(train, test, folder.classes)


def _decode_part(part: Part, center: Center, reader: Reader, faults: list[str]) -> Images:
    pixels = torch.empty(len(part), 3, center.size, center.size, dtype=torch.uint8)
    for start, batch in zip(
        range(0, len(part), FILES_PER_BATCH), reader.try_read(_requests(part, center)), strict=True
    ):
        for read in batch:
            if isinstance(read, str):
                faults.append(read)
            else:
                pixels[start + read[0]] = read[1]
    return Images(pixels, part.labels)


def _requests(part: Part, center: Center) -> Iterator[list[Request]]:
    for start in range(0, len(part), FILES_PER_BATCH):
        yield [Request(file, center) for file in part.files[start : start + FILES_PER_BATCH]]
