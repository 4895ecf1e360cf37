"""Activations: any shape -> the same shape. The rectifiers pass a positive signal unchanged, so their gain is 1."""

from __future__ import annotations

from typing import Annotated

from ablate.spec.architecture.network import Shape
from ablate.spec.architecture.operations.arguments import Flag, Real
from ablate.spec.architecture.operations.effect import Effect


def relu(shape: Shape) -> Effect:
    """max(0, x)."""
    return Effect(shape)


def relu6(shape: Shape) -> Effect:
    """min(max(0, x), 6) (Sandler et al. 2018)."""
    return Effect(shape, gain=None)


def gelu(shape: Shape) -> Effect:
    """X times the normal distribution function of x (Hendrycks and Gimpel 2016)."""
    return Effect(shape, gain=None)


def silu(shape: Shape) -> Effect:
    """X times sigmoid(x), also called swish (Elfwing et al. 2017)."""
    return Effect(shape, gain=None)


def sigmoid(shape: Shape) -> Effect:
    """1 / (1 + exp(-x)), the last step of a gate."""
    return Effect(shape, gain=None)


def leaky(shape: Shape, *, slope: Annotated[Real, "slope below zero"] = 0.01) -> Effect:
    """X above zero, slope times x below (Maas et al. 2013)."""
    return Effect(shape)


def prelu(
    shape: Shape,
    *,
    channelwise: Annotated[Flag, "one learned slope per channel, or one for all"] = True,
    init: Annotated[Real, "initial slope below zero"] = 0.25,
) -> Effect:
    """X above zero, a learned slope times x below (He et al. 2015b)."""
    return Effect(shape, shape[0] if channelwise else 1)
