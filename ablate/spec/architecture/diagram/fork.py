"""Paths: operations below each other, and the paths of a unit side by side, from the split to the join."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from ablate.spec.architecture.diagram import palette
from ablate.spec.architecture.diagram.operations import HEIGHT, draw_operation, operation_width
from ablate.spec.architecture.diagram.strand import STEP, Strand, stack, wire
from ablate.spec.architecture.diagram.svg import Point, box, element, label, line, text_width
from ablate.spec.architecture.network import Path, Shape, Unit
from ablate.spec.architecture.operations.effect import text
from ablate.spec.architecture.tally import effect_of_unit, tally

SPLIT = 10  # pixels from the top to where the line splits
ENTRY = SPLIT + 32  # pixels to the first operation, with room for the path's name
BETWEEN = 20  # pixels between paths
RADIUS = 11
BAR = 24
SIGNS = {"add": "+", "multiply": "×"}
WORDS = {
    "concat": "concat",
    "gate": "gate·branch + (1−gate)·shortcut",
    "gate-shortcut": "branch + (1−gate)·shortcut",
}


@dataclass(frozen=True)
class Column:
    """A path: its name, its operations, where it stands from the line of the unit, and the shape it gives."""

    name: str
    strand: Strand
    left: float
    right: float
    end: Shape
    x: float = 0


def unit_strand(unit: Unit, shape: Shape) -> Strand:
    """A whole unit for inputs of this shape: what stands ahead of the split, the paths, the join, what follows it."""
    split = tally(unit.before, shape).shape
    joined = effect_of_unit(replace(unit, after=()), shape).shape
    return stack([path_strand(unit.before, shape), fork(unit, split), path_strand(unit.after, joined)])


def path_strand(path: Path, shape: Shape, *, first_wire: bool = True) -> Strand:
    """Operations below each other, each with the line that leads to it; units among them in full."""
    width = max((operation_width(item) for item in path if not item.unit), default=0)
    strands: list[Strand] = []
    for item in path:
        if item.unit:
            strands.append(unit_strand(item.unit, shape))
        else:
            drawn = Strand(width / 2, width / 2, HEIGHT, draw_operation(item, width).at(-width / 2, 0))
            strands += [wire(), drawn] if first_wire or strands else [drawn]
        shape = tally((item,), shape).shape
    return stack(strands)


def fork(unit: Unit, shape: Shape) -> Strand:
    """Split, paths and join of a unit whose paths see this shape; for one path alone only its operations."""
    if len(unit.paths) == 1:
        (path,) = unit.paths.values()
        return path_strand(path, shape)
    columns = _placed(unit, [_column(unit, name, shape) for name in unit.paths])
    bottom = ENTRY + max(column.strand.height for column in columns)
    elements = line([(0, 0), (0, SPLIT)], arrow=False) + "".join(map(_entry, columns))
    elements += element("circle", cx=0, cy=SPLIT, r=2.5, fill=palette.LINE)
    left, right = _reach(unit, columns)
    if unit.join in SIGNS:
        y = bottom + STEP + RADIUS
        return Strand(left, right, y + RADIUS, elements + _circle(SIGNS[unit.join], columns, y))
    y = bottom + 2 * STEP
    return Strand(left, right, y + BAR, elements + _bar(unit, columns, y))


def _column(unit: Unit, name: str, shape: Shape) -> Column:
    strand = path_strand(unit.paths[name], shape, first_wire=False)
    end = tally(unit.paths[name], shape).shape
    beside = [text_width(said, 11) + 6 for said in (name, text(end) if unit.join == "concat" else "")]
    return Column(name, strand, max(strand.left, RADIUS), max(strand.right, *beside), end)


def _placed(unit: Unit, columns: Sequence[Column]) -> list[Column]:
    """The columns beside each other; 0 is the branch if a shortcut leads around it, else their middle."""
    starts = accumulate((column.left + column.right + BETWEEN for column in columns), initial=0.0)
    middles = [start + column.left for start, column in zip(starts, columns, strict=False)]
    around = unit.join in SIGNS and "branch" in unit.paths
    spine = middles[list(unit.paths).index("branch")] if around else (middles[0] + middles[-1]) / 2
    return [
        Column(column.name, column.strand, column.left, column.right, column.end, x - spine)
        for column, x in zip(columns, middles, strict=True)
    ]


def _reach(unit: Unit, columns: Sequence[Column]) -> tuple[float, float]:
    half = text_width(WORDS.get(unit.join, "")) / 2 + 12
    left = max(half, *(column.left - column.x for column in columns))
    return left, max(half, *(column.right + column.x for column in columns))


def _entry(column: Column) -> str:
    """The line from the split to the first operation, the path's name beside it, and the operations."""
    drawn = line([(0, SPLIT), (column.x, SPLIT), (column.x, ENTRY)]) if column.strand.height else ""
    drawn += label(column.name, column.x + 6, ENTRY - 11, size=11, fill=palette.FAINT, anchor="start")
    return drawn + column.strand.moved(column.x, ENTRY)


def _exit(column: Column) -> list[Point]:
    """Where the line behind a path starts: below its operations, or at the split if it has none."""
    below = (column.x, ENTRY + column.strand.height)
    return [below] if column.strand.height else [(0, SPLIT), (column.x, SPLIT)]


def _circle(sign: str, columns: Sequence[Column], y: float) -> str:
    """A circle with a sign, into which every path leads."""
    elements = ""
    for column in columns:
        side = RADIUS if column.x > 0 else -RADIUS
        way = [(column.x, y), (side, y)] if column.x else [(0.0, y - RADIUS)]
        elements += line([*_exit(column), *way])
    elements += element("circle", cx=0, cy=y, r=RADIUS, fill=palette.GROUND, stroke=palette.ACCENT, stroke_width=1.4)
    return elements + label(sign, 0, y + 5.5, size=16, bold=True)


def _bar(unit: Unit, columns: Sequence[Column], y: float) -> str:
    """A bar below all paths that says how they are joined, and what each brings if they are stacked."""
    left, right = _reach(unit, columns)
    elements = ""
    for column in columns:
        elements += line([*_exit(column), (column.x, y)])
        if unit.join == "concat":
            elements += label(text(column.end), column.x + 6, y - 10, size=11, fill=palette.FAINT, anchor="start")
    elements += box(-left, y, left + right, BAR, fill=palette.GROUND, stroke=palette.ACCENT, radius=BAR / 2)
    return elements + label(WORDS[unit.join], (right - left) / 2, y + 16, bold=True)
