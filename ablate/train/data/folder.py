"""A folder of image files, one subfolder per class: `train/CLASS/*.jpg` and `test/CLASS/*.jpg`, as in torchvision."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torchvision.datasets.folder import IMG_EXTENSIONS, find_classes, make_dataset
from torchvision.transforms import functional

from ablate.errors import DataError
from ablate.train.data.images import Images
from ablate.train.data.source import Decoded, Source

Samples = tuple[tuple[Path, int], ...]
MOST_NAMED = 5  # unreadable files named in a message; the rest are counted


def find_folder(root: Path, size: int) -> Source:
    """The image files under `root`, to be decoded as (3, size, size).

    Raises:
        DataError: no `train` or `test`, an empty class, or classes that differ between the two.
    """
    parts = {part: _find_part(root / part) for part in ("train", "test")}
    classes, test_classes = (names for names, _ in parts.values())
    if differing := sorted(set(classes) ^ set(test_classes)):
        where = {name: "train" if name in classes else "test" for name in differing}
        one_sided = ", ".join(f"{name} (only in {part})" for name, part in where.items())
        raise DataError(f"{root}: train and test must have the same class folders, but there is {one_sided}")
    files = tuple(file for _, samples in parts.values() for file, _ in samples)
    decode = partial(_decode, parts["train"][1], parts["test"][1], size, classes)
    return Source(f"folder {size}", root, files, decode)


def _find_part(folder: Path) -> tuple[tuple[str, ...], Samples]:
    if not folder.is_dir():
        raise DataError(f"{folder}: not found; put the images under train/CLASS/ and test/CLASS/, or set data.root")
    try:
        classes, index = find_classes(str(folder))
        samples = make_dataset(str(folder), index, extensions=IMG_EXTENSIONS)
    except FileNotFoundError as error:  # no class folder at all, or one without an image
        raise DataError(f"{folder}: {str(error).rstrip('. ')}; add images or remove the class folder") from error
    return tuple(classes), tuple((Path(file), label) for file, label in samples)


def _decode(train: Samples, test: Samples, size: int, classes: tuple[str, ...]) -> Decoded:
    faults: list[str] = []
    parts = [_decode_part(samples, size, faults) for samples in (train, test)]
    if faults:
        more = f"\n... and {len(faults) - MOST_NAMED} more" if len(faults) > MOST_NAMED else ""
        raise DataError("\n".join(faults[:MOST_NAMED]) + more)
    return Decoded(parts[0], parts[1], classes)


def _decode_part(samples: Samples, size: int, faults: list[str]) -> Images:
    pixels = torch.empty(len(samples), 3, size, size, dtype=torch.uint8)
    for position, (file, _) in enumerate(samples):
        try:
            pixels[position] = _read_image(file, size)
        except (OSError, ValueError, SyntaxError) as error:  # what Pillow raises for files that are not images
            faults.append(f"{file}: not a readable image ({error}); replace or remove it")
    return Images(pixels, torch.tensor([label for _, label in samples]))


def _read_image(file: Path, size: int) -> Tensor:
    """(3, size, size) uint8: the shorter side scaled to `size`, then the central square."""
    with Image.open(file) as image:
        picture = image.convert("RGB")
    if picture.size != (size, size):
        picture = functional.center_crop(functional.resize(picture, [size]), [size])
    tensor: Tensor = functional.pil_to_tensor(picture)
    return tensor
