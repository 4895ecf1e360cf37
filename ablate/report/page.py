"""The two pages of a report, `index.html` and `report.md`, rendered from templates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ablate.records import Outcome, Record
from ablate.report.cards import deal
from ablate.report.cells import MAX_CELLS, describe_cells
from ablate.report.claims import Judgement, Verdict
from ablate.report.frame import MISSING
from ablate.report.method import describe_method, summarise_rule
from ablate.report.plots import Plot
from ablate.report.provenance import list_environments
from ablate.report.rendering import read_template, render
from ablate.report.table import Table
from ablate.spec.study.study import Study


@dataclass(frozen=True)
class Content:
    """Everything a page shows."""

    study: Study
    frame: pd.DataFrame
    judgements: tuple[Judgement, ...]
    tables: Mapping[str, Table]
    plots: Sequence[Plot]
    records: tuple[Record, ...]
    command: str


def render_page(content: Content) -> str:
    """The whole page in one HTML file, style and script and figures included."""
    return render(
        "page.html.j2",
        **_context(content),
        cells=describe_cells(content.study, content.frame),
        max_cells=MAX_CELLS,
        style=read_template("style.css"),
        script=read_template("script.js"),
    )


def render_markdown(content: Content) -> str:
    """The same in Markdown, with the figures as files beside it."""
    return render("report.md.j2", **_context(content))


def _context(content: Content) -> dict[str, Any]:
    study, frame = content.study, content.frame
    return {
        "study": study,
        "tables": content.tables,
        "references": [name for name in content.tables if name.startswith("reference-")],
        "plots": {plot.name: plot for plot in content.plots},
        "cards": deal(content.judgements, frame),
        "verdicts": _tally(content.judgements),
        "states": _states(frame),
        "num_trials": len(frame),
        "num_recorded": int((frame["outcome"] != MISSING).sum()),
        "environments": list_environments(content.records),
        "method": describe_method(study),
        "rule": summarise_rule(study),
        "command": content.command,
    }


def _tally(judgements: Sequence[Judgement]) -> list[tuple[str, int]]:
    counts = Counter(judgement.verdict for judgement in judgements)
    return [(str(verdict), counts[verdict]) for verdict in Verdict if counts[verdict]]


def _states(frame: pd.DataFrame) -> list[tuple[str, int]]:
    counts = Counter(frame["outcome"])
    return [(state, counts[state]) for state in (*map(str, Outcome), MISSING) if counts[state]]
