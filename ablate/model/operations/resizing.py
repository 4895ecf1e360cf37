"""Shortcuts without parameters where the shape changes: option A of He et al. 2015, sec. 3.3."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from ablate.spec.architecture.network import Shape


class PadChannels(nn.Module):
    """`(N, C, H, W) -> (N, C + extra, H, W)`: zero channels after the real ones."""

    def __init__(self, extra: int) -> None:
        super().__init__()
        self.extra = extra

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, (0, 0, 0, 0, 0, self.extra))

    def extra_repr(self) -> str:
        return f"extra={self.extra}"


class Subsample(nn.Module):
    """`(N, C, H, W) -> (N, C, ceil(H / stride), ceil(W / stride))`: every stride-th pixel of every stride-th row."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :, :: self.stride, :: self.stride]

    def extra_repr(self) -> str:
        return f"stride={self.stride}"


def pad_channels(shape: Shape, *, channels: int) -> nn.Module:
    """`(N, C, H, W) -> (N, channels, H, W)`: zeros appended, as in fb.resnet.torch."""
    return PadChannels(channels - shape[0])


def subsample(shape: Shape, *, stride: int) -> nn.Module:
    """`(N, C, H, W) -> (N, C, ceil(H / stride), ceil(W / stride))`: a 1x1 convolution's stride, without the weights."""
    return Subsample(stride)
