"""Units inside paths: what they amount to, written in place or by name, in any order, and never without end."""

from __future__ import annotations

import time
from typing import Any

import pytest

from ablate.spec.architecture.explicit import to_document
from ablate.spec.architecture.network import Network
from ablate.spec.architecture.operations.written import MAX_OPERATIONS
from ablate.spec.architecture.reader import read_architecture
from ablate.spec.architecture.summary import summarise
from ablate.spec.source.problems import dotted

SCALES = {
    "paths": {"one": [{"conv1x1": {"channels": "0.5x"}}], "three": ["squeeze", {"conv3x3": {"channels": "0.5x"}}]},
    "join": "concat",
}
# As in Inception-ResNet: paths of two scales, stacked, fused by a 1x1 convolution and added to the shortcut.
FUSED = {"branch": [{"unit": SCALES}, "conv1x1", "bn"], "shortcut": ["identity"], "join": "add", "after": ["relu"]}
SQUEEZE = [{"conv1x1": {"channels": "0.25x in"}}, "relu"]


def network_of(blocks: dict[str, Any], **keys: Any) -> Network:
    architecture = {"family": "cifar", "units": [2], "widths": [16], "block": "fused", **keys}
    network, problems = read_architecture(architecture, blocks)
    assert network, problems
    return network


def faults_of(blocks: dict[str, Any], **keys: Any) -> list[tuple[str, str]]:
    architecture = {"family": "cifar", "units": [2], "widths": [16], "block": "fused", **keys}
    network, problems = read_architecture(architecture, blocks)
    assert network is None
    return [(dotted(problem.location), problem.message) for problem in problems]


def test_what_it_amounts_to() -> None:
    network = network_of({"squeeze": SQUEEZE, "fused": FUSED})
    one, squeeze, three, fuse = 16 * 8, 16 * 4, 4 * 8 * 9, 16 * 16
    found = summarise(network)
    row = found.units[1]
    assert (row.input, row.output) == ((16, 32, 32), (16, 32, 32))
    assert row.parameters == one + squeeze + three + fuse + 2 * 16
    assert row.multiply_adds == 32 * 32 * (one + squeeze + three + fuse)
    assert row.operations == (
        "branch: (one: conv1x1 | three: conv1x1 relu conv3x3 | concat) conv1x1 bn | shortcut: - | add | relu"
    )
    assert found.weighted_layers == 1 + 2 * 3 + 1  # the longest way: 1x1, 3x3, 1x1
    assert found.receptive_field == 3 + 2 + 2


def test_depth_counts_the_layers_inside() -> None:
    blocks = {"squeeze": SQUEEZE, "fused": FUSED}
    network = network_of(blocks, units=None, widths=[16, 32], depth=2 + 3 * 2 * 2)
    assert [len(stage) for stage in network.stages] == [2, 2]
    assert summarise(network).weighted_layers == 14


def test_the_explicit_form_reads_back_to_the_same() -> None:
    network = network_of({"squeeze": SQUEEZE, "fused": FUSED})
    again, problems = read_architecture(to_document(network))
    assert not problems
    assert again == network


def test_by_name_and_in_any_order_it_is_the_same() -> None:
    inline = network_of({"squeeze": SQUEEZE, "fused": FUSED})
    named = {**FUSED, "branch": ["scales", "conv1x1", "bn"]}
    for blocks in (
        {"fused": named, "scales": SCALES, "squeeze": SQUEEZE},
        {"squeeze": SQUEEZE, "scales": SCALES, "fused": named},
        {
            "fused": {**named, "branch": ["whole"]},
            "whole": ["scales", "conv1x1", "bn"],
            "scales": SCALES,
            "squeeze": SQUEEZE,
        },
    ):
        assert network_of(blocks) == inline


def test_sizes_inside_are_those_of_the_unit_around_and_of_what_enters() -> None:
    inner = {"branch": [{"conv3x3": {"stride": "unit", "channels": "2x"}}, {"conv1x1": {"channels": "1x"}}],
             "shortcut": [{"identity": {"resize": "projection"}}], "join": "add"}  # fmt: skip
    branch = [
        {"conv1x1": {"channels": 24}},
        {"unit": inner},
        {"unit": {"branch": [{"conv1x1": {"channels": "3x in"}}]}},
    ]
    network = network_of({"fused": {"branch": branch}}, units=[1, 1], widths=[16, 32], shortcut="none")
    (unit,) = network.stages[1]
    one, first, second = unit.paths["branch"]
    assert first.unit
    assert second.unit
    assert [operation.arguments["channels"] for operation in first.unit.paths["branch"]] == [64, 32]
    assert [operation.kind for operation in first.unit.paths["shortcut"]] == ["conv", "bn"]
    assert second.unit.paths["branch"][0].arguments["channels"] == 96
    assert (one.arguments["stride"], first.unit.paths["branch"][0].arguments["stride"]) == (1, 2)


