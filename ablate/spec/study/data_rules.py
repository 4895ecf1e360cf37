"""What must hold between the keys of a `data:` section, beyond the type of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ablate.spec.architecture.explicit import to_document
from ablate.spec.architecture.network import Network
from ablate.spec.architecture.reader import read_architecture
from ablate.spec.architecture.summary import summarise
from ablate.spec.source.problems import Location, Problem
from ablate.spec.study.datasets import class_names, folder, image_size, num_images, num_validation_images
from ablate.spec.study.recipe import Data


def check_data(data: Data) -> list[Problem]:
    """What is wrong with the section beyond the types of its keys."""
    if data.is_files:
        return [*_check_folder(data), *_check_crops(data), *_check_views(data)]
    problems = list(_check_kind(data))
    if data.validation and not num_validation_images(data):
        message = f"holds out no image of {num_images(data):,}, got {data.validation:g}; write a larger fraction, or 0"
        problems.append(_problem(("validation",), message))
    return [*problems, *_check_cutout(data)]


def check_testing(data: Data, network: Network) -> list[Problem]:
    """Whether the network takes images of every scale that it is to be tested at."""
    problems = []
    for index, scale in enumerate(data.testing.scales):
        if not _is_convolutional(network, scale):
            message = f"the network takes no images of {scale} pixels: not fully convolutional, or too deep for them"
            problems.append(_problem(("testing", "scales", index), f"{message}; write crops instead, or larger scales"))
    return problems


def _is_convolutional(network: Network, scale: int) -> bool:
    """Whether the explicit form, read anew for images of another size, is the same but for that; so are its weights."""
    plain = replace(network, auxiliaries=())
    seen, _ = read_architecture(to_document(replace(plain, input=(network.input[0], scale, scale))))
    if seen is None or replace(seen, input=plain.input) != plain:
        return False
    return summarise(seen).parameters == summarise(plain).parameters


def _check_kind(data: Data) -> Iterator[Problem]:
    """Keys for image files, of a data set that has its images in one piece."""
    augment, testing = data.augment, data.testing
    for place, written in {
        ("resize",): data.resize,
        ("loading",): data.loading != "auto",
        ("holds",): data.holds,
        ("augment", "crop"): augment.crop,
        ("augment", "scale"): augment.scale,
        ("testing", "crops"): testing.crops > 1,
        ("testing", "scales"): testing.scales,
    }.items():
        if written:
            yield _problem(place, f"is for image files (folder, imagenet), not for {data.dataset}; remove it")
    yield from _check_parts(data)


def _check_folder(data: Data) -> Iterator[Problem]:
    if data.dataset == "imagenet":
        if data.holds:
            yield _problem(("holds",), "is for folder; what imagenet holds is known; remove it")
        return
    if data.size is None:
        yield _problem(("size",), "missing; write the side in pixels that images are resized to")
    try:
        names = class_names(folder(data))
    except OSError as error:
        if not data.holds:
            yield _problem(("root",), str(error))
        return
    if data.holds and len(names) != data.holds.classes:
        where = folder(data) / "train"
        message = f"'{where}' holds {len(names)} classes, got {data.holds.classes}; correct it, or remove data.holds"
        yield _problem(("holds", "classes"), message)


def _check_crops(data: Data) -> Iterator[Problem]:
    augment, size = data.augment, image_size(data)
    yield from _check_parts(data)
    if augment.crop and augment.scale:
        yield _problem(("augment", "scale"), "there is a crop: random-resized already; write one of them")
    if data.loading == "cached" and (augment.crop or augment.scale):
        message = "random crops of image files need the files in every epoch, got cached; write auto or streamed"
        yield _problem(("loading",), message)
    if augment.scale:
        low, high = augment.scale
        if low > high:
            yield _problem(("augment", "scale"), f"must rise, got [{low}, {high}]; write [{high}, {low}]")
        if size and min(low, high) < size:
            message = f"must be at least the size of {size} pixels, got {min(low, high)}; write larger scales"
            yield _problem(("augment", "scale"), message)
    if size:
        yield from _check_cutout(data)


def _check_parts(data: Data) -> Iterator[Problem]:
    """The two ranges of a random-resized crop."""
    for key, pair, most in (("area", data.augment.area, 1.0), ("ratio", data.augment.ratio, float("inf"))):
        if pair is None:
            continue
        if not data.augment.crop:
            yield _problem(("augment", key), "has no effect without crop: random-resized; add that, or remove this")
        if pair[0] > pair[1]:
            yield _problem(("augment", key), f"must rise, got [{pair[0]:g}, {pair[1]:g}]; exchange them")
        if max(pair) > most:
            yield _problem(("augment", key), f"is a fraction of the image, at most 1, got {max(pair):g}; write less")


def _check_views(data: Data) -> Iterator[Problem]:
    size, testing = image_size(data), data.testing
    if data.resize and size and data.resize < size:
        yield _problem(("resize",), f"must be at least the size of {size} pixels, got {data.resize}; write more")
    if testing.crops == 10 and size and (data.resize or size) <= size:
        message = f"the ten crops of {size} pixels are one, got no larger resize; add resize: {round(size * 8 / 7)}"
        yield _problem(("testing", "crops"), message)
    if testing.crops == 10 and testing.scales:
        yield _problem(("testing", "scales"), "there are crops: 10 already; write one of them")


def _check_cutout(data: Data) -> Iterator[Problem]:
    if data.augment.cutout > (size := image_size(data)):
        message = f"a square larger than the image, got {data.augment.cutout} of {size} pixels; write a smaller one"
        yield _problem(("augment", "cutout"), message)


def _problem(place: Location, message: str) -> Problem:
    return Problem(("data", *place), message)
