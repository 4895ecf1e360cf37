"""`ablate status`: how far is the study, and what does it say so far?"""

from __future__ import annotations

from pathlib import Path

import click

from ablate.cli.options import echo_json, file_argument, format_option, overrides_argument, store_option


@click.command(short_help="How far is it, and what does it say so far?")
@file_argument
@overrides_argument
@store_option
@format_option
def status(file: Path, overrides: tuple[str, ...], store: Path | str, format_: str) -> None:
    """Show how far a study is: trials by state and mean errors so far, cell by cell.

    Works from another terminal while `ablate run` is at it.
    """
    from ablate.cli.search import echo_search, search_rows
    from ablate.cli.standing import PENDING, cell_rows, trial_rows
    from ablate.cli.table import echo_table, percent
    from ablate.records import Store
    from ablate.search import decide
    from ablate.spec import load_study

    study, searches = decide(load_study(file, overrides), Store(store).read)
    records = Store(store).read_all(trial.id for trial in study.trials)
    cells, trials = cell_rows(study, records), trial_rows(study, records)
    if format_ == "json":
        echo_json({"study": study.name, "cells": cells, "trials": trials, "search": search_rows(searches)})
        return
    echo_table(
        ["cell", "done", "diverged", "failed", "train error %", "test error %"],
        [
            [
                cell["name"],
                f"{cell['trials'] - cell['states'][PENDING]}/{cell['trials']}",
                cell["states"].get("diverged", 0),
                cell["states"].get("failed", 0),
                percent(cell["train_error"]),
                percent(cell["test_error"]),
            ]
            for cell in cells
        ],
    )
    echo_search(searches)
    for trial in trials:
        if trial["state"] in ("diverged", "failed"):
            click.echo(f"{trial['state']}: {trial['name']} ({trial['id']}): {records[trial['id']].error}")
