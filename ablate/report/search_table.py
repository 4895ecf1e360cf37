"""The settings that a search has chosen; behind the table, every setting it has tried."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from ablate.records import Outcome
from ablate.report.notation import NOTHING, decimal
from ablate.report.table import Column, Entry, Table, number
from ablate.search import CellSearch
from ablate.search.sampled import Sampled
from ablate.spec.study.factors import factor
from ablate.spec.study.search import Search

ALGORITHMS = {"grid": "a grid", "random": "random search", "optuna": "Optuna's TPE"}
SCHEDULERS = {"none": "", "asha": " with successive halving (ASHA)", "median": " with the median stopping rule"}


def tabulate_search(searches: Sequence[CellSearch]) -> Table | None:
    """A row per cell; None for a study without a search."""
    if not searches:
        return None
    search = searches[0].search
    return Table(
        name="search",
        title="Chosen settings",
        caption=_explain(search),
        columns=(
            Column("cell", is_number=False),
            Column("tried"),
            Column("given up early"),
            Column("diverged or failed"),
            Column(f"lowest {_name(search)}"),
            Column("chosen setting", is_number=False),
        ),
        rows=tuple(_row(one) for one in searches),
        numbers=list_settings(searches),
    )


def list_settings(searches: Iterable[CellSearch]) -> pd.DataFrame:
    """A row per setting and cell: trial, a column per parameter, how it ended, validation metrics, whether chosen.

    Empty where a parameter does not apply, or a training has not come to its end.
    """
    return pd.DataFrame([_describe(one, sampled) for one in searches for sampled in one.sampled])


def _describe(one: CellSearch, sampled: Sampled) -> dict[str, Any]:
    values = {p.path: factor(sampled.setting.get(p.path)) for p in one.search.parameters}
    record = sampled.record
    return {
        "cell": one.cell.name,
        "trial": sampled.trial.id,
        **values,
        "outcome": str(record.outcome) if record else "missing",
        "epochs": len(record.history) if record else 0,
        "val_error": sampled.metric("val_error"),
        "val_loss": sampled.metric("val_loss"),
        "chosen": one.chosen is sampled,
    }


def _row(one: CellSearch) -> tuple[Entry, ...]:
    outcomes = [sampled.record.outcome for sampled in one.sampled if sampled.record]
    stopped = outcomes.count(Outcome.STOPPED)
    lost = outcomes.count(Outcome.DIVERGED) + outcomes.count(Outcome.FAILED)
    lowest = one.chosen.metric(one.search.metric) if one.chosen else None
    setting = one.search.name(one.chosen.setting) if one.chosen else NOTHING
    return (
        Entry(one.cell.name),
        number(f"{len(outcomes)} of {one.search.num_settings}", len(outcomes)),
        number(str(stopped), stopped),
        number(str(lost), lost),
        number(decimal(lowest), lowest),
        Entry(setting),
    )


def _explain(search: Search) -> str:
    return (
        f"Every cell had the same budget of {search.num_settings} settings, by {ALGORITHMS[search.algorithm]}"
        f"{SCHEDULERS[search.scheduler]}. Each setting was trained once, with a seed that no other result shares, and "
        f"the one with the lowest {_name(search)} after the last epoch was chosen; test data had no part in it. The "
        "cell was then trained with it anew, with all seeds. Nothing but this search ends a training early."
    )


def _name(search: Search) -> str:
    return search.metric.replace("val_", "validation ")
