"""Operations on the maps of several members at once.

N: images, M: members, C: channels of one member, H, W: height and width, F: features of one member. Maps are
`(N, M * C, H, W)` and features `(N, M * F)`, the channels of a member side by side. Every parameter and buffer has the
members in its first dimension, outermost, and bears the name that it has in the network of one member.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ablate.model.operations.pooling import SpatialPyramidPooling


class FusedConvolution(nn.Conv2d):
    """`(N, M * C, H, W) -> (N, M * C', H', W')`: members are groups of groups."""

    def __init__(
        self,
        members: int,
        channels: tuple[int, int],
        kernel: int,
        stride: int,
        padding: int,
        dilation: int,
        groups: int,
        bias: bool,
    ) -> None:
        before, after = channels
        super().__init__(members * before, members * after, kernel, stride, padding, dilation, members * groups, bias)
        self.is_gray = before == 1

    def forward(self, x: Tensor) -> Tensor:
        # One channel has no memory format; alone, the member would compute in the contiguous one.
        return super().forward(x.contiguous() if self.is_gray else x)


class FusedBatchNorm(nn.BatchNorm2d):
    """`(N, M * C, H, W) -> (N, M * C, H, W)`: statistics are per channel, so each member has its own anyway."""

    def __init__(self, members: int, channels: int, eps: float, momentum: float) -> None:
        super().__init__(members * channels, eps, momentum)
        self.num_batches_tracked = torch.zeros(members, dtype=torch.long)


class FusedLinear(nn.Module):
    """`(N, M * F) -> (N, M * F')`. One product for each member, as if it were alone, so that its bits are the same."""

    def __init__(self, members: int, before: int, after: int, bias: bool = True) -> None:
        super().__init__()
        self.members = members
        self.weight = nn.Parameter(torch.empty(members * after, before))
        self.bias = nn.Parameter(torch.empty(members * after)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        weights = self.weight.chunk(self.members)
        biases = [None] * self.members if self.bias is None else self.bias.chunk(self.members)
        inputs = apart(x, self.members).transpose(0, 1).contiguous()  # (M, N, F)
        parts = zip(inputs, weights, biases, strict=True)
        return torch.cat([F.linear(part, weight, bias) for part, weight, bias in parts], 1)


class FusedPReLU(nn.Module):
    """`(N, M * C, ...) -> (N, M * C, ...)`: `slopes` for each member, one or one per channel."""

    def __init__(self, members: int, slopes: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(members * slopes))

    def forward(self, x: Tensor) -> Tensor:
        return F.prelu(x, self.weight.repeat_interleave(x.shape[1] // len(self.weight)))


class FusedLearnedScale(nn.Module):
    """`(N, M * C, ...) -> (N, M * C, ...)`: each member times its own learned number."""

    def __init__(self, members: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(members))

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight.repeat_interleave(x.shape[1] // len(self.weight))
        return x * weight.view(-1, *[1] * (x.ndim - 2))


class FusedSqueezeExcitation(nn.Module):
    """`(N, M * C, H, W) -> (N, M * C, H, W)`: channels weighted by a two-layer function of their member's means."""

    def __init__(self, members: int, channels: int, hidden: int) -> None:
        super().__init__()
        self.squeeze = FusedLinear(members, channels, hidden)
        self.excite = FusedLinear(members, hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.relu(self.squeeze(x.mean((2, 3))))
        return x * torch.sigmoid(self.excite(hidden))[:, :, None, None]


class FusedLocalResponseNorm(nn.LocalResponseNorm):
    """`(N, M * C, H, W) -> (N, M * C, H, W)`: across the channels of each member."""

    def __init__(self, members: int, size: int, alpha: float, beta: float, k: float) -> None:
        super().__init__(size, alpha, beta, k)
        self.members = members

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(apart(x, self.members).flatten(0, 1)).reshape(x.shape)


class FusedSpatialPyramidPooling(SpatialPyramidPooling):
    """`(N, M * C, H, W) -> (N, M * C * sum of bins squared)`."""

    def __init__(self, members: int, bins: tuple[int, ...]) -> None:
        super().__init__(bins)
        self.members = members

    def forward(self, x: Tensor) -> Tensor:
        levels = [self.pool(self.pool(x, 2, b), 3, b).flatten(1) for b in self.bins]
        return concatenate(levels, self.members)


class FusedPadChannels(nn.Module):
    """`(N, M * C, H, W) -> (N, M * (C + extra), H, W)`: zero channels after the real ones of each member."""

    def __init__(self, members: int, extra: int) -> None:
        super().__init__()
        self.members, self.extra = members, extra

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(apart(x, self.members), (0, 0, 0, 0, 0, self.extra)).flatten(1, 2)


def apart(x: Tensor, members: int) -> Tensor:
    """`(N, M * C, ...) -> (N, M, C, ...)`, a view."""
    return x.view(len(x), members, -1, *x.shape[2:])


def concatenate(outputs: list[Tensor], members: int) -> Tensor:
    """`(N, M * C1, ...), (N, M * C2, ...) ... -> (N, M * (C1 + C2 + ...), ...)`: each member's with its own."""
    return torch.cat([apart(output, members) for output in outputs], 2).flatten(1, 2)
