"""Operations: what may be written, and what each does to shapes, parameters and multiply-adds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.spec.architecture.network import Operation, Shape
from ablate.spec.architecture.operations import KINDS
from ablate.spec.architecture.operations.arguments import Scope
from ablate.spec.architecture.operations.effect import ShapeFault
from ablate.spec.architecture.operations.written import names, read_path, resolve
from ablate.spec.architecture.tally import tally
from ablate.spec.source.problems import Problem

UNIT = Scope(classes=10, inputs=24, channels=16, stride=2, output=(64, 4, 4))


def placed(written: list[Any], shape: Shape, scope: Scope = UNIT) -> tuple[Operation, ...]:
    problems: list[Problem] = []
    path, found = read_path(written, ("head",), problems), []
    assert not problems
    for item in path:
        operations = resolve(item, shape, scope)
        shape = tally(operations, shape).shape
        found += operations
    return tuple(found)


def cost(written: Any, shape: Shape) -> tuple[Shape, int, int]:
    """Shape, parameters and multiply-adds of one operation."""
    found = tally(placed([written], shape), shape)
    return found.shape, found.parameters, found.multiply_adds


# By hand, from the definitions.
@pytest.mark.parametrize(
    ("written", "shape", "expected"),
    [
        ("conv3x3", (24, 8, 8), ((16, 8, 8), 24 * 16 * 9, 24 * 16 * 9 * 64)),
        ({"conv": {"kernel": 3}}, (24, 8, 8), ((16, 8, 8), 24 * 16 * 9, 24 * 16 * 9 * 64)),
        ({"conv3x3": {"stride": "unit"}}, (24, 8, 8), ((16, 4, 4), 24 * 16 * 9, 24 * 16 * 9 * 16)),
        ({"conv3x3": {"stride": 2}}, (24, 7, 7), ((16, 4, 4), 24 * 16 * 9, 24 * 16 * 9 * 16)),
        ({"conv7x7": {"channels": 64, "stride": 2}}, (3, 224, 224), ((64, 112, 112), 9408, 118_013_952)),
        ({"conv1x1": {"channels": "4x", "bias": True}}, (24, 8, 8), ((64, 8, 8), 24 * 64 + 64, 24 * 64 * 64)),
        ({"conv3x3": {"channels": "in", "groups": 8}}, (24, 8, 8), ((24, 8, 8), 24 * 3 * 9, 24 * 3 * 9 * 64)),
        ({"conv3x3": {"depthwise": True}}, (24, 8, 8), ((24, 8, 8), 24 * 9, 24 * 9 * 64)),
        ({"conv3x3": {"dilation": 2}}, (24, 8, 8), ((16, 8, 8), 24 * 16 * 9, 24 * 16 * 9 * 64)),
        ({"conv3x3": {"padding": 0}}, (24, 8, 8), ((16, 6, 6), 24 * 16 * 9, 24 * 16 * 9 * 36)),
        ("bn", (24, 8, 8), ((24, 8, 8), 48, 0)),
        ({"groupnorm": {"groups": 4}}, (24, 8, 8), ((24, 8, 8), 48, 0)),
        ("layernorm", (24, 8, 8), ((24, 8, 8), 48, 0)),
        ("lrn", (24, 8, 8), ((24, 8, 8), 0, 0)),
        ("relu", (24,), ((24,), 0, 0)),
        ("relu6", (24, 8, 8), ((24, 8, 8), 0, 0)),
        ("prelu", (24, 8, 8), ((24, 8, 8), 24, 0)),
        ({"prelu": {"channelwise": False}}, (24, 8, 8), ((24, 8, 8), 1, 0)),
        ({"scale": {"value": 0.5}}, (24, 8, 8), ((24, 8, 8), 0, 0)),
        ({"scale": {"learned": True}}, (24, 8, 8), ((24, 8, 8), 1, 0)),
        ({"se": {"reduction": 4}}, (24, 8, 8), ((24, 8, 8), 24 * 6 + 6 + 6 * 24 + 24, 2 * 24 * 6)),
        ({"maxpool3x3": {"stride": 2}}, (64, 112, 112), ((64, 56, 56), 0, 0)),
        ({"maxpool3x3": {"stride": 2, "padding": 0, "ceil": True}}, (64, 112, 112), ((64, 56, 56), 0, 0)),
        ({"maxpool3x3": {"stride": 2, "padding": 0}}, (64, 112, 112), ((64, 55, 55), 0, 0)),
        ({"avgpool2x2": {"stride": 2}}, (24, 9, 9), ((24, 4, 4), 0, 0)),
        ({"avgpool2x2": {"stride": 2, "ceil": True}}, (24, 9, 9), ((24, 5, 5), 0, 0)),
        ("global-avgpool", (24, 8, 8), ((24,), 0, 0)),
        ({"spp": {"bins": [7, 3, 2, 1]}}, (512, 14, 14), ((512 * 63,), 0, 0)),
        ("flatten", (24, 8, 8), ((24 * 64,), 0, 0)),
        ({"linear": {"features": "classes"}}, (64,), ((10,), 650, 640)),
        ({"linear": {"features": 10, "bias": False}}, (64,), ((10,), 640, 640)),
        ({"pad-channels": {"channels": 32}}, (24, 8, 8), ((32, 8, 8), 0, 0)),
        ({"subsample": {"stride": 2}}, (24, 7, 7), ((24, 4, 4), 0, 0)),
    ],
)
def test_an_operation_has_the_cost_of_its_definition(
    written: Any, shape: Shape, expected: tuple[Shape, int, int]
) -> None:
    assert cost(written, shape) == expected


@pytest.mark.parametrize(
    ("size", "expected"), [(64, 64), ("1x", 16), ("4x", 64), ("0.5x", 8), ("in", 24), ("6x in", 144), ("out", 64)]
)
def test_a_size_is_relative_to_the_unit_what_enters_it_or_what_leaves_it(size: Any, expected: int) -> None:
    (conv,) = placed([{"conv1x1": {"channels": size}}], (24, 8, 8))
    assert conv.arguments["channels"] == expected


def test_every_argument_of_an_operation_is_present_and_resolved() -> None:
    (conv,) = placed(["conv3x3"], (24, 8, 8))
    assert conv.arguments == {
        "kernel": 3,
        "channels": 16,
        "stride": 1,
        "padding": 1,
        "groups": 1,
        "dilation": 1,
        "bias": False,
        "bias_init": None,
    }
    assert conv.origin == "head[0]"


def test_stochastic_depth_decays_linearly_with_the_units_number() -> None:
    def survival(unit: int) -> Any:
        scope = Scope(classes=10, place=(unit, 54))
        (drop,) = placed([{"stochastic-depth": {"survival": 0.5, "rule": "linear"}}], (16, 8, 8), scope)
        return drop.arguments["survival"]

    assert [survival(1), survival(27), survival(54)] == pytest.approx([1 - 0.5 / 54, 0.75, 0.5])
    assert sum(survival(unit) for unit in range(1, 55)) == pytest.approx(40.25)  # Huang et al. 2016, sec. 3


@pytest.mark.parametrize(
    ("resize", "shape", "kinds"),
    [
        ("pad", (64, 4, 4), []),
        ("projection", (64, 4, 4), []),
        ("pad", (64, 8, 8), ["subsample"]),
        ("pad", (16, 4, 4), ["pad-channels"]),
        ("pad", (16, 8, 8), ["subsample", "pad-channels"]),
        ("projection", (16, 8, 8), ["conv", "bn"]),
        ("projection", (96, 7, 7), ["conv", "bn"]),
    ],
)
def test_identity_is_nothing_or_the_rule_of_resizing(resize: Any, shape: Shape, kinds: list[str]) -> None:
    scope = Scope(classes=10, inputs=shape[0], stride=2, output=(64, 4, 4), resize=resize)
    path = placed(["identity"], shape, scope)
    assert [operation.kind for operation in path] == kinds
    assert tally(path, shape).shape == (64, 4, 4)


@pytest.mark.parametrize("shape", [(96, 4, 4), (16, 9, 9), (16, 3, 3)])
def test_identity_cannot_reach_every_shape(shape: Shape) -> None:
    with pytest.raises(ShapeFault):
        placed(["identity"], shape, Scope(classes=10, output=(64, 4, 4)))


@pytest.mark.parametrize(
    ("written", "shape", "words"),
    [
        ({"conv3x3": {"padding": 0}}, (24, 2, 2), "shrinks to nothing"),
        ({"conv3x3": {"groups": 5}}, (24, 8, 8), "5 groups must divide the 24 channels"),
        ({"maxpool3x3": {"padding": 2}}, (24, 8, 8), "more than half of the window"),
        ({"se": {"reduction": 32}}, (24, 8, 8), "leaves nothing of 24 channels"),
        ({"linear": {"features": 10}}, (24, 8, 8), "global-avgpool or flatten"),
        ("conv3x3", (24,), "needs maps"),
        ({"pad-channels": {"channels": 8}}, (24, 8, 8), "cannot be padded to 8"),
        ({"groupnorm": {"groups": 5}}, (24, 8, 8), "do not divide into 5 groups"),
        ({"conv1x1": {"channels": "0.3x"}}, (24, 8, 8), "not a whole number"),
        ({"conv3x3": {"depthwise": True, "groups": 2}}, (24, 8, 8), "depthwise sets the groups"),
        ({"conv3x3": {"bias_init": -6}}, (24, 8, 8), "needs `bias: true`"),
        ("flatten", (512, 512, 512), "at most 16,777,216"),
    ],
)
def test_an_operation_that_cannot_stand_there_says_why(written: Any, shape: Shape, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        placed([written], shape)


@pytest.mark.parametrize(
    ("written", "location", "words"),
    [
        ("rleu", ("p", 0), "did you mean 'relu'"),
        ("conv3x5", ("p", 0), "did you mean 'conv"),
        ("zzzz", ("p", 0), "'global-avgpool'"),
        (7, ("p", 0), "expected an operation"),
        ({"relu": {}, "bn": {}}, ("p", 0), "expected an operation"),
        ({"conv3x3": {"chanels": 64}}, ("p", 0, "conv3x3", "chanels"), "did you mean 'channels'"),
        ({"conv3x3": {"kernel": 5}}, ("p", 0, "conv3x3", "kernel"), "unknown key"),
        ({"conv3x3": {"channels": "x4"}}, ("p", 0, "conv3x3", "channels"), "4x (of the unit's)"),
        ({"conv3x3": {"channels": 0}}, ("p", 0, "conv3x3", "channels"), "a number of channels"),
        ({"conv3x3": {"channels": 10**30}}, ("p", 0, "conv3x3", "channels"), "a number of channels"),
        ({"conv3x3": {"channels": True}}, ("p", 0, "conv3x3", "channels"), "got true"),
        ({"conv3x3": {"stride": "units"}}, ("p", 0, "conv3x3", "stride"), "or `unit`"),
        ({"conv3x3": {"stride": -1}}, ("p", 0, "conv3x3", "stride"), "from 1 to 64"),
        ({"conv3x3": {"bias": "yes"}}, ("p", 0, "conv3x3", "bias"), "true or false"),
        ({"conv3x3": 64}, ("p", 0, "conv3x3"), "expected the arguments of conv3x3"),
        ({"conv": None}, ("p", 0, "conv", "kernel"), "missing"),
        ({"dropout": {"probability": 1.5}}, ("p", 0, "dropout", "probability"), "from 0 to 1"),
        ({"dropout": {"probability": float("nan")}}, ("p", 0, "dropout", "probability"), "from 0 to 1"),
        ({"spp": {"bins": [7, "3"]}}, ("p", 0, "spp", "bins"), "such as [7, 3, 2, 1]"),
        ({"stochastic-depth": {"rule": "lin"}}, ("p", 0, "stochastic-depth", "rule"), "did you mean 'linear'"),
    ],
)
def test_a_wrong_operation_is_told_at_its_place(written: Any, location: Any, words: str) -> None:
    problems: list[Problem] = []
    read_path([written], ("p",), problems)
    (problem,) = problems
    assert problem.location == location
    assert words in problem.message


def test_every_fault_of_a_path_is_told() -> None:
    problems: list[Problem] = []
    read_path(["rleu", {"conv3x3": {"stride": 0, "bias": 3}}, "bn", {"bnn": {}}], ("p",), problems)
    assert [problem.location[1] for problem in problems] == [0, 1, 1, 3]


@pytest.mark.parametrize("kind", KINDS)
def test_every_argument_has_a_type_a_description_and_a_schema(kind: str) -> None:
    for argument in KINDS[kind].written.values():
        assert argument.description
        assert argument.schema()["description"] == argument.description
    assert KINDS[kind].effect.__doc__


def test_names_cover_the_table() -> None:
    assert {*KINDS, "identity", "conv3x3"} <= {*names()}


# An independent statement of torch's rule for pooled sizes: count the windows that start inside.
@given(st.integers(1, 40), st.integers(1, 7), st.integers(1, 5), st.integers(0, 3), st.booleans())
def test_a_window_is_counted_where_it_starts_inside(
    side: int, kernel: int, stride: int, padding: int, ceil: bool
) -> None:
    padding = min(padding, kernel // 2)
    starts = range(-padding, side + padding, stride)
    fits = [start for start in starts if start + kernel <= side + padding]
    cut = [start for start in starts if start < side and start - stride + kernel < side + padding]
    expected = len(fits) if not ceil else sum(1 for start in starts if start < side and (start in fits or start in cut))
    written = {"maxpool": {"kernel": kernel, "stride": stride, "padding": padding, "ceil": ceil}}
    if not fits and not ceil:
        with pytest.raises(ShapeFault, match="shrinks to nothing"):
            placed([written], (2, side, side))
    elif fits:
        assert cost(written, (2, side, side))[0] == (2, expected, expected)
