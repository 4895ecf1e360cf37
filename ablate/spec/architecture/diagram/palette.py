"""Colours, on a ground of their own so that the picture reads the same on light and dark pages."""

from __future__ import annotations

from dataclasses import dataclass

from ablate.spec.architecture.operations import KINDS

GROUND = "#ffffff"
CARD = "#f8fafc"
EDGE = "#cbd5e1"
TEXT = "#0f172a"
FAINT = "#526077"
LINE = "#64748b"
ACCENT = "#334155"


@dataclass(frozen=True)
class Colours:
    """Of one box."""

    fill: str
    stroke: str
    text: str


# By the file of the table of operations in which an operation stands; text on fill has a contrast above 7.
FAMILIES = {
    "convolution": Colours("#dbeafe", "#3b82f6", "#1e3a8a"),
    "normalisation": Colours("#fef3c7", "#d99706", "#6b2f0c"),
    "activation": Colours("#dcfce7", "#22a052", "#14472a"),
    "pooling": Colours("#f3e8ff", "#a04ae8", "#521a87"),
    "scaling": Colours("#ffe4e6", "#e5486a", "#7f1237"),
    "resizing": Colours("#e2e8f0", "#7c8aa0", "#1e293b"),
}


def colours(kind: str) -> Colours:
    """Those of an operation."""
    return FAMILIES[KINDS[kind].effect.__module__.rpartition(".")[2]]
