"""The records of a study as one tidy table: a row per trial, a column per factor, metric and cost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from math import log, nan
from typing import Any

import numpy as np
import pandas as pd

from ablate.records import Outcome, Record
from ablate.spec.architecture.summary import Summary, summarise
from ablate.spec.study.study import Study, Trial

METRICS = ("train_loss", "train_error", "val_loss", "val_error", "test_loss", "test_error")
MEASURED = ("seconds", "images_per_second", "peak_memory_bytes")  # differ from run to run; everything else does not
MISSING = "missing"


def load_frame(study: Study, records: Mapping[str, Record]) -> pd.DataFrame:
    """One row per cell and seed, first seeds first; trials without a record have the outcome `missing`.

    Columns: trial, cell, seed, outcome, one per factor (e.g. `architecture.depth`), epochs, the metrics after the
    last epoch (`test_error`, ...: errors in percent, losses in nats), those of the validation-selected epoch
    (`selected_test_error`, ..., `selected_epoch`), the epochs to every error that a claim counts them to
    (`epochs_to_train_error_10`), classes, parameters, multiply_adds, the measured costs (seconds, images_per_second,
    peak_memory_bytes) and error (why a trial failed). Undefined numbers are NaN.
    """
    frame = pd.DataFrame(_rows(study, records))
    numbers = [*METRICS, "selected_epoch", *(f"selected_{metric}" for metric in METRICS), *MEASURED]
    return frame.astype(dict.fromkeys(numbers, "float64"))


def _rows(study: Study, records: Mapping[str, Record]) -> Iterator[dict[str, Any]]:
    sizes = {cell.name: summarise(cell.network) for cell in study.cells}
    for seed in study.seeds:
        for cell in study.cells:  # not `study.trials`: cells that are equal share their trials
            trial = Trial(cell, seed)
            record = records.get(trial.id)
            results = _results(record) | _speeds(study, record)
            yield _identity(trial, record) | results | _costs(trial, sizes[cell.name], record)


def _identity(trial: Trial, record: Record | None) -> dict[str, Any]:
    return {
        "trial": trial.id,
        "cell": trial.cell.name,
        "seed": trial.seed,
        "outcome": str(record.outcome) if record else MISSING,
        **{axis: scalar(value) for axis, value in trial.cell.factors.items()},
        "epochs": len(record.history) if record else 0,
    }


def _results(record: Record | None) -> dict[str, Any]:
    final = record.final if record else {}
    selected = (record.selected if record else None) or {}
    return {
        **{metric: final.get(metric) for metric in METRICS},
        "selected_epoch": selected.get("epoch"),
        **{f"selected_{metric}": selected.get(metric) for metric in METRICS},
    }


def _speeds(study: Study, record: Record | None) -> dict[str, Any]:
    """For every claim on speed, the first epoch whose error is as low as it says."""
    return {claim.column: _first_epoch(record, *claim.reach) for claim in study.claims if claim.reach}


def _first_epoch(record: Record | None, metric: str, error: float) -> float:
    values = ((epoch.epoch, getattr(epoch, metric)) for epoch in (record.history if record else ()))
    return next((float(number) for number, value in values if value is not None and value <= error), nan)


def _costs(trial: Trial, size: Summary, record: Record | None) -> dict[str, Any]:
    cost = record.cost if record else None
    return {
        "classes": trial.cell.network.classes,
        "parameters": size.parameters,
        "multiply_adds": size.multiply_adds,
        "seconds": cost.seconds if cost else None,
        "images_per_second": cost.images_per_second if cost else None,
        "peak_memory_bytes": cost.peak_memory if cost else None,
        "error": record.error if record else None,
    }


def scalar(value: Any) -> Any:
    """A factor's value as one table entry: itself, or compact JSON where it is a list or a mapping."""
    if value is None:
        return "none"
    if isinstance(value, tuple | list | Mapping):
        return json.dumps(value, ensure_ascii=False)
    return value


def finished(frame: pd.DataFrame, metric: str) -> dict[str, list[float]]:
    """Every cell's values in the order of the seeds, of finished trials only; NaN for all others."""
    return _by_cell(frame, frame[metric].astype("float64").where(frame["outcome"] == Outcome.FINISHED))


def scored(frame: pd.DataFrame, metric: str) -> dict[str, list[float]]:
    """The same for finished and diverged trials: of a frame `at_chance`, what may be compared."""
    usable = frame["outcome"].isin([Outcome.FINISHED, Outcome.DIVERGED])
    return _by_cell(frame, frame[metric].astype("float64").where(usable))


def outcomes(frame: pd.DataFrame) -> dict[str, list[str]]:
    """Every cell's outcomes in the order of the seeds."""
    return _by_cell(frame, frame["outcome"])


def _by_cell(frame: pd.DataFrame, values: pd.Series[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for cell, value in zip(frame["cell"].tolist(), values.tolist(), strict=True):
        found.setdefault(cell, []).append(value)
    return found


def at_chance(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with every diverged trial at chance level: errors 100 (1 - 1/K) percent, losses ln K, for K classes.

    A network of NaN gives every image the same label, so this is the error it has, not a penalty.
    """
    frame = frame.copy()
    diverged = frame["outcome"] == str(Outcome.DIVERGED)
    classes = frame.loc[diverged, "classes"].to_numpy(float)
    for metric in METRICS:
        chance = 100 * (1 - 1 / classes) if metric.endswith("_error") else np.array([log(k) for k in classes])
        for column in (metric, f"selected_{metric}"):
            if frame[column].notna().any():
                frame.loc[diverged, column] = chance
    return frame
