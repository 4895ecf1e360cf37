"""Cards: one unit of each kind, and each auxiliary classifier, under a heading that says which they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ablate.spec.architecture.diagram import palette
from ablate.spec.architecture.diagram.fork import path_strand, unit_strand
from ablate.spec.architecture.diagram.kinds import Kind
from ablate.spec.architecture.diagram.strand import shape_strand, stack, wire
from ablate.spec.architecture.diagram.svg import Piece, box, label, rows_of, text_width
from ablate.spec.architecture.network import Auxiliary, Path, Shape, Unit
from ablate.spec.architecture.tally import tally

MARGIN = 18
GAP = 20
HEADING = 64


def unit_card(kind: Kind) -> Piece:
    """The first unit of a kind."""
    units = f"{kind.units} units" if kind.units > 1 else "1 unit"
    place = f"{'first ' if kind.units > 1 else ''}{kind.row.name}"
    drawn = draw_unit(kind.example, kind.row.input, kind.row.output)
    return _card(kind.letter, [units, place, f"{kind.row.parameters:,} parameters"], drawn)


def auxiliary_card(number: int, tap: Auxiliary, input: Shape) -> Piece:
    """An auxiliary classifier."""
    place = f"behind stages[{tap.stage}].units[{tap.unit}]"
    return _card(
        "", [f"auxiliaries[{number}]", place, f"weight {tap.weight:g} in the loss"], draw_path(tap.head, input)
    )


def draw_unit(unit: Unit, input: Shape, output: Shape) -> Piece:
    """From the shape that enters to the shape that leaves."""
    return stack([shape_strand(input), unit_strand(unit, input), wire(), shape_strand(output)]).piece


def draw_path(path: Path, input: Shape) -> Piece:
    """As a unit of one path."""
    output = shape_strand(tally(path, input).shape)
    return stack([shape_strand(input), path_strand(path, input), wire(), output]).piece


def _card(letter: str, lines: Sequence[str], drawn: Piece) -> Piece:
    """The content of a card; its frame depends on its neighbours."""
    indent = 34.0 if letter else 0.0
    width = max(drawn.width, indent + max(map(text_width, lines))) + 2 * MARGIN
    elements = chip(letter).at(MARGIN, MARGIN) if letter else ""
    for index, said in enumerate(lines):
        first = index == 0
        place = (MARGIN + indent, MARGIN + 11 + 16 * index)
        fill = palette.TEXT if first else palette.FAINT
        elements += label(said, *place, size=12 if first else 11, fill=fill, bold=first, anchor="start")
    elements += drawn.at((width - drawn.width) / 2, HEADING + MARGIN)
    return Piece(width, HEADING + drawn.height + 2 * MARGIN, elements)


def lay_out(cards: Iterable[Piece], width: float) -> Piece:
    """Cards in as many rows as the width asks for, those of a row framed to one height."""
    elements, y, widest = "", 0.0, 0.0
    for row in rows_of(cards, width, GAP):
        height, x = max(card.height for card in row), 0.0
        for card in row:
            frame = box(0, 0, card.width, height, fill=palette.CARD, stroke=palette.EDGE, radius=10)
            elements += Piece(card.width, height, frame + card.elements).at(x, y)
            x += card.width + GAP
        widest, y = max(widest, x - GAP), y + height + GAP
    return Piece(widest, max(0.0, y - GAP), elements)


def chip(letter: str) -> Piece:
    """The letter of a kind of unit, as it stands on its card and in the stages."""
    width = max(24.0, text_width(letter, 13) + 12)
    drawn = box(0, 0, width, 24, fill=palette.ACCENT, stroke=palette.ACCENT, radius=12)
    return Piece(width, 24, drawn + label(letter, width / 2, 16.5, size=13, fill=palette.GROUND, bold=True))
