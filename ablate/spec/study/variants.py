"""`variants:` and `leave_one_out:`: one change at a time from the baseline, each by its edits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from ablate.spec.source.document import Document, Node
from ablate.spec.source.patterns import parse_pattern
from ablate.spec.source.problems import Location, Problem
from ablate.spec.study.edits import Edit, read_edits

MAX_LEFT_OUT = 100


@dataclass(frozen=True)
class Variant:
    """The baseline with edits; `place` is where it is written in the study."""

    name: str
    edits: tuple[Edit, ...]
    place: Location


def read_variants(study: Document) -> tuple[list[Variant], list[Problem]]:
    """Every variant in written order, and what is wrong with any. What is no mapping is left to the schema."""
    variants: list[Variant] = []
    problems: list[Problem] = []
    node = study.node(("variants",))
    for name, written in node.content.items() if node and isinstance(node.content, Mapping) else ():
        place = ("variants", name)
        edits, found = read_edits(written, place)
        problems += found
        if not found and edits:
            variants.append(Variant(name, tuple(edits), place))
        elif not found and (written.content is None or written.content == {}):
            problems.append(Problem(place, "changes nothing; write set, replace or remove", on_key=True))
    removals, found = _read_removals(study)
    if len(removals) > MAX_LEFT_OUT:
        found.append(Problem(("leave_one_out",), f"more than {MAX_LEFT_OUT} paths; write fewer", on_key=True))
    return [*variants, *_left_out(removals[:MAX_LEFT_OUT], study)], problems + found


def _read_removals(study: Document) -> tuple[list[Edit], list[Problem]]:
    """The edits of `leave_one_out: [path, ...]` or `leave_one_out: {paths: [path, ...], pairs: true}`."""
    place: Location = ("leave_one_out",)
    node = study.node(place)
    if node and isinstance(node.content, Mapping):
        place = (*place, "paths")
        node = study.node(place)
    edits: list[Edit] = []
    problems: list[Problem] = []
    for index, entry in enumerate(node.content if node and isinstance(node.content, tuple) else ()):
        try:
            if isinstance(entry.content, str):
                edits.append(Edit("remove", parse_pattern(entry.content), (*place, index)))
        except ValueError as error:
            problems.append(Problem((*place, index), str(error)))
    return edits, problems


def _left_out(removals: list[Edit], study: Document) -> Iterator[Variant]:
    """Each part left out alone; with `pairs: true` also every two of them, for their interaction."""
    for edit in removals:
        yield Variant(f"without {edit.pattern.text}", (edit,), edit.place)
    pairs: Node | None = study.node(("leave_one_out", "pairs"))
    for first, second in combinations(removals, 2) if pairs and pairs.content is True else ():
        yield Variant(f"without {first.pattern.text} and {second.pattern.text}", (first, second), second.place)
