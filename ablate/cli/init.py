"""`ablate init`: a study to start from."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import click

from ablate.cli.output import write_file


@click.command(short_help="Write a commented study to start from.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default=Path("study.yaml"))
def init(file: Path) -> None:
    """Write a study to start from: small, complete, every part explained, others ready to be used.

    FILE is study.yaml unless you name another; a file that is there already is left alone. It runs as it is,
    within a minute.

    \b
    Example: ablate init shortcuts.yaml && ablate run shortcuts.yaml && ablate report shortcuts.yaml
    """
    write_file(file, files("ablate.cli").joinpath("starter.yaml").read_text(encoding="utf-8"), replace=False)
    click.echo(f"{file} is a study of two cells. Next: ablate plan {file}")
