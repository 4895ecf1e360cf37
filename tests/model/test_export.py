"""Networks that left the house: a Python file, ONNX and weights give the logits that the module gives."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from ablate.errors import AblateError
from ablate.model import build
from ablate.model.export import dump_weights, load_weights, to_onnx, to_python
from ablate.spec import Network, load_architecture
from ablate.spec.architecture.network import Operation, Unit
from ablate.spec.architecture.reader import read_architecture

ZOO = Path(__file__).parents[2] / "specs" / "architectures"
CIFAR: dict[str, dict[str, Any]] = {
    "resnet-20": {},
    "option B": {"resize": "projection"},
    "preact-29": {"block": "bottleneck", "depth": 29, "activation": "full-preactivation", "resize": "projection"},
    "gate": {"shortcut": {"gate": "exclusive", "bias": -6}},
    "shortcut-only gate": {"shortcut": {"gate": "shortcut-only", "bias": -6}},
    "scaling": {"shortcut": {"scale": 0.5, "branch": 0.5}},
    "dropout": {"shortcut": {"dropout": 0.5}},
}


def cifar(**keys: Any) -> Network:
    network, problems = read_architecture({"family": "cifar", "depth": 20, **keys}, {}, None, None)
    assert network is not None, problems
    return network


def rare() -> Network:
    """Every operation that the other networks leave out, in paths of unlikely names."""
    paths = {
        "type": [{"groupnorm": {"groups": 4}}, "prelu", "conv1x1", "layernorm", "gelu", {"se": {"reduction": 4}}],
        "my-path": ["lrn", "leaky", "relu6", "silu", {"scale": {"learned": True}}, "sigmoid"],
        "c": ["avgpool3x3", {"scale": {"value": 0.3}}, {"stochastic-depth": {"survival": 0.9}}],
    }
    document = {
        "input": [3, 16, 16],
        "classes": 10,
        "stem": [{"conv3x3": {"channels": 8}}],
        "stages": [{"units": 2, "paths": paths, "join": "add", "after": ["bn"]}],
        "head": [{"spp": {"bins": [3, 1]}}, {"linear": {"features": "classes"}}],
    }
    network, problems = read_architecture(document, {}, None, None)
    assert network is not None, problems
    return network


def networks() -> dict[str, Callable[[], Network]]:
    short = {name: (lambda keys=keys: cifar(**keys)) for name, keys in CIFAR.items()}
    files = {
        name: (lambda name=name: load_architecture(ZOO / f"{name}.yaml").network)
        for name in ("googlenet", "densenet-121")
    }
    return {**short, "rare operations": rare, **files}


@pytest.fixture(params=networks())
def network(request: pytest.FixtureRequest) -> Network:
    return networks()[request.param]()


def run_file(text: str, function: str) -> nn.Module:
    names: dict[str, Any] = {"__name__": "exported"}
    exec(compile(text, "exported.py", "exec"), names)
    return names[function]()


def test_the_python_file_gives_the_same_logits(network: Network, randomise: Callable[..., nn.Module]) -> None:
    text = to_python(network, "a net")
    exported, module = run_file(text, "a_net"), randomise(build(network))
    assert "ablate" not in text.replace("Written by ablate", "").replace("that ablate exports", "")
    assert max(map(len, text.splitlines())) <= 120
    exported.load_state_dict(module.state_dict())
    x = torch.randn(2, *network.input)
    for training in (False, True):
        torch.manual_seed(1)
        expected = module.train(training)(x)
        torch.manual_seed(1)
        torch.testing.assert_close(exported.train(training)(x), expected, rtol=0, atol=0)


def test_a_deep_net_is_a_short_file() -> None:
    network = cifar(depth=1202)
    text = to_python(network, "resnet-1202")
    assert len(text.splitlines()) < 190
    assert run_file(text, "resnet_1202").state_dict().keys() == build(network).state_dict().keys()


@pytest.mark.parametrize(
    ("name", "function"), [("1202 layers", "net_1202_layers"), ("class", "net_class"), ('é"\\', "network")]
)
def test_any_name_makes_a_function(name: str, function: str) -> None:
    assert f"def {function}(" in to_python(cifar(), name)
    assert run_file(to_python(cifar(), name), function).state_dict().keys() == build(cifar()).state_dict().keys()


def test_the_file_runs_without_ablate(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(to_python(cifar(), "net") + "\nimport sys\nnet()\nassert 'ablate' not in sys.modules\n")
    subprocess.run([sys.executable, "-I", path], check=True)


def test_the_file_has_no_fault_a_linter_finds(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(to_python(load_architecture(ZOO / "googlenet.yaml").network, "googlenet"))
    subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E,F,I,B", "--line-length", "120", path],
        check=True,
    )


def test_weights_come_back_whole(randomise: Callable[..., nn.Module]) -> None:
    module, other = randomise(build(cifar())), build(cifar())
    content = dump_weights(module.to(memory_format=torch.channels_last), {"trial": "abc"})
    load_weights(other, content, "w.safetensors")
    for name, value in module.state_dict().items():
        assert torch.equal(other.state_dict()[name], value)


@pytest.mark.parametrize("content", [b"", b"not safetensors" * 10])
def test_a_wrong_weights_file_is_an_error_of_one_line(content: bytes) -> None:
    with pytest.raises(AblateError, match=r"w\.safetensors: "):
        load_weights(build(cifar()), content, "w.safetensors")


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(AblateError, match="another network"):
        load_weights(build(cifar()), dump_weights(build(cifar(depth=14))), "w.safetensors")


SLOW_ONNX = [pytest.param(name, marks=pytest.mark.slow) for name in ("resnet-20", "rare operations", "googlenet")]


@pytest.mark.parametrize("name", ["gate", *SLOW_ONNX])
def test_onnx_gives_the_same_logits_for_any_number_of_images(
    name: str, tmp_path: Path, randomise: Callable[..., nn.Module]
) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    network = networks()[name]()
    module = randomise(build(network))
    to_onnx(module, network, tmp_path / "net.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["net.onnx"]
    assert module.training
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx", providers=["CPUExecutionProvider"])
    for number in (1, 5):
        x = torch.randn(number, *network.input)
        (logits,) = session.run(None, {"images": x.numpy()})
        with torch.no_grad():
            torch.testing.assert_close(torch.from_numpy(logits), module.eval()(x), rtol=1e-3, atol=1e-4)


def test_a_module_that_is_not_the_network_leaves_no_onnx_file(tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    unit = Unit({"branch": (Operation("relu"),)})
    with pytest.raises(Exception):  # noqa: B017, PT011
        to_onnx(build(cifar(depth=8)), Network((4, 8, 8), 10, (), ((unit,),), ()), tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())
