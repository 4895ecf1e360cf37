"""Activations, all of them element-wise: `(N, ...) -> (N, ...)`."""

from __future__ import annotations

from torch import nn

from ablate.spec.architecture.network import Shape


def relu(shape: Shape) -> nn.Module:
    """max(x, 0)."""
    return nn.ReLU()


def relu6(shape: Shape) -> nn.Module:
    """min(max(x, 0), 6); Sandler et al. 2018."""
    return nn.ReLU6()


def gelu(shape: Shape) -> nn.Module:
    """x times the normal distribution function of x; Hendrycks and Gimpel 2016."""
    return nn.GELU()


def silu(shape: Shape) -> nn.Module:
    """x sigmoid(x); Ramachandran et al. 2017 (Swish)."""
    return nn.SiLU()


def sigmoid(shape: Shape) -> nn.Module:
    """1 / (1 + exp(-x)): the gate of Srivastava et al. 2015 and He et al. 2016, sec. 3.1."""
    return nn.Sigmoid()


def leaky(shape: Shape, *, slope: float) -> nn.Module:
    """max(x, 0) + slope min(x, 0); Maas et al. 2013."""
    return nn.LeakyReLU(slope)


def prelu(shape: Shape, *, channelwise: bool, init: float) -> nn.Module:
    """A leaky ReLU whose slope is learned, one per channel or one in all; He et al. 2015b, eq. 1."""
    return nn.PReLU(shape[0] if channelwise else 1, init)
