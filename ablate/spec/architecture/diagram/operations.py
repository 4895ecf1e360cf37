"""Operations as boxes: their name and their sizes, in the words of the language."""

from __future__ import annotations

from xml.sax.saxutils import escape

from ablate.spec.architecture.diagram.palette import colours
from ablate.spec.architecture.diagram.svg import Piece, box, element, text_width
from ablate.spec.architecture.network import Operation, Value
from ablate.spec.architecture.operations import KINDS
from ablate.spec.architecture.tally import written_name
from ablate.spec.source.wording import flow

HEIGHT = 26
PADDING = 10
BARE = ("channels", "features", "probability", "value", "survival")  # sizes that need no name


def details(operation: Operation) -> str:
    """`64 /2 groups 32`: channels first, the stride as in He et al. 2015, then what is not the default."""
    kind = KINDS[operation.kind]
    found = dict(operation.arguments)
    bare = [_short(found.pop(name)) for name in BARE if name in found]
    stride = found.pop("stride", 1)
    steps = [f"/{stride}"] if stride != 1 else []
    hidden = {"kernel", "padding"} if kind.windowed else set()
    rest = {k: v for k, v in found.items() if k not in hidden and v != kind.resolved[k].default}
    if "bias_init" in rest:
        rest["bias"] = rest.pop("bias_init")
    named = [name if value is True else f"{name} {_short(value)}" for name, value in rest.items()]
    return " ".join([*bare, *steps, *named])


def _short(value: Value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else flow(value)


def operation_width(operation: Operation) -> float:
    """Pixels that the box of an operation needs."""
    sizes = details(operation)
    return text_width(written_name(operation)) + (text_width(sizes, 11) + 6 if sizes else 0) + 2 * PADDING


def draw_operation(operation: Operation, width: float) -> Piece:
    """The box of an operation."""
    paint, sizes = colours(operation.kind), details(operation)
    spans = element("tspan", escape(written_name(operation)), font_weight="600")
    spans += element("tspan", escape(sizes), dx=6, font_size=11) if sizes else ""
    text = element("text", spans, x=width / 2, y=HEIGHT / 2 + 4, font_size=12, fill=paint.text, text_anchor="middle")
    return Piece(width, HEIGHT, box(0, 0, width, HEIGHT, fill=paint.fill, stroke=paint.stroke) + text)
