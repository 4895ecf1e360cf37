"""How a study stands: the state of every trial and the figures of every cell, as `plan` and `status` print them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from statistics import fmean
from typing import Any

from ablate.records import Record
from ablate.schedule.cost import training_multiply_adds
from ablate.spec import Cell, Study, Trial
from ablate.spec.architecture.summary import summarise

PENDING = "pending"


def trial_rows(study: Study, records: Mapping[str, Record]) -> list[dict[str, Any]]:
    """One row per trial: id, name, cell, seed, state (`pending` or the outcome of its record).

    `lacks` lists the wanted diagnostics that its record does not have: for them it is pending again.
    """
    return [_trial_row(trial, records.get(trial.id)) for trial in study.trials]


def _trial_row(trial: Trial, record: Record | None) -> dict[str, Any]:
    lacks = record.lacks(trial.diagnostics.required) if record else []
    state = str(record.outcome) if record and not lacks else PENDING
    identity = {"id": trial.id, "name": trial.name, "cell": trial.cell.name, "seed": trial.seed}
    return identity | {"state": state, "lacks": lacks}


def cell_rows(study: Study, records: Mapping[str, Record]) -> list[dict[str, Any]]:
    """One row per cell: size, multiply-adds of a training, trials by state, and mean final errors in percent."""
    return [_cell_row(cell, study, records) for cell in study.cells]


def _cell_row(cell: Cell, study: Study, records: Mapping[str, Record]) -> dict[str, Any]:
    summary = summarise(cell.network)
    ids = [Trial(cell, seed).id for seed in study.seeds]
    found = [records[id_] for id_ in ids if id_ in records]
    done = [record for record in found if not record.lacks(study.diagnostics.required)]
    return {
        "name": cell.name,
        "factors": dict(cell.factors),
        "parameters": summary.parameters,
        "multiply_adds": summary.multiply_adds,
        "training_multiply_adds": training_multiply_adds(cell),
        "trials": len(ids),
        "states": dict(Counter(str(record.outcome) for record in done)) | {PENDING: len(ids) - len(done)},
        "train_error": _mean(found, "train_error"),
        "test_error": _mean(found, "test_error"),
    }


def _mean(records: list[Record], metric: str) -> float | None:
    values = [value for record in records if (value := record.final.get(metric)) is not None]
    return fmean(values) if values else None
