"""`claims:`: what the author expects, checked against the design that is to show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ablate.spec.architecture.network import Value
from ablate.spec.source.document import COMMAND_LINE, Document
from ablate.spec.source.problems import Location, Problem
from ablate.spec.source.validation import validate
from ablate.spec.source.wording import quote
from ablate.spec.study.axes import Axis, check_value, find_axis
from ablate.spec.study.claim_rules import check_claim, check_levels
from ablate.spec.study.contrasts import levels_present
from ablate.spec.study.design import Design
from ablate.spec.study.factors import factor
from ablate.spec.study.forms import read_form, read_metric
from ablate.spec.study.schema import MAX_CLAIMS, ClaimSection
from ablate.spec.study.study import Cell, Claim

Levels = dict[str, tuple[Value, ...]]  # values by axis


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
    form, problems = read_form(section, place)
    metric, reach = read_metric(section)
    where, found = _read_where(section, place, design)
    problems += found
    compared, found = _read_compared(section, form, place, design, where)
    problems += found or check_levels(compared, where, form, place)
    if problems:
        return None, problems
    claim = Claim(
        says=section.says,
        source=section.source,
        metric=metric,
        reach=reach,
        form="threshold" if form in ("below", "above") else form,  # type: ignore[arg-type]
        compare=compared,
        expect=section.expect or form,  # type: ignore[arg-type]
        where=where,
        margin=section.margin,
        bound=getattr(section, form) if form in ("below", "above") else 0.0,
    )
    return claim, check_claim(claim, place, form, design, cells)


def _read_where(section: ClaimSection, place: Location, design: Design) -> tuple[dict[str, Value], list[Problem]]:
    where: dict[str, Value] = {}
    problems: list[Problem] = []
    for key, value in (section.where or {}).items():
        axis, found = find_axis(key, (*place, "where", key), design.axes)
        problems += found
        if axis:
            problems += _check(axis, value, (*place, "where", key))
            where[axis.path] = _factor(axis, value)
    return where, problems


def _read_compared(
    section: ClaimSection, form: str, place: Location, design: Design, where: Mapping[str, Value]
) -> tuple[Levels, list[Problem]]:
    """The axes of the form with their values, in the order of the claim."""
    if form == "along":
        return _read_along(str(section.along), (*place, form), design, where)
    levels: Levels = {}
    problems: list[Problem] = []
    written = getattr(section, form) if form in ("compare", "interaction", "order") else {}
    for key, values in written.items():
        axis, found = find_axis(key, (*place, form, key), design.axes)
        problems += found
        if axis:
            for index, value in enumerate(values):
                problems += _check(axis, value, (*place, form, key, index))
            levels[axis.path] = tuple(_factor(axis, value) for value in values)
    return levels, problems


def _read_along(
    written: str, place: Location, design: Design, where: Mapping[str, Value]
) -> tuple[Levels, list[Problem]]:
    axis, problems = find_axis(written, place, design.axes)
    if axis is None:
        return {}, [replace(problem, on_key=False) for problem in problems]
    if not all(isinstance(value := node.plain, int | float) and value is not True for node in axis.values):
        message = f"the values of {quote(axis.path)} are no numbers; put them in order: {{{axis.path}: [...]}}"
        return {}, [Problem(place, message.replace("in order: ", "in order with `order: ") + "`")]
    levels = levels_present([point.factors for point in design.points], axis.path, where)
    if design.points and len(levels) < 2 and axis.key.file != COMMAND_LINE:
        return {}, [Problem(place, "has fewer than two values where the claim looks; there is no order to claim")]
    return {axis.path: tuple(levels)}, []


def _check(axis: Axis, value: Any, place: Location) -> list[Problem]:
    """As `check_value`; but an axis cut down on the command line leaves claims untestable, not wrong."""
    return [] if axis.key.file == COMMAND_LINE else check_value(axis, value, place)


def _factor(axis: Axis, value: Any) -> Value:
    node = axis.find(value)
    return factor(node.plain if node else value)
