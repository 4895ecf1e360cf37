"""The explicit form: what a network *is*, after every name, default and relative size has been resolved.

The compiler reads only this. Two architectures with equal explicit forms are the same network.
Shapes leave the batch out: `(C, H, W)` for maps, `(F,)` for features.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

Shape = tuple[int, ...]
Value = bool | int | float | str | tuple[int, ...] | None
Join = Literal["add", "concat", "multiply", "gate", "gate-shortcut", "none"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the table in `architecture/operations`, every argument present and literal; or a whole unit."""

    kind: str
    arguments: Mapping[str, Value] = field(default_factory=dict)
    origin: str = field(default="", compare=False)  # path in the document, e.g. `blocks.mine.branch[4]`
    unit: Unit | None = None  # of the kind `unit` only: a unit inside a path


Path = tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """Named paths of operations, a join, and what follows the join.

    `before` is applied to the input ahead of the split, so every path sees its result
    (He et al. 2016, appendix: the first unit of a pre-activation net).

    Joins: `add` sums the paths, `multiply` multiplies them, element by element; `concat` stacks channels in the order
    of the paths; `gate` is g * branch + (1 - g) * shortcut (exclusive), `gate-shortcut` is branch + (1 - g) * shortcut
    (He et al. 2016, sec. 3.1), with g the result of the path named `gate`; `none` has one path.
    """

    paths: Mapping[str, Path]
    join: Join = "none"
    before: Path = ()
    after: Path = ()
    name: str = field(default="", compare=False)  # e.g. `stages[1].units[0]`


@dataclass(frozen=True, slots=True)
class Auxiliary:
    """A second classifier fed by the output of a unit, added to the loss with `weight` in training only."""

    stage: int  # 0-based
    unit: int  # 0-based within the stage; the classifier sees this unit's output
    head: Path = ()
    weight: float = 0.3


@dataclass(frozen=True, slots=True)
class Network:
    """Stem, stages of units, head: `(C, H, W)` images -> `(classes,)` logits."""

    input: Shape
    classes: int
    stem: Path
    stages: tuple[tuple[Unit, ...], ...]
    head: Path
    auxiliaries: tuple[Auxiliary, ...] = ()

    def units(self) -> Iterator[Unit]:
        """Every unit, from the stem to the head."""
        for stage in self.stages:
            yield from stage
