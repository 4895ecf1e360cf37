"""`ablate plan`: what would `run` do, and what would it cost?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ablate.cli.options import echo_json, file_argument, format_option, overrides_argument, store_option


@click.command(short_help="Cells, trials, what is done, what the rest costs.")
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
    from ablate.cli.search import echo_search, search_cost, search_rows
    from ablate.cli.standing import PENDING, cell_rows, seconds_left, trial_rows
    from ablate.records import Store
    from ablate.search import decide
    from ablate.spec import load_study

    study, searches = decide(load_study(file, overrides), Store(store).read)
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
        known = {"study": study.name, "question": study.question, "cells": cells, "trials": trials, "cost": cost}
        echo_json(known | {"search": search_rows(searches), "search_cost": search_cost(searches)})
        return
    _print(study.question, cells, cost)
    echo_search(searches)
    _print_lacking(trials)


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


def _print_lacking(trials: list[dict[str, Any]]) -> None:
    lacking = [trial["lacks"] for trial in trials if trial["lacks"]]
    if lacking:
        names = ", ".join(sorted({name for names in lacking for name in names}))
        click.echo(f"{len(lacking)} of those to do have a result, but lack diagnostics ({names}): trained again")
