"""Whole nets from the short form: against nets written by hand, published counts, the summary, and the clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import torch
from references import PreactivationBottleneckNet, ReluOnlyNet
from torch import nn

from ablate.model import build
from ablate.spec import Network
from ablate.spec.architecture.reader import read_architecture
from ablate.spec.architecture.summary import summarise

SHORTCUTS: list[Any] = [
    *("none", "identity", "projection", "conv1x1"),
    *({"scale": 0.5}, {"scale": 0.5, "branch": 0.5}, {"dropout": 0.5}),
    *({"gate": "exclusive", "bias": -6}, {"gate": "shortcut-only", "bias": 0}),
]
ACTIVATIONS = [
    *("original", "bn-after-addition", "relu-before-addition"),
    *("relu-only-preactivation", "full-preactivation"),
]


def cifar(**keys: Any) -> Network:
    network, problems = read_architecture({"family": "cifar", **keys}, {}, None, None)
    assert network is not None, problems
    return network


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("keys", "reference"),
    [
        ({"depth": 20, "block": "bottleneck", "activation": "full-preactivation", "resize": "projection"},
         PreactivationBottleneckNet(2)),
        ({"depth": 14, "activation": "relu-only-preactivation"}, ReluOnlyNet(2)),
    ],
    ids=["full pre-activation", "relu-only pre-activation"],
)  # fmt: skip
def test_first_and_last_units_as_in_the_appendix(
    keys: dict[str, Any], reference: nn.Module, training: bool, copy_weights: Callable[..., None], randomise: Any
) -> None:
    module = build(cifar(**keys)).double().train(training)
    reference = randomise(reference.double()).train(training)
    copy_weights(reference.state_dict(), module.state_dict())
    x = torch.randn(4, 3, 16, 16, dtype=torch.float64)
    results = [
        (net(x), torch.autograd.grad(net(x).square().sum(), list(net.parameters()))) for net in (module, reference)
    ]
    torch.testing.assert_close(results[0], results[1], rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(("block", "depth"), [("basic", 8), ("bottleneck", 11), ("single", 8)])
def test_every_short_form_has_the_parameters_of_its_summary_and_trains(block: str, depth: int) -> None:
    x = torch.randn(2, 3, 32, 32)
    for shortcut, activation, resize in product(SHORTCUTS, ACTIVATIONS, ["pad", "projection"]):
        network = cifar(depth=depth, block=block, shortcut=shortcut, activation=activation, resize=resize)
        module = build(network)
        parameters = list(module.parameters())
        assert sum(parameter.numel() for parameter in parameters) == summarise(network).parameters
        gradients = torch.autograd.grad(module(x).square().sum(), parameters)
        assert all(gradient.isfinite().all() for gradient in gradients), (shortcut, activation, resize)


@pytest.mark.parametrize(
    ("keys", "count"),
    [
        ({"depth": 20}, 269_722),
        ({"depth": 56, "shortcut": "none"}, 853_018),
        ({"depth": 110, "shortcut": "projection", "resize": "projection"}, 1_826_202),
        ({"depth": 110, "block": "single"}, 1_727_962),
        ({"depth": 110, "shortcut": {"gate": "exclusive", "bias": -6}}, 1_824_186),
        ({"depth": 164, "block": "bottleneck", "resize": "projection"}, 1_704_154),
        ({"depth": 164, "block": "bottleneck", "resize": "projection", "activation": "full-preactivation"}, 1_703_258),
    ],
)
def test_published_and_recounted_parameters(keys: dict[str, Any], count: int) -> None:
    assert sum(parameter.numel() for parameter in build(cifar(**keys)).parameters()) == count


@pytest.mark.parametrize(
    ("keys", "count"),
    [
        ({"depth": 1202}, 19_421_274),
        (
            {"depth": 1001, "block": "bottleneck", "resize": "projection", "activation": "full-preactivation"},
            10_327_706,
        ),
    ],
)
def test_the_deepest_nets_compile_in_three_seconds(keys: dict[str, Any], count: int) -> None:
    build(cifar(depth=8))  # what PyTorch does once per process
    start = time.process_time()
    module = build(cifar(**keys))
    assert time.process_time() - start < 3
    assert sum(parameter.numel() for parameter in module.parameters()) == count
