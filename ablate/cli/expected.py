"""What is expected of the cost, as `plan` prints it."""

from __future__ import annotations

from typing import Any

import click

from ablate.cli.standing import PENDING
from ablate.cli.table import count, echo_table
from ablate.schedule.allotment import gb
from ablate.schedule.estimate import Estimate, hours
from ablate.schedule.measures import Source
from ablate.schedule.progress.wording import duration
from ablate.schedule.work import Work
from ablate.spec.source.wording import plural

HEADER = ["cell", "parameters", "multiply-adds", "trials", "to do", "s/epoch", "s/trial", "memory", "measured by"]


def add_measures(rows: list[dict[str, Any]], work: Work, expected: Estimate) -> None:
    """Put what is known of each cell's cost into its row."""
    for row, cell in zip(rows, work.study.cells, strict=True):
        measure = expected.measures[cell.identity]
        row |= {
            "seconds_per_epoch": measure.seconds_per_epoch,
            "seconds_per_trial": measure.seconds(cell.train.epochs),
            "peak_memory_bytes": measure.peak_memory_bytes,
            "measured_by": str(measure.source),
        }


def cost_row(work: Work, expected: Estimate) -> dict[str, Any]:
    """The figures of the whole study; what is to do includes the trainings of a search."""
    return {
        "trials": len(work.study.trials),
        "pending": len(work.pending),
        "search_pending": expected.num_trials - len(work.pending),
        "multiply_adds": expected.multiply_adds,
        "device_seconds": expected.device_seconds,
        "device_hours": expected.device_seconds / 3600,
        "wall_seconds": expected.wall_seconds,
        "concurrency": expected.num_processes,
        "cpus_per_trial": expected.allotment.resources.cpus,
        "gpus_per_trial": expected.allotment.resources.gpus,
        "memory_bytes": expected.memory_bytes,
        "measured_by": [str(source) for source in expected.sources],
    }


def echo_cost(work: Work, rows: list[dict[str, Any]], expected: Estimate) -> None:
    """Print the question, the cells and the sums."""
    click.echo(f"{work.study.question}\n")
    echo_table(HEADER, [_columns(row) for row in rows])
    own = f"{plural(len(work.study.trials), 'trial')}, {len(work.pending)} to do"
    tried = expected.num_trials - len(work.pending)
    click.echo(f"\n{own}{f' and {tried} of the search' if tried else ''}", nl=False)
    if not expected.num_trials:
        click.echo()
        return
    memory = f", {gb(expected.memory_bytes)} of memory" if expected.memory_bytes else ""
    click.echo(f": {count(expected.multiply_adds)} multiply-adds, {hours(expected.device_seconds)}")
    click.echo(f"expected: {duration(expected.wall_seconds)}, {expected.num_processes} at a time{memory}")
    for note in expected.allotment.notes:
        click.echo(note)
    if Source.ESTIMATE in expected.sources:
        click.echo("not all of it is measured here: `ablate plan --probe` does so, in a second or two per cell")


def _columns(row: dict[str, Any]) -> list[Any]:
    memory = row["peak_memory_bytes"]
    return [
        row["name"],
        f"{row['parameters']:,}",
        count(row["multiply_adds"]),
        row["trials"],
        row["states"][PENDING],
        seconds(row["seconds_per_epoch"]),
        seconds(row["seconds_per_trial"]),
        gb(memory) if memory else "–",
        row["measured_by"],
    ]


def seconds(number: float) -> str:
    """Three digits, and never a power of ten."""
    return f"{number:.3g}" if number < 999.5 else f"{number:,.0f}"
