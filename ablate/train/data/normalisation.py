"""Statistics of the training images, and the affine map that applies them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

CHUNK = 1024
WHITE = 255.0


@dataclass(frozen=True)
class Normalisation:
    """`x -> x * scale + shift` on pixel values 0 to 255; both (C, 1, 1) or (C, H, W)."""

    scale: Tensor
    shift: Tensor

    def __call__(self, pixels: Tensor) -> Tensor:
        """(N, C, H, W) uint8 -> the same shape in the precision and on the device of `scale`."""
        return pixels.to(self.scale.dtype).mul_(self.scale).add_(self.shift)

    def to(self, device: torch.device, dtype: torch.dtype) -> Normalisation:
        """The same map for another device and precision."""
        return Normalisation(self.scale.to(device, dtype), self.shift.to(device, dtype))


def fit_normalisation(
    pixels: Tensor, index: Tensor, kind: Literal["per-channel", "per-pixel", "none"]
) -> Normalisation:
    """Measure the images `pixels[index]`, (N, C, H, W) uint8, after scaling them to 0..1.

    `per-channel` subtracts each channel's mean and divides by its standard deviation; `per-pixel` only subtracts the
    mean image (He et al. 2015, sec. 3.4); `none` only scales. In float64, where sums of bytes are exact, so the
    result does not depend on the number of threads.
    """
    unit = torch.full((pixels.shape[1], 1, 1), 1 / WHITE, dtype=torch.float64)
    if kind == "none":
        return Normalisation(unit, torch.zeros_like(unit))
    total, squares = _sums(pixels, index)
    if kind == "per-pixel":
        return Normalisation(unit, -total / (len(index) * WHITE))
    count = len(index) * pixels.shape[2] * pixels.shape[3]
    mean = total.sum((1, 2), keepdim=True) / count
    variance = squares.sum((1, 2), keepdim=True) / count - mean**2
    scale = torch.where(variance > 0, variance, 1).rsqrt()
    return Normalisation(scale, -mean * scale)


def _sums(pixels: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
    total = torch.zeros(pixels.shape[1:], dtype=torch.float64)
    squares = torch.zeros_like(total)
    for chunk in torch.split(index, CHUNK):
        values = pixels[chunk].double()
        total += values.sum(0)
        squares += values.square_().sum(0)
    return total, squares
