"""`claims:`: what the author expects, checked against the design that is to show it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ablate.spec.axes import Axis, check_value, find_axis
from ablate.spec.design import Design
from ablate.spec.document import COMMAND_LINE, Document
from ablate.spec.factors import factor
from ablate.spec.network import Value
from ablate.spec.problems import Location, Problem
from ablate.spec.schema import MAX_CLAIMS, ClaimSection
from ablate.spec.study import Cell, Claim
from ablate.spec.validation import validate


def read_claims(document: Document, design: Design, cells: Sequence[Cell]) -> tuple[list[Claim], list[Problem]]:
    """The claims, and those that the design cannot show. What is no claim at all is left to the schema."""
    claims: list[Claim] = []
    problems: list[Problem] = []
    node = document.node(("claims",))
    for index, item in enumerate(node.content[:MAX_CLAIMS] if node and isinstance(node.content, tuple) else ()):
        section, wrong = validate(ClaimSection, item.plain)
        if section and not wrong:
            claim, found = _read_claim(section, ("claims", index), design, cells)
            claims += [claim] if claim else []
            problems += found
    return claims, problems


def _read_claim(
    section: ClaimSection, place: Location, design: Design, cells: Sequence[Cell]
) -> tuple[Claim | None, list[Problem]]:
    ((written, pair),) = section.compare.items()
    axis, problems = find_axis(written, (*place, "compare", written), design.axes)
    where: dict[str, Value] = {}
    for key, value in (section.where or {}).items():
        held, found = find_axis(key, (*place, "where", key), design.axes)
        problems += found
        if held:
            problems += _check(held, value, (*place, "where", key))
            where[held.path] = _factor(held, value)
    if axis:
        for index, value in enumerate(pair):
            problems += _check(axis, value, (*place, "compare", written, index))
    if not axis or problems:
        return None, problems
    fields = section.model_dump(exclude={"compare", "where"})
    first, second = (_factor(axis, value) for value in pair)
    claim = Claim(**fields, compare={axis.path: (first, second)}, where=where)
    return claim, _check_pairs(claim, place, design) + _check_metric(claim, place, cells)


def _check(axis: Axis, value: Any, place: Location) -> list[Problem]:
    """As `check_value`; but an axis cut down on the command line leaves claims untestable, not wrong."""
    return [] if axis.key.file == COMMAND_LINE else check_value(axis, value, place)


def _factor(axis: Axis, value: Any) -> Value:
    node = axis.find(value)
    return factor(node.plain if node else value)


def _check_pairs(claim: Claim, place: Location, design: Design) -> list[Problem]:
    ((path, (first, second)),) = claim.compare.items()
    if first == second:
        return [Problem((*place, "compare", path), "compares a value with itself; write two different ones")]
    if path in claim.where:
        return [Problem((*place, "where"), f"holds '{path}' fixed, which is compared; leave it out")]
    if not design.points or any(axis.key.file == COMMAND_LINE or not axis.values for axis in design.axes):
        return []
    where = claim.where.items()
    chosen = [p.factors for p in design.points if all(p.factors.get(key) == value for key, value in where)]
    seen = {_rest(factors, path) for factors in chosen if factors.get(path) == first}
    if seen & {_rest(factors, path) for factors in chosen if factors.get(path) == second}:
        return []
    return [Problem((*place, "compare"), "no two cells differ in this alone; see the conditions of the grid")]


def _rest(factors: Any, path: str) -> tuple[tuple[str, Value], ...]:
    return tuple((key, value) for key, value in factors.items() if key != path)


def _check_metric(claim: Claim, place: Location, cells: Sequence[Cell]) -> list[Problem]:
    if not claim.metric.startswith("val_") or all(cell.data.validation for cell in cells):
        return []
    return [Problem((*place, "metric"), f"'{claim.metric}' needs validation images; set data.validation above 0")]
