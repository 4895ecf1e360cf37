"""The effects of a study as a table, with p corrected over the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from ablate.report.effects import METRICS, Effect
from ablate.report.notation import interval, p_value, signed
from ablate.report.statistics import holm
from ablate.report.table import Column, Entry, Table, number

_GROUPS = {"train_error": "training", "test_error": "test"}
_KEYS = ("mean", "low", "high", "n", "effect_size", "p")


def tabulate_effects(effects: Sequence[Effect]) -> Table:
    """The effects on training and test error, with p corrected by Holm over the table and metric."""
    corrected = {metric: _corrected(effects, metric) for metric in METRICS}
    columns = [Column("kind", is_number=False), Column("effect", is_number=False)]
    for metric in METRICS:
        columns += [
            Column(title, metric.removesuffix("_error").replace("train", "training")) for title in ("points", "p")
        ]
    rows = [
        (Entry(effect.kind), Entry(effect.name), *(e for m in METRICS for e in _entries(effect, m, corrected[m][i])))
        for i, effect in enumerate(effects)
    ]
    return Table(
        name="effects",
        title="Effects",
        caption="Mean paired difference in percentage points of error, with its 95% interval; p of the t-test, "
        "corrected by Holm over the column. Explored, not claimed beforehand: suggestions for the next study. A main "
        "effect averages over all cells that differ in nothing else; an interaction is a difference of differences. "
        "Diverged trials count at chance level.",
        columns=tuple(columns),
        rows=tuple(rows),
        numbers=pd.DataFrame([_numbers(effect, i, corrected) for i, effect in enumerate(effects)]),
    )


def _corrected(effects: Sequence[Effect], metric: str) -> list[float | None]:
    p_values = [effect.comparisons[metric].p if metric in effect.comparisons else None for effect in effects]
    adjusted = iter(holm([p for p in p_values if p is not None]))
    return [None if p is None else next(adjusted) for p in p_values]


def _entries(effect: Effect, metric: str, p: float | None) -> tuple[Entry, Entry]:
    comparison = effect.comparisons.get(metric)
    if comparison is None:
        return number("–", None), number("–", None)
    detail = interval(comparison.low, comparison.high)
    return number(signed(comparison.mean), comparison.mean, detail), number(p_value(p), p)


def _numbers(effect: Effect, index: int, corrected: Mapping[str, list[float | None]]) -> dict[str, object]:
    row: dict[str, object] = {"kind": effect.kind, "effect": effect.name}
    for metric in METRICS:
        comparison = effect.comparisons.get(metric)
        row |= {
            f"{metric}_{key}": getattr(comparison, key, None)
            for key in ("mean", "low", "high", "n", "effect_size", "p")
        }
        row[f"{metric}_p_holm"] = corrected[metric][index]
    return row
