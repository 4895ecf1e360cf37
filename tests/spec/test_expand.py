"""The short form against published and independently counted parameters, multiply-adds and layers."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ablate.spec.architecture.network import Network, Unit
from ablate.spec.architecture.reader import read_architecture
from ablate.spec.architecture.summary import Summary, summarise
from ablate.spec.architecture.tally import tally

ACTIVATIONS = (
    "original", "bn-after-addition", "relu-before-addition", "relu-only-preactivation", "full-preactivation",
)  # fmt: skip


def network(blocks: Any = None, **architecture: Any) -> Network:
    found, problems = read_architecture(architecture, blocks)
    assert not problems
    assert found
    return found


def summary(blocks: Any = None, **architecture: Any) -> Summary:
    return summarise(network(blocks, **architecture))


def kinds(unit: Unit) -> dict[str, list[str]]:
    """Operations of each part, by kind."""
    parts = {"before": unit.before, **unit.paths, "after": unit.after}
    return {name: [operation.kind for operation in path] for name, path in parts.items()}


# He et al. 2015, sec. 4.2: options A, B and C, 100 classes with A, and multiply-adds of the convolutions with A;
# A: 97,216 n - 21,926 parameters.
@pytest.mark.parametrize(
    ("depth", "pad", "projection", "all_projections", "hundred", "multiply_adds"),
    [
        (20, 269_722, 272_474, 283_962, 275_572, 40_550_400),
        (32, 464_154, 466_906, 489_594, 470_004, 68_861_952),
        (44, 658_586, 661_338, 695_226, 664_436, 97_173_504),
        (56, 853_018, 855_770, 900_858, 858_868, 125_485_056),
        (110, 1_727_962, 1_730_714, 1_826_202, 1_733_812, 252_887_040),
        (1202, 19_421_274, 19_424_026, 20_538_714, 19_427_124, 2_829_238_272),
    ],
)
def test_a_cifar_net_has_the_counted_size(
    depth: int, pad: int, projection: int, all_projections: int, hundred: int, multiply_adds: int
) -> None:
    found = summary(family="cifar", depth=depth)
    assert (found.parameters, found.multiply_adds, found.weighted_layers) == (pad, multiply_adds + 640, depth)
    assert summary(family="cifar", depth=depth, shortcut="none").parameters == pad
    assert summary(family="cifar", depth=depth, resize="projection").parameters == projection
    assert summary(family="cifar", depth=depth, shortcut="projection").parameters == all_projections
    assert summary(family="cifar", depth=depth, classes=100).parameters == hundred


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("block", ["basic", "single"])
def test_the_order_of_operations_changes_no_size(activation: str, block: str) -> None:
    assert summary(family="cifar", depth=110, block=block, activation=activation).parameters == 1_727_962


@pytest.mark.parametrize(
    ("architecture", "parameters"),
    [
        ({"depth": 164, "resize": "projection"}, 1_704_154),
        ({"depth": 164, "resize": "projection", "activation": "full-preactivation"}, 1_703_258),
        ({"depth": 164, "resize": "projection", "classes": 100}, 1_727_284),
        ({"depth": 164, "resize": "projection", "activation": "full-preactivation", "classes": 100}, 1_726_388),
        ({"depth": 164}, 1_661_274),
        ({"depth": 164, "activation": "full-preactivation"}, 1_661_274),
    ],
)
def test_a_cifar_bottleneck_net_has_the_counted_size(architecture: dict[str, Any], parameters: int) -> None:
    assert summary(family="cifar", block="bottleneck", **architecture).parameters == parameters


@pytest.mark.parametrize(
    ("depth", "parameters"), [(20, 272_282), (32, 466_714), (44, 661_146), (56, 855_578), (110, 1_730_522)]
)
def test_a_preactivated_projection_has_no_normalisation(depth: int, parameters: int) -> None:
    found = summary(family="cifar", depth=depth, resize="projection", activation="full-preactivation")
    assert found.parameters == parameters


def test_preactivation_1001_has_the_papers_weights() -> None:
    """10.2M of the paper is the weights and the linear layer, without normalisation."""
    found = network(
        family="cifar", depth=1001, block="bottleneck", resize="projection", activation="full-preactivation"
    )
    scales = 0
    for unit, row in zip(found.units(), summarise(found).units[1:-1], strict=True):
        before = tally(unit.before, row.input)
        parts = (before, tally(unit.paths["branch"], before.shape), tally(unit.after, row.output))
        scales += sum(
            effect.parameters for part in parts for operation, effect in part.effects if operation.kind == "bn"
        )
    assert summarise(found).parameters == 10_327_706
    assert summarise(found).parameters - scales == 10_178_490


@pytest.mark.parametrize(
    ("shortcut", "parameters"),
    [
        ("identity", 1_727_962),
        ({"scale": 0.0}, 1_727_962),
        ({"scale": 0.5, "branch": 0.5}, 1_727_962),
        ({"dropout": 0.5}, 1_727_962),
        ({"gate": "exclusive", "bias": -6}, 1_824_186),
        ({"gate": "shortcut-only"}, 1_824_186),
        ("conv1x1", 1_822_170),
        ("projection", 1_826_202),
    ],
)
def test_a_row_of_he_2016_table_1_has_the_counted_size(shortcut: Any, parameters: int) -> None:
    found = summary(family="cifar", depth=110, shortcut=shortcut)
    assert found.parameters == parameters
    assert found.cleanliness.shortcuts == 54


# He et al. 2015, Table 1 with conv + fc recounted; resnext50_32x4d and wide_resnet50_2 as in torchvision.
@pytest.mark.parametrize(
    ("architecture", "parameters", "multiply_adds"),
    [
        ({"depth": 18, "shortcut": "none"}, 11_515_688, 1_794_293_760 + 512_000),
        ({"depth": 18, "resize": "pad"}, 11_515_688, 1_794_293_760 + 512_000),
        ({"depth": 18}, 11_689_512, 1_814_073_344),
        ({"depth": 34, "shortcut": "none"}, 21_623_848, 3_643_981_824 + 512_000),
        ({"depth": 34, "resize": "pad"}, 21_623_848, 3_643_981_824 + 512_000),
        ({"depth": 34}, 21_797_672, 3_663_249_408 + 512_000),
        ({"depth": 50, "block": "bottleneck"}, 25_557_032, 3_857_973_248),
        ({"depth": 50, "block": "bottleneck", "stride": "3x3"}, 25_557_032, 4_089_184_256),
        ({"depth": 101, "block": "bottleneck"}, 44_549_160, 7_568_146_432 + 2_048_000),
        ({"depth": 101, "block": "bottleneck", "stride": "3x3"}, 44_549_160, 7_799_357_440 + 2_048_000),
        ({"depth": 152, "block": "bottleneck"}, 60_192_808, 11_280_367_616 + 2_048_000),
        ({"depth": 152, "block": "bottleneck", "stride": "3x3"}, 60_192_808, 11_511_578_624 + 2_048_000),
        ({"depth": 200, "block": "bottleneck"}, 64_673_832, 14_774_222_848 + 2_048_000),
        ({"depth": 200, "block": "bottleneck", "stride": "3x3"}, 64_673_832, 15_005_433_856 + 2_048_000),
        (
            {"depth": 50, "block": "bottleneck", "stride": "3x3", "cardinality": 32, "bottleneck_width": 4},
            25_028_904,
            4_230_479_872,
        ),
        ({"depth": 50, "block": "bottleneck", "stride": "3x3", "bottleneck_width": 128}, 68_883_240, 11_398_021_120),
    ],
)
def test_an_imagenet_net_has_the_counted_size(
    architecture: dict[str, Any], parameters: int, multiply_adds: int
) -> None:
    found = summary(family="imagenet", **architecture)
    assert (found.parameters, found.multiply_adds) == (parameters, multiply_adds)
    assert found.weighted_layers == architecture["depth"]
    assert summary(family="imagenet", **architecture, activation="bn-after-addition").weighted_layers


@pytest.mark.parametrize(("units", "width", "parameters"), [(4, 10, 36_479_194), (6, 4, 8_949_210), (2, 8, 10_961_370)])
def test_a_wide_resnet_has_the_published_size(units: int, width: float, parameters: int) -> None:
    """WRN-28-10, 40-4 and 16-8: 36.5, 8.9 and 11.0 million (Zagoruyko and Komodakis 2016)."""
    found = summary(
        family="cifar", units=[units] * 3, width=width, resize="projection", activation="full-preactivation"
    )
    assert found.parameters == parameters


# He et al. 2016, Fig. 4: branch and what follows the addition, in the middle of the network.
@pytest.mark.parametrize(
    ("activation", "branch", "after"),
    [
        ("original", "conv bn relu conv bn", "relu"),
        ("bn-after-addition", "conv bn relu conv", "bn relu"),
        ("relu-before-addition", "conv bn relu conv bn relu", ""),
        ("relu-only-preactivation", "relu conv bn relu conv bn", ""),
        ("full-preactivation", "bn relu conv bn relu conv", ""),
    ],
)
def test_a_unit_has_the_order_of_the_figure(activation: str, branch: str, after: str) -> None:
    unit = network(family="cifar", depth=20, activation=activation).stages[1][1]
    assert kinds(unit) == {"before": [], "branch": branch.split(), "shortcut": [], "after": after.split()}
    assert unit.join == "add"


@pytest.mark.parametrize(
    ("activation", "stem", "lead"),
    [("full-preactivation", ["conv"], ["bn", "relu"]), ("relu-only-preactivation", ["conv", "bn"], ["relu"])],
)
def test_the_first_and_the_last_unit_of_a_preactivation_are_special(
    activation: str, stem: list[str], lead: list[str]
) -> None:
    found = network(family="cifar", depth=20, activation=activation)
    first, last = found.stages[0][0], found.stages[-1][-1]
    assert [operation.kind for operation in found.stem] == stem
    assert kinds(first)["before"] == lead
    assert kinds(first)["branch"][0] == "conv"
    assert kinds(last)["after"] == lead
    assert all(not unit.before for unit in list(found.units())[1:])
    assert all(not unit.after for unit in list(found.units())[:-1])


def test_a_preactivated_projection_shares_the_activation_and_a_padded_shortcut_does_not() -> None:
    def changing(resize: str) -> dict[str, list[str]]:
        return kinds(network(family="cifar", depth=20, resize=resize, activation="full-preactivation").stages[1][0])

    assert changing("projection") == {
        "before": ["bn", "relu"], "branch": ["conv", "bn", "relu", "conv"], "shortcut": ["conv"], "after": [],
    }  # fmt: skip
    assert changing("pad") == {
        "before": [],
        "branch": ["bn", "relu", "conv", "bn", "relu", "conv"],
        "shortcut": ["subsample", "pad-channels"],
        "after": [],
    }


def test_the_bottleneck_of_the_first_cifar_stage_changes_shape_without_a_stride() -> None:
    first = network(family="cifar", depth=29, block="bottleneck", resize="projection").stages[0][0]
    assert [(op.kind, op.arguments.get("channels"), op.arguments.get("stride")) for op in first.paths["shortcut"]] == [
        ("conv", 64, 1),
        ("bn", None, None),
    ]


def test_an_imagenet_stem_activates_ahead_of_its_pooling() -> None:
    found = network(family="imagenet", depth=50, block="bottleneck", activation="full-preactivation")
    first = kinds(found.stages[0][0])
    assert [operation.kind for operation in found.stem] == ["conv", "bn", "relu", "maxpool"]
    assert (first["before"], first["branch"][0], first["shortcut"]) == ([], "conv", ["conv"])


@pytest.mark.parametrize(("stride", "strides"), [("first", [2, 1, 1]), ("3x3", [1, 2, 1])])
def test_a_bottleneck_strides_where_it_is_told(stride: str, strides: list[int]) -> None:
    unit = network(family="imagenet", depth=50, block="bottleneck", stride=stride).stages[1][0]
    assert [op.arguments["stride"] for op in unit.paths["branch"] if op.kind == "conv"] == strides


def test_gating_is_a_biased_convolution_and_a_sigmoid() -> None:
    found = network(family="cifar", depth=20, shortcut={"gate": "shortcut-only", "bias": -7})
    conv, sigmoid = found.stages[1][0].paths["gate"]
    assert sigmoid.kind == "sigmoid"
    assert conv.arguments["bias_init"] == -7
    assert (conv.arguments["channels"], conv.arguments["stride"]) == (32, 2)
    assert {unit.join for unit in found.units()} == {"gate-shortcut"}


def test_scaling_stands_at_the_end_of_both_paths() -> None:
    unit = network(family="cifar", depth=20, shortcut={"scale": 0.5, "branch": 0.25}).stages[1][0]
    shortcut, branch = unit.paths["shortcut"][-1], unit.paths["branch"][-1]
    assert (shortcut.arguments["value"], branch.arguments["value"]) == (0.5, 0.25)
    assert kinds(unit)["shortcut"] == ["subsample", "pad-channels", "scale"]


SQUEEZE = {"branch": [{"conv3x3": {"stride": "unit"}}, "bn", "relu", "conv3x3", "bn", {"se": {"reduction": 4}}]}


def test_a_block_of_the_users_takes_its_shortcut_from_the_short_form() -> None:
    unit = network({"mine": {**SQUEEZE, "after": ["relu"]}}, family="cifar", depth=20, block="mine").stages[1][0]
    assert kinds(unit) == {
        "before": [],
        "branch": ["conv", "bn", "relu", "conv", "bn", "se"],
        "shortcut": ["subsample", "pad-channels"],
        "after": ["relu"],
    }
    gated = network({"mine": SQUEEZE}, family="cifar", depth=20, block="mine", shortcut={"gate": "exclusive"})
    assert {unit.join for unit in gated.units()} == {"gate"}
    plain = network({"mine": SQUEEZE}, family="cifar", depth=20, block="mine", shortcut="none")
    assert {unit.join for unit in plain.units()} == {"none"}


def test_a_block_with_its_own_shortcut_keeps_it() -> None:
    own = {**SQUEEZE, "shortcut": ["identity", {"scale": {"value": 0.5}}], "join": "add"}
    found = network({"mine": own}, family="cifar", depth=20, block="mine", resize="projection")
    assert kinds(found.stages[0][1])["shortcut"] == ["scale"]
    assert kinds(found.stages[1][0])["shortcut"] == ["conv", "bn", "scale"]


def test_a_gate_follows_the_width_of_the_users_branch() -> None:
    wide = {"branch": [{"conv3x3": {"stride": "unit"}}, "relu", {"conv1x1": {"channels": "4x"}}]}
    found = network({"mine": wide}, family="cifar", depth=20, block="mine", shortcut={"gate": "exclusive"})
    assert [unit.paths["gate"][0].arguments["channels"] for unit in found.units()][::3] == [64, 128, 256]


def test_a_data_set_sets_input_and_classes() -> None:
    found, problems = read_architecture({"family": "cifar", "depth": 8, "widths": [8, 16, 32]}, None, (1, 8, 8), 7)
    assert not problems
    assert found
    assert (found.input, found.classes) == ((1, 8, 8), 7)
    assert [row.output for row in summarise(found).units] == [(8, 8, 8), (8, 8, 8), (16, 4, 4), (32, 2, 2), (7,)]


def test_stem_and_head_can_be_written_anew() -> None:
    stem = [{"conv5x5": {"channels": 16, "stride": 2}}, "bn", "relu"]
    head = ["global-maxpool", "dropout", {"linear": {"features": "classes"}}]
    found = network(family="cifar", depth=20, stem=stem, head=head)
    assert [operation.kind for operation in (*found.stem, *found.head)] == [
        "conv", "bn", "relu", "global-maxpool", "dropout", "linear",
    ]  # fmt: skip
    assert found.stages[0][0].paths["branch"][0].arguments["channels"] == 16


def test_the_deepest_nets_expand_in_a_blink() -> None:
    start = time.perf_counter()
    network(family="cifar", depth=1202, shortcut={"gate": "exclusive"})
    network(family="cifar", depth=1001, block="bottleneck", resize="projection", activation="full-preactivation")
    assert time.perf_counter() - start < 1
