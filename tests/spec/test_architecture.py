"""The explicit form: networks of the literature by composition alone, and every one writes back to itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.spec.architecture.explicit import to_document
from ablate.spec.architecture.network import Network
from ablate.spec.architecture.reader import read_architecture
from ablate.spec.architecture.summary import summarise


def read(text: str) -> Network:
    document = yaml.safe_load(text)
    network, problems = read_architecture(document["architecture"], document.get("blocks"))
    assert not problems
    assert network
    return network


VGG16 = """
blocks:
  layer: {branch: [conv3x3: {bias: true}, relu]}
  pool: {branch: [maxpool2x2: {stride: 2}]}
architecture:
  input: [3, 224, 224]
  classes: 1000
  stages:
    - [{block: layer, units: 2, channels: 64}, {block: pool}]
    - [{block: layer, units: 2, channels: 128}, {block: pool}]
    - [{block: layer, units: 3, channels: 256}, {block: pool}]
    - [{block: layer, units: 3, channels: 512}, {block: pool}]
    - [{block: layer, units: 3, channels: 512}, {block: pool}]
  head: [flatten, linear: {features: 4096}, relu, dropout, linear: {features: 4096}, relu, dropout,
         linear: {features: classes}]
"""

DENSENET121 = """
blocks:
  dense:
    shortcut: [identity]
    branch: [bn, relu, conv1x1: {channels: 4x}, bn, relu, conv3x3]
    join: concat
  transition: {branch: [bn, relu, conv1x1: {channels: 0.5x in}, avgpool2x2: {stride: 2}]}
architecture:
  input: [3, 224, 224]
  classes: 1000
  stem: [conv7x7: {channels: 64, stride: 2}, bn, relu, maxpool3x3: {stride: 2}]
  stages:
    - {block: dense, units: 6, channels: 32}
    - [{block: transition}, {block: dense, units: 12, channels: 32}]
    - [{block: transition}, {block: dense, units: 24, channels: 32}]
    - [{block: transition}, {block: dense, units: 16, channels: 32}]
  head: [bn, relu, global-avgpool, linear: {features: classes}]
"""

SE_RESNET50 = """
blocks:
  squeeze-excite:
    branch: [conv1x1, bn, relu, conv3x3: {stride: unit}, bn, relu, conv1x1: {channels: 4x}, bn, se: {reduction: 16}]
    shortcut: [identity]
    join: add
    after: [relu]
architecture: {family: imagenet, depth: 50, block: squeeze-excite}
"""

RESNET50D = """
blocks:
  bottleneck-d: &d
    branch: [conv1x1, bn, relu, conv3x3: {stride: unit}, bn, relu, conv1x1: {channels: 4x}, bn]
    shortcut: [identity]
    join: add
    after: [relu]
  smaller: {<<: *d, shortcut: [avgpool2x2: {stride: 2, ceil: true}, conv1x1: {channels: 4x}, bn]}
  wider: {<<: *d, shortcut: [conv1x1: {channels: 4x}, bn]}
  conv-bn-relu: [conv3x3: {channels: 32}, bn, relu]
architecture:
  input: [3, 224, 224]
  classes: 1000
  stem: [conv3x3: {channels: 32, stride: 2}, bn, relu, conv-bn-relu, conv3x3: {channels: 64}, bn, relu,
         maxpool3x3: {stride: 2}]
  stages:
    - {block: bottleneck-d, first: wider, units: 3, channels: 64}
    - {block: bottleneck-d, first: smaller, units: 4, channels: 128, stride: 2}
    - {block: bottleneck-d, first: smaller, units: 6, channels: 256, stride: 2}
    - {block: bottleneck-d, first: smaller, units: 3, channels: 512, stride: 2}
  head: [global-avgpool, linear: {features: classes}]
"""

MOBILENET_V2 = """
blocks:
  inverted: &inverted
    branch: [conv1x1: {channels: 6x in}, bn, relu, conv3x3: {depthwise: true}, bn, relu, conv1x1, bn]
    shortcut: [identity]
    join: add
  opening:
    branch: [conv1x1: {channels: 6x in}, bn, relu, conv3x3: {depthwise: true, stride: unit}, bn, relu, conv1x1, bn]
  narrow: {branch: [conv3x3: {depthwise: true}, bn, relu, conv1x1, bn]}
