"""Where the results come from: the environments of the records, and how many trials each stands behind."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from ablate.records import Record

Environment = tuple[tuple[str, str], ...]


def list_environments(records: Iterable[Record]) -> list[tuple[Environment, int]]:
    """Every distinct environment as (name, value) pairs, with its number of trials; the commonest first."""
    counts = Counter(tuple(_flatten(record.environment)) for record in records)
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _flatten(content: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{key} ")
        else:
            yield f"{prefix}{key}".replace("_", " "), value if isinstance(value, str) else json.dumps(value)
