"""`ablate report`: what held?"""

from __future__ import annotations

from pathlib import Path

import click

from ablate.cli.options import (
    echo_json,
    file_argument,
    format_option,
    overrides_argument,
    say_command,
    store_option,
)
from ablate.errors import UsageError


@click.command(short_help="What held? Verdicts, tables, figures: one page.")
@file_argument
@overrides_argument
@store_option
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write.  [default: reports/NAME]",
)
@format_option
def report(file: Path, overrides: tuple[str, ...], store: Path | str, output: Path | None, format_: str) -> None:
    """Write the report of a study from its records: one page, tables and figures.

    A study that is only partly trained gets a report too; it says what is missing. One of which nothing is recorded
    gets none, and an older report stays as it is. Neither torch nor Ray is needed.
    """
    from ablate.records import Store
    from ablate.report import write_report
    from ablate.search import decide
    from ablate.spec import load_study

    study, searches = decide(load_study(file, overrides), Store(store).read)
    records = Store(store).read_all(trial.id for trial in study.trials)
    if not records:
        first = say_command("run", [file, *overrides], store)
        raise UsageError(f"{file}: no trial of it is recorded in {store}; train them first: {first}")
    command = say_command("report", [study.file, *overrides], store)
    written = write_report(study, records, output or Path("reports") / study.name, command=command, searches=searches)
    if format_ == "json":
        echo_json(written.as_json())
        return
    for verdict in written.verdicts:
        click.echo(f"{verdict.verdict:>12}  {verdict.claim.says}")
    click.echo(f"{len(records)} of {len(study.trials)} trials · {written.page}")
