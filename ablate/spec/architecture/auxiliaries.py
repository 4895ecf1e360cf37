"""Auxiliary classifiers of an explicit architecture, as written."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from ablate.spec.architecture.blocks import Blocks
from ablate.spec.architecture.blueprint import MAX_UNITS, Run, Tap
from ablate.spec.architecture.operations.arguments import Real
from ablate.spec.architecture.operations.written import read_path
from ablate.spec.architecture.signature import Says, arguments_of, read_mapping
from ablate.spec.source.problems import Location, Problem
from ablate.spec.source.wording import quote

MAX_TAPS = 100
Stages = tuple[tuple[Run, ...], ...]
Index = Annotated[int, Field(ge=0, le=MAX_UNITS), Says("a whole number, counted from 0")]


def tap_keys(
    *,
    after: Annotated[Any, "{stage: 2, unit: 0}, both counted from 0"],
    head: Annotated[Any, "a list of operations, from that unit to the logits"],
    weight: Annotated[Real, "factor on this classifier's loss"] = 0.3,
) -> None:
    """The keys of an auxiliary classifier."""


def after_keys(*, stage: Annotated[Index, "stage"], unit: Annotated[Index, "unit in the stage"]) -> None:
    """Where an auxiliary classifier stands."""


def read_taps(written: Any, stages: Stages | None, blocks: Blocks, problems: list[Problem]) -> tuple[Tap, ...]:
    """Every classifier; that its unit exists is checked where the stages are right."""
    location: Location = ("architecture", "auxiliaries")
    if not isinstance(written, list | tuple) or len(written) > MAX_TAPS:
        problems.append(Problem(location, f"expected a list of at most {MAX_TAPS} classifiers, got {quote(written)}"))
        return ()
    taps = [_read_tap(item, stages, blocks, (*location, i), problems) for i, item in enumerate(written)]
    return tuple(tap for tap in taps if tap)


def _read_tap(
    written: Any, stages: Stages | None, blocks: Blocks, location: Location, problems: list[Problem]
) -> Tap | None:
    what = "a classifier, such as {after: {stage: 2, unit: 0}, head: [...]}"
    keys = read_mapping(written, arguments_of(tap_keys), location, problems, what)
    if keys is None:
        return None
    head = read_path(keys["head"], (*location, "head"), problems, blocks.sequences)
    inside = (*location, "after")
    after = read_mapping(keys["after"], arguments_of(after_keys), inside, problems, "{stage: 2, unit: 0}")
    if after is None:
        return None
    counts = None if stages is None else [sum(run.units for run in stage) for stage in stages]
    if counts is not None and (after["stage"] >= len(counts) or after["unit"] >= counts[after["stage"]]):
        message = f"there is no unit {after['unit']} in stage {after['stage']}; the stages have {quote(counts)} units"
        problems.append(Problem(inside, message))
        return None
    return Tap(after["stage"], after["unit"], head, keys["weight"], location)
