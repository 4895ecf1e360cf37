"""How every figure looks, and how it is saved: SVG, PDF and PNG with the same bytes for the same numbers."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, MUTED, RULE = "#1d1d1f", "#6e6e73", "#d9d9de"
# After Okabe and Ito 2008; in grey print, line styles and markers tell them apart.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#a3508a", "#8a6d00", "#3d3d40")
DASHES: tuple[Any, ...] = (
    "-",
    (0, (5, 1.6)),
    (0, (1.2, 1.3)),
    (0, (6, 1.5, 1.2, 1.5)),
    (0, (9, 2)),
    (0, (3, 1, 1, 1, 1, 1)),
)
MARKERS = ("o", "s", "^", "D", "v", "P")
WIDTH = 7.6  # of every figure, in inches
FORMATS = ("svg", "pdf", "png")
_METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}
_STYLE = {
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],  # ships with matplotlib: the same on every machine
    "font.size": 9,
    "text.parse_math": False,  # a `$` in a cell's name is a dollar sign
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.7,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "svg.fonttype": "none",  # text stays text: it can be searched, and follows the page's font
    "pdf.fonttype": 42,
    "savefig.transparent": True,
    "savefig.dpi": 150,
}


@contextmanager
def style() -> Iterator[None]:
    """Draw with this style whatever the user's matplotlibrc says."""
    defaults: Any = {
        key: value for key, value in mpl.rcParamsDefault.items() if not key.startswith(("backend", "date."))
    }
    with mpl.rc_context(defaults | _STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # a name may hold any character
        yield


def colour(number: int) -> str:
    """The colour of the n-th line, counted from 0."""
    return COLOURS[number % len(COLOURS)]


def dash(number: int) -> Any:
    """Its line style."""
    return DASHES[number % len(DASHES)]


def shorten(text: str, length: int = 44) -> str:
    """A label that fits: its first characters and an ellipsis."""
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def panels(count: int, height: float, labels: Sequence[str] = ()) -> tuple[Figure, list[Axes]]:
    """A figure of panels, at most three in a row of `height` inches, with room on top for a legend of these labels."""
    columns = min(count, 3)
    rows = -(-count // columns)
    key = 0.2 * -(-len(labels) // legend_columns(labels)) if labels else 0
    total = rows * height + 0.15 + key
    figure = Figure(figsize=(WIDTH, total))
    grid = figure.subplots(rows, columns, sharex=False, sharey=True, squeeze=False)
    figure.subplots_adjust(left=0.62 / WIDTH, right=1 - 0.12 / WIDTH, bottom=0.5 / total, top=1 - (0.42 + key) / total)
    figure.subplots_adjust(wspace=0.12, hspace=0.5)
    axes = [axes for row in grid for axes in row]
    for spare in axes[count:]:
        spare.remove()
    return figure, axes[:count]


def legend(figure: Figure, handles: list[Any], labels: Sequence[str]) -> None:
    """A legend along the top edge; a label may begin with an underscore, which matplotlib would hide."""
    shown = [f"\u2009{label}" if label.startswith("_") else label for label in map(shorten, labels)]
    columns = legend_columns(labels)
    figure.legend(handles, shown, loc="upper left", ncols=columns, bbox_to_anchor=(0.0, 1.0), borderaxespad=0.3)


def legend_columns(labels: Sequence[str]) -> int:
    """How many labels stand side by side in the figure's width."""
    longest = max(len(shorten(label)) for label in labels)
    return max(1, min(8, 105 // (longest + 9)))


def printable(text: str) -> str:
    """The text without characters that no XML file may hold."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "\ufffd", text)


def save(figure: Figure, name: str) -> dict[str, bytes]:
    """The figure's files, by file name; ids in the SVG are hashed from `name` and the content."""
    files = {}
    with mpl.rc_context({"svg.hashsalt": name}):
        for kind in FORMATS:
            buffer = BytesIO()
            figure.savefig(buffer, format=kind, metadata=_METADATA[kind])
            content = buffer.getvalue()
            files[f"{name}.{kind}"] = printable(content.decode()).encode() if kind == "svg" else content
    return files
