"""The whole picture: title, stages, and one unit of each kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from ablate.spec.architecture.diagram import palette
from ablate.spec.architecture.diagram.cards import auxiliary_card, lay_out, unit_card
from ablate.spec.architecture.diagram.kinds import Kind, Stage, find_kinds
from ablate.spec.architecture.diagram.overview import draw_overview
from ablate.spec.architecture.diagram.svg import Piece, box, element, label, number, text_width
from ablate.spec.architecture.network import Network
from ablate.spec.architecture.operations.effect import text
from ablate.spec.architecture.summary import Summary, summarise

WIDTH = 1300
MARGIN = 28
GAP = 22
FONT = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def draw_network(network: Network, name: str) -> str:
    """An SVG document: the network as stages, and one unit of each kind with the shapes of its first place."""
    kinds, stages = find_kinds(network)
    summary = summarise(network)
    cards = lay_out(_cards(network, kinds, stages), WIDTH)
    parts = [_heading(name, summary), draw_overview(network, stages, WIDTH), cards]
    width = max(part.width for part in parts) + 2 * MARGIN
    elements, y = "", float(MARGIN)
    for part in parts:
        elements += part.at(MARGIN, y)
        y += part.height + GAP
    height = y - GAP + MARGIN
    ground = box(0.5, 0.5, width - 1, height - 1, fill=palette.GROUND, stroke=palette.EDGE, radius=12)
    return _document(width, height, _described(name, network, kinds, stages) + ground + "\n" + elements)


def _heading(name: str, summary: Summary) -> Piece:
    facts = (
        f"{summary.weighted_layers:,} weighted layers · {summary.parameters:,} parameters · "
        f"{summary.multiply_adds:,} multiply-adds · receptive field {summary.receptive_field:,} pixels"
    )
    lines = label(name, 0, 20, size=20, bold=True, anchor="start")
    lines += label(facts, 0, 44, fill=palette.FAINT, anchor="start")
    return Piece(max(text_width(name, 20), text_width(facts)), 48, lines)


def _cards(network: Network, kinds: Sequence[Kind], stages: Sequence[Stage]) -> Iterator[Piece]:
    yield from map(unit_card, kinds)
    for index, tap in enumerate(network.auxiliaries):
        yield auxiliary_card(index, tap, stages[tap.stage].rows[tap.unit].output)


def _described(name: str, network: Network, kinds: Sequence[Kind], stages: Sequence[Stage]) -> str:
    """Title and description, for those who hear the picture."""
    sentences = [f"A network from {text(network.input)} images to {network.classes} logits."]
    for index, stage in enumerate(stages):
        runs = ", ".join(f"{units} of kind {letter}" for letter, units in stage.runs)
        sentences.append(f"stages[{index}]: {runs}; output {text(stage.rows[-1].output)}." if stage.rows else "")
    sentences += [f"Kind {kind.letter}: {kind.row.operations}." for kind in kinds]
    return element("title", escape(name), id="title") + element("desc", escape(" ".join(sentences)), id="desc") + "\n"


def _document(width: float, height: float, content: str) -> str:
    return (
        element(
            "svg",
            content,
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {number(width)} {number(height)}",
            width=width,
            height=height,
            role="img",
            aria_labelledby="title desc",
            font_family=FONT,
        )
        + "\n"
    )
