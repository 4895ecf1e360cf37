"""How the search of a study stands, as `plan` and `status` print it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any

import click

from ablate.cli.table import count, echo_table, percent
from ablate.schedule.cost import training_multiply_adds
from ablate.search import CellSearch, failed_trials


def search_rows(searches: Iterable[CellSearch]) -> list[dict[str, Any]]:
    """One row per cell: settings in all, tried and how they ended, the best metric and the chosen setting."""
    return [_row(one) for one in searches]


def _row(one: CellSearch) -> dict[str, Any]:
    records = [sampled.record for sampled in one.sampled if sampled.record]
    metrics = [value for sampled in one.sampled if (value := sampled.metric(one.search.metric)) is not None]
    pending = one.search.num_settings - len(records)
    seconds = fmean(record.cost.seconds for record in records) if records else None
    return {
        "cell": one.cell.name,
        "settings": one.search.num_settings,
        "tried": len(records),
        "stopped": sum(record.outcome == "stopped" for record in records),
        "failed": sum(record.outcome == "failed" for record in records),
        "metric": one.search.metric,
        "best": min(metrics, default=None),
        "chosen": dict(one.chosen.setting) if one.chosen else None,
        "seconds_left": 0.0 if not pending else None if seconds is None else seconds * pending,
    }


def search_cost(searches: Iterable[CellSearch]) -> dict[str, Any]:
    """What is still to be tried: trainings, their multiply-adds (fewer if some end early), measured device-seconds."""
    searches = list(searches)
    rows = search_rows(searches)
    pending = [row["settings"] - row["tried"] for row in rows]
    seconds = [row["seconds_left"] for row in rows]
    costs = [training_multiply_adds(one.cell) for one in searches]
    return {
        "pending": sum(pending),
        "multiply_adds": sum(number * cost for number, cost in zip(pending, costs, strict=True)),
        "device_seconds": None if None in seconds else sum(seconds),
    }


def echo_search(searches: Sequence[CellSearch]) -> None:
    """Print the rows as a table, after an empty line; nothing for a study without a search."""
    if not searches:
        return
    search = searches[0].search
    click.echo(f"\nsearch: {search.algorithm}, {search.num_settings} settings in each cell, lowest {search.metric}")
    echo_table(
        ["cell", "tried", "stopped", "failed", "best", "chosen"],
        [
            [
                row["cell"],
                f"{row['tried']}/{row['settings']}",
                row["stopped"],
                row["failed"],
                percent(row["best"]),
                search.name(row["chosen"]) if row["chosen"] else "–",
            ]
            for row in search_rows(searches)
        ],
    )
    cost = search_cost(searches)
    seconds = cost["device_seconds"]
    click.echo(f"\n{cost['pending']} to try: {count(cost['multiply_adds'])} multiply-adds", nl=False)
    click.echo(f", about {seconds:.0f} device-seconds" if seconds else "")
    for trial in failed_trials(tuple(searches)):
        click.echo(f"failed: {trial.name} ({trial.id}): {_explain(searches, trial.id)}")


def _explain(searches: Iterable[CellSearch], trial_id: str) -> str | None:
    sampled = (one for search in searches for one in search.sampled if one.trial.id == trial_id)
    return next((one.record.error for one in sampled if one.record), None)
