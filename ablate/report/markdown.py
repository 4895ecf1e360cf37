"""Tables and text as Markdown that GitHub renders."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ablate.report.table import Entry, Table

_SPECIAL = re.compile(r"([\\`*_\[\]|~$]|^[#+=-])")
_ITEM = re.compile(r"^(\d+)([.)])(?= |$)")


def escape(text: str) -> str:
    """Text that Markdown shows as it stands: no emphasis, links, HTML, mathematics or table cells come of it."""
    text = " ".join(str(text).split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _ITEM.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", text))


def to_markdown(table: Table) -> str:
    """The table with pipes; details on a smaller second line of their place."""
    titles = [f"{column.group}: {column.title}" if column.group else column.title for column in table.columns]
    rule = ["---:" if column.is_number else "---" for column in table.columns]
    lines = [_line(map(escape, titles)), _line(rule)]
    return "\n".join([*lines, *(_line(map(_entry, row)) for row in table.rows)])


def _line(texts: Iterable[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _entry(entry: Entry) -> str:
    return escape(entry.text) + (f"<br><sub>{escape(entry.detail)}</sub>" if entry.detail else "")
