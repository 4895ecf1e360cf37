"""Options that `plan` and `run` share: what a trial gets, how many run at a time, and what it all may cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from ablate.cli.duration import read_duration


def read_pack(text: str) -> int | str:
    """`auto`, or a number of trials from 1.

    Raises:
        click.BadParameter: it is neither.
    """
    if text == "auto":
        return text
    if not text.isdecimal() or int(text) < 1:
        raise click.BadParameter(f"{text!r} is no number of trials; write 8, or auto")
    return int(text)


OPTIONS = (
    click.option("--concurrency", type=click.IntRange(min=1), help="Trials at a time.  [default: as many as fit]"),
    click.option("--cpus", type=click.IntRange(min=1), default=1, show_default=True, help="CPU threads per trial."),
    click.option(
        "--gpus",
        type=click.FloatRange(min=0, max=1),
        help="GPU per trial, or a part of one.  [default: by the memory that trials need, if it is known; else 1]",
    ),
    click.option(
        "--device",
        type=click.Choice(["auto", "cpu", "cuda", "mps"]),
        default="auto",
        show_default=True,
        help="Where to train; `auto` is a GPU if there is one.",
    ),
    click.option(
        "--max-cost",
        type=read_duration,
        metavar="TIME",
        help="Refuse if what is to do would take more of the device: 2h, 30m, 1.5 (hours).  [exit code 1]",
    ),
)


def resource_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give the command all of them; they arrive as the fields of `Options`."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


class GroupedCommand(click.Command):
    """Shows its options under headings in `--help`."""

    def __init__(self, *args: Any, groups: Mapping[str, Sequence[str]], **kwargs: Any) -> None:
        """`groups`: the names of parameters by heading; the others stand under `Options`, which comes first."""
        super().__init__(*args, **kwargs)
        self.groups = groups

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the groups."""
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        rows = {param.name: row for param in options if (row := param.get_help_record(ctx))}
        grouped = {name for names in self.groups.values() for name in names}
        others = [name for name in rows if name not in grouped]
        for heading, names in {"Options": others, **self.groups}.items():
            if found := [rows[name] for name in names if name in rows]:
                with formatter.section(heading):
                    formatter.write_dl(found)
