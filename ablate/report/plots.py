"""The figures of a report: drawn, described for those who cannot see them, and made ready for the page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup, escape
from matplotlib.figure import Figure

from ablate.records import Record
from ablate.report.claims import Judgement
from ablate.report.figures.curves import draw_curves, measure_curves
from ablate.report.figures.depth import METRICS, DepthErrors, draw_depth_errors, measure_depth_errors
from ablate.report.figures.forest import draw_effects, measure_effects
from ablate.report.figures.style import COLOURS, INK, MUTED, RULE, printable, save, style
from ablate.report.notation import decimal
from ablate.spec.study import Study

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


def plot(
    study: Study, records: Mapping[str, Record], frame: pd.DataFrame, judgements: Sequence[Judgement]
) -> list[Plot]:
    """Every figure that this study's records allow."""
    found = []
    with style():
        if depth := measure_depth_errors(study, frame):
            found.append(
                _plot(
                    "depth", "Error against depth", _depth_caption(depth), _say_depth(depth), draw_depth_errors(depth)
                )
            )
        curves, left_out = measure_curves(study, records)
        if curves:
            more = f" {left_out} further cells are not drawn." if left_out else ""
            caption = "Thin: training error. Bold: test error. Means over the seeds that reached the epoch; "
            caption += f"a cross marks where a trial diverged.{more}"
            said = "; ".join(
                f"{curve.cell}: test error from {_ends(curve.test)}" for panel in curves for curve in panel.curves
            )
            found.append(_plot("curves", "Training curves", caption, f"Errors by epoch. {said}.", draw_curves(curves)))
        if rows := measure_effects(judgements):
            caption = "Mean paired difference and 95% t interval of each claim; the short bar is its margin."
            said = "; ".join(f"claim {row.number}, {row.verdict}: {decimal(row.mean)}" for row in rows)
            found.append(
                _plot("claims", "Effects", caption, f"Mean differences in points. {said}.", draw_effects(rows))
            )
    return found


def _plot(name: str, title: str, caption: str, description: str, figure: Figure) -> Plot:
    return Plot(name, title, caption, description, save(figure, name))


def _depth_caption(numbers: DepthErrors) -> str:
    more = f" {numbers.left_out} further series are not drawn." if numbers.left_out else ""
    return f"Lines join the means over finished seeds; each faint mark is one seed.{more}"


def _say_depth(numbers: DepthErrors) -> str:
    parts = []
    for metric, lines in numbers.lines.items():
        for line in lines:
            values = ", ".join(f"{d:g}: {decimal(m)}" for d, m in zip(line.depths, line.means, strict=True))
            parts.append(f"{METRICS[metric]}, {line.label}, by {numbers.axis}: {values}")
    return "; ".join(parts) + "."


def _ends(values: Sequence[float]) -> str:
    return f"{decimal(values[0])} to {decimal(values[-1])} percent"
