"""The image files of a `data:` section: which, how they are seen, and whether they are decoded once or streamed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from ablate.cache import cache_folder
from ablate.errors import DataError
from ablate.replacement import replacing
from ablate.spec.study.datasets import DATASETS, image_size
from ablate.spec.study.recipe import Data
from ablate.train.data.folder import Folder, Part, find_folder
from ablate.train.data.normalisation import Moments, Normalisation, fit_normalisation, measure, sample
from ablate.train.data.reader import num_workers, open_reader
from ablate.train.data.source import FORMAT
from ablate.train.data.streamed import Streamed
from ablate.train.data.views import Center, RandomResized, RandomScale, View

MOST_BYTES = 8 * 2**30  # decoded, of all images: larger sets are streamed
FILES_PER_BATCH = 64  # measured at a time


@dataclass(frozen=True)
class Files:
    """The folder, and what its data section makes of it."""

    folder: Folder
    data: Data
    center: Center
    random: View | None
    device: torch.device

    @property
    def is_streamed(self) -> bool:
        """Whether the files are read in every epoch; that is decided by the section and the number of files alone."""
        if self.random or self.data.loading != "auto":
            return bool(self.random) or self.data.loading == "streamed"
        return len(self.folder) * 3 * self.center.size**2 > MOST_BYTES

    def train(self, index: Tensor) -> Streamed:
        """The training images `index` (N,)."""
        return self._stream(self.folder.train, index, self.random)

    def test(self) -> Streamed:
        """All test images."""
        return self._stream(self.folder.test, torch.arange(len(self.folder.test)), None)

    def _stream(self, part: Part, index: Tensor, random: View | None) -> Streamed:
        reader = open_reader(num_workers(len(self.folder)), self.device.type == "cuda")
        return Streamed(part, index, self.center, random, reader, self.device)

    def fit(self, index: Tensor) -> Normalisation:
        """The normalisation of the training images `index` (N,) by their central views; measured once per machine.

        Raises:
            DataError: a file cannot be read.
        """
        path = cache_folder() / f"{self._name_moments(index)}.moments.safetensors"
        moments = _read(path)
        if moments is None:
            moments = measure(self._chunks(sample(index)))
            _write(path, moments)
        return fit_normalisation(moments, self.data.normalise)

    def _chunks(self, index: Tensor) -> Iterator[Tensor]:
        batches = torch.split(torch.arange(len(index)), FILES_PER_BATCH)
        return (pixels for pixels, _ in self.train(index).batches(batches))

    def _name_moments(self, index: Tensor) -> str:
        listing = self.folder.source(self.center).listing()
        return hashlib.sha256(json.dumps([FORMAT, listing, index.tolist()]).encode()).hexdigest()


def open_files(data: Data, root: Path, device: torch.device) -> Files:
    """The image files under `root`.

    Raises:
        DataError: they are not there, or not what the section says.
    """
    size, augment = image_size(data), data.augment
    if not size:
        raise DataError(f"{root}: data.size is needed for a folder of images; set it to their side in pixels")
    folder = find_folder(root)
    _check(folder, data)
    random: View | None = None
    if augment.crop:
        random = RandomResized(size, augment.area or (0.08, 1.0), augment.ratio or (3 / 4, 4 / 3))
    elif augment.scale:
        random = RandomScale(size, *augment.scale)
    return Files(folder, data, Center(size, data.resize or size), random, device)


def _check(folder: Folder, data: Data) -> None:
    """Whether all images are there that should be."""
    if data.dataset == "imagenet":
        known = DATASETS["imagenet"]
        if (len(folder.train), len(folder.test)) != (known.train_images, known.test_images):
            found = f"{len(folder.train):,} training and {len(folder.test):,} test images"
            raise DataError(
                f"{folder.root}: {found}, but ImageNet has {known.train_images:,} and {known.test_images:,}; complete "
                "it, or take a part of it as dataset: folder"
            )
    if data.holds and len(folder.train) != data.holds.images:
        found = f"{len(folder.train):,} training images"
        raise DataError(f"{folder.root}: {found}, but data.holds says {data.holds.images:,}; correct it")


def _read(path: Path) -> Moments | None:
    try:
        tensors = load_file(path)
    except (FileNotFoundError, SafetensorError):
        return None
    return Moments(int(tensors["num"]), tensors["total"], tensors["products"])


def _write(path: Path, moments: Moments) -> None:
    tensors = {"num": torch.tensor(moments.num), "total": moments.total, "products": moments.products.contiguous()}
    try:
        with replacing(path) as part:
            save_file(tensors, part)
    except (OSError, SafetensorError) as error:
        raise DataError(
            f"{path}: {error}; free space, or point ABLATE_CACHE at a folder that can be written"
        ) from error
