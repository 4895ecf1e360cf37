"""The same networks as torchvision: equal parameter counts, and equal logits once its weights are copied in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from torch import nn

from ablate.model import build
from ablate.model.compiler import compile_network
from ablate.spec import Network, load_architecture
from ablate.spec.architecture.reader import read_architecture
from ablate.spec.architecture.summary import summarise

ZOO = Path(__file__).parents[2] / "specs" / "architectures"
BOTTLENECK = {"block": "bottleneck", "stride": "3x3"}


def short(**keys: Any) -> Network:
    network, problems = read_architecture({"family": "imagenet", "resize": "projection", **keys}, {}, None, None)
    assert network is not None, problems
    return network


RESNETS: dict[str, dict[str, Any]] = {
    "resnet18": {"depth": 18},
    "resnet34": {"depth": 34},
    "resnet50": {"depth": 50, **BOTTLENECK},
    "resnet101": {"depth": 101, **BOTTLENECK},
    "resnet152": {"depth": 152, **BOTTLENECK},
    "wide_resnet50_2": {"depth": 50, "bottleneck_width": 128, **BOTTLENECK},
    "resnext50_32x4d": {"depth": 50, "cardinality": 32, "bottleneck_width": 4, **BOTTLENECK},
}
FILES = {
    "vgg16": "vgg-16",
    "vgg16_bn": "vgg-16-bn",
    "vgg19": "vgg-19",
    "vgg19_bn": "vgg-19-bn",
    "densenet121": "densenet-121",
    "googlenet": "googlenet",
}
# VGG takes gigabytes of memory rather than time.
NAMES = [pytest.param(n, marks=pytest.mark.slow) if n.startswith("vgg") else n for n in (*RESNETS, *FILES)]


def ours(name: str) -> Network:
    return short(**RESNETS[name]) if name in RESNETS else load_architecture(ZOO / f"{FILES[name]}.yaml").network


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def theirs(name: str) -> nn.Module:
    more = {"init_weights": False, "aux_logits": True} if name == "googlenet" else {}
    return torchvision.models.get_model(name, **more)


@pytest.mark.parametrize("name", [*RESNETS, *FILES])
def test_as_many_parameters(name: str) -> None:
    with torch.device("meta"):
        module, reference = compile_network(ours(name)), theirs(name)
    assert count(module) == count(reference) == summarise(ours(name)).parameters


@pytest.mark.parametrize("name", NAMES)
def test_the_same_logits(name: str, copy_weights: Callable[..., None], randomise: Callable[..., nn.Module]) -> None:
    network = ours(name)
    module = randomise(build(network, "he-fan-in", torch.Generator().manual_seed(0))).eval()
    with torch.device("meta"):
        reference = theirs(name).eval()
    reference.to_empty(device="cpu")
    states = reference.state_dict()  # its auxiliary heads stand ahead of the last layer, ours behind it
    copy_weights(module.state_dict(), dict(sorted(states.items(), key=lambda item: item[0].startswith("aux"))))
    size = 224 if name.startswith("vgg") else 96
    x = torch.randn(2, 3, size, size)
    with torch.no_grad():
        expected, logits = reference(x), module(x)
    assert expected.std() > 1e-3
    torch.testing.assert_close(logits / expected.std(), expected / expected.std(), rtol=0, atol=1e-5)


def test_googlenets_auxiliary_heads(copy_weights: Callable[..., None], randomise: Callable[..., nn.Module]) -> None:
    """As torchvision's, but for the pooling: 5x5 with stride 3 as in the paper, where torchvision's is adaptive."""
    module = randomise(build(ours("googlenet"))).eval()
    reference = theirs("googlenet").eval()
    states = reference.state_dict()
    copy_weights(module.state_dict(), dict(sorted(states.items(), key=lambda item: item[0].startswith("aux"))))
    maps: list[torch.Tensor] = []
    for part in (reference.inception4a, reference.inception4d):
        part.register_forward_hook(lambda part, inputs, output: maps.append(output))
    x = torch.randn(1, 3, 224, 224)
    module.training = True  # of the whole alone: its parts keep their running statistics
    with torch.no_grad():
        reference(x)
        _, logits = module(x)
        for auxiliary, seen, head in zip(logits, maps, (reference.aux1, reference.aux2), strict=True):
            hidden = head.conv(nn.functional.avg_pool2d(seen, 5, 3)).flatten(1)
            torch.testing.assert_close(auxiliary, head.fc2(torch.relu(head.fc1(hidden))), rtol=0, atol=1e-5)
