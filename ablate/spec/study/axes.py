"""The axes of a design: paths into the baseline and the values they take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ablate.spec.source.document import Document, Mark, Node
from ablate.spec.source.paths import check_root, parse_path
from ablate.spec.source.problems import Location, Problem, dotted
from ablate.spec.source.wording import did_you_mean, enumerate_words, quote
from ablate.spec.study.factors import same

CONDITIONS = ("include", "exclude")  # keys of the grid that are no axes


@dataclass(frozen=True)
class Axis:
    """A path into the baseline and the values it takes, in written order."""

    path: str
    location: Location
    written: Location  # where the axis stands in the study
    key: Mark
    values: tuple[Node, ...]

    def find(self, value: Any) -> Node | None:
        """The axis's value equal to a plain one."""
        return next((node for node in self.values if same(node.plain) == same(value)), None)


def read_axes(document: Document) -> tuple[list[Axis], list[Problem]]:
    """The axes in written order, and what is wrong with any; no values of one that is not to be used.

    What is no list is left to the schema.
    """
    axes: list[Axis] = []
    problems: list[Problem] = []
    grid = document.node(("grid",))
    for written, node in grid.content.items() if grid and isinstance(grid.content, Mapping) else ():
        if written in CONDITIONS:
            continue
        place = ("grid", written)
        try:
            location = parse_path(written)
            check_root(location)
        except ValueError as error:
            problems.append(Problem(place, str(error), on_key=True))
            continue
        values = node.content if isinstance(node.content, tuple) else ()
        axis = Axis(dotted(location), location, place, node.key or node.mark, values)
        found = [*_check_values(axis), *_check_overlaps(axis, axes)]
        axes += [] if any(one.location == place for one in found) else [axis]
        problems += found
    return axes, problems


def _check_values(axis: Axis) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, node in enumerate(axis.values):
        before = first.setdefault(same(node.plain), index)
        if before != index:
            message = f"the same value as [{before}], got {quote(node.plain)}; list each once"
            yield Problem((*axis.written, index), message)


def _check_overlaps(axis: Axis, earlier: list[Axis]) -> list[Problem]:
    return [
        Problem(axis.written, f"sets the same as the axis '{other.path}'; keep one of them", on_key=True)
        for other in earlier
        if all(a == b for a, b in zip(axis.location, other.location, strict=False))
    ]


def find_axis(written: str, place: Location, axes: Sequence[Axis]) -> tuple[Axis | None, list[Problem]]:
    """The axis of that path, however it is spelt."""
    try:
        path = dotted(parse_path(written))
    except ValueError as error:
        return None, [Problem(place, str(error), on_key=True)]
    paths = [axis.path for axis in axes]
    if path in paths:
        return axes[paths.index(path)], []
    known = f"the axes are {enumerate_words(paths)}" if paths else "it has none"
    return None, [Problem(place, f"no axis of the design{did_you_mean(path, paths) or f'; {known}'}", on_key=True)]


def check_value(axis: Axis, value: Any, place: Location) -> list[Problem]:
    """A problem unless the axis has the value."""
    if not axis.values or axis.find(value):
        return []
    known = enumerate_words(node.plain for node in axis.values)
    return [Problem(place, f"no value of the axis, got {quote(value)}; the values are {known}")]
