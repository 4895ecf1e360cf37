"""What is wrong with the list of a searched parameter: its choices, or the ends and the step of its range."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ablate.spec.source.document import Node
from ablate.spec.source.problems import Location, Problem
from ablate.spec.source.wording import quote
from ablate.spec.study.factors import same

MAX_VALUES = 1_000


def check_range(kind: str, node: Node, step: Node | None, place: Location) -> Iterator[Problem]:
    """Problems of `{kind: node, step: step}` at `place`. What has the wrong type is left to the schema."""
    values = node.plain
    if step and kind not in ("uniform", "int"):
        yield Problem((*place, "step"), f"means nothing beside '{kind}'; remove it", on_key=True)
    if kind == "choice":
        yield from _check_choices(values, (*place, kind))
    elif len(values) == 2 and all(map(_is_number, values)):
        yield from _check_ends(kind, values, step, place)


def _check_choices(values: list[Any], place: Location) -> Iterator[Problem]:
    if len(values) == 1:
        yield Problem(place, f"one value is no choice, got {quote(values)}; set it in the baseline")
    first: dict[str, int] = {}
    for index, value in enumerate(values):
        before = first.setdefault(same(value), index)
        if before != index:
            yield Problem((*place, index), f"the same value as [{before}], got {quote(value)}; list each once")


def _check_ends(kind: str, ends: list[float], step: Node | None, place: Location) -> Iterator[Problem]:
    low, high = ends
    if low >= high:
        yield Problem((*place, kind), f"expected the lower end first, got {quote(ends)}")
    elif kind == "loguniform" and low <= 0:
        yield Problem((*place, kind, 0), f"expected a number above 0 on a logarithmic scale, got {quote(low)}")
    elif step and _is_number(step.plain):
        if kind == "int" and not float(step.plain).is_integer():
            yield Problem((*place, "step"), f"expected a whole number between whole numbers, got {quote(step.plain)}")
        elif step.plain > high - low:
            yield Problem((*place, "step"), f"leaves only {quote(low)} in {quote(ends)}, got {quote(step.plain)}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
