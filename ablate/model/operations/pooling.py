"""Pooling. Maps stay maps; global and pyramid pooling end in features."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ablate.spec.architecture.network import Shape


class GlobalAveragePooling(nn.Module):
    """`(N, C, H, W) -> (N, C)`: the mean of every map."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))


class GlobalMaxPooling(nn.Module):
    """`(N, C, H, W) -> (N, C)`: the maximum of every map."""

    def forward(self, x: Tensor) -> Tensor:
        return F.max_pool2d(x, x.shape[2:]).flatten(1)


class SpatialPyramidPooling(nn.Module):
    """`(N, C, H, W) -> (N, C * sum of bins squared)`: the maximum of every cell of several grids, coarse or fine.

    Cell i of b spans rows floor(i H / b) up to ceil((i + 1) H / b); He et al. 2014, sec. 2.2. Rows first, then columns:
    unlike `adaptive_max_pool2d`, this has a deterministic gradient and an ONNX form.
    """

    def __init__(self, bins: tuple[int, ...]) -> None:
        super().__init__()
        self.bins = bins

    def forward(self, x: Tensor) -> Tensor:
        levels = [self.pool(self.pool(x, 2, b), 3, b).flatten(1) for b in self.bins]
        return torch.cat(levels, 1)

    def pool(self, x: Tensor, side: int, cells: int) -> Tensor:
        """One side, 2 or 3, to its cells' maxima."""
        size = x.shape[side]
        ends = [(i * size // cells, -(-(i + 1) * size // cells)) for i in range(cells)]
        return torch.stack([x.narrow(side, start, end - start).amax(side) for start, end in ends], side)

    def extra_repr(self) -> str:
        return f"bins={self.bins}"


def maxpool(shape: Shape, *, kernel: int, stride: int, padding: int, ceil: bool) -> nn.Module:
    """`(N, C, H, W) -> (N, C, H', W')`, H' = (H + 2 padding - kernel) / stride + 1, rounded up or down."""
    return nn.MaxPool2d(kernel, stride, padding, ceil_mode=ceil)


def avgpool(shape: Shape, *, kernel: int, stride: int, padding: int, ceil: bool) -> nn.Module:
    """As maxpool, with the mean of the pixels that are there: padding is not counted."""
    return nn.AvgPool2d(kernel, stride, padding, ceil_mode=ceil, count_include_pad=False)


def global_avgpool(shape: Shape) -> nn.Module:
    """`(N, C, H, W) -> (N, C)`: the mean of every map; Lin et al. 2013."""
    return GlobalAveragePooling()


def global_maxpool(shape: Shape) -> nn.Module:
    """`(N, C, H, W) -> (N, C)`: the maximum of every map."""
    return GlobalMaxPooling()


def spp(shape: Shape, *, bins: tuple[int, ...]) -> nn.Module:
    """`(N, C, H, W) -> (N, C * sum of bins squared)`: spatial pyramid max pooling; He et al. 2014."""
    return SpatialPyramidPooling(bins)
