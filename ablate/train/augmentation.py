"""Random crops, flips and cutout for a whole batch at once, on the device that trains.

Each image of a batch has its own draw, so the images are distributed as by torchvision's per-image `RandomCrop`
(zero padding) and `RandomHorizontalFlip`. The zeros are those of normalised images: the mean colour, as in
fb.resnet.torch. Legend: B batch, C channels, H height, W width.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from ablate.spec.study.recipe import Augment
from ablate.train.distributed.group import Share

COLOR_DEVIATION = 0.1  # of the weights of colour shifts


def augment(
    images: Tensor, recipe: Augment, generator: Generator, share: Share | None = None, shades: Tensor | None = None
) -> Tensor:
    """(B, C, H, W) -> the same shape, each image changed by its own draw from `generator` (on the images' device).

    Of images that are a `share` of a batch, the draws are their share of those for the whole batch. `shades` (C, C)
    are those of the normalisation, for `recipe.color`.
    """
    _, _, height, width = images.shape
    share = share or Share(0, len(images), len(images))
    if recipe.color and shades is not None:
        weights = torch.randn((share.total, len(shades)), generator=generator, device=generator.device)
        images = shift_colors(images, COLOR_DEVIATION * share.of(weights).to(images.dtype), shades)
    if recipe.pad:
        dy, dx = _draw(2, 2 * recipe.pad + 1, share, generator)
        images = crop(images, recipe.pad, dy, dx)
    if recipe.flip:
        images = flip(images, _draw(1, 2, share, generator)[0].bool())
    if recipe.cutout:
        (y,), (x,) = _draw(1, height, share, generator), _draw(1, width, share, generator)
        images = cut_out(images, recipe.cutout, y, x)
    return images


def shift_colors(images: Tensor, weights: Tensor, shades: Tensor) -> Tensor:
    """Add to all pixels of an image the columns of `shades` (C, C), times the image's row of `weights` (B, C).

    Source: Krizhevsky et al. 2012, sec. 4.1; lengths as in its code, cuda-convnet: standard deviations.
    """
    return images + (weights @ shades.T)[:, :, None, None]


def crop(images: Tensor, pad: int, dy: Tensor, dx: Tensor) -> Tensor:
    """Pad every side by `pad` zeros and cut each image back to (H, W) at row dy and column dx (B,), 0 to 2 * pad."""
    height, width = images.shape[2:]
    windows = F.pad(images, [pad] * 4).unfold(2, height, 1).unfold(3, width, 1)  # (B, C, dy, dx, H, W), a view
    return windows[torch.arange(len(images), device=images.device), :, dy, dx]


def flip(images: Tensor, mirrored: Tensor) -> Tensor:
    """Mirror left and right the images where `mirrored` (B,) is true."""
    return torch.where(mirrored[:, None, None, None], images.flip(3), images)


def cut_out(images: Tensor, size: int, y: Tensor, x: Tensor) -> Tensor:
    """Zero a square of `size` pixels whose centre is at row y, column x (B,); parts outside the image are lost.

    Source: DeVries and Taylor 2017, sec. 3.
    """
    height, width = images.shape[2:]
    rows = _within(y, size, height)[:, None, :, None]
    columns = _within(x, size, width)[:, None, None, :]
    return images.masked_fill(rows & columns, 0)


def _within(centre: Tensor, size: int, length: int) -> Tensor:
    offset = torch.arange(length, device=centre.device) - (centre[:, None] - size // 2)
    return (offset >= 0) & (offset < size)


def _draw(num: int, end: int, share: Share, generator: Generator) -> Tensor:
    drawn = torch.randint(end, (num, share.total), generator=generator, device=generator.device)
    return drawn[:, share.start : share.stop]