architecture:
  input: [3, 224, 224]
  classes: 1000
  stem: [conv3x3: {channels: 32, stride: 2}, bn, relu]
  stages:
    - {block: narrow, channels: 16}
    - {block: inverted, first: opening, units: 2, channels: 24, stride: 2}
    - {block: inverted, first: opening, units: 3, channels: 32, stride: 2}
    - {block: inverted, first: opening, units: 4, channels: 64, stride: 2}
    - {block: inverted, first: opening, units: 3, channels: 96}
    - {block: inverted, first: opening, units: 3, channels: 160, stride: 2}
    - {block: opening, channels: 320}
  head: [conv1x1: {channels: 1280}, bn, relu, global-avgpool, dropout: {probability: 0.2}, linear: {features: classes}]
"""

STOCHASTIC_DEPTH = """
blocks:
  dropped:
    branch: [conv3x3: {stride: unit}, bn, relu, conv3x3, bn, stochastic-depth: {survival: 0.5, rule: linear}]
    after: [relu]
architecture: {family: cifar, depth: 110, block: dropped}
"""

PRELU_A = """
blocks:
  layer: {branch: [conv3x3: {bias: true}, prelu]}
  pool: {branch: [maxpool2x2: {stride: 2}]}
architecture:
  input: [3, 224, 224]
  classes: 1000
  stem: [conv7x7: {channels: 96, stride: 2, bias: true}, prelu, maxpool3x3: {stride: 2}]
  stages:
    - {block: layer, units: 5, channels: 256}
    - [{block: pool}, {block: layer, units: 5, channels: 512}]
    - [{block: pool}, {block: layer, units: 5, channels: 512}]
  head: [spp: {bins: [7, 3, 2, 1]}, linear: {features: 4096}, prelu, linear: {features: 4096}, prelu,
         linear: {features: classes}]
"""

HIGHWAY = """
blocks:
  highway:
    branch: [conv3x3: {bias: true}, relu]
    shortcut: [identity]
    gate: [conv3x3: {bias: true, bias_init: -2}, sigmoid]
    join: gate
architecture:
  input: [3, 32, 32]
  classes: 10
  stages: [[{branch: [conv3x3: {bias: true}, relu], channels: 32}, {block: highway, units: 8}]]
  head: [global-avgpool, linear: {features: classes}]
