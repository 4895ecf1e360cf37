"""What a study still costs, before any of it is spent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ablate.errors import OverBudget
from ablate.hardware import find_hardware, num_cpus
from ablate.schedule.allotment import Allotment, Node, allot, read_machine
from ablate.schedule.cost import training_multiply_adds
from ablate.schedule.makespan import makespan
from ablate.schedule.measures import Measure, Source, largest, measure_trials, seconds_of
from ablate.schedule.options import Options
from ablate.schedule.packs import form_packs, order_trials
from ablate.schedule.probes import probe_missing
from ablate.schedule.progress.wording import duration
from ablate.schedule.signals import interruptible
from ablate.schedule.work import Work
from ablate.spec.source.wording import plural
from ablate.spec.study.study import Trial


@dataclass(frozen=True)
class Estimate:
    """What is to be done costs so much. Times are those of trials that have their device to themselves."""

    num_trials: int
    multiply_adds: int
    device_seconds: float  # the sum over the trials
    wall_seconds: float  # with as many at a time as the allotment says
    allotment: Allotment
    num_processes: int  # one with `serial`
    memory_bytes: int | None  # of all that train at a time, if each were the largest
    measures: Mapping[str, Measure]  # by the identity of a cell
    sources: tuple[Source, ...]  # of what is to be done


def estimate(work: Work, options: Options) -> Estimate:
    """Add up and play through what is to be done.

    Raises:
        UsageError: not even one trial fits this machine.
    """
    measures = measure_trials(work.trials, work.records, find_hardware(options.device, options.cpus))
    needed = [measures[trial.cell.identity] for trial in work.to_do]
    memory = largest(needed)
    allotment = allot([_machine(options)], options.demand(memory))
    num = 1 if options.serial else allotment.num_processes
    return Estimate(
        num_trials=len(needed),
        multiply_adds=_multiply_adds(work.to_do),
        device_seconds=sum(_seconds(work.to_do, measures)),
        wall_seconds=_play(work, measures, num, max(1, min(num, num_cpus() // options.cpus))),
        allotment=allotment,
        num_processes=num,
        memory_bytes=num * memory if memory else None,
        measures=measures,
        sources=tuple(source for source in Source if source in {measure.source for measure in needed}),
    )


def _machine(options: Options) -> Node:
    """This one; of a cluster's, nothing is known before it is joined, and they are taken to have what is asked for."""
    if not options.address:
        return read_machine(options.num_cpus)
    return Node(max(options.num_cpus, options.cpus), gpus=options.concurrency or 1)


def probe(work: Work, options: Options, announce: Callable[[str], Any]) -> dict[str, str]:
    """Measure what is to be done and has not been measured on this hardware; as `probe_missing`."""
    hardware = find_hardware(options.device, options.cpus)
    measures = measure_trials(work.trials, work.records, hardware)
    unknown = (Source.ELSEWHERE, Source.ESTIMATE)
    missing = [trial for trial in work.to_do if measures[trial.cell.identity].source in unknown]
    return probe_missing(missing, hardware, announce)


def check_cost(work: Work, options: Options, announce: Callable[[str], Any]) -> None:
    """Probe what has no measure, then refuse what would cost more than `options.max_cost`.

    Raises:
        OverBudget: it would.
        Interrupted: Ctrl+C, while probing.
    """
    assert options.max_cost is not None
    with interruptible():
        for name, reason in probe(work, options, announce).items():
            announce(f"{name}: could not be probed: {reason}")
    refuse(estimate(work, options), options.max_cost)


def refuse(found: Estimate, allowed_seconds: float) -> None:
    """Whether it may cost that much.

    Raises:
        OverBudget: it costs more.
    """
    if found.device_seconds > allowed_seconds:
        known = " and ".join(f"{source}" for source in found.sources)
        raise OverBudget(
            f"{plural(found.num_trials, 'trial')} to do would cost about {hours(found.device_seconds)} (by {known}), "
            f"and --max-cost allows {hours(allowed_seconds)}; raise it, or take fewer cells, seeds or epochs"
        )


def hours(seconds: float) -> str:
    """`0.25 device-hours (15 min)`."""
    number = seconds / 3600
    shown = f"{number:.3g}" if number < 999.5 else f"{number:,.0f}"
    return f"{shown} device-hours{f' ({duration(seconds)})' if seconds < 5400 else ''}"


def _play(work: Work, measures: Mapping[str, Measure], num_processes: int, at_a_time: int) -> float:
    searching = sum(makespan(sorted(_seconds(one, measures), reverse=True), at_a_time) for one in work.rounds)
    own = work.study.trials
    seconds = seconds_of(own, measures)
    wanted = {trial.id for trial in work.pending}
    order = [trial for trial in order_trials(own, seconds) if trial.id in wanted]
    packs = form_packs(order, seconds, num_processes)
    return searching + makespan((sum(seconds[trial.id] for trial in pack) for pack in packs), at_a_time)


def _multiply_adds(trials: Sequence[Trial]) -> int:
    """Each cell is worked out once."""
    cells = {trial.cell.identity: trial.cell for trial in trials}
    numbers = Counter(trial.cell.identity for trial in trials)
    return sum(number * training_multiply_adds(cells[identity]) for identity, number in numbers.items())


def _seconds(trials: Sequence[Trial], measures: Mapping[str, Measure]) -> list[float]:
    return [measures[trial.cell.identity].seconds(trial.cell.train.epochs) for trial in trials]
