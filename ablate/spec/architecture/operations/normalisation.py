"""Normalisation: batch, group, layer, local response. `(C, H, W)` -> `(C, H, W)`."""

from __future__ import annotations

from typing import Annotated

from ablate.spec.architecture.network import Shape
from ablate.spec.architecture.operations.arguments import Fraction01, Positive, Real, Small
from ablate.spec.architecture.operations.effect import Effect, ShapeFault, maps


def bn(
    shape: Shape,
    *,
    eps: Annotated[Small, "added to the variance"] = 1e-5,
    momentum: Annotated[Fraction01, "weight of the newest batch in the running statistics"] = 0.1,
    scale_init: Annotated[Real, "initial scale; 0 on a branch's last one starts the unit as the identity"] = 1.0,
) -> Effect:
    """Batch normalisation with learned scale and shift (Ioffe and Szegedy 2015)."""
    return Effect(shape, 2 * maps(shape)[0], gain=None)


def groupnorm(
    shape: Shape,
    *,
    groups: Annotated[Positive, "groups of channels normalised together"] = 32,
    eps: Annotated[Small, "added to the variance"] = 1e-5,
) -> Effect:
    """Group normalisation with learned scale and shift (Wu and He 2018)."""
    channels, *_ = maps(shape)
    if channels % groups:
        raise ShapeFault(f"{channels} channels do not divide into {groups} groups")
    return Effect(shape, 2 * channels, gain=None)


def layernorm(shape: Shape, *, eps: Annotated[Small, "added to the variance"] = 1e-5) -> Effect:
    """Layer normalisation over channels and pixels of an image, scale and shift per channel (Ba et al. 2016)."""
    return Effect(shape, 2 * maps(shape)[0], gain=None)


def lrn(
    shape: Shape,
    *,
    size: Annotated[Positive, "neighbouring channels that compete"] = 5,
    alpha: Annotated[Real, "strength"] = 1e-4,
    beta: Annotated[Real, "exponent"] = 0.75,
    k: Annotated[Real, "constant added to the sum"] = 1.0,
) -> Effect:
    """Local response normalisation across channels (Krizhevsky et al. 2012, sec. 3.3)."""
    maps(shape)
    return Effect(shape, gain=None)
