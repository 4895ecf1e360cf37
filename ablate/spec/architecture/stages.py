"""Stages of an explicit architecture: runs of units, each of a block with a width and a stride."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from ablate.spec.architecture.blocks import Block, Blocks, block_keys, read_block
from ablate.spec.architecture.blueprint import MAX_UNITS, Run
from ablate.spec.architecture.operations.arguments import Positive
from ablate.spec.architecture.signature import Says, arguments_of, read_keys
from ablate.spec.source.problems import Location, Problem
from ablate.spec.source.wording import did_you_mean, enumerate_words, quote

Count = Annotated[int, Field(ge=1, le=MAX_UNITS), Says(f"a whole number from 1 to {MAX_UNITS:,}")]
Step = Annotated[int, Field(ge=1, le=64), Says("a whole number from 1 to 64")]


def run_keys(
    *,
    units: Annotated[Count, "how many in a row"] = 1,
    channels: Annotated[Positive | None, "what 1x means in this run; default: the channels that enter it"] = None,
    stride: Annotated[Step, "of the first unit; the others have 1"] = 1,
    block: Annotated[Any, "a name under `blocks:`, or a block written here"] = None,
    first: Annotated[Any, "another block for the first unit"] = None,
) -> None:
    """The keys of a run of units, beside those of a block."""


def read_stages(
    written: Any, blocks: Blocks, location: Location, problems: list[Problem]
) -> tuple[tuple[Run, ...], ...]:
    """Every stage: a run, or a list of runs."""
    if not isinstance(written, list | tuple) or len(written) > MAX_UNITS:
        problems.append(Problem(location, f"expected a list of at most {MAX_UNITS:,} stages, got {quote(written)}"))
        return ()
    return tuple(_read_stage(stage, blocks, (*location, i), problems) for i, stage in enumerate(written))


def _read_stage(written: Any, blocks: Blocks, location: Location, problems: list[Problem]) -> tuple[Run, ...]:
    if isinstance(written, Mapping):
        return _read_run(written, blocks, location, problems)
    if not isinstance(written, list | tuple) or not 1 <= len(written) <= MAX_UNITS:
        problems.append(Problem(location, f"expected a stage, a run of units or a list of runs, got {quote(written)}"))
        return ()
    return tuple(run for i, item in enumerate(written) for run in _read_run(item, blocks, (*location, i), problems))


def _read_run(written: Any, blocks: Blocks, location: Location, problems: list[Problem]) -> tuple[Run, ...]:
    """One run, or two where the first unit has a block of its own."""
    if not isinstance(written, Mapping):
        problems.append(
            Problem(location, f"expected a run of units, such as {{block: mine, units: 3}}, got {quote(written)}")
        )
        return ()
    known = len(problems)
    arguments = arguments_of(run_keys)
    inside = {name: value for name, value in written.items() if name in arguments_of(block_keys)}
    keys = read_keys(written, arguments | arguments_of(block_keys), location, problems)
    if not inside and "block" not in written and len(problems) > known:
        return ()  # a misspelt `branch` is told once
    block = _read_own_block(written, inside, blocks, location, problems)
    first = _find(written["first"], blocks, (*location, "first"), problems) if "first" in written else None
    if len(problems) > known or block is None or ("first" in written and first is None):
        return ()
    if first is None:
        return (Run(block, keys["units"], keys["channels"], keys["stride"]),)
    rest = (Run(block, keys["units"] - 1, keys["channels"]),) if keys["units"] > 1 else ()
    return (Run(first, 1, keys["channels"], keys["stride"]), *rest)


def _read_own_block(
    written: Mapping[str, Any], inside: Mapping[str, Any], blocks: Blocks, location: Location, problems: list[Problem]
) -> Block | None:
    """The run's block: named or written under `block`, or written in the run itself."""
    if "block" not in written:
        return read_block(inside, location, problems, blocks.sequences)
    if inside:
        message = f"either `block` or a block written here ({enumerate_words(inside)}), not both"
        problems.append(Problem((*location, "block"), message, on_key=True))
    return _find(written["block"], blocks, (*location, "block"), problems)


def _find(written: Any, blocks: Blocks, location: Location, problems: list[Problem]) -> Block | None:
    """A block by its name, or written in place."""
    if isinstance(written, Mapping):
        return read_block(written, location, problems, blocks.sequences)
    if not isinstance(written, str) or written not in blocks.units:
        remedy = did_you_mean(written, blocks.units) if isinstance(written, str) else ""
        message = f"expected a block or its name under `blocks:`, got {quote(written)}{remedy}"
        problems.append(Problem(location, message))
        return None
    return blocks.units[written]
