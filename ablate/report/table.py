"""A table as it is read: columns, and rows of entries that carry both their text and what they sort by.

The numbers behind it stand beside it in `numbers`, unrounded, and become its CSV file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Entry:
    """One place of a table; `detail` is a second, smaller line, such as every seed behind a mean."""

    text: str
    key: float | str | None = None  # sorts by this; by the text where None, last where ""
    detail: str = ""


@dataclass(frozen=True)
class Column:
    """A column's title, the group heading it stands under, and whether it holds numbers."""

    title: str
    group: str = ""
    is_number: bool = True


@dataclass(frozen=True)
class Table:
    """A table of the report; `name` is the stem of its files, `caption` says how to read it."""

    name: str
    title: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Entry, ...], ...]
    numbers: pd.DataFrame

    @property
    def groups(self) -> list[tuple[str, int]]:
        """The group headings over the columns, each with the number of columns it spans; empty without any."""
        spans: list[tuple[str, int]] = []
        for column in self.columns:
            if spans and spans[-1][0] == column.group:
                spans[-1] = (column.group, spans[-1][1] + 1)
            else:
                spans.append((column.group, 1))
        return spans if any(name for name, _ in spans) else []


def number(text: str, value: Any, detail: str = "") -> Entry:
    """An entry that sorts by its number; entries without one have an empty key and come last."""
    return Entry(text, "" if value is None or pd.isna(value) else float(value), detail)
