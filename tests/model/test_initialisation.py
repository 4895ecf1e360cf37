"""The rules of initialisation: variances, constants, and that equal generators give equal weights."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from ablate.model import OPERATIONS, initialise

CONV = {"kernel": 3, "stride": 1, "padding": 1, "groups": 1, "dilation": 1, "bias": True, "bias_init": None}


def network(bias_init: float | None = None) -> nn.Sequential:
    return nn.Sequential(
        OPERATIONS["conv"]((32, 8, 8), channels=64, **CONV | {"bias_init": bias_init}),
        OPERATIONS["bn"]((64, 8, 8), eps=1e-5, momentum=0.1, scale_init=0.25),
        nn.Flatten(),
        OPERATIONS["linear"]((4096,), features=10, bias=True),
    )


@pytest.mark.parametrize(("rule", "fan"), [("he-fan-out", 64 * 9), ("he-fan-in", 32 * 9)])
def test_he_draws_a_normal_of_variance_two_over_the_fan(rule: str, fan: int) -> None:
    convolution, bn, _, linear = module = network()
    initialise(module, rule)
    assert convolution.weight.std().item() == pytest.approx(math.sqrt(2 / fan), rel=0.03)
    kurtosis = (convolution.weight / convolution.weight.std()).pow(4).mean().item()
    assert kurtosis == pytest.approx(3, abs=0.2)  # a uniform distribution has 1.8
    assert not convolution.bias.any()
    assert bn.weight.unique().tolist() == [0.25]
    assert linear.weight.abs().max().item() == pytest.approx(1 / 64, rel=0.01)
    assert not linear.bias.any()


@pytest.mark.parametrize("rule", ["he-fan-out", "he-fan-in", "torch"])
def test_a_bias_of_its_own_goes_before_the_rule(rule: str) -> None:
    module = network(bias_init=-6.0)
    initialise(module, rule)
    assert module[0].bias.unique().tolist() == [-6.0]


def test_the_torch_rule_is_pytorchs_own() -> None:
    ours = network()
    torch.manual_seed(3)
    initialise(ours, "torch")
    torch.manual_seed(3)
    theirs = nn.Sequential(nn.Conv2d(32, 64, 3, padding=1), nn.Linear(4096, 10))
    for mine, yours in zip((*ours[0].parameters(), *ours[3].parameters()), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, yours, rtol=1e-6, atol=0)


@pytest.mark.parametrize("rule", ["he-fan-out", "he-fan-in", "torch"])
def test_equal_generators_give_equal_weights(rule: str) -> None:
    states = []
    for seed in (5, 5, 6):
        module = network()
        module[1].running_mean.fill_(3)  # reset, too
        torch.manual_seed(len(states))  # what PyTorch's own generator does must not matter
        initialise(module, rule, torch.Generator().manual_seed(seed))
        states.append(torch.cat([value.flatten().float() for value in module.state_dict().values()]))
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])
