"""`ablate run`: train what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ablate.cli.duration import read_duration
from ablate.cli.options import file_argument, overrides_argument, say_command, store_option
from ablate.cli.resources import GroupedCommand, read_pack, resource_options

GROUPS = {
    "Resources": ("serial", "concurrency", "cpus", "gpus", "device", "workers", "pack", "address"),
    "Limits": ("max_cost", "time_budget"),
    "Speed": ("compile", "recompute"),
    "Loggers": ("tensorboard", "mlflow", "wandb"),
}


@click.command(cls=GroupedCommand, groups=GROUPS, short_help="Train what is missing, through Ray Tune.")
@file_argument
@overrides_argument
@store_option
@click.option("--serial", is_flag=True, help="One trial after the other in this process, without Ray.")
@resource_options
@click.option(
    "--time-budget",
    type=read_duration,
    metavar="TIME",
    help="Stop in order after so long: 2h, 30m, 1.5 (hours). The same command goes on.  [exit code 1]",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes that train each trial together, with a GPU each where there are any; the result is the same.",
)
@click.option(
    "--compile",
    type=click.Choice(["auto", "on", "off"]),
    default="auto",
    show_default=True,
    help="torch.compile: `auto` for trials so long that it pays. Results differ by rounding; records say so.",
)
@click.option(
    "--recompute",
    type=click.Choice(["auto", "on", "off"]),
    default="auto",
    show_default=True,
    help="Keep no activations inside of units: less memory, a third more time, the same results. `auto` where a GPU "
    "cannot hold them.",
)
@click.option(
    "--pack",
    type=read_pack,
    metavar="auto|N",
    help="Trials that one process trains at the same time, a GPU to itself: N, or `auto` for as many as pay and fit. "
    "Seeds and recipes of one network are fused into one, others take turns; each has its own record.  [default: 1]",
)
@click.option("--retry-failed", is_flag=True, help="Train failed trials again.")
@click.option("--keep-weights", is_flag=True, help="Keep the final weights, for `ablate export --trial`.")
@click.option(
    "--checkpoint-seconds",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    help="Time between two checkpoints of a trial, at least; they take 1% of the time at most.",
)
@click.option("--address", help="Address of a running Ray cluster, e.g. `auto`.  [default: this machine]")
@click.option(
    "--tensorboard/--no-tensorboard",
    default=True,
    show_default=True,
    help="Log every trial to STORE/tensorboard, for `tensorboard --logdir`.",
)
@click.option("--mlflow", metavar="URI", help="Log to this MLflow server or database too, e.g. sqlite:///mlflow.db.")
@click.option("--wandb", metavar="PROJECT", help="Log to this Weights & Biases project too.")
def run(file: Path, overrides: tuple[str, ...], store: Path | str, **options: Any) -> None:
    """Train the missing trials of a study through Ray Tune.

    Where the study has a `search`, its settings are tried first, and each cell is then trained with its best one.

    Every finished trial is kept at once, so the command can be stopped at any time (Ctrl+C, even kill -9) and the
    same command goes on where it stopped; a long trial goes on from its last checkpoint, to the same bits. Trials
    that have a record are not trained again; when none is missing, Ray is not even started.

    \b
    Exit code 0: every trial has a result.  1: some have not, or it would cost too much.  130: stopped by Ctrl+C.
    Example: ablate run specs/studies/quickstart.yaml
             ablate run specs/studies/quickstart.yaml train.epochs=2 seeds=1 --serial
    """
    from ablate.records import Store
    from ablate.schedule import Options, run_study
    from ablate.spec import load_study

    study = load_study(file, overrides)
    asked = Options(**options)
    for warning in asked.check():
        click.echo(warning, err=True)
    run_study(study, Store(store), asked)
    click.echo(f"Next: {say_command('report', [file, *overrides], store)}")
