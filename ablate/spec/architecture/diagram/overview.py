"""The whole network in one row: image, stem, stages, head."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ablate.spec.architecture.diagram import palette
from ablate.spec.architecture.diagram.cards import chip
from ablate.spec.architecture.diagram.fork import path_strand
from ablate.spec.architecture.diagram.kinds import Stage
from ablate.spec.architecture.diagram.operations import HEIGHT, draw_operation, operation_width
from ablate.spec.architecture.diagram.svg import Piece, box, label, line, rows_of, text_width
from ablate.spec.architecture.network import Network, Path, Shape
from ablate.spec.architecture.operations.effect import text
from ablate.spec.architecture.tally import tally

MARGIN = 12
ARROW = 30  # pixels between boxes
MOST_RUNS = 4


def draw_overview(network: Network, stages: Sequence[Stage], width: float) -> Piece:
    """Boxes with the shape that leaves each, in as many rows as the width asks for, an arrow into each."""
    elements, y, widest = "", 0.0, 0.0
    for number, row in enumerate(rows_of(_boxes(network, stages), width, ARROW)):
        height, x = max(piece.height for piece in row), 0.0
        for index, piece in enumerate(row):
            if number or index:
                elements += line([(x + 5, y + height / 2), (x + ARROW - 5, y + height / 2)])
                x += ARROW
            elements += piece.at(x, y + (height - piece.height) / 2)
            x += piece.width
        widest, y = max(widest, x), y + height + MARGIN
    return Piece(widest, y - MARGIN, elements)


def _boxes(network: Network, stages: Sequence[Stage]) -> Iterator[Piece]:
    image = text(network.input)
    width = text_width(image)
    yield Piece(width, 36, label("image", width / 2, 14, bold=True) + label(image, width / 2, 32))
    if network.stem:
        yield _path_box("stem", network.stem, network.input, text(tally(network.stem, network.input).shape))
    yield from (_stage_box(f"stages[{number}]", stage) for number, stage in enumerate(stages) if stage.rows)
    shape = next((stage.rows[-1].output for stage in reversed(stages) if stage.rows), network.input)
    yield _path_box("head", network.head, shape, f"{network.classes} logits")


def _path_box(name: str, path: Path, input: Shape, output: str) -> Piece:
    """Operations below each other; lines between them only where there are units among them."""
    drawn = path_strand(path, input).piece if any(item.unit for item in path) else _list(path)
    inner = max(text_width(name), text_width(output), drawn.width)
    elements = drawn.at(MARGIN + (inner - drawn.width) / 2, 30)
    below = 30 + drawn.height
    return _framed(name, inner, below + 26, elements + label(output, MARGIN + inner / 2, below + 17))


def _list(path: Path) -> Piece:
    width = max(map(operation_width, path), default=0)
    step = HEIGHT + 4
    elements = "".join(draw_operation(item, width).at(0, step * n) for n, item in enumerate(path))
    return Piece(width, step * len(path) - 4, elements)


def _stage_box(name: str, stage: Stage) -> Piece:
    """The kinds of a stage's units in their order, its parameters, the shape behind it."""
    runs, output = _runs(stage.runs[:MOST_RUNS]), text(stage.rows[-1].output)
    remarks = [f"and {len(stage.runs) - MOST_RUNS} runs more"] if len(stage.runs) > MOST_RUNS else []
    remarks += [f"{sum(row.parameters for row in stage.rows):,} parameters"]
    inner = max(runs.width, text_width(output), text_width(name), *(text_width(said, 11) for said in remarks))
    middle = MARGIN + inner / 2
    elements, y = runs.at(middle - runs.width / 2, 32), 76.0
    for said in remarks:
        elements += label(said, middle, y, size=11, fill=palette.FAINT)
        y += 18
    return _framed(name, inner, y + 12, elements + label(output, middle, y))


def _runs(runs: Sequence[tuple[str, int]]) -> Piece:
    """`A ×3  B`: the letter of each run's kind, and how many units it has."""
    elements, x = "", 0.0
    for letter, units in runs:
        mark = chip(letter)
        elements += mark.at(x, 0)
        x += mark.width + 4
        if units > 1:
            elements += label(f"×{units}", x, 16.5, anchor="start")
            x += text_width(f"×{units}") + 2
        x += 6
    return Piece(x - 6, 24, elements)


def _framed(name: str, inner: float, height: float, elements: str) -> Piece:
    width = inner + 2 * MARGIN
    frame = box(0, 0, width, height, fill=palette.CARD, stroke=palette.EDGE, radius=10)
    return Piece(width, height, frame + label(name, width / 2, 20, bold=True) + elements)
