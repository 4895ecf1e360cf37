"""A figure of a report: its files, its description for those who cannot see it, and its form on the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup, escape

from ablate.report.figures.style import COLOURS, INK, MUTED, RULE, printable

_VARIABLES = {INK: "--ink", MUTED: "--muted", RULE: "--rule"}
_VARIABLES |= {colour: f"--line-{number}" for number, colour in enumerate(COLOURS, 1)}


@dataclass(frozen=True)
class Plot:
    """A figure with its caption, its description in words, and its files by name."""

    name: str
    title: str
    caption: str
    description: str
    files: Mapping[str, bytes]

    @property
    def inline(self) -> Markup:
        """The SVG for the page: it takes the page's colours and width, and carries its description."""
        svg = self.files[f"{self.name}.svg"].decode()
        body = svg[svg.index(">", svg.index("<svg")) + 1 :]
        body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
        for colour, variable in _VARIABLES.items():
            body = body.replace(colour, f"var({variable})")
        used = set(re.findall(r"#([\w-]+)", body))
        body = re.sub(r' id="([\w-]+)"', lambda found: found[0] if found[1] in used else "", body)
        body = re.sub(r'(id="|"#|url\(#)(?=\w)', rf"\1{self.name}-", body)  # apart from the page's other figures
        box = re.search(r'viewBox="[\d. ]+"', svg)
        assert box is not None
        label = escape(printable(self.description))
        return Markup(f'<svg {box[0]} role="img" aria-label="{label}">{body}')
