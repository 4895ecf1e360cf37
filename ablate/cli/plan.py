"""`ablate plan`: what would `run` do, and what would it cost?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ablate.cli.options import echo_json, file_argument, format_option, overrides_argument, store_option


@click.command()
@file_argument
@overrides_argument
@store_option
@format_option
def plan(file: Path, overrides: tuple[str, ...], store: Path, format_: str) -> None:
    """List the cells and trials of a study, what is done already, and what the rest costs.

    Nothing is trained. Seconds are measured ones, scaled from the trials already in the store; before the first
    trial only operations are known.

    \b
    Example: ablate plan specs/studies/quickstart.yaml seeds=5
    """
    from ablate.cli.standing import PENDING, cell_rows, seconds_left, trial_rows
    from ablate.records import Store
    from ablate.spec import load_study

    study = load_study(file, overrides)
    records = Store(store).read_all(trial.id for trial in study.trials)
    cells, trials = cell_rows(study, records), trial_rows(study, records)
    pending = sum(trial["state"] == PENDING for trial in trials)
    cost = {
        "trials": len(trials),
        "pending": pending,
        "multiply_adds": sum(cell["states"][PENDING] * cell["training_multiply_adds"] for cell in cells),
        "device_seconds": seconds_left(cells),
    }
    if format_ == "json":
        echo_json({"study": study.name, "question": study.question, "cells": cells, "trials": trials, "cost": cost})
        return
    _print(study.question, cells, cost)


def _print(question: str, cells: list[dict[str, Any]], cost: dict[str, Any]) -> None:
    from ablate.cli.standing import PENDING
    from ablate.cli.table import count, echo_table

    click.echo(f"{question}\n")
    echo_table(
        ["cell", "parameters", "multiply-adds", "trials", "to do"],
        [
            [c["name"], f"{c['parameters']:,}", count(c["multiply_adds"]), c["trials"], c["states"][PENDING]]
            for c in cells
        ],
    )
    click.echo(
        f"\n{cost['trials']} trials, {cost['pending']} to do: {count(cost['multiply_adds'])} multiply-adds", nl=False
    )
    seconds = cost["device_seconds"]
    click.echo(f", about {seconds:.0f} device-seconds" if seconds is not None else ", time not yet measured here")
