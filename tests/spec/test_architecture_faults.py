"""What is wrong with an architecture: every fault at once, each at its place, and never an exception."""

from __future__ import annotations

import copy
import random
import time
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.spec.architecture.reader import read_architecture
from ablate.spec.source.problems import Problem, dotted


def faults(text: str, input: Any = None, classes: int | None = None) -> dict[str, str]:
    """Message by path."""
    document = yaml.safe_load(text)
    network, problems = read_architecture(document.get("architecture"), document.get("blocks"), input, classes)
    assert (network is None) == bool(problems)
    return {dotted(problem.location): problem.message for problem in problems}


SHORT = [
    ("{family: cifar, depth: 21}", "architecture.depth", "cifar basic nets have depth 6n+2, got 21; nearest: 20, 26"),
    ("{family: cifar, depth: 2}", "architecture.depth", "depth 6n+2, got 2; nearest: 8"),
    ("{family: cifar, depth: 111, block: bottleneck}", "architecture.depth", "depth 9n+2, got 111; nearest: 110, 119"),
    ("{family: cifar, depth: 111, block: single}", "architecture.depth", "depth 3n+2, got 111; nearest: 110, 113"),
    ("{family: imagenet, depth: 50}", "architecture.depth", "imagenet basic nets have depth 18, 34"),
    ("{family: imagenet, depth: 20, block: bottleneck}", "architecture.depth", "have depth 50, 101, 152, 200"),
    ("{family: imagenet, depth: 20, block: single}", "architecture.depth", "have no table of depths"),
    ("{family: cifar}", "architecture.depth", "missing; write the weighted layers, or `units` per stage"),
    ("{family: cifar, depth: 20, units: [3, 3, 3]}", "architecture.depth", "not both"),
    ("{family: cifar, units: [3, 3]}", "architecture.units", "2 stages, but there are 3 widths"),
    ("{family: cifar, units: 3}", "architecture.units", "a list of whole numbers, such as [3, 4, 6, 3], got 3"),
    ("{family: cifar, depth: '20'}", "architecture.depth", "a whole number from 1 to 10,000, got '20'"),
    ("{family: cifar, depth: 20.0}", "architecture.depth", "a whole number"),
    ("{family: cifar, depth: -4}", "architecture.depth", "from 1 to 10,000, got -4"),
    ("{family: cifar, depth: 1000000000000}", "architecture.depth", "from 1 to 10,000"),
    ("{family: cifar, depth: 20, shortcut: 'off'}", "architecture.shortcut", "did you mean 'none'?"),
    ("{family: cifar, depth: 20, shortcut: false}", "architecture.shortcut", "did you mean 'none'?"),
    ("{family: cifar, depth: 20, shortcut: identitty}", "architecture.shortcut", "did you mean 'identity'?"),
    ("{family: cifar, depth: 20, shortcut: {gate: open}}", "architecture.shortcut.gate", "'exclusive' or"),
    ("{family: cifar, depth: 20, shortcut: {branch: 0.5}}", "architecture.shortcut.scale", "missing"),
    ("{family: cifar, depth: 20, shortcut: {scale: x}}", "architecture.shortcut.scale", "a number, got 'x'"),
    ("{family: cifar, depth: 20, shortcut: {dropout: 2}}", "architecture.shortcut.dropout", "from 0 to 1, got 2"),
    ("{family: cifar, depth: 20, activation: preactivation}", "architecture.activation", "did you mean"),
    ("{family: cifar, depth: 20, block: basik}", "architecture.block", "did you mean 'basic'?"),
    ("{family: cifer, depth: 20}", "architecture.family", "did you mean 'cifar'?"),
    ("{family: cifar, depth: 20, widht: 2}", "architecture.widht", "unknown key, got 2; did you mean 'width'?"),
    ("{family: cifar, depth: 20, width: 0.3}", "architecture.width", "4.8, 9.6, 19.2 channels"),
    ("{family: cifar, depth: 20, width: 1024, widths: [64, 65, 1]}", "architecture.width", "from 1 to 65,536"),
    ("{family: cifar, depth: 20, stride: 3x3}", "architecture.stride", "only bottleneck units have it"),
    ("{family: cifar, depth: 20, cardinality: 2}", "architecture.cardinality", "only bottleneck units have it"),
    ("{family: cifar, depth: 29, block: bottleneck, bottleneck_width: 3}", "architecture.block", "not a whole number"),
    ("{family: cifar, depth: 29, block: bottleneck, cardinality: 65536}", "architecture.block", "from 1 to 65,536"),
    ("{family: cifar, depth: 20, input: [3, 32]}", "architecture.input", "[channels, height, width]"),
    ("{family: cifar, depth: 20, classes: 0}", "architecture.classes", "a whole number from 1 to 65,536, got 0"),
    ("{family: cifar, depth: 20, head: [global-avgpool]}", "architecture.head[0]", "not one feature for each of 10"),
    ("{family: cifar, depth: 20, head: [linear: {features: 10}]}", "architecture.head[0]", "on 64x8x8: needs features"),
    ("{family: cifar, depth: 20, stem: [conv3x3]}", "architecture.stem[0]", "relative to a unit, and there is none"),
    ("{family: cifar, depth: 20, stages: []}", "architecture.stages", "not both"),
    ("{depth: 20}", "architecture.family", "missing; write cifar or imagenet, or `stages`"),
    ("{}", "architecture.family", "missing"),
    ("[]", "architecture", "expected keys with values"),
    ("null", "architecture", "expected keys with values, got nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("architecture", "path", "words"), SHORT)
def test_a_wrong_short_form_is_told_at_its_place(architecture: str, path: str, words: str) -> None:
    found = faults(f"architecture: {architecture}")
    assert list(found) == [path]
    assert words in found[path]


BLOCKS = [
    ("{branch: [conv3x3, bnn]}", "blocks.mine.branch[1]", "unknown operation 'bnn'; did you mean 'bn'?"),
    ("{brunch: [conv3x3]}", "blocks.mine.brunch", "did you mean 'branch'?"),
    ("{branch: [conv3x3], shortcut: [], jion: add}", "blocks.mine.jion", "did you mean 'join'?"),
    ("{branch: [conv3x3], join: add}", "blocks.mine.join", "one path (branch) has nothing to add"),
    ("{branch: [conv3x3], shortcut: []}", "blocks.mine.join", "2 paths (branch, shortcut) need a join"),
    ("{branch: [conv3x3], shortcut: [], join: ad}", "blocks.mine.join", "did you mean 'add'?"),
    ("{branch: [conv3x3], shortcut: [], join: gate}", "blocks.mine.join", "a gate joins the paths branch, shortcut"),
    ("{branch: [conv3x3], shortcut: [], gate: [sigmoid], join: add}", "blocks.mine.join", "needs `join: gate`"),
    ("{branch: [conv3x3], paths: {a: []}}", "blocks.mine", "not both"),
    ("{after: [relu]}", "blocks.mine", "needs `branch` or `paths`"),
    ("{paths: {}}", "blocks.mine.paths", "expected 1 to 64 names"),
    ("{paths: {a.b: [relu]}}", "blocks.mine.paths.a.b", "cannot be called 'a.b'"),
    ("{branch: conv3x3}", "blocks.mine.branch", "expected a list of operations"),
    ("7", "blocks.mine", "expected a block"),
    ("[conv3x3, mine]", "blocks.mine", "stands inside itself: mine in mine"),
    ("{branch: [later, mine]}", "blocks.mine", "stands inside itself"),
    ("{branch: [later, unit]}", "blocks.mine.branch[1]", "expected a block"),
    ("{branch: [unit: {branch: [], shortcut: []}]}", "blocks.mine.branch[0].unit.join", "need a join"),
    ("{branch: [unit: {branch: [rleu]}]}", "blocks.mine.branch[0].unit.branch[0]", "did you mean 'relu'"),
]  # fmt: skip


@pytest.mark.parametrize(("block", "path", "words"), BLOCKS)
def test_a_wrong_block_is_told_at_its_place_though_unused(block: str, path: str, words: str) -> None:
    found = faults(f"blocks: {{mine: {block}, later: [relu]}}\narchitecture: {{family: cifar, depth: 20}}")
    assert words in found[path]
    assert len(found) == 1


@pytest.mark.parametrize("name", ["basic", "relu", "conv3x3", "identity", "a b", "7"])
def test_a_block_cannot_take_the_name_of_another_thing(name: str) -> None:
    found = faults(f"blocks: {{'{name}': {{branch: [relu]}}}}\narchitecture: {{family: cifar, depth: 20}}")
    assert "cannot be called" in found[f"blocks.{name}"]


@pytest.mark.parametrize(
    ("block", "path", "words"),
    [
        (
            "{branch: [conv3x3: {stride: unit}, conv1x1: {channels: 2x}], shortcut: [], join: add}",
            "blocks.mine",
            "units[0]: the paths do not match at the join add: branch gives 32x32x32, shortcut gives 16x32x32",
        ),
        (
            "{branch: [conv3x3], shortcut: [subsample: {stride: unit}], join: add}",
            "blocks.mine",
            "units[0]: the paths do not match at the join add: branch gives 32x32x32, shortcut gives 16x16x16",
        ),
        (
            "{branch: [conv3x3: {stride: unit}], shortcut: [identity], gate: [conv1x1, sigmoid], join: gate}",
            "blocks.mine",
            "stages[1].units[0]: the paths do not match at the join gate",
        ),
        (
            "{branch: [conv3x3: {stride: unit}, avgpool: {kernel: 3, padding: 0}, conv3x3: {padding: 0}]}",
            "blocks.mine.branch[1]",
            "the map shrinks to nothing: a window of 3 pixels",
        ),
        (
            "{branch: [conv3x3: {stride: unit, groups: 3}]}",
            "blocks.mine.branch[0]",
            "stages[0].units[0].branch: conv on 16x32x32: 3 groups must divide",
        ),
    ],
)  # fmt: skip
def test_a_block_that_does_not_fit_names_the_unit_and_the_shapes(block: str, path: str, words: str) -> None:
    shortcut = "" if "join" in block else ", shortcut: none"
    text = f"architecture: {{family: cifar, block: mine, units: [2, 2, 2]{shortcut}}}"
    assert words in faults(f"blocks: {{mine: {block}}}\n{text}")[path]


def test_a_key_beside_a_block_that_would_be_ignored_is_a_fault() -> None:
    own = "blocks: {mine: {branch: [conv3x3], shortcut: [identity], join: add}}\n"
    text = own + "architecture: {family: cifar, depth: 20, block: mine, shortcut: none, activation: original}"
    assert faults(text).keys() >= {"architecture.shortcut", "architecture.activation"}
    bare = "blocks: {mine: {branch: [conv3x3: {stride: unit}]}}\n"
    assert not faults(bare + "architecture: {family: cifar, depth: 20, block: mine, shortcut: none}")


def test_an_architecture_that_contradicts_its_data_is_a_fault() -> None:
    text = "architecture: {family: cifar, depth: 20, input: [3, 32, 32], classes: 10}"
    assert faults(text, (1, 8, 8), 7).keys() == {"architecture.input", "architecture.classes"}
    assert not faults(text, (3, 32, 32), 10)
    explicit = "architecture: {stages: [], head: [flatten, linear: {features: classes}]}"
    assert faults(explicit).keys() == {"architecture.input", "architecture.classes"}
    assert not faults(explicit, (1, 8, 8), 7)


EXPLICIT = """
blocks:
  mine: {branch: [conv3x3: {stride: unit}, bn], shortcut: [identity], join: add, after: [relu]}
architecture:
  input: [3, 8, 8]
  classes: 5
  resize: projection
  stem: [conv3x3: {channels: 8}, bn, relu]
  stages:
    - {block: mine, units: 2, channels: 8}
    - [{block: mine, first: {branch: [conv1x1: {stride: unit}]}, units: 2, channels: 16, stride: 2}]
  head: [global-avgpool, linear: {features: classes}]
  auxiliaries: [{after: {stage: 0, unit: 1}, head: [flatten, linear: {features: classes}], weight: 0.3}]
"""


@pytest.mark.parametrize(
    ("old", "new", "path", "words"),
    [
        ("block: mine, units", "block: mien, units", "architecture.stages[0].block", "did you mean 'mine'?"),
        ("units: 2, channels: 8", "units: 0, channels: 8", "architecture.stages[0].units", "from 1 to 10,000, got 0"),
        ("units: 2, channels: 8", "unit: 2, channels: 8", "architecture.stages[0].unit", "did you mean 'units'?"),
        ("channels: 8}\n", "channels: 8, branch: []}\n", "architecture.stages[0].block", "not both"),
        ("first: {branch", "first: {brnch", "architecture.stages[1][0].first.brnch", "did you mean 'branch'?"),
        ("unit: 1}", "unit: 2}", "architecture.auxiliaries[0].after", "no unit 2 in stage 0"),
        ("stage: 0", "stag: 0", "architecture.auxiliaries[0].after.stag", "did you mean 'stage'?"),
        ("weight: 0.3", "weight: heavy", "architecture.auxiliaries[0].weight", "a number, got 'heavy'"),
        ("[flatten, linear", "[linear", "architecture.auxiliaries[0].head[0]", "auxiliaries[0]: linear on 8x8x8"),
        ("resize: projection", "resize: shrink", "architecture.resize", "'pad' or 'projection'"),
        ("  head: [global", "  haed: [global", "architecture.haed", "did you mean 'head'?"),
        ("  head: [global", "  heads: [global", "architecture.head", "missing; write a list of operations"),
        ("units: 2, channels: 8}", "units: 10000, channels: 8}", "architecture", "10,002 units"),
        ("stride: 2}]", "stride: 2}, 7]", "architecture.stages[1][1]", "expected a run of units"),
    ],
)  # fmt: skip
def test_a_wrong_explicit_form_is_told_at_its_place(old: str, new: str, path: str, words: str) -> None:
    assert not faults(EXPLICIT)
    found = faults(EXPLICIT.replace(old, new, 1))
    assert words in found[path]


def test_every_fault_is_told_at_once() -> None:
    text = EXPLICIT.replace("bn]", "bnn]").replace("units: 2, channels: 8", "unit: 2, channels: x")
    text = text.replace("resize: projection", "resize: 7").replace("weight: 0.3", "wait: 0.3").replace("[3, 8, 8]", "3")
    assert list(faults(text)) == [
        "blocks.mine.branch[1]",
        "architecture.resize",
        "architecture.stages[0].unit",
        "architecture.stages[0].channels",
        "architecture.auxiliaries[0].wait",
        "architecture.input",
    ]


def test_a_fault_of_a_repeated_block_is_told_once() -> None:
    block = (
        "{branch: [conv3x3: {stride: unit}, conv1x1: {channels: 2x}], shortcut: [subsample: {stride: unit}], join: add}"
    )
    found = faults(f"blocks: {{mine: {block}}}\narchitecture: {{family: cifar, block: mine, units: [90, 90, 90]}}")
    assert len(found) == 1


@pytest.mark.parametrize(
    "architecture",
    [
        {"family": "cifar", "units": [9_998, 1, 1], "block": "single"},
        {"family": "cifar", "depth": 9_998, "block": "single", "widths": [65_536] * 3},
        {"stages": [{"units": 10_000, "branch": ["relu"] * 20}], "head": ["flatten"]},
        {"stages": [{"units": 10_000, "paths": {"a": [], "b": []}, "join": "concat"}], "head": ["flatten"]},
        {
            "stages": [{"units": 9_999, "shortcut": [], "branch": [{"conv1x1": {"channels": 6}}], "join": "concat"}],
            "head": ["global-avgpool", {"linear": {"features": "classes"}}],
        },
        {"stages": [], "head": ["relu"] * 5_000},
        {"stages": [[[]]] * 20_000, "head": []},
    ],
)
def test_the_largest_specifications_end_in_seconds(architecture: dict[str, Any]) -> None:
    start = time.perf_counter()
    read_architecture(architecture, {}, (3, 32, 32), 10)
    assert time.perf_counter() - start < 5


WORDS = """
    family depth block shortcut resize stages head stem units channels stride first branch paths join after before gate
    identity conv3x3 relu cifar imagenet none add 4x unit classes input auxiliaries
"""
words = st.sampled_from(WORDS.split())
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | words
keys = words | st.text(max_size=8) | st.none() | st.integers()
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5), max_leaves=25
)


