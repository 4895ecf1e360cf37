"""Published tables: a study's results beside those of the paper it repeats, and where the protocols differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from ablate.errors import UsageError
from ablate.spec.factors import same
from ablate.spec.study import Cell, Study


class Row(BaseModel):
    """One published figure; `match` says which cells repeat it, by dotted paths of their specification."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    value: float | Literal["fail"] | None
    mean: float | None = None
    std: float | None = None
    statistic: str | None = None
    runs: int | None = None
    match: dict[str, Any] | None = None


class Reference(BaseModel):
    """A table of a paper with the protocol behind it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    source: str
    dataset: str
    metric: str
    protocol: dict[str, Any]
    rows: tuple[Row, ...]
    fail_above: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Counterpart:
    """A published figure and the cell that repeats it."""

    row: Row
    cell: Cell


def read_reference(study: Study) -> Reference | None:
    """The table a study names, from the folder `references` beside its file or above it; None if it names none.

    Raises:
        UsageError: there is no such table, or it is not one.
    """
    if study.reference is None:
        return None
    path = _find(Path(study.file), study.reference)
    try:
        return Reference.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"{path}: is no table of published results: {reason}; see specs/references") from error


def _find(file: Path, name: str) -> Path:
    folders = [folder / "references" for folder in file.absolute().parents]
    for folder in folders:
        if (folder / f"{name}.yaml").is_file():
            return folder / f"{name}.yaml"
    known = sorted(path.stem for folder in folders if folder.is_dir() for path in folder.glob("*.yaml"))
    remedy = f"use one of {', '.join(known)}" if known else "no folder `references` is beside the file or above it"
    raise UsageError(f"{file}: report.reference: no published table is called {name!r}; {remedy}")


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
    sections = {
        "architecture": cell.architecture,
        "data": vars(cell.data),
        "train": vars(cell.train),
    }
    found: Any = sections.get(section, {})
    for key in rest.split("."):
        if not isinstance(found, Mapping) or key not in found:
            return None
        found = found[key]
    return same(found)


def compare_protocols(reference: Reference, study: Study) -> Iterator[str]:
    """What a reader must know before comparing: data, statistic, selection; the weightiest first."""
    datasets = sorted({cell.data.dataset for cell in study.cells})
    if datasets != [reference.dataset]:
        ours = " and ".join(datasets)
        yield f"The data differ: {reference.dataset} there, {ours} here. Only the order of rows can be compared."
    described = (f"{key} {value}" for key, value in reference.protocol.items() if value is not None)
    yield f"Theirs: {', '.join(described)}."
    epochs = sorted({cell.train.epochs for cell in study.cells})
    extent = " to ".join(dict.fromkeys((str(epochs[0]), str(epochs[-1]))))
    yield f"Ours: mean of {len(study.seeds)} seeds after the last of {extent} epochs, single view."
    yield from (f"{note.rstrip('.')}." for note in reference.notes)


def published(study: Study, reference: Reference) -> dict[str, dict[str, float]]:
    """By metric and cell, the figures that may be drawn among ours: those measured on the same data."""
    pairs = find_counterparts(reference, study)
    same_data = ((one.row.value, one.cell) for one in pairs if one.cell.data.dataset == reference.dataset)
    return {reference.metric: {cell.name: value for value, cell in same_data if isinstance(value, float)}}
