"""Normalisation, all of it `(N, C, H, W) -> (N, C, H, W)`."""

from __future__ import annotations

from torch import nn

from ablate.spec.architecture.network import Shape


class BatchNorm(nn.BatchNorm2d):
    """A `BatchNorm2d` whose scale starts from a value other than one."""

    def __init__(self, channels: int, eps: float, momentum: float, scale_init: float) -> None:
        self.scale_init = scale_init  # before the parent, which calls reset_parameters
        super().__init__(channels, eps, momentum)

    def reset_parameters(self) -> None:
        """Scale at `scale_init`, shift at 0, running mean 0 and variance 1."""
        super().reset_parameters()
        nn.init.constant_(self.weight, self.scale_init)


def bn(shape: Shape, *, eps: float, momentum: float, scale_init: float) -> nn.Module:
    """Batch normalisation with scale and shift per channel; Ioffe and Szegedy 2015.

    `momentum` is the weight of the new batch in the running statistics, as PyTorch counts it.
    """
    return BatchNorm(shape[0], eps, momentum, scale_init)


def groupnorm(shape: Shape, *, groups: int, eps: float) -> nn.Module:
    """Normalisation over groups of channels of one image; Wu and He 2018."""
    return nn.GroupNorm(groups, shape[0], eps)


def layernorm(shape: Shape, *, eps: float) -> nn.Module:
    """Normalisation over all of one image, scale and shift per channel; Ba et al. 2016 with the affine of Wu and He."""
    return nn.GroupNorm(1, shape[0], eps)


def lrn(shape: Shape, *, size: int, alpha: float, beta: float, k: float) -> nn.Module:
    """Local response normalisation across channels; Krizhevsky et al. 2012, sec. 3.3, with alpha divided by size."""
    return nn.LocalResponseNorm(size, alpha, beta, k)
