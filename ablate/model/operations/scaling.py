"""Multiplication by a number: constant, learned, computed from the maps, or drawn at random."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ablate.spec.architecture.network import Shape


class Scale(nn.Module):
    """`(N, ...) -> (N, ...)`: x times a constant."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def forward(self, x: Tensor) -> Tensor:
        return x * self.value

    def extra_repr(self) -> str:
        return f"{self.value}"


class LearnedScale(nn.Module):
    """`(N, ...) -> (N, ...)`: x times one learned number."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value
        self.weight = nn.Parameter(torch.empty(()))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.constant_(self.weight, self.value)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight

    def extra_repr(self) -> str:
        return f"{self.value}"


class SqueezeExcitation(nn.Module):
    """`(N, C, H, W) -> (N, C, H, W)`: channels weighted by a two-layer function of their means."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.channels, self.hidden = channels, hidden
        self.squeeze = nn.Linear(channels, hidden)
        self.excite = nn.Linear(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.relu(self.squeeze(x.mean((2, 3))))
        return x * torch.sigmoid(self.excite(hidden))[:, :, None, None]


class StochasticDepth(nn.Module):
    """`(N, ...) -> (N, ...)`: the whole mini-batch is kept with probability `survival`, else zero; scaled at test time.

    Not rescaled in training, as in Huang et al. 2016, eq. 5; `torchvision.ops.StochasticDepth` is. The draw is one
    number on the device of x, so that a training step can be compiled and captured as a graph.
    """

    def __init__(self, survival: float) -> None:
        super().__init__()
        self.survival = survival

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x * self.survival
        kept = torch.rand((), device=x.device) < self.survival
        return torch.where(kept, x, torch.zeros_like(x))

    def extra_repr(self) -> str:
        return f"survival={self.survival}"


def scale(shape: Shape, *, value: float, learned: bool) -> nn.Module:
    """`(N, ...) -> (N, ...)`: constant scaling (He et al. 2016, sec. 3.1), or one learned number starting there."""
    return LearnedScale(value) if learned else Scale(value)


def se(shape: Shape, *, reduction: int) -> nn.Module:
    """`(N, C, H, W) -> (N, C, H, W)`: squeeze-and-excitation, C // reduction units inside; Hu et al. 2018, eq. 3."""
    return SqueezeExcitation(shape[0], shape[0] // reduction)


def dropout(shape: Shape, *, probability: float) -> nn.Module:
    """`(N, ...) -> (N, ...)`: elements zeroed in training, the others divided by 1 - probability (inverted dropout)."""
    return nn.Dropout(probability)


def stochastic_depth(shape: Shape, *, survival: float) -> nn.Module:
    """`(N, ...) -> (N, ...)`: ends a path that is kept with probability `survival`; Huang et al. 2016, sec. 3."""
    return StochasticDepth(survival)