def check_silence(architecture: Any, blocks: Any) -> None:
    network, problems = read_architecture(architecture, blocks)
    assert (network is None) == bool(problems)
    assert all(isinstance(problem, Problem) and problem.message for problem in problems)
    assert all(isinstance(part, str | int) for problem in problems for part in problem.location)
    assert all("\n" not in problem.message for problem in problems)


@given(documents, documents)
@settings(max_examples=300, deadline=None)
def test_no_document_raises(architecture: Any, blocks: Any) -> None:
    check_silence(architecture, blocks)


def mutate(node: Any, chance: random.Random, values: list[Any]) -> Any:
    """The node with one random change somewhere in it."""
    places = []

    def visit(inner: Any) -> None:
        if isinstance(inner, dict | list):
            for key in list(inner) if isinstance(inner, dict) else range(len(inner)):
                places.append((inner, key))
                visit(inner[key])

    visit(node)
    if places:
        parent, key = chance.choice(places)
        match chance.randrange(4):
            case 0:
                del parent[key]
            case 1:
                parent[key] = chance.choice(values)
            case 2:
                parent[key] = [copy.deepcopy(parent[key])] * chance.randrange(4)
            case _ if isinstance(parent, dict):
                parent[f"{key}x"] = parent.pop(key)
            case _:
                parent.insert(key, copy.deepcopy(chance.choice(values)))
    return node


VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    65_536,
    10**12,
    float("nan"),
    "",
    "unit",
    "4x",
    "6x in",
    "out",
    [],
    {},
    "\0",
]
VALID = [
    EXPLICIT,
    "architecture: {family: cifar, depth: 20, shortcut: {gate: exclusive, bias: -6}, resize: pad, width: 2}",
    "architecture: {family: imagenet, depth: 50, block: bottleneck, stride: 3x3, cardinality: 32, bottleneck_width: 4}",
]


@pytest.mark.parametrize("text", VALID)
def test_no_mutation_of_a_valid_specification_raises(text: str) -> None:
    chance = random.Random(0)
    for _ in range(400):
        document = yaml.safe_load(text)
        for _ in range(chance.randrange(1, 4)):
            mutate(document, chance, VALUES)
        check_silence(document.get("architecture"), document.get("blocks"))


@pytest.mark.parametrize(
    ("theirs", "ours"), [("swish", "silu"), ("BatchNorm", "bn"), ("drop-path", "stochastic-depth")]
)
def test_the_names_of_other_tools_lead_to_ours(theirs: str, ours: str) -> None:
    architecture = {"stem": [theirs], "stages": [], "head": ["global-avgpool", {"linear": {"features": "classes"}}]}
    _, problems = read_architecture(architecture, {}, (3, 8, 8), 10)
    assert any(f"did you mean '{ours}'?" in problem.message for problem in problems)
