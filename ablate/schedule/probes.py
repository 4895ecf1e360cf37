"""Probes: measured costs, kept in the cache folder by what they depend on, and read without PyTorch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ablate.cache import cache_folder
from ablate.errors import AblateError
from ablate.hardware import Hardware
from ablate.replacement import replacing
from ablate.schedule.signals import import_training
from ablate.spec.architecture.explicit import to_document
from ablate.spec.study.study import Cell, Trial

FORMAT = 1  # raised when what is measured changes, so that older probes are not used
FREE = {"epochs", "lr", "momentum", "nesterov", "weight_decay", "decay", "milestones", "gamma", "warmup_steps"}
FREE |= {"warmup_lr", "init"}  # keys of a recipe that do not change what an epoch costs


class Probe(BaseModel):
    """Times in seconds, of a trial alone on its device, and memory in bytes; as `ablate.train.probe.Probed`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seconds_per_epoch: float
    preparation_seconds: float
    peak_memory_bytes: int
    base_memory_bytes: int
    shared_memory_bytes: int


def workload(cell: Cell) -> str:
    """Hash of what the cost of an epoch depends on: network, data, and how a step is computed."""
    unnamed = set() if cell.data.dataset == "folder" else {"root"}
    content = {
        "network": to_document(cell.network),
        "data": cell.data.model_dump(mode="json", exclude_defaults=True, exclude=unnamed),
        "train": cell.train.model_dump(mode="json", exclude_defaults=True, exclude=FREE),
    }
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def probe_path(work: str, hardware: Hardware) -> Path:
    """Where the probe of a workload on this hardware is, or would be."""
    key = hashlib.sha256(json.dumps([FORMAT, work, asdict(hardware)]).encode()).hexdigest()
    return cache_folder() / "probes" / f"{key[:32]}.json"


def read_probe(work: str, hardware: Hardware) -> Probe | None:
    """The probe, or None where there is none that can be read: it can be had again."""
    try:
        return Probe.model_validate_json(probe_path(work, hardware).read_bytes())
    except (OSError, ValidationError):
        return None


def write_probe(work: str, hardware: Hardware, probe: Probe) -> None:
    """Keep it.

    Raises:
        AblateError: the cache folder cannot be written.
    """
    path = probe_path(work, hardware)
    try:
        with replacing(path) as part:
            part.write_text(probe.model_dump_json())
    except OSError as error:
        reason = error.strerror or error
        raise AblateError(f"{path}: cannot be written: {reason}; free space, or set ABLATE_CACHE") from error


def probe_missing(trials: Iterable[Trial], hardware: Hardware, announce: Callable[[str], Any]) -> dict[str, str]:
    """Measure the workloads of these trials that have no probe on this machine yet, each once.

    Args:
        trials: each stands for the workload of its cell.
        hardware: of this machine, with the device and the threads of a trial.
        announce: told of each workload, by the name of its first cell, before it is measured.

    Returns:
        The reason why, by the name of the cell, where a probe failed as the trial itself would.

    Raises:
        DataError: a data set is missing or damaged.
        UsageError: there is no such device.
        AblateError: the cache folder cannot be written.
    """
    first: dict[str, Trial] = {}
    for trial in trials:
        first.setdefault(workload(trial.cell), trial)
    missing = {work: trial for work, trial in first.items() if not read_probe(work, hardware)}
    failed = {}
    for number, (work, trial) in enumerate(missing.items(), start=1):
        announce(f"probing {number} of {len(missing)}: {trial.cell.name}")
        if reason := _probe(work, trial, hardware):
            failed[trial.cell.name] = reason
    return failed


def _probe(work: str, trial: Trial, hardware: Hardware) -> str | None:
    import_training()
    from ablate.train.failure import explain
    from ablate.train.probe import probe_trial

    try:
        probed = probe_trial(trial, device=hardware.device, threads=hardware.threads)
    except AblateError:
        raise
    except Exception as error:
        return explain(error)
    write_probe(work, hardware, Probe(**asdict(probed)))
    return None
