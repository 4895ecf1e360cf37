"""What the page says of each cell: its specification, what it changes in the baseline, and every seed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import yaml

from ablate.report.frame import METRICS
from ablate.report.notation import fixed
from ablate.spec.study.recipe import HANDLING
from ablate.spec.study.study import Cell, Study

MAX_CELLS = 200  # with their specifications on the page; all are in the tables


@dataclass(frozen=True)
class CellPage:
    """One cell, ready to be read; `changes` are (key, baseline's value, this cell's value)."""

    name: str
    anchor: str
    is_baseline: bool
    changes: tuple[tuple[str, str, str], ...]
    specification: str
    columns: tuple[str, ...]
    seeds: tuple[tuple[str, ...], ...]


def describe_cells(study: Study, frame: pd.DataFrame) -> list[CellPage]:
    """The first cells of the study, in its order."""
    baseline = next((cell for cell in study.cells if cell.name == study.baseline), None)
    metrics = [metric for metric in METRICS if frame[metric].notna().any()]
    shown = ["cell", "seed", "outcome", "epochs", *metrics]
    trials: dict[str, list[tuple[str, ...]]] = {}
    for cell, *figures in frame[shown].itertuples(index=False, name=None):
        trials.setdefault(cell, []).append((*map(str, figures[:3]), *map(fixed, figures[3:])))
    return [
        CellPage(
            name=cell.name,
            anchor=f"cell-{number}",
            is_baseline=cell is baseline,
            changes=tuple(_changes(baseline, cell)) if baseline else (),
            specification=yaml.safe_dump(_document(cell), sort_keys=False, allow_unicode=True, width=100),
            columns=tuple(name.replace("_", " ") for name in shown[1:]),
            seeds=tuple(trials[cell.name]),
        )
        for number, cell in enumerate(study.cells[:MAX_CELLS], 1)
    ]


def _document(cell: Cell) -> dict[str, Any]:
    content = {
        "architecture": cell.architecture,
        "data": cell.data.model_dump(mode="json", exclude=set(HANDLING)),
        "train": cell.train.model_dump(mode="json"),
    }
    plain: dict[str, Any] = json.loads(json.dumps(content, default=dict))
    return plain


def _changes(baseline: Cell, cell: Cell) -> Iterator[tuple[str, str, str]]:
    before, after = (dict(_flatten(_document(one))) for one in (baseline, cell))
    for key in dict.fromkeys([*before, *after]):
        if before.get(key) != after.get(key):
            yield key, before.get(key, "–"), after.get(key, "–")


def _flatten(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in content.items():
        if isinstance(value, Mapping) and value:
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
