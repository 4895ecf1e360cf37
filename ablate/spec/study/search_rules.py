"""What must hold between a search, the design it is laid over, and the cells it changes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from ablate.errors import Fault
from ablate.spec.source.problems import Problem, dotted
from ablate.spec.study.cells import read_cells
from ablate.spec.study.design import Point
from ablate.spec.study.parameters import Parameter
from ablate.spec.study.ranges import MAX_VALUES
from ablate.spec.study.schema import MAX_SETTINGS, SearchSection
from ablate.spec.study.settings import Setting, draw_settings, list_grid

MAX_TRIALS = 20_000  # of all cells together
MAX_CHECKED = 64  # values of a range


def check_design(parameters: Sequence[Parameter], points: Sequence[Point]) -> Iterator[Problem]:
    """What the cells differ in is compared, not searched."""
    for parameter in parameters:
        for place in dict.fromkeys(place for point in points for place in point.changed):
            if all(a == b for a, b in zip(parameter.location, place, strict=False)):
                message = f"is what the cells differ in ('{dotted(place)}'); compare it or search it, not both"
                yield Problem(parameter.written, message, on_key=True)


def check_values(parameters: Sequence[Parameter], points: Sequence[Point]) -> list[Fault]:
    """Choices and ranges, value by value in every cell; and that there is validation data."""
    trials: list[Point] = []
    unplaced: dict[Fault, None] = {}
    for point in points:
        for parameter in parameters:
            try:
                trials += [put_setting(point, [parameter], {parameter.path: value}) for value in _samples(parameter)]
            except ValueError as error:
                unplaced[point.document.fault(Problem(parameter.location, str(error)))] = None
    first: dict[tuple[str, int, int], Fault] = {}  # the values of a range stand in one place
    for fault in read_cells(trials)[1]:
        first.setdefault((fault.file, fault.line, fault.column), fault)
    return [*unplaced, *first.values(), *_check_validation(points)]


def _samples(parameter: Parameter) -> Sequence[Any]:
    """The values of a parameter, where they are many both ends and a number between them that is not whole."""
    if parameter.kind == "choice" or 0 < len(parameter.values) <= MAX_CHECKED:
        return parameter.values
    low, high = parameter.range
    return [low, high] if parameter.kind == "int" else [float(low), float(high), low + (high - low) / math.e]


def put_setting(point: Point, parameters: Sequence[Parameter], setting: Setting) -> Point:
    """The point with the values of the setting in its document.

    Raises:
        ValueError: there is no place for one of them.
    """
    document = point.document
    for parameter in parameters:
        if parameter.path in setting:
            document = document.put(parameter.location, parameter.place(setting[parameter.path]))
    changed = (*point.changed, *(parameter.location for parameter in parameters))
    return replace(point, document=document, changed=changed)


def _check_validation(points: Sequence[Point]) -> list[Fault]:
    message = "is 0, but a search chooses on validation data; hold some out, e.g. 0.1"
    place = ("data", "validation")
    written = [(point, point.document.node(place)) for point in points]
    without = [point for point, node in written if node and node.content == 0]
    return [*dict.fromkeys(point.document.fault(Problem(place, message)) for point in without)]


def count_settings(
    section: SearchSection, parameters: Sequence[Parameter], num_cells: int
) -> tuple[int, list[Problem]]:
    """How many settings each cell is tried with."""
    number, problems = (_count_grid if section.algorithm == "grid" else _count_drawn)(section, parameters)
    if number * num_cells > MAX_TRIALS:
        message = f"{number * num_cells:,} trainings in {num_cells:,} cells; at most {MAX_TRIALS:,}, try fewer settings"
        problems.append(Problem(("search",), message, on_key=True))
    return number, problems


def _count_grid(section: SearchSection, parameters: Sequence[Parameter]) -> tuple[int, list[Problem]]:
    message = f"has no list of values for a grid; write 'choice', or a 'step' that leaves at most {MAX_VALUES:,}"
    if endless := [parameter.written for parameter in parameters if not parameter.values]:
        return 0, [Problem(written, message, on_key=True) for written in endless]
    number = len(list(islice(list_grid(parameters), MAX_SETTINGS + 1)))
    if number > MAX_SETTINGS:
        return 0, [Problem(("search", "algorithm"), f"a grid of more than {MAX_SETTINGS:,} settings; use 'random'")]
    if section.trials not in (None, number):
        message = f"a grid tries all of its {number} settings, got {section.trials}; leave it out"
        return 0, [Problem(("search", "trials"), message)]
    return number, []


def _count_drawn(section: SearchSection, parameters: Sequence[Parameter]) -> tuple[int, list[Problem]]:
    place = ("search", "trials")
    if section.trials is None:
        return 0, [Problem(place, "missing; write how many settings to try in each cell")]
    found = len(draw_settings(parameters, section.trials, section.seed))
    if found < section.trials:
        return 0, [Problem(place, f"there are only {found} settings, got {section.trials}; write at most {found}")]
    return section.trials, []
