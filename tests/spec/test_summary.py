"""The summary: totals, receptive field, and what a signal meets along the shortcuts."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest

from ablate.spec.architecture.reader import read_architecture
from ablate.spec.architecture.summary import Summary, summarise


def summary(blocks: Any = None, **architecture: Any) -> Summary:
    network, problems = read_architecture(architecture, blocks)
    assert not problems
    assert network
    return summarise(network)


def cifar(**architecture: Any) -> Summary:
    return summary(family="cifar", **{"depth": 110} | architecture)


def test_a_row_tells_shapes_cost_and_operations() -> None:
    found = summary(family="cifar", depth=20)
    assert [row.name for row in found.units][:3] == ["stem", "stages[0].units[0]", "stages[0].units[1]"]
    row = found.units[4]
    assert asdict(row) == {
        "name": "stages[1].units[0]",
        "operations": "branch: conv3x3 bn relu conv3x3 bn | shortcut: subsample pad-channels | add | relu",
        "input": (16, 32, 32),
        "output": (32, 16, 16),
        "parameters": 16 * 32 * 9 + 32 * 32 * 9 + 2 * 64,
        "multiply_adds": 256 * (16 * 32 * 9 + 32 * 32 * 9),
        "shortcut": "subsample pad-channels relu",
    }
    assert sum(row.parameters for row in found.units) == found.parameters
    json.dumps(asdict(found))


def test_a_plain_unit_has_no_shortcut_and_a_clean_one_a_dash() -> None:
    assert cifar(shortcut="none").units[2].shortcut == ""
    assert cifar(activation="full-preactivation").units[2].shortcut == "-"


# Araujo et al. 2019, "Computing Receptive Fields of Convolutional Neural Networks", table: ResNet-50/101/152 as in the
# paper, where 3x3 convolutions see the smaller map. The others by its recurrence.
@pytest.mark.parametrize(
    ("depth", "block", "stride", "pixels"),
    [(50, "bottleneck", "first", 483), (101, "bottleneck", "first", 1027), (152, "bottleneck", "first", 1507),
     (50, "bottleneck", "3x3", 427), (18, "basic", None, 435), (34, "basic", None, 899)],
)  # fmt: skip
def test_the_receptive_field_is_the_published_one(depth: int, block: str, stride: str | None, pixels: int) -> None:
    keys = {"stride": stride} if stride else {}
    assert summary(family="imagenet", depth=depth, block=block, **keys).receptive_field == pixels


# He et al. 2016, sec. 3: products over the 54 units of ResNet-110 at initialisation.
@pytest.mark.parametrize(
    ("shortcut", "gain"),
    [
        ("identity", 1),
        ({"scale": 0.5}, 5.55e-17),
        ({"gate": "exclusive", "bias": 0}, 5.55e-17),
        ({"gate": "exclusive", "bias": -5}, 0.696),
        ({"gate": "exclusive", "bias": -6}, 0.875),
        ({"gate": "shortcut-only", "bias": -7}, 0.952),
        ({"dropout": 0.5}, 1),
    ],
)
def test_the_shortcuts_gain_is_the_product_over_the_units(shortcut: Any, gain: float) -> None:
    assert cifar(shortcut=shortcut).cleanliness.gain == pytest.approx(gain, rel=2e-3)


@pytest.mark.parametrize(("bias", "gain"), [(0, 3.81e-6), (-5, 0.886), (-6, 0.956), (-7, 0.984)])
def test_the_gain_of_eighteen_gated_units(bias: float, gain: float) -> None:
    found = summary(family="cifar", units=[6, 6, 6], shortcut={"gate": "exclusive", "bias": bias})
    assert found.cleanliness.gain == pytest.approx(gain, rel=2e-3)


@pytest.mark.parametrize(
    ("architecture", "met", "data_dependent"),
    [
        ({"activation": "original"}, {"relu": 54}, 0),
        ({"activation": "bn-after-addition"}, {"bn": 54, "relu": 54}, 54),
        ({"activation": "relu-before-addition"}, {}, 0),
        ({"activation": "relu-only-preactivation"}, {"relu": 2}, 0),
        ({"activation": "full-preactivation"}, {"bn": 2, "relu": 2}, 2),
        ({"shortcut": {"gate": "exclusive"}}, {"relu": 54, "gate": 54}, 0),
        ({"shortcut": {"scale": 0.5}}, {"scale": 54, "relu": 54}, 0),
        ({"shortcut": {"dropout": 0.5}}, {"dropout": 54, "relu": 54}, 0),
    ],
)
def test_the_operations_met_along_the_shortcuts_are_counted(
    architecture: dict[str, Any], met: dict[str, int], data_dependent: int
) -> None:
    found = cifar(**architecture).cleanliness
    assert (found.units, found.shortcuts) == (54, 54)
    assert found.operations == {**met, "subsample": 2, "pad-channels": 2}
    assert found.data_dependent == data_dependent


def test_convolutions_on_the_shortcut_depend_on_the_data() -> None:
    found = cifar(shortcut="conv1x1").cleanliness
    assert (found.operations, found.data_dependent) == ({"conv": 54, "relu": 54}, 54)


def test_without_shortcuts_the_way_leads_through_the_branch() -> None:
    found = cifar(shortcut="none").cleanliness
    assert found.shortcuts == 0
    assert found.operations == {"conv": 108, "bn": 108, "relu": 108}


def test_weighted_layers_are_those_of_the_longest_path() -> None:
    paths = {"a": ["conv3x3"], "b": ["conv3x3", "relu", "conv3x3"], "c": ["identity"]}
    found = summary(
        input=[3, 8, 8],
        classes=5,
        stages=[{"channels": 3, "paths": paths, "join": "add"}],
        head=["flatten", {"linear": {"features": 7}}, "relu", {"linear": {"features": "classes"}}],
    )
    assert found.weighted_layers == 4
    assert found.receptive_field == 5
    assert found.units[1].operations == "a: conv3x3 | b: conv3x3 relu conv3x3 | c: - | add"


def test_an_auxiliary_classifier_has_parameters_but_no_cost_at_inference() -> None:
    head = ["global-avgpool", {"linear": {"features": "classes"}}]
    architecture = {
        "input": [3, 8, 8], "classes": 5, "stages": [{"channels": 4, "branch": ["conv3x3"]}], "head": head,
    }  # fmt: skip
    alone = summary(**architecture)
    found = summary(**architecture, auxiliaries=[{"after": {"stage": 0, "unit": 0}, "head": head}])
    assert found.units[-1].name == "auxiliaries[0]"
    assert found.parameters - alone.parameters == 4 * 5 + 5
    assert found.multiply_adds == alone.multiply_adds
