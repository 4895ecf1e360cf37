"""Units of one structure become one function: what differs between them is its parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from torch import nn

from ablate.model.export.calls import Call, Name, arguments, bracket, calls_of, indent, sequential
from ablate.model.unit import Unit

Column = tuple[Any, ...]  # one argument's value in each of the units


@dataclass(frozen=True)
class Structure:
    """What units share that one function constructs: the join, and each part's name and kinds of operations."""

    join: str
    parts: tuple[tuple[str, tuple[type[nn.Module] | str, ...]], ...]  # a unit inside a path is told in full


@dataclass(frozen=True)
class Template:
    """A function that constructs units."""

    name: str
    structure: Structure
    calls: tuple[Call, ...]  # of all parts in a row, with names where the units differ
    parameters: Mapping[Name, Column]

    def __str__(self) -> str:
        typed = [f"{name}: {type(column[0]).__name__}" for name, column in self.parameters.items()]
        return bracket(f"def {self.name}(", typed, ") -> Unit:") + "\n" + indent(f"return {self._unit()}")

    def _unit(self) -> str:
        left = iter(self.calls)
        texts = {name: sequential([next(left) for _ in kinds]) for name, kinds in self.structure.parts}
        ends = [f"{name}={texts.pop(name)}" for name in ("before", "after") if name in texts]
        paths = bracket("{", [f'"{name}": {text}' for name, text in texts.items()], "}")
        return bracket("Unit(", [paths, f'"{self.structure.join}"', *ends], ")")

    def uses(self) -> Iterator[str]:
        """The call for each unit, in order."""
        for values in zip(*self.parameters.values(), strict=True):
            yield bracket(f"{self.name}(", list(map(repr, values)), ")")
        while not self.parameters:
            yield f"{self.name}()"


def find_templates(units: Sequence[Unit]) -> tuple[list[Template], list[str]]:
    """The functions that construct all units, and for each unit the call that does."""
    groups: dict[Structure, list[Unit]] = {}
    for unit in units:
        groups.setdefault(structure_of(unit), []).append(unit)
    templates = {key: _generalise(f"unit_{i}", key, group) for i, (key, group) in enumerate(groups.items(), 1)}
    uses = {structure: template.uses() for structure, template in templates.items()}
    return list(templates.values()), [next(uses[structure_of(unit)]) for unit in units]


def parts_of(unit: Unit) -> dict[str, tuple[Call, ...]]:
    """The calls of every part that the unit has, by name."""
    names = {part: name for name, part in unit.paths.items()}
    return {names.get(part, part): calls_of(module) for part, module in unit.named_children()}


def structure_of(unit: Unit) -> Structure:
    """What decides by which function the unit is constructed."""
    parts = parts_of(unit).items()
    return Structure(unit.join, tuple((name, tuple(map(_kind, calls))) for name, calls in parts))


def _kind(call: Call) -> type[nn.Module] | str:
    return str(call) if call.target is Unit else call.target


def _generalise(name: str, structure: Structure, units: Sequence[Unit]) -> Template:
    """One function for units of one structure; arguments that always go together are one parameter."""
    rows = [[call for calls in parts_of(unit).values() for call in calls] for unit in units]
    names: dict[str, Name] = {}
    parameters: dict[Name, Column] = {}
    calls = []
    for operation in zip(*rows, strict=True):
        columns: list[Column] = list(zip(*(call.values for call in operation), strict=True))
        for argument, column in zip(arguments(operation[0].target), columns, strict=True):
            if len(set(column)) > 1 and repr(column) not in names:
                names[repr(column)] = _unused(argument.name, parameters)
                parameters[names[repr(column)]] = column
        calls.append(Call(operation[0].target, tuple(names.get(repr(column), column[0]) for column in columns)))
    return Template(name, structure, tuple(calls), parameters)


def _unused(name: str, taken: Iterable[str]) -> Name:
    count = sum(other == name or other.startswith(f"{name}_") for other in taken)
    return Name(f"{name}_{count + 1}" if count else name)


def stage(uses: Iterable[str]) -> str:
    """`nn.Sequential(...)` of units, equal neighbours in one line."""
    runs = [(use, len(list(run))) for use, run in groupby(uses)]
    return bracket("nn.Sequential(", [u if n == 1 else f"*({u} for _ in range({n}))" for u, n in runs], ")")
