"""A network as one picture: its stages, and one unit of each kind. Plain SVG text, the same for the same network."""

from ablate.spec.architecture.diagram.kinds import Kind, find_kinds
from ablate.spec.architecture.diagram.picture import draw_network

__all__ = ["Kind", "draw_network", "find_kinds"]
