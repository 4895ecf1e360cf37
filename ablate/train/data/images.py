"""Images in memory: what every data set is decoded into.

Legend: N images, C channels, H height, W width.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

CHUNK = 1024  # images resized at a time, so that a big set never exists twice in memory


@dataclass(frozen=True)
class Images:
    """`pixels` (N, C, H, W) uint8, 0 black to 255 white; `labels` (N,) int64."""

    pixels: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class DataSet:
    """Training and test images, the names of their classes, and the SHA-256 of what they were read from."""

    train: Images
    test: Images
    classes: tuple[str, ...]
    digest: str


def resize(images: Images, size: int) -> Images:
    """Scale to (N, C, size, size), bilinear with anti-aliasing; the images themselves where they fit already."""
    from torchvision.transforms.v2.functional import resize as resize_pixels

    if images.pixels.shape[2:] == (size, size):
        return images
    chunks = [resize_pixels(chunk, [size, size], antialias=True) for chunk in torch.split(images.pixels, CHUNK)]
    return Images(torch.cat(chunks), images.labels)
