"""Pieces of a picture: SVG text with a size, placed beside and below each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from ablate.spec.architecture.diagram import palette

Point = tuple[float, float]


@dataclass(frozen=True)
class Piece:
    """A part of a picture: its size in pixels and its SVG elements, with the origin at the top left."""

    width: float
    height: float
    elements: str

    def at(self, x: float, y: float) -> str:
        """The elements, moved."""
        return f'<g transform="translate({number(x)} {number(y)})">{self.elements}</g>\n'


def number(value: float) -> str:
    """At most one decimal, and none where it is a whole number."""
    return f"{value:.1f}".removesuffix(".0")


def element(tag: str, content: str = "", **attributes: str | float) -> str:
    """An element with its attributes escaped; `content` is SVG already."""
    written = "".join(
        f" {name.replace('_', '-')}={quoteattr(value if isinstance(value, str) else number(value))}"
        for name, value in attributes.items()
    )
    return f"<{tag}{written}>{content}</{tag}>" if content else f"<{tag}{written}/>"


def label(
    text: str,
    x: float,
    y: float,
    *,
    size: float = 12,
    fill: str = palette.TEXT,
    bold: bool = False,
    anchor: str = "middle",
) -> str:
    """One line of text, its baseline at y."""
    weight = {"font_weight": "600"} if bold else {}
    return element("text", escape(text), x=x, y=y, font_size=size, fill=fill, text_anchor=anchor, **weight)


def text_width(text: str, size: float = 12) -> float:
    """Pixels that a text takes in the monospaced font."""
    return 0.61 * size * len(text)


def box(x: float, y: float, width: float, height: float, *, fill: str, stroke: str, radius: float = 5) -> str:
    """A rectangle with round corners."""
    return element("rect", x=x, y=y, width=width, height=height, rx=radius, fill=fill, stroke=stroke)


def line(points: Sequence[Point], *, arrow: bool = True) -> str:
    """A line through points with its corners rounded, and an arrowhead pointing the way of its last part."""
    drawn = element("path", d=" ".join(_rounded(points)), fill="none", stroke=palette.LINE, stroke_width=1.4)
    return drawn + (_head(points[-2], points[-1]) if arrow else "")


def _rounded(points: Sequence[Point], radius: float = 8) -> Iterator[str]:
    yield f"M{number(points[0][0])} {number(points[0][1])}"
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        start, end = _towards(corner, before, radius), _towards(corner, after, radius)
        yield f"L{number(start[0])} {number(start[1])}"
        yield f"Q{number(corner[0])} {number(corner[1])} {number(end[0])} {number(end[1])}"
    yield f"L{number(points[-1][0])} {number(points[-1][1])}"


def _towards(start: Point, end: Point, distance: float) -> Point:
    """The point at a distance, or half-way where that is nearer."""
    length = abs(end[0] - start[0]) + abs(end[1] - start[1])  # lines are upright or level
    share = min(distance, length / 2) / length if length else 0
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])


def _head(before: Point, tip: Point, size: float = 4) -> str:
    (x, y), back = tip, _towards(tip, before, 1.7 * size)
    across = (size, 0.0) if x == before[0] else (0.0, size)
    corners = [(x, y), (back[0] + across[0], back[1] + across[1]), (back[0] - across[0], back[1] - across[1])]
    return element("polygon", points=" ".join(f"{number(a)},{number(b)}" for a, b in corners), fill=palette.LINE)


def rows_of(pieces: Iterable[Piece], width: float, gap: float) -> list[list[Piece]]:
    """Pieces in their order, as many in a row as the width has room for."""
    rows: list[list[Piece]] = []
    room = 0.0
    for piece in pieces:
        if not rows or piece.width > room:
            rows.append([])
            room = width
        rows[-1].append(piece)
        room -= piece.width + gap
    return rows
