"""Which loggers a run has, by its options."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from ablate.errors import UsageError
from ablate.records import Store
from ablate.schedule.logs.logger import Logger
from ablate.schedule.logs.logs import Logs
from ablate.schedule.options import Options


def open_logs(study: str, store: Store, options: Options) -> Logs:
    """The loggers of the options; logs of a store on a URL are in the folder where the command runs.

    Raises:
        UsageError: what a logger needs is not installed.
    """
    return Logs(list(_choose(study, store.folder if isinstance(store.folder, Path) else Path(), options)))


def _choose(study: str, folder: Path, options: Options) -> Iterator[Logger]:
    if options.tensorboard:
        from ablate.schedule.logs.tensorboard import TensorBoard

        yield TensorBoard(folder / "tensorboard" / study)
    if options.mlflow:
        from ablate.schedule.logs.mlflow import MLflow

        _require("mlflow")
        yield MLflow(study, options.mlflow)
    if options.wandb:
        from ablate.schedule.logs.wandb import WandB

        _require("wandb")
        yield WandB(study, options.wandb, folder)


def _require(package: str) -> None:
    if find_spec(package) is None:
        raise UsageError(f"--{package} needs a package that is not installed: pip install 'ablate[{package}]'")
