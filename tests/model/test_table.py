"""The contract of the table: its two sides have the same kinds and arguments, and agree on shapes and parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.model import OPERATIONS, initialise
from ablate.spec.architecture.operations import KINDS
from ablate.spec.architecture.operations.effect import Effect, ShapeFault

CHANNELS = 12
WINDOW = {"kernel": st.integers(1, 5), "stride": st.integers(1, 3), "padding": st.integers(0, 2)}
FLOATS = {"eps", "slope", "init", "value", "alpha", "beta", "k"}
VALUES: dict[str, st.SearchStrategy[Any]] = {
    **WINDOW,
    **dict.fromkeys(FLOATS, st.floats(0.01, 2)),
    **dict.fromkeys(("momentum", "probability", "survival"), st.floats(0.1, 1)),
    **dict.fromkeys(("ceil", "bias", "channelwise", "learned"), st.booleans()),
    "scale_init": st.floats(0.1, 1) | st.floats(-1, -0.1),
    "bias_init": st.none() | st.floats(-7, 1),
    "channels": st.sampled_from([12, 24, 36]),
    "groups": st.sampled_from([1, 2, 3, 5, 12]),
    "dilation": st.integers(1, 2),
    "features": st.integers(1, 20),
    "reduction": st.integers(1, 13),
    "size": st.integers(1, 7),
    "bins": st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple),
}


def inputs(kind: str) -> st.SearchStrategy[tuple[int, ...]]:
    if kind == "linear":
        return st.just((CHANNELS,))
    return st.tuples(st.just(CHANNELS), st.integers(2, 9), st.integers(2, 9))


def test_both_sides_have_the_same_kinds() -> None:
    assert OPERATIONS.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_both_sides_have_the_same_arguments_and_a_docstring(kind: str) -> None:
    def keywords(function: Callable[..., object]) -> set[str]:
        parameters = inspect.signature(function).parameters.values()
        return {parameter.name for parameter in parameters if parameter.kind is inspect.Parameter.KEYWORD_ONLY}

    assert keywords(OPERATIONS[kind]) == keywords(KINDS[kind].effect)
    assert OPERATIONS[kind].__doc__


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_both_sides_agree(kind: str, data: st.DataObject) -> None:
    shape = data.draw(inputs(kind), label="shape")
    arguments = {name: data.draw(VALUES[name], label=name) for name in KINDS[kind].resolved}
    try:
        effect = KINDS[kind].effect(shape, **arguments)
    except ShapeFault:
        return
    check_on_meta(kind, arguments, shape, effect)
    check_for_real(kind, arguments, shape, effect)


def check_on_meta(kind: str, arguments: dict[str, Any], shape: tuple[int, ...], effect: Effect) -> None:
    with torch.device("meta"):
        module = OPERATIONS[kind](shape, **arguments)
        assert module(torch.empty(2, *shape)).shape == (2, *effect.shape)
    assert sum(parameter.numel() for parameter in module.parameters()) == effect.parameters


def check_for_real(kind: str, arguments: dict[str, Any], shape: tuple[int, ...], effect: Effect) -> None:
    module = OPERATIONS[kind](shape, **arguments)
    initialise(module, "he-fan-in", torch.Generator().manual_seed(0))
    x = torch.randn(2, *shape, generator=torch.Generator().manual_seed(1)).requires_grad_()
    y = module.eval()(x)
    assert y.shape == (2, *effect.shape)
    assert y.isfinite().all()
    (y * torch.linspace(0.5, 1.5, y.numel()).view_as(y)).sum().backward()
    assert x.grad.isfinite().all()
    if x.numel() > 20 and not arguments.get("padding"):  # a window of 1 with stride 3 may see padding alone
        assert x.grad.any(), "no gradient reaches the input"
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None, f"no gradient reaches {name}"
        assert parameter.grad.isfinite().all()
