"""Operations that weaken, strengthen or drop the signal: any shape -> the same shape."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from ablate.spec.architecture.network import Shape, Value
from ablate.spec.architecture.operations.arguments import Flag, Fraction01, Positive, Real, Scope, Small
from ablate.spec.architecture.operations.effect import Effect, ShapeFault, maps


def dropout(shape: Shape, *, probability: Annotated[Fraction01, "of setting an element to zero"] = 0.5) -> Effect:
    """Dropout in training; what stays is divided by 1 - probability, so that the expectation stays (Hinton 2012)."""
    return Effect(shape)


def scale(
    shape: Shape,
    *,
    value: Annotated[Real, "the factor, or where it starts"] = 1.0,
    learned: Annotated[Flag, "train the factor, one for the whole operation"] = False,
) -> Effect:
    """Multiply by a constant (He et al. 2016, sec. 3.1) or by one learned scalar."""
    return Effect(shape, int(learned), gain=value)


def se(shape: Shape, *, reduction: Annotated[Positive, "channels per hidden unit"] = 16) -> Effect:
    """Squeeze-and-excitation: channels weighted by a two-layer net on their means (Hu et al. 2018)."""
    channels, *_ = maps(shape)
    hidden = channels // reduction
    if hidden < 1:
        raise ShapeFault(f"a reduction of {reduction} leaves nothing of {channels} channels")
    return Effect(shape, 2 * channels * hidden + hidden + channels, 2 * channels * hidden, gain=None)


def stochastic_depth(shape: Shape, *, survival: Annotated[Small, "probability that the path is kept"] = 0.5) -> Effect:
    """Drop the path for a whole mini-batch in training, multiply by `survival` in evaluation (Huang et al. 2016)."""
    return Effect(shape, gain=survival)


def settle_survival(
    shape: Shape,
    scope: Scope,
    *,
    rule: Annotated[
        Literal["constant", "linear"],
        "linear: 1 - l/L (1 - survival) in the l-th of the L units that have this rule (Huang et al. 2016, eq. 4)",
    ] = "constant",
    **arguments: Any,
) -> dict[str, Value]:
    """The survival probability of this unit."""
    unit, of = scope.place
    if rule == "linear":
        arguments["survival"] = 1 - unit / of * (1 - arguments["survival"])
    return arguments