def test_a_product_of_paths_is_told_among_what_the_signal_meets() -> None:
    weighed = {"paths": {"shortcut": [], "weight": ["conv1x1", "sigmoid"]}, "join": "multiply"}
    network = network_of({"fused": weighed})
    found = summarise(network)
    assert [row.parameters for row in found.units[1:3]] == [16 * 16] * 2
    assert found.cleanliness.operations == {"multiply": 2}
    assert found.cleanliness.data_dependent == 2
    faults = faults_of(
        {"fused": {**weighed, "paths": {"a": ["conv1x1"], "b": ["bn", {"conv1x1": {"channels": "2x"}}]}}}
    )
    assert "do not match at the join multiply: a gives 16x32x32, b gives 32x32x32" in faults[0][1]


def test_it_may_stand_in_stem_and_head() -> None:
    stem = [
        {
            "unit": {
                "paths": {"a": [{"conv3x3": {"channels": 8}}], "b": [{"conv5x5": {"channels": 8}}]},
                "join": "concat",
            }
        }
    ]
    network = network_of({"fused": {"branch": ["conv3x3"]}}, stem=stem)
    assert summarise(network).units[0].output == (16, 32, 32)


def test_paths_that_do_not_match_are_told_where_they_are_written() -> None:
    wrong = {"paths": {"a": ["conv3x3"], "b": [{"conv3x3": {"stride": 2}}]}, "join": "concat"}
    ((place, message),) = faults_of({"fused": {"branch": ["bn", {"unit": wrong}]}}, shortcut="none")
    assert place == "blocks.fused.branch[1].unit"
    assert message.startswith("stages[0].units[0].branch[1]: the paths do not match at the join concat")
    ((place, _),) = faults_of({"fused": {"branch": ["wrong"]}, "wrong": wrong}, shortcut="none")
    assert place == "blocks.wrong"


@pytest.mark.parametrize("own", [["fused"], [{"unit": {"branch": ["fused"]}}], ["other"]])
def test_nothing_stands_inside_itself(own: list[Any]) -> None:
    blocks = {"fused": {"branch": own}, "other": {"branch": ["relu", "fused"]}}
    found = faults_of(blocks)
    assert ("blocks.fused", "stands inside itself") in [(place, message[:20]) for place, message in found]


def chain(length: int, link: Any) -> dict[str, Any]:
    blocks = {f"b{i}": link(f"b{i + 1}") for i in range(length)}
    return {"fused": {"branch": ["b0"]}, **blocks, f"b{length}": ["relu"]}


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    "blocks",
    [
        chain(40, lambda name: {"branch": [name]}),
        chain(40, lambda name: [name] * 900),
        chain(40, lambda name: {"paths": {"a": [name] * 900, "b": [name] * 900}, "join": "add"}),
        chain(8, lambda name: {"branch": [name] * 900}),
        chain(5_000, lambda name: {"branch": [name]}),
    ],
    ids=["deep", "long", "wide", "large", "units"],
)
def test_no_block_is_without_end(blocks: dict[str, Any], turned: bool) -> None:
    start = time.process_time()
    found = faults_of(dict(reversed(blocks.items())) if turned else blocks)
    assert time.process_time() - start < 2
    assert any("more than" in message or "at most" in message for _, message in found)


def test_many_names_are_read_in_no_time() -> None:
    start = time.process_time()
    network_of(dict(reversed(chain(5_000, lambda name: [name]).items())), shortcut="none")
    assert time.process_time() - start < 2


def test_a_path_is_as_long_as_what_its_names_stand_for() -> None:
    blocks = {"many": ["relu"] * (MAX_OPERATIONS // 2), "fused": {"branch": ["many", "many", "relu"]}}
    assert faults_of(blocks) == [("blocks.fused.branch", "more than 1,000 operations, sequences written out")]
