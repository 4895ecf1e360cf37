"""From the `data:` section to splits on the training device; loaded once per process, kept for its next trials."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from ablate.errors import DataError
from ablate.spec.study.datasets import folder
from ablate.spec.study.recipe import Data
from ablate.train.data.cache import open_cached
from ablate.train.data.digits import read_digits
from ablate.train.data.images import DataSet, Images, resize
from ablate.train.data.normalisation import Normalisation, fit_normalisation, measure, sample
from ablate.train.data.split import Resident, Split
from ablate.train.data.splits import stratified_split
from ablate.train.data.streamed import Streamed

CHUNK = 1024  # images measured at a time


@dataclass(frozen=True)
class Splits:
    """What one trial trains, selects and tests on; `val` is None where nothing is held out."""

    train: Split
    val: Split | None
    test: Split
    normalisation: Normalisation
    classes: tuple[str, ...]
    digest: str
    test_files: Streamed | None = None  # the same test images, where they are files, for other views of them

    def to(self, device: torch.device, dtype: torch.dtype) -> Splits:
        """The same images, normalised on their device in another precision."""
        return replace(self, normalisation=self.normalisation.to(device, dtype))


def load_splits(data: Data, device: torch.device) -> Splits:
    """Read, split and measure the data set, and move it to `device`; the last few are kept for the next trials.

    The validation split is stratified and the same for every trial, whatever its seed. The normalisation is measured
    on the training images without those held out for validation.

    Raises:
        DataError: the data set is missing, damaged, or too small to split.
    """
    on_device = data.augment.model_copy(update={"pad": 0, "flip": False, "color": None, "cutout": 0})
    return _load_splits(data.model_copy(update={"augment": on_device}), folder(data).absolute(), device)


@lru_cache(maxsize=4)
def _load_splits(data: Data, root: Path, device: torch.device) -> Splits:
    if not data.is_files:
        return _resident(read_data_set(data, root), data, root, device)
    from ablate.train.data.files import open_files

    files = open_files(data, root, device)
    if files.is_streamed:
        train, val = hold_out(files.folder.train.labels, data, root)
        return Splits(
            files.train(train),
            files.train(val) if len(val) else None,
            files.test(),
            files.fit(train),
            files.folder.classes,
            files.folder.digest(),
            files.test(),
        )
    splits = _resident(open_cached(files.folder.source(files.center)), data, root, device)
    return replace(splits, test_files=files.test())


def _resident(found: DataSet, data: Data, root: Path, device: torch.device) -> Splits:
    train, val = hold_out(found.train.labels, data, root)
    chunks = (found.train.pixels[part] for part in torch.split(sample(train), CHUNK))
    pixels, labels = found.train.pixels.to(device), found.train.labels.to(device)
    return Splits(
        Resident(pixels, labels, train.to(device)),
        Resident(pixels, labels, val.to(device)) if len(val) else None,
        _whole(found.test, device),
        fit_normalisation(measure(chunks), data.normalise),
        found.classes,
        found.digest,
    )


def _whole(images: Images, device: torch.device) -> Split:
    index = torch.arange(len(images), device=device)
    return Resident(images.pixels.to(device), images.labels.to(device), index)


def hold_out(labels: Tensor, data: Data, root: Path) -> tuple[Tensor, Tensor]:
    """Indices of the images trained on and of those held out.

    Raises:
        DataError: nothing is left to train on.
    """
    train, val = stratified_split(labels, round(data.validation * len(labels)))
    if not len(train):
        raise DataError(f"{root}: all {len(labels)} training images are held out; lower data.validation")
    return train, val


def read_data_set(data: Data, root: Path) -> DataSet:
    """A data set that has its images in one piece, as uint8 in memory: embedded, or memory-mapped from the cache.

    Raises:
        DataError: it is missing or damaged; the message says what to do.
    """
    if data.dataset == "digits":
        found = read_digits()
        return found if data.size is None else _resized(found, data.size)
    from ablate.train.data.torchvision_sets import find_set

    return open_cached(find_set(data.dataset, root, data.size))


def _resized(found: DataSet, size: int) -> DataSet:
    return DataSet(resize(found.train, size), resize(found.test, size), found.classes, found.digest)
