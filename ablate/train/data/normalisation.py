"""Statistics of the training images, and the affine map that applies them.

Legend: N images, C channels, H height, W width.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

WHITE = 255.0
MOST = 2**17  # images measured; of more, so many, evenly spread


@dataclass(frozen=True)
class Moments:
    """Sums over `num` images of bytes, in float64, where they are exact: any order of the images gives the same.

    `total` (C, H, W) of the pixels, and `products` (C, C) of every two channels of a pixel.
    """

    num: int
    total: Tensor
    products: Tensor


@dataclass(frozen=True)
class Normalisation:
    """`x -> x * scale + shift` on pixel values 0 to 255; both (C, 1, 1) or (C, H, W).

    `shades` (C, C) are the principal axes of the pixels' colours in its columns, each as long as the standard
    deviation along it, in normalised units (Krizhevsky et al. 2012, sec. 4.1).
    """

    scale: Tensor
    shift: Tensor
    shades: Tensor

    def __call__(self, pixels: Tensor) -> Tensor:
        """(N, C, H, W) uint8 -> the same shape in the precision and on the device of `scale`."""
        return pixels.to(self.scale.dtype).mul_(self.scale).add_(self.shift)

    def to(self, device: torch.device, dtype: torch.dtype) -> Normalisation:
        """The same map for another device and precision."""
        return Normalisation(*(tensor.to(device, dtype) for tensor in (self.scale, self.shift, self.shades)))

    def for_any_size(self) -> Normalisation:
        """The map for images of other sizes: of a mean image only its mean colour is left."""
        return replace(self, shift=self.shift.mean((1, 2), keepdim=True))


def sample(index: Tensor) -> Tensor:
    """Which of the images `index` (N,) are measured: all, unless there are very many."""
    return index if len(index) <= MOST else index[torch.arange(MOST) * len(index) // MOST]


def measure(chunks: Iterable[Tensor]) -> Moments:
    """The moments of all images in the chunks (n, C, H, W) uint8, of which there is at least one."""
    num, total, products = 0, torch.zeros(()), torch.zeros(())
    for chunk in chunks:
        values = chunk.double()
        num, total = num + len(values), total + values.sum(0)
        colors = values.transpose(0, 1).flatten(1)
        products = products + colors @ colors.T
    return Moments(num, total, products)


def fit_normalisation(moments: Moments, kind: Literal["per-channel", "per-pixel", "none"]) -> Normalisation:
    """The map for images of these moments, scaled to 0..1 first.

    `per-channel` subtracts each channel's mean and divides by its standard deviation; `per-pixel` only subtracts the
    mean image (He et al. 2015, sec. 3.4); `none` only scales.
    """
    channels, height, width = moments.total.shape
    count = moments.num * height * width
    mean = moments.total.sum((1, 2), keepdim=True) / count
    covariance = moments.products / count - mean[:, :, 0] @ mean[:, :, 0].T
    scale = torch.full((channels, 1, 1), 1 / WHITE, dtype=torch.float64)
    shift = torch.zeros_like(scale)
    if kind == "per-pixel":
        shift = -moments.total / (moments.num * WHITE)
    elif kind == "per-channel":
        variance = covariance.diagonal()[:, None, None]
        scale = torch.where(variance > 0, variance, 1).rsqrt()
        shift = -mean * scale
    return Normalisation(scale, shift, scale[:, 0] * _principal_axes(covariance))


def _principal_axes(covariance: Tensor) -> Tensor:
    variances, axes = torch.linalg.eigh(covariance)
    scaled: Tensor = axes * variances.clamp(min=0).sqrt()
    return scaled
