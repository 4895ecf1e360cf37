"""Overrides on the command line: `train.epochs=2`, `architecture.depth=[20, 56]`, `seeds=3`."""

from __future__ import annotations

from collections.abc import Iterable

from ablate.errors import Fault, SpecError
from ablate.spec.source.composer import compose
from ablate.spec.source.document import COMMAND_LINE, Document, Mark, Node
from ablate.spec.source.paths import SECTIONS, parse_path, usual_path
from ablate.spec.source.problems import Location, dotted
from ablate.spec.source.wording import quote, unknown_key
from ablate.spec.study.schema import ArchitectureSection, StudySection


def apply_overrides(document: Document, overrides: Iterable[str], *, study: bool) -> tuple[Document, list[Fault]]:
    """The document with every `path=value` put in, the last of two for one path; and those that cannot be."""
    faults: list[Fault] = []
    for override in overrides:
        path, equals, text = override.partition("=")
        if not equals:
            faults.append(Fault(COMMAND_LINE, 0, 0, "", f"expected KEY=VALUE, got {quote(override)}"))
            continue
        try:
            document = _apply(document, path.strip(), _value(text), study)
        except ValueError as error:
            faults.append(Fault(COMMAND_LINE, 0, 0, path if path.isprintable() else quote(path), str(error)))
    return document, faults


def _apply(document: Document, path: str, value: Node, study: bool) -> Document:
    location = parse_path(path)
    known = [*StudySection.model_fields, *SECTIONS] if study else list(ArchitectureSection.model_fields)
    if location[0] not in known:
        raise ValueError(unknown_key(str(location[0]), value.plain, known))
    if study and location[0] == "grid" and len(location) > 1:
        return document.put(("grid", usual_path(path.partition(".")[2])), value)
    if study and (axis := _axis_above(document, location)):
        if axis != dotted(location):
            raise ValueError(f"'{axis}' is an axis of the grid, which sets this; override the axis")
        values = value if isinstance(value.content, tuple) else Node((value,), value.mark, value.mark)
        return document.put(("grid", _written(document, axis)), values)
    return document.put(("baseline", *location) if study and location[0] in SECTIONS else location, value)


def _axis_above(document: Document, location: Location) -> str | None:
    """The axis of the grid that decides the value at a location, if there is one."""
    axes = {usual_path(written) for written in _grid(document)}
    return next((path for end in range(len(location), 0, -1) if (path := dotted(location[:end])) in axes), None)


def _written(document: Document, axis: str) -> str:
    return next(written for written in _grid(document) if usual_path(written) == axis)


def _grid(document: Document) -> Iterable[str]:
    grid = document.node(("grid",))
    return grid.content if grid and isinstance(grid.content, dict) else ()


def _value(text: str) -> Node:
    """The value after `=`, read as in a file; ValueError says why it cannot be."""
    mark = Mark(COMMAND_LINE)
    if not text.strip():
        return Node(None, mark, mark)
    try:
        document, faults = compose(text, COMMAND_LINE)
    except SpecError as error:
        faults = list(error.faults)
    if faults:
        raise ValueError(faults[0].message)
    return _unplaced(document.root, mark)


def _unplaced(node: Node, mark: Mark) -> Node:
    """The node with every part of it on the command line, which has no lines."""
    content = node.content
    if isinstance(content, tuple):
        content = tuple(_unplaced(item, mark) for item in content)
    elif isinstance(content, dict):
        content = {key: _unplaced(item, mark) for key, item in content.items()}
    return Node(content, mark, mark)
