"""Two explicit forms laid side by side: which operations of which units differ, runs of units taken together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile, zip_longest
from typing import Any

from ablate.spec.difference.steps import Part, compare_parts, merge_steps
from ablate.spec.explicit import to_document
from ablate.spec.network import Network
from ablate.spec.wording import flow

Parts = Mapping[str, Sequence[Any]]  # operations by the name of their part
Runs = Sequence[Mapping[str, Any]]  # units of a stage as an explicit document has them


@dataclass(frozen=True)
class Alteration:
    """Places in which the same parts differ, whatever the values; parts that do not are left out."""

    places: tuple[str, ...]  # in this network; in that one where this has no such unit
    parts: tuple[Part, ...]


def align(this: Network, that: Network) -> tuple[Alteration, ...]:
    """Everything that differs between two networks besides their input and classes, from the stem to the head."""
    one, other = to_document(this), to_document(that)
    found = [*_compare("stem", {"operations": one["stem"]}, {"operations": other["stem"]})]
    for s, (runs, others) in enumerate(zip_longest(one["stages"], other["stages"], fillvalue=())):
        found += _compare_stages(f"stages[{s}]", runs, others)
    found += _compare("head", {"operations": one["head"]}, {"operations": other["head"]})
    taps = [map(_tap, side.get("auxiliaries", ())) for side in (one, other)]
    for i, (tap, other_tap) in enumerate(zip_longest(*taps, fillvalue={})):
        found += _compare(f"auxiliaries[{i}]", tap, other_tap)
    return tuple(_merged(found))


def _compare(place: str, one: Parts, other: Parts) -> Iterator[Alteration]:
    if parts := compare_parts(one, other):
        yield Alteration((place,), parts)


def _tap(tap: Mapping[str, Any]) -> Parts:
    return {"behind": [flow(tap["after"])], "head": tap["head"], "weight": [flow(tap["weight"])]}


def _compare_stages(stage: str, runs: Runs, others: Runs) -> Iterator[Alteration]:
    """Unit by unit from the first that differs to the last; what one side has more of stands alone."""
    units, other_units = _units(runs), _units(others)
    ahead = _num_equal(units, other_units)
    behind = _num_equal(reversed(units[ahead:]), reversed(other_units[ahead:]))
    middles = (units[ahead : len(units) - behind], other_units[ahead : len(other_units) - behind])
    nothing: Parts = {}
    start = ahead
    for (unit, other), alike in groupby(zip_longest(*middles, fillvalue=nothing)):
        end = start + len(list(alike))
        numbers = f"{start}" if end == start + 1 else f"{start}..{end - 1}"
        yield from _compare(f"{stage}.units[{numbers}]", unit, other)
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


def _merged(alterations: Iterable[Alteration]) -> Iterator[Alteration]:
    """One alteration for all that are alike but for their values."""
    groups: dict[Any, list[Alteration]] = {}
    for alteration in alterations:
        groups.setdefault(_likeness(alteration), []).append(alteration)
    for group in groups.values():
        columns = zip(*(alteration.parts for alteration in group), strict=True)
        parts = tuple(Part(parts[0].name, merge_steps([part.steps for part in parts])) for parts in columns)
        yield Alteration(tuple(place for alteration in group for place in alteration.places), parts)


def _likeness(alteration: Alteration) -> Any:
    return tuple(
        (part.name, tuple((step.this, step.that, tuple(step.arguments)) for step in part.steps))
        for part in alteration.parts
    )
