"""The kinds of units in a network: alike in every operation, whatever their channels. The numbers of the picture."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from string import ascii_uppercase

from ablate.spec.architecture.network import Network, Operation, Unit
from ablate.spec.architecture.summary import Row, summarise
from ablate.spec.architecture.tally import written_name


@dataclass(frozen=True)
class Kind:
    """Units of one structure, by the first of them."""

    letter: str
    units: int
    example: Unit
    row: Row  # of the example


@dataclass(frozen=True)
class Stage:
    """A stage as runs of units, each with the letter of its kind, and the stage's rows."""

    runs: tuple[tuple[str, int], ...]
    rows: tuple[Row, ...]


def find_kinds(network: Network) -> tuple[tuple[Kind, ...], tuple[Stage, ...]]:
    """The kinds of units in the order in which they come, and the stages made of them."""
    rows = iter(summarise(network).units[1:])  # behind the stem
    stages = [list(zip(units, islice(rows, len(units)), strict=True)) for units in network.stages]
    kinds: dict[Hashable, list[tuple[Unit, Row]]] = {}
    for unit, row in (placed for stage in stages for placed in stage):
        kinds.setdefault(structure(unit), []).append((unit, row))
    letters = dict(zip(kinds, _letters(), strict=False))
    found = tuple(Kind(letters[key], len(placed), *placed[0]) for key, placed in kinds.items())
    return found, tuple(_stage(stage, letters) for stage in stages)


def _stage(placed: Sequence[tuple[Unit, Row]], letters: Mapping[Hashable, str]) -> Stage:
    runs = groupby(letters[structure(unit)] for unit, _ in placed)
    return Stage(tuple((letter, len(list(run))) for letter, run in runs), tuple(row for _, row in placed))


def structure(unit: Unit) -> Hashable:
    """Equal for units of one kind."""
    parts = {"before": unit.before, **unit.paths, "after": unit.after}
    return unit.join, tuple((name, tuple(map(_likeness, path))) for name, path in parts.items())


def _likeness(operation: Operation) -> Hashable:
    """The operation's name, and whether it strides."""
    return written_name(operation), operation.arguments.get("stride", 1) != 1


def _letters() -> Iterator[str]:
    """A, B, ..., Z, A1, B1, ..."""
    number = 0
    while True:
        yield from (f"{letter}{number or ''}" for letter in ascii_uppercase)
        number += 1
