"""Two explicit forms laid side by side: which operations of which units differ, runs of units taken together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, takewhile, zip_longest
from typing import Any

from ablate.spec.architecture.difference.steps import Part, compare_parts, merge_steps
from ablate.spec.architecture.explicit import to_document
from ablate.spec.architecture.network import Network
from ablate.spec.source.wording import flow

Parts = Mapping[str, Sequence[Any]]  # operations by the name of their part
Runs = Sequence[Mapping[str, Any]]  # units of a stage as an explicit document has them


@dataclass(frozen=True)
class Alteration:
    """Places in which the same parts differ, whatever the values; parts that do not are left out."""

    places: tuple[str, ...]  # in this network; in that one where this has no such unit
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Place:
    """A run of units of a stage, or, without numbers, the stem, the head or an auxiliary classifier."""

    name: str
    first: int = 0
    last: int = -1

    def __str__(self) -> str:
        if self.last < 0:
            return self.name
        numbers = f"{self.first}" if self.first == self.last else f"{self.first}..{self.last}"
        return f"{self.name}.units[{numbers}]"


Found = Iterator[tuple[Place, tuple[Part, ...]]]


def align(this: Network, that: Network) -> tuple[Alteration, ...]:
    """Everything that differs between two networks besides their input and classes, from the stem to the head."""
    one, other = to_document(this), to_document(that)
    found = [*_compare(Place("stem"), {"operations": one["stem"]}, {"operations": other["stem"]})]
    for s, (runs, others) in enumerate(zip_longest(one["stages"], other["stages"], fillvalue=())):
        found += _compare_stages(f"stages[{s}]", runs, others)
    found += _compare(Place("head"), {"operations": one["head"]}, {"operations": other["head"]})
    taps = [map(_tap, side.get("auxiliaries", ())) for side in (one, other)]
    for i, (tap, other_tap) in enumerate(zip_longest(*taps, fillvalue={})):
        found += _compare(Place(f"auxiliaries[{i}]"), tap, other_tap)
    return tuple(_merged(found))


def _compare(place: Place, one: Parts, other: Parts) -> Found:
    if parts := compare_parts(_spread(one), _spread(other)):
        yield place, parts


def _tap(tap: Mapping[str, Any]) -> Parts:
    return {"behind": [flow(tap["after"])], "head": tap["head"], "weight": [flow(tap["weight"])]}


def _compare_stages(stage: str, runs: Runs, others: Runs) -> Found:
    """Unit by unit from the first that differs to the last; what one side has more of stands alone."""
    units, other_units = _units(runs), _units(others)
    ahead = _num_equal(units, other_units)
    behind = _num_equal(reversed(units[ahead:]), reversed(other_units[ahead:]))
    middles = (units[ahead : len(units) - behind], other_units[ahead : len(other_units) - behind])
    nothing: Parts = {}
    start = ahead
    for (unit, other), alike in groupby(zip_longest(*middles, fillvalue=nothing)):
        end = start + len(list(alike))
        yield from _compare(Place(stage, start, end - 1), unit, other)
        start = end


def _num_equal(units: Iterable[Parts], others: Iterable[Parts]) -> int:
    """How many are equal before the first that is not."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(units, others, strict=False)))


def _units(runs: Runs) -> list[Parts]:
    return [parts for run in runs for parts in [_parts(run)] * run.get("units", 1)]


def _parts(unit: Mapping[str, Any]) -> Parts:
    """The parts of a unit in the order of the signal."""
    paths = unit.get("paths") or {name: unit[name] for name in ("branch", "shortcut", "gate") if name in unit}
    join = [flow(unit["join"])] if "join" in unit else []
    return {"before": unit.get("before", ()), **paths, "joined by": join, "after": unit.get("after", ())}


def _spread(parts: Parts, prefix: str = "") -> Parts:
    """With the parts of units inside paths apart, such as `branch[1].three`; in the path itself stands `unit`."""
    found: dict[str, Sequence[Any]] = {}
    for name, path in parts.items():
        inner = {i: item["unit"] for i, item in enumerate(path) if isinstance(item, dict) and "unit" in item}
        found[prefix + name] = ["unit" if i in inner else item for i, item in enumerate(path)]
        for index, unit in inner.items():
            found |= _spread(_parts(unit), f"{prefix}{name}[{index}].")
    return found


def _merged(found: Iterable[tuple[Place, tuple[Part, ...]]]) -> Iterator[Alteration]:
    """One alteration for all that are alike but for their values."""
    groups: dict[Any, list[tuple[Place, tuple[Part, ...]]]] = {}
    for place, parts in found:
        likeness = tuple((part.name, tuple(step.likeness for step in part.steps)) for part in parts)
        groups.setdefault(likeness, []).append((place, parts))
    for group in groups.values():
        columns = zip(*(parts for _, parts in group), strict=True)
        parts = tuple(Part(column[0].name, merge_steps([part.steps for part in column])) for column in columns)
        yield Alteration(tuple(map(str, _joined(place for place, _ in group))), parts)


def _joined(places: Iterable[Place]) -> list[Place]:
    """Runs that follow each other as one."""
    joined: list[Place] = []
    for place in places:
        if joined and place.last >= 0 and (joined[-1].name, joined[-1].last + 1) == (place.name, place.first):
            joined[-1] = replace(joined[-1], last=place.last)
        else:
            joined.append(place)
    return joined
