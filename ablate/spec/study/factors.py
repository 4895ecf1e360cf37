"""The values of an axis: when two are the same, what a cell's factor is, and how a cell is named by them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ablate.spec.architecture.network import Value
from ablate.spec.source.wording import flow


def same(value: Any) -> str:
    """Equal for equal values only: 1 and 1.0 are, 1 and true are not, nor are 1 and '1'."""
    return json.dumps(_whole(value), sort_keys=True)


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def factor(value: Any) -> Value:
    """A value of an axis as a cell's factor: as it is, or as one line of YAML where it is a list or a mapping."""
    return flow(value) if isinstance(value, list | dict) else value


def short_names(axes: Sequence[str]) -> dict[str, str]:
    """Each axis by its last parts, as few as tell it from the others: `depth`, `train.lr`."""
    return {axis: next(short for short in _endings(axis) if _unique(short, axis, axes)) for axis in axes}


def _endings(axis: str) -> Iterable[str]:
    parts = axis.split(".")
    return (".".join(parts[start:]) for start in reversed(range(len(parts))))


def _unique(short: str, axis: str, axes: Iterable[str]) -> bool:
    return short == axis or not any(other.endswith(f".{short}") for other in axes if other != axis)


def cell_name(factors: Mapping[str, Value], shorts: Mapping[str, str]) -> str:
    """`depth=56 shortcut=none`: the axes of `shorts`, in their order."""
    return " ".join(f"{short}={flow(factors[axis])}" for axis, short in shorts.items())
