"""What passes through the trained networks, as a table: shortcut gain, gates, branch scale, dead activations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import pandas as pd

from ablate.records import Outcome, Record
from ablate.report.notation import mean_std
from ablate.report.statistics import Summary, summarise
from ablate.report.table import Column, Entry, Table, number
from ablate.spec.study.study import Cell, Study, Trial

TITLES = {
    "gain": "shortcut gain",
    "openness": "gate openness",
    "ratio": "smallest branch / shortcut",
    "dead": "dead channels, %",
}


def tabulate_signals(study: Study, records: Mapping[str, Record]) -> Table | None:
    """A row per cell that recorded them; columns that no cell has are left out. None where there are none at all."""
    cells = {cell.name: figures for cell in study.cells if any((figures := _measure(study, records, cell)).values())}
    shown = [name for name in TITLES if any(cell[name] for cell in cells.values())]
    if not shown:
        return None
    summaries = {cell: {name: summarise(row[name]) for name in shown} for cell, row in cells.items()}
    return Table(
        name="signals",
        title="Signals",
        caption="On test images, after the last step: mean ± sample standard deviation over finished seeds. Shortcut "
        "gain: root mean square of the shortcut as it enters the addition over that of the unit’s input, mean over "
        "units. Gate openness: mean of what the branch is multiplied by. Smallest branch / shortcut: the standard "
        "deviation of what a unit adds over that of its shortcut, in the unit where it is smallest; such a unit may "
        "be redundant. Dead: channels whose ReLU was zero for every image, of all channels with one.",
        columns=(Column("cell", is_number=False), *(Column(TITLES[name]) for name in shown)),
        rows=tuple(
            (Entry(cell), *(number(mean_std(one), one.mean) for one in row.values())) for cell, row in summaries.items()
        ),
        numbers=pd.DataFrame([_flatten(cell, row) for cell, row in summaries.items()]),
    )


def _measure(study: Study, records: Mapping[str, Record], cell: Cell) -> dict[str, list[float]]:
    """Every figure of every finished seed that has it."""
    found = [records[id_] for seed in study.seeds if (id_ := Trial(cell, seed).id) in records]
    trials = [_read(record) for record in found if record.outcome is Outcome.FINISHED]
    return {name: [trial[name] for trial in trials if name in trial] for name in TITLES}


def _read(record: Record) -> dict[str, float]:
    """One trial's figures, from its tables by unit and by layer; those that it does not have are left out."""
    tables = {name: record.diagnostics.get(name, {}).get("table", {}) for name in ("shortcuts", "activations")}
    units = {name: _known(tables["shortcuts"].get(name, ())) for name in ("gain", "openness", "ratio")}
    read = {name: fmean(units[name]) for name in ("gain", "openness") if units[name]}
    if units["ratio"]:
        read["ratio"] = min(units["ratio"])
    channels, dead = (sum(tables["activations"].get(name, ())) for name in ("channels", "dead"))
    return read | ({"dead": 100 * dead / channels} if channels else {})


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _flatten(cell: str, row: Mapping[str, Summary]) -> dict[str, Any]:
    figures = {f"{name}_{key}": getattr(one, key) for name, one in row.items() for key in ("mean", "std", "n")}
    return {"cell": cell, **figures}
