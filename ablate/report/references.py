"""Published tables: a study's results beside those of the paper it repeats, and where the protocols differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ablate.spec.architecture.short import short_keys
from ablate.spec.architecture.signature import REQUIRED, arguments_of
from ablate.spec.study.factors import same
from ablate.spec.study.recipe import Testing
from ablate.spec.study.references import Reference, Row
from ablate.spec.study.study import Cell, Study

_DEFAULTS = {key: one.default for key, one in arguments_of(short_keys).items() if one.default is not REQUIRED}


@dataclass(frozen=True)
class Counterpart:
    """A published figure and the cell that repeats it."""

    row: Row
    cell: Cell


def find_counterparts(reference: Reference, study: Study) -> list[Counterpart]:
    """Every published row with every cell that repeats it, in the order of the paper."""
    return [
        Counterpart(row, cell)
        for row in reference.rows
        if row.match
        for cell in study.cells
        if all(_written(cell, path) == same(value) for path, value in row.match.items())
    ]


def _written(cell: Cell, path: str) -> str | None:
    section, _, rest = path.partition(".")
    sections = {"architecture": _DEFAULTS | dict(cell.architecture), "data": vars(cell.data), "train": vars(cell.train)}
    found: Any = sections.get(section, {})
    for key in rest.split("."):
        if not isinstance(found, Mapping) or key not in found:
            return None
        found = found[key]
    return same(found)


def compare_protocols(reference: Reference, study: Study) -> Iterator[str]:
    """What a reader must know before comparing: data, runs, selection, crops; the weightiest first."""
    datasets = sorted({cell.data.dataset for cell in study.cells})
    if datasets != [reference.dataset]:
        ours = " and ".join(datasets)
        yield f"The data differ: {reference.dataset} there, {ours} here. Only the order of rows can be compared."
    crops = " and ".join(sorted({_crops(cell.data.testing) for cell in study.cells}))
    differing = list(_differences(reference, len(study.seeds), crops))
    if differing:
        yield f"The protocols differ: {'; '.join(differing)}."
    epochs = sorted({cell.train.epochs for cell in study.cells})
    extent = " to ".join(dict.fromkeys((str(epochs[0]), str(epochs[-1]))))
    yield f"Ours: {len(study.seeds)} seeds, after the last of {extent} epochs, {crops}."
    if reference.protocol.training:
        yield f"Theirs: {reference.protocol.training}."
    yield from (f"{note.rstrip('.')}." for note in reference.notes)


def _crops(testing: Testing) -> str:
    return "multi-scale" if testing.scales else "10-crop" if testing.crops == 10 else "single view"


def _differences(reference: Reference, num_seeds: int, crops: str) -> Iterator[str]:
    protocol = reference.protocol
    if "top-5" in reference.unit and "top-1" not in reference.unit:
        yield "theirs are top-5 errors, ours top-1"
    if protocol.statistic == "single":
        yield f"theirs are single figures, ours means of {num_seeds} seeds"
    elif protocol.statistic in ("best", "median", "mean") and protocol.runs != num_seeds:
        runs = protocol.runs or "an unknown number of"
        yield f"theirs are the {protocol.statistic} of {runs} runs, ours of {num_seeds}"
    if not protocol.selection.startswith("last"):
        yield f"the epoch is chosen there as {protocol.selection}, here it is the last"
    if protocol.crops != crops:
        ours = "once and whole" if crops == "single view" else f"as {crops}"
        yield f"test images are seen as {protocol.crops} there, {ours} here"


def published(study: Study) -> dict[str, dict[str, float]]:
    """By metric and cell, the figures that may be drawn among ours: those measured on the same data."""
    found: dict[str, dict[str, float]] = {}
    for reference in study.references.values():
        for one in find_counterparts(reference, study):
            if one.cell.data.dataset == reference.dataset and isinstance(one.row.value, float):
                found.setdefault(reference.metric, {}).setdefault(one.cell.name, one.row.value)
    return found
