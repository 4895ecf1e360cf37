"""The points of a design made into cells: every section read and checked, every network expanded."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from ablate.errors import Fault
from ablate.spec.architecture.network import Network, Shape, Value
from ablate.spec.architecture.reader import read_architecture
from ablate.spec.source.document import Document
from ablate.spec.source.problems import Location, Problem
from ablate.spec.source.validation import validate
from ablate.spec.source.wording import quote
from ablate.spec.study.data_rules import check_data, check_testing
from ablate.spec.study.datasets import at_own_size, image_shape
from ablate.spec.study.design import Point
from ablate.spec.study.recipe import Data, Train
from ablate.spec.study.rules import check_train
from ablate.spec.study.study import Cell


def read_cells(points: Sequence[Point]) -> tuple[list[Cell], list[Fault]]:
    """The cell of every point, and each fault once, at the value of the design where that is its cause."""
    cells: list[Cell] = []
    faults: dict[Fault, list[str]] = defaultdict(list)
    for point in points:
        cell, problems = read_cell(point.document, point.name, point.factors)
        cells += [cell] if cell else []
        for problem in problems:
            by_design = any(problem.location[: len(place)] == place for place in point.changed)
            faults[point.document.fault(problem)] += [] if by_design else [point.name]
    return cells, list(_once(faults, len(points)))


def _once(faults: Mapping[Fault, Sequence[str]], num_points: int) -> Iterator[Fault]:
    """Each fault, with the first cell that has it where that is not plain from its place."""
    for fault, names in faults.items():
        some = names and len(names) < num_points
        yield replace(fault, message=f"{fault.message} (in cell '{names[0]}')") if some else fault


def variants_without_effect(points: Iterable[Point], cells: Iterable[Cell], baseline: Cell | None) -> list[Problem]:
    """The variants whose edits only write out what the baseline is anyway."""
    message = "changes nothing, it is the baseline with its defaults written out; remove it"
    return [
        Problem(point.variant, message, on_key=True)
        for point, cell in zip(points, cells, strict=False)  # cells are fewer where some are wrong
        if point.name == cell.name and point.variant and baseline and cell.identity == baseline.identity
    ]


def read_cell(document: Document, name: str, factors: Mapping[str, Value]) -> tuple[Cell | None, list[Problem]]:
    """The cell of a document with the sections of a baseline, or what is wrong with it."""
    content: Mapping[str, Any] = document.data
    data, problems = validate(Data, content.get("data"), ("data",))
    train, found = validate(Train, content.get("train"), ("train",))
    problems += found
    wrong = check_data(data) if data else []
    shape, classes = image_shape(data) if data and not wrong else (None, None)
    network, found = read_network(content.get("architecture"), content.get("blocks"), shape, classes)
    problems += wrong + found
    problems += check_testing(data, network) if data and network else []
    problems += check_train(train, data, document) if train else []
    if problems or not (data and train and network and shape):
        return None, problems
    written = {**content["architecture"], **({"blocks": content["blocks"]} if content.get("blocks") else {})}
    return Cell(name, factors, written, network, at_own_size(data), train), []


def read_network(
    architecture: Any, blocks: Any, shape: Shape | None, classes: int | None
) -> tuple[Network | None, list[Problem]]:
    """The explicit form; shape and classes are the family's own where they are None."""
    problems = [
        Problem(location, f"expected a mapping, got {quote(value)}")
        for location, value in _sections(architecture, blocks)
        if not isinstance(value, dict)
    ]
    if problems:
        return None, problems
    network, found = _expand(json.dumps([architecture, blocks or {}]), shape, classes)
    return network, list(found)


def _sections(architecture: Any, blocks: Any) -> Iterator[tuple[Location, Any]]:
    yield ("architecture",), architecture
    yield ("blocks",), blocks or {}


@lru_cache(maxsize=4096)
def _expand(written: str, shape: Shape | None, classes: int | None) -> tuple[Network | None, list[Problem]]:
    """One expansion for all cells that differ in their recipe only."""
    architecture, blocks = json.loads(written)
    return read_architecture(architecture, blocks, shape, classes)
