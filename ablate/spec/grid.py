"""`grid:`: axes and their values, and the points of their full factorial that the conditions leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from ablate.spec.document import Document, Mark, Node
from ablate.spec.factors import same
from ablate.spec.paths import check_root, parse_path
from ablate.spec.problems import Location, Problem, dotted
from ablate.spec.wording import did_you_mean, enumerate_words, quote

CONDITIONS = ("include", "exclude")
MAX_CELLS = 10_000

Combination = Mapping[str, Node]  # one value for every axis


@dataclass(frozen=True)
class Axis:
    """A path into the baseline and the values it takes, in written order."""

    path: str
    location: Location
    written: Location  # where the axis stands in the study
    key: Mark
    values: tuple[Node, ...]

    def find(self, value: Any) -> Node | None:
        """The axis's value equal to a plain one."""
        return next((node for node in self.values if same(node.plain) == same(value)), None)


def read_axes(document: Document) -> tuple[list[Axis], list[Problem]]:
    """The axes in written order, and what is wrong with any; no values of one that is not to be used.

    What is no list is left to the schema.
    """
    axes: list[Axis] = []
    problems: list[Problem] = []
    grid = document.node(("grid",))
    for written, node in grid.content.items() if grid and isinstance(grid.content, Mapping) else ():
        if written in CONDITIONS:
            continue
        place = ("grid", written)
        try:
            location = parse_path(written)
            check_root(location)
        except ValueError as error:
            problems.append(Problem(place, str(error), on_key=True))
            continue
        values = node.content if isinstance(node.content, tuple) else ()
        axis = Axis(dotted(location), location, place, node.key or node.mark, values)
        found = [*_check_values(axis), *_check_overlaps(axis, axes)]
        axes += [] if any(one.location == place for one in found) else [axis]
        problems += found
    return axes, problems


def _check_values(axis: Axis) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, node in enumerate(axis.values):
        before = first.setdefault(same(node.plain), index)
        if before != index:
            message = f"the same value as [{before}], got {quote(node.plain)}; list each once"
            yield Problem((*axis.written, index), message)


def _check_overlaps(axis: Axis, earlier: list[Axis]) -> list[Problem]:
    return [
        Problem(axis.written, f"sets the same as the axis '{other.path}'; keep one of them", on_key=True)
        for other in earlier
        if all(a == b for a, b in zip(axis.location, other.location, strict=False))
    ]


def read_combinations(document: Document, axes: list[Axis]) -> tuple[list[Combination], list[Problem]]:
    """Every combination of values that the conditions leave, the last axis varying fastest."""
    if (number := prod(len(axis.values) for axis in axes)) > MAX_CELLS:
        return [], [Problem(("grid",), f"{number:,} cells; at most {MAX_CELLS:,}, write fewer values", on_key=True)]
    paths = [axis.path for axis in axes]
    points: list[Combination]
    points = [dict(zip(paths, nodes, strict=True)) for nodes in product(*(axis.values for axis in axes))]
    problems: list[Problem] = []
    for keyword in CONDITIONS:
        conditions, found = _read_conditions(document, keyword, axes, points)
        problems += found
        if conditions:
            keep = keyword == "include"
            points = [point for point in points if any(_meets(point, c) for c in conditions) == keep]
    if not points:
        problems.append(Problem(("grid",), "the conditions leave no cell; loosen them", on_key=True))
    return points, problems


Condition = dict[str, set[str]]  # axis -> the values that meet it


def _read_conditions(
    document: Document, keyword: str, axes: list[Axis], points: list[Combination]
) -> tuple[list[Condition], list[Problem]]:
    node = document.node(("grid", keyword))
    conditions: list[Condition] = []
    problems: list[Problem] = []
    for index, item in enumerate(node.content if node and isinstance(node.content, tuple) else ()):
        place = ("grid", keyword, index)
        condition, found = read_condition(item.plain, place, axes)
        problems += found
        if not found and not any(_meets(point, condition) for point in points):
            problems.append(Problem(place, "no cell meets this condition; remove it"))
        conditions.append(condition)
    return ([] if problems else conditions), problems


def read_condition(written: Any, place: Location, axes: list[Axis]) -> tuple[Condition, list[Problem]]:
    """`{architecture.depth: [20, 56], train.lr: 0.1}`: for each axis one value or a list of them."""
    if not isinstance(written, dict) or not written:
        return {}, [Problem(place, f"expected a mapping of axes to values, got {quote(written)}")]
    condition: Condition = {}
    problems: list[Problem] = []
    for key, value in written.items():
        axis, found = find_axis(key, (*place, key), axes)
        problems += found
        if axis:
            alternatives = value if isinstance(value, list) and not axis.find(value) else [value]
            problems += [p for one in alternatives for p in check_value(axis, one, (*place, key))]
            condition[axis.path] = {same(one) for one in alternatives}
    return condition, problems


def find_axis(written: str, place: Location, axes: Sequence[Axis]) -> tuple[Axis | None, list[Problem]]:
    """The axis of that path, however it is spelt."""
    try:
        path = dotted(parse_path(written))
    except ValueError as error:
        return None, [Problem(place, str(error), on_key=True)]
    paths = [axis.path for axis in axes]
    if path in paths:
        return axes[paths.index(path)], []
    known = f"the axes are {enumerate_words(paths)}" if paths else "it has none"
    return None, [Problem(place, f"no axis of the design{did_you_mean(path, paths) or f'; {known}'}", on_key=True)]


def check_value(axis: Axis, value: Any, place: Location) -> list[Problem]:
    """A problem unless the axis has the value."""
    if not axis.values or axis.find(value):
        return []
    known = enumerate_words(node.plain for node in axis.values)
    return [Problem(place, f"no value of the axis, got {quote(value)}; the values are {known}")]


def _meets(point: Combination, condition: Condition) -> bool:
    return all(same(point[axis].plain) in values for axis, values in condition.items())
