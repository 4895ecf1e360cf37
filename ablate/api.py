"""The three functions for notebooks: build a network, run a study, load its results. Importing them costs nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from torch import nn

    from ablate.records import Record
    from ablate.report import Judgement, Report
    from ablate.spec import Study
    from ablate.spec.architecture.network import Network


@dataclass(frozen=True)
class Result:
    """A study and the records of its trials, by trial id."""

    study: Study
    records: Mapping[str, Record]

    @property
    def frame(self) -> pd.DataFrame:
        """One row per trial, as `load_results` gives it."""
        from ablate.report import load_frame

        return load_frame(self.study, self.records)

    @property
    def verdicts(self) -> tuple[Judgement, ...]:
        """What the records say of every claim of the study."""
        from ablate.report import judge

        return judge(self.study, self.frame)

    def report(self, folder: Path | str) -> Report:
        """Write the report into the folder, as `ablate report` does."""
        from ablate.report import write_report

        return write_report(self.study, self.records, Path(folder), command=f"ablate report {self.study.file}")


def build(spec: Path | str | Mapping[str, Any], *overrides: str) -> nn.Module:
    """A network as a PyTorch module, initialised as by He et al. 2015.

    Args:
        spec: an architecture file, a study file (its baseline is built), or the `architecture:` section as a mapping,
            with the user's own `blocks` beside its other keys.
        overrides: for files, e.g. `architecture.depth=56`.

    Returns:
        A module that takes `(N, C, H, W)` images and gives `(N, classes)` logits.

    Raises:
        SpecError: with every fault of the specification.
    """
    from ablate.model import build as build_network

    return build_network(_read_mapping(spec) if isinstance(spec, Mapping) else _read_file(spec, overrides))


def run(spec: Path | str, *overrides: str, store: Path | str | None = None, serial: bool = False) -> Result:
    """Train what is missing of a study and return all of its records.

    Args:
        spec: a study file.
        overrides: e.g. `train.epochs=2`.
        store: folder of the records, or its URL, e.g. `s3://bucket/runs`; default: $ABLATE_STORE, else ./runs.
        serial: one trial after the other in this process, without Ray.

    Raises:
        SpecError: with every fault of the specification.
        TrialsFailed: a trial failed or has no record; the others are kept.
    """
    from ablate.schedule import run_study
    from ablate.spec import load_study

    return _gather(run_study(load_study(spec, overrides), _open_store(store), serial=serial), store)


def load_results(spec: Path | str, *overrides: str, store: Path | str | None = None) -> pd.DataFrame:
    """The results of a study so far: one row per trial, a column per factor, metric and cost.

    Trials without a record have the outcome `missing`. Errors are in percent, losses in nats.
    """
    from ablate.spec import load_study

    return _gather(load_study(spec, overrides), store).frame


def _gather(study: Study, store: Path | str | None) -> Result:
    return Result(study, _open_store(store).read_all(trial.id for trial in study.trials))


def _open_store(store: Path | str | None) -> Any:
    from ablate.records import Store

    return Store(store or os.environ.get("ABLATE_STORE", "runs"))


def _read_file(file: Path | str, overrides: tuple[str, ...]) -> Network:
    from ablate.spec import Study, load

    spec = load(file, overrides)
    if not isinstance(spec, Study):
        return spec.network
    return next((cell for cell in spec.cells if cell.name == spec.baseline), spec.cells[0]).network


def _read_mapping(spec: Mapping[str, Any]) -> Network:
    from ablate.errors import Fault, SpecError
    from ablate.spec.architecture.reader import read_architecture
    from ablate.spec.source.problems import dotted

    architecture = {key: value for key, value in spec.items() if key != "blocks"}
    network, problems = read_architecture(architecture, spec.get("blocks", {}), None, None)
    if network is None or problems:
        raise SpecError(Fault("architecture", 0, 0, dotted(p.location), p.message) for p in problems)
    return network
