"""`ablate status`: how far is the study, and what does it say so far?"""

from __future__ import annotations

from pathlib import Path

import click

from ablate.cli.options import echo_json, file_argument, format_option, overrides_argument, store_option
from ablate.errors import UsageError


@click.command(short_help="How far is it, and what does it say so far?")
@file_argument
@overrides_argument
@store_option
@format_option
@click.option("--watch", is_flag=True, help="Show it again every few seconds, until nothing is left to do.")
def status(file: Path, overrides: tuple[str, ...], store: Path | str, format_: str, watch: bool) -> None:
    """Show how far a study is: trials by state, mean errors so far, what is being trained and by whom, time left.

    Works from another terminal, or another machine that sees the store, while `ablate run` is at it. How far a trial
    has got is read from its checkpoint, which `run` writes once a minute; a shorter trial has none.

    \b
    Example: ablate status specs/studies/quickstart.yaml --watch
    """
    if watch and format_ == "json":
        raise UsageError("--watch is for people; with --format json, call `ablate status` again")
    from ablate.cli.snapshot import Snapshot
    from ablate.records import Store
    from ablate.spec import load_study

    study, place = load_study(file, overrides), Store(store)
    if watch:
        from ablate.cli.repetition import repeat

        repeat(lambda: Snapshot.take(study, place))
    elif format_ == "json":
        echo_json(Snapshot.take(study, place).describe())
    else:
        Snapshot.take(study, place).echo()
