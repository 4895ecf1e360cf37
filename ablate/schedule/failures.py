"""What a record says of a trial that ran out of memory, or whose process died before it could write one."""

from __future__ import annotations

from ablate.records import Outcome, Record
from ablate.schedule.deaths import Death
from ablate.spec.study.study import Trial

OUT_OF_MEMORY = "out of memory: "
APART = "with nothing beside it"
REMEDY = "lower train.batch_size"


def is_out_of_memory(record: Record) -> bool:
    """Whether the trial has no result because an allocation failed."""
    return record.outcome is Outcome.FAILED and (record.error or "").startswith(OUT_OF_MEMORY)


def what_was_needed(record: Record) -> str:
    """`out of memory: asked for 9.31 GiB more`."""
    return (record.error or "").partition(";")[0]


def say_apart(record: Record) -> Record:
    """The record of a trial that ran out of memory even so."""
    return record.model_copy(update={"error": f"{what_was_needed(record)}, {APART}; {REMEDY}"})


def explain_death(death: Death, num_deaths: int) -> str:
    """What happened to the process, in one line, and what it is known to have needed."""
    times = "once" if num_deaths == 1 else f"{num_deaths} times without getting any further"
    if death.is_of_memory:
        return f"{OUT_OF_MEMORY}its process was ended {times}, {death.cause}"
    seen = f", last seen with {death.memory / 1e9:.1f} GB" if death.memory else ""
    return f"its process died {times} ({death.cause}{seen})"


def create_failed_record(trial: Trial, reason: str, memory: int) -> Record:
    """For a trial whose process died although nothing was beside it.

    Args:
        trial: of which there is no record.
        reason: as `explain_death` puts it.
        memory: bytes, the most that the process was seen with.
    """
    import torch

    from ablate.train.progress import Progress, create_record

    error = f"{reason}, {APART} at the end; if it needs more memory than there is, {REMEDY}"
    record = create_record(trial, Progress(), Outcome.FAILED, error, torch.device("cpu"), torch.get_num_threads())
    return record.model_copy(update={"cost": record.cost.model_copy(update={"peak_memory": memory})})
