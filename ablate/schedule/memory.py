"""How much memory the trials that are to be trained need, as far as that is known or has to be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from ablate.hardware import Hardware
from ablate.schedule.measures import Measure, largest
from ablate.schedule.options import Options
from ablate.schedule.probes import probe_missing, read_probe, workload
from ablate.spec.architecture.summary import summarise
from ablate.spec.study.study import Trial


def find_memory(
    trials: Sequence[Trial],
    measures: Mapping[str, Measure],
    hardware: Hardware,
    options: Options,
    announce: Callable[[str], Any],
) -> int | None:
    """Bytes that the largest of the trials needs for itself; None where nothing is known of any.

    Where GPUs are to be shared by it, the trial that is probably the largest is probed if it has no probe.

    Args:
        trials: those that are to be trained.
        measures: by the identity of a cell.
        hardware: of this machine.
        options: of the run.
        announce: told before something is probed.
    """
    known = largest(measures[trial.cell.identity] for trial in trials)
    shares_gpus = hardware.device == "cuda" and options.gpus is None and not (options.serial or options.address)
    if shares_gpus and trials:
        heaviest = max(trials, key=activations)
        probe_missing([heaviest], hardware, announce)
        probe = read_probe(workload(heaviest.cell), hardware)
        return max(known or 0, probe.peak_memory_bytes) if probe else known
    return known


def activations(trial: Trial) -> int:
    """Numbers that a training step keeps of its units, which is most of its memory."""
    rows = summarise(trial.cell.network).units
    return trial.cell.train.batch_size * sum(prod(row.output) for row in rows)
