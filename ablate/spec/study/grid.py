"""`grid:`: the full factorial of its axes, and the conditions that choose from it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from math import prod
from typing import Any

from ablate.spec.source.document import Document, Node
from ablate.spec.source.problems import Location, Problem
from ablate.spec.source.wording import quote
from ablate.spec.study.axes import CONDITIONS, Axis, check_value, find_axis
from ablate.spec.study.factors import same

MAX_CELLS = 10_000
MAX_CONDITIONS = 100

Combination = Mapping[str, Node]  # one value for every axis
Condition = dict[str, set[str]]  # axis -> the values that meet it


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


def _read_conditions(
    document: Document, keyword: str, axes: list[Axis], points: list[Combination]
) -> tuple[list[Condition], list[Problem]]:
    node = document.node(("grid", keyword))
    conditions: list[Condition] = []
    problems: list[Problem] = []
    written = node.content if node and isinstance(node.content, tuple) else ()
    if len(written) > MAX_CONDITIONS:
        problems.append(Problem(("grid", keyword), f"more than {MAX_CONDITIONS} conditions; write fewer", on_key=True))
    for index, item in enumerate(written[:MAX_CONDITIONS]):
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


def _meets(point: Combination, condition: Condition) -> bool:
    return all(same(point[axis].plain) in values for axis, values in condition.items())
