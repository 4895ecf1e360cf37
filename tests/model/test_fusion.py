"""Networks of one form fused into one: each member computes what it computes alone, whatever the others do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ablate.model import build
from ablate.model.compiler import compile_network
from ablate.model.fusion import adopt, build_fused, fused_operations
from ablate.model.fusion.members import hand_over_gradients
from ablate.spec import load_architecture
from ablate.spec.architecture.network import Network
from ablate.spec.architecture.operations import KINDS
from ablate.spec.architecture.reader import read_architecture
from ablate.spec.study.fusion import WITHOUT_FUSED_FORM, explain_unfusable

FILES = sorted((Path(__file__).parents[2] / "specs" / "architectures").glob("*.yaml"))
DEEP = {"1001", "1202", "200"}  # nothing in them that others have not
DEEP_ARE_SLOW = [
    pytest.param(path, marks=pytest.mark.slow) if DEEP & set(path.stem.split("-")) else path for path in FILES
]
NOISY = {"dropout", "stochastic-depth"}
MEMBERS = 3
CPU = torch.device("cpu")
SMALL = {"family": "cifar", "depth": 8, "widths": [4, 8, 8]}
CLASSES = {"linear": {"features": "classes"}}
STRIDED = {"conv3x3": {"stride": "unit"}}
BLOCKS = {
    "squeeze": {
        "branch": [STRIDED, "bn", "relu", "conv3x3", "bn", {"se": {"reduction": 4}}],
        "shortcut": ["identity"],
        "join": "add",
        "after": ["relu"],
    },
    "inception": {
        "paths": {
            "a": [{"conv1x1": {"channels": 4, "stride": "unit"}}, "bn", "relu"],
            "b": [{"conv3x3": {"channels": 8, "groups": 4, "stride": "unit"}}, "bn", "relu"],
            "c": [{"maxpool3x3": {"stride": "unit"}}, {"conv1x1": {"channels": 4}}],
        },
        "join": "concat",
    },
    "odd": {
        "branch": [
            *(STRIDED, {"groupnorm": {"groups": 2}}, {"prelu": {"channelwise": False}}, "conv3x3", "layernorm"),
            *("prelu", {"lrn": {"size": 3}}, {"scale": {"value": 0.5, "learned": True}}, "gelu", "conv3x3"),
        ],
        "shortcut": ["identity"],
        "join": "multiply",
    },
}
EXACT: dict[str, dict[str, Any]] = {
    "plain": {"shortcut": "none"},
    "pad": {"shortcut": "identity"},
    "projection": {"resize": "projection"},
    "bottleneck": {"depth": 11, "block": "bottleneck"},
    "pre-activation": {"activation": "full-preactivation"},
    "gate": {"shortcut": {"gate": "exclusive", "bias": -6}},
    "scaling": {"shortcut": {"scale": 0.5, "branch": 0.5}},
    "concat": {"block": "inception"},
    "squeeze-excite": {"block": "squeeze", "widths": [16, 16, 16]},
}
CLOSE = {
    "odd": {"block": "odd", "depth": 11},
    "odd widths": {"widths": [3, 5, 7]},
    "narrow squeeze": {"block": "squeeze"},
}


def read(architecture: dict[str, Any], channels: int) -> Network:
    network, problems = read_architecture({**SMALL, **architecture}, BLOCKS, (channels, 8, 8), 10)
    assert network is not None, problems
    return network


def build_members(network: Network, number: int, dtype: torch.dtype) -> list[nn.Module]:
    modules = [build(network, generator=torch.Generator().manual_seed(seed)) for seed in range(number)]
    return [module.to(dtype, memory_format=torch.channels_last) for module in modules]


def side_by_side(images: Sequence[Tensor]) -> Tensor:
    return torch.cat(list(images), 1).contiguous(memory_format=torch.channels_last)


def outputs(module: nn.Module, images: Tensor) -> list[Tensor]:
    found = module(images.contiguous(memory_format=torch.channels_last))
    return [found[0], *found[1]] if isinstance(found, tuple) else [found]


class Comparison:
    """The same step of the same members, each alone and all in one network."""

    def __init__(self, network: Network, dtype: torch.dtype, num_images: int = 16, members: int = MEMBERS) -> None:
        self.alone, self.members = (build_members(network, members, dtype) for _ in range(2))
        self.fused = build_fused(network, members, CPU, dtype)
        adopt(self.fused, self.members)
        self.images = [torch.randn(num_images, *network.input, dtype=dtype) for _ in range(members)]
        self.labels = [torch.randint(network.classes, (num_images,)) for _ in range(members)]

    def step(self) -> tuple[list[Tensor], list[Tensor]]:
        """Forward and backward of both; the logits of each member."""
        torch.use_deterministic_algorithms(True)
        try:
            alone = [outputs(module, x) for module, x in zip(self.alone, self.images, strict=True)]
            together = [part.chunk(len(self.members), 1) for part in outputs(self.fused, side_by_side(self.images))]
            for found, labels in zip(alone, self.labels, strict=True):
                sum(F.cross_entropy(logits, labels) for logits in found).backward()
            pairs = [(logits, y) for part in together for logits, y in zip(part, self.labels, strict=True)]
            sum(F.cross_entropy(logits, labels) for logits, labels in pairs).backward()
        finally:
            torch.use_deterministic_algorithms(False)
        hand_over_gradients(self.fused, self.members)
        return [found[0] for found in alone], list(together[0])

    def pairs(self) -> list[tuple[str, Tensor, Tensor]]:
        """Statistics after the step and gradients, by name: alone, as a member."""
        found = []
        for alone, member in zip(self.alone, self.members, strict=True):
            found += [(n, a, m) for (n, a), m in zip(alone.named_buffers(), member.buffers(), strict=True)]
            for (name, a), (same, m) in zip(alone.named_parameters(), member.named_parameters(), strict=True):
                assert name == same
                assert a.grad is not None
                assert m.grad is not None
                found.append((f"{name}.grad", a.grad, m.grad))
        return found


@pytest.mark.parametrize("channels", [pytest.param(1, id="gray"), pytest.param(3, id="colour", marks=pytest.mark.slow)])
@pytest.mark.parametrize("architecture", EXACT.values(), ids=EXACT.keys())
def test_a_step_is_that_of_each_member_alone_to_the_bit(architecture: dict[str, Any], channels: int) -> None:
    comparison = Comparison(read(architecture, channels), torch.float64)
    for alone, together in zip(*comparison.step(), strict=True):
        assert torch.equal(alone, together)
    assert [name for name, alone, together in comparison.pairs() if not torch.equal(alone, together)] == []
    images = side_by_side(comparison.images)
    together = comparison.fused.eval()(images).chunk(MEMBERS, 1)
    for *modules, x, logits in zip(comparison.alone, comparison.members, comparison.images, together, strict=True):
        for module in modules:  # alone, and the member that shares the fused network's memory
            assert torch.equal(outputs(module.eval(), x)[0], logits)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("architecture", [*CLOSE.values(), EXACT["concat"]], ids=[*CLOSE.keys(), "concat"])
def test_a_step_is_that_of_each_member_alone_up_to_rounding(architecture: dict[str, Any], dtype: torch.dtype) -> None:
    comparison = Comparison(read(architecture, 3), dtype)
    tolerance = 1e-10 if dtype is torch.float64 else 1e-4
    for alone, together in zip(*comparison.step(), strict=True):
        torch.testing.assert_close(together, alone, rtol=tolerance, atol=tolerance)
    for name, alone, together in comparison.pairs():
        scale = float(alone.abs().max()) or 1.0
        torch.testing.assert_close(together, alone, rtol=tolerance, atol=tolerance * scale, msg=name)


@pytest.mark.parametrize("architecture", [*EXACT.values(), *CLOSE.values()], ids=[*EXACT.keys(), *CLOSE.keys()])
def test_a_member_that_is_no_number_leaves_the_others_as_they_are(architecture: dict[str, Any]) -> None:
    network = read(architecture, 3)
    whole, broken = (Comparison(network, torch.float64) for _ in range(2))
    broken.images, broken.labels = whole.images, whole.labels
    with torch.no_grad():
        for parameter in broken.members[1].parameters():
            parameter.fill_(math.nan)
    _, expected = whole.step()
    _, found = broken.step()
    assert found[1].isnan().all()
    for number in (0, 2):
        assert torch.equal(expected[number], found[number])
        for right, left in zip(whole.members[number].parameters(), broken.members[number].parameters(), strict=True):
            assert right.grad is not None
            assert left.grad is not None
            assert torch.equal(right.grad, left.grad)


def test_a_member_trains_with_the_network() -> None:
    network = read({}, 1)
    members = build_members(network, 2, torch.float64)
    expected = {name: value.clone() for name, value in members[1].state_dict().items()}
    fused = build_fused(network, 2, CPU, torch.float64)
    adopt(fused, members)
    assert all(torch.equal(value, expected[name]) for name, value in members[1].state_dict().items())
    with torch.no_grad():
        for tensor in fused.state_dict().values():
            tensor.chunk(2)[1].fill_(7)
    assert all(bool((value == 7).all()) for value in members[1].state_dict().values())
    assert not any(bool((value == 7).all()) for value in members[0].state_dict().values())


def test_auxiliary_classifiers_are_fused_too() -> None:
    written = {
        "stem": [{"conv3x3": {"channels": 4}}, "relu"],
        "stages": [[{"block": {"paths": {"only": ["conv3x3", "relu"]}}}] * 2],
        "head": ["global-avgpool", CLASSES],
        "auxiliaries": [{"after": {"stage": 0, "unit": 0}, "head": [{"spp": {"bins": [1, 2]}}, CLASSES]}],
    }
    network, problems = read_architecture(written, {}, (3, 8, 8), 10)
    assert network is not None, problems
    comparison = Comparison(network, torch.float64)
    comparison.step()
    assert [name for name, alone, together in comparison.pairs() if not torch.equal(alone, together)] == []


def test_every_operation_is_fused_or_named_with_its_reason() -> None:
    assert fused_operations(2).keys() | WITHOUT_FUSED_FORM.keys() == KINDS.keys()
    assert not fused_operations(2).keys() & WITHOUT_FUSED_FORM.keys()
    assert WITHOUT_FUSED_FORM.keys() == NOISY


@pytest.mark.parametrize("path", DEEP_ARE_SLOW, ids=lambda path: path.stem)
def test_every_network_of_the_zoo_is_fused_or_says_why_not(path: Path) -> None:
    network = load_architecture(path).network
    with torch.device("meta"):
        alone = compile_network(network)
    noisy = {part for part in ("Dropout", "StochasticDepth") for m in alone.modules() if type(m).__name__ == part}
    reason = explain_unfusable(network)
    assert bool(noisy) == bool(reason)
    if reason is None:
        fused = build_fused(network, 2, torch.device("meta"), torch.float32).state_dict()
        assert {name: value.numel() for name, value in fused.items()} == {
            name: 2 * value.numel() for name, value in alone.state_dict().items()
        }


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", [path for path in FILES if not DEEP & set(path.stem.split("-"))], ids=lambda path: path.stem
)
def test_members_from_the_zoo_compute_what_they_compute_alone(path: Path) -> None:
    network = load_architecture(path).network
    if reason := explain_unfusable(network):
        pytest.skip(reason)
    if network.head[0].kind == "global-avgpool":  # then any size will do, and batch statistics keep its scale
        network = replace(network, input=(3, *[min(64, side) for side in network.input[1:]]))
    members = build_members(network, 2, torch.float64)
    images = [torch.randn(2, *network.input, dtype=torch.float64) for _ in members]
    with torch.inference_mode():
        alone = [outputs(member, x)[0] for member, x in zip(members, images, strict=True)]
        fused = build_fused(network, 2, CPU, torch.float64)
        adopt(fused, members)
        together = fused(side_by_side(images)).chunk(2, 1)
    for expected, found in zip(alone, together, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-7, atol=1e-7 * float(expected.abs().max()))
