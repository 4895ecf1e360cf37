"""From the `data:` section to splits on the training device; loaded once per process, kept for its next trials."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import torch

from ablate.errors import DataError
from ablate.spec.study.datasets import folder
from ablate.spec.study.recipe import Augment, Data
from ablate.train.data.cache import open_cached
from ablate.train.data.digits import read_digits
from ablate.train.data.images import DataSet, Images, resize
from ablate.train.data.normalisation import Normalisation, fit_normalisation
from ablate.train.data.split import Resident, Split
from ablate.train.data.splits import stratified_split


@dataclass(frozen=True)
class Splits:
    """What one trial trains, selects and tests on; `val` is None where nothing is held out."""

    train: Split
    val: Split | None
    test: Split
    normalisation: Normalisation
    classes: tuple[str, ...]
    digest: str

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
    return _load_splits(data.model_copy(update={"augment": Augment()}), folder(data).absolute(), device)


@lru_cache(maxsize=4)
def _load_splits(data: Data, root: Path, device: torch.device) -> Splits:
    found = read_data_set(data, root)
    num_held_out = round(data.validation * len(found.train))
    train, val = stratified_split(found.train.labels, num_held_out)
    if not len(train):
        raise DataError(f"{root}: all {len(found.train)} training images are held out; lower data.validation")
    normalisation = fit_normalisation(found.train.pixels, train, data.normalise)
    pixels, labels = found.train.pixels.to(device), found.train.labels.to(device)
    return Splits(
        Resident(pixels, labels, train.to(device)),
        Resident(pixels, labels, val.to(device)) if num_held_out else None,
        _whole(found.test, device),
        normalisation,
        found.classes,
        found.digest,
    )


def _whole(images: Images, device: torch.device) -> Split:
    index = torch.arange(len(images), device=device)
    return Resident(images.pixels.to(device), images.labels.to(device), index)


def read_data_set(data: Data, root: Path) -> DataSet:
    """The data set as uint8 images in memory: embedded, or memory-mapped from the cache of decoded images.

    Raises:
        DataError: it is missing or damaged; the message says what to do.
    """
    if data.dataset == "digits":
        found = read_digits()
        return found if data.size is None else _resized(found, data.size)
    if data.dataset == "folder":
        from ablate.train.data.folder import find_folder

        if data.size is None:
            raise DataError(f"{root}: data.size is needed for a folder of images; set it to their side in pixels")
        return open_cached(find_folder(root, data.size))
    from ablate.train.data.torchvision_sets import find_set

    return open_cached(find_set(data.dataset, root, data.size))


def _resized(found: DataSet, size: int) -> DataSet:
    return DataSet(resize(found.train, size), resize(found.test, size), found.classes, found.digest)
