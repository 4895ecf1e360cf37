"""How numbers and names are written wherever a person reads them: typographic minus, ±, dashes for nothing."""

from __future__ import annotations

from math import isfinite
from typing import Any

from ablate.report.statistics import Summary

NOTHING = "–"
_COUNTS = {"parameters": "number of parameters", "multiply_adds": "number of multiply-adds"}
_METRICS = {"train": "training", "val": "validation", "test": "test"}


def decimal(value: float | None) -> str:
    """In sentences: `2.347` -> `2.35`, but `68.42` -> `68.4`."""
    return fixed(value, 2 if value is None or abs(value) < 10 else 1)


def fixed(value: float | None, digits: int = 2) -> str:
    """In tables, as papers print errors: `68.42` -> `68.42`."""
    return NOTHING if value is None or not isfinite(value) else minus(f"{value:.{digits}f}")


def signed(value: float | None) -> str:
    """A difference: its sign is always written."""
    text = fixed(value)
    return f"+{text}" if value is not None and value > 0 and float(text) else text


def minus(text: str) -> str:
    """A hyphen that means minus becomes one; a rounded -0.00 becomes 0.00."""
    return (text.lstrip("-") if not text.strip("-0.") else text).replace("-", "−")


def mean_std(summary: Summary) -> str:
    """`2.35 ± 0.41`; without ± below two seeds."""
    text = fixed(summary.mean)
    return text if summary.std is None else f"{text} ± {fixed(summary.std)}"


def interval(low: float | None, high: float | None) -> str:
    """`55.1 to 81.7`: words, because a dash between signed numbers is hard to read."""
    return NOTHING if low is None or high is None else f"{decimal(low)} to {decimal(high)}"


def p_value(p: float | None) -> str:
    """Three decimals, `< 0.001` below; a dash where the test cannot be made."""
    if p is None:
        return NOTHING
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def integer(value: float | None) -> str:
    """`269722` -> `269,722`."""
    return NOTHING if value is None or not isfinite(value) else f"{int(value):,}"


def magnitude(value: float | None) -> str:
    """`40813184` -> `40.8M`."""
    if value is None or not isfinite(value):
        return NOTHING
    for limit, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.3g}{unit}"
    return f"{value:.3g}"


def axis_name(axis: str) -> str:
    """`architecture.depth` -> `depth`."""
    return axis.rpartition(".")[2]


def level(axis: str, value: Any) -> str:
    """`depth 56`, `shortcut none`, `nesterov off`."""
    return f"{axis_name(axis)} {written(value)}"


def written(value: Any) -> str:
    """A factor's value as a YAML file has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "none" if value is None else str(value)


def metric_name(metric: str) -> str:
    """`train_error` -> `training error`; `selected_test_error` -> `test error at the selected epoch`."""
    if metric in _COUNTS:
        return _COUNTS[metric]
    selected = metric.startswith("selected_")
    split, _, kind = metric.removeprefix("selected_").partition("_")
    name = f"{_METRICS.get(split, split)} {kind}".strip()
    return f"{name} at the selected epoch" if selected else name


def unit(metric: str) -> str:
    """What a difference of the metric is measured in."""
    if metric.endswith("_error"):
        return "points"
    return "nats" if metric.endswith("_loss") else "epochs" if metric == "epochs_to" else ""


def quantity(value: float, metric: str) -> str:
    """`5 points`, `0.3 nats`, `zero`."""
    if not value:
        return "zero"
    name = unit(metric).removesuffix("s") if abs(value) == 1 else unit(metric)
    return f"{minus(f'{value:g}')} {name}".strip()
