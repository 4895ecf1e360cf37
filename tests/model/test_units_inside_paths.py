"""Units inside paths, and products of paths, against the same by hand: forward, gradients, names, export."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ablate.model import build
from ablate.model.export import to_python
from ablate.spec import Network
from ablate.spec.architecture.reader import read_architecture
from ablate.spec.architecture.summary import summarise

BLOCKS = {
    "scales": {
        "before": ["relu"],
        "paths": {
            "one": [{"conv1x1": {"channels": "0.5x", "stride": "unit"}}],
            "three": ["relu", {"conv3x3": {"channels": "0.5x", "stride": "unit"}}, "attention"],
        },
        "join": "concat",
        "after": ["bn"],
    },
    "attention": {"paths": {"signal": [], "weight": [{"conv1x1": {"channels": "in"}}, "sigmoid"]}, "join": "multiply"},
    "fused": {"branch": ["scales", "conv1x1", "bn"], "shortcut": ["identity"], "join": "add", "after": ["relu"]},
}


def network() -> Network:
    architecture = {"family": "cifar", "units": [1, 2], "widths": [8, 16], "block": "fused", "resize": "projection"}
    found, problems = read_architecture(architecture, BLOCKS, (3, 8, 8))
    assert found, problems
    return found


class Fused(nn.Module):
    """Two scales side by side, one of them weighed by itself, fused by a 1x1 convolution and added to the shortcut."""

    def __init__(self, inputs: int, channels: int, stride: int) -> None:
        super().__init__()
        self.one = nn.Conv2d(inputs, channels // 2, 1, stride, bias=False)
        self.three = nn.Conv2d(inputs, channels // 2, 3, stride, 1, bias=False)
        self.weight = nn.Conv2d(channels // 2, channels // 2, 1, bias=False)
        self.inner = nn.BatchNorm2d(channels)
        self.fuse = nn.Conv2d(channels, channels, 1, bias=False)
        self.bn = nn.BatchNorm2d(channels)
        self.shortcut = nn.Sequential()
        if inputs != channels:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(x)
        three = self.three(torch.relu(y))
        y = self.inner(torch.cat([self.one(y), three * torch.sigmoid(self.weight(three))], 1))
        return torch.relu(self.bn(self.fuse(y)) + self.shortcut(x))


def by_hand() -> nn.Module:
    stem = [nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU()]
    units = [Fused(8, 8, 1), Fused(8, 16, 2), Fused(16, 16, 1)]
    return nn.Sequential(*stem, *units, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))


@pytest.mark.parametrize("training", [True, False])
def test_forward_and_gradients_equal_those_by_hand(
    training: bool, randomise: Callable[..., nn.Module], copy_weights: Callable[..., None]
) -> None:
    module, reference = build(network()).double().train(training), randomise(by_hand().double()).train(training)
    copy_weights(reference.state_dict(), module.state_dict())
    x = torch.randn(4, 3, 8, 8, dtype=torch.float64)
    results = [
        (net(x), torch.autograd.grad(net(x).square().sum(), list(net.parameters()))) for net in (module, reference)
    ]
    torch.testing.assert_close(results[0], results[1], rtol=1e-9, atol=1e-10)


def test_parameters_are_those_of_the_summary_and_bear_the_names_of_the_paths() -> None:
    module = build(network())
    assert sum(parameter.numel() for parameter in module.parameters()) == summarise(network()).parameters
    names = [name for name, _ in module.named_parameters() if name.startswith("stages.0.0")]
    assert names[:4] == [
        "stages.0.0.branch.0.one.0.weight",
        "stages.0.0.branch.0.three.1.weight",
        "stages.0.0.branch.0.three.2.weight.0.weight",
        "stages.0.0.branch.0.after.0.weight",
    ]


def test_the_exported_file_gives_the_same_logits(randomise: Callable[..., nn.Module]) -> None:
    text = to_python(network(), "fused")
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(text, "exported.py", "exec"), names)
    module, exported = randomise(build(network())).eval(), names["fused"]().eval()
    exported.load_state_dict(module.state_dict())
    x = torch.randn(2, 3, 8, 8)
    torch.testing.assert_close(exported(x), module(x), rtol=0, atol=0)
