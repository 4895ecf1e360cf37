"""Findings as plain columns."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

Table = dict[str, list[Any]]


def create_table(columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> Table:
    """The rows as columns, numbers rounded."""
    rows = list(rows)
    return {column: [rounded(row[column]) for row in rows] for column in columns}


def rounded(value: Any) -> Any:
    """A fraction with four significant digits, None where it is none; anything else as it is."""
    if not isinstance(value, float):
        return value
    return float(f"{value:.4g}") if math.isfinite(value) else None


def divide(part: float, whole: float) -> float | None:
    """The ratio, or None where there is none."""
    return part / whole if whole else None
