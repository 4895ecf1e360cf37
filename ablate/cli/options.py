"""Arguments and options that several commands share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

file_argument = click.argument("file", type=click.Path(path_type=Path))
overrides_argument = click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
store_option = click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="ABLATE_STORE",
    default=Path("runs"),
    show_default=True,
    help="Folder of the trial records; studies may share one.",
)
format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="`json` for programs.",
)


def echo_json(content: Any) -> None:
    """Print `content` as indented JSON on standard output."""
    click.echo(json.dumps(content, indent=2, ensure_ascii=False))
