"""`ablate plan`: what would `run` do, and what would it cost?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ablate.cli.options import echo_json, file_argument, format_option, overrides_argument, store_option
from ablate.cli.resources import resource_options

if TYPE_CHECKING:
    from ablate.schedule.options import Options
    from ablate.schedule.work import Work


@click.command(short_help="Cells, trials, what is done, what the rest costs.")
@file_argument
@overrides_argument
@store_option
@click.option("--probe", is_flag=True, help="Measure cells to do that have no measure: a second or two each, kept.")
@resource_options
@format_option
def plan(file: Path, overrides: tuple[str, ...], store: Path | str, probe: bool, format_: str, **options: Any) -> None:
    """List the cells and trials of a study, what is done already, and what the rest costs on this machine.

    Nothing is trained. Times and memory come from the best that is known of a cell, and the last column says which:

    \b
      records    trials of such a network that were trained on this hardware
      probe      a few steps, measured by `plan --probe` or `run --max-cost`
      elsewhere  trials that were trained on other hardware
      estimate   the multiply-adds, at the pace of the measured cells; if there are none, it may be wrong tenfold

    Device-hours are the sum over the trials; the expected time is that of so many at a time. A trial's memory is that
    of the whole process on a CPU, and that of its tensors on a GPU. Diagnostics are counted by records only.

    \b
    Exit code 0: fine.  1: it would cost more than --max-cost.
    Example: ablate plan specs/studies/quickstart.yaml seeds=5 --probe
    """
    from ablate.cli.expected import add_measures, cost_row, echo_cost
    from ablate.cli.search import echo_search, search_cost, search_rows
    from ablate.cli.standing import cell_rows, trial_rows
    from ablate.records import Store
    from ablate.schedule.estimate import estimate, refuse
    from ablate.schedule.options import Options
    from ablate.schedule.work import read_work
    from ablate.spec import load_study

    asked = Options(**options)
    for warning in asked.check():
        click.echo(warning, err=True)
    work = read_work(load_study(file, overrides), Store(store), asked)
    if probe:
        _probe(work, asked)
    expected = estimate(work, asked)
    cells, trials = cell_rows(work.study, work.records), trial_rows(work.study, work.records)
    add_measures(cells, work, expected)
    if format_ == "json":
        found: dict[str, Any] = {
            "study": work.study.name,
            "question": work.study.question,
            "cells": cells,
            "trials": trials,
        }
        found |= {"cost": cost_row(work, expected), "search": search_rows(work.searches)}
        echo_json(found | {"search_cost": search_cost(work.searches)})
    else:
        echo_cost(work, cells, expected)
        echo_search(work.searches)
        _print_lacking(trials)
    if asked.max_cost is not None:
        refuse(expected, asked.max_cost)


def _probe(work: Work, options: Options) -> None:
    from ablate.schedule.estimate import probe
    from ablate.schedule.signals import interruptible

    with interruptible():
        for name, reason in probe(work, options, lambda text: click.echo(text, err=True)).items():
            click.echo(f"{name}: could not be probed: {reason}", err=True)


def _print_lacking(trials: list[dict[str, Any]]) -> None:
    lacking = [trial["lacks"] for trial in trials if trial["lacks"]]
    if lacking:
        names = ", ".join(sorted({name for names in lacking for name in names}))
        click.echo(f"{len(lacking)} of those to do have a result, but lack diagnostics ({names}): trained again")
