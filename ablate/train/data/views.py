"""How an image file becomes pixels: a square cut from its centre, or at random, or several views of it for testing.

Each is torchvision's own transforms, so each image is treated as by its per-image pipelines. What is random is drawn
from PyTorch's global generator, which the reader seeds for every image. Legend: S the side of the square.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from PIL.Image import Image
from torch import Tensor
from torchvision.transforms import RandomCrop, RandomResizedCrop, functional


class View(Protocol):
    """From an RGB picture of any size to uint8 pixels."""

    def __call__(self, picture: Image) -> Tensor:
        """(3, height, width), or (V, 3, height, width) for V views of one picture."""


@dataclass(frozen=True)
class Center:
    """The shorter side scaled to `resize`, then the central square: (3, S, S)."""

    size: int
    resize: int

    def __call__(self, picture: Image) -> Tensor:
        """As `View`; a picture that is of this size is as it is."""
        if picture.size != (self.size, self.size) or self.resize != self.size:
            picture = functional.center_crop(functional.resize(picture, [self.resize]), [self.size])
        return _pixels(picture)


@dataclass(frozen=True)
class RandomResized:
    """A random part of the picture, scaled to (3, S, S): torchvision's RandomResizedCrop."""

    size: int
    area: Sequence[float]
    ratio: Sequence[float]

    def __call__(self, picture: Image) -> Tensor:
        """As `View`."""
        part = RandomResizedCrop.get_params(picture, self.area, self.ratio)
        return _pixels(functional.resized_crop(picture, *part, [self.size, self.size]))


@dataclass(frozen=True)
class RandomScale:
    """The shorter side scaled to a random length, both ends included, then a random square: (3, S, S).

    Source: He et al. 2015, sec. 3.4.
    """

    size: int
    low: int
    high: int

    def __call__(self, picture: Image) -> Tensor:
        """As `View`."""
        side = int(torch.randint(self.low, self.high + 1, ()))
        scaled = functional.resize(picture, [side])
        return _pixels(functional.crop(scaled, *RandomCrop.get_params(scaled, (self.size, self.size))))


@dataclass(frozen=True)
class TenCrop:
    """The corners and the centre of the picture scaled to `resize`, and their mirror images: (10, 3, S, S).

    Source: Krizhevsky et al. 2012, sec. 4.1; in torchvision's order.
    """

    size: int
    resize: int

    def __call__(self, picture: Image) -> Tensor:
        """As `View`."""
        crops = functional.ten_crop(functional.resize(picture, [self.resize]), [self.size])
        return torch.stack([_pixels(crop) for crop in crops])


@dataclass(frozen=True)
class Whole:
    """The whole picture, its shorter side scaled to `scale`, and its mirror image: (2, 3, height, width)."""

    scale: int

    def __call__(self, picture: Image) -> Tensor:
        """As `View`."""
        pixels = _pixels(functional.resize(picture, [self.scale]))
        return torch.stack([pixels, pixels.flip(2)])


def _pixels(picture: Image) -> Tensor:
    pixels: Tensor = functional.pil_to_tensor(picture)
    return pixels