"""

COMPOSED = {
    "vgg16": VGG16, "densenet121": DENSENET121, "se-resnet50": SE_RESNET50, "resnet50-d": RESNET50D,
    "mobilenet-v2": MOBILENET_V2, "stochastic-depth": STOCHASTIC_DEPTH, "prelu-a": PRELU_A, "highway": HIGHWAY,
}  # fmt: skip


# vgg16, densenet121, mobilenet_v2: torchvision. SE-ResNet-50: 28.1M in Hu et al. 2018, Table 2 (28,088,024 in their
# release). ResNet-50-D: 25.58M in timm. Highway by hand: two 3x3 convolutions with bias per unit.
@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        (VGG16, 138_357_544),
        (DENSENET121, 7_978_856),
        (SE_RESNET50, 28_088_024),
        (RESNET50D, 25_576_264),
        (MOBILENET_V2, 3_504_872),
        (STOCHASTIC_DEPTH, 1_727_962),
        (HIGHWAY, (27 * 32 + 32) + 8 * 2 * (9 * 32 * 32 + 32) + 330),
    ],
    ids=["vgg16", "densenet121", "se-resnet50", "resnet50-d", "mobilenet-v2", "stochastic-depth", "highway"],
)
def test_a_network_of_the_literature_is_composed_to_the_last_parameter(text: str, parameters: int) -> None:
    assert summarise(read(text)).parameters == parameters


@pytest.mark.parametrize(
    ("text", "multiply_adds"), [(VGG16, 15_470_264_320), (PRELU_A, 1.91e10), (STOCHASTIC_DEPTH, 252_887_680)]
)
def test_a_network_of_the_literature_has_the_published_cost(text: str, multiply_adds: float) -> None:
    assert summarise(read(text)).multiply_adds == pytest.approx(multiply_adds, rel=5e-3)


def test_stochastic_depth_decays_from_the_first_unit_to_the_last() -> None:
    survival = [unit.paths["branch"][-1].arguments["survival"] for unit in read(STOCHASTIC_DEPTH).units()]
    assert survival == pytest.approx([1 - l / 54 * 0.5 for l in range(1, 55)])  # noqa: E741  # the paper's letter


@pytest.mark.parametrize("name", COMPOSED)
def test_an_explicit_network_writes_back_to_itself(name: str) -> None:
    network = read(COMPOSED[name])
    document = json.loads(json.dumps(to_document(network)))
    again, problems = read_architecture(document)
    assert not problems
    assert again == network
    assert to_document(again) == document


def test_equal_units_are_written_once() -> None:
    network, _ = read_architecture({"family": "cifar", "depth": 110})
    assert network
    assert to_document(network)["stages"][0] == [
        {
            "units": 18,
            "branch": [{"conv3x3": {"channels": 16}}, "bn", "relu", {"conv3x3": {"channels": 16}}, "bn"],
            "shortcut": [],
            "join": "add",
            "after": ["relu"],
        }
    ]


def test_the_order_of_concatenated_paths_is_kept() -> None:
    text = """
    architecture:
      input: [3, 8, 8]
      classes: 2
      stages: [{paths: {b: [conv1x1: {channels: 2}], a: [identity]}, join: concat}]
      head: [global-avgpool, linear: {features: 2}]
    """
    network = read(text)
    assert list(network.stages[0][0].paths) == ["b", "a"]
    assert list(to_document(network)["stages"][0][0]["paths"]) == ["b", "a"]
    assert summarise(network).units[1].output == (5, 8, 8)


def test_units_that_differ_only_in_the_order_of_paths_are_not_one_run() -> None:
    text = """
    architecture:
      input: [4, 8, 8]
      classes: 2
      stages:
        - - {paths: {a: [conv1x1], b: [identity]}, join: add}
          - {paths: {b: [identity], a: [conv1x1]}, join: add}
      head: [global-avgpool, linear: {features: 2}]
    """
    assert [list(unit["paths"]) for unit in to_document(read(text))["stages"][0]] == [["a", "b"], ["b", "a"]]


shortcuts = st.sampled_from(["none", "identity", "projection", "conv1x1"]) | st.one_of(
    st.fixed_dictionaries({"scale": st.floats(-1, 1)}, optional={"branch": st.floats(-1, 1)}),
    st.fixed_dictionaries({"gate": st.sampled_from(["exclusive", "shortcut-only"]), "bias": st.integers(-9, 0)}),
    st.fixed_dictionaries({"dropout": st.floats(0, 1)}),
)
short_forms = st.fixed_dictionaries(
    {
        "family": st.sampled_from(["cifar", "imagenet"]),
        "block": st.sampled_from(["basic", "bottleneck", "single"]),
        "shortcut": shortcuts,
        "resize": st.sampled_from(["pad", "projection"]),
        "activation": st.sampled_from(
            ["original", "bn-after-addition", "relu-before-addition", "relu-only-preactivation", "full-preactivation"]
        ),
        "width": st.sampled_from([0.5, 1, 2.0, 10]),
    },
    optional={"classes": st.integers(1, 1000)},
)


@given(short_forms, st.data())
@settings(max_examples=150, deadline=None)
def test_a_short_form_is_its_explicit_form(architecture: dict[str, Any], data: st.DataObject) -> None:
    num_stages = 3 if architecture["family"] == "cifar" else 4
    units = data.draw(st.lists(st.integers(1, 4), min_size=num_stages, max_size=num_stages))
    network, problems = read_architecture({**architecture, "units": units})
    if architecture["width"] < 1 and architecture["resize"] == "pad" and problems:
        return  # a stem of full width does not pad to stages of half
    assert not problems
    assert network
    again, problems = read_architecture(json.loads(json.dumps(to_document(network))))
    assert not problems
    assert again == network
    assert summarise(again) == summarise(network)
    assert len(list(network.units())) == sum(units)
