"""How the cells of a study line up: along the depth axis, in series that agree in every other factor."""

from __future__ import annotations

from dataclasses import dataclass

from ablate.report.frame import scalar
from ablate.report.notation import axis_name, level
from ablate.spec.study.study import Cell, Study


@dataclass(frozen=True)
class Series:
    """Cells that differ only along one axis, in ascending order of it; `label` names what they share."""

    label: str
    axis: str
    levels: tuple[float, ...]
    cells: tuple[Cell, ...]


def depth_axis(study: Study) -> str | None:
    """The axis along which networks get deeper, where the design has one with at least two depths."""
    for cell in study.cells:
        for axis in cell.factors:
            if axis_name(axis) == "depth" and len(set(_levels(study, axis))) > 1:
                return axis
    return None


def _levels(study: Study, axis: str) -> list[float]:
    values = (cell.factors.get(axis) for cell in study.cells)
    return [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]


def series_along(study: Study, axis: str) -> tuple[Series, ...]:
    """The series of a study along a numeric axis, in the order of its cells."""
    found: dict[str, list[tuple[float, Cell]]] = {}
    shown = varied(study, axis)
    for cell in study.cells:
        value = cell.factors.get(axis)
        if isinstance(value, int | float) and not isinstance(value, bool):
            others = {other: scalar(cell.factors.get(other)) for other in shown}
            label = ", ".join(level(other, value) for other, value in others.items())
            found.setdefault(label, []).append((value, cell))
    return tuple(_line_up(label, axis, members) for label, members in found.items())


def _line_up(label: str, axis: str, members: list[tuple[float, Cell]]) -> Series:
    levels, cells = zip(*sorted(members, key=lambda member: member[0]), strict=True)
    return Series(label, axis, levels, cells)


def varied(study: Study, *apart: str) -> list[str]:
    """The axes that take more than one value among the cells, those in `apart` left out."""
    axes = dict.fromkeys(axis for cell in study.cells for axis in cell.factors)
    return [
        axis
        for axis in axes
        if axis not in apart and len({str(scalar(cell.factors.get(axis))) for cell in study.cells}) > 1
    ]
