"""Arguments and options that several commands share."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

file_argument = click.argument("file", type=click.Path(path_type=Path))
overrides_argument = click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")


class StorePlace(click.ParamType):  # type: ignore[type-arg]
    """A folder, or the URL of one."""

    name = "DIR|URL"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path | str:
        """A path where it is a folder, which may be missing still."""
        if "://" in str(value):
            return str(value)
        return Path(str(click.Path(file_okay=False).convert(value, param, ctx)))


DEFAULT_STORE = "runs"
store_option = click.option(
    "--store",
    type=StorePlace(),
    envvar="ABLATE_STORE",
    default=DEFAULT_STORE,
    show_default=True,
    help="Folder of the trial records, or its URL, e.g. s3://bucket/runs; studies may share one.",
)
format_option = click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="`json` for programs.",
)


def split_arguments(arguments: Iterable[str]) -> tuple[list[Path], list[str]]:
    """Files, and what looks like KEY=VALUE and is no file."""
    arguments = list(arguments)
    overrides = [text for text in arguments if "=" in text and not Path(text).exists()]
    return [Path(text) for text in arguments if text not in overrides], overrides


def say_command(name: str, arguments: Iterable[Path | str], store: Path | str) -> str:
    """A command with these arguments for the same store, as it is typed."""
    place = [] if str(store) == DEFAULT_STORE else ["--store", str(store)]
    return shlex.join(["ablate", name, *map(str, arguments), *place])


def echo_json(content: Any) -> None:
    """Print `content` as indented JSON on standard output."""
    click.echo(json.dumps(content, indent=2, ensure_ascii=False))
