"""Every operation of the table against the formula of its source."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from ablate.model import OPERATIONS, initialise

X = torch.randn(4, 8, 9, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def run(kind: str, x: torch.Tensor = X, training: bool = False, **arguments: object) -> torch.Tensor:
    module = OPERATIONS[kind](tuple(x.shape[1:]), **arguments)
    initialise(module, "torch")
    return module.to(x.dtype).train(training)(x)


def test_padded_channels_come_after_the_real_ones() -> None:
    y = run("pad-channels", channels=11)
    assert y.shape == (4, 11, 9, 7)
    assert torch.equal(y[:, :8], X)
    assert not y[:, 8:].any()


def test_subsampling_keeps_every_second_pixel() -> None:
    y = run("subsample", stride=2)
    assert y.shape == (4, 8, 5, 4)
    assert torch.equal(y, nn.functional.avg_pool2d(X, 1, 2))  # as fb.resnet.torch writes it


def test_squeeze_excitation_by_its_equations() -> None:
    module = OPERATIONS["se"]((8, 9, 7), reduction=4).double()
    (w1, b1), (w2, b2) = ((part.weight, part.bias) for part in (module.squeeze, module.excite))
    weights = torch.sigmoid(torch.relu(X.mean((2, 3)) @ w1.T + b1) @ w2.T + b2)
    torch.testing.assert_close(module(X), X * weights.view(4, 8, 1, 1))
    assert w1.shape == (2, 8)


def test_the_pyramid_is_the_maximum_of_every_cell() -> None:
    y = run("spp", bins=(3, 2, 1))
    expected = [
        X[
            :, :, math.floor(i * 9 / b) : math.ceil((i + 1) * 9 / b), math.floor(j * 7 / b) : math.ceil((j + 1) * 7 / b)
        ].amax((2, 3))[:, :, None]
        for b in (3, 2, 1)
        for i in range(b)
        for j in range(b)
    ]
    cells = [torch.cat(expected[start : start + b * b], 2).flatten(1) for b, start in ((3, 0), (2, 9), (1, 13))]
    assert torch.equal(y, torch.cat(cells, 1))


def test_global_pooling() -> None:
    torch.testing.assert_close(run("global-avgpool"), X.sum((2, 3)) / 63)
    assert torch.equal(run("global-maxpool"), X.amax((2, 3)))


def test_average_pooling_leaves_the_padding_out() -> None:
    ones = torch.ones(1, 1, 4, 4)
    assert torch.equal(run("avgpool", ones, kernel=3, stride=2, padding=1, ceil=False), torch.ones(1, 1, 2, 2))


@pytest.mark.parametrize(("ceil", "size"), [(False, 3), (True, 4)])
def test_pooling_rounds_down_or_up(ceil: bool, size: int) -> None:
    x = torch.randn(1, 2, 8, 8)
    assert run("maxpool", x, kernel=3, stride=2, padding=0, ceil=ceil).shape == (1, 2, size, size)


def test_stochastic_depth_keeps_or_drops_the_whole_batch_and_scales_at_test_time() -> None:
    module = OPERATIONS["stochastic-depth"]((8, 9, 7), survival=0.75)
    kept = []
    for _ in range(2000):
        y = module(X)
        kept.append(bool(y.any()))
        assert torch.equal(y, X if kept[-1] else torch.zeros_like(X))
    assert abs(sum(kept) / 2000 - 0.75) < 0.04  # four standard deviations
    torch.testing.assert_close(module.eval()(X), 0.75 * X)


def test_a_dropped_path_passes_no_gradient_not_even_from_infinity() -> None:
    x = torch.full((1, 1), torch.inf, requires_grad=True)
    y = OPERATIONS["stochastic-depth"]((1,), survival=0.0)(x)
    y.sum().backward()
    assert y.item() == 0
    assert x.grad.item() == 0


def test_scaling_is_constant_or_learned() -> None:
    torch.testing.assert_close(run("scale", value=0.5, learned=False), X / 2)
    module = OPERATIONS["scale"]((8, 9, 7), value=0.5, learned=True).double()
    module(X).sum().backward()
    torch.testing.assert_close(module.weight.grad, X.sum())
    assert not list(OPERATIONS["scale"]((8,), value=0.5, learned=False).parameters())


def test_layer_normalisation_is_over_the_whole_image() -> None:
    y = run("layernorm", eps=0.0)
    torch.testing.assert_close(y.mean((1, 2, 3)), torch.zeros(4, dtype=X.dtype))
    torch.testing.assert_close(y.var((1, 2, 3), correction=0), torch.ones(4, dtype=X.dtype))


@pytest.mark.parametrize(("channelwise", "number"), [(True, 8), (False, 1)])
def test_prelu_learns_a_slope_per_channel_or_one(channelwise: bool, number: int) -> None:
    module = OPERATIONS["prelu"]((8, 9, 7), channelwise=channelwise, init=0.1).double()
    assert sum(parameter.numel() for parameter in module.parameters()) == number
    torch.testing.assert_close(module(X), X.clamp(min=0) + 0.1 * X.clamp(max=0))


def test_batch_normalisation_starts_at_its_scale() -> None:
    assert not run("bn", training=True, eps=1e-5, momentum=0.1, scale_init=0.0).any()


def test_local_response_normalisation_by_its_equation() -> None:
    y = run("lrn", size=5, alpha=1e-2, beta=0.75, k=2.0)
    squares = torch.stack([X[:, max(0, c - 2) : c + 3].square().sum(1) for c in range(8)], 1)
    torch.testing.assert_close(y, X / (2 + 1e-2 / 5 * squares) ** 0.75)
