"""The `ablate` command and what it does with errors."""

from __future__ import annotations

import os
from typing import Any

import click

from ablate.cli.check import check
from ablate.cli.compare import compare
from ablate.cli.diff import diff
from ablate.cli.export import export
from ablate.cli.fetch import fetch
from ablate.cli.init import init
from ablate.cli.plan import plan
from ablate.cli.report import report
from ablate.cli.run import run
from ablate.cli.schema import schema
from ablate.cli.show import show
from ablate.cli.status import status
from ablate.errors import AblateError


class Commands(click.Group):
    """Subcommands in the order of the work; our own errors end with one message and their exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order they were added, which is the order of the work."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand; show a traceback only when ABLATE_FULL_ERROR is set."""
        try:
            return super().invoke(ctx)
        except AblateError as error:
            if os.environ.get("ABLATE_FULL_ERROR"):
                raise
            click.echo(str(error), err=True)
            exec("")  # else `python -m` dies by SIGINT if Ctrl+C fell into an exec of text, as when a dataclass is made
            ctx.exit(error.exit_code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="ablate")
def main() -> None:
    """Which part of a network earns its place?

    A YAML file asks one architectural question: a baseline network, what to change in it, how to train it, and what
    you expect. ablate trains every cell through Ray Tune and reports, with error bars, what held.

    \b
    The usual way:
      ablate check  FILE     is the file right? every fault at once, with its line
      ablate show   FILE     the network, unit by unit: shapes, parameters, multiply-adds
      ablate plan   FILE     cells and trials, what is done already, what the rest costs
      ablate run    FILE     train what is missing; stop it any time, run it again to go on
      ablate report FILE     verdicts, tables, figures: one page

    \b
    Any key of a file can be changed on the command line:
      ablate run specs/studies/quickstart.yaml train.epochs=2 seeds=1

    \b
    Environment:
      ABLATE_STORE=DIR|URL   where records are kept (default: ./runs)
      ABLATE_PATIENCE=120    seconds that a training waits for a store that fails
      ABLATE_DATA=DIR        where image data sets are (default: ./data)
      ABLATE_CACHE=DIR       where decoded images and probes are kept (default: ~/.cache/ablate)
      ABLATE_FULL_ERROR=1    show tracebacks
    """


for command in (init, check, show, diff, plan, run, status, report, compare, export, fetch, schema):
    main.add_command(command)
