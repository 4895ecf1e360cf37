"""Images per second: files streamed by ours and by torchvision's, and augmentation on tensors and on pictures.

    python benchmarks/data.py [--workers 0 1 2] [--files 512] [--rounds 5] [--folder IMAGEFOLDER] [--size 224]

Variants take turns, so that what disturbs the machine disturbs all of them; figures are medians and quartiles over the
rounds, ratios are taken round by round. `streamed` is what a trial does: files read by a split, then normalised and
flipped as a batch. `torchvision` is its ImageFolder and DataLoader with its own per-image transforms for the same. Both
give random-resized crops; without --folder, of JPEG files of 500x375 pixels written for the purpose. `resident` and
`per image` augment 32x32 images in memory: crop after padding by 4, flip, normalise.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch
from measurement import Spread, Variant, ratio, take_turns, write_results
from PIL import Image
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.datasets import ImageFolder
from torchvision.transforms.functional import to_pil_image

from ablate.spec.study.recipe import Augment
from ablate.train.augmentation import augment
from ablate.train.data.folder import find_folder
from ablate.train.data.normalisation import Normalisation
from ablate.train.data.reader import Reader
from ablate.train.data.streamed import Streamed
from ablate.train.data.views import Center, RandomResized

BATCH = 64
SMALL_BATCH = 128
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
FLIP, CROP = Augment(flip=True), Augment(pad=4, flip=True)
CPU = torch.device("cpu")


def normalisation() -> Normalisation:
    """ImageNet's, as torchvision's `Normalize` has it."""
    mean, deviation = (torch.tensor(values)[:, None, None] for values in (MEAN, DEVIATION))
    return Normalisation(1 / (255 * deviation), -mean / deviation, torch.zeros(3, 3))


def write_files(root: Path, num: int) -> None:
    """JPEG files as large as ImageNet's usually are, smooth with some noise, of two classes."""
    random = np.random.default_rng(0)
    for part, share in (("train", num), ("test", 4)):
        for k in range(share):
            folder = root / part / f"class {k % 2}"
            folder.mkdir(parents=True, exist_ok=True)
            coarse = Image.fromarray(random.integers(0, 256, (12, 16, 3), dtype=np.uint8))
            pixels = np.asarray(coarse.resize((500, 375), Image.Resampling.BICUBIC)).astype(np.int16)
            noisy = (pixels + random.normal(0, 8, pixels.shape)).clip(0, 255).astype(np.uint8)
            Image.fromarray(noisy).save(folder / f"{k}.jpg", quality=90)


def stream(root: Path, size: int, num_workers: int) -> Iterator[Any]:
    """Ours, a batch for each `next`."""
    folder, normalise, generator = find_folder(root), normalisation(), torch.Generator()
    view = RandomResized(size, (0.08, 1.0), (3 / 4, 4 / 3))
    index = torch.arange(len(folder.train))
    split = Streamed(folder.train, index, Center(size, size), view, Reader(num_workers, pin_memory=False), CPU)
    for epoch in count():
        order = torch.randperm(len(index), generator=generator)
        whole = order[: len(order) // BATCH * BATCH]
        for pixels, labels in split.batches(whole.split(BATCH), epoch):
            yield augment(normalise(pixels), FLIP, generator), labels


def load(root: Path, size: int, num_workers: int) -> Iterator[Any]:
    """torchvision's, a batch for each `next`."""
    crop = transforms.RandomResizedCrop(size)
    each = [crop, transforms.RandomHorizontalFlip(), transforms.ToTensor(), transforms.Normalize(MEAN, DEVIATION)]
    loader = DataLoader(
        ImageFolder(str(root / "train"), transforms.Compose(each)),
        BATCH,
        shuffle=True,
        drop_last=True,
        num_workers=num_workers,
        persistent_workers=num_workers > 0,
    )
    while True:
        yield from loader


def augment_batches() -> Iterator[Any]:
    """Ours, on tensors."""
    generator, normalise = torch.Generator().manual_seed(0), normalisation()
    pixels = torch.randint(256, (SMALL_BATCH, 3, 32, 32), dtype=torch.uint8, generator=generator)
    while True:
        yield augment(normalise(pixels), CROP, generator)


def transform_pictures() -> Iterator[Any]:
    """torchvision's, on pictures."""
    pixels = torch.randint(256, (SMALL_BATCH, 3, 32, 32), dtype=torch.uint8)
    pictures = [to_pil_image(one) for one in pixels]
    crop = transforms.RandomCrop(32, padding=4)
    each = [crop, transforms.RandomHorizontalFlip(), transforms.ToTensor(), transforms.Normalize(MEAN, DEVIATION)]
    transform: Callable[[Any], torch.Tensor] = transforms.Compose(each)
    while True:
        yield torch.stack([transform(picture) for picture in pictures])


def compare(ours: Iterator[Any], theirs: Iterator[Any], batch: int, untimed: int, rounds: int) -> dict[str, Any]:
    """Images per second of both, and how many times as many are ours."""
    variants = {"ours": Variant(ours, untimed), "theirs": Variant(theirs, untimed)}
    seconds = take_turns(variants, rounds, seconds=3.0)
    rates = {name: Spread.of([batch / value for value in values]) for name, values in seconds.items()}
    return {**rates, "ratio": ratio(seconds["theirs"], seconds["ours"])}


def report(name: str, found: dict[str, Any]) -> None:
    """One line."""
    print(f"{name}: ours {found['ours']}, theirs {found['theirs']} images/s; ratio {found['ratio']}", flush=True)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--files", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--size", type=int, default=224)
    options = parser.parse_args()
    torch.set_num_threads(1)
    found: dict[str, Any] = {"options": {key: str(value) for key, value in vars(options).items()}}
    found["resident"] = compare(augment_batches(), transform_pictures(), SMALL_BATCH, 1, options.rounds)
    report("resident, 32x32", found["resident"])
    with tempfile.TemporaryDirectory() as temporary:
        root = options.folder or Path(temporary)
        if not options.folder:
            write_files(root, options.files)
        for number in options.workers:
            sources = (make(root, options.size, number) for make in (stream, load))
            found[f"streamed, {number} workers"] = compare(*sources, BATCH, 2 * number + 1, options.rounds)
            report(f"streamed, {number} workers", found[f"streamed, {number} workers"])
    write_results("data", found)


if __name__ == "__main__":
    main()
