"""`ablate diff`: what differs between two networks, and what changed along with it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from ablate.cli.options import echo_json, format_option
from ablate.cli.selection import select
from ablate.errors import UsageError


@click.command(short_help="What differs between two networks, and what else.")
@click.argument("arguments", nargs=-1, required=True, metavar="A [B] [KEY=VALUE]...")
@click.option("--cell-a", metavar="NAME", help="Which cell, if A is a study.  [default: its baseline]")
@click.option("--cell-b", metavar="NAME", help="Which cell, if B is a study.  [default: its baseline, or as A]")
@click.option("--units", is_flag=True, help="Show the units too, where two short forms already say it all.")
@format_option
def diff(arguments: tuple[str, ...], cell_a: str | None, cell_b: str | None, units: bool, format_: str) -> None:
    """Say what differs between two networks, and warn of what changed along with it.

    A and B are architectures or studies; without B, A is compared with itself. KEY=VALUE changes B. Two short forms
    differ in their keys, other networks in the operations of their units: [-only in A-] {+only in B+}. Then come the
    confounds: parameters, multiply-adds, weighted layers, receptive field, and the recipe where both have one. A
    difference in error may come from any of them.

    \b
    Exit code 0: the same.  1: different.  2: a file or the command line is wrong.
    Example: ablate diff specs/architectures/vgg-16.yaml specs/architectures/vgg-16-bn.yaml
             ablate diff specs/studies/quickstart.yaml architecture.activation=full-preactivation
             ablate diff specs/studies/quickstart.yaml --cell-a "shortcut=none depth=56" \\
                 --cell-b "shortcut=identity depth=56"
    """
    from ablate.cli.differences import echo_difference
    from ablate.spec.architecture.difference import compare

    files = [Path(argument) for argument in arguments if "=" not in argument]
    overrides = [argument for argument in arguments if "=" in argument]
    if not 1 <= len(files) <= 2:
        raise UsageError(f"ablate diff compares one or two files, got {len(files)}")
    this = select(files[0], (), cell_a)
    that = select(files[-1], overrides, cell_b, like=this if len(files) == 1 and overrides else None)
    difference = compare(this, that)
    if format_ == "json":
        echo_json({"same": difference.same, "this": this.name, "that": that.name, **asdict(difference)})
    else:
        echo_difference((this.name, that.name), difference, units=units or not difference.complete)
    raise SystemExit(0 if difference.same else 1)
