"""`ablate compare`: what do several studies say together?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ablate.cli.options import echo_json, format_option, say_command, split_arguments, store_option
from ablate.errors import UsageError

if TYPE_CHECKING:
    from ablate.report import Comparison


@click.command(short_help="What do several studies say, side by side?")
@click.argument("arguments", nargs=-1, required=True, metavar="STUDY STUDY... [KEY=VALUE]...")
@store_option
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write.  [default: reports/compare-NAMES]",
)
@format_option
def compare(arguments: tuple[str, ...], store: Path | str, output: Path | None, format_: str) -> None:
    """Put several studies side by side: their verdicts, and one table of errors over all of their cells.

    Cells that are equal in network, data and recipe are one row, under all of their names, with the seeds of all
    studies. KEY=VALUE changes every one of the studies. Neither torch nor Ray is needed.

    \b
    Example: ablate compare specs/studies/quickstart.yaml specs/studies/he2016-shortcuts.yaml
    """
    from ablate.records import Store
    from ablate.report import write_comparison
    from ablate.search import decide
    from ablate.spec import load_study

    files, overrides = split_arguments(arguments)
    check_files(files)
    studies = [decide(load_study(file, overrides), Store(store).read)[0] for file in files]
    records = Store(store).read_all(trial.id for study in studies for trial in study.trials)
    folder = output or Path("reports") / "-".join(["compare", *(study.name for study in studies)])
    written = write_comparison(studies, records, folder, command=say_command("compare", arguments, store))
    if format_ == "json":
        echo_json(written.as_json())
    else:
        echo_comparison(written)


def check_files(files: list[Path]) -> None:
    """See that there are at least two, each once. Raises UsageError."""
    if len(files) < 2:
        raise UsageError(f"ablate compare takes two studies or more, got {len(files)}; for one: ablate report")
    places = [file.resolve() for file in files]
    for file, place in zip(files, places, strict=True):
        if places.count(place) > 1:
            raise UsageError(f"{file}: given twice; name each study once")


def echo_comparison(written: Comparison) -> None:
    """Every study with its verdicts, then where the page is."""
    from ablate.spec.source.wording import plural

    for member in written.members:
        click.echo(click.style(f"{member.name}: {member.study.question}", bold=True))
        for judgement in member.judgements:
            click.echo(f"{judgement.verdict:>12}  {judgement.claim.says}")
        click.echo(f"{member.num_recorded:>12} of {len(member.frame)} trials")
    click.echo(f"{plural(len(written.cells), 'cell')}, {written.num_shared} in more than one study · {written.page}")
