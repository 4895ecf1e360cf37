"""What a trial costs, from the best that is known of it: records, probes, or its multiply-adds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean, median

from ablate.hardware import Hardware
from ablate.records import Outcome, Record
from ablate.schedule.cost import MULTIPLY_ADDS_PER_SECOND, PREPARATION_SECONDS, training_multiply_adds
from ablate.schedule.probes import read_probe, workload
from ablate.spec.study.study import Cell, Trial


class Source(StrEnum):
    """Where a measure comes from, the best first."""

    RECORDS = "records"  # of trials trained on this hardware
    PROBE = "probe"  # of a few steps on this hardware
    ELSEWHERE = "elsewhere"  # records of other hardware
    ESTIMATE = "estimate"  # multiply-adds, at the pace of the cells that are measured, or a guessed one if none is


@dataclass(frozen=True)
class Measure:
    """Of one trial that has its device to itself. Diagnostics are in it only where it comes from records."""

    source: Source
    seconds_per_epoch: float
    preparation_seconds: float  # beside the epochs
    peak_memory_bytes: int | None = None  # as in the `cost` of a record: on a CPU, of the whole process
    own_memory_bytes: int | None = None  # of that, what no other process shares, as far as that is known

    def seconds(self, epochs: int) -> float:
        """Of a whole trial of so many epochs."""
        return self.preparation_seconds + epochs * self.seconds_per_epoch


def measure_trials(trials: Iterable[Trial], records: Mapping[str, Record], hardware: Hardware) -> dict[str, Measure]:
    """A measure for the cell of every trial, by the cell's identity.

    Cells that differ only in what costs no time, such as the learning rate, share what is known of one of them.

    Args:
        trials: all of the study, also those that are recorded.
        records: by trial id.
        hardware: what is planned for.
    """
    cells = {trial.cell.identity: trial.cell for trial in trials}
    works = {identity: workload(cell) for identity, cell in cells.items()}
    found = defaultdict(list)
    for trial in trials:
        record = records.get(trial.id)
        if record and record.outcome is Outcome.FINISHED and not record.environment.get("packed"):
            found[works[trial.cell.identity]].append(record)
    known = {work: known for work in set(works.values()) if (known := _find(work, found[work], hardware))}
    pace = _pace((cell, known[works[identity]]) for identity, cell in cells.items() if works[identity] in known)
    return {identity: known.get(works[identity]) or _estimate(cell, pace) for identity, cell in cells.items()}


def seconds_of(trials: Iterable[Trial], measures: Mapping[str, Measure]) -> dict[str, float]:
    """What each trial takes, by its id."""
    return {trial.id: measures[trial.cell.identity].seconds(trial.cell.train.epochs) for trial in trials}


def largest(measures: Iterable[Measure]) -> int | None:
    """The most memory that one of them needs for itself, as far as that is known of this hardware."""
    known = (measure for measure in measures if measure.source is not Source.ELSEWHERE)
    return max((measure.own_memory_bytes for measure in known if measure.own_memory_bytes), default=None)


def _find(work: str, records: list[Record], hardware: Hardware) -> Measure | None:
    here = [record for record in records if _is_from(record, hardware)]
    if here:
        return _from_records(here, Source.RECORDS)
    if probe := read_probe(work, hardware):
        peak = probe.peak_memory_bytes
        own = peak - probe.shared_memory_bytes
        return Measure(Source.PROBE, probe.seconds_per_epoch, probe.preparation_seconds, peak, own)
    return _from_records(records, Source.ELSEWHERE) if records else None


def _is_from(record: Record, hardware: Hardware) -> bool:
    """Whether it was trained on such hardware; the PyTorch of older records may be older."""
    names = ("device", "device_name", "threads")
    return all(record.environment.get(name) == getattr(hardware, name) for name in names)


def _from_records(records: list[Record], source: Source) -> Measure:
    epochs = [epoch.seconds for record in records for epoch in record.history]
    beside = [record.cost.seconds - sum(epoch.seconds for epoch in record.history) for record in records]
    peak = max(record.cost.peak_memory for record in records)
    return Measure(
        source=source,
        seconds_per_epoch=fmean(epochs),
        preparation_seconds=max(0.0, fmean(beside)),
        peak_memory_bytes=peak,
        own_memory_bytes=peak,
    )


def _pace(measured: Iterable[tuple[Cell, Measure]]) -> float:
    """Multiply-adds of training per second."""
    paces = [
        training_multiply_adds(cell) / cell.train.epochs / measure.seconds_per_epoch
        for cell, measure in measured
        if measure.seconds_per_epoch
    ]
    return median(paces) if paces else MULTIPLY_ADDS_PER_SECOND


def _estimate(cell: Cell, pace: float) -> Measure:
    return Measure(Source.ESTIMATE, training_multiply_adds(cell) / cell.train.epochs / pace, PREPARATION_SECONDS)
