"""The zoo: no entry without an expected count, each as large, deep and costly as published, each as its row says."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
import yaml
from click.testing import CliRunner
from torch import nn
from zoo_counts import MULTIPLY_ADDS, PARAMETERS, PRINTED_MULTIPLY_ADDS, TORCHVISION

from ablate.cli import main
from ablate.model import build
from ablate.model.compiler import compile_network
from ablate.spec import load_architecture
from ablate.spec.architecture.short import short_keys
from ablate.spec.architecture.signature import arguments_of
from ablate.spec.architecture.summary import Summary, summarise

SPECS = Path(__file__).parents[2] / "specs"
FILES = {file.stem: file for file in sorted((SPECS / "architectures").glob("**/*.yaml"))}


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@cache
def summary(name: str) -> Summary:
    return summarise(load_architecture(FILES[name]).network)


@cache
def theirs(name: str) -> nn.Module:
    more = {"init_weights": False} if name == "googlenet" else {}
    with torch.device("meta"):
        return torchvision.models.get_model(name, **more)


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def test_all_specifications_are_right_together() -> None:
    files = [*FILES.values(), *sorted((SPECS / "studies").glob("**/*.yaml"))]
    result = CliRunner().invoke(main, ["check", *map(str, files)])
    assert result.exit_code == 0, result.output
    assert result.output.count(": ok, ") == len(files)


def test_all_specifications_are_checked_in_a_second_and_a_half_without_torch() -> None:
    code = f"""
import sys, time
from ablate.cli import main
main(["check", *{list(map(str, SPECS.glob("[as]*/**/*.yaml")))}], standalone_mode=False)
assert "torch" not in sys.modules
print(time.process_time())
"""
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert float(printed.split()[-1]) < 1.5


def test_every_entry_has_an_expected_count() -> None:
    assert FILES
    assert PARAMETERS.keys() | TORCHVISION.keys() == FILES.keys()
    assert PARAMETERS.keys().isdisjoint(TORCHVISION)


@pytest.mark.parametrize("name", FILES)
def test_as_many_parameters_as_expected(name: str) -> None:
    expected = count(theirs(TORCHVISION[name])) if name in TORCHVISION else PARAMETERS[name]
    assert summary(name).parameters == expected


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if re.search(r"-1\d\d\d$", name) else name for name in FILES]
)
def test_the_module_has_the_parameters_of_its_summary_and_gives_logits(name: str) -> None:
    network = load_architecture(FILES[name]).network
    with torch.device("meta"):
        module = compile_network(network).eval()
        assert module(torch.empty(2, *network.input)).shape == (2, network.classes)
    assert count(module) == summary(name).parameters


@pytest.mark.parametrize(
    "name",
    [
        *("highway-19", "highway-32", "wrn-16-8", "wrn-28-10-dropout", "densenet-bc-100", "se-resnet-110"),
        *("stochastic-depth-resnet-110", "resnet-50-d", "mobilenet-v2"),
    ],
)
def test_entries_written_out_train(name: str) -> None:
    module = build(load_architecture(FILES[name], ["architecture.input=[3, 32, 32]"]).network)
    parameters = list(module.parameters())
    gradients = torch.autograd.grad(module(torch.randn(4, 3, 32, 32)).square().sum(), parameters, allow_unused=True)
    dropped = name.startswith("stochastic")  # whole paths, in this step
    assert all(gradient.isfinite().all() if gradient is not None else dropped for gradient in gradients)


def test_the_logits_of_mobilenet_v2_equal_torchvisions() -> None:
    module = build(load_architecture(FILES["mobilenet-v2"]).network, "he-fan-in").eval()
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.uniform_(part.running_mean, -0.1, 0.1)
            nn.init.uniform_(part.running_var, 0.1, 0.5)  # small, so that signals grow and the cut at 6 is seen
    reference = torchvision.models.mobilenet_v2().eval()
    for ours, value in zip(module.state_dict().values(), reference.state_dict().values(), strict=True):
        assert ours.shape == value.shape
        value.copy_(ours)
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        expected, logits = reference(x), module(x)
    assert (expected[0] - expected[1]).std() > 1e-2
    torch.testing.assert_close(logits / expected.std(), expected / expected.std(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", FILES)
def test_the_header_says_source_parameters_and_error(name: str) -> None:
    comments = [line for line in FILES[name].read_text().splitlines() if line.startswith("#")]
    assert re.search(r" 20\d\db? \(arXiv \d{4}\.\d{4,5}\)", " ".join(comments))
    (counts,) = [line for line in comments if line.startswith("# Parameters: ")]
    assert f"{summary(name).parameters:,}" in counts
    assert any("Error" in line for line in comments)


@pytest.mark.parametrize("name", PRINTED_MULTIPLY_ADDS)
def test_multiply_adds_within_two_percent_of_the_papers(name: str) -> None:
    assert summary(name).multiply_adds == pytest.approx(PRINTED_MULTIPLY_ADDS[name], rel=0.02)


@pytest.mark.parametrize("name", MULTIPLY_ADDS)
def test_multiply_adds_as_recounted(name: str) -> None:
    assert summary(name).multiply_adds == MULTIPLY_ADDS[name]


@pytest.mark.parametrize("name", TORCHVISION)
def test_multiply_adds_as_torchvision_states(name: str) -> None:
    if name in {"resnet-50", "resnet-101", "resnet-152"}:
        network = load_architecture(FILES[name], ["architecture.stride=3x3"]).network
        ours = summarise(network).multiply_adds
    else:
        ours = summary(name).multiply_adds
    stated = torchvision.models.get_model_weights(TORCHVISION[name]).IMAGENET1K_V1.meta["_ops"]
    assert ours / 1e9 == pytest.approx(stated, abs=6e-4)


@pytest.mark.parametrize("name", [name for name in FILES if re.match(r"(plain|resnet|preact|vgg|highway)-\d", name)])
def test_the_name_says_the_depth(name: str) -> None:
    beyond = 2 if name.endswith("-d") else 0  # the stem of ResNet-D
    assert summary(name).weighted_layers == int(name.split("-")[1]) + beyond


def matches(match: dict[str, Any], layers: int, family: str) -> list[str]:
    """Entries in the short form with these values; a row that does not name an activation has the original one."""
    wanted = {"family": family, "depth": layers, "activation": "original"}
    wanted |= {key.removeprefix("architecture."): value for key, value in match.items()}
    defaults = {key: argument.default for key, argument in arguments_of(short_keys).items()}
    written = {name: defaults | dict(load_architecture(file).architecture) for name, file in FILES.items()}
    return [name for name, keys in written.items() if all(keys[key] == value for key, value in wanted.items())]


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("he2016-shortcuts", 11),
        ("he2016-activation", 10),
        ("he2016-preactivation-cifar10", 8),
        ("he2015-cifar10", 6),
        ("he2015-imagenet-plain", 4),
        ("he2016-imagenet", 4),
    ],
)
def test_every_row_of_the_papers_tables_has_an_entry(table: str, rows: int) -> None:
    content = yaml.safe_load((SPECS / "references" / f"{table}.yaml").read_text())
    family = "cifar" if content["dataset"].startswith("cifar") else "imagenet"
    matched = [row for row in content["rows"] if "match" in row]
    assert len(matched) == rows
    for row in matched:
        assert matches(row["match"], row.get("layers", 110), family), row["name"]
