"""Edits: changes to the baseline as data. `set` puts a value, `replace` one that is there, `remove` takes it away.

In three passes, as all edits of a variant are meant at once: what does each match, do any two collide, apply. An
edit that matches nothing, changes nothing or collides with another is a fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ablate.spec.source.document import Document, Node
from ablate.spec.source.patterns import Pattern, parse_pattern
from ablate.spec.source.problems import Location, Problem, dotted
from ablate.spec.source.wording import did_you_mean, quote
from ablate.spec.study.factors import same

Keyword = Literal["set", "replace", "remove"]
KEYWORDS: tuple[Keyword, ...] = ("set", "replace", "remove")


@dataclass(frozen=True)
class Edit:
    """One change, where it is written in the study, and for `set` and `replace` the new value."""

    keyword: Keyword
    pattern: Pattern
    place: Location
    value: Node | None = None

    def __str__(self) -> str:
        return f"{self.keyword} {self.pattern.text}"

    def targets(self, document: Document) -> list[Location]:
        """What it changes in a document."""
        return (self.pattern.match_keys if self.keyword == "set" else self.pattern.match)(document.root)


def read_edits(node: Node, place: Location) -> tuple[list[Edit], list[Problem]]:
    """The edits of a variant. What is no mapping or no list is left to the schema."""
    edits: list[Edit] = []
    problems: list[Problem] = []
    for keyword in KEYWORDS:
        for text, where, value in _written(node.child(keyword), (*place, keyword)):
            try:
                edits.append(Edit(keyword, parse_pattern(text), where, value))
            except ValueError as error:
                problems.append(Problem(where, str(error), on_key=True))
    return edits, problems


def _written(node: Node | None, place: Location) -> Iterator[tuple[str, Location, Node | None]]:
    if node and isinstance(node.content, Mapping):
        yield from ((text, (*place, text), value) for text, value in node.content.items())
    elif node and isinstance(node.content, tuple):
        for index, entry in enumerate(node.content):
            if isinstance(entry.content, str):
                yield entry.content, (*place, index), None


def apply_edits(document: Document, edits: Sequence[Edit]) -> tuple[Document, list[Location], list[Problem]]:
    """The changed document, the places with new values, and the edits that cannot be."""
    targets = [(edit, edit.targets(document)) for edit in edits]
    problems = [problem for edit, found in targets for problem in _check_effect(document, edit, found)]
    problems += _collisions(targets)
    if problems:
        return document, [], problems
    for edit, found in targets:
        for location in found if edit.value else ():
            try:
                document = document.put(location, edit.value) if edit.value else document
            except ValueError as error:
                problems.append(Problem(edit.place, str(error), on_key=True))
    gone = [location for edit, found in targets if not edit.value for location in found]
    for location in sorted(gone, key=_order, reverse=True):  # the last entry of a list first: no index shifts
        document = document.without(location)
    return document, [location for edit, found in targets if edit.value for location in found], problems


def _order(location: Location) -> list[tuple[bool, str | int]]:
    return [(isinstance(part, int), part) for part in location]


def _check_effect(document: Document, edit: Edit, targets: Sequence[Location]) -> Iterator[Problem]:
    if not targets:
        remedy = did_you_mean(edit.pattern.text, map(dotted, _locations(document.root, ())))
        otherwise = "; 'set' adds what is not there" if edit.keyword == "replace" else "; remove the edit"
        yield Problem(edit.place, f"matches nothing in the baseline{remedy or otherwise}", on_key=True)
        return
    before = [document.node(location) for location in targets]
    if edit.value and all(node and same(node.plain) == same(edit.value.plain) for node in before):
        yield Problem(edit.place, f"changes nothing, it is {quote(edit.value.plain)} already; remove the edit")


def _locations(node: Node, at: Location) -> Iterator[Location]:
    children = node.content.items() if isinstance(node.content, Mapping) else ()
    entries = enumerate(node.content) if isinstance(node.content, tuple) else ()
    for key, child in [*children, *entries]:
        yield (*at, key)
        yield from _locations(child, (*at, key))


def _collisions(targets: Sequence[tuple[Edit, Sequence[Location]]]) -> Iterator[Problem]:
    """Every edit that changes what an earlier one does, or a part of it, or what holds it."""
    changed: dict[Location, Edit] = {}
    holding: dict[Location, Edit] = {}
    for edit, places in targets:
        for place in places:
            above = (place[:length] for length in range(len(place) + 1))
            other = holding.get(place) or next((changed[part] for part in above if part in changed), None)
            if other:
                message = f"collides with '{other}', both change {dotted(place)}; keep one of them"
                yield Problem(edit.place, message, on_key=True)
                break
        changed |= dict.fromkeys(places, edit)
        holding |= {place[:length]: edit for place in places for length in range(len(place))}
