"""The error table: a row per cell, mean ± std over seeds of every split, after the last and the selected epoch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isnan
from typing import Any

import pandas as pd

from ablate.records import Outcome
from ablate.report.frame import MISSING, finished, outcomes
from ablate.report.notation import NOTHING, fixed, mean_std
from ablate.report.statistics import Summary, summarise
from ablate.report.table import Column, Entry, Table, number

_SPLITS = {"train": "train", "val": "validation", "test": "test"}
_SELECTED = "validation-selected epoch"
_LAST = "last epoch"


def tabulate_errors(frame: pd.DataFrame) -> Table:
    """Errors in percent of every cell; diverged, failed and missing trials are counted beside the mean."""
    metrics = [metric for metric in _metrics() if frame[metric].notna().any()]
    numbers = pd.DataFrame(_numbers(frame, metrics))
    columns = [Column("cell", is_number=False), Column("n")]
    columns += [Column(_title(metric), _group(metric)) for metric in metrics]
    return Table(
        name="errors",
        title="Errors",
        caption="Top-1 error in percent: mean ± sample standard deviation over the n finished trials, "
        "and every seed below it. A trial that diverged, failed or is missing is counted, never averaged.",
        columns=tuple(columns),
        rows=tuple(_rows(frame, metrics)),
        numbers=numbers,
    )


def _metrics() -> Iterator[str]:
    for prefix in ("", "selected_"):
        for split in _SPLITS:
            if (prefix, split) != ("selected_", "train"):
                yield f"{prefix}{split}_error"


def _title(metric: str) -> str:
    return _SPLITS[metric.removeprefix("selected_").removesuffix("_error")]


def _group(metric: str) -> str:
    return _SELECTED if metric.startswith("selected_") else _LAST


def summaries(values: Mapping[str, list[float]]) -> dict[str, Summary]:
    """n, mean, std, median and range of every cell."""
    return {cell: summarise([value for value in row if not isnan(value)]) for cell, row in values.items()}


def _numbers(frame: pd.DataFrame, metrics: list[str]) -> Iterator[dict[str, Any]]:
    columns = {metric: summaries(finished(frame, metric)) for metric in metrics}
    kinds = [str(outcome) for outcome in Outcome if outcome is not Outcome.FINISHED] + [MISSING]
    for cell, states in outcomes(frame).items():
        counts = {"n": states.count(Outcome.FINISHED), **{f"n_{kind}": states.count(kind) for kind in kinds}}
        figures = {f"{metric}_{key}": value for metric in metrics for key, value in vars(columns[metric][cell]).items()}
        yield {"cell": cell, **counts, **figures}


def _rows(frame: pd.DataFrame, metrics: list[str]) -> Iterator[tuple[Entry, ...]]:
    columns = {metric: finished(frame, metric) for metric in metrics}
    means = {metric: summaries(values) for metric, values in columns.items()}
    for cell, states in outcomes(frame).items():
        entries = [Entry(cell), _count(states)]
        for metric in metrics:
            summary = means[metric][cell]
            entries.append(number(mean_std(summary), summary.mean, _seeds(columns[metric][cell], states)))
        yield tuple(entries)


def _count(states: list[str]) -> Entry:
    others = [state for state in dict.fromkeys(states) if state != Outcome.FINISHED]
    detail = ", ".join(f"{states.count(state)} {state}" for state in others)
    return number(str(states.count(Outcome.FINISHED)), states.count(Outcome.FINISHED), detail)


def _seeds(values: list[float], states: list[str]) -> str:
    """Every seed's value in the order of seeds; the outcome instead where there is none."""
    texts = [
        fixed(value) if state == Outcome.FINISHED else NOTHING if state == MISSING else state
        for value, state in zip(values, states, strict=True)
    ]
    return " ".join(texts)
