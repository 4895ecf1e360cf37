"""Parts of a unit hung on the line that the signal follows: they stack, and keep their line straight."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ablate.spec.architecture.diagram.svg import Piece, label, line, text_width
from ablate.spec.architecture.network import Shape
from ablate.spec.architecture.operations.effect import text

STEP = 16  # pixels between neighbours on a path


@dataclass(frozen=True)
class Strand:
    """Elements around an upright line at x = 0, from y = 0 down; pixels they take to its left and right."""

    left: float
    right: float
    height: float
    elements: str

    def moved(self, x: float, y: float) -> str:
        """The elements, moved."""
        return Piece(0, 0, self.elements).at(x, y)

    @property
    def piece(self) -> Piece:
        """With the origin at the top left."""
        return Piece(self.left + self.right, self.height, self.moved(self.left, 0))


def stack(strands: Iterable[Strand]) -> Strand:
    """Strands below each other."""
    left = right = height = 0.0
    elements = ""
    for strand in strands:
        elements += strand.moved(0, height)
        left, right, height = max(left, strand.left), max(right, strand.right), height + strand.height
    return Strand(left, right, height, elements)


def wire(length: float = STEP) -> Strand:
    """The line itself, ending in an arrow."""
    return Strand(0, 0, length, line([(0, 0), (0, length)]))


def shape_strand(shape: Shape) -> Strand:
    """A shape as text."""
    half = text_width(text(shape)) / 2
    return Strand(half, half, 18, label(text(shape), 0, 13))
