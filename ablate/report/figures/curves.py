"""Training curves: thin for the training error, bold for the test error (He et al. 2015, Fig. 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from ablate.records import Outcome, Record
from ablate.report.figures.lines import Lines, Panel, arrange, draw_lines, mean, records_of
from ablate.spec.study.study import Cell, Study


def measure_curves(study: Study, records: Mapping[str, Record]) -> tuple[list[Panel], int]:
    """Errors by epoch of every cell, averaged over its seeds that got so far, and how many cells are left out."""
    return arrange(study, lambda cell: _measure(study, records, cell))


def _measure(study: Study, records: Mapping[str, Record], cell: Cell) -> Lines | None:
    found = [record for record in records_of(study, records, cell) if record.history]
    if not found:
        return None
    train, test = (mean([[getattr(e, m) for e in r.history] for r in found]) for m in ("train_error", "test_error"))
    last = [(len(r.history), r.history[-1].train_error) for r in found if r.outcome == Outcome.DIVERGED]
    return Lines(tuple(range(1, len(train) + 1)), train, test, tuple(last))


def draw_curves(numbers: Sequence[Panel]) -> Figure:
    """Error against epoch."""
    return draw_lines(numbers, ("training", "test"), ("epoch", "error, %"))
