"""A network as written, either form: runs of blocks that have a width and a stride, but no shapes yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ablate.spec.architecture.blocks import Block, num_operations
from ablate.spec.architecture.operations.written import WrittenPath
from ablate.spec.source.problems import Location

MAX_UNITS = 10_000
MAX_OPERATIONS = 200_000


@dataclass(frozen=True)
class Run:
    """Units of one block in a row; the first has the stride, the others 1."""

    block: Block
    units: int = 1
    channels: int | None = None  # default: what enters the run
    stride: int = 1


@dataclass(frozen=True)
class Tap:
    """An auxiliary classifier on the output of a unit, both numbers from 0."""

    stage: int
    unit: int
    head: WrittenPath
    weight: float
    location: Location = ()


@dataclass(frozen=True)
class Blueprint:
    """Stem, stages of runs, head, taps, and how `identity` changes a shape."""

    stem: WrittenPath
    stages: tuple[tuple[Run, ...], ...]
    head: WrittenPath
    taps: tuple[Tap, ...] = ()
    resize: Literal["pad", "projection"] = "pad"

    @property
    def runs(self) -> tuple[Run, ...]:
        """Every run, from the stem to the head."""
        return tuple(run for stage in self.stages for run in stage)

    @property
    def too_large(self) -> str:
        """Why it is beyond what can be built, or nothing."""
        units = sum(run.units for run in self.runs)
        operations = sum(run.units * run.block.num_operations for run in self.runs)
        operations += sum(map(num_operations, (self.stem, self.head, *(tap.head for tap in self.taps))))
        if units > MAX_UNITS or operations > MAX_OPERATIONS:
            return f"{units:,} units of {operations:,} operations; at most {MAX_UNITS:,} of {MAX_OPERATIONS:,}"
        return ""
